"""RECIST axes as markup lines that a person may drag."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import slicer

from .companions import Companions, free_name
from .findings import Finding
from .geometry import lps_to_ras
from .reporting import MOST_LESIONS_DRAWN

_COLORS = {"long": (1.0, 0.85, 0.1), "short": (0.2, 0.85, 1.0)}  # rgb

# On each line: for which axis of which lesion (by its voxels) it was drawn, and where, in the line's own coordinates.
# A line that is not there any more was dragged, whoever dragged it and whenever; nobody needs to watch.
_DRAWN = "LungTumorSeg.Drawn"
_HIDDEN = "LungTumorSeg.Hidden"  # by us: a person who hides lines wants them to stay hidden
_STYLED = "LungTumorSeg.Styled"  # not "has a display node": Slicer gives each line one at once
_MOVED_MM = 0.01
_GLYPH_SCALE, _TEXT_SCALE = 1.5, 2.2  # per cent of the view: a lesion stays visible between its ends
_OUR_NAME = re.compile(r"(Lesion \d+ (?:long|short) axis)(?: \(\d+\))?")


@dataclass(frozen=True, eq=False)
class _Line:
    """A line that is in the scene.

    ``ends`` are (2, 3) LPS mm in the world; ``dragged`` says whether they are elsewhere than they were drawn.
    """

    node: slicer.vtkMRMLMarkupsLineNode
    axis: str
    digest: str
    ends: np.ndarray
    dragged: bool


def dragged_axes(companions: Companions, findings: Sequence[Finding]) -> dict[tuple[int, str], np.ndarray]:
    """Return the axes that a person has set by hand, for as long as the lesion's voxels are the same.

    Returns
    -------
    dict
        (number of the lesion, ``"long"`` or ``"short"``) to the ends of the line: (2, 3), LPS mm in the world.
    """
    measured = {finding.number: finding.measured for finding in findings}
    return {
        (number, axis): line.ends
        for (number, axis), line in _match(companions, findings).items()
        # One whose transform was hardened has other coordinates, and is where it was.
        if line.dragged and np.abs(line.ends - measured[number][f"{axis}_axis_points_lps_mm"]).max() > _MOVED_MM
    }


def draw_axes(owner: slicer.vtkMRMLSegmentationNode, companions: Companions, findings: Sequence[Finding]) -> set[str]:
    """Draw the axes of every lesion, moving the lines that are there; what a person has dragged stays as it is.

    A rejected lesion has no lines, but for those that were dragged: they are hidden until it is kept again. Nor has
    one that is not among the largest (`LungTumorSegLib.scene.reporting.MOST_LESIONS_DRAWN`).

    Parameters
    ----------
    owner : vtkMRMLSegmentationNode
        The lines are put under its parent transform, so that they move with it.
    companions : Companions
        Of the measured segment.
    findings : sequence of Finding
        From `LungTumorSegLib.scene.reporting.with_dragged_axes`.

    Returns
    -------
    set of str
        The keys of the lines.
    """
    there = _match(companions, findings)
    companions.assign({_key(*place): line.node for place, line in there.items()})
    drawn = {}
    for finding in findings:
        for axis in _COLORS:
            dragged = finding.measured[f"{axis}_axis_adjusted"]
            if not ((finding.kept and finding.number <= MOST_LESIONS_DRAWN) or dragged):
                continue
            key = _key(finding.number, axis)
            node = companions.get(key, "vtkMRMLMarkupsLineNode", key.capitalize())
            _put_under(node, owner, np.array(finding.measured[f"{axis}_axis_points_lps_mm"]))
            if not dragged:
                node.SetAttribute(_DRAWN, f"{finding.digest} {axis} {_text(_local_ends(node))}")
            _set_style(node, axis)
            _show(node, finding.kept)
            drawn[key] = node
    _rename(drawn)
    return set(drawn)


def reset_axes(companions: Companions, findings: Sequence[Finding], number: int) -> None:
    """Let go of the dragged axes of one lesion: the next drawing puts them where they are measured."""
    for (lesion, _), line in _match(companions, findings).items():
        if lesion == number:
            line.node.RemoveAttribute(_DRAWN)


def keep_dragged_only(companions: Companions) -> None:
    """Remove a segment's measurements, and hide the lines that were dragged, until their lesion is measured again."""
    dragged = {key: node for key, node in companions.nodes().items() if (line := _line(node)) and line.dragged}
    companions.remove_all_but(set(dragged))
    for node in dragged.values():
        _show(node, False)


