"""Training cases: CTs and masks on the prepared grid, in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..preparation import prepare_ct
from ..progress import Progress, silent
from ..recipe.schema import Recipe
from ..volume.reading import read_ct, read_mask
from .layouts import CaseFiles

IGNORED = 255  # label of voxels that no loss sees
SOLID_HU = -300.0
SOLID_RADIUS_MM = 4.0  # thicker than a vessel of the lung's periphery


@dataclass(frozen=True, eq=False)
class TrainingCase:
    """One CT on the prepared grid; all arrays zyx.

    Attributes
    ----------
    hu : ndarray of int16
    label : ndarray of uint8
        0 background, 1… the recipe's labels, `IGNORED` where the truth is not known.
    region : ndarray of bool
        Where negatives are drawn from and lesions are put: the lung region, or everything.
    solid : ndarray of bool
        Chest wall, mediastinum and other thick soft tissue: not replaced by a pasted nodule.
    aerated : ndarray of shape (n, 3), zyx
        Voxels of air-filled lung; candidates for the place of a synthetic lesion.
    lesions : list of ndarray of shape (n, 3), zyx
        The voxels of each annotated lesion.
    """

    name: str
    hu: np.ndarray
    label: np.ndarray
    region: np.ndarray
    solid: np.ndarray
    aerated: np.ndarray
    lesions: list[np.ndarray]


def load_case(files: CaseFiles, recipe: Recipe) -> TrainingCase:
    """Read and prepare one case."""
    import cc3d

    from ..lungs.airspace import dilate, erode

    ct = read_ct(files.ct)
    prepared = prepare_ct(ct, recipe.preparation)
    label = np.zeros(prepared.hu.shape, dtype=np.uint8)
    for path, value in [(path, IGNORED) for path in files.ignore] + ([(files.mask, None)] if files.mask else []):
        mask = read_mask(path)
        if not mask.grid.same_as(ct.grid):
            raise InputError("the mask does not lie on its CT's grid", path, "resample the mask to the CT")
        for source in np.unique(mask.array)[1:]:
            inside = prepared.grid_map.forward(mask.array == source) >= 0.5
            label[inside] = source if value is None else value
    spacing = prepared.grid_map.target.spacing[::-1]
    hu = np.rint(np.clip(prepared.hu, -1024, 3071)).astype(np.int16)
    solid = dilate(erode(hu > SOLID_HU, SOLID_RADIUS_MM, spacing), SOLID_RADIUS_MM, spacing)
    region = np.ones(hu.shape, dtype=bool) if prepared.region is None else prepared.region
    marked = (label > 0) & (label != IGNORED)
    components = cc3d.connected_components(marked.astype(np.uint8), connectivity=26)  # bool misleads cc3d
    lesions = [np.argwhere(components == k).astype(np.int16) for k in range(1, int(components.max()) + 1)]
    aerated = np.argwhere(region & (hu < -600) & ~solid)
    keep = np.random.default_rng(0).permutation(len(aerated))[:200_000]
    return TrainingCase(files.name, hu, label, region, solid, aerated[np.sort(keep)].astype(np.int16), lesions)


def load_cases(files: list[CaseFiles], recipe: Recipe, progress: Progress = silent) -> list[TrainingCase]:
    """Read and prepare all cases, in order."""
    cases = []
    for done, one in enumerate(files):
        progress("reading", done / len(files))
        cases.append(load_case(one, recipe))
    progress("reading", 1.0)
    return cases
