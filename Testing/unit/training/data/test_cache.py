"""The training cache: only what is new is done, and nothing is lost by what is damaged."""

from __future__ import annotations

import json
import re
import shutil

import h5py
import numpy as np
import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.recipe import override
from LungTumorSegLib.training.data.cache import (
    CachedArray,
    case_path,
    open_case,
    read_index,
    read_scan,
    require_scans,
)
from LungTumorSegLib.training.data.case_files import CaseFiles
from LungTumorSegLib.training.data.layouts import find_cases
from LungTumorSegLib.training.data.opening import open_data
from LungTumorSegLib.training.data.preparing import prepare_cache
from LungTumorSegLib.training.data.reading import has_tumor, read_case
from LungTumorSegLib.training.patches.sampling import PatchSampler
from LungTumorSegLib.volume import write_mask
from support.data_sets import coarse_recipe, load_case, sick_chest, write_case, write_case_folders

RECIPE = coarse_recipe()


@pytest.fixture
def data(tmp_path):
    return write_case_folders(tmp_path / "data")


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def prepare(data, cache, recipe=RECIPE, **options):
    return prepare_cache(find_cases(data), recipe, cache, **{"others": "remove", **options})


def contents(cache) -> dict[str, int]:
    """Return every file, hidden ones included, with its time of change."""
    files = [path for path in cache.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(cache)): path.stat().st_mtime_ns for path in files}


@pytest.mark.parametrize("processes", [1, 10**9])
def test_opened_case_is_the_one_that_was_prepared(data, cache, processes):
    opened = open_data(data, RECIPE, cache, processes=processes)
    assert opened.where.startswith("in memory" if processes == 1 else "read from the cache")
    assert [case.name for case in opened.cases] == ["case_0", "case_1", "case_2"]
    for files, case in zip(find_cases(data), opened.cases, strict=True):
        expected = load_case(files, RECIPE)
        for name in ("hu", "label", "solid"):
            there, wanted = getattr(case, name), getattr(expected, name)
            assert (there.shape, there.dtype) == (wanted.shape, wanted.dtype)
            assert np.array_equal(there[2:9, 3:20, 5:30], wanted[2:9, 3:20, 5:30])
            assert np.array_equal(np.asarray(there), wanted)
        assert np.array_equal(case.aerated, expected.aerated)
        assert np.array_equal(case.anywhere, expected.anywhere)
        assert len(case.lesions) == len(expected.lesions)
        assert all(map(np.array_equal, case.lesions, expected.lesions))


def test_second_run_does_only_what_is_new_or_changed(data, cache):
    assert str(prepare(data, cache)) == "3 of 3 cases prepared now, 0 were there"
    before = contents(cache)
    again = prepare(data, cache)
    assert (again.done, again.unchanged) == ([], ["case_0", "case_1", "case_2"])
    assert {n: t for n, t in contents(cache).items() if ".h5" in n} == {n: t for n, t in before.items() if ".h5" in n}
    write_case(data / "case_9", seed=9)
    _, mask = sick_chest(1)
    write_mask(data / "case_1" / "tumor.nii.gz", mask.with_array(mask.array * (np.arange(12) < 6)[:, None, None]))
    shutil.rmtree(data / "case_2")
    third = prepare(data, cache)
    assert (third.done, third.unchanged, third.removed) == (["case_1", "case_9"], ["case_0"], ["case_2"])
    assert sorted(path.name for path in (cache / "cases").iterdir()) == ["case_0.h5", "case_1.h5", "case_9.h5"]
    label = open_data(cache, RECIPE, files=find_cases(cache)[1:2]).cases[0].label
    assert label[:6].any()
    assert not label[6:].any()


def test_nothing_in_a_cache_tells_where_its_data_came_from(data, cache):
    (data / "case_1" / "tumor.nii.gz").write_bytes(b"damaged")
    prepare(data, cache, skip_bad=True)
    for name in contents(cache):
        content = (cache / name).read_bytes()
        assert str(data).encode() not in content
        assert b"tumor.nii" not in content


def test_cache_of_another_preparation_is_refused_by_its_key(data, cache):
    prepare(data, cache)
    for settings, key in (
        (
            ["preparation.spacing_mm=[10, 10, 10]"],
            r"preparation\.spacing_mm \[10\.0, 10\.0, 20\.0\], and the recipe says",
        ),
        (["preparation.region=lungs"], "preparation.region"),
        (["annotation.rois={1: gtv}"], "annotation.rois"),
        (["labels={1: Tumour, 2: Node}"], "labels.count 1, and the recipe says 2"),
    ):
        before = contents(cache)
        for work in (lambda recipe: prepare(data, cache, recipe), lambda recipe: open_data(cache, recipe)):
            with pytest.raises(InputError, match=f"the cache was made with {key}"):
                work(coarse_recipe(*settings))
        assert contents(cache) == before
    # Intensity windows are applied to patches, so they may change.
    assert len(open_data(cache, coarse_recipe("preparation.windows_hu=[[-100, 100]]")).cases) == 3


