"""From HU to the air that fills the lungs: table removed, air components, region growing.

All arrays are zyx in canonical order (superior, posterior, left) on a coarse grid.
"""

from __future__ import annotations

import numpy as np

from ..volume.boxes import bounding_box, grown

AIR_HU = -400.0  # between lung (-900 to -600) and soft tissue (0 to 80)
CUT_LUNG_HU = -930.0  # median of a lung at the edge of the scan; bedding leaves that of outside air near -1000
BOWEL_GAS_HU = -960.0  # pure gas; even emphysematous lung holds some tissue
TABLE_OPENING_MM = 8.0  # a couch's shells are thinner, a body is not
THIN_WALL_MM = 6.0  # an emaciated chest wall; a couch is farther away than that
AIRWAY_OPENING_MM = 5.0  # parts lungs from the airways that join them
MINIMUM_LUNG_ML = 100.0
SHARE_OF_LARGEST = 0.08  # a second lung smaller than this is left to the mirror image


def dilate(mask: np.ndarray, radius_mm: float, spacing_zyx: tuple[float, float, float]) -> np.ndarray:
    """Dilate by a ball: all voxels at most ``radius_mm`` from one of ``mask`` (Maurer's exact distance transform).

    Its cost does not depend on the radius, as that of a structuring element would.
    """
    reach = tuple(int(radius_mm / step) + 1 for step in spacing_zyx)
    box = grown(bounding_box(mask), reach, mask.shape)
    result = np.zeros_like(mask)
    result[box] = _within(mask[box], radius_mm, spacing_zyx)
    return result


def erode(mask: np.ndarray, radius_mm: float, spacing_zyx: tuple[float, float, float]) -> np.ndarray:
    """Erode by a ball; what lies beyond the volume counts as inside."""
    # The nearest voxel beside the mask is never farther than the first layer around its box.
    box = grown(bounding_box(mask), (1, 1, 1), mask.shape)
    result = np.zeros_like(mask)
    result[box] = ~_within(~mask[box], radius_mm, spacing_zyx)
    return result


def _within(mask: np.ndarray, radius_mm: float, spacing_zyx: tuple[float, float, float]) -> np.ndarray:
    """Find the voxels at most ``radius_mm`` from one of ``mask``."""
    import SimpleITK as sitk

    if mask.all() or not mask.any():  # there is no border to measure from
        return mask.copy()
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing([float(s) for s in spacing_zyx[::-1]])
    squared = sitk.SignedMaurerDistanceMap(image, insideIsPositive=False, squaredDistance=True, useImageSpacing=True)
    return sitk.GetArrayViewFromImage(squared) <= radius_mm**2


def dilate_slices(mask: np.ndarray, radius_mm: float, spacing_zyx: tuple[float, float, float]) -> np.ndarray:
    """Dilate each axial slice for itself, by a disc."""
    apart = 1e3 * (radius_mm + max(spacing_zyx))
    return dilate(mask, radius_mm, (apart, *spacing_zyx[1:]))


def close(mask: np.ndarray, radius_mm: float, spacing_zyx: tuple[float, float, float]) -> np.ndarray:
    """Dilate, then erode."""
    return erode(dilate(mask, radius_mm, spacing_zyx), radius_mm, spacing_zyx)


def without_cavities(mask: np.ndarray) -> np.ndarray:
    """Fill what the mask encloses on all sides: tumours deep in a lung, wider than a closing spans."""
    import cc3d

    beside, count = cc3d.connected_components((~mask).astype(np.uint8), connectivity=6, return_N=True)
    outside = np.zeros(count + 1, dtype=bool)
    for axis in range(3):
        for end in (0, -1):
            outside[np.unique(beside.take(end, axis))] = True
    return mask | ~outside[beside]


def body_mask(hu: np.ndarray, padding: np.ndarray, spacing_zyx: tuple[float, float, float]) -> np.ndarray:
    """Find the patient, lungs included and couch excluded.

    The body is the largest solid that an opening leaves, grown back to the thin walls that the opening took. Holes are
    filled slice by slice, so that lungs stay inside even where the airway joins the outside air in the neck.

    Parameters
    ----------
    hu : ndarray, zyx
    padding : ndarray of bool, zyx
        Where the scanner measured nothing (beyond its circle).
    """
    import cc3d

    solid = hu > AIR_HU
    core = dilate(erode(solid, TABLE_OPENING_MM / 2, spacing_zyx), TABLE_OPENING_MM / 2, spacing_zyx)
    largest = cc3d.largest_k(core.astype(np.uint8), k=1, connectivity=6).astype(bool)
    body = solid & dilate(largest, THIN_WALL_MM, spacing_zyx)
    return np.stack([_filled(*planes) for planes in zip(body, hu, padding, strict=True)])


def _filled(body: np.ndarray, hu: np.ndarray, padding: np.ndarray) -> np.ndarray:
    """Fill what a slice's body encloses, and lungs that the field of view cuts (all yx).

    Air that reaches the edge of what was scanned is outside, unless most of it is as dense as lung. At the posterior
    edge it is always outside: there lies the couch, whose foam is as dense as lung.
    """
    from scipy.ndimage import binary_dilation, binary_fill_holes, label

    filled = binary_fill_holes(body)
    pieces, count = label(~filled & ~padding)
    if count == 0:
        return filled
    # The median lies above the limit where more than half of the voxels do.
    denser = np.bincount(pieces[hu > CUT_LUNG_HU], minlength=count + 1)
    lung_like = 2 * denser > np.bincount(pieces.ravel(), minlength=count + 1)
    lung_like[0] = False
    lung_like[pieces[-1]] = False
    lung_like[pieces[binary_dilation(padding) & (np.arange(len(hu)) > 0.75 * len(hu))[:, None]]] = False
    return filled | lung_like[pieces]


def lung_air(hu: np.ndarray, body: np.ndarray, spacing_zyx: tuple[float, float, float]) -> np.ndarray:
    """Find the air-filled lungs (both, as one mask); all False where there are none.

    Air inside the body is opened to part the lungs from airways and bowel; the components that are large, and hold
    more than pure gas, are grown back into the air around them.
    """
    import cc3d
    from scipy.ndimage import binary_propagation

    air = (hu < AIR_HU) & body
    seeds = erode(air, AIRWAY_OPENING_MM, spacing_zyx)
    labels, count = cc3d.connected_components(seeds.astype(np.uint8), connectivity=6, return_N=True)
    if count == 0:
        return np.zeros_like(air)
    voxel_ml = float(np.prod(spacing_zyx)) / 1000.0
    voxels = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    mean_hu = np.bincount(labels.ravel(), weights=hu.ravel(), minlength=count + 1)[1:] / voxels
    is_lung = (mean_hu > BOWEL_GAS_HU) & (voxels >= SHARE_OF_LARGEST * voxels[mean_hu > BOWEL_GAS_HU].max(initial=0))
    chosen = np.isin(labels, 1 + np.flatnonzero(is_lung))
    reach = dilate(chosen, AIRWAY_OPENING_MM * 1.8, spacing_zyx)
    grown = binary_propagation(chosen, mask=air & reach)
    return grown if grown.sum() * voxel_ml >= MINIMUM_LUNG_ML else np.zeros_like(air)
