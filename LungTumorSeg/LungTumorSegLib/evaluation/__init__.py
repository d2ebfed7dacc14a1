"""Scores of a model: by case, by lesion, by stratum and summed up."""

from .dataset import DataSetScores
from .intervals import Bootstrap
from .lesions import FalsePositive, LesionScore, find_false_positives, score_lesions
from .scores import CaseScore, confidence_intervals, score_case, summarize
from .strata import stratify
from .tables import as_table, figure, strata_table

__all__ = [
    "Bootstrap",
    "CaseScore",
    "DataSetScores",
    "FalsePositive",
    "LesionScore",
    "as_table",
    "confidence_intervals",
    "figure",
    "find_false_positives",
    "score_case",
    "score_lesions",
    "strata_table",
    "stratify",
    "summarize",
]
