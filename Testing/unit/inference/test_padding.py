"""What a window shows beside an image that is smaller: air of each channel, or the image's own border."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from LungTumorSegLib.inference.device import DeviceChoice
from LungTumorSegLib.inference.sliding_window import SlidingWindow
from LungTumorSegLib.prediction.predict import sliding_window
from LungTumorSegLib.recipe import load_recipe, override

CPU = DeviceChoice("cpu", "a test")


def seen(window: SlidingWindow, image: torch.Tensor) -> np.ndarray:
    """What the network is given of an image that fits into one window: (C, z, y, x)."""
    tiles = []

    def network(given: torch.Tensor) -> torch.Tensor:
        tiles.append(given.clone())
        return given

    window.run(network, image, device=CPU)
    (tile,) = tiles
    return tile[0].numpy()


@pytest.mark.parametrize("shape", [(2, 5, 9), (6, 6, 6), (1, 1, 1)])
def test_the_border_goes_on(random_image, shape):
    image = random_image(shape, channels=2)
    size = (6, 6, 9)
    beyond = [(max(n - k, 0) // 2, max(n - k, 0) - max(n - k, 0) // 2) for n, k in zip(size, shape, strict=True)]
    expected = np.pad(image.numpy(), [(0, 0), *beyond], mode="edge")
    assert np.array_equal(seen(SlidingWindow(size, 0.5, padding_value=None), image), expected)


def test_each_channel_has_its_own_value(random_image):
    image = random_image((2, 6, 6), channels=2)
    given = seen(SlidingWindow((6, 6, 6), padding_value=(-1.5, 7.0)), image)
    assert np.array_equal(given[:, 2:4], image.numpy())
    assert (given[0, [0, 1, 4, 5]] == -1.5).all()
    assert (given[1, [0, 1, 4, 5]] == 7.0).all()


def test_a_recipe_says_what_stands_beside_the_ct():
    recipe = load_recipe("lung-tumor")
    assert sliding_window(recipe).padding_value == (-1.0, -1.0)
    normalised = override(recipe, ["preparation.normalization=[[-500, 250], [40, 100]]"])
    assert sliding_window(normalised).padding_value == pytest.approx((-2.0, -2.0))
    assert sliding_window(override(recipe, ["preparation.padding=edge"])).padding_value is None
