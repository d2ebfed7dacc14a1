"""What the charts of this project have in common: their colours, and axes without ornament."""

from __future__ import annotations

INK, FAINT, GRID, WARNING = "#1d2733", "#67727e", "#e3e7eb", "#b3261e"


def plain_axes(axes) -> None:
    """Take the frame's upper and right side away, and lay light lines under what is drawn."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=9)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
