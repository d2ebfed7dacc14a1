"""A data set prepared into a cache, once: what is new or changed, by several processes."""

from .extras import copy_extras
from .prepare import Prepared, prepare_cache

__all__ = ["Prepared", "copy_extras", "prepare_cache"]