def test_cache_of_another_data_set_is_refused(data, cache, tmp_path):
    prepare(data, cache)
    write_case(tmp_path / "other" / "somebody")
    with pytest.raises(InputError, match="the cache is of another data set"):
        prepare(tmp_path / "other", cache)
    with pytest.raises(InputError, match="the cache holds no case nobody"):
        open_data(cache, RECIPE, files=[CaseFiles("nobody", case_path(cache, "nobody"))])


def test_cases_are_taken_out_of_a_cache_only_on_wish_and_by_name(data, cache, tmp_path):
    """As when another data set, some of whose names are the same, is prepared into a cache by mistake."""
    prepare(data, cache)
    before = contents(cache)
    other = tmp_path / "other"
    write_case(other / "case_0", seed=5)
    write_case(other / "case_9", seed=9)
    refused = r"the cache holds 2 cases that the data set lacks: case_1, case_2; .*--remove-missing"
    with pytest.raises(InputError, match=refused):
        prepare(other, cache, others="refuse")
    assert contents(cache) == before
    prepared = prepare(other, cache, others="remove")
    assert (prepared.renewed, prepared.removed) == (["case_0"], ["case_1", "case_2"])
    assert str(prepared) == (
        "2 of 2 cases prepared now, 0 were there; 1 of them anew, their files having changed (case_0); "
        "2 removed, being no longer in the data set (case_1, case_2)"
    )
    assert sorted(path.name for path in (cache / "fingerprints").iterdir()) == ["case_0.json", "case_9.json"]


def test_runs_on_parts_of_a_data_set_share_a_cache(data, cache):
    files = find_cases(data)
    for part in (files[:2], files[1:], files[:1]):
        opened = open_data(data, RECIPE, cache, files=part)
        assert [case.name for case in opened.cases] == [case.name for case in part]
    assert sorted(read_index(cache).sources) == ["case_0", "case_1", "case_2"]
    assert prepare(data, cache).done == []


def test_folder_with_something_else_in_it_is_left_alone(data, cache):
    (cache / "cases").mkdir(parents=True)
    (cache / "cases" / "years_of_work.h5").write_bytes(b"")
    before = sorted(cache.iterdir())
    with pytest.raises(InputError, match="this folder is not empty, and no cache"):
        prepare(data, cache)
    assert (cache / "cases" / "years_of_work.h5").exists()
    assert sorted(cache.iterdir()) == before
    with pytest.raises(InputError, match="not empty"):
        prepare(data, data)


def test_patches_are_the_same_from_memory_and_from_the_cache(data, cache):
    network = "network={name: unet, channels: [4, 8], strides: [2], residual_units: 1}"
    sizes = ["training.patch_size=[16, 16, 8]", "inference.window_size=[16, 16, 8]", "training.synthesis.nodule=0"]
    recipe = coarse_recipe(network, *sizes)
    samplers = []
    for processes in (1, 10**9):
        cases = open_data(data, recipe, cache, processes=processes).cases
        samplers.append(PatchSampler(cases, [], recipe.training, recipe.preparation, seed=1))
    assert [type(sampler.cases[0].hu) for sampler in samplers] == [np.ndarray, CachedArray]
    for index in range(12):
        one, other = (sampler.draw(index) for sampler in samplers)
        assert np.array_equal(one.hu, other.hu)
        assert np.array_equal(one.label, other.label)


# ---- damaged cases


@pytest.fixture
def damaged(data):
    (data / "case_1" / "ct.nii.gz").write_bytes((data / "case_1" / "ct.nii.gz").read_bytes()[:3000])
    return data


def test_damaged_case_is_refused_by_case_file_and_reason(damaged, cache):
    with pytest.raises(InputError) as refused:
        prepare(damaged, cache)
    assert re.search(r"case_1.ct\.nii\.gz: case case_1: is truncated .*--skip-bad", str(refused.value))
    assert "case_0" in read_index(cache).sources  # what was done before is not lost


@pytest.mark.parametrize("workers", [0, 1])
def test_damaged_case_is_skipped_on_wish_and_tried_again(damaged, cache, caplog, workers):
    prepared = prepare(damaged, cache, skip_bad=True, workers=workers)
    assert (prepared.done, prepared.skipped) == (["case_0", "case_2"], ["case_1"])
    assert "case case_1 is skipped" in caplog.text
    assert "truncated" in json.loads((cache / "cache.json").read_text())["skipped"]["case_1"]
    assert json.loads((cache / "fingerprint.json").read_text())["cases"] == 2
    shutil.rmtree(damaged / "case_1")
    write_case(damaged / "case_1", seed=1)
    again = prepare(damaged, cache, skip_bad=True)
    assert (again.done, again.skipped) == (["case_1"], [])
    assert read_index(cache).skipped == {}


