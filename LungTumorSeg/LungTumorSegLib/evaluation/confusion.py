"""The confusion matrix of a data set for the reader: as tables, and as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..volume.files import atomic_path
from ..wording import counted
from .charts import FAINT, INK, WARNING
from .picture import check_drawing
from .tables import figure, markdown, with_interval

DPI = 110
CELL_INCHES, LEFT_INCHES, RIGHT_INCHES, TOP_INCHES, BOTTOM_INCHES = 1.55, 1.7, 0.5, 1.75, 0.9
LIGHT, DARK = "#ffffff", "#1f6f8b"  # from no voxel of a row to all of them
WHITE_FROM = 0.55  # share from which on white writing is read more easily


def class_table(classes: dict) -> str:
    """Lay out the Dice of each class, pooled and over the cases, as a Markdown table; of `summarize_classes`."""
    columns = ("class", "pooled Dice", "cases with it", "mean Dice (95 % CI)", "median Dice")
    parts = ("names", "pooled_dice", "cases", "mean_dice", "mean_dice_ci95", "median_dice")
    rows = [
        (name, figure(pooled, 3), str(cases), with_interval(mean, interval, 3), figure(middle, 3))
        for name, pooled, cases, mean, interval, middle in zip(*(classes[part] for part in parts), strict=True)
    ]
    return markdown(columns, rows)


def confusion_table(classes: dict) -> str:
    """Lay out the voxels of the confusion matrix: a row a class of the reference, a column a predicted one."""
    rows = [
        (f"is {name.lower()}", *(f"{count:,}" for count in row))
        for name, row in zip(classes["names"], classes["voxels"], strict=True)
    ]
    return markdown(("voxels", *(f"taken for {name.lower()}" for name in classes["names"])), rows)


def draw_confusion(classes: dict, model: dict, path: str | Path) -> None:
    """Draw the confusion matrix as a PNG file, which appears whole or not at all.

    Rows are the reference, columns the prediction; a cell's share is of its row, so that the classes can be compared
    though the background has nearly all voxels.

    Parameters
    ----------
    classes : dict
        As `summarize_classes` returns it.
    model : dict
        With ``name`` and ``version``.
    path : str or Path

    Raises
    ------
    InputError
        Matplotlib is not installed, or ``path`` cannot be written.
    """
    check_drawing(path)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    count = len(classes["names"])
    width, height = LEFT_INCHES + count * CELL_INCHES + RIGHT_INCHES, TOP_INCHES + count * CELL_INCHES + BOTTOM_INCHES
    picture = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(picture)
    side = count * CELL_INCHES
    axes = picture.add_axes((LEFT_INCHES / width, BOTTOM_INCHES / height, side / width, side / height))
    voxels = np.array(classes["voxels"], dtype=float)
    shares = voxels / np.maximum(voxels.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=LinearSegmentedColormap.from_list("shares", [LIGHT, DARK]), vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        color = LIGHT if share >= WHITE_FROM else INK
        text = f"{100 * share:.1f} %\n{classes['voxels'][row][column]:,}"
        axes.text(column, row, text, ha="center", va="center", color=color, fontsize=11)
    _name_axes(axes, classes)
    _write_heading(picture, classes, model, height)
    with atomic_path(path) as temporary:
        picture.savefig(temporary, format="png")


def _name_axes(axes, classes: dict) -> None:
    names, places = classes["names"], range(len(classes["names"]))
    axes.set_xticks(places, names, fontsize=11)
    axes.set_yticks(places, names, fontsize=11, rotation=90, va="center")
    axes.set_xlabel("predicted", color=INK, fontsize=12)
    axes.set_ylabel("reference", color=INK, fontsize=12)
    axes.tick_params(length=0, colors=INK)
    axes.set_xticks([place - 0.5 for place in places], minor=True)
    axes.set_yticks([place - 0.5 for place in places], minor=True)
    axes.grid(which="minor", color=FAINT, linewidth=0.6)
    axes.tick_params(which="minor", length=0)


def _write_heading(picture, classes: dict, model: dict, height: float) -> None:
    dice = [
        f"{name} {figure(pooled, 3)}" for name, pooled in zip(classes["names"], classes["pooled_dice"], strict=True)
    ]
    lines = (
        (0.45, f"{model['name']} {model['version']}", {"fontsize": 15, "weight": "bold", "color": INK}),
        (0.78, f"voxels of {counted(len(classes['dice_of_each_case']), 'CT')}", {"fontsize": 10, "color": FAINT}),
        (1.03, f"pooled Dice: {', '.join(dice)}", {"fontsize": 10, "color": FAINT}),
        (1.30, "share of the row's voxels, and their number", {"fontsize": 10, "color": FAINT}),
    )
    for top, text, style in lines:
        picture.text(0.05, 1 - top / height, text, **style)
    picture.text(0.97, 0.25 / height, "Not for clinical use", color=WARNING, fontsize=11, ha="right")
