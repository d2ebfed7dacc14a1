"""Stitching of centres: each voxel comes from one window, far from its border wherever the image goes on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from LungTumorSegLib.inference.device import DeviceChoice
from LungTumorSegLib.inference.sliding_window import SlidingWindow
from LungTumorSegLib.inference.windows import WindowGrid, axis_centres, axis_starts

CPU = DeviceChoice("cpu", "a test")
SHAPES = st.tuples(*[st.integers(1, 15)] * 3)
WINDOWS = st.tuples(*[st.integers(1, 8)] * 3)
OVERLAPS = st.sampled_from([0.0, 0.25, 0.5, 0.7, 0.9])


@settings(max_examples=200, deadline=None)
@given(SHAPES, WINDOWS, OVERLAPS)
def test_every_voxel_is_kept_by_exactly_one_window_that_sees_it(shape, window, overlap):
    times = np.zeros(shape, int)
    for one in WindowGrid.over(shape, window, overlap, centres=True).windows():
        times[one.kept] += 1
        for seen, kept in zip(one.image, one.kept, strict=True):
            assert seen.start <= kept.start <= kept.stop <= seen.stop
    assert (times == 1).all()


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 60), st.integers(1, 20), OVERLAPS)
def test_every_voxel_is_left_to_the_nearest_centre(length, size, overlap):
    starts = axis_starts(length, size, overlap)
    parts = axis_centres(starts, size, length)
    for voxel in range(length):
        (keeper,) = [number for number, part in enumerate(parts) if part.start <= voxel < part.stop]
        # Twice the distances, as a centre may lie between two voxels.
        distances = [abs(2 * voxel - (2 * start + size - 1)) for start in starts]
        assert keeper == distances.index(min(distances))


def whole_numbers(kernel: int, seed: int = 0) -> torch.nn.Module:
    """A convolution whose sums are exact, so that results can be compared bit by bit."""
    network = torch.nn.Conv3d(1, 2, kernel, padding=kernel // 2, bias=False)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        network.weight.copy_(torch.randint(-3, 4, network.weight.shape, generator=generator))
    return network


@pytest.mark.parametrize("shape", [(20, 17, 24), (9, 30, 8), (8, 8, 8)])
@pytest.mark.parametrize("batch_size", [1, 3])
def test_a_network_that_sees_less_than_is_cut_off_gives_what_it_gives_for_the_whole_image(shape, batch_size):
    """Windows of 8 that overlap by half keep at least 2 voxels from their borders; the kernel reaches 2."""
    image = torch.randint(-5, 6, (1, *shape), generator=torch.Generator().manual_seed(1)).float()
    network = whole_numbers(5)
    stitched = SlidingWindow((8, 8, 8), 0.5, "centre", batch_size=batch_size).run(network, image, device=CPU)
    with torch.inference_mode():
        assert torch.equal(stitched.logits, network(image[None])[0])
    blended = SlidingWindow((8, 8, 8), 0.5, "gaussian").run(network, image, device=CPU)
    if stitched.windows_run > 1:
        assert not torch.allclose(blended.logits, stitched.logits), "blending shows the windows' borders"


def test_each_voxel_is_the_answer_of_its_own_window_alone():
    """A network that answers with the number of its call tells which window a voxel came from."""
    calls = iter(range(100))

    def network(tiles: torch.Tensor) -> torch.Tensor:
        return torch.stack([torch.full((1, 6, 6, 6), float(next(calls))) for _ in tiles])

    result = SlidingWindow((6, 6, 6), 0.5, "centre").run(network, torch.zeros(1, 6, 6, 15), device=CPU)
    # Windows start at 0, 3, 6 and 9; their centres lie at 2.5, 5.5, 8.5 and 11.5.
    assert result.logits[0, 0, 0].tolist() == [0] * 5 + [1] * 3 + [2] * 3 + [3] * 4


@settings(max_examples=60, deadline=None)
@given(SHAPES, st.tuples(*[st.integers(3, 8)] * 3), OVERLAPS, st.integers(0, 1000), st.floats(0, 1))
def test_only_windows_that_keep_some_of_the_region_are_run_and_nothing_changes_in_it(
    small_network, random_image, shape, window, overlap, seed, filled
):
    network, image = small_network(2), random_image(shape)
    region = np.random.default_rng(seed).random(shape) < filled**4
    sliding = SlidingWindow(window, overlap, "centre", batch_size=1)  # two at once differ in the last digit
    everywhere = sliding.run(network, image, device=CPU)
    result = sliding.run(network, image, device=CPU, region=region)
    keepers = [
        one for one in WindowGrid.over(shape, window, overlap, centres=True).windows() if region[one.kept].any()
    ]
    assert result.windows_run == len(keepers)
    if region.any():
        inside = torch.from_numpy(region)
        assert torch.equal(result.logits[:, inside[result.box]], everywhere.logits[:, inside])
