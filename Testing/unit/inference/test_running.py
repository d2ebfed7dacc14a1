"""How a sliding window runs: progress, cancelling, memory, and what goes wrong."""

from __future__ import annotations

import contextlib
import gc
import logging

import numpy as np
import pytest
import torch

from LungTumorSegLib.errors import CancelledError, InputError
from LungTumorSegLib.inference.device import DeviceChoice
from LungTumorSegLib.inference.sliding_window import SlidingWindow

CPU = DeviceChoice("cpu", "a test")


def test_progress_counts_windows_and_can_cancel_between_them(random_image):
    image, heard, ran = random_image((8, 8, 20)), [], []

    def network(tiles):
        ran.append(len(tiles))
        return tiles

    sliding = SlidingWindow((8, 8, 8), 0.5, batch_size=1)
    sliding.run(network, image, device=CPU, progress=lambda stage, fraction: heard.append((stage, fraction)))
    assert heard == [("network", i / 4) for i in range(5)]

    def cancel(stage, fraction):
        if fraction >= 0.5:
            raise CancelledError

    ran.clear()
    with pytest.raises(CancelledError):
        sliding.run(network, image, device=CPU, progress=cancel)
    assert len(ran) == 2


def live_tensors() -> int:
    gc.collect()
    return sum(isinstance(thing, torch.Tensor) for thing in gc.get_objects())


def test_cancelling_leaves_nothing_behind(small_network, random_image):
    network, image = small_network(2).train(), random_image((8, 8, 20))
    calls = []

    def cancel(stage, fraction):
        calls.append(fraction)
        if len(calls) == 3:
            raise CancelledError

    before = live_tensors()
    with contextlib.suppress(CancelledError):
        SlidingWindow((8, 8, 8), 0.5, batch_size=1).run(network, image, device=CPU, progress=cancel)
    assert len(calls) == 3
    assert live_tensors() == before
    assert network.training, "the module is put back into its former mode"
    assert not torch.is_inference_mode_enabled()
    assert not torch.is_autocast_enabled("cpu")


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


def test_memory_is_one_sum_per_channel_and_one_for_the_weights(random_image):
    channels, image, window = 4, random_image((64, 64, 64)), (12, 12, 12)
    network = per_voxel_network(channels)
    volume, tile = 4 * 64**3, 4 * 12**3  # bytes of one channel of the image, and of a window
    sliding = SlidingWindow(window, 0.25)
    peak = peak_bytes(lambda: sliding.run(network, image, device=CPU))
    some_tiles = 2 * 5 * channels * tile  # two windows in flight
    assert channels * volume <= peak <= (channels + 1) * volume + some_tiles
    # Logits relative to the background take one channel less.
    relative = SlidingWindow(window, 0.25, relative=True)
    assert peak_bytes(lambda: relative.run(network, image, device=CPU)) <= channels * volume + some_tiles
    # Neither probabilities nor labels make a second array of the logits' size.
    result = sliding.run(network, image, device=CPU)
    assert peak_bytes(result.probability) <= 2 * volume
    assert peak_bytes(result.labels) <= volume


def test_memory_grows_with_the_region_and_not_with_the_image(random_image):
    region = np.zeros((64, 64, 64), bool)
    region[20:36, 30:46, 10:26] = True
    network, image = per_voxel_network(2), random_image(region.shape)
    sliding = SlidingWindow((8, 8, 8), 0.5)
    peak = peak_bytes(lambda: sliding.run(network, image, device=CPU, region=region))
    assert peak <= 4 * ((2 + 1) * 16**3 + 2 * 5 * 2 * 8**3)
    assert peak < 4 * 64**3 / 8


class _SmallMemory(torch.nn.Module):
    """A network whose device has no room for more than ``room`` windows."""

    def __init__(self, network, room):
        super().__init__()
        self.network, self.room = network, room

    def forward(self, tiles):
        if len(tiles) > self.room:
            raise torch.OutOfMemoryError("not enough memory")
        return self.network(tiles)


def test_out_of_memory_is_retried_with_one_window_and_said(small_network, random_image, caplog):
    network, image = small_network(2), random_image((8, 8, 20))
    sliding = SlidingWindow((8, 8, 8), 0.5, batch_size=4)
    alone = SlidingWindow((8, 8, 8), 0.5, batch_size=1)
    with caplog.at_level(logging.WARNING):
        result = sliding.run(_SmallMemory(network, room=1), image, device=CPU)
    assert result.notes == ("cpu ran out of memory with batch size 4 and sums on cpu",)
    assert result.notes[0] in caplog.text
    assert torch.equal(result.logits, alone.run(network, image, device=CPU).logits)
    with pytest.raises(InputError, match="does not suffice for one window"):
        sliding.run(_SmallMemory(network, room=0), image, device=CPU)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_network_that_overflows_is_not_believed(random_image, bad):
    def network(tiles):
        output = tiles.clone()
        output[:, :, 2, 2, 2] = bad
        return output

    with pytest.raises(FloatingPointError):
        SlidingWindow((4, 4, 4), 0.5).run(network, random_image((8, 8, 8)), device=CPU)
