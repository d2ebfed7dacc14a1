"""The one path: the mask lies on the CT's own grid, whatever that is, and says what the network says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from LungTumorSegLib.errors import CancelledError, InputError
from LungTumorSegLib.inference.device import choose_device
from LungTumorSegLib.prediction import Predictor
from LungTumorSegLib.recipe import load_recipe, override
from LungTumorSegLib.volume import Grid, Volume

TUMOR_LPS = np.array([20.0, 15.0, -30.0])


class Bright(torch.nn.Module):
    """Calls tumour what is brighter than -300 HU in the recipe's first window."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        logit = 40 * (image[:, :1] + 0.0)
        return torch.cat([-logit, logit], dim=1)


@pytest.fixture(scope="module")
def recipe():
    return override(
        load_recipe("lung-tumor"),
        [
            "preparation.region=all",
            "preparation.spacing_mm=[2, 2, 2]",
            "inference.window_size=[32, 32, 32]",
            "inference.batch_size=1",
            "postprocessing.components.minimum_volume_ml=0",
        ],
    )


def ball_ct(grid: Grid, radius_mm: float = 14.0) -> tuple[Volume, np.ndarray]:
    """A ball of soft tissue in lung, at the same place of the patient on any grid."""
    k, j, i = np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij")
    distance = np.linalg.norm(grid.to_physical(np.stack([i, j, k], axis=-1)) - TUMOR_LPS, axis=-1)
    hu = np.clip(-850 + 890 * (radius_mm + 1 - distance) / 2, -850, 40)
    return Volume(hu.astype(np.int16), grid), distance <= radius_mm


def centred(size, spacing, direction=None) -> Grid:
    grid = Grid(size, spacing, (0, 0, 0), np.eye(3) if direction is None else direction)
    return Grid(size, spacing, -grid.to_physical((np.array(size) - 1) / 2), grid.direction)


def oblique(degrees: float) -> np.ndarray:
    from scipy.spatial.transform import Rotation

    return Rotation.from_euler("xyz", [degrees, degrees / 2, -degrees], degrees=True).as_matrix()


@pytest.mark.parametrize(
    "grid",
    [
        centred((70, 66, 60), (1.7, 1.7, 2.0)),
        centred((70, 66, 25), (1.5, 1.9, 5.0)),
        centred((70, 66, 60), (1.7, 1.7, 2.0), np.diag([-1.0, 1.0, -1.0])),
        centred((60, 70, 66), (2.0, 1.7, 1.7), np.array([[0, 1, 0], [0, 0, -1], [1, 0, 0]], dtype=float)),
        centred((70, 66, 60), (1.7, 1.7, 2.0), oblique(20)),
        centred((20, 66, 60), (6.0, 1.7, 2.0)),
    ],
    ids=["plain", "thick", "flipped", "permuted", "oblique", "smaller-than-the-window"],
)
def test_mask_lies_where_the_tumour_is(recipe, grid):
    ct, truth = ball_ct(grid)
    predictor = Predictor(recipe, Bright(), choose_device("cpu", "float32"))
    result = predictor.predict(ct)
    assert result.mask.grid is ct.grid
    assert result.mask.array.dtype == np.uint8
    found = result.mask.array > 0
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.9
    centre = grid.to_physical(np.argwhere(found)[:, ::-1]).mean(axis=0)
    assert centre == pytest.approx(TUMOR_LPS, abs=1.0)
    assert result.probability().shape == ct.array.shape


def test_the_probability_is_told_everywhere_and_in_a_box_about_what_was_found(recipe):
    ct, _ = ball_ct(centred((70, 66, 60), (1.7, 1.7, 2.0)))
    result = Predictor(recipe, Bright(), choose_device("cpu", "float32")).predict(ct)
    everywhere, (part, box) = result.probability(), result.probability_in_box()
    assert np.allclose(everywhere[box], part, atol=1e-3)  # the one in half precision
    assert part.size < everywhere.size
    beyond = everywhere.copy()
    beyond[box] = 0
    assert 0 < beyond.max() < recipe.inference.threshold


def test_outside_the_lung_region_nothing_is_found_or_computed(recipe):
    from unit.lungs.test_lungs import on_grid, thorax

    hu, _ = thorax()
    hu[20:28, 36:44, 34:42] = 40  # in the right lung
    ct = on_grid(hu, (0, 1, 2), (False,) * 3)
    settings = ["preparation.region=lungs", "preparation.spacing_mm=[3, 3, 3]", "preparation.region_margin_mm=40"]
    result = Predictor(override(recipe, settings), Bright(), choose_device("cpu", "float32")).predict(ct)
    found = result.mask.array > 0
    assert found[22:26, 38:42, 36:40].all()
    assert not found[:, 80:82].any()  # the couch
    assert not found[:, :, :4].any()


