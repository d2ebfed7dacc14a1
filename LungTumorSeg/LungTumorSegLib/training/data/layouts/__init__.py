"""Where a data set keeps its CTs and masks."""

from .find import cases_for, find_cases

__all__ = ["cases_for", "find_cases"]
