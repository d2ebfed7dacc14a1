"""Reading the masks that go with a volume."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from ..errors import InputError
from ..volume import Volume, read_mask, same_grid_or_raise


def read_masks_on(volume: Volume, kind: str, **paths: str | None) -> dict[str, Volume]:
    """Read those of the named masks that were given; each must lie on the grid of ``volume``, a ``kind``."""
    masks = {name: read_mask(path) for name, path in paths.items() if path is not None}
    for name, mask in masks.items():
        same_grid_or_raise(mask, volume, paths[name], (f"{name} mask", kind))
    return masks


def read_reference_on(
    volume: Volume, kind: str, path: str | None, rois: Mapping[int, str], labels: Collection[int] = ()
) -> dict[str, Volume]:
    """Read the mask to compare with, if there is one, on the grid of ``volume``, a ``kind``.

    Parameters
    ----------
    volume : Volume
        The CT, or a mask of it.
    kind : str
        ``CT`` or ``mask``.
    path : str or None
        A mask as of `read_mask`, or a DICOM SEG or RTSTRUCT, or a folder with one.
    rois : mapping of int to str
        As of `LungTumorSegLib.volume.regions.choose_regions`.
    labels : collection of int, optional
        The model's, which the mask must have.

    Returns
    -------
    dict of str to Volume
        ``reference``, or nothing.

    Raises
    ------
    InputError
        The mask cannot be read, lies on another grid, holds other labels than the model, or has no region of a name
        that is looked for.
    """
    from ..measurements.segments import with_labels_of
    from ..volume.regions import choose_regions, sop_class_of

    if path is None or not (Path(path).is_dir() or sop_class_of(Path(path))):
        masks = read_masks_on(volume, kind, reference=path)
        return {name: with_labels_of(mask, labels, path) if labels else mask for name, mask in masks.items()}
    return {"reference": choose_regions(Path(path), rois).label_map(volume.grid)}


def rois_named(expression: str | None, otherwise: Mapping[int, str], label: int = 1) -> Mapping[int, str]:
    """Return the expressions that name each label's regions, with the given one in place of that of ``label``.

    Raises
    ------
    InputError
        It is no regular expression.
    """
    if expression is None:
        return otherwise
    try:
        re.compile(expression)
    except (re.error, OverflowError, RecursionError) as error:
        raise InputError(f"{expression!r} is no regular expression ({error})", "--roi", "correct it") from error
    return {**otherwise, label: expression}


def check_ignore(reference: str | None, ignore: str | None) -> None:
    """Raise `InputError` if a mask to leave out of a comparison is given, and nothing to compare with."""
    if ignore is not None and reference is None:
        raise InputError("--ignore tells what the comparison leaves out", ignore, "give --reference as well")
