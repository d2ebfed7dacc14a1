"""A data set's scores as a picture: Dice of each case, detection by size, volumes, and false positives."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..volume.files import atomic_path
from ..wording import counted
from .charts import FAINT, GRID, INK, WARNING, plain_axes
from .dataset import DataSetScores
from .scores import CaseScore
from .tables import subject_of, with_interval

SIZE_INCHES, DPI = (13.0, 9.2), 110
MAIN, PALE, SECOND, MISSED = "#1f6f8b", "#a9c8d3", "#e0a458", "#b3261e"
NAMED_CASES = 24  # more names than these cannot be read under an axis
SMALLEST_ML = 1e-3  # stands for no volume at all on a logarithmic axis
MOST_FALSE_POSITIVES = 8  # the last bar holds those of more


def check_drawing(path: str | Path) -> None:
    """Raise `InputError` if the picture ``path`` cannot be drawn because Matplotlib is not installed."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise InputError("a picture needs Matplotlib", path, "install it with: pip install matplotlib") from error


def draw_scores(scores: DataSetScores, report: dict, path: str | Path) -> None:
    """Draw the scores as a PNG file, which appears whole or not at all.

    Parameters
    ----------
    scores : DataSetScores
    report : dict
        With ``model``, ``labels``, ``lesion_labels``, ``summary``, ``confidence_intervals`` and ``strata``, as
        `evaluate` reports them.
    path : str or Path

    Raises
    ------
    InputError
        If Matplotlib is not installed or ``path`` cannot be written.
    """
    check_drawing(path)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_INCHES, dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, 2, gridspec_kw={"width_ratios": (1.35, 1)})
    figure.subplots_adjust(left=0.065, right=0.975, top=0.85, bottom=0.08, wspace=0.17, hspace=0.52)
    for panel in panels.flat:
        plain_axes(panel)
    _dice_of_each_case(panels[0, 0], scores.cases, report)
    _detection_by_size(panels[0, 1], report["strata"]["tumor_size"])
    _volumes(panels[1, 0], scores.cases, report)
    _false_positives(panels[1, 1], scores.cases, report)
    _heading(figure, report)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")


def _heading(figure, report: dict) -> None:
    model, summary = report["model"], report["summary"]
    counts = (
        f"{counted(summary['cases'], 'CT')}, {summary['cases_with_tumor']} with {subject_of(report)}, "
        f"{summary['cases_without_tumor']} without; {counted(summary['lesions'], 'lesion')}"
    )
    figure.text(0.065, 0.945, f"{model['name']} {model['version']}", color=INK, fontsize=18, weight="bold")
    figure.text(0.065, 0.915, counts, color=FAINT, fontsize=11)
    figure.text(0.975, 0.945, "Not for clinical use", color=WARNING, fontsize=13, ha="right")
    drawn_from = report["confidence_intervals"]
    if drawn_from["resamples"]:
        text = f"95 % confidence intervals: {drawn_from['method']}, {drawn_from['resamples']} resamples"
        figure.text(0.975, 0.915, text, color=FAINT, fontsize=10, ha="right")


def _title(panel, text: str, below: str) -> None:
    panel.set_title(text, loc="left", color=INK, fontsize=12, weight="bold", pad=20)
    panel.text(0, 1.03, below, transform=panel.transAxes, color=FAINT, fontsize=9.5)


def _say(panel, text: str) -> None:
    panel.text(0.5, 0.5, text, transform=panel.transAxes, color=FAINT, fontsize=11, ha="center", va="center")
    panel.set_xticks([])
    panel.set_yticks([])


def _dice_of_each_case(panel, cases: list[CaseScore], report: dict) -> None:
    """Points in rising order, with the mean and its interval; what was missed altogether is hollow."""
    shown = sorted((case for case in cases if case.has_tumor), key=lambda case: (case.dice, case.case))
    interval = report["confidence_intervals"]["mean_dice"]
    mean = report["summary"]["mean_dice"]
    _title(panel, "Dice of each case", f"mean {with_interval(mean, interval, 3)}")
    if not shown:
        _say(panel, f"No case with {subject_of(report)}")
        return
    if interval is not None:
        panel.axhspan(*interval, color=MAIN, alpha=0.13, linewidth=0)
    panel.axhline(mean, color=MAIN, linewidth=1.2)
    dice = np.array([case.dice for case in shown])
    found = np.array([case.dice > 0 for case in shown])
    places = np.arange(len(shown))
    size = 42 if len(shown) <= NAMED_CASES else 16
    panel.scatter(places[found], dice[found], s=size, color=MAIN, zorder=3, clip_on=False, label="found")
    if not found.all():
        panel.scatter(
            places[~found], dice[~found], s=size, facecolor="white", edgecolor=MISSED, zorder=3, clip_on=False,
            label="nothing found",
        )  # fmt: skip
        panel.legend(loc="lower right", frameon=False, fontsize=9)
    panel.set_ylim(0, 1)
    panel.set_xlim(-0.6, len(shown) - 0.4)
    if len(shown) <= NAMED_CASES:
        panel.set_xticks(places, [_short(case.case) for case in shown], rotation=30, ha="right", fontsize=8.5)
    else:
        panel.set_xlabel(f"cases with {subject_of(report)}, by rising Dice", color=INK, fontsize=10)


