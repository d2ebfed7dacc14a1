"""``learning-curve.png``: how a run has gone so far."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...evaluation import figure as in_figures
from ...evaluation.charts import FAINT, GRID, INK, WARNING
from ...volume.files import atomic_path
from .drawing import can_draw, draw_or_say
from .history import read_history
from .reports import StepReport, ValidationReport

log = logging.getLogger(__name__)

NAME = "learning-curve.png"
SECONDS_BETWEEN = 120.0  # pictures, where no validation asks for one
LABELLED = 10  # curves of single cases that get a name; more would lie over each other
SMOOTHED = 1 / 20  # of the rows, about each of them

BLUE, ORANGE, GREEN, RED = "#1f5fa8", "#d9822b", "#2e8b57", "#c0392b"


class CurvePicture:
    """Draws the run's rows anew at every validation, every few minutes and at the end; an observer.

    To be told after the `LungTumorSegLib.training.watching.history.History` that writes the rows.
    """

    def __init__(self, folder: Path, steps: int):
        self.folder, self.steps = folder, steps
        self._drawn = time.monotonic()

    def stepped(self, report: StepReport) -> None:
        """Draw if the last picture is some minutes old."""
        if time.monotonic() - self._drawn > SECONDS_BETWEEN:
            self._draw()

    def validated(self, report: ValidationReport) -> None:
        """Draw."""
        self._draw()

    def closed(self) -> None:
        """Draw a last time."""
        self._draw()

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        if not can_draw():
            return
        try:
            rows = read_history(self.folder)
        except InputError as error:  # somebody edited it; that ends no run
            log.warning("%s was not drawn: %s", NAME, error)
            return
        path = self.folder / NAME
        if rows:
            draw_or_say(path, lambda: draw_curves(rows, self.steps, path))


def draw_curves(rows: list[dict], steps: int, path: str | Path) -> None:
    """Draw loss, validation, learning rate and speed over the steps as a PNG file.

    Parameters
    ----------
    rows : list of dict
        As `LungTumorSegLib.training.watching.history.read_history` gives them.
    steps : int
        Length of the whole run.
    path : str or Path
        Appears whole or not at all.

    Raises
    ------
    InputError
        ``path`` cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    picture = Figure(figsize=(12.5, 7.6), dpi=90, facecolor="white", layout="constrained")
    FigureCanvasAgg(picture)
    axes = picture.subplot_mosaic(
        [["loss"] * 3 + ["dice"] * 3, ["rate"] * 2 + ["false"] * 2 + ["speed"] * 2], height_ratios=[1.6, 1]
    )
    stepped = [row for row in rows if row.get("kind") == "step"]
    validated = [row for row in rows if row.get("kind") == "validation"]
    last = max(row["step"] for row in rows)
    _draw_loss(axes["loss"], stepped)
    _draw_dice(axes["dice"], validated)
    _curve(axes["rate"], stepped, "learning_rate", "Learning rate", ORANGE)
    _draw_false_positives(axes["false"], validated)
    _curve(axes["speed"], stepped, "patches_per_second", "Patches per second", GREEN)
    for one in axes.values():
        one.set_xlim(0, 1.02 * max(last, 1))
        _plain(one)
    picture.get_layout_engine().set(rect=(0, 0, 1, 0.94))  # room for the headline
    headline = f"Step {last:,} of {steps:,}{_best(validated)}"
    picture.text(0.01, 0.985, headline, va="top", fontsize=15, color=INK)
    picture.text(0.99, 0.985, "Not for clinical use", ha="right", va="top", fontsize=12, color=WARNING)
    with atomic_path(path) as temporary:
        picture.savefig(temporary, format="png")


