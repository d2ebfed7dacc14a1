"""From HU to the air that fills the lungs: table removed, air components, region growing.

All arrays are zyx in canonical order (superior, posterior, left) on a coarse grid.
"""

from __future__ import annotations

import numpy as np

from .morphology import dilate, erode, without_holes

AIR_HU = -400.0  # between lung (-900 to -600) and soft tissue (0 to 80)
CUT_LUNG_HU = -930.0  # median of a lung at the edge of the scan; bedding leaves that of outside air near -1000
BOWEL_GAS_HU = -960.0  # pure gas; even emphysematous lung holds some tissue
TABLE_OPENING_MM = 8.0  # a couch's shells are thinner, a body is not
THIN_WALL_MM = 6.0  # an emaciated chest wall; a couch is farther away than that
AIRWAY_OPENING_MM = 5.0  # parts lungs from the airways that join them
MINIMUM_LUNG_ML = 100.0
SHARE_OF_LARGEST = 0.08  # a second lung smaller than this is left to the mirror image


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
    filled = without_holes(body)
    return np.stack([_with_cut_lungs(*planes) for planes in zip(filled, hu, padding, strict=True)])


def _with_cut_lungs(body: np.ndarray, hu: np.ndarray, padding: np.ndarray) -> np.ndarray:
    """Add lungs that the field of view cuts to a slice's body (all yx).

    Air that reaches the edge of what was scanned is outside, unless most of it is as dense as lung. At the posterior
    edge it is always outside: there lies the couch, whose foam is as dense as lung.
    """
    from scipy.ndimage import binary_dilation, label

    pieces, count = label(~body & ~padding)
    if count == 0:
        return body
    # The median lies above the limit where more than half of the voxels do.
    denser = np.bincount(pieces[hu > CUT_LUNG_HU], minlength=count + 1)
    lung_like = 2 * denser > np.bincount(pieces.ravel(), minlength=count + 1)
    lung_like[0] = False
    lung_like[pieces[-1]] = False
    if padding.any():
        lung_like[pieces[binary_dilation(padding) & (np.arange(len(hu)) > 0.75 * len(hu))[:, None]]] = False
    return body | lung_like[pieces]


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
    voxels = np.bincount(labels[seeds])[1:]
    mean_hu = np.bincount(labels[seeds], weights=hu[seeds])[1:] / voxels
    is_lung = (mean_hu > BOWEL_GAS_HU) & (voxels >= SHARE_OF_LARGEST * voxels[mean_hu > BOWEL_GAS_HU].max(initial=0))
    chosen = np.isin(labels, 1 + np.flatnonzero(is_lung))
    reach = dilate(chosen, AIRWAY_OPENING_MM * 1.8, spacing_zyx)
    grown = binary_propagation(chosen, mask=air & reach)
    return grown if grown.sum() * voxel_ml >= MINIMUM_LUNG_ML else np.zeros_like(air)