def test_progress_names_the_stages_and_can_cancel(recipe):
    ct, _ = ball_ct(centred((70, 66, 60), (1.7, 1.7, 2.0)))
    predictor = Predictor(recipe, Bright(), choose_device("cpu", "float32"))
    seen = []
    predictor.predict(ct, progress=lambda stage, fraction: seen.append((stage, fraction)))
    assert list(dict.fromkeys(stage for stage, _ in seen)) == ["preparing", "network", "resampling", "postprocessing"]
    assert all(0 <= fraction <= 1 for _, fraction in seen)

    def cancel(stage: str, fraction: float) -> None:
        if stage == "network" and fraction > 0.3:
            raise CancelledError

    with pytest.raises(CancelledError):
        predictor.predict(ct, progress=cancel)


def test_ct_without_lungs_is_refused_by_a_recipe_that_wants_them(recipe):
    ct, _ = ball_ct(centred((70, 66, 60), (1.7, 1.7, 2.0)))
    solid = ct.with_array(np.full_like(ct.array, 40))
    with pytest.raises(InputError, match="no lungs"):
        Predictor(override(recipe, ["preparation.region=lungs"]), Bright(), choose_device("cpu")).predict(solid)


@pytest.mark.parametrize("direction", [None, np.diag([-1.0, 1.0, -1.0]), oblique(20)])
def test_the_mask_can_be_watched_as_it_grows_into_the_result(recipe, direction):
    ct, _ = ball_ct(centred((70, 66, 60), (1.7, 1.7, 2.0), direction))
    predictor = Predictor(recipe, Bright(), choose_device("cpu", "float32"))
    seen = []
    result = predictor.predict(ct, watch=lambda partial: seen.append(partial.labels()))
    assert len(seen) == result.windows_run
    whole = np.zeros(ct.array.shape, np.uint8)
    labels, box = seen[-1]
    whole[box] = labels
    found = result.mask.array > 0
    assert 2 * (found & (whole > 0)).sum() / (found.sum() + whole.sum()) > 0.95  # the nearest voxel for each
    assert len({labels.shape for labels, _ in seen}) > 1


def test_watching_before_anything_was_found_shows_nothing(recipe):
    ct, _ = ball_ct(centred((70, 66, 60), (1.7, 1.7, 2.0)))
    air = ct.with_array(np.full_like(ct.array, -900))
    seen = []
    predictor = Predictor(recipe, Bright(), choose_device("cpu", "float32"))
    predictor.predict(air, watch=lambda partial: seen.append(partial.labels()))
    assert seen
    assert all(labels.size == 0 for labels, _ in seen)


def test_the_probability_of_the_part_that_was_looked_at_is_that_of_the_whole(recipe):
    ct, _ = ball_ct(centred((60, 70, 66), (2.0, 1.7, 1.7), np.diag([-1.0, 1.0, -1.0])))
    result = Predictor(recipe, Bright(), choose_device("cpu", "float32")).predict(ct)
    values, box = result.probability_in_box()
    assert np.array_equal(result.probability()[box], values.astype(np.float16))


@pytest.mark.parametrize("direction", [None, np.diag([-1.0, 1.0, -1.0])])
@pytest.mark.parametrize("refined", ["true", "false"])
def test_a_coarse_pass_changes_no_voxel_of_the_mask(recipe, direction, refined):
    """Nor does it when the border is refined, which looks beyond what was in doubt."""
    ct, _ = ball_ct(centred((90, 96, 80), (1.7, 1.7, 2.0), direction))
    settings = ["inference.overlap=0.75", f"postprocessing.border_refinement.enabled={refined}"]
    every = Predictor(override(recipe, settings), Bright(), choose_device("cpu", "float32")).predict(ct)
    coarse = override(recipe, [*settings, "inference.coarse_overlap=0.25"])
    result = Predictor(coarse, Bright(), choose_device("cpu", "float32")).predict(ct)
    assert result.windows_run < every.windows_run
    assert result.mask.array.any()
    assert np.array_equal(result.mask.array, every.mask.array)
    sure = every.probability() >= 0.5
    np.testing.assert_allclose(result.probability()[sure], every.probability()[sure], atol=2e-3)
    assert (result.probability() <= every.probability() + 2e-3).all()


def test_a_coarse_pass_over_nothing_gives_an_empty_mask(recipe):
    ct, _ = ball_ct(centred((90, 96, 80), (1.7, 1.7, 2.0)))
    air = ct.with_array(np.full_like(ct.array, -900))
    coarse = override(recipe, ["inference.overlap=0.75", "inference.coarse_overlap=0.25"])
    result = Predictor(coarse, Bright(), choose_device("cpu", "float32")).predict(air)
    assert 0 < result.windows_run < result.windows_total
    assert not result.mask.array.any()
    assert not result.probability().any()
    values, box = result.probability_in_box()
    assert values.shape == result.probability()[box].shape


def test_a_coarse_pass_of_centres_is_refused():
    with pytest.raises(InputError, match="coarse pass"):
        override(load_recipe("lung-tumor"), ["inference.coarse_overlap=0.25", "inference.blending=centre"])
