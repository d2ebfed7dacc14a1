"""The scores of a data set in a few sentences, for the terminal."""

from __future__ import annotations

from ..wording import counted
from .tables import figure, subject_of, with_interval

FEW_CASES = 30


def scores_in_words(report: dict) -> str:
    """Sum an evaluation up, and say that it is not for clinical use.

    Parameters
    ----------
    report : dict
        As `evaluate` reports it.
    """
    summary = report["summary"]
    if not summary["cases"]:
        parts = ["No case was scored."]
    else:
        parts = [_overlap(report), *_lesions(report), _confidence(report["confidence_intervals"])]
        parts += ["So few cases cannot show how good a network is."] if summary["cases"] < FEW_CASES else []
    return " ".join([*(part for part in parts if part), "Not for clinical use."])


def slices_in_words(summary: dict) -> str:
    """Sum the slices up; ``summary`` is the report's ``slice_summary``."""
    return (
        f"{counted(summary['slices'], 'slice')}: mean accuracy {figure(summary['mean_accuracy'], 4)}, median "
        f"{figure(summary['median_accuracy'], 4)}. {counted(summary['slices_annotated'], 'slice')} with something "
        f"annotated: mean Dice {figure(summary['mean_dice'], 3)}, median {figure(summary['median_dice'], 3)}. "
        f"{counted(summary['slices_empty'], 'empty slice')}, which have no Dice: something was found in "
        f"{summary['slices_empty_with_something_found']}."
    )


def _said(report: dict, key: str, digits: int = 2) -> str:
    return with_interval(report["summary"][key], report["confidence_intervals"][key], digits)


def _overlap(report: dict) -> str:
    """Tell the overlap over the annotated cases."""
    summary = report["summary"]
    annotated, compared = summary["cases_with_tumor"], summary["cases_with_dice"]
    if not compared:
        return f"No case with {subject_of(report)}, so there is no Dice."
    over = "" if compared == annotated else f" (over {counted(compared, 'case')}, by all labels)"
    sensitivity = f", lesions found {_said(report, 'sensitivity')}" if report["lesion_labels"] else ""
    return (
        f"{counted(annotated, 'case')} with {subject_of(report)}: mean Dice {_said(report, 'mean_dice', 3)}, median "
        f"{figure(summary['median_dice'], 3)}{over}{sensitivity}, HD95 {_said(report, 'mean_hd95_mm', 1)} mm over the "
        f"{summary['cases_with_hd95_mm']} in which something was found."
    )


def _lesions(report: dict) -> list[str]:
    """Tell what is counted of lesions, where any label is one."""
    if not report["lesion_labels"]:
        return []
    free = report["summary"]["false_positives_per_tumor_free_scan"]
    on_free = "" if free is None else f", on tumour-free scans {_said(report, 'false_positives_per_tumor_free_scan')}"
    parts = [f"False positives per scan: {_said(report, 'false_positives_per_scan')}{on_free}."]
    if len(report["labels"]) > len(report["lesion_labels"]):
        parts.append("Dice is the mean of the labels' own; the rest is of the lesions.")
    return parts


def _confidence(intervals: dict) -> str:
    """Say what stands in brackets, or why nothing does."""
    if intervals["mean_dice"]:
        return f"In brackets: 95 % confidence, {intervals['method']} ({intervals['resamples']} resamples)."
    why = "it was not asked for" if not intervals["resamples"] else f"fewer than {intervals['fewest_cases']} cases"
    return f"No confidence interval of the mean Dice: {why}."
