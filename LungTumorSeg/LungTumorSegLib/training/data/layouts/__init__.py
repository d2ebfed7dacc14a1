"""Where a data set keeps its CTs and masks."""

from .find import find_cases

__all__ = ["find_cases"]
