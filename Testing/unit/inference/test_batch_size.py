"""How many windows at once: as said, as measured, and the result is the same."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from LungTumorSegLib.inference.batch_size import (
    MOST_ON_GPU,
    ON_CPU,
    SAFE_SHARE,
    choose_batch_size,
    fastest_on_cpu,
    fitting_on_gpu,
    how_many_fit,
)
from LungTumorSegLib.inference.device import DeviceChoice
from LungTumorSegLib.inference.sliding_window import CPU_BATCH_SIZE, GPU_BATCH_SIZE, SlidingWindow

CPU, GPU = DeviceChoice("cpu", "a test"), DeviceChoice("cuda:0", "a test")
WINDOW = SlidingWindow((8, 8, 8), 0.5)


def test_what_is_asked_for_is_taken_and_nothing_is_run(random_image):
    def never(tiles):
        pytest.fail("there was no need to try")

    image = random_image((8, 8, 20))
    assert choose_batch_size(3, WINDOW, never, image, None, CPU).windows == 3
    assert choose_batch_size(3, WINDOW, never, image, None, CPU).reason == "asked for"
    assert choose_batch_size(None, WINDOW, never, image, None, CPU).windows == CPU_BATCH_SIZE
    assert choose_batch_size(None, WINDOW, never, image, None, GPU).windows == GPU_BATCH_SIZE


def test_few_windows_are_not_worth_a_trial(random_image):
    def never(tiles):
        pytest.fail("there was no need to try")

    for region in (None, np.zeros((8, 8, 20), bool)):
        chosen = choose_batch_size("memory", WINDOW, never, random_image((8, 8, 20)), region, CPU)
        assert 1 <= chosen.windows <= CPU_BATCH_SIZE
        assert "too few" in chosen.reason


def test_what_is_measured_on_the_cpu_changes_no_voxel(small_network, random_image):
    network, image, ran = small_network(2), random_image((40, 40, 40)), []

    def counting(tiles):
        ran.append(len(tiles))
        return network(tiles)

    chosen = choose_batch_size("memory", WINDOW, counting, image, None, CPU)
    assert chosen.windows in ON_CPU
    assert ran == [1, 1, 1, 2, 2, 4, 4], "one to load what is needed, then each twice"
    assert all(f"at {n}" in chosen.reason for n in ON_CPU)
    assert "GiB free" in chosen.reason
    results = [
        SlidingWindow((8, 8, 8), 0.5, batch_size=n).run(network, image, device=CPU).logits
        for n in (1, chosen.windows, 7)
    ]
    assert torch.allclose(results[0], results[1], atol=1e-5)
    assert torch.allclose(results[0], results[2], atol=1e-5)


def test_what_is_measured_is_what_will_be_run_flips_included(small_network, random_image):
    network, ran = small_network(2), []

    def counting(tiles):
        ran.append(len(tiles))
        return network(tiles)

    mirrored = SlidingWindow((8, 8, 8), 0.5, mirror_axes=(2,), relative=True)
    choose_batch_size("memory", mirrored, counting, random_image((40, 40, 40)), None, CPU)
    assert ran == [1] * 6 + [2] * 4 + [4] * 4


def test_the_quickest_a_window_is_taken_and_the_smaller_of_equals():
    def the_same_for_any_number(count):
        time.sleep(0.1)

    assert fastest_on_cpu(the_same_for_any_number, windows=500, default=1).windows == 4
    assert fastest_on_cpu(lambda count: time.sleep(0.05 * count**2), windows=500, default=4).windows == 1


def test_no_more_is_taken_than_the_safe_share_of_memory_holds():
    gib = 2**30
    assert how_many_fit(gib, 10 * gib) == int(10 * SAFE_SHARE)
    assert how_many_fit(9 * gib, 10 * gib) == 0
    assert how_many_fit(gib, -gib) == 0, "the sums alone take more than there is"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_windows_that_fit_into_the_memory_of_a_card_run():
    device = torch.device("cuda:0")
    network = torch.nn.Conv3d(1, 16, 3, padding=1).to(device)
    trial = lambda count: network(torch.zeros(count, 1, 64, 64, 64, device=device))  # noqa: E731
    with torch.inference_mode():
        chosen = fitting_on_gpu(trial, 500, 64**3, device)
        assert 1 <= chosen.windows <= MOST_ON_GPU
        assert trial(chosen.windows).shape[0] == chosen.windows
    assert "GiB free" in chosen.reason