def test_case_that_became_bad_leaves_the_cache(data, cache):
    prepare(data, cache)
    (data / "case_0" / "ct.nii.gz").write_bytes(b"damaged")
    assert prepare(data, cache, skip_bad=True).skipped == ["case_0"]
    assert not case_path(cache, "case_0").exists()
    assert [case.name for case in find_cases(cache)] == ["case_1", "case_2"]


def test_nothing_but_bad_cases(data, cache):
    for path in data.glob("*/ct.nii.gz"):
        path.write_bytes(b"damaged")
    with pytest.raises(InputError, match="no case could be prepared"):
        prepare(data, cache, skip_bad=True)
    with pytest.raises(InputError, match="the cache holds no case"):
        find_cases(cache)


def test_damaged_index_and_case_file_are_named(data, cache):
    prepare(data, cache)
    whole = case_path(cache, "case_0").read_bytes()
    case_path(cache, "case_0").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"case_0\.h5: this file of the cache is damaged or gone"):
        open_data(cache, RECIPE)
    (cache / "cache.json").write_text("{")
    with pytest.raises(InputError, match=r"cache\.json: this index of a training cache is damaged"):
        open_data(cache, RECIPE)
    (cache / "cache.json").write_text('{"format": 99}')
    with pytest.raises(
        InputError, match=r"cache\.json: the cache has format 99, not 2; remove it and prepare it again"
    ):
        open_data(cache, RECIPE)


def read_all(path) -> None:
    open_case(path, "case_0", in_memory=True)
    read_scan(path)


@pytest.mark.parametrize("where", [0.02, 0.3, 0.6, 0.97])
def test_bytes_that_were_overwritten_are_noticed_wherever_they_are(data, cache, where):
    """Of a whole file every byte that says anything is under a checksum: arrays, scans, and HDF5's own tables."""
    prepare(data, cache, with_scans=True)
    path = case_path(cache, "case_0")
    whole = path.read_bytes()
    start = int(where * len(whole))
    path.write_bytes(whole[:start] + bytes(byte ^ 0xFF for byte in whole[start : start + 64]) + whole[start + 64 :])
    with pytest.raises(InputError, match=r"case_0\.h5: this file of the cache is damaged or gone; remove it"):
        read_all(path)
    path.unlink()
    assert prepare(data, cache, with_scans=True).done == ["case_0"]  # what the error says to do
    read_all(path)


def test_patch_is_not_cut_from_overwritten_voxels(data, cache):
    prepare(data, cache)
    path = case_path(cache, "case_0")
    with h5py.File(path) as file:
        (chunk,) = [file["hu"].id.get_chunk_info(0)]
    with path.open("r+b") as stream:
        stream.seek(chunk.byte_offset + 100)
        stream.write(b"\x7f" * 8)
    hu = open_case(path, "case_0", in_memory=False).hu
    with pytest.raises(InputError, match=r"case_0\.h5: this file of the cache is damaged"):
        hu[:4, :4, :4]


# ---- the scans themselves


def test_cache_with_scans_takes_the_place_of_its_data_set(data, cache):
    write_mask(data / "case_0" / "ignore.nii.gz", sick_chest()[1])
    prepare(data, cache, with_scans=True)
    require_scans(cache)
    for original, cached in zip(find_cases(data), find_cases(cache), strict=True):
        assert original.name == cached.name
        assert has_tumor(original) == has_tumor(cached) == (cached.mask is not None)
        before, after = read_case(original), read_case(cached)
        assert after.ct.grid.same_as(before.ct.grid, tolerance=1e-9)
        assert np.array_equal(after.ct.array, before.ct.array)
        assert (after.mask is None) == (before.mask is None)
        assert before.mask is None or np.array_equal(after.mask.array, before.mask.array)
        assert (after.ignore is None) == (before.ignore is None)
        assert before.ignore is None or np.array_equal(after.ignore, before.ignore)


def test_cache_without_scans_says_so_and_gets_them_on_wish(data, cache, caplog):
    caplog.set_level("INFO")
    prepare(data, cache)
    with pytest.raises(InputError, match="holds no scans to validate on"):
        require_scans(cache)
    with pytest.raises(InputError, match="holds no scans"):
        read_case(find_cases(cache)[0])
    require_scans(data)
    assert len(prepare(data, cache, with_scans=True).done) == 3
    assert "holds no scans yet" in caplog.text
    require_scans(cache)
    assert len(prepare(data, cache, with_scans=False).unchanged) == 3


def test_recipe_that_leaves_the_roi_open_takes_the_caches(data, cache):
    """What `prepare --roi` was told need not be told again to `train`."""
    prepare(data, cache, override(RECIPE, ["annotation.rois={1: ^gtv}"]))
    assert open_data(cache, RECIPE).recipe.annotation.rois == {1: "^gtv"}
    with pytest.raises(InputError, match=r"annotation\.rois"):
        open_data(cache, override(RECIPE, ["annotation.rois={1: heart}"]))
