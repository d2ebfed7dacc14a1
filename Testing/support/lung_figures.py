"""How well the lung region does on a real scan."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from LungTumorSegLib.lungs import find_lungs
from LungTumorSegLib.volume.reading import read_ct, read_mask


@dataclass(frozen=True)
class LungFigures:
    """One scan's figures; ``None`` where the scan has no such reference.

    Attributes
    ----------
    region_share : float
        Share of the field of view that the region takes.
    tumor_held, ignore_held : float or None
        Share of the voxels of that mask inside the region.
    lungs_dice : float or None
        Dice of the lungs with the reference contours.
    seconds : float
        For `find_lungs` alone.
    """

    scan: str
    size: tuple[int, int, int]
    seconds: float
    region_share: float
    tumor_held: float | None
    ignore_held: float | None
    lungs_dice: float | None


def scans(data: Path) -> list[Path]:
    """Return the folders of all full scans, training and test."""
    return [p for part in ("train", "test") for p in sorted((data / part).iterdir()) if find_ct(p)]


def find_ct(folder: Path) -> Path | None:
    """Return a case's CT: a file, or a DICOM folder."""
    return next((folder / name for name in ("ct.nii.gz", "dicom") if (folder / name).exists()), None)


def measure_lungs(folder: Path) -> LungFigures:
    """Find the lungs of one scan and compare them with what the folder holds."""
    ct = read_ct(find_ct(folder))
    start = time.perf_counter()
    found = find_lungs(ct)
    seconds = time.perf_counter() - start

    def mask(name: str) -> np.ndarray | None:
        path = folder / f"{name}.nii.gz"
        return read_mask(path).array > 0 if path.exists() else None

    def held(name: str) -> float | None:
        voxels = mask(name)
        return None if voxels is None else float((found.region & voxels).sum() / voxels.sum())

    lungs = mask("lungs")
    dice = None if lungs is None else float(2 * (found.lungs & lungs).sum() / (found.lungs.sum() + lungs.sum()))
    share = float(found.region.mean())
    return LungFigures(folder.name, ct.grid.size, seconds, share, held("tumor"), held("ignore"), dice)
