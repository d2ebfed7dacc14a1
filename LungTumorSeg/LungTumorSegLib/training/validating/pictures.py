"""``validation.png``: each validated case where most is annotated, and where its prediction is most wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...evaluation import CaseScore, figure, summarize
from ...preview.panel import FAINT, LUNG, REFERENCE, TEXT, WARNING, Panel, Window
from ...preview.subject import Subject
from ...preview.views import AXIAL, CanonicalView, cut
from ...volume import LUNG_TUMOR
from ...volume.files import atomic_path
from ...wording import counted
from .scoring import ScoredCase

NAME = "validation.png"
SHOWN = 16  # cases; of more, the ones that went worst
DETAIL_MM = 50.0  # at least this much is shown around the place of the largest disagreement
NOTHING_MEASURED = {"lesions": [], "segments": []}  # makes `Subject` look at the reference's largest lesion

# Inches.
WIDTH, HEADER, CASE, HEADING, FOOTER, MARGIN, GAP = 12.5, 0.75, 0.55, 0.3, 0.5, 0.25, 0.12
PANEL_WIDTH = (WIDTH - 2 * MARGIN - 2 * GAP) / 3
PANEL_HEIGHT = 0.78 * PANEL_WIDTH
DPI = 90


@dataclass(frozen=True, eq=False)
class Slice:
    """What one axial slice shows: 2D arrays, rows from front to back, columns from the patient's right to left.

    Attributes
    ----------
    place : str
        Where it lies in the patient.
    hu : ndarray of int16
    found, reference, ignored : ndarray of bool
    center, span_mm : ndarray of shape (2,)
        Middle and size of the part worth enlarging: horizontal, vertical, in mm.
    """

    place: str
    hu: np.ndarray
    found: np.ndarray
    reference: np.ndarray
    ignored: np.ndarray
    center: np.ndarray
    span_mm: np.ndarray


@dataclass(frozen=True, eq=False)
class Glimpse:
    """The slices of a validated case that are drawn.

    Attributes
    ----------
    score : CaseScore
    view : CanonicalView
        Geometry of the CT as the picture shows it.
    body : tuple of ndarray of shape (2,)
        Lower and upper corner of the patient within the axial plane, mm.
    tumor : Slice
        Where the largest annotated lesion is largest; without one, the predicted one's; without both, the middle.
    window : Window or None
        In which the lesion is enlarged; None without one.
    disagreement : Slice or None
        The one with the most voxels in which prediction and reference differ; None where they agree everywhere.
    different_mm2 : float
        Area of these voxels.
    """

    score: CaseScore
    view: CanonicalView
    body: tuple[np.ndarray, np.ndarray]
    tumor: Slice
    window: Window | None
    disagreement: Slice | None
    different_mm2: float


def glimpse(scored: ScoredCase) -> Glimpse:
    """Choose and cut out the slices of a case that its picture needs."""
    shown = scored.reference if (scored.reference.array != 0).any() else scored.found
    subject = Subject(scored.ct, scored.found, NOTHING_MEASURED, shown)
    view = subject.view
    found, reference = (view.volume(mask).array != 0 for mask in (scored.found, scored.reference))
    ignored = np.zeros_like(found) if scored.ignore is None else view.volume(scored.ignore).array != 0

    def take(index: int, center: np.ndarray, span_mm: np.ndarray) -> Slice:
        hu, *masks = (cut(array, AXIAL, index) for array in (subject.ct.array, found, reference, ignored))
        place = view.place(AXIAL, index, subject.center)
        return Slice(place, hu.astype(np.int16), *(mask.copy() for mask in masks), center, span_mm)

    low, high = (corner[:2] for corner in subject.whole)
    span = _span(subject.detail_mm) if subject.lesion is not None else high - low
    different = (found != reference) & ~ignored
    worst = int(np.argmax(different.sum(axis=(1, 2))))
    count = int(different[worst].sum())
    return Glimpse(
        scored.score,
        view,
        (low, high),
        take(subject.slice_of(AXIAL), subject.center[:2], span),
        None if subject.lesion is None else subject.detail_window,
        take(worst, *_largest_part(different[worst], view.grid.spacing)) if count else None,
        count * view.grid.spacing[0] * view.grid.spacing[1],
    )


def _largest_part(mask: np.ndarray, spacing: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Centre and span (horizontal, vertical, mm) of a 2D mask's largest piece, with its surroundings."""
    import cc3d

    piece = cc3d.largest_k(mask.astype(np.uint8, order="C"), k=1, connectivity=8) > 0
    places = np.argwhere(piece)[:, ::-1] * spacing[:2]
    low, high = places.min(axis=0), places.max(axis=0)
    return (low + high) / 2, _span(max(DETAIL_MM, 2 * float((high - low).max())))


