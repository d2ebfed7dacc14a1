"""The report of a segment in the scene: what was measured, with the axes that a person has set by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..measurements.comparison import compare, compare_organs, recist_error
from ..measurements.report import total
from .findings import Finding
from .measuring import Subject

AXES = ("long", "short")
MOST_LESIONS_DRAWN = 20
"""Lines of more lesions than the largest so many would only hide the CT."""


def with_dragged_axes(findings: Sequence[Finding], dragged: Mapping[tuple[int, str], np.ndarray]) -> list[Finding]:
    """Return the findings with the lengths and ends of the axes that were dragged.

    Each lesion's measurements gain ``long_axis_adjusted`` and ``short_axis_adjusted``.

    Parameters
    ----------
    findings : sequence of Finding
    dragged : mapping
        See `LungTumorSegLib.scene.lines.dragged_axes`.
    """
    adjusted = []
    for finding in findings:
        measured = dict(finding.measured)
        for axis in AXES:
            ends = dragged.get((finding.number, axis))
            measured[f"{axis}_axis_adjusted"] = ends is not None
            if ends is not None:
                measured[f"{axis}_axis_mm"] = float(np.linalg.norm(ends[1] - ends[0]))
                measured[f"{axis}_axis_points_lps_mm"] = ends.tolist()
        adjusted.append(replace(finding, measured=measured))
    return adjusted


def make_report(subject: Subject, findings: Sequence[Finding], segment: str, *, surfaces: bool) -> dict:
    """Put a report together: the lesions that are kept, their total, the segment's volume, and the comparison.

    Parameters
    ----------
    subject : Subject
    findings : sequence of Finding
        From `with_dragged_axes`.
    segment : str
        The segment's name.
    surfaces : bool
        See `LungTumorSegLib.measurements.comparison.compare`.

    Returns
    -------
    dict
        See `LungTumorSegLib.scene.SegmentationLogic.measure`.
    """
    measured = [finding.measured for finding in findings if finding.kept]
    volume_ml = sum((part.volume_ml for part in subject.kept), 0.0)
    whole = {"label": 1, "name": segment, "lesion": not subject.is_organ, "volume_ml": volume_ml}
    report = {"lesions": measured, "total": total(measured), "segments": [whole]}
    if subject.reference is not None:
        compared = report["reference"] = _compare(subject, report["total"]["long_axis_mm"], surfaces)
        whole |= {"reference_volume_ml": compared["volume_ml"], "dice": compared["dice"]}
    report |= {"segment": segment, "notes": [*subject.notes, *_adjustments(measured), *_lines_left_out(findings)]}
    if subject.ct is not None:
        report["ct"] = {"size": list(subject.ct.grid.size), "spacing": list(subject.ct.grid.spacing)}
    return report


def _compare(subject: Subject, long_axis_mm: float, surfaces: bool) -> dict:
    """Compare with the reference; ``long_axis_mm`` is that of the lesions, as a person may have set it by hand."""
    if subject.is_organ:
        return compare_organs(subject.kept, subject.reference, surfaces=surfaces)
    compared = compare(subject.kept, subject.reference, surfaces=surfaces)
    if subject.reference:
        compared["recist_relative_error"] = recist_error(long_axis_mm, compared["long_axis_mm"])
    return compared


def _lines_left_out(findings: Sequence[Finding]) -> list[str]:
    if any(finding.kept and finding.number > MOST_LESIONS_DRAWN for finding in findings):
        return [f"Lines are drawn for the {MOST_LESIONS_DRAWN} largest lesions."]
    return []


def _adjustments(measured: Sequence[dict]) -> list[str]:
    """Say which lengths are a person's."""
    notes = []
    for lesion in measured:
        axes = [axis for axis in AXES if lesion[f"{axis}_axis_adjusted"]]
        if axes:
            verb = "were" if len(axes) > 1 else "was"
            notes.append(f"Lesion {lesion['number']}: the {' and the '.join(axes)} axis {verb} adjusted by hand.")
    return notes
