"""Synthetic chest CTs with tumours whose outline is known, for demonstrations and tests."""

from .phantom import Phantom, make_phantom
from .tumours import KINDS, Tumour

__all__ = ["KINDS", "Phantom", "Tumour", "make_phantom"]
