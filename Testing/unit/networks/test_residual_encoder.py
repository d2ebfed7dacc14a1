"""The residual-encoder U-Net is laid out as nnU-Net's ResEnc plans are."""

from __future__ import annotations

import pytest
import torch
from monai.networks.blocks.dynunet_block import UnetResBlock
from torch import nn

from LungTumorSegLib.networks.residual_encoder import ResidualEncoderUNet, kernel_sizes

HALVED, IN_PLANE, KEPT = (2, 2, 2), (1, 2, 2), (1, 1, 1)


@pytest.mark.parametrize(
    ("strides", "kernels"),
    [
        ([HALVED, HALVED], [(3, 3, 3)] * 3),
        ([IN_PLANE, HALVED], [(1, 3, 3), (3, 3, 3), (3, 3, 3)]),
        ([IN_PLANE, IN_PLANE], [(1, 3, 3), (1, 3, 3), (3, 3, 3)]),
        ([HALVED, IN_PLANE], [(3, 3, 3)] * 3),
        ([KEPT, HALVED], [(3, 3, 3)] * 3),
    ],
)
def test_no_kernel_extends_along_an_axis_that_is_still_too_coarse(strides, kernels):
    assert kernel_sizes(strides) == kernels


def test_the_encoder_is_deep_and_the_decoder_light():
    network = ResidualEncoderUNet(1, 2, (4, 8, 16), [IN_PLANE, HALVED], (1, 3, 4))
    assert [len(stage) for stage in network.encoder.stages] == [1, 3, 4]
    assert all(isinstance(block, UnetResBlock) for stage in network.encoder.stages for block in stage)
    convolutions = [module for module in network.merge.modules() if isinstance(module, nn.Conv3d)]
    assert [convolution.out_channels for convolution in convolutions] == [4, 8]


def test_features_halve_with_the_strides():
    network = ResidualEncoderUNet(1, 2, (4, 8, 16), [IN_PLANE, HALVED], (1, 1, 1))
    features = network.encoder(torch.zeros(1, 1, 4, 16, 16))
    assert [tuple(level.shape[1:]) for level in features] == [(4, 4, 16, 16), (8, 4, 8, 8), (16, 2, 4, 4)]


def test_all_decoder_levels_but_the_coarsest_are_supervised():
    network = ResidualEncoderUNet(1, 2, (4,) * 6, [HALVED] * 5, (1,) * 6, deep_supervision=True)
    sizes = [tuple(logits.shape[2:]) for logits in network.train()(torch.randn(1, 1, 64, 64, 64))]
    assert sizes == [(64,) * 3, (32,) * 3, (16,) * 3, (8,) * 3]


def test_blocks_start_as_their_shortcuts():
    network = ResidualEncoderUNet(1, 2, (4, 8), [HALVED], (1, 3))
    block = network.encoder.stages[1][1]
    x = torch.rand(1, 8, 4, 4, 4)
    assert torch.equal(block(x), x)
