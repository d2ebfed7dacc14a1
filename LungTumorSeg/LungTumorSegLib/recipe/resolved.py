"""Whether a recipe holds numbers where it may name the fingerprint of the training data."""

from __future__ import annotations

from ..errors import InputError
from .schema import Preparation


def refuse_unresolved(preparation: Preparation) -> None:
    """Raise `InputError` if a value is still to be taken from a fingerprint, which only training data has."""
    if preparation.unresolved:
        raise InputError(
            "the recipe takes this from the fingerprint of training data, and there is none here",
            f"preparation.{preparation.unresolved[0]}",
            "use the trained model's recipe, or set it to numbers",
        )
