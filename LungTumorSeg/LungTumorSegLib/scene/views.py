"""What the slice views show."""

from __future__ import annotations

import slicer


def jump_to(scene: slicer.vtkMRMLScene, point_ras_mm: tuple[float, float, float]) -> None:
    """Move all slice views to a point in the world, in their middle; without views nothing happens."""
    slicer.vtkMRMLSliceNode.JumpAllSlices(scene, *point_ras_mm, slicer.vtkMRMLSliceNode.CenteredJumpSlice)