def _span(height_mm: float) -> np.ndarray:
    """Width and height (mm) of a part that fills a panel."""
    return np.array([height_mm * PANEL_WIDTH / PANEL_HEIGHT, height_mm])


def draw_validation(glimpses: list[Glimpse], step: int, path: str | Path) -> None:
    """Draw the cases, one a row, as a PNG file that appears whole or not at all.

    By the radiological convention the patient's right is at the picture's left.

    Raises
    ------
    InputError
        ``path`` cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = worst(glimpses)
    height = HEADER + len(rows) * (CASE + HEADING + PANEL_HEIGHT) + FOOTER
    picture = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="#0b0d10")
    FigureCanvasAgg(picture)
    for row, one in enumerate(rows):
        _draw_row(picture, one, height - HEADER - row * (CASE + HEADING + PANEL_HEIGHT))
    _draw_words(picture, step, [one.score for one in glimpses], len(rows))
    with atomic_path(path) as temporary:
        picture.savefig(temporary, format="png", facecolor=picture.get_facecolor())


def worst(glimpses: list[Glimpse], at_most: int = SHOWN) -> list[Glimpse]:
    """Return the cases of lowest Dice, then the empty ones with most false positives, in the order given."""

    def badness(number: int) -> tuple[bool, float]:
        score = glimpses[number].score
        return not score.has_tumor, score.dice if score.has_tumor else -score.false_positives

    return [glimpses[number] for number in sorted(sorted(range(len(glimpses)), key=badness)[:at_most])]


def _draw_row(picture, one: Glimpse, top: float) -> None:
    """Draw a case below ``top`` (inches from the picture's lower edge)."""
    height = picture.get_figheight()
    picture.text(MARGIN / WIDTH, (top - 0.26) / height, one.score.case, color=TEXT, fontsize=14, va="top")
    words = in_words(one.score)
    picture.text(1 - MARGIN / WIDTH, (top - 0.28) / height, words, color=TEXT, fontsize=12, va="top", ha="right")
    low, high = one.body
    whole = _panel(picture, one, top, 0, (low + high) / 2, high - low)
    _fill(whole, one.tumor, LUNG, 1.2)
    whole.annotate(f"{'Largest annotated' if one.score.has_tumor else 'Axial'}, {one.tumor.place}")
    if one.window is None:
        _note(picture, top, 1, "Nothing annotated, and nothing predicted")
        return
    whole.rectangle(one.tumor.center, one.tumor.span_mm)
    enlarged = _panel(picture, one, top, 1, one.tumor.center, one.tumor.span_mm)
    _fill(enlarged, one.tumor, one.window, 1.8)
    enlarged.annotate(f"Enlarged, {one.window.name} window")
    if one.disagreement is None:
        _note(picture, top, 2, "Prediction and reference\nagree everywhere")
        return
    worst = _panel(picture, one, top, 2, one.disagreement.center, one.disagreement.span_mm)
    _fill(worst, one.disagreement, LUNG, 1.8)
    worst.annotate(f"Differs most, {one.disagreement.place.partition(' (')[0]}: {one.different_mm2:.0f} mm²")


def _note(picture, top: float, column: int, text: str) -> None:
    """Write in place of a panel."""
    left, bottom, width, height = _place(top, column, picture.get_figheight())
    place = (left + width / 2, bottom + height / 2)
    picture.text(*place, text, color=FAINT, fontsize=12, ha="center", va="center")


def _place(top: float, column: int, height: float) -> tuple[float, float, float, float]:
    """Left, bottom, width and height of a panel, as shares of the picture."""
    left, bottom = MARGIN + column * (PANEL_WIDTH + GAP), top - CASE - HEADING - PANEL_HEIGHT
    return left / WIDTH, bottom / height, PANEL_WIDTH / WIDTH, PANEL_HEIGHT / height


def _panel(picture, one: Glimpse, top: float, column: int, center: np.ndarray, span_mm: np.ndarray) -> Panel:
    axes = picture.add_axes(_place(top, column, picture.get_figheight()))
    return Panel(axes, one.view, AXIAL, center, span_mm)


def _fill(panel: Panel, shown: Slice, window: Window, width: float) -> None:
    """Show a slice with its outlines, ``width`` points thick."""
    panel.image(shown.hu, window)
    panel.outline(shown.ignored, FAINT, width, "dotted")
    panel.outline(shown.reference, REFERENCE, width)
    panel.outline(shown.found, LUNG_TUMOR.color_rgb, width)


def in_words(score: CaseScore) -> str:
    """Say how a case went, in a line."""
    false = counted(score.false_positives, "false positive")
    if not score.has_tumor:
        return f"nothing annotated   ·   {score.predicted_ml:.1f} mL predicted, {false}"
    words = [f"Dice {figure(score.dice)}", f"{score.predicted_ml:.1f} mL for {score.reference_ml:.1f} mL"]
    if score.lesions:
        words += [f"{score.lesions_found} of {counted(score.lesions, 'lesion')} found", false]
    return "   ·   ".join(words)


def _draw_words(picture, step: int, scores: list[CaseScore], shown: int) -> None:
    """Headline and legend."""
    summary = summarize(scores)
    height = picture.get_figheight()
    left, right = MARGIN / WIDTH, 1 - MARGIN / WIDTH
    details = f"mean Dice {figure(summary['mean_dice'])} (annotated cases: {summary['cases_with_tumor']})"
    if summary["lesions"] or summary["false_positives_per_scan"]:
        details += (
            f"   ·   {sum(score.lesions_found for score in scores)} of {counted(summary['lesions'], 'lesion')} found"
            f"   ·   {figure(summary['false_positives_per_scan'], 1)} false positives per scan"
        )
    if shown < len(scores):
        details += f"   ·   shown are the {shown} of {len(scores)} that went worst"
    picture.text(left, 1 - 0.15 / height, f"Validation at step {step:,}", color=TEXT, fontsize=18, va="top")
    picture.text(left, 1 - 0.55 / height, details, color=FAINT, fontsize=12, va="top")
    warning = {"color": WARNING, "fontsize": 14, "va": "top", "ha": "right"}
    picture.text(right, 1 - 0.18 / height, "Not for clinical use", **warning)
    middle = 0.45 * FOOTER / height
    entries = (("prediction", LUNG_TUMOR.color_rgb), ("reference", REFERENCE), ("not counted", FAINT))
    for place, (name, color) in enumerate(entries):
        x = MARGIN + 1.4 * place
        picture.text(x / WIDTH, middle, "▬", color=color, fontsize=12, va="center")
        picture.text((x + 0.24) / WIDTH, middle, name, color=TEXT, fontsize=11, va="center")
    windows = f"Left and right: {LUNG}"
    picture.text(right, middle, windows, color=FAINT, fontsize=11, va="center", ha="right")
