"""Load a model, run it over a CT, return the mask: `predict`; or a `Predictor`, to stay loaded for many."""

from .predict import Prediction, Predictor, predict

__all__ = ["Prediction", "Predictor", "predict"]
