"""What can be said while windows are still coming: read from the sums, which stay as they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from LungTumorSegLib.inference.device import DeviceChoice
from LungTumorSegLib.inference.sliding_window import SlidingWindow

CPU = DeviceChoice("cpu", "for the test")


def watched(window: SlidingWindow, network, image, threshold: float):
    """Run, and return the result with the labels after each window."""
    seen = []
    result = window.run(network, image, device=CPU, watch=lambda total: seen.append(total.labels(threshold)))
    return result, seen


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.9])
def test_with_the_last_window_the_labels_are_those_of_the_result(small_network, random_image, classes, threshold):
    window = SlidingWindow((8, 8, 8), 0.5, relative=True, batch_size=1)
    image = 5 * random_image((12, 10, 20))
    result, seen = watched(window, small_network(classes), image, threshold)
    foreground = result.probability().numpy()
    expected = (foreground >= threshold).astype(np.uint8)
    if classes > 2:
        expected *= result.logits.argmax(dim=0).numpy().astype(np.uint8) + 1
    sure = np.abs(foreground - threshold) > 1e-5
    assert len(seen) == result.windows_run
    assert expected.any()
    assert not expected.all()
    np.testing.assert_array_equal(seen[-1][sure], expected[sure])


def test_where_no_window_was_yet_nothing_is_found(random_image):
    def everything(tiles):
        return torch.cat([torch.zeros_like(tiles), torch.ones_like(tiles)], dim=1)

    window = SlidingWindow((8, 8, 8), 0.0, relative=True, batch_size=1)
    _, seen = watched(window, everything, random_image((8, 8, 32)), 0.5)
    assert [labels.sum() / 8**3 for labels in seen] == [1, 2, 3, 4]


def test_watching_changes_no_bit_of_the_result(small_network, random_image):
    window = SlidingWindow((8, 8, 8), 0.5, relative=True, batch_size=1)
    network, image = small_network(3), random_image((12, 10, 20))
    watching, _ = watched(window, network, image, 0.5)
    assert torch.equal(watching.logits, window.run(network, image, device=CPU).logits)
