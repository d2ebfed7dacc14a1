"""The sliding window against MONAI's, on the same network, and what a region changes."""

from __future__ import annotations

import contextlib
import gc
import logging

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.inferers import SlidingWindowInferer
from monai.networks.nets import UNet

from LungTumorSegLib.errors import CancelledError, InputError
from LungTumorSegLib.inference.device import DeviceChoice
from LungTumorSegLib.inference.sliding_window import SlidingWindow

CPU = DeviceChoice("cpu", "a test")
PADDING = -1.0


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def small_network(out_channels: int, in_channels: int = 1) -> torch.nn.Module:
    """A convolutional network whose output depends on where in the window a voxel lies (through zero padding)."""
    torch.manual_seed(out_channels)
    return torch.nn.Sequential(
        torch.nn.Conv3d(in_channels, 4, 3, padding=1),
        torch.nn.LeakyReLU(),
        torch.nn.Conv3d(4, out_channels, 3, padding=1),
    ).eval()


def random_image(shape, channels: int = 1, seed: int = 0) -> torch.Tensor:
    return torch.randn((channels, *shape), generator=torch.Generator().manual_seed(seed))


def monai_logits(network, image, window, overlap, blending="gaussian", batch_size=1) -> torch.Tensor:
    inferer = SlidingWindowInferer(
        window, batch_size, overlap, mode=blending, sigma_scale=0.125, padding_mode="constant", cval=PADDING
    )
    with torch.inference_mode():
        return inferer(image[None], network)[0]


def our_logits(network, image, window, overlap, blending="gaussian", batch_size=None) -> torch.Tensor:
    sliding = SlidingWindow(window, overlap, blending, batch_size=batch_size, padding_value=PADDING)
    return sliding.run(network, image, device=CPU).logits


def largest_difference(a: torch.Tensor, b: torch.Tensor) -> float:
    assert a.shape == b.shape
    assert a.dtype == b.dtype == torch.float32
    return float((a - b).abs().max())


lengths = st.tuples(*[st.integers(1, 13)] * 3)
window_sizes = st.tuples(*[st.integers(3, 8)] * 3)
overlaps = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.625, 0.7, 0.8, 0.9, 0.99])


@settings(max_examples=150, deadline=None)
@given(
    shape=lengths,
    window=window_sizes,
    overlap=overlaps,
    blending=st.sampled_from(["gaussian", "constant"]),
    batch_size=st.integers(1, 4),
    in_channels=st.integers(1, 2),
    out_channels=st.integers(1, 3),
)
def test_equal_to_monai(shape, window, overlap, blending, batch_size, in_channels, out_channels):
    network, image = small_network(out_channels, in_channels), random_image(shape, in_channels)
    expected = monai_logits(network, image, window, overlap, blending, batch_size)
    assert largest_difference(our_logits(network, image, window, overlap, blending, batch_size), expected) < 1e-4


@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.5, 0.8, 0.9])
@pytest.mark.parametrize(
    "shape",
    [
        (8, 8, 8),  # the window itself
        (9, 9, 9),  # one voxel more
        (7, 7, 7),  # one voxel less: an odd number is missing
        (3, 8, 12),  # smaller in z only
        (12, 5, 4),  # smaller in y and x
        (1, 2, 3),  # smaller in every axis
        (16, 24, 8),  # multiples
        (15, 17, 10),  # no multiples
    ],
)
def test_equal_to_monai_at_every_corner_case_of_size(shape, overlap):
    network, image = small_network(2), random_image(shape)
    window = (8, 8, 8)
    expected = monai_logits(network, image, window, overlap)
    assert largest_difference(our_logits(network, image, window, overlap), expected) < 1e-4


@pytest.mark.parametrize("overlap", [0.5, 0.8])
def test_equal_to_monai_with_a_unet(overlap):
    torch.manual_seed(3)
    network = UNet(3, 1, 2, channels=(8, 16, 32), strides=(2, 2), num_res_units=1, norm="instance").eval()
    image, window = random_image((20, 41, 37)), (24, 32, 16)
    expected = monai_logits(network, image, window, overlap)
    assert largest_difference(our_logits(network, image, window, overlap), expected) < 1e-4


