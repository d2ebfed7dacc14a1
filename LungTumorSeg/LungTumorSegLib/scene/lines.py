"""RECIST axes as markup lines."""

from __future__ import annotations

import numpy as np
import slicer

from .companions import Companions
from .geometry import lps_to_ras

AXES = {"long": (1.0, 0.85, 0.1), "short": (0.2, 0.85, 1.0)}  # colour, rgb


def draw_axes(owner: slicer.vtkMRMLSegmentationNode, companions: Companions, lesions: list[dict]) -> set[str]:
    """Draw the long and short axis of every lesion, moving the lines that are there.

    Parameters
    ----------
    owner : vtkMRMLSegmentationNode
        The lines are put under its parent transform, so that they move with it.
    companions : Companions
        Of the measured segment.
    lesions : list of dict
        The report's lesions; end points are LPS mm in the world.

    Returns
    -------
    set of str
        The keys of the lines.
    """
    drawn = set()
    for number, lesion in enumerate(lesions, start=1):
        for axis, color in AXES.items():
            ends = np.array(lesion[f"{axis}_axis_points_lps_mm"])
            key = f"lesion {number} {axis} axis"
            line = companions.get(key, "vtkMRMLMarkupsLineNode", key.capitalize())
            line.SetAndObserveTransformNodeID(owner.GetTransformNodeID())
            slicer.util.updateMarkupsControlPointsFromArray(line, lps_to_ras(ends), world=True)
            line.SetLocked(True)  # it shows what was measured: dragging it would not measure anew
            _set_style(line, color)
            drawn.add(key)
    return drawn


def _set_style(line: slicer.vtkMRMLMarkupsLineNode, color: tuple[float, float, float]) -> None:
    line.CreateDefaultDisplayNodes()
    display = line.GetDisplayNode()
    display.SetSelectedColor(*color)
    display.SetColor(*color)
    display.SetPointLabelsVisibility(False)
    display.SetPropertiesLabelVisibility(True)
