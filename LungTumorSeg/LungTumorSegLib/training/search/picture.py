"""A search as a picture: its history, and Dice over the values of each key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...evaluation.charts import FAINT, INK, WARNING, plain_axes
from ...volume.files import atomic_path
from ...wording import counted
from .results import SearchResults, TrialResult
from .space import Dimension, SearchSpace

WIDTH_INCHES, ROW_INCHES, DPI = 12.0, 3.4, 110
COLUMNS = 3
DONE, PRUNED, FAILED = "#1f6f8b", "#e0a458", "#b3261e"
MOST_KEYS = 9
LONGEST_LABEL = 16


def draw_search(results: SearchResults, space: SearchSpace, path: str | Path) -> None:
    """Draw the trials as a PNG file, which appears whole or not at all.

    Parameters
    ----------
    results : SearchResults
    space : SearchSpace
        Of more than `MOST_KEYS` keys only the first, or the most important, are drawn.
    path : str or Path
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.gridspec import GridSpec

    shares = results.importances or {}
    drawn = sorted(space.dimensions, key=lambda dimension: -shares.get(dimension.key, 0.0))[:MOST_KEYS]
    rows = 1 + -(-len(drawn) // COLUMNS)
    height = 1.0 + rows * ROW_INCHES
    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    grid = GridSpec(
        rows, COLUMNS, figure, left=0.07, right=0.97, top=1 - 1.1 / height, bottom=0.6 / height, hspace=0.55
    )
    _heading(figure, results, height)
    _history(figure.add_subplot(grid[0, :]), results)
    for number, dimension in enumerate(drawn):
        panel = figure.add_subplot(grid[1 + number // COLUMNS, number % COLUMNS])
        _values_of(panel, results, dimension)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")


def _heading(figure, results: SearchResults, height: float) -> None:
    best = results.best
    words = "no trial has ended" if best is None else f"best: trial {best.number}, validation Dice {best.dice:.3f}"
    trials = counted(len(results.trials), "trial")
    counts = f"{results.count('done')} done, {results.count('pruned')} pruned, {results.count('failed')} failed"
    figure.text(0.07, 1 - 0.45 / height, f"{trials}, {words}", color=INK, fontsize=16, weight="bold")
    figure.text(0.07, 1 - 0.72 / height, counts, color=FAINT, fontsize=11)
    figure.text(0.97, 1 - 0.45 / height, "Not for clinical use", color=WARNING, fontsize=12, ha="right")


def _history(panel, results: SearchResults) -> None:
    """Dice of every trial, and the best so far; a failed trial is a cross on the axis."""
    plain_axes(panel)
    done, pruned = _of(results, "done"), _of(results, "pruned")
    if done:
        numbers = [trial.number for trial in done]
        best = np.maximum.accumulate([trial.dice for trial in done])
        panel.step([*numbers, len(results.trials) - 0.5], [*best, best[-1]], where="post", color=DONE, linewidth=1.2)
    for trials, color, name in ((done, DONE, "done"), (pruned, PRUNED, "pruned: best Dice until then")):
        if trials:
            places, dice = [trial.number for trial in trials], [trial.dice for trial in trials]
            panel.scatter(places, dice, s=30, color=color, label=name, zorder=3)
    failed = [trial.number for trial in results.trials if trial.state == "failed"]
    if failed:
        bottom = panel.get_xaxis_transform()
        panel.scatter(
            failed,
            np.zeros(len(failed)),
            s=34,
            marker="x",
            color=FAILED,
            label="failed",
            transform=bottom,
            clip_on=False,
        )
    panel.set_xlim(-0.7, max(len(results.trials), 1) - 0.3)
    panel.xaxis.get_major_locator().set_params(integer=True)
    panel.set_xlabel("trial", color=INK, fontsize=10)
    panel.set_ylabel("validation Dice", color=INK, fontsize=10)
    if done or pruned or failed:
        panel.legend(loc="lower right", frameon=False, fontsize=9)


def _values_of(panel, results: SearchResults, dimension: Dimension) -> None:
    """Dice over the values of one key."""
    plain_axes(panel)
    key, share = dimension.key, (results.importances or {}).get(dimension.key)
    title = key if share is None else f"{key} ({100 * share:.0f} %)"
    panel.set_title(title, loc="left", color=INK, fontsize=10, weight="bold")
    shown = [*_of(results, "pruned"), *_of(results, "done")]
    places = [trial.values[key] for trial in shown]
    if dimension.kind == "choice":
        places = [dimension.choices.index(value) for value in places]
        labels = [_short(str(choice)) for choice in dimension.choices]
        panel.set_xticks(range(len(labels)), labels, rotation=15, fontsize=8.5)
        panel.set_xlim(-0.5, len(labels) - 0.5)
    elif dimension.kind == "log":
        panel.set_xscale("log")
        panel.xaxis.set_minor_formatter(lambda value, _: "")
        panel.set_xlim(dimension.low / 1.2, dimension.high * 1.2)
    else:
        margin = 0.05 * (dimension.high - dimension.low)
        panel.set_xlim(dimension.low - margin, dimension.high + margin)
    colors = [DONE if trial.state == "done" else PRUNED for trial in shown]
    panel.scatter(places, [trial.dice for trial in shown], s=26, c=colors, zorder=3)


def _of(results: SearchResults, state: str) -> Sequence[TrialResult]:
    return [trial for trial in results.trials if trial.state == state and trial.dice is not None]


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"