@settings(max_examples=60, deadline=None)
@given(shape=lengths, window=window_sizes, overlap=overlaps, seed=st.integers(0, 1000), filled=st.floats(0, 1))
def test_region_changes_nothing_inside_and_leaves_background_outside(shape, window, overlap, seed, filled):
    network, image = small_network(2), random_image(shape)
    region = np.random.default_rng(seed).random(shape) < filled**4
    sliding = SlidingWindow(window, overlap, padding_value=PADDING)
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
def test_probabilities_and_labels_are_those_of_the_logits(channels):
    result = SlidingWindow((6, 6, 6), 0.5).run(small_network(channels), random_image((19, 9, 8)), device=CPU)
    logits = result.logits if channels > 1 else torch.cat([torch.zeros_like(result.logits), result.logits])
    expected = torch.softmax(logits, 0)
    assert torch.allclose(result.probability(), 1 - expected[0], atol=1e-6)
    assert torch.allclose(result.probability(1), expected[1], atol=1e-6)
    assert torch.equal(result.labels(), expected.argmax(0).to(torch.uint8))


@pytest.mark.parametrize("channels", [2, 3])
def test_logits_relative_to_background_mean_the_same(channels):
    network, image = small_network(channels), random_image((11, 9, 8))
    region = np.random.default_rng(0).random((11, 9, 8)) < 0.3
    plain = SlidingWindow((6, 6, 6), 0.8).run(network, image, device=CPU, region=region)
    relative = SlidingWindow((6, 6, 6), 0.8, relative=True).run(network, image, device=CPU, region=region)
    assert relative.logits.shape[0] == channels - 1
    for label in (None, *range(channels)):
        assert torch.allclose(relative.probability(label), plain.probability(label), atol=1e-5)
    with pytest.raises(ValueError, match="background channel"):
        SlidingWindow((6, 6, 6), relative=True).run(small_network(1), image, device=CPU)


def test_mirroring_averages_all_flips():
    network, image, window = small_network(2), random_image((9, 8, 10)), (6, 5, 4)
    mirrored = SlidingWindow(window, 0.5, mirror_axes=(0, 2)).run(network, image, device=CPU).logits

    def averaged(tiles):
        flips = [(), (2,), (4,), (2, 4)]
        return sum(network(tiles.flip(axes)).flip(axes) for axes in flips) / len(flips)

    assert largest_difference(mirrored, SlidingWindow(window, 0.5).run(averaged, image, device=CPU).logits) < 1e-5
    assert largest_difference(mirrored, SlidingWindow(window, 0.5).run(network, image, device=CPU).logits) > 1e-3


def test_bfloat16_is_used_where_chosen_and_close():
    network, image = small_network(2), random_image((12, 12, 12))
    exact = SlidingWindow((8, 8, 8), 0.5).run(network, image, device=CPU).logits
    rough = SlidingWindow((8, 8, 8), 0.5).run(network, image, device=DeviceChoice("cpu", "", "bfloat16", "")).logits
    assert 0 < largest_difference(rough, exact) < 0.05 * float(exact.abs().max())
    assert all(p.dtype == torch.float32 for p in network.parameters())


def test_progress_counts_windows_and_can_cancel_between_them():
    image, heard, ran = random_image((8, 8, 20)), [], []

    def network(tiles):
        ran.append(len(tiles))
        return tiles

    sliding = SlidingWindow((8, 8, 8), 0.5)
    sliding.run(network, image, device=CPU, progress=lambda stage, fraction: heard.append((stage, fraction)))
    assert heard == [("network", i / 4) for i in range(5)]

    def cancel(stage, fraction):
        if fraction >= 0.5:
            raise CancelledError

    ran.clear()
    with pytest.raises(CancelledError):
        sliding.run(network, image, device=CPU, progress=cancel)
    assert len(ran) == 2


def per_voxel_network(out_channels: int):
    """A network that needs no memory beyond its output, so that what is counted is the sliding window's."""
    scale = torch.arange(1.0, out_channels + 1).reshape(1, -1, 1, 1, 1)
    return lambda tiles: tiles * scale


