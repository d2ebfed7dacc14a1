"""The labels of a mask as wholes: what each is called, how large it is, and how it overlaps with a reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np

from ..errors import InputError
from ..volume import Volume
from .overlap import dice


def measure_segments(
    mask: Volume,
    names: Mapping[int, str] | None = None,
    lesions: Collection[int] | None = None,
    reference: Volume | None = None,
    ignore: Volume | None = None,
) -> list[dict]:
    """Measure each label of a mask.

    Parameters
    ----------
    mask : Volume
        Whole numbers; 0 is background.
    names : mapping of int to str, optional
        What each label is; without it the labels that are lesions or that a mask holds are told, and have no name.
    lesions : collection of int, optional
        The labels that are lesions; all of them without it.
    reference, ignore : Volume, optional
        As in `LungTumorSegLib.measurements.measure`; the reference has the same labels.

    Returns
    -------
    list of dict
        For each label ``label``, ``name`` (or None), ``lesion`` (whether it is one), ``volume_ml``; with a reference
        also ``reference_volume_ml`` and ``dice``, both without what is ignored. Dice is None where neither mask holds
        the label.
    """
    sizes = _count(mask.array)
    held = sizes.keys() | set(lesions or ())
    if reference is not None:
        compared, reference_sizes = _count(_outside(mask, ignore)), _count(_outside(reference, ignore))
        pairs = zip(_outside(mask, ignore), _outside(reference, ignore), strict=True)
        common = _count(mine[mine == theirs] for mine, theirs in pairs)
        held |= reference_sizes.keys()
    segments = []
    for label in sorted(held if names is None else names):
        segment = {
            "label": label,
            "name": None if names is None else names[label],
            "lesion": lesions is None or label in lesions,
            "volume_ml": sizes[label] * mask.grid.voxel_ml,
        }
        if reference is not None:
            both = compared[label] + reference_sizes[label]
            segment["reference_volume_ml"] = reference_sizes[label] * mask.grid.voxel_ml
            segment["dice"] = dice(common[label], compared[label], reference_sizes[label]) if both else None
        segments.append(segment)
    return segments


def with_labels_of(mask: Volume, labels: Collection[int], where: object) -> Volume:
    """Return a reference with the labels of a model.

    Where the model has one label, whatever is not 0 is meant by it.

    Parameters
    ----------
    mask : Volume
        The reference as it was read.
    labels : collection of int
        Of the model.
    where : object
        The reference's file, for the message.

    Raises
    ------
    InputError
        It holds a label that the model has not.
    """
    if len(labels) == 1:
        (label,) = labels
        return mask.with_array((mask.array != 0).astype(np.uint8) * np.uint8(label))
    if others := sorted(set(_count(mask.array)) - set(labels)):
        have = ", ".join(map(str, sorted(labels)))
        raise InputError(f"holds the label {others[0]}, and the model's are {have}", where, "number it as the model")
    return mask


def _count(parts: Iterable[np.ndarray]) -> Counter[int]:
    """Count the voxels of each label that is not 0, part by part: a table of all at once would be as large as a CT."""
    counts: Counter[int] = Counter()
    for part in parts:
        found = np.bincount(part.ravel().astype(np.intp))
        counts.update({int(label): int(found[label]) for label in np.flatnonzero(found) if label})
    return counts


def _outside(mask: Volume, ignore: Volume | None) -> Iterator[np.ndarray]:
    """Give the labels slice by slice, those of ignored voxels left out."""
    for number, labels in enumerate(mask.array):
        yield labels if ignore is None else labels[ignore.array[number] == 0]
