"""Histograms of accuracy and Dice over slices."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..volume.files import atomic_path
from .charts import FAINT, INK, WARNING, plain_axes
from .picture import MAIN, check_drawing
from .slices import SliceScore, summarize_slices
from .tables import figure as shown

SIZE_INCHES, DPI = (11.0, 4.6), 110
BINS = 20


def draw_slices(scores: list[SliceScore], title: str, path: str | Path) -> None:
    """Draw both histograms as a PNG file, which appears whole or not at all.

    Raises
    ------
    InputError
        If Matplotlib is not installed or ``path`` cannot be written.
    """
    check_drawing(path)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    summary = summarize_slices(scores)
    figure = Figure(figsize=SIZE_INCHES, dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.07, right=0.975, top=0.72, bottom=0.13, wspace=0.2)
    accuracy = f"all {summary['slices']} slices; mean {shown(summary['mean_accuracy'], 4)}"
    _histogram(panels[0], "Accuracy", accuracy, [score.accuracy for score in scores])
    dice = f"{summary['slices_annotated']} annotated slices; mean {shown(summary['mean_dice'], 3)}"
    empty = f"; {summary['slices_empty']} empty ones have none"
    _histogram(panels[1], "Dice", dice + empty, [score.dice for score in scores if score.dice is not None])
    figure.text(0.07, 0.91, title, color=INK, fontsize=16, weight="bold")
    figure.text(0.975, 0.91, "Not for clinical use", color=WARNING, fontsize=12, ha="right")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")


def _histogram(panel, title: str, below: str, values: list[float]) -> None:
    """Bars from 0 to 1, or from the lowest value's tenth on, so that differences near 1 can be seen."""
    plain_axes(panel)
    start = min(0.9, np.floor(10 * min(values, default=0.0)) / 10)
    panel.hist(values, bins=np.linspace(start, 1, BINS + 1), color=MAIN, edgecolor="white", linewidth=0.6)
    panel.set_xlim(start, 1)
    panel.set_xlabel(title, color=INK, fontsize=10)
    panel.set_ylabel("slices", color=INK, fontsize=10)
    panel.locator_params(axis="y", integer=True)
    panel.set_title(title, loc="left", color=INK, fontsize=12, weight="bold", pad=20)
    panel.text(0, 1.03, below, transform=panel.transAxes, color=FAINT, fontsize=9)
