"""Isolation of the lung region (system S4)."""

from .region import LungRegion, find_lungs

__all__ = ["LungRegion", "find_lungs"]
