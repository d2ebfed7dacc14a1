"""A small network, a random image, and one thread: many small convolutions gain nothing by more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch


@pytest.fixture(autouse=True, scope="package")
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def small_network() -> Callable[..., torch.nn.Module]:
    """A convolutional network whose output depends on where in the window a voxel lies (through zero padding)."""

    def build(out_channels: int, in_channels: int = 1) -> torch.nn.Module:
        torch.manual_seed(out_channels)
        return torch.nn.Sequential(
            torch.nn.Conv3d(in_channels, 4, 3, padding=1),
            torch.nn.LeakyReLU(),
            torch.nn.Conv3d(4, out_channels, 3, padding=1),
        ).eval()

    return build


@pytest.fixture(scope="session")
def random_image() -> Callable[..., torch.Tensor]:
    """An image of standard normal noise: (channels, *shape)."""

    def make(shape, channels: int = 1) -> torch.Tensor:
        return torch.randn((channels, *shape), generator=torch.Generator().manual_seed(0))

    return make
