"""Between Slicer's RAS matrices and the package's LPS grids."""

from __future__ import annotations

import numpy as np
import slicer
import vtk

from ..errors import InputError
from ..volume import Grid
from ..volume.checks import MAX_SKEW

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def to_vtk(matrix: np.ndarray) -> vtk.vtkMatrix4x4:
    """Return a (4, 4) array as a VTK matrix."""
    return slicer.util.vtkMatrixFromArray(np.asarray(matrix, dtype=float))


def lps_to_ras(points: np.ndarray) -> np.ndarray:
    """Turn (…, 3) points in mm from LPS to RAS (the same turn leads back)."""
    return np.asarray(points, dtype=float) * (-1.0, -1.0, 1.0)


def grid_from_ras(ijk_to_ras: np.ndarray, size: tuple[int, int, int], where: str) -> Grid:
    """Return the LPS grid of a RAS matrix.

    Parameters
    ----------
    ijk_to_ras : ndarray of shape (4, 4)
        From index (xyz) to RAS mm.
    size : tuple of int, xyz
        Number of voxels.
    where : str
        Whose matrix it is, for the message.

    Raises
    ------
    InputError
        The axes are not at right angles (shear) or have no length: there is no spacing to measure with.
    """
    affine = _RAS_TO_LPS @ ijk_to_ras
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.isfinite(affine).all() or not (spacing > 0).all():
        raise InputError("the geometry matrix is singular", where, "correct the spacing and the transform")
    direction = affine[:3, :3] / spacing
    if np.abs(direction.T @ direction - np.eye(3)).max() > MAX_SKEW:
        do = "resample it without shear (harden its transform on a copy, or Resample Scalar Volume) and use that"
        raise InputError("the voxel axes are not at right angles", where, do)
    return Grid(size, tuple(spacing), tuple(affine[:3, 3]), direction)


def ijk_to_ras(grid: Grid) -> np.ndarray:
    """Return the (4, 4) matrix from index (xyz) to RAS mm."""
    return _RAS_TO_LPS @ grid.affine


def node_to_world(node: slicer.vtkMRMLTransformableNode) -> np.ndarray:
    """Return the (4, 4) RAS matrix of all of a node's parent transforms.

    Raises
    ------
    InputError
        One of them is not linear. The voxels then lie on no regular grid in the world; hardening it resamples the
        image, which is the person's to decide on and not done in passing.
    """
    transform = node.GetParentTransformNode()
    if transform is None:
        return np.eye(4)
    if not transform.IsTransformToWorldLinear():
        do = "harden the transform on a copy of the node (Transforms module) and use the copy"
        raise InputError("a parent transform is not linear", node.GetName(), do)
    matrix = vtk.vtkMatrix4x4()
    transform.GetMatrixTransformToWorld(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)
