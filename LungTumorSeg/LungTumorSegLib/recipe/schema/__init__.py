"""What a recipe may say: every key, its type and its bounds. Unknown keys are refused."""

from .augmentation import Augmentation, Synthesis
from .inference import BorderRefinement, Components, Inference, Postprocessing
from .network import Network, SwinUNETRNetwork, UNetNetwork
from .preparation import Preparation
from .recipe import Recipe
from .training import Loss, Optimizer, Training

__all__ = [
    "Augmentation",
    "BorderRefinement",
    "Components",
    "Inference",
    "Loss",
    "Network",
    "Optimizer",
    "Postprocessing",
    "Preparation",
    "Recipe",
    "SwinUNETRNetwork",
    "Synthesis",
    "Training",
    "UNetNetwork",
]
