"""What `evaluate` measures besides volumes and lesions."""

from __future__ import annotations

from .part import Part


class Evaluation(Part):
    """Further measures.

    Attributes
    ----------
    slices : bool
        Accuracy and Dice of each axial slice.
    """

    slices: bool = False