def _short(name: str) -> str:
    return name if len(name) <= 18 else f"{name[:8]}…{name[-9:]}"


def _detection_by_size(panel, strata: dict[str, dict]) -> None:
    _title(panel, "Lesions found, by long axis", "bar and numbers: touched by the prediction; dark: IoU above 0.1")
    if not any(scores["lesions"] for scores in strata.values()):
        _say(panel, "No lesions")
        return
    panel.set_ylim(0, 1)
    panel.set_xticks(range(len(strata)), list(strata), fontsize=9)
    panel.set_xlim(-0.6, len(strata) - 0.4)
    for place, scores in enumerate(strata.values()):
        if not scores["lesions"]:
            panel.text(place, 0.03, "none", color=FAINT, fontsize=9, ha="center")
            continue
        panel.bar(place, scores["sensitivity"], width=0.62, color=PALE)
        panel.bar(place, scores["sensitivity_iou"], width=0.62, color=MAIN)
        if interval := scores["sensitivity_ci95"]:
            middle, ends = sum(interval) / 2, (interval[1] - interval[0]) / 2
            panel.errorbar(place, middle, ends, fmt="none", ecolor=INK, elinewidth=1.3, capsize=4, clip_on=False)
        counts = f"{scores['lesions_found']} of {scores['lesions']}"
        label = {"facecolor": "white", "edgecolor": "none", "boxstyle": "round,pad=0.25", "alpha": 0.9}
        panel.text(place, 0.05, counts, color=INK, fontsize=9, ha="center", va="bottom", bbox=label)


def _volumes(panel, cases: list[CaseScore], report: dict) -> None:
    """Predicted over reference volume, both logarithmic; what is on the line is right."""
    _title(panel, f"Volume of {subject_of(report)} in each case", "line: equal; band: within a factor of 2")
    shown = [case for case in cases if case.has_tumor]
    if not shown:
        _say(panel, f"No case with {subject_of(report)}")
        return
    truth = np.array([max(case.reference_ml, SMALLEST_ML) for case in shown])
    predicted = np.array([case.predicted_ml for case in shown])
    some = predicted > 0
    low = min(truth.min(), predicted[some].min() if some.any() else np.inf) / 2
    high = max(truth.max(), predicted.max()) * 2
    line = np.array([low, high])
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.fill_between(line, line / 2, line * 2, color=MAIN, alpha=0.13, linewidth=0)
    panel.plot(line, line, color=MAIN, linewidth=1.2)
    panel.scatter(truth[some], predicted[some], s=30, color=MAIN, zorder=3)
    if not some.all():
        panel.scatter(
            truth[~some], np.full((~some).sum(), low), s=36, marker="v", facecolor="white", edgecolor=MISSED,
            zorder=3, clip_on=False, label="nothing found",
        )  # fmt: skip
        panel.legend(loc="upper left", frameon=False, fontsize=9)
    panel.set(xlim=line, ylim=line)
    panel.grid(axis="x", color=GRID, linewidth=0.8)
    panel.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    panel.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    panel.set_xlabel("annotated, mL", color=INK, fontsize=10)
    panel.set_ylabel("predicted, mL", color=INK, fontsize=10)


def _false_positives(panel, cases: list[CaseScore], report: dict) -> None:
    mean = report["summary"]["false_positives_per_scan"]
    interval = report["confidence_intervals"]["false_positives_per_scan"]
    _title(panel, "False positives of each CT", f"mean {with_interval(mean, interval)}")
    places = np.arange(MOST_FALSE_POSITIVES + 1)
    below = np.zeros(len(places))
    for name, color, group in (
        (f"with {subject_of(report)}", MAIN, [case for case in cases if case.has_tumor]),
        (f"without {subject_of(report)}", SECOND, [case for case in cases if not case.has_tumor]),
    ):
        counts = Counter(min(case.false_positives, MOST_FALSE_POSITIVES) for case in group)
        heights = np.array([counts[place] for place in places])
        if group:
            panel.bar(places, heights, bottom=below, width=0.7, color=color, label=name)
        below += heights
    panel.set_xlim(-0.8, MOST_FALSE_POSITIVES + 0.8)
    panel.set_xticks(places, [*map(str, places[:-1]), f"≥ {MOST_FALSE_POSITIVES}"])
    panel.yaxis.get_major_locator().set_params(integer=True)
    panel.set_xlabel("false positives", color=INK, fontsize=10)
    panel.set_ylabel("CTs", color=INK, fontsize=10)
    if cases:
        panel.legend(loc="upper right", frameon=False, fontsize=9)
