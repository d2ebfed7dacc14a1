"""What is brought back to the CT in a box about it is what would come of bringing back everything."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from LungTumorSegLib.inference.result import WindowedResult
from LungTumorSegLib.prediction.on_input import on_input
from LungTumorSegLib.preparation import GridMap, PreparedCT
from LungTumorSegLib.recipe import load_recipe, override
from LungTumorSegLib.volume import Grid

GRID = Grid((44, 40, 26), (0.8, 0.9, 2.5))
BOX = (slice(2, 38), slice(1, 20), slice(3, 22))  # that the network answered for, of the prepared grid


def result_with(places: list[tuple[int, int, int]], labels: int, seed: int) -> WindowedResult:
    """Faint noise, and a few lesions of a few voxels (zyx, in `BOX`)."""
    shape = tuple(side.stop - side.start for side in BOX)
    rng = np.random.default_rng(seed)
    logits = rng.normal(-4, 1, (1 + labels, *shape)).astype(np.float32)
    logits[0] = 0
    for place in places:
        logits[(slice(1, None), *(slice(k, k + 3) for k in place))] += rng.uniform(3, 9)
    return WindowedResult(torch.from_numpy(logits), BOX, (44, 24, 24), True, 1, 1)


@pytest.mark.parametrize("places", [[], [(9, 6, 12)], [(0, 0, 0), (30, 14, 15)]], ids=["none", "one", "corners"])
@pytest.mark.parametrize("recipe", ["lung-tumor", "pancreas-3d"])
@pytest.mark.parametrize("radius_mm", [0, 3])
@pytest.mark.parametrize("seed", range(3))
def test_labels_and_probabilities_are_those_of_the_whole(places, recipe, radius_mm, seed):
    border = [f"postprocessing.border_refinement.enabled={bool(radius_mm)}".lower()]
    border += [f"postprocessing.border_refinement.radius_mm={radius_mm}"] * bool(radius_mm)
    recipe = override(load_recipe(recipe), [*border, "preparation.region=all"])
    grid_map = GridMap.plan(GRID, (1.5, 1.5, 1.5))
    result = result_with(places, len(recipe.labels), seed)
    prepared = PreparedCT(np.zeros(grid_map.target.shape, np.float32), None, None, grid_map)

    everything = [grid_map.backward(result.whole(result.probability(k))) for k in range(1, len(recipe.labels) + 1)]
    foreground = grid_map.backward(result.whole(result.probability()))
    clear = np.abs(foreground - recipe.inference.threshold) > 1e-5
    marked = foreground >= recipe.inference.threshold

    found = on_input(result, prepared, recipe)
    labels = np.zeros(GRID.shape, np.uint8)
    labels[found.part] = found.labels
    assert np.array_equal((labels > 0)[clear], marked[clear])
    assert bool(places) == marked.any()
    assert np.allclose(found.foreground, foreground[found.part], atol=1e-5)
    if len(everything) > 1:
        first, second, *_ = np.sort(everything, axis=0)[::-1]
        decided = marked & clear & (first - second > 1e-5)
        assert np.array_equal(labels[decided], 1 + np.argmax(everything, axis=0)[decided])
    if places:
        first_slice = np.flatnonzero(marked.any(axis=(1, 2)))[0]
        reach = int(np.ceil(2 * radius_mm / GRID.spacing[2]))
        assert found.part[0].start <= max(0, first_slice - reach), "border refinement sees as far as it looks"
