"""Composes the picture: whole slices above, the lesion enlarged below."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import InputError
from ..measurements.format import has_lesions, name_of, nothing_found
from ..volume import Volume, atomic_path, same_grid_or_raise
from ..volume.terminology import style_of
from .panel import FAINT, LONG_AXIS, REFERENCE, SHORT_AXIS, TEXT, WARNING, Panel, Window
from .subject import Subject
from .views import AXIAL, PLANES, Plane, cut

# Inches.
WIDTH, HEADER, HEADING, FOOTER, MARGIN, GAP = 15.0, 0.9, 0.32, 0.5, 0.25, 0.12
PANEL_WIDTH = (WIDTH - 2 * MARGIN - 2 * GAP) / 3
PANEL_HEIGHT = 0.86 * PANEL_WIDTH
LETTER = 0.085  # of the legend
DPI = 110


def draw_preview(ct: Volume, mask: Volume, report: dict, path: str | Path, reference: Volume | None = None) -> None:
    """Draw the largest lesion in an axial, a coronal and a sagittal slice, whole and enlarged, as a PNG file.

    The convention is the radiological one: the patient's right is at the picture's left. The axial slice is the one of
    the RECIST axes; the others are those in which the lesion is largest. Without a lesion the picture shows the
    reference's largest, without that the largest organ, and without any the middle slices. Each label has its own
    colour.

    Parameters
    ----------
    ct : Volume
        CT in HU, on a grid of any orientation.
    mask : Volume
        Mask on the same grid.
    report : dict
        What `LungTumorSegLib.measurements.measure` says of ``mask``.
    path : str or Path
        The picture, which appears whole or not at all.
    reference : Volume, optional
        Reference mask on the same grid, outlined in another colour.

    Raises
    ------
    InputError
        If Matplotlib is not installed, the volumes do not lie on one grid or ``path`` cannot be written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError("a picture needs Matplotlib", path, "install it with: pip install matplotlib") from error
    same_grid_or_raise(mask, ct, "mask")
    if reference is not None:
        same_grid_or_raise(reference, ct, "reference", ("reference", "CT"))

    # A figure of its own, without pyplot: no state is left behind and any thread may draw.
    picture = Picture(Subject(ct, mask, report, reference))
    figure = Figure(figsize=(WIDTH, picture.height), dpi=DPI, facecolor="#0b0d10")
    FigureCanvasAgg(figure)
    picture.draw(figure)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", facecolor=figure.get_facecolor())


