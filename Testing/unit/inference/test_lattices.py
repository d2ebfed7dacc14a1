"""Where windows lie: every lattice covers the image, and the body-centred one does so with a few."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.inference.device import DeviceChoice
from LungTumorSegLib.inference.sliding_window import SlidingWindow
from LungTumorSegLib.inference.windows import LATTICES, WindowGrid, axis_spread, axis_step
from LungTumorSegLib.recipe import load_recipe, override

CPU = DeviceChoice("cpu", "a test")
SHAPES = st.tuples(*[st.integers(1, 24)] * 3)
WINDOWS = st.tuples(*[st.integers(1, 9)] * 3)
OVERLAPS = st.sampled_from([0.0, 0.2, 0.5, 0.7, 0.8, 0.9])
every_lattice = pytest.mark.parametrize("lattice", LATTICES)


@settings(max_examples=300, deadline=None)
@given(SHAPES, WINDOWS, OVERLAPS, st.sampled_from(LATTICES))
def test_every_voxel_is_seen_and_no_window_is_there_twice(shape, size, overlap, lattice):
    grid = WindowGrid.over(shape, size, overlap, lattice=lattice)
    windows, seen = grid.windows(), np.zeros(shape, bool)
    for window in windows:
        seen[window.image] = True
    assert seen.all()
    assert len({window.first for window in windows}) == len(windows) == grid.total


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 80), st.integers(1, 20), OVERLAPS)
def test_even_windows_are_the_fewest_and_evenly_spread(length, size, overlap):
    step = axis_step(size, overlap)
    starts = axis_spread(length, size, step)
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    if length <= size:
        assert len(starts) == 1
    else:
        assert (starts[0], starts[-1]) == (0, length - size)
        assert max(gaps) <= step
        assert max(gaps) - min(gaps) <= 1
        assert len(starts) == 1 + -(-(length - size) // step)


def centres_of(lattice: str) -> np.ndarray:
    grid = WindowGrid.over((88, 88, 88), (32, 32, 32), 0.75, lattice=lattice)
    return np.array([window.first for window in grid.windows()]) + 15.5


def test_a_body_centred_lattice_comes_near_with_a_third_of_the_windows():
    """A quarter in an image without borders; here eight steps are a side."""
    even, body_centred = centres_of("even"), centres_of("body_centred")
    assert (len(even), len(body_centred)) == (8**3, 5**3 + 4**3)
    inner = np.argwhere(np.ones((40, 40, 40), bool)) + 24
    farthest = [cKDTree(centres).query(inner)[0].max() for centres in (even, body_centred)]
    assert farthest[1] < 1.35 * farthest[0]


@every_lattice
def test_windows_of_a_region_give_what_all_windows_give_there(lattice):
    generator = torch.Generator().manual_seed(0)
    network = torch.nn.Conv3d(1, 2, 5, padding=2)
    image = torch.randn(1, 20, 26, 30, generator=generator)
    region = np.zeros(image.shape[1:], bool)
    region[3:9, 15:25, 4:12] = True
    window = SlidingWindow((8, 8, 8), 0.6, batch_size=1, lattice=lattice)
    every, some = (window.run(network, image, device=CPU, region=part) for part in (None, region))
    assert some.windows_run < every.windows_run == every.windows_total == some.windows_total
    where = torch.from_numpy(region[some.box])
    torch.testing.assert_close(some.logits[:, where], every.logits[:, torch.from_numpy(region)])


@every_lattice
def test_what_a_network_says_everywhere_is_said_everywhere(lattice):
    """Where all windows agree, the weighted mean is what they say: the weights are those of these windows."""
    image = torch.randn(1, 20, 17, 24, generator=torch.Generator().manual_seed(0))
    result = SlidingWindow((8, 8, 8), 0.5, lattice=lattice).run(lambda tiles: 2 * tiles, image, device=CPU)
    torch.testing.assert_close(result.logits, 2 * image)


def test_a_recipe_names_the_lattice():
    recipe = load_recipe("lung-tumor")
    assert recipe.inference.lattice == "even"
    assert override(recipe, ["inference.lattice=body_centred"]).inference.lattice == "body_centred"
    with pytest.raises(InputError, match="stepped"):
        override(recipe, ["inference.lattice=hexagonal"])
    with pytest.raises(InputError, match="blended"):
        override(recipe, ["inference.lattice=body_centred", "inference.blending=centre"])


def test_lattices_that_do_not_go_are_refused():
    with pytest.raises(ValueError, match="known are"):
        SlidingWindow((8, 8, 8), lattice="hexagonal")
    with pytest.raises(ValueError, match="boxes"):
        SlidingWindow((8, 8, 8), lattice="body_centred", blending="centre")
