"""Whether a recipe holds numbers where it may name the fingerprint of the training data."""

from __future__ import annotations

from ..errors import InputError
from .schema import Preparation, Recipe


def refuse_unresolved(preparation: Preparation) -> None:
    """Raise `InputError` if a value is still to be taken from a fingerprint, which only training data has."""
    if preparation.unresolved:
        raise InputError(
            "the recipe takes this from the fingerprint of training data, and there is none here",
            f"preparation.{preparation.unresolved[0]}",
            "use the trained model's recipe, or set it to numbers",
        )


def refuse_unplanned(recipe: Recipe) -> None:
    """Raise `InputError` if the network is still to be planned, or a value to be taken, from training data."""
    refuse_unresolved(recipe.preparation)
    if recipe.planned:
        raise InputError(
            "the recipe leaves this to a plan made from training data, and there is none here",
            recipe.planned[0],
            "use the trained model's recipe, or set it",
        )
