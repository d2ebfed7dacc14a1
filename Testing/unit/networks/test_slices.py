"""A network that never halves z sees slices, each computed from itself alone, and windows may be one slice thick."""

from __future__ import annotations

import pytest
import torch

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.networks import network_of
from LungTumorSegLib.recipe import load_recipe, override

SMALL = ("training.patch_size=[32, 32, 1]", "inference.window_size=[32, 32, 1]")


def test_the_network_of_lungs_2d_is_the_one_of_the_paper():
    network = network_of(load_recipe("lungs-2d"), 0)
    kernels = [m.kernel_size for m in network.modules() if type(m).__name__ == "Conv3d"]
    assert kernels == [(1, 3, 3)] * 14 + [(1, 1, 1)]
    widths = [m.num_features for m in network.modules() if isinstance(m, torch.nn.BatchNorm3d)]
    assert widths == [16, 16, 32, 32, 64, 64, 128, 128, 16, 16, 32, 32, 64, 64]
    pools = [m.kernel_size for m in network.modules() if isinstance(m, torch.nn.MaxPool3d)]
    assert pools == [(1, 2, 2)] * 3
    assert [m.p for m in network.modules() if isinstance(m, torch.nn.Dropout3d)] == [0.5] * 3


def test_slices_do_not_see_each_other():
    network = network_of(override(load_recipe("lungs-2d"), [*SMALL]), 0).eval()
    slices = torch.randn(1, 1, 3, 32, 32)
    with torch.inference_mode():
        together = network(slices)
        alone = torch.cat([network(slices[:, :, k : k + 1]) for k in range(3)], dim=2)
    torch.testing.assert_close(together, alone)


def test_windows_of_one_slice_are_for_networks_of_slices():
    with pytest.raises(InputError, match="window_size must be at least"):
        override(load_recipe("lungs-2d"), [*SMALL, "network.strides=[2, 2, 2]", "training.patch_size=[32, 32, 16]"])
