"""Where a data set keeps its CTs and masks."""

from .case_files import CaseFiles
from .find import find_cases

__all__ = ["CaseFiles", "find_cases"]
