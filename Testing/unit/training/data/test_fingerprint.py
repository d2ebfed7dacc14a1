"""The fingerprint, against numbers computed in another way; and recipes that take theirs from it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import ndimage

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.lungs import place_of
from LungTumorSegLib.networks import network_of
from LungTumorSegLib.preparation import intensity_channels, prepare_ct
from LungTumorSegLib.recipe import dump_recipe, load_recipe, override, parse_recipe
from LungTumorSegLib.training.data.cache import read_index
from LungTumorSegLib.training.data.case_images import CaseImages
from LungTumorSegLib.training.data.fingerprint import CaseFingerprint, resolve, summarize
from LungTumorSegLib.training.data.layouts import find_cases
from LungTumorSegLib.training.data.opening import open_data
from LungTumorSegLib.training.data.preparing import prepare_cache
from LungTumorSegLib.volume import Grid, Volume, write_volume
from support.abdomens import abdomen
from support.data_sets import coarse_recipe, sick_chest, write_case, write_case_folders
from support.volumes import chest_volume

FROM_FINGERPRINT = ("preparation.spacing_mm=fingerprint", "preparation.windows_hu=fingerprint")


def images_of(spacing, size=(12, 14, 16), seed=0, share=0.1, direction=None) -> CaseImages:
    """Return noise with a random mask."""
    rng = np.random.default_rng(seed)
    grid = Grid(size, spacing, direction=np.eye(3) if direction is None else direction)
    ct = Volume(rng.integers(-1024, 400, grid.shape).astype(np.int16), grid)
    mask = ct.with_array((rng.random(grid.shape) < share).astype(np.uint8)) if share else None
    return CaseImages(ct, mask, None)


@pytest.fixture
def several():
    spacings = [(0.7, 0.7, 2.5), (0.9, 0.8, 1.25), (0.6, 0.6, 3.0), (0.75, 0.75, 1.0)]
    return {
        f"case_{k}": images_of(spacing, (12 + k, 14, 16 + k), k, share=0.0 if k == 3 else 0.02 * (k + 1))
        for k, spacing in enumerate(spacings)
    }


def test_equals_what_numpy_and_scipy_say(several):
    found = summarize({name: CaseFingerprint.of(images) for name, images in several.items()})
    sick = [images for images in several.values() if images.mask is not None]
    hu = np.concatenate([images.ct.array[images.mask.array > 0] for images in sick]).astype(float)
    assert found["foreground_hu"]["voxels"] == hu.size
    for percentile in (0.5, 50, 99.5):
        assert found["foreground_hu"][f"percentile_{percentile:g}"] == pytest.approx(np.percentile(hu, percentile))
    assert found["foreground_hu"]["mean"] == pytest.approx(hu.mean())
    assert found["foreground_hu"]["sd"] == pytest.approx(hu.std())
    spacings = np.array([images.ct.grid.spacing for images in several.values()])
    assert found["spacing_mm"]["median"] == pytest.approx(np.median(spacings, axis=0))
    assert found["spacing_mm"]["percentile_90"] == pytest.approx(np.percentile(spacings, 90, axis=0))
    assert found["size_voxels"]["maximum"] == [15, 14, 19]
    shares = [images.mask.array.mean() for images in sick]
    assert found["foreground_share"]["median"] == pytest.approx(np.median(shares))
    volumes = []
    for images in sick:
        labels, count = ndimage.label(images.mask.array, np.ones((3, 3, 3)))
        voxels = ndimage.sum_labels(images.mask.array, labels, range(1, count + 1))
        volumes += list(voxels * np.prod(images.ct.grid.spacing) / 1000)
    assert found["lesions"] == len(volumes)
    assert found["lesion_volume_ml"]["median"] == pytest.approx(np.median(volumes))
    assert (found["cases"], found["cases_with_tumor"], found["cases_without_tumor"]) == (4, 3, 1)


def test_survives_json(several):
    case = CaseFingerprint.of(several["case_1"])
    assert CaseFingerprint.from_json(json.loads(json.dumps(case.as_json()))) == case


def test_axes_are_left_posterior_superior_however_the_scan_is_stored():
    turned = np.array([[0, 0, 1], [1, 0, 0], [0, -1, 0]], dtype=float)  # stored as y, -z, x
    case = CaseFingerprint.of(images_of((2.0, 3.0, 5.0), (12, 14, 16), direction=turned))
    assert case.spacing_mm == (5.0, 2.0, 3.0)
    assert case.size_voxels == (16, 12, 14)


def test_data_without_any_tumour_has_a_fingerprint_but_no_window():
    found = summarize({"well": CaseFingerprint.of(images_of((1, 1, 1), share=0.0))})
    assert found["foreground_hu"] is None
    assert found["lesion_volume_ml"] is None
    with pytest.raises(InputError, match="no annotated voxels"):
        resolve(coarse_recipe("preparation.windows_hu=fingerprint"), found)


@pytest.mark.parametrize(
    ("spacings_z", "slices", "expected"),
    [
        ([2.5, 2.5, 2.5], 100, 2.5),  # 2.5 mm is less than three times 0.8 mm … of 1 mm
        ([5.0, 5.0, 2.0, 1.5, 6.0], 100, 1.7),  # the 10th percentile of thick slices
        ([5.0, 5.0, 5.0, 0.5, 5.0], 100, 2.3),
        ([5.0, 5.0, 2.0, 1.5, 6.0], 400, 5.0),  # thick slices, but as many as columns
    ],
)
def test_spacing_across_thick_slices_is_the_tenth_percentile(spacings_z, slices, expected):
    cases = {
        str(k): CaseFingerprint((1.0, 1.0, z), (512, 512, slices), (), 0.0, 0, ()) for k, z in enumerate(spacings_z)
    }
    assert summarize(cases)["target_spacing_mm"] == [1.0, 1.0, pytest.approx(expected)]


def test_trained_recipe_holds_numbers_and_an_unresolved_one_predicts_nothing(tmp_path):
    write_case_folders(tmp_path / "data")
    recipe = coarse_recipe(*FROM_FINGERPRINT)
    assert parse_recipe(dump_recipe(recipe), "here") == recipe
    with pytest.raises(InputError, match=r"preparation\.spacing_mm: the recipe takes this from the fingerprint"):
        prepare_ct(chest_volume(), recipe.preparation)
    with pytest.raises(InputError, match="fingerprint"):
        network_of(recipe)
    opened = open_data(tmp_path / "data", recipe, tmp_path / "cache")
    hu = np.concatenate([ct.array[mask.array > 0] for ct, mask in map(sick_chest, (0, 1))])
    window = (np.percentile(hu, 0.5), np.percentile(hu, 99.5))
    assert opened.recipe.preparation.spacing_mm == (10, 10, 20)
    assert opened.recipe.preparation.windows_hu[0] == pytest.approx(window)
    assert not opened.recipe.preparation.unresolved
    assert opened.recipe == open_data(tmp_path / "cache", recipe).recipe
    assert parse_recipe(dump_recipe(opened.recipe), "here") == opened.recipe
    prepare_ct(chest_volume(), opened.recipe.preparation)
    network_of(opened.recipe)


def test_changed_fingerprint_prepares_every_case_anew(tmp_path, caplog):
    caplog.set_level("INFO")
    data, cache, recipe = tmp_path / "data", tmp_path / "cache", coarse_recipe(*FROM_FINGERPRINT)
    write_case_folders(data, 2)
    prepare_cache(find_cases(data), recipe, cache)
    ct, _ = sick_chest()
    for k in range(3):
        write_case(data / f"finer_{k}", k, tumor=False)
        write_volume(data / f"finer_{k}" / "ct.nii.gz", Volume(ct.array, Grid(ct.grid.size, (8.0, 8.0, 16.0))))
    prepared = prepare_cache(find_cases(data), recipe, cache)
    assert len(prepared.done) == 5
    assert prepared.recipe.preparation.spacing_mm == (8, 8, 16)
    assert "the fingerprint has changed, so every case is prepared anew" in caplog.text
    assert read_index(cache).made_with["preparation"]["spacing_mm"] == [8, 8, 16]
    assert prepare_cache(find_cases(data), recipe, cache).done == []


def test_only_the_named_cases_make_the_fingerprint(tmp_path):
    named = find_cases(write_case_folders(tmp_path / "data"))[1:2]
    opened = open_data(tmp_path / "data", coarse_recipe(*FROM_FINGERPRINT), tmp_path / "cache", files=named)
    hu = sick_chest(1)[0].array[sick_chest(1)[1].array > 0]
    assert opened.recipe.preparation.windows_hu[0] == pytest.approx(tuple(np.percentile(hu, [0.5, 99.5])))


def test_normalisation_is_the_mean_and_deviation_of_all_tissue_clipped_to_the_window(several):
    """Volumes count, not voxels: a case of coarse voxels is resampled to more of them."""
    found = summarize({name: CaseFingerprint.of(images) for name, images in several.items()})
    settings = ("preparation.windows_hu=[[-100, 200], [-1000, 400]]", "preparation.normalization=fingerprint")
    resolved = resolve(coarse_recipe(*settings), json.loads(json.dumps(found))).preparation
    assert not resolved.unresolved
    hu = np.concatenate([images.ct.array.ravel() for images in several.values()]).astype(float)
    weights = np.concatenate([np.full(i.ct.array.size, np.prod(i.ct.grid.spacing)) for i in several.values()])
    for window, (mean, deviation) in zip(resolved.windows_hu, resolved.normalization, strict=True):
        clipped = np.clip(hu, *window)
        expected = np.average(clipped, weights=weights)
        assert mean == pytest.approx(expected, abs=0.01)
        assert deviation == pytest.approx(np.sqrt(np.average((clipped - expected) ** 2, weights=weights)), abs=0.01)


def test_windows_of_the_fingerprint_are_normalised_by_it_too(several):
    found = summarize({name: CaseFingerprint.of(images) for name, images in several.items()})
    both = resolve(coarse_recipe(*FROM_FINGERPRINT, "preparation.normalization=fingerprint"), found).preparation
    low, high = both.windows_hu[0]
    ((mean, deviation),) = both.normalization
    assert low < mean < high
    assert 0 < deviation < high - low


def test_where_labels_are_expected_holds_those_of_every_case():
    cases = {name: CaseImages(*abdomen(k), None) for k, name in enumerate(("one", "two", "three"))}
    wanted = override(load_recipe("pancreas-3d"), ["inference.expected=fingerprint"])
    found = summarize({name: CaseFingerprint.of(images) for name, images in cases.items()})
    expected = resolve(wanted, found).inference.place_expected()
    for images in cases.values():
        place = place_of(images.ct, images.mask.array > 0)
        for (low, high), (least, most) in zip(place, (expected.x, expected.y), strict=True):
            assert least - 1e-4 <= low < high <= most + 1e-4
    older = {key: value for key, value in found.items() if key != "place_in_body"}
    with pytest.raises(InputError, match=r"nothing says where in the body the labels lie.*prepare the data set again"):
        resolve(wanted, older)


def test_a_fingerprint_of_an_older_version_has_nothing_to_normalise_by(several):
    case = CaseFingerprint.of(several["case_1"]).as_json()
    older = CaseFingerprint.from_json({key: value for key, value in case.items() if not key.startswith("scan_")})
    with pytest.raises(InputError, match=r"no HU to normalise by.*prepare the data set anew"):
        resolve(coarse_recipe("preparation.normalization=fingerprint"), summarize({"one": older}))


def test_a_cache_normalises_the_patches_of_a_recipe_that_asks_for_it(tmp_path):
    write_case_folders(tmp_path / "data")
    recipe = coarse_recipe("preparation.windows_hu=[[-100, 200]]", "preparation.normalization=fingerprint")
    opened = open_data(tmp_path / "data", recipe, tmp_path / "cache")
    seen = intensity_channels(
        np.concatenate([np.asarray(case.hu).ravel() for case in opened.cases]).reshape(1, 1, -1),
        opened.recipe.preparation.windows_hu,
        opened.recipe.preparation.normalization,
    )
    assert abs(seen.mean()) < 0.02
    assert seen.std() == pytest.approx(1, abs=0.02)
    plain = coarse_recipe("preparation.windows_hu=[[-100, 200]]", "preparation.padding=edge")
    assert open_data(tmp_path / "cache", plain).recipe.preparation.normalization is None, "one cache serves both"
