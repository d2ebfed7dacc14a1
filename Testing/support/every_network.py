"""Every network that a recipe can name, small."""

from __future__ import annotations

from LungTumorSegLib.recipe import parse_recipe
from LungTumorSegLib.recipe.schema import Recipe

RESENC = "name: resenc, channels: [4, 6, 8, 8], strides: [[2, 2, 1], 2, 2], blocks: [1, 2, 1, 1]"
NETWORKS = {
    "unet": "{name: unet, channels: [4, 8], strides: [2], residual_units: 1}",
    "unet of another activation": "{name: unet, channels: [4, 8], strides: [2], activation: leaky_relu}",
    "anisotropic unet": "{name: unet, channels: [4, 8, 8], strides: [[2, 2, 1], [2, 1, 2]], residual_units: 0}",
    "resenc": f"{{{RESENC}, deep_supervision: false}}",
    "supervised resenc": f"{{{RESENC}, deep_supervision: true, dropout: 0.1}}",
    "resenc of two levels": "{name: resenc, channels: [4, 8], strides: [2], blocks: [1, 1], deep_supervision: true}",
    "isensee2017": "{name: isensee2017, channels: [4, 8, 16], strides: [[2, 2, 1], 2], dropout: 0.1}",
    "isensee2017 of two levels": "{name: isensee2017, channels: [4, 8], strides: [2], activation: relu, dropout: 0}",
    "ronneberger2015": "{name: ronneberger2015, channels: [4, 8, 8], strides: [[2, 2, 1], 2], dropout: 0.1}",
    "ronneberger2015 of slices": "{name: ronneberger2015, channels: [4, 8], strides: [[2, 2, 1]], norm: instance}",
    "dynunet": "{name: dynunet, channels: [4, 8, 8], strides: [[2, 2, 1], 2], dropout: 0.1}",
    "swinunetr": "{name: swinunetr, feature_size: 12, attention_window: 4, use_checkpoint: true}",
}


def recipe_of(network: str) -> Recipe:
    """A recipe with two input channels, two labels and the smallest patches that the network takes."""
    size = "[64, 64, 64]" if "swinunetr" in network else "[16, 16, 8]"
    return parse_recipe(
        f"""
name: one
description: A network.
labels: {{1: Lung, 2: Tumor}}
preparation: {{windows_hu: [[-1000, 400], [-160, 240]]}}
network: {network}
training: {{patch_size: {size}}}
inference: {{window_size: {size}, precision: float32}}
""",
        "test",
    )
