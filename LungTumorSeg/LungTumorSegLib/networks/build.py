"""From a recipe's network key to the network."""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

import torch
from torch import nn

from ..errors import InputError
from ..recipe import refuse_unplanned
from ..recipe.schema import (
    Classification,
    DynUNetNetwork,
    Isensee2017Network,
    Network,
    Recipe,
    ResidualEncoderNetwork,
    RonnebergerNetwork,
    SwinUNETRNetwork,
    UNetNetwork,
)
from ..recipe.schema.part import SizeXYZ
from .single_samples import train_single_samples_rightly
from .thin_volumes import train_thin_volumes_exactly


def network_of(recipe: Recipe, seed: int | None = None) -> nn.Module:
    """Build a recipe's network: a channel in for each intensity window, one out for each label and background.

    Parameters
    ----------
    recipe : Recipe
    seed : int, optional
        Of the random weights; the same seed gives the same weights, and torch's own random numbers go on as if
        nothing had been drawn. Without it the weights are drawn from these.
    """
    refuse_unplanned(recipe)
    channels = len(recipe.preparation.windows_hu), 1 + len(recipe.labels)
    head = Head(recipe.classification, recipe.lesions) if recipe.classification else None
    if seed is None:
        return build_network(recipe.network, *channels, head)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_network(recipe.network, *channels, head)


class Head(NamedTuple):
    """The head that a recipe asks for: its ``classification``, and the labels that are lesions."""

    classification: Classification
    lesions: tuple[int, ...]


def build_network(network: Network, in_channels: int, out_channels: int, head: Head | None = None) -> nn.Module:
    """Build the network, with random weights.

    Parameters
    ----------
    network : Network
        The recipe's ``network``.
    in_channels, out_channels : int
        Intensity windows in; labels and background out.
    head : Head, optional
        Tell classes too; only a residual encoder does.

    Returns
    -------
    torch.nn.Module
        Maps ``(N, in_channels, z, y, x)`` to logits ``(N, out_channels, z, y, x)``. With deep supervision, and in
        training mode only, it gives a list of logits instead, of finer levels first. With a head it gives
        `LungTumorSegLib.networks.classification.MasksAndClasses` in training mode, and has a method ``classify``.

    Raises
    ------
    InputError
        A package that this network needs is not installed.
    """
    with_head = () if head is None else (head,)
    built = _BUILDERS[type(network)](network, in_channels, out_channels, *with_head)
    return train_single_samples_rightly(train_thin_volumes_exactly(built))


def _unet(network: UNetNetwork, in_channels: int, out_channels: int) -> nn.Module:
    from monai.networks.nets import UNet

    return UNet(
        spatial_dims=3,
        in_channels=in_channels,
        out_channels=out_channels,
        channels=network.channels,
        strides=_zyx(network.strides),
        num_res_units=network.residual_units,
        act=network.activation.replace("_", ""),  # MONAI writes leakyrelu
        norm="instance",
        dropout=network.dropout,
    )


def _residual_encoder(
    network: ResidualEncoderNetwork, in_channels: int, out_channels: int, head: Head | None = None
) -> nn.Module:
    from .classification import ClassificationHead
    from .residual_encoder import ResidualEncoderUNet

    if head is not None:
        classes, dropout = len(head.classification.names), head.classification.dropout
        head = ClassificationHead(network.channels[-1], classes, head.lesions, dropout)
    return ResidualEncoderUNet(
        in_channels,
        out_channels,
        channels=network.channels,
        strides=_zyx(network.strides),
        blocks=network.blocks,
        dropout=network.dropout,
        deep_supervision=network.deep_supervision,
        head=head,
    )


def _isensee2017(network: Isensee2017Network, in_channels: int, out_channels: int) -> nn.Module:
    from .isensee import Isensee2017

    return Isensee2017(
        in_channels,
        out_channels,
        channels=network.channels,
        strides=_zyx(network.strides),
        activation=network.activation,
        dropout=network.dropout,
    )


def _ronneberger(network: RonnebergerNetwork, in_channels: int, out_channels: int) -> nn.Module:
    from .ronneberger import RonnebergerUNet

    return RonnebergerUNet(
        in_channels,
        out_channels,
        channels=network.channels,
        strides=_zyx(network.strides),
        norm=network.norm,
        dropout=network.dropout,
    )


def _dynunet(network: DynUNetNetwork, in_channels: int, out_channels: int) -> nn.Module:
    from monai.networks.nets import DynUNet

    from .residual_encoder import kernel_sizes

    strides = _zyx(network.strides)
    return DynUNet(
        spatial_dims=3,
        in_channels=in_channels,
        out_channels=out_channels,
        kernel_size=kernel_sizes(strides),
        strides=[(1, 1, 1), *strides],
        upsample_kernel_size=strides,
        filters=network.channels,
        dropout=network.dropout or None,
    )


def _swin_unetr(network: SwinUNETRNetwork, in_channels: int, out_channels: int) -> nn.Module:
    if find_spec("einops") is None:
        raise InputError(
            "this network needs the package einops, which is not installed",
            "network.name: swinunetr",
            "install it (`pip install einops`)",
        )
    from monai.networks.nets import SwinUNETR

    return SwinUNETR(
        in_channels=in_channels,
        out_channels=out_channels,
        feature_size=network.feature_size,
        depths=network.depths,
        num_heads=network.heads,
        window_size=network.attention_window,
        drop_rate=network.dropout,
        attn_drop_rate=network.attention_dropout,
        use_checkpoint=network.use_checkpoint,
    )


def _zyx(strides_xyz: tuple[SizeXYZ, ...]) -> list[tuple[int, int, int]]:
    """Turn a recipe's strides round."""
    return [stride[::-1] for stride in strides_xyz]


_BUILDERS = {
    UNetNetwork: _unet,
    ResidualEncoderNetwork: _residual_encoder,
    Isensee2017Network: _isensee2017,
    RonnebergerNetwork: _ronneberger,
    DynUNetNetwork: _dynunet,
    SwinUNETRNetwork: _swin_unetr,
}
