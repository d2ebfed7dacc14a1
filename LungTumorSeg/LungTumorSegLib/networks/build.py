"""From a recipe's network key to a MONAI network."""

from __future__ import annotations

from torch import nn

from ..recipe.schema import Network, Recipe, SwinUNETRNetwork


def network_of(recipe: Recipe) -> nn.Module:
    """Build a recipe's network: a channel in for each intensity window, one out for each label and background."""
    return build_network(recipe.network, len(recipe.preparation.windows_hu), 1 + len(recipe.labels))


def build_network(network: Network, in_channels: int, out_channels: int) -> nn.Module:
    """Build the network, with random weights.

    Parameters
    ----------
    network : Network
        The recipe's ``network``.
    in_channels, out_channels : int
        Intensity windows in; labels and background out.

    Returns
    -------
    torch.nn.Module
        Maps ``(N, in_channels, z, y, x)`` to logits ``(N, out_channels, z, y, x)``.
    """
    if isinstance(network, SwinUNETRNetwork):
        from monai.networks.nets import SwinUNETR

        return SwinUNETR(
            in_channels=in_channels,
            out_channels=out_channels,
            feature_size=network.feature_size,
            drop_rate=network.dropout,
            use_checkpoint=False,
        )
    from monai.networks.nets import UNet

    return UNet(
        spatial_dims=3,
        in_channels=in_channels,
        out_channels=out_channels,
        channels=network.channels,
        strides=network.strides,
        num_res_units=network.residual_units,
        norm="instance",
        dropout=network.dropout,
    )
