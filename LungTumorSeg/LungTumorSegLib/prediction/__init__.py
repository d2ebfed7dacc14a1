"""Load a model, run it over a CT, return the mask: `predict`; or a `Predictor`, to stay loaded for many."""

from .classification import Classification
from .partial import PartialPrediction
from .predict import Prediction, Predictor, predict

__all__ = ["Classification", "PartialPrediction", "Prediction", "Predictor", "predict"]
