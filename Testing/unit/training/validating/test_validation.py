"""Whole-CT validation: the prediction and the measures of everywhere else, and a picture that shows the cases."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from LungTumorSegLib.evaluation import score_case
from LungTumorSegLib.measurements import measure
from LungTumorSegLib.preview.panel import REFERENCE
from LungTumorSegLib.training.data.case_files import CaseFiles
from LungTumorSegLib.training.validating.pictures import draw_validation, glimpse, in_words, worst
from LungTumorSegLib.training.validating.scoring import ScoredCase, score_files
from LungTumorSegLib.training.validating.validation import Validation
from LungTumorSegLib.volume import LUNG_TUMOR, Grid
from support.ellipsoids import Ellipsoid
from support.models import constant_weights, tiny_recipe
from support.volumes import chest_volume

GRID = Grid((64, 56, 30), (5.0, 5.0, 8.0), (-160.0, -140.0, -300.0))
PLACE = np.array([70.0, -20.0, -200.0])  # in the left lung, k = 12 or 13
PREDICTION = LUNG_TUMOR.color_rgb


def ball(radius_mm: float, place=PLACE) -> np.ndarray:
    return Ellipsoid(np.full(3, radius_mm), np.eye(3), np.asarray(place)).mask(GRID).array


def scored(name: str, found: np.ndarray, reference: np.ndarray, ignore: np.ndarray | None = None) -> ScoredCase:
    ct = chest_volume(GRID)
    volumes = [ct.with_array(array) for array in (found, reference)]
    ignored = None if ignore is None else ct.with_array(ignore)
    report = measure(volumes[0], reference=volumes[1], ignore=ignored)
    return ScoredCase(score_case(name, report, 1.0), ct, *volumes, ignored, report)


NOTHING = np.zeros(GRID.shape, np.uint8)


def count(pixels: np.ndarray, color) -> int:
    return int((np.abs(pixels[..., :3] - to_rgb(color)).max(axis=-1) < 0.02).sum())


def third(pixels: np.ndarray, column: int) -> np.ndarray:
    """A column of panels, without headline and legend."""
    width = pixels.shape[1] // 3
    return pixels[90:-60, column * width : (column + 1) * width]


def draw(tmp_path, *cases: ScoredCase) -> np.ndarray:
    draw_validation([glimpse(case) for case in cases], 1500, tmp_path / "validation.png")
    return imread(tmp_path / "validation.png")


def test_tumour_and_prediction_are_outlined_where_the_tumour_is_largest(tmp_path):
    one = glimpse(scored("case", ball(15), ball(25)))
    middle = one.tumor
    assert one.tumor.place.endswith("(k = 12)") or one.tumor.place.endswith("(k = 13)")
    assert np.array_equal(middle.reference, ball(25)[12])
    assert np.array_equal(middle.found, ball(15)[12])
    assert np.array_equal(middle.hu, chest_volume(GRID).array[12])
    pixels = draw(tmp_path, scored("case", ball(15), ball(25)))
    for column in range(3):
        assert count(third(pixels, column), PREDICTION) > 20
        assert count(third(pixels, column), REFERENCE) > 20
    # The larger circle has the longer outline.
    assert count(third(pixels, 1), REFERENCE) > 1.2 * count(third(pixels, 1), PREDICTION)


def test_the_slice_of_the_largest_disagreement_is_that_of_the_false_positive(tmp_path):
    elsewhere = np.array([-70.0, 10.0, -120.0])
    found = ball(20) | ball(30, elsewhere)
    one = glimpse(scored("case", found, ball(20)))
    index = int(np.argmax(ball(30, elsewhere).sum(axis=(1, 2))))
    assert f"(k = {index})" in one.disagreement.place
    assert one.different_mm2 == ball(30, elsewhere)[index].sum() * 25.0
    assert np.allclose(one.disagreement.center + np.array(GRID.origin[:2]), elsewhere[:2], atol=5)
    pixels = draw(tmp_path, scored("case", found, ball(20)))
    assert count(third(pixels, 2), PREDICTION) > 20
    assert count(third(pixels, 2), REFERENCE) == 0


def test_what_is_ignored_is_no_disagreement_but_is_shown():
    found, doubtful = ball(20) | ball(30, (-70.0, 10.0, -120.0)), ball(34, (-70.0, 10.0, -120.0))
    one = glimpse(scored("case", found, ball(20), doubtful.astype(bool)))
    assert one.disagreement is None
    assert not one.tumor.ignored.any()
    one = glimpse(scored("case", NOTHING, NOTHING, ball(60).astype(bool)))
    assert one.tumor.ignored.any()


def test_a_missed_tumour_is_shown_by_the_reference_alone(tmp_path):
    pixels = draw(tmp_path, scored("case", NOTHING, ball(20)))
    assert count(third(pixels, 1), REFERENCE) > 20
    assert count(third(pixels, 1), PREDICTION) == 0


def test_a_tumour_free_case_shows_its_middle_or_its_false_positive(tmp_path):
    pixels = draw(tmp_path, scored("well", NOTHING, NOTHING))
    panels = pixels[90:-60]
    assert sum(count(panels, color) for color in (PREDICTION, REFERENCE)) == 0
    assert third(pixels, 0)[..., :3].mean() > 0.2  # a CT …
    assert third(pixels, 2)[..., :3].mean() < 0.1  # … and where nothing differs, none
    pixels = draw(tmp_path, scored("well", ball(20), NOTHING))
    assert count(third(pixels, 1), PREDICTION) > 20
    assert count(third(pixels, 1), REFERENCE) == 0


def test_each_case_has_a_row_of_its_own(tmp_path):
    cases = [scored(f"case {k}", ball(20), ball(22)) for k in range(2)]
    one, two = draw(tmp_path, cases[0]), draw(tmp_path, *cases)
    row = two.shape[0] - one.shape[0]
    assert row > 250
    assert count(two[90 : 90 + row], PREDICTION) == pytest.approx(
        count(two[90 + row : 90 + 2 * row], PREDICTION), rel=0.1
    )


def test_of_too_many_cases_the_worst_are_shown_in_their_own_order():
    good, bad = scored("good", ball(22), ball(22)), scored("bad", NOTHING, ball(22))
    well, noisy = scored("well", NOTHING, NOTHING), scored("noisy", ball(20), NOTHING)
    looks = [glimpse(case) for case in (well, good, noisy, bad)]
    chosen = [[look.score.case for look in worst(looks, n)] for n in (1, 2, 3, 4)]
    assert chosen == [["bad"], ["good", "bad"], ["good", "noisy", "bad"], ["well", "good", "noisy", "bad"]]


def test_words_of_a_case():
    assert in_words(scored("case", ball(22), ball(22)).score).startswith("Dice 1.00   ·   ")
    assert "0 of 1 lesion found" in in_words(scored("case", NOTHING, ball(22)).score)
    assert in_words(scored("case", ball(22), NOTHING).score) == (
        "nothing annotated   ·   46.0 mL predicted, 1 false positive"
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple[CaseFiles, ...]:
    """A phantom with two tumours, once with its mask and once as if it had none; and a CT that cannot be read."""
    from LungTumorSegLib.phantom import Tumour, make_phantom
    from LungTumorSegLib.volume import write_mask, write_volume

    folder = tmp_path_factory.mktemp("cases")
    phantom = make_phantom(2, size=(64, 64, 40), spacing=(5.6, 5.6, 7.5), tumours_to_grow=[Tumour(40), Tumour(28)])
    write_volume(folder / "ct.nii.gz", phantom.ct)
    write_mask(folder / "mask.nii.gz", phantom.mask)
    (folder / "torn.nii.gz").write_bytes((folder / "ct.nii.gz").read_bytes()[:5000])
    return (
        CaseFiles("sick", folder / "ct.nii.gz", folder / "mask.nii.gz"),
        CaseFiles("torn", folder / "torn.nii.gz", folder / "mask.nii.gz"),
        CaseFiles("well", folder / "ct.nii.gz"),
    )


def test_validation_gives_what_evaluation_gives(files, tmp_path, caplog):
    from LungTumorSegLib.inference.device import choose_device
    from LungTumorSegLib.networks import network_of
    from LungTumorSegLib.prediction import Predictor

    recipe, weights = tiny_recipe(), constant_weights(2.0)
    network = network_of(recipe)
    network.load_state_dict(weights)
    predictor = Predictor(recipe, network.eval(), choose_device("cpu", "float32"))
    expected = [score_files(case, predictor).score for case in (files[0], files[2])]

    stages = []
    before = torch.get_rng_state()
    validation = Validation(recipe, files, tmp_path, "cpu")
    report = validation(weights, 7, lambda stage, fraction: stages.append((stage, fraction)))
    assert torch.equal(torch.get_rng_state(), before)  # a run's dropout does not depend on its validations
    assert [vars(score) | {"seconds": 0} for score in report.scores] == [
        vars(one) | {"seconds": 0} for one in expected
    ]
    assert report.step == 7
    assert report.summary["cases"] == 2
    assert "torn was not validated: " in caplog.text  # and cost no other case
    assert {stage for stage, _ in stages} == {"validating"}
    fractions = [fraction for _, fraction in stages]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert report.pictures == (tmp_path / "validation.png",)
    pixels = imread(report.pictures[0])
    assert count(third(pixels, 1), PREDICTION) > 20
    assert count(third(pixels, 1), REFERENCE) > 20


def test_validation_that_is_stopped_leaves_the_older_picture(files, tmp_path):
    (tmp_path / "validation.png").write_bytes(b"older")

    class Stop(BaseException):
        pass

    def stop(stage: str, fraction: float) -> None:
        if fraction > 0.1:
            raise Stop

    with pytest.raises(Stop):
        Validation(tiny_recipe(), files, tmp_path, "cpu")(constant_weights(2.0), 1, stop)
    assert [path.name for path in tmp_path.iterdir()] == ["validation.png"]
    assert (tmp_path / "validation.png").read_bytes() == b"older"
