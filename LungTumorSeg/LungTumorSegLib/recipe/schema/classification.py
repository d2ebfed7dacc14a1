"""A class that is told of each case, from its lesions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from .part import Count, NotNegative, Part

BALANCED = "balanced"


class Classification(Part):
    """The classes that a head on the network's encoder tells apart, of cases by their lesions (the recipe's).

    Attributes
    ----------
    names : dict of int to str
        What each class is, numbered from 0 as in the data set's table of them.
    dropout : float
        Share of the pooled features that the head leaves out in training.
    """

    names: Annotated[dict[int, str], Field(min_length=2)]
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2

    @model_validator(mode="after")
    def _classes_count_from_zero(self) -> Classification:
        if sorted(self.names) != list(range(len(self.names))):
            raise ValueError("names must be numbered 0, 1, 2, …")
        return self


def _kind(value: object) -> str:
    return BALANCED if isinstance(value, str) else "numbers"


ClassWeights = Annotated[
    Annotated[tuple[NotNegative, ...], Tag("numbers")] | Annotated[Literal["balanced"], Tag(BALANCED)],
    Discriminator(_kind),
]


class ClassificationLoss(Part):
    """How the head is trained: by cross-entropy, together with the mask.

    Attributes
    ----------
    weight : float
        Of the cross-entropy beside the loss of the mask.
    class_weights : list of float, "balanced" or None
        Of the classes. ``balanced`` weighs them in inverse proportion to their numbers of training cases, with a mean
        of 1 over the cases; it is taken from the training data once, and a trained recipe holds numbers.
    fewest_voxels : int
        Lesion voxels that a patch must hold for the head to learn from it.
    """

    weight: NotNegative = 1.0
    class_weights: ClassWeights | None = BALANCED
    fewest_voxels: Count = 20
