"""How the weights are moved, and how fast."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .part import Count, NotNegative, Part, Positive, Share


class Plateau(Part):
    """Lower the learning rate when nothing gets better any more (decay ``plateau``).

    Attributes
    ----------
    watch : {"training", "validation"}
        The mean training loss of an epoch, or the mean Dice of a validation.
    factor : float
        What the rate is multiplied with.
    patience : int
        Epochs, or validations, in a row without a new best that are waited for.
    least_change : float
        What counts as better: the loss or the Dice moves by more than this.
    """

    watch: Literal["training", "validation"] = "training"
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.2
    patience: Count = 30
    least_change: NotNegative = 0.001


class Optimizer(Part):
    """The optimiser, its learning rate over the run, and what is done to gradients and weights.

    Attributes
    ----------
    name : {"adamw", "adam", "sgd"}
        Loshchilov 2019, Kingma 2015, or stochastic gradient descent with Nesterov's momentum.
    momentum : float
        Of ``sgd``.
    warmup_steps : int
        Steps over which the rate rises from zero.
    decay : {"constant", "polynomial", "cosine", "exponential", "plateau"}
        Polynomial (power 0.9) and cosine reach zero at the last step; exponential multiplies with
        ``exponential_factor`` after each epoch (0.985, say).
    gradient_clip : float or None
        Largest norm of a step's gradient.
    averaging : float
        Share of the running average of the weights that stays at each step (0.999, say); 0 for none. The averaged
        weights are those that are validated and exported.
    """

    name: Literal["adamw", "adam", "sgd"] = "adamw"
    learning_rate: Positive = 1e-3
    weight_decay: NotNegative = 1e-5
    momentum: Annotated[float, Field(gt=0, lt=1)] = 0.99
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    decay: Literal["constant", "polynomial", "cosine", "exponential", "plateau"] = "polynomial"
    exponential_factor: Annotated[float, Field(gt=0, lt=1)] = 0.985
    plateau: Plateau = Plateau()
    gradient_clip: Positive | None = 12.0
    averaging: Annotated[Share, Field(lt=1)] = 0.0
