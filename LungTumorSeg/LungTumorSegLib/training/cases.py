"""Training cases: CTs and masks on the prepared grid, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..preparation import PreparedCT, prepare_ct
from ..progress import Progress, silent
from ..recipe.schema import Recipe
from ..volume import Volume, same_grid_or_raise
from ..volume.reading import read_ct, read_mask
from .layouts import CaseFiles

IGNORED = 255  # label of voxels that no loss sees
SOLID_HU = -300.0
SOLID_RADIUS_MM = 4.0  # thicker than a vessel of the lung's periphery
CANDIDATES = 200_000  # places to draw from; all of them would only cost memory


@dataclass(frozen=True, eq=False)
class TrainingCase:
    """One CT on the prepared grid; all arrays zyx.

    Attributes
    ----------
    hu : ndarray of int16
    label : ndarray of uint8
        0 background, 1… the recipe's labels, `IGNORED` where the truth is not known.
    solid : ndarray of bool
        Chest wall, mediastinum and other thick soft tissue: not replaced by a pasted nodule.
    aerated : ndarray of shape (n, 3), zyx
        Voxels of air-filled lung; candidates for the place of a synthetic lesion.
    anywhere : ndarray of shape (n, 3), zyx
        Voxels of the lung region, hila and mediastinum included; candidates for the place of a negative patch.
    lesions : list of ndarray of shape (n, 3), zyx
        The voxels of each annotated lesion.
    """

    name: str
    hu: np.ndarray
    label: np.ndarray
    solid: np.ndarray
    aerated: np.ndarray
    anywhere: np.ndarray
    lesions: list[np.ndarray]


def load_case(files: CaseFiles, recipe: Recipe) -> TrainingCase:
    """Read and prepare one case.

    Raises
    ------
    InputError
        Names the file that cannot be used.
    """
    import cc3d

    from ..lungs.airspace import dilate, erode

    ct = read_ct(files.ct)
    try:
        prepared = prepare_ct(ct, recipe.preparation)
    except InputError as error:
        raise InputError(error.what, files.ct, error.do) from error
    label = np.zeros(prepared.hu.shape, dtype=np.uint8)
    for path in files.ignore:
        label[_inside(path, ct, prepared, None)] = IGNORED
    for value in recipe.labels if files.mask else ():
        label[_inside(files.mask, ct, prepared, value if len(recipe.labels) > 1 else None)] = value
    spacing = prepared.grid_map.target.spacing[::-1]
    hu = np.rint(np.clip(prepared.hu, -1024, 3071)).astype(np.int16)
    solid = dilate(erode(hu > SOLID_HU, SOLID_RADIUS_MM, spacing), SOLID_RADIUS_MM, spacing)
    region = np.ones(hu.shape, dtype=bool) if prepared.region is None else prepared.region
    marked = (label > 0) & (label != IGNORED)
    components = cc3d.connected_components(marked.astype(np.uint8), connectivity=26)  # bool misleads cc3d
    lesions = [np.argwhere(components == k).astype(np.int16) for k in range(1, int(components.max()) + 1)]
    aerated = region & (hu < -600) & ~solid
    if not aerated.any():
        raise InputError("no aerated lung to train on was found", files.ct, "leave the case out")
    return TrainingCase(files.name, hu, label, solid, _some(aerated), _some(region), lesions)


def _inside(path: Path, ct: Volume, prepared: PreparedCT, value: int | None) -> np.ndarray:
    """Read a mask and bring the voxels of ``value`` (of any label for None) to the prepared grid, as bool."""
    mask = read_mask(path)
    same_grid_or_raise(mask, ct, path)
    chosen = mask.array > 0 if value is None else mask.array == value
    return prepared.grid_map.forward(chosen) >= 0.5


def _some(where: np.ndarray) -> np.ndarray:
    """Return the places of at most `CANDIDATES` true voxels, always the same ones."""
    places = np.argwhere(where)
    keep = np.random.default_rng(0).permutation(len(places))[:CANDIDATES]
    return places[np.sort(keep)].astype(np.int16)


def load_cases(files: list[CaseFiles], recipe: Recipe, progress: Progress = silent) -> list[TrainingCase]:
    """Read and prepare all cases, in order."""
    cases = []
    for done, one in enumerate(files):
        progress("reading", done / len(files))
        cases.append(load_case(one, recipe))
    progress("reading", 1.0)
    return cases
