"""Isolation of the lung region, after Primakov 2022."""

from .region import LungRegion, find_lungs

__all__ = ["LungRegion", "find_lungs"]
