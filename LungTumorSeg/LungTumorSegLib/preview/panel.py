"""One panel of the picture: a slice with outlines, letters and a scale bar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .views import CanonicalView, Plane

BACKGROUND = "#000000"
TEXT = "#e8e8e8"
FAINT = "#8c9299"
LONG_AXIS = "#ffd34d"
SHORT_AXIS = "#6cc6ff"
REFERENCE = "#ff7ac6"
WARNING = "#ffb454"
LABEL_BOX = {"boxstyle": "round,pad=0.25", "facecolor": "#000000b0", "edgecolor": "none"}


@dataclass(frozen=True)
class Window:
    """Range of HU shown from black to white."""

    name: str
    level: float
    width: float

    @property
    def limits(self) -> tuple[float, float]:
        """HU of black and of white."""
        return self.level - self.width / 2, self.level + self.width / 2

    def __str__(self) -> str:
        level = f"{self.level:.0f}".replace("-", "−")
        return f"{self.name} window, level {level} HU, width {self.width:.0f} HU"


LUNG = Window("lung", -600, 1500)
SOFT_TISSUE = Window("soft-tissue", 40, 400)


class Panel:
    """A Matplotlib axes that shows one plane in mm, true to scale.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    view : CanonicalView
        Geometry of what is drawn.
    plane : Plane
        The plane.
    center, span_mm : tuple of float, mm
        Middle of the part shown and least width and height shown (horizontal, vertical); one of both is widened to
        the shape of the axes.
    """

    def __init__(self, axes, view: CanonicalView, plane: Plane, center, span_mm):
        self.axes, self.view, self.plane = axes, view, plane
        size = axes.get_window_extent()
        scale = max(span_mm[0] / size.width, span_mm[1] / size.height)
        half_width, half_height = scale * size.width / 2, scale * size.height / 2
        self.mm_per_point = scale * axes.figure.dpi / 72
        axes.set_facecolor(BACKGROUND)
        axes.set_xlim(center[0] - half_width, center[0] + half_width)
        bottom, top = (1, -1) if plane.down else (-1, 1)
        axes.set_ylim(center[1] + bottom * half_height, center[1] + top * half_height)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_autoscale_on(False)
        for side in axes.spines.values():
            side.set_color("#2a2e33")

    def image(self, pixels: np.ndarray, window: Window) -> None:
        """Show a slice in HU (rows vertical, columns horizontal)."""
        low, high = window.limits
        self.axes.imshow(
            pixels,
            cmap="gray",
            vmin=low,
            vmax=high,
            extent=self.view.extent(self.plane),
            origin="upper" if self.plane.down else "lower",
            interpolation="bicubic",
            aspect="auto",
        )

    def outline(self, inside: np.ndarray, color, width: float, style: str = "solid") -> None:
        """Draw the border of a mask's slice."""
        if not inside.any():
            return
        padded = np.pad(inside.astype(np.float32), 1)
        spacing = self.view.grid.spacing
        vertical, horizontal = (
            (np.arange(n) - 1) * spacing[axis]
            for n, axis in zip(padded.shape, (self.plane.vertical, self.plane.horizontal), strict=True)
        )
        self.axes.contour(
            horizontal, vertical, padded, levels=[0.5], colors=[color], linewidths=width, linestyles=style
        )

    def line(self, points: np.ndarray, color: str, width: float) -> None:
        """Draw a line with small cross-bars at its ends; ``points`` (2, 2) are horizontal and vertical mm."""
        self.axes.plot(*points.T, color=color, linewidth=width, solid_capstyle="butt", zorder=4)
        along = points[1] - points[0]
        across = np.array([-along[1], along[0]]) / np.linalg.norm(along)
        bar = 2.5 * width * self.mm_per_point * across
        for end in points:
            self.axes.plot(*np.stack([end - bar, end + bar]).T, color=color, linewidth=width, zorder=4)

    def length_label(self, points: np.ndarray, text: str, color: str) -> None:
        """Write a line's length beyond the end that leaves more room within the panel."""
        middle = np.array([np.mean(self.axes.get_xlim()), np.mean(self.axes.get_ylim())])
        far, near = sorted(points, key=lambda end: -np.abs(end - middle).max())
        outward = (near - far) / np.linalg.norm(near - far)
        # On the screen, up is up whichever way the axis runs.
        direction = outward * (1, -1 if self.plane.down else 1)
        self.axes.annotate(
            text,
            near,
            xytext=14 * direction,
            textcoords="offset points",
            ha="left" if direction[0] > 0.4 else "right" if direction[0] < -0.4 else "center",
            va="bottom" if direction[1] > 0.4 else "top" if direction[1] < -0.4 else "center",
            color=color,
            fontsize=12,
            fontweight="bold",
            bbox=LABEL_BOX,
            zorder=5,
        )

    def rectangle(self, center, span_mm) -> None:
        """Mark the part that is shown enlarged elsewhere."""
        from matplotlib.patches import Rectangle

        corner = (center[0] - span_mm[0] / 2, center[1] - span_mm[1] / 2)
        self.axes.add_patch(Rectangle(corner, *span_mm, fill=False, edgecolor=FAINT, linewidth=0.8, zorder=3))

    def annotate(self, heading: str) -> None:
        """Add the heading above the panel and, within, orientation letters and a scale bar."""
        self.axes.set_title(heading, loc="left", fontsize=11, color=TEXT, pad=4)
        left, right, top, bottom = self.plane.letters
        self._letter(0.02, 0.5, left, "left", "center")
        self._letter(0.98, 0.5, right, "right", "center")
        self._letter(0.5, 0.975, top, "center", "top")
        self._letter(0.5, 0.025, bottom, "center", "bottom")
        self._scale_bar()

    def _letter(self, x: float, y: float, text: str, ha: str, va: str) -> None:
        from matplotlib.patheffects import withStroke

        self.axes.text(
            x,
            y,
            text,
            transform=self.axes.transAxes,
            ha=ha,
            va=va,
            fontsize=12,
            color=TEXT,
            path_effects=[withStroke(linewidth=2, foreground="black")],
            zorder=6,
        )

    def _scale_bar(self) -> None:
        from matplotlib.patheffects import withStroke

        width = abs(np.diff(self.axes.get_xlim())[0])
        length = max(step for step in (1, 2, 5, 10, 20, 50, 100, 200) if step <= max(0.25 * width, 1))
        self.axes.plot(
            [0.025, 0.025 + length / width],
            [0.03, 0.03],
            transform=self.axes.transAxes,
            color=TEXT,
            linewidth=2.5,
            solid_capstyle="butt",
            path_effects=[withStroke(linewidth=4.5, foreground="black")],
            zorder=6,
        )
        self.axes.text(
            0.035,
            0.058,
            f"{length} mm",
            transform=self.axes.transAxes,
            ha="left",
            va="bottom",
            fontsize=10,
            color=TEXT,
            bbox=LABEL_BOX,
            zorder=6,
        )
