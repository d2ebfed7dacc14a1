"""Training cases: CTs and masks on the prepared grid, and the places in them to draw patches from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import InputError
from ...preparation import PreparedCT, prepare_ct
from ...recipe.schema import Recipe
from .case_files import CaseFiles
from .case_images import CaseImages
from .labels import check_values

IGNORED = 255  # label of voxels that no loss sees
SOLID_HU = -300.0
SOLID_RADIUS_MM = 4.0  # thicker than a vessel of the lung's periphery
SEAM_HU = -30.0  # half-filled voxels along the pleura; left in place they would part a pasted lesion from the wall
CANDIDATES = 200_000  # places to draw from; all of them would only cost memory


@dataclass(frozen=True, eq=False)
class TrainingCase:
    """One CT on the prepared grid; all arrays zyx.

    ``hu``, ``label``, ``solid`` and ``region`` are in memory, or read from a cache (`CachedArray`): they are only ever
    sliced and asked for their shape.

    Attributes
    ----------
    hu : ndarray of int16
    label : ndarray of uint8
        0 background, 1… the recipe's labels, `IGNORED` where the truth is not known.
    solid : ndarray of bool
        Chest wall, mediastinum and other thick soft tissue: not replaced by a pasted nodule.
    aerated : ndarray of shape (n, 3), zyx
        Voxels of air-filled lung; candidates for the place of a synthetic lesion. None where there are no lungs.
    anywhere : ndarray of shape (n, 3), zyx
        Voxels of the lung region, hila and mediastinum included; candidates for the place of a negative patch.
    lesions : list of ndarray of shape (n, 3), zyx
        The voxels of each annotated lesion.
    spacing : tuple of float, zyx, mm
    region : ndarray of bool, or None
        The lung region, where it was kept.
    subtype : int or None
        The class of the lesions, where the data set tells it.
    """

    name: str
    hu: np.ndarray
    label: np.ndarray
    solid: np.ndarray
    aerated: np.ndarray
    anywhere: np.ndarray
    lesions: list[np.ndarray]
    spacing: tuple[float, float, float]
    region: np.ndarray | None = None
    subtype: int | None = None


def prepare_case(files: CaseFiles, images: CaseImages, recipe: Recipe) -> TrainingCase:
    """Bring a case that was read to the prepared grid, and list the places to draw patches from.

    All of the CT is kept: what a recipe hides outside the lung region, patches hide when lesions have been laid in.

    Raises
    ------
    InputError
        There are no lungs, or no air in them, and the recipe looks for lungs; a label that nobody looked for in a
        DICOM annotation; a mask of other labels.
    """
    import cc3d

    from ...lungs.morphology import dilate, erode

    if unsought := set(recipe.labels) - (images.searched_for or set(recipe.labels)):
        do = f"set annotation.rois.{min(unsought)} in the recipe"
        raise InputError(f"no ROI is named for label {min(unsought)}", files.mask, do)
    check_values(images.mask, recipe.labels, files.mask)
    try:
        prepared = prepare_ct(images.ct, recipe.preparation.model_copy(update={"outside": "keep"}))
    except InputError as error:
        raise InputError(error.what, files.ct, error.do) from error
    label = _prepared_label(images, prepared, tuple(recipe.labels))
    spacing = prepared.grid_map.target.spacing[::-1]
    hu = np.rint(np.clip(prepared.hu, -1024, 3071)).astype(np.int16)
    solid = dilate(erode(hu > SOLID_HU, SOLID_RADIUS_MM, spacing), SOLID_RADIUS_MM, spacing)
    solid &= ~(_with_neighbours(~solid) & (hu < SEAM_HU))
    region = np.ones(hu.shape, dtype=bool) if prepared.region is None else prepared.region
    marked = (label > 0) & (label != IGNORED)
    components = cc3d.connected_components(marked.astype(np.uint8), connectivity=26)  # bool misleads cc3d
    lesions = [np.argwhere(components == k).astype(np.int16) for k in range(1, int(components.max()) + 1)]
    aerated = region & (hu < -600) & ~solid
    if recipe.preparation.region == "lungs" and not aerated.any():
        raise InputError("no aerated lung to train on was found", files.ct, "leave the case out")
    return TrainingCase(files.name, hu, label, solid, _some(aerated), _some(region), lesions, spacing, region)


def _with_neighbours(where: np.ndarray) -> np.ndarray:
    """Return the true voxels and their six neighbours, zyx."""
    from scipy.ndimage import binary_dilation

    return binary_dilation(where)


def _prepared_label(images: CaseImages, prepared: PreparedCT, values: tuple[int, ...]) -> np.ndarray:
    """Return the labels on the prepared grid, `IGNORED` where the truth is not known.

    Each label is resampled on its own and holds from one half of a voxel. With one label every mark means it, whatever
    its value in the file (255, often).
    """
    label = np.zeros(prepared.hu.shape, dtype=np.uint8)
    if images.ignore is not None:
        label[prepared.grid_map.forward(images.ignore) >= 0.5] = IGNORED
    for value in values if images.mask is not None else ():
        marked = images.mask.array > 0 if len(values) == 1 else images.mask.array == value
        label[prepared.grid_map.forward(marked) >= 0.5] = value
    return label


def _some(where: np.ndarray) -> np.ndarray:
    """Return the places of at most `CANDIDATES` true voxels, always the same ones."""
    places = np.argwhere(where)
    keep = np.random.default_rng(0).permutation(len(places))[:CANDIDATES]
    return places[np.sort(keep)].astype(np.int16)
