"""Border refinement: near a component's border, a voxel's intensity decides whether it belongs.

For each component C, with mean m and standard deviation s of its HU: in the ring between C's erosion and its dilation
by a ball, voxels of C stay, and voxels beside C are added, where their HU lies within m ± z s. (After Loux 2024, who
refines the largest component; here each is refined by its own interval.)
"""

from __future__ import annotations

import numpy as np

from ..volume.boxes import Box, bounding_box, grown, inside
from .components import CONNECTIVITY, Component, find_components

Triple = tuple[float, float, float]

# Two voxels lie exactly one standard deviation from their mean: the last digit must not decide about them.
ROUNDING_HU = 1e-3


def refine_borders(
    mask: np.ndarray,
    ct: np.ndarray,
    spacing_xyz: Triple,
    *,
    radius_mm: float,
    confidence_z: float,
    region: np.ndarray | None = None,
) -> np.ndarray:
    """Refine the border of every component of ``mask``.

    Whatever the order of the components, the result is the same: all intervals come from the mask as given, a voxel
    of a component is judged by this component only, and a background voxel that several components would add gets
    the label of the nearest of them (of the lower label, at equal distance).

    Parameters
    ----------
    mask : uint8 ndarray, zyx
        Labels; 0 is background.
    ct : ndarray, zyx
        HU on the same grid.
    spacing_xyz : tuple of float, mm
        Voxel spacing. Erosion and dilation are by a ball in mm, so an axis with a spacing above ``radius_mm`` is left
        alone.
    radius_mm : float
        Radius of the ball.
    confidence_z : float
        Half width of the HU interval in standard deviations.
    region : bool ndarray, zyx, optional
        Nothing is added outside it.

    Returns
    -------
    uint8 ndarray, zyx
        A new mask.
    """
    refined = np.zeros_like(mask)
    margin = tuple(int(radius_mm / step) + 1 for step in spacing_xyz[::-1])
    around = grown(bounding_box(mask), margin, mask.shape)
    part = refined[around]
    # Distance to the component that added a voxel, to settle who gets it.
    nearest = np.full(part.shape, np.inf, dtype=np.float32)
    for component in find_components(mask):
        box = grown(component.box, margin, mask.shape)
        kept, added, distance = _refine(
            component, box, mask[box], ct[box], spacing_xyz, radius_mm, confidence_z, region
        )
        labels, claimed = part[inside(box, around)], nearest[inside(box, around)]
        nearer = (distance < claimed) | ((distance == claimed) & (component.label < labels))
        won = added & nearer
        labels[won] = component.label
        claimed[won] = distance[won]
        labels[kept] = component.label
    return refined


def _refine(
    component: Component,
    box: Box,
    mask: np.ndarray,
    ct: np.ndarray,
    spacing_xyz: Triple,
    radius_mm: float,
    confidence_z: float,
    region: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Refine one component; ``mask`` and ``ct`` are cut to ``box``.

    Returns
    -------
    kept, added : ndarray of bool, zyx, on ``box``
        Voxels of the component that stay, and background voxels that it adds.
    distance : float32 ndarray, zyx, mm, on ``box``
        Distance of each voxel from the component.
    """
    own = np.zeros(mask.shape, dtype=bool)
    own[inside(component.box, box)] = component.inside
    values = ct[own].astype(np.float64)
    usual = np.abs(ct - values.mean()) <= confidence_z * values.std() + ROUNDING_HU

    # A ball of radius r around a voxel lies in C if nothing else is within r: C's erosion. It reaches C if C is within
    # r: C's dilation. Distances are between voxel centres; what lies beyond the image's edge erodes nothing.
    reach = radius_mm * (1 + 1e-6)  # a radius of exactly three voxels must not fail by the last digit
    distance = _distance_to(own, spacing_xyz)
    core = own & (_distance_to(~own, spacing_xyz) > reach)
    added = (mask == 0) & (distance <= reach) & usual
    if region is not None:
        added &= region[box]
    whole = _without_specks(core | (own & usual) | added, core)
    if not (whole & own).any():
        whole = own  # an interval that holds no voxel of its own component decides nothing
    return whole & own, whole & added, distance


def _distance_to(target: np.ndarray, spacing_xyz: Triple) -> np.ndarray:
    """Distance in mm from each voxel centre to the nearest one in ``target``; infinite where there is none."""
    if not target.any():
        return np.full(target.shape, np.inf, dtype=np.float32)
    from scipy.ndimage import distance_transform_edt

    return distance_transform_edt(~target, sampling=spacing_xyz[::-1]).astype(np.float32)


def _without_specks(voxels: np.ndarray, core: np.ndarray) -> np.ndarray:
    """Keep the connected pieces that hold some of ``core``; where there is no core, the largest piece or pieces.

    Otherwise single voxels cut off in the ring, or added beyond a gap, would be counted as lesions.
    """
    import cc3d

    pieces = cc3d.connected_components(voxels.astype(np.uint8, order="C"), connectivity=CONNECTIVITY)
    held = np.bincount(pieces[core if core.any() else voxels], minlength=int(pieces.max()) + 1)
    stays = held > 0 if core.any() else (held == held.max()) & (held > 0)
    return stays[pieces]
