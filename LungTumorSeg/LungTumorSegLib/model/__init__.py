"""Models: a folder of weights, recipe and description; reading one never executes code from it."""

from .bundle import Model, available, found_by, load_model
from .saving import save_model
from .weights import find_misfit, load_weights

__all__ = ["Model", "available", "find_misfit", "found_by", "load_model", "load_weights", "save_model"]
