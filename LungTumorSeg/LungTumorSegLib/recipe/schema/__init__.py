"""What a recipe may say: every key, its type and its bounds. Unknown keys are refused."""

from .annotation import Annotation
from .augmentation import Augmentation, Synthesis
from .classification import Classification, ClassificationLoss
from .evaluation import Evaluation
from .inference import BorderRefinement, Components, Inference, Postprocessing
from .loss import EarlyLossWeights, Loss, LossWeights
from .network import (
    DynUNetNetwork,
    Isensee2017Network,
    Network,
    PlannedNetwork,
    ResidualEncoderNetwork,
    RonnebergerNetwork,
    SwinUNETRNetwork,
    UNetNetwork,
)
from .optimizer import Optimizer, Plateau
from .preparation import Preparation
from .recipe import Recipe
from .training import Training

__all__ = [
    "Annotation",
    "Augmentation",
    "BorderRefinement",
    "Classification",
    "ClassificationLoss",
    "Components",
    "DynUNetNetwork",
    "EarlyLossWeights",
    "Evaluation",
    "Inference",
    "Isensee2017Network",
    "Loss",
    "LossWeights",
    "Network",
    "Optimizer",
    "PlannedNetwork",
    "Plateau",
    "Postprocessing",
    "Preparation",
    "Recipe",
    "ResidualEncoderNetwork",
    "RonnebergerNetwork",
    "SwinUNETRNetwork",
    "Synthesis",
    "Training",
    "UNetNetwork",
]
