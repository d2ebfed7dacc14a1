"""Isolation of the body, and of the lung region after Primakov 2022."""

from .body import Place, locate_body, place_of
from .coarse import LocatedRegion
from .region import LocatedLungs, LungRegion, find_lungs, locate_lungs

__all__ = [
    "LocatedLungs",
    "LocatedRegion",
    "LungRegion",
    "Place",
    "find_lungs",
    "locate_body",
    "locate_lungs",
    "place_of",
]
