"""What a sliding window gives: only the region, probabilities, labels, flips, precisions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.inference.device import DeviceChoice
from LungTumorSegLib.inference.sliding_window import SlidingWindow
from LungTumorSegLib.inference.tiles import arrange

CPU = DeviceChoice("cpu", "a test")


def largest_difference(a: torch.Tensor, b: torch.Tensor) -> float:
    assert a.shape == b.shape
    assert a.dtype == b.dtype == torch.float32
    return float((a - b).abs().max())


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 13)] * 3),
    window=st.tuples(*[st.integers(3, 8)] * 3),
    overlap=st.sampled_from([0.0, 0.25, 0.5, 0.7, 0.8, 0.9, 0.99]),
    seed=st.integers(0, 1000),
    filled=st.floats(0, 1),
)
def test_region_changes_nothing_inside_and_leaves_background_outside(
    small_network, random_image, shape, window, overlap, seed, filled
):
    network, image = small_network(2), random_image(shape)
    region = np.random.default_rng(seed).random(shape) < filled**4
    # Two windows at once may differ from each alone in the last digit.
    sliding = SlidingWindow(window, overlap, padding_value=-1.0, batch_size=1)
    everywhere = sliding.run(network, image, device=CPU)
    result = sliding.run(network, image, device=CPU, region=region)

    if region.any():
        inside = everywhere.logits[:, torch.from_numpy(region)]
        assert torch.equal(result.logits[:, torch.from_numpy(region[result.box])], inside)
    else:
        assert result.windows_run == 0
    probability = result.whole(result.probability())
    assert probability.shape == shape
    assert not probability[~region].any()
    assert not result.whole(result.labels())[~region].any()
    assert result.windows_run <= result.windows_total == everywhere.windows_run


def test_only_windows_that_touch_the_region_are_run():
    seen = []

    def network(tiles):
        seen.extend(tiles[:, 0, 0, 0, 0].tolist())
        return tiles

    z, y, x = np.meshgrid(range(16), range(16), range(16), indexing="ij")
    image = torch.from_numpy((z * 256 + y * 16 + x)[None].astype(np.float32))
    region = np.zeros((16, 16, 16), bool)
    region[3, 4, 15] = True
    result = SlidingWindow((4, 4, 4), 0.5).run(network, image, device=CPU, region=region)
    # Windows start at every second voxel and their first voxel's value tells where: z at 0 or 2, y at 2 or 4, x at 12.
    assert seen == [z * 256 + y * 16 + 12 for z in (0, 2) for y in (2, 4)]
    assert result.windows_run == 4
    assert result.windows_total == 7**3
    assert result.box == (slice(3, 4), slice(4, 5), slice(15, 16))


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_probabilities_and_labels_are_those_of_the_logits(small_network, random_image, channels):
    result = SlidingWindow((6, 6, 6), 0.5).run(small_network(channels), random_image((19, 9, 8)), device=CPU)
    logits = result.logits if channels > 1 else torch.cat([torch.zeros_like(result.logits), result.logits])
    expected = torch.softmax(logits, 0)
    assert torch.allclose(result.probability(), 1 - expected[0], atol=1e-6)
    assert torch.allclose(result.probability(1), expected[1], atol=1e-6)
    assert torch.equal(result.labels(), expected.argmax(0).to(torch.uint8))


@pytest.mark.parametrize("channels", [2, 3])
def test_logits_relative_to_background_mean_the_same(small_network, random_image, channels):
    network, image = small_network(channels), random_image((11, 9, 8))
    region = np.random.default_rng(0).random((11, 9, 8)) < 0.3
    plain = SlidingWindow((6, 6, 6), 0.8).run(network, image, device=CPU, region=region)
    relative = SlidingWindow((6, 6, 6), 0.8, relative=True).run(network, image, device=CPU, region=region)
    assert relative.logits.shape[0] == channels - 1
    for label in (None, *range(channels)):
        assert torch.allclose(relative.probability(label), plain.probability(label), atol=1e-5)
    with pytest.raises(ValueError, match="background channel"):
        SlidingWindow((6, 6, 6), relative=True).run(small_network(1), image, device=CPU)


def test_mirroring_averages_all_flips(small_network, random_image):
    network, image, window = small_network(2), random_image((9, 8, 10)), (6, 5, 4)
    mirrored = SlidingWindow(window, 0.5, mirror_axes=(0, 2)).run(network, image, device=CPU).logits

    def averaged(tiles):
        flips = [(), (2,), (4,), (2, 4)]
        return sum(network(tiles.flip(axes)).flip(axes) for axes in flips) / len(flips)

    assert largest_difference(mirrored, SlidingWindow(window, 0.5).run(averaged, image, device=CPU).logits) < 1e-5
    assert largest_difference(mirrored, SlidingWindow(window, 0.5).run(network, image, device=CPU).logits) > 1e-3


def test_bfloat16_is_used_where_chosen_and_close(small_network, random_image):
    network, image = small_network(2), random_image((12, 12, 12))
    exact = SlidingWindow((8, 8, 8), 0.5).run(network, image, device=CPU).logits
    rough = SlidingWindow((8, 8, 8), 0.5).run(network, image, device=DeviceChoice("cpu", "", "bfloat16", "")).logits
    assert 0 < largest_difference(rough, exact) < 0.05 * float(exact.abs().max())
    assert all(p.dtype == torch.float32 for p in network.parameters())


def test_result_is_an_ordinary_tensor_without_gradient(small_network, random_image):
    logits = SlidingWindow((6, 6, 6), 0.5).run(small_network(2), random_image((9, 9, 9)), device=CPU).logits
    assert not logits.is_inference()
    assert not logits.requires_grad
    logits.add_(1)


def test_channels_last_kernels_change_nothing_and_2d_layers_are_left_alone(random_image):
    class Mixed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.volume = torch.nn.Conv3d(2, 3, 3, padding=1)
            self.slices = torch.nn.Conv2d(3, 2, 3, padding=1)

        def forward(self, tiles):
            volume = self.volume(tiles)
            return torch.stack([self.slices(volume[:, :, z]) for z in range(volume.shape[2])], dim=2)

    torch.manual_seed(0)
    network, image = Mixed(), random_image((9, 8, 10), channels=2)
    before = SlidingWindow((6, 6, 6), 0.5).run(network, image, device=CPU).logits
    arrange(network, torch.channels_last_3d)
    assert network.volume.weight.is_contiguous(memory_format=torch.channels_last_3d)
    with torch.inference_mode():
        tile = image[None, :, :6, :6, :6]
        last = network(tile.contiguous(memory_format=torch.channels_last_3d))
        arrange(network, torch.contiguous_format)
        assert largest_difference(network(tile), last) < 1e-5
    assert largest_difference(SlidingWindow((6, 6, 6), 0.5).run(network, image, device=CPU).logits, before) == 0


def test_wrong_use_is_refused(small_network, random_image):
    image = random_image((8, 8, 8))
    for overlap in (-0.1, 1.0, float("nan")):
        with pytest.raises(InputError, match="overlap"):
            SlidingWindow((4, 4, 4), overlap)
    for window in ((4, 4), (4, 0, 4)):
        with pytest.raises(ValueError, match="window"):
            SlidingWindow(window)
    with pytest.raises(ValueError, match="image has shape"):
        SlidingWindow((4, 4, 4)).run(small_network(1), image[0], device=CPU)
    with pytest.raises(ValueError, match="region of shape"):
        SlidingWindow((4, 4, 4)).run(small_network(1), image, device=CPU, region=np.ones((8, 8, 7), bool))
    with pytest.raises(ValueError, match="turned windows"):
        SlidingWindow((4, 4, 4)).run(lambda tiles: tiles[..., :2], image, device=CPU)
    with pytest.raises(ValueError, match="known are gaussian"):
        SlidingWindow((4, 4, 4), blending="cosine").run(small_network(1), image, device=CPU)
    with pytest.raises(ValueError, match="accumulate_on"):
        SlidingWindow((4, 4, 4)).run(small_network(1), image, device=CPU, accumulate_on="disk")
