"""Scores of a model: by case, by lesion, by stratum and summed up."""

from .classes import CaseConfusion, confuse, mean_dice_of_labels, summarize_classes
from .dataset import DataSetScores
from .intervals import Bootstrap
from .lesions import FalsePositive, LesionScore, find_false_positives, score_lesions
from .scores import CaseScore, confidence_intervals, score_case, summarize
from .slices import SliceScore, score_slices, summarize_slices
from .strata import stratify
from .subtypes import CaseSubtype, macro_f1, subtype_table, summarize_subtypes
from .tables import as_table, figure, strata_table, subject_of

__all__ = [
    "Bootstrap",
    "CaseConfusion",
    "CaseScore",
    "CaseSubtype",
    "DataSetScores",
    "FalsePositive",
    "LesionScore",
    "SliceScore",
    "as_table",
    "confidence_intervals",
    "confuse",
    "figure",
    "find_false_positives",
    "macro_f1",
    "mean_dice_of_labels",
    "score_case",
    "score_lesions",
    "score_slices",
    "strata_table",
    "stratify",
    "subject_of",
    "subtype_table",
    "summarize",
    "summarize_classes",
    "summarize_slices",
    "summarize_subtypes",
]