class Picture:
    """Places panels and words on a figure.

    Parameters
    ----------
    subject : Subject
        What is shown.
    """

    def __init__(self, subject: Subject):
        self.subject = subject
        # Without a lesion there is nothing to enlarge.
        self.rows = 1 if subject.lesion is None else 2
        self.height = HEADER + self.rows * (HEADING + PANEL_HEIGHT) + FOOTER

    def draw(self, figure) -> None:
        """Draw everything on a Matplotlib figure of `WIDTH` by ``self.height`` inches."""
        for column, plane in enumerate(PLANES):
            self._whole_panel(figure, column, plane)
            if self.subject.lesion is not None:
                self._detail_panel(figure, column, plane)
        self._header(figure)
        self._footer(figure)

    def _whole_panel(self, figure, column: int, plane: Plane) -> None:
        axes = [plane.horizontal, plane.vertical]
        low, high = (corner[axes] for corner in self.subject.whole)
        panel = self._panel(figure, 0, column, plane, (low + high) / 2, high - low)
        self._slice(panel, self.subject.whole_window, width=1.1)
        if self.subject.lesion is not None:
            panel.rectangle(*self._detail_part(plane))
            self._recist(panel, width=1.0, labels=False)
        place = self.subject.view.place(plane, self.subject.slice_of(plane), self.subject.center)
        panel.annotate(f"{plane.name}, {place}")

    def _detail_panel(self, figure, column: int, plane: Plane) -> None:
        panel = self._panel(figure, 1, column, plane, *self._detail_part(plane))
        self._slice(panel, self.subject.detail_window, width=1.8)
        self._recist(panel, width=2.0, labels=True)
        panel.annotate(f"{plane.name}, enlarged")

    def _detail_part(self, plane: Plane) -> tuple[np.ndarray, np.ndarray]:
        """Centre and span (horizontal, vertical) of the enlarged part in mm."""
        height = self.subject.detail_mm
        center = self.subject.center[[plane.horizontal, plane.vertical]]
        return center, np.array([height * PANEL_WIDTH / PANEL_HEIGHT, height])

    def _panel(self, figure, row: int, column: int, plane: Plane, center: np.ndarray, span_mm: np.ndarray) -> Panel:
        left = MARGIN + column * (PANEL_WIDTH + GAP)
        bottom = FOOTER + (self.rows - 1 - row) * (HEADING + PANEL_HEIGHT)
        inches = np.array([left, bottom, PANEL_WIDTH, PANEL_HEIGHT])
        axes = figure.add_axes(inches / np.tile([WIDTH, self.height], 2))
        return Panel(axes, self.subject.view, plane, center, span_mm)

    def _slice(self, panel: Panel, window: Window, width: float) -> None:
        """Show the CT and the outlines of the masks; ``width`` of their lines in points."""
        subject, index = self.subject, self.subject.slice_of(panel.plane)
        panel.image(cut(subject.ct.array, panel.plane, index), window)
        if subject.reference is not None:
            panel.outline(cut(subject.reference.array, panel.plane, index) != 0, REFERENCE, width)
        labels = cut(subject.mask.array, panel.plane, index)
        for segment in subject.report["segments"]:
            panel.outline(labels == segment["label"], _color(segment), width)

    def _recist(self, panel: Panel, width: float, labels: bool) -> None:
        """Draw the RECIST axes, which lie in the axial slice."""
        measured = self.subject.measured
        if panel.plane is not AXIAL or measured is None:
            return
        for name, color in (("short_axis", SHORT_AXIS), ("long_axis", LONG_AXIS)):
            positions = self.subject.view.positions(measured[f"{name}_points_lps_mm"])
            points = positions[:, [panel.plane.horizontal, panel.plane.vertical]]
            panel.line(points, color, width)
            if labels:
                panel.length_label(points, f"{measured[f'{name}_mm']:.1f} mm", color)

    def _header(self, figure) -> None:
        left, right = MARGIN / WIDTH, 1 - MARGIN / WIDTH
        title, details = self._title()
        figure.text(left, 1 - 0.2 / self.height, title, color=TEXT, fontsize=19, va="top")
        figure.text(left, 1 - 0.6 / self.height, details, color=FAINT, fontsize=12, va="top")
        warning = {"color": WARNING, "fontsize": 14, "va": "top", "ha": "right"}
        figure.text(right, 1 - 0.24 / self.height, "Not for clinical use", **warning)

    def _title(self) -> tuple[str, str]:
        """Headline and the line of figures below it."""
        measured, report = self.subject.measured, self.subject.report
        segments, dice = report["segments"], report.get("reference", {}).get("dice")
        organs = [f"{name_of(one)} {one['volume_ml']:.2f} mL" for one in segments if not one["lesion"]]
        compared = [] if dice is None else [f"Dice with the reference {dice:.2f}"]
        if not has_lesions(segments):
            return ", ".join(name_of(one) for one in segments), "   ·   ".join([*organs, *compared])
        if measured is None:
            shown = "the reference's largest lesion" if self.rows == 2 else self._shown_without_a_lesion()
            return nothing_found(segments), "   ·   ".join([*organs, f"Shown: {shown}"])
        count = len(report["lesions"])
        details = [
            f"{measured['volume_ml']:.2f} mL",
            f"long axis {measured['long_axis_mm']:.1f} mm",
            f"short axis {measured['short_axis_mm']:.1f} mm",
            f"3D diameter {measured['diameter_3d_mm']:.1f} mm",
        ]
        if count > 1:
            details.append(f"in total {report['total']['volume_ml']:.2f} mL")
        name = next((name_of(one) for one in segments if one["label"] == measured.get("label")), "Tumour")
        return f"{name}, lesion {self.subject.number + 1} of {count}", "   ·   ".join([*details, *organs, *compared])

    def _shown_without_a_lesion(self) -> str:
        organ = self.subject.organ
        return "the middle slices" if organ is None else f"where the {name_of(organ).lower()} is largest"

    def _footer(self, figure) -> None:
        """Legend of the colours and the windows."""
        entries = []
        shown = [segment for segment in self.subject.report["segments"] if segment["volume_ml"] > 0]
        entries += [(name_of(segment), _color(segment)) for segment in shown]
        if self.subject.reference is not None:
            entries.append(("reference", REFERENCE))
        if self.subject.measured is not None:
            entries += [("long axis", LONG_AXIS), ("short axis", SHORT_AXIS)]
        middle = 0.5 * FOOTER / self.height
        left = MARGIN
        for name, color in entries:
            figure.text(left / WIDTH, middle, "▬", color=color, fontsize=12, va="center")
            figure.text((left + 0.24) / WIDTH, middle, name, color=TEXT, fontsize=11, va="center")
            left += 0.55 + LETTER * len(name)
        windows = self._windows()
        if left + LETTER * len(windows) > WIDTH - MARGIN:
            windows = self._windows(short=True)
        figure.text(1 - MARGIN / WIDTH, middle, windows, color=FAINT, fontsize=11, va="center", ha="right")

    def _windows(self, short: bool = False) -> str:
        """Say in which windows the panels are shown."""
        above = self.subject.whole_window
        below = above if self.subject.lesion is None else self.subject.detail_window
        named = [f"{one.name} window" if short else str(one) for one in (above, below)]
        return f"Shown in the {named[0]}" if above is below else f"Above: {named[0]}     Below: {named[1]}"


def _color(segment: dict) -> tuple[float, float, float]:
    """Return the colour of one of the report's segments, rgb: as in 3D Slicer."""
    return style_of(name_of(segment)).color_rgb
