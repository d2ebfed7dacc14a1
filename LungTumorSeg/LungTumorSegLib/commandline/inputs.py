"""Reading the masks that go with a volume, and saying in the report what was read."""

from __future__ import annotations

from pathlib import Path

from ..errors import InputError
from ..volume import Volume, read_mask, same_grid_or_raise


def read_masks_on(volume: Volume, kind: str, **paths: str | None) -> dict[str, Volume]:
    """Read those of the named masks that were given; each must lie on the grid of ``volume``, a ``kind``."""
    masks = {name: read_mask(path) for name, path in paths.items() if path is not None}
    for name, mask in masks.items():
        same_grid_or_raise(mask, volume, paths[name], (f"{name} mask", kind))
    return masks


def check_ignore(reference: str | None, ignore: str | None) -> None:
    """Raise `InputError` if a mask to leave out of a comparison is given, and nothing to compare with."""
    if ignore is not None and reference is None:
        raise InputError("--ignore tells what the comparison leaves out", ignore, "give --reference as well")


def describe_volume(path: str | Path, volume: Volume) -> dict:
    """Return a report's ``ct`` part: size (voxels) and spacing (mm), xyz; nothing from the file's header."""
    return {"path": str(path), "size": list(volume.grid.size), "spacing": list(volume.grid.spacing)}