def peak_bytes(action) -> int:
    """Largest sum of bytes that torch held at once, of those allocated by ``action``."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profiler:
        result = action()  # kept until the profiler has ended: the result counts, too
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    events.sort(key=lambda event: event.start_ns())
    peak = int(np.cumsum([event.nbytes() for event in events]).max())
    del result
    return peak


def test_memory_is_one_sum_per_channel_and_one_for_the_weights():
    channels, image, window = 4, random_image((64, 64, 64)), (12, 12, 12)
    network = per_voxel_network(channels)
    volume, tile = 4 * 64**3, 4 * 12**3  # bytes of one channel of the image, and of a window
    sliding = SlidingWindow(window, 0.25)
    peak = peak_bytes(lambda: sliding.run(network, image, device=CPU))
    some_tiles = 5 * channels * tile  # a window in flight
    assert channels * volume <= peak <= (channels + 1) * volume + some_tiles
    # Logits relative to the background take one channel less.
    relative = SlidingWindow(window, 0.25, relative=True)
    assert peak_bytes(lambda: relative.run(network, image, device=CPU)) <= channels * volume + some_tiles
    # Neither probabilities nor labels make a second array of the logits' size.
    result = sliding.run(network, image, device=CPU)
    assert peak_bytes(result.probability) <= 2 * volume
    assert peak_bytes(result.labels) <= volume


def test_memory_grows_with_the_region_and_not_with_the_image():
    region = np.zeros((64, 64, 64), bool)
    region[20:36, 30:46, 10:26] = True
    network, image = per_voxel_network(2), random_image(region.shape)
    sliding = SlidingWindow((8, 8, 8), 0.5)
    peak = peak_bytes(lambda: sliding.run(network, image, device=CPU, region=region))
    assert peak <= 4 * ((2 + 1) * 16**3 + 5 * 2 * 8**3)
    assert peak < 4 * 64**3 / 8


def live_tensors() -> int:
    gc.collect()
    return sum(isinstance(thing, torch.Tensor) for thing in gc.get_objects())


def test_cancelling_leaves_nothing_behind():
    network, image = small_network(2).train(), random_image((8, 8, 20))
    calls = []

    def cancel(stage, fraction):
        calls.append(fraction)
        if len(calls) == 3:
            raise CancelledError

    before = live_tensors()
    with contextlib.suppress(CancelledError):
        SlidingWindow((8, 8, 8), 0.5).run(network, image, device=CPU, progress=cancel)
    assert len(calls) == 3
    assert live_tensors() == before
    assert network.training, "the module is put back into its former mode"
    assert not torch.is_inference_mode_enabled()
    assert not torch.is_autocast_enabled("cpu")


def test_result_is_an_ordinary_tensor_without_gradient():
    logits = our_logits(small_network(2), random_image((9, 9, 9)), (6, 6, 6), 0.5)
    assert not logits.is_inference()
    assert not logits.requires_grad
    logits.add_(1)


class _SmallMemory(torch.nn.Module):
    """A network whose device has no room for more than ``room`` windows."""

    def __init__(self, network, room):
        super().__init__()
        self.network, self.room = network, room

    def forward(self, tiles):
        if len(tiles) > self.room:
            raise torch.OutOfMemoryError("not enough memory")
        return self.network(tiles)


def test_out_of_memory_is_retried_with_one_window_and_said(caplog):
    network, image = small_network(2), random_image((8, 8, 20))
    sliding = SlidingWindow((8, 8, 8), 0.5, batch_size=4)
    with caplog.at_level(logging.WARNING):
        result = sliding.run(_SmallMemory(network, room=1), image, device=CPU)
    assert result.notes == ("cpu ran out of memory with batch size 4 and sums on cpu",)
    assert result.notes[0] in caplog.text
    assert torch.equal(result.logits, SlidingWindow((8, 8, 8), 0.5).run(network, image, device=CPU).logits)
    with pytest.raises(InputError, match="does not suffice for one window"):
        sliding.run(_SmallMemory(network, room=0), image, device=CPU)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_network_that_overflows_is_not_believed(bad):
    def network(tiles):
        output = tiles.clone()
        output[:, :, 2, 2, 2] = bad
        return output

    with pytest.raises(FloatingPointError):
        SlidingWindow((4, 4, 4), 0.5).run(network, random_image((8, 8, 8)), device=CPU)


def test_wrong_use_is_refused():
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


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("accumulate_on", ["device", "cpu"])
@pytest.mark.parametrize("batch_size", [1, 3])
def test_cuda_agrees_with_cpu(accumulate_on, batch_size):
    network, image = small_network(2), random_image((20, 21, 22))
    expected = our_logits(network, image, (8, 8, 8), 0.5)
    sliding = SlidingWindow((8, 8, 8), 0.5, batch_size=batch_size, padding_value=PADDING)
    tf32 = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        on_gpu = sliding.run(network, image, device=DeviceChoice("cuda:0", ""), accumulate_on=accumulate_on)
        half = sliding.run(network, image, device=DeviceChoice("cuda:0", "", "float16", ""))
    finally:
        torch.backends.cudnn.allow_tf32 = tf32
    assert on_gpu.logits.device.type == ("cuda" if accumulate_on == "device" else "cpu")
    assert on_gpu.notes == ()
    assert largest_difference(on_gpu.logits.cpu(), expected) < 1e-4
    assert 0 < largest_difference(half.logits.cpu(), expected) < 0.02
