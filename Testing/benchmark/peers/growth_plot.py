"""The growth as one picture and as tables."""

from __future__ import annotations

from pathlib import Path

from .growth import COARSE, DEFAULT
from .store import Store
from .tables import GIB, markdown

AXES = {
    "slices": "slices of 512x512 voxels, 1 mm apart",
    "overlap": "overlap of the windows",
    "lesions": "lesions of 9 mm that were grown",
}
COLOURS = {DEFAULT: "tab:blue", COARSE: "tab:orange"}


def curves(store: Store, axis: str) -> dict[str, list[dict]]:
    """Return the measured points along an axis, by curve, in order."""
    found: dict[str, list[dict]] = {}
    for one in store.records:
        if "growth" in one and one["growth"]["axis"] == axis and "seconds" in one:
            found.setdefault(one["growth"]["curve"], []).append(one)
    return {curve: sorted(records, key=lambda one: one["growth"]["at"]) for curve, records in found.items()}


def draw_growth(store: Store, path: Path) -> None:
    """Draw seconds (above) and GiB (below) over each of the three."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(2, len(AXES), figsize=(11, 5.2), sharex="col", layout="constrained")
    for column, (axis, name) in zip(panels.T, AXES.items(), strict=True):
        for curve, records in curves(store, axis).items():
            at = [one["growth"]["at"] for one in records]
            style = {"marker": "o", "markersize": 4, "color": COLOURS[curve], "label": curve}
            column[0].plot(at, [one["seconds"] for one in records], **style)
            column[1].plot(at, [peak(one) / GIB for one in records], **style)
        if column[0].lines:
            column[0].legend(frameon=False)
        column[1].set_xlabel(name)
        for panel in column:
            panel.set_ylim(bottom=0)
            panel.grid(alpha=0.3)
    panels[0, 0].set_ylabel("s, file to file")
    panels[1, 0].set_ylabel("peak memory, GiB")
    figure.savefig(path, dpi=80)
    pyplot.close(figure)


def growth_tables(store: Store) -> str:
    """Write one table for each axis."""
    texts = []
    for axis, name in AXES.items():
        head = [name, "curve", "windows", "s, file to file", "of it network", "peak memory, GiB"]
        rows = [
            [
                f"{one['growth']['at']:g}",
                curve,
                f"{one['windows']} of {one['total_windows']}",
                f"{one['seconds']:.1f}",
                f"{one['stages']['network']:.1f}",
                f"{peak(one) / GIB:.2f}",
            ]
            for curve, records in curves(store, axis).items()
            for one in records
        ]
        if rows:
            texts.append(markdown(head, rows))
    return "\n\n".join(texts)


def peak(record: dict) -> float:
    """Return the most memory of the process and its children (bytes)."""
    return max(record["peak_bytes"], record["tree_bytes"])