def _draw_loss(axes, rows: list[dict]) -> None:
    axes.set_title("Training loss", loc="left", fontsize=12, color=INK)
    if not rows:
        return _say(axes, "no step yet")
    steps, losses = _series(rows, "loss")
    axes.plot(steps, losses, color=BLUE, alpha=0.3, linewidth=0.9, label="loss", marker="." if len(rows) < 3 else None)
    axes.plot(steps, smoothed(losses), color=BLUE, linewidth=2.0, label="smoothed")
    axes.legend(loc="upper right", frameon=False, fontsize=10)
    return None


def smoothed(values: np.ndarray) -> np.ndarray:
    """Average each value with its neighbours, a share of `SMOOTHED` of all; gaps (NaN) count for nothing."""
    near = np.ones(2 * round(SMOOTHED * len(values) / 2) + 1)  # odd: as many before as after
    known = np.isfinite(values)
    sums = np.convolve(np.where(known, values, 0.0), near, mode="same")
    counts = np.convolve(known.astype(float), near, mode="same")
    return np.divide(sums, counts, out=np.full(len(values), np.nan), where=counts > 0)


def _draw_dice(axes, rows: list[dict]) -> None:
    axes.set_title("Dice on the validated cases, whole CTs", loc="left", fontsize=12, color=INK)
    axes.set_ylim(-0.02, 1.02)
    names = list(dict.fromkeys(case["case"] for row in rows for case in row["cases"] if case["dice"] is not None))
    if not names:
        return _say(axes, "in no validated case anything is annotated" if rows else "no validation yet")
    for number, name in enumerate(names):
        points = [(row["step"], case["dice"]) for row in rows for case in row["cases"] if case["case"] == name]
        color = FAINT if len(names) > LABELLED else f"C{number}"
        label = None if len(names) > LABELLED else name
        axes.plot(*zip(*points, strict=True), color=color, alpha=0.6, linewidth=1.1, marker=".", label=label)
    steps, means = _series([{"step": row["step"], "mean": row["summary"]["mean_dice"]} for row in rows], "mean")
    axes.plot(steps, means, color=INK, linewidth=2.4, marker="o", markersize=4.5, label="mean", zorder=5)
    axes.legend(loc="best", frameon=False, fontsize=10)
    return None


def _draw_false_positives(axes, rows: list[dict]) -> None:
    axes.set_title("False positives per scan", loc="left", fontsize=12, color=INK)
    if not rows:
        return _say(axes, "no validation yet")
    key = "false_positives_per_scan"
    steps, values = _series([{"step": row["step"], key: row["summary"][key]} for row in rows], key)
    axes.plot(steps, values, color=RED, linewidth=1.6, marker="o", markersize=4)
    axes.set_ylim(-0.02, 1.05 * max(1.0, np.nanmax(values, initial=1.0)))
    return None


def _curve(axes, rows: list[dict], key: str, title: str, color: str) -> None:
    axes.set_title(title, loc="left", fontsize=12, color=INK)
    if not rows:
        return _say(axes, "no step yet")
    axes.plot(*_series(rows, key), color=color, linewidth=1.6, marker="." if len(rows) < 3 else None)
    axes.set_ylim(bottom=0)
    return None


def _series(rows: list[dict], key: str) -> tuple[np.ndarray, np.ndarray]:
    """Steps and values; NaN where there is none, which leaves a gap in the curve."""
    values = [np.nan if row[key] is None else row[key] for row in rows]
    return np.array([row["step"] for row in rows]), np.array(values, dtype=float)


def _best(rows: list[dict]) -> str:
    scored = [(row["summary"]["mean_dice"], row["step"]) for row in rows if row["summary"]["mean_dice"] is not None]
    if not scored:
        return ""
    best, step = max(scored, key=lambda one: one[0])
    return f"   ·   best mean Dice {in_figures(best)} at step {step:,}, the last {in_figures(scored[-1][0])}"


def _say(axes, text: str) -> None:
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", fontsize=12, color=FAINT)


def _plain(axes) -> None:
    """Light grid, no frame, steps with thousands separators."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))
    axes.set_xlabel("step", fontsize=10, color=FAINT)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=FAINT, labelsize=9, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
