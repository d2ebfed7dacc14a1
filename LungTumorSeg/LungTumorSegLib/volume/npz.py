"""Masks in NumPy's ``.npz`` files: bare arrays, which say nothing about where they lie.

Of such a mask only its shape can be checked against the CT. Tools differ in which end of an axis comes first, so a
mask may lie upside down; which way it fits is told by the CT.
"""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path

import numpy as np

from ..errors import InputError
from .files import atomic_path
from .image import Volume

log = logging.getLogger(__name__)

KEY = "Masks"
FLIPS = {"none": (), "slices": (0,), "rows": (1,)}
CLEARLY_BETTER = 1.3  # times the edge strength of the next best way; 1.6 to 4 for real lungs and tumours


def read_npz_mask(path: Path, ct: Volume, flip: str = "auto") -> Volume:
    """Read the array ``Masks`` (or the only one) of an ``.npz`` file as a label map of a CT.

    Parameters
    ----------
    path : Path
    ct : Volume
        The CT, zyx, slices in the order of their position.
    flip : {"auto", "none", "slices", "rows"}
        Along which axis the mask is turned over. ``auto`` takes the way in which the mask's border lies on the
        strongest edges of the CT.

    Raises
    ------
    InputError
        Damaged, no such array, not of whole numbers, not of the CT's shape; or ``auto`` finds no clear answer.
    """
    stored = _load(path, ct.array.shape)
    whole = stored.dtype.kind in "biu" or (stored.dtype.kind == "f" and np.array_equal(stored, np.rint(stored)))
    if not whole or stored.min(initial=0) < 0 or stored.max(initial=0) > np.iinfo(np.uint16).max:
        raise InputError("is not a mask: its values are not whole numbers from 0", path, "give a label map")
    labels = stored.astype(np.uint8 if stored.max(initial=0) <= 255 else np.uint16)
    chosen = _best_flip(labels, ct, path) if flip == "auto" else flip
    if flip == "auto" and chosen != "none":
        log.info("%s: turned over along its %s, since only so it fits the CT", path.name, chosen)
    return ct.with_array(np.ascontiguousarray(np.flip(labels, FLIPS[chosen])))


def copy_npz_mask(path: Path, target: Path) -> None:
    """Write the mask of one ``.npz`` file to another, whole or not at all, and nothing else that the first may hold.

    Raises
    ------
    InputError
        Damaged, no such array, or a place that cannot be written.
    """
    array = _load(path)
    with atomic_path(target) as temporary:
        np.savez_compressed(temporary, **{KEY: array})


def _load(path: Path, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """Load the array, having checked its shape before any memory is asked for; objects (pickles) are refused."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("not an archive")
            name = KEY if KEY in archive.files else archive.files[0]
            if name != KEY and len(archive.files) > 1:
                raise InputError(f"holds no array named {KEY!r}, only {', '.join(archive.files)}", path, "rename it")
            found = _shape_in(archive.zip, name)
            if shape is not None and found != shape:
                raise InputError(
                    f"its mask has {_times(found)} voxels (slices, rows, columns), and the CT {_times(shape)}",
                    path,
                    "give the mask of this CT",
                )
            return archive[name]
    except (OSError, ValueError, IndexError, EOFError, KeyError, zipfile.BadZipFile, NotImplementedError) as error:
        raise InputError("is damaged, or not a .npz file with a plain array", path, "save it again") from error


def _shape_in(archive: zipfile.ZipFile, name: str) -> tuple[int, ...]:
    with archive.open(f"{name}.npy") as stream:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        return read(stream)[0]


def _best_flip(labels: np.ndarray, ct: Volume, path: Path) -> str:
    if not labels.any():
        return "none"
    strength = {name: _edge_strength(np.flip(labels, axes) > 0, ct.array) for name, axes in FLIPS.items()}
    best, second = sorted(strength, key=strength.get, reverse=True)[:2]
    # A mask that is its own mirror image fits both ways equally, and needs no turning.
    if np.array_equal(np.flip(labels, FLIPS[best]), np.flip(labels, FLIPS[second])):
        return min(best, second, key=list(FLIPS).index)
    if strength[best] < CLEARLY_BETTER * strength[second]:
        raise InputError(
            "the CT does not tell whether this mask lies upside down",
            path,
            "say it by --set annotation.npz_flip=none (or slices, or rows)",
        )
    return best


def _edge_strength(mask: np.ndarray, hu: np.ndarray) -> float:
    """Return the mean difference in HU across the mask's border, over all pairs of neighbours that it parts."""
    total, count = 0.0, 0
    for axis in range(3):
        ahead = (slice(None),) * axis + (slice(1, None),)
        behind = (slice(None),) * axis + (slice(None, -1),)
        border = mask[ahead] != mask[behind]
        inside_hu, outside_hu = hu[ahead][border], hu[behind][border]
        total += np.abs(np.clip(inside_hu, -1024, 200).astype(float) - np.clip(outside_hu, -1024, 200)).sum()
        count += int(border.sum())
    return total / max(count, 1)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)
