"""A data set prepared into a cache, once: what is new or changed, by several processes."""

from .extras import copy_extras
from .prepare import prepare_cache, readable_cases
from .prepared import Prepared

__all__ = ["Prepared", "copy_extras", "prepare_cache", "readable_cases"]