def _key(number: int, axis: str) -> str:
    return f"lesion {number} {axis} axis"


def _match(companions: Companions, findings: Sequence[Finding]) -> dict[tuple[int, str], _Line]:
    """Give each lesion, by its voxels, the lines that were drawn for it; of lesions that look alike the nearest."""
    lines = [line for node in companions.nodes().values() if (line := _line(node)) is not None]
    lines.sort(key=lambda line: line.dragged)  # of lesions that look alike, the ones whose lines are in their place
    digests = {finding.number: finding.digest for finding in findings} if lines else {}
    matched: dict[tuple[int, str], _Line] = {}
    for line in lines:
        alike = [
            finding
            for finding in findings
            if digests[finding.number] == line.digest and (finding.number, line.axis) not in matched
        ]
        if alike:
            middle = line.ends.mean(axis=0)
            nearest = min(alike, key=lambda one: np.linalg.norm(one.lesion.centroid - middle))
            matched[nearest.number, line.axis] = line
    return matched


def _line(node: slicer.vtkMRMLNode) -> _Line | None:
    """Read a line with two ends that says what it was drawn for; None of any other node."""
    words = (node.GetAttribute(_DRAWN) or "").split()
    if not node.IsA("vtkMRMLMarkupsLineNode") or node.GetNumberOfControlPoints() != 2 or len(words) != 8:
        return None
    try:
        drawn = np.array(words[2:], dtype=float).reshape(2, 3)
    except ValueError:
        return None
    dragged = bool(np.abs(_local_ends(node) - drawn).max() > _MOVED_MM)
    ends = lps_to_ras(slicer.util.arrayFromMarkupsControlPoints(node, world=True))
    return _Line(node, words[1], words[0], ends, dragged)


def _local_ends(node: slicer.vtkMRMLMarkupsLineNode) -> np.ndarray:
    return slicer.util.arrayFromMarkupsControlPoints(node, world=False)


def _text(ends: np.ndarray) -> str:
    return " ".join(f"{number:.4f}" for number in ends.ravel())


def _put_under(
    node: slicer.vtkMRMLMarkupsLineNode, owner: slicer.vtkMRMLSegmentationNode, ends_lps_mm: np.ndarray
) -> None:
    """Give a line the segmentation's transform and these ends in the world; nobody hears of what is so already."""
    if node.GetTransformNodeID() != owner.GetTransformNodeID():
        node.SetAndObserveTransformNodeID(owner.GetTransformNodeID())
    ends = lps_to_ras(ends_lps_mm)
    there = slicer.util.arrayFromMarkupsControlPoints(node, world=True)
    if there.shape != ends.shape or np.abs(there - ends).max() > 1e-9:
        slicer.util.updateMarkupsControlPointsFromArray(node, ends, world=True)


def _rename(nodes: dict[str, slicer.vtkMRMLMarkupsLineNode]) -> None:
    """Let names say the lesions' present numbers, but for lines that a person has named."""
    wrong = {
        key: node
        for key, node in nodes.items()
        if (ours := _OUR_NAME.fullmatch(node.GetName())) and ours[1] != key.capitalize()
    }
    for node in wrong.values():
        node.SetName("")  # two lines may change their names with one another
    for key, node in wrong.items():
        node.SetName(free_name(node.GetScene(), key.capitalize()))


def _set_style(node: slicer.vtkMRMLMarkupsLineNode, axis: str) -> None:
    """Give a new line its colour, and the long axis a label with its length in mm; later it looks as the person likes.

    The lines of a lesion cross, so that a second label would lie upon the first.
    """
    if node.GetAttribute(_STYLED):
        return
    node.SetAttribute(_STYLED, "1")
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetSelectedColor(*_COLORS[axis])
    display.SetColor(*_COLORS[axis])
    display.SetPointLabelsVisibility(False)
    display.SetPropertiesLabelVisibility(axis == "long")
    display.SetGlyphScale(_GLYPH_SCALE)
    display.SetTextScale(_TEXT_SCALE)


def _show(node: slicer.vtkMRMLMarkupsLineNode, visible: bool) -> None:
    if visible and node.GetAttribute(_HIDDEN):
        node.SetDisplayVisibility(True)
        node.RemoveAttribute(_HIDDEN)
    elif not visible and not node.GetAttribute(_HIDDEN):
        node.SetDisplayVisibility(False)
        node.SetAttribute(_HIDDEN, "1")
