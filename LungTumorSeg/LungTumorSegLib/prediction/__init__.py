"""Load a model, run it over a CT, return the mask: `predict`."""

from .predict import Prediction, predict

__all__ = ["Prediction", "predict"]
