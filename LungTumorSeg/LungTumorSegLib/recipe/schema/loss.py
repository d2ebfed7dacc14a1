"""What the network is trained to make small."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from .part import Count, NotNegative, Part


class LossWeights(Part):
    """How much each term weighs in the sum that is the loss; 0 leaves a term out.

    Attributes
    ----------
    dice : float
        Soft Dice loss (Milletari 2016).
    cross_entropy : float
    binary_cross_entropy : float
        Each label against the rest, averaged over the labels. With one label it is the cross-entropy.
    top_k_cross_entropy : float
        Cross-entropy of the hardest voxels of each patch alone (Wu 2016).
    focal : float
        Focal loss (Lin 2017).
    tversky : float
        Tversky loss (Salehi 2017).
    """

    dice: NotNegative = 0.0
    cross_entropy: NotNegative = 0.0
    binary_cross_entropy: NotNegative = 0.0
    top_k_cross_entropy: NotNegative = 0.0
    focal: NotNegative = 0.0
    tversky: NotNegative = 0.0

    @model_validator(mode="after")
    def _weighs_something(self) -> LossWeights:
        if not any(self.weights().values()):
            raise ValueError(f"{', '.join(LossWeights.model_fields)} cannot all be 0")
        return self

    def weights(self) -> dict[str, float]:
        """Return the weight of each term by its name."""
        return {term: getattr(self, term) for term in LossWeights.model_fields}


class EarlyLossWeights(LossWeights):
    """The weights that hold at first (Primakov 2022 favours Dice for 50 epochs); a term that is not named weighs 0."""

    epochs: Count


class Loss(LossWeights):
    """A weighted sum of terms, blind to voxels whose label is not known.

    Attributes
    ----------
    squared_denominator : bool
        Dice with squared probabilities below the line (equation 1 of Loux 2024); otherwise the probabilities
        themselves.
    dice_over : {"batch", "sample"}
        Dice and Tversky of all patches of a batch together, so that patches without foreground do not dominate, or
        the mean of the patches' own.
    class_weights : list of float, or None
        Of the background and each label (1, 10 and 50, say), in cross-entropy, top-k cross-entropy and focal loss;
        ``None`` weighs all alike.
    top_k_share : float
        Share of a patch's voxels that are its hardest (0.05, say).
    focal_gamma : float
        The greater, the less do voxels count that are already right.
    tversky_alpha, tversky_beta : float
        Weight of false positives and of false negatives; 0.5 and 0.5 is Dice.
    early : EarlyLossWeights or None
        Other weights for the first epochs.
    """

    dice: NotNegative = 1.0
    cross_entropy: NotNegative = 1.0
    squared_denominator: bool = True
    dice_over: Literal["batch", "sample"] = "batch"
    class_weights: Annotated[tuple[NotNegative, ...], Field(min_length=2)] | None = None
    top_k_share: Annotated[float, Field(gt=0, le=1)] = 0.05
    focal_gamma: Annotated[float, Field(ge=1)] = 2.0
    tversky_alpha: NotNegative = 0.3
    tversky_beta: NotNegative = 0.7
    early: EarlyLossWeights | None = None

    @model_validator(mode="after")
    def _some_class_counts(self) -> Loss:
        if self.class_weights is not None and not any(self.class_weights):
            raise ValueError("class_weights cannot all be 0")
        return self

    def weights_at(self, epoch: int) -> dict[str, float]:
        """Return the weight of each term in this epoch, counted from 0."""
        return (self.early if self.early and epoch < self.early.epochs else self).weights()
