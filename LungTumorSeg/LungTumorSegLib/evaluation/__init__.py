"""Scores of a model over a data set."""

from .scores import CaseScore, as_dict, as_table, figure, score_case, summarize

__all__ = ["CaseScore", "as_dict", "as_table", "figure", "score_case", "summarize"]
