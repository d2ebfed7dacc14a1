"""Synthetic chest CTs with tumours whose outline is known, for demonstrations and tests."""

from .phantom import Phantom, make_phantom
from .tumours import Tumour

__all__ = ["Phantom", "Tumour", "make_phantom"]
