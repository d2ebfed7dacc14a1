"""What was found, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from slicer.i18n import tr as _

from LungTumorSegLib.wording import class_in_words

if TYPE_CHECKING:
    from LungTumorSegLib.worker import WorkerResult


def foundText(result: WorkerResult) -> str:
    """Say how many lesions were found, and of which class; of a network that finds only organs, how large they are."""
    if result.lesion_labels:
        return _lesionsText(result) + _classText(result)
    organs = ", ".join(_organText(result, label) for label in result.labels)
    return _("{organs}, in {seconds} s. Check the outline.").format(organs=organs, seconds=_seconds(result))


def _lesionsText(result: WorkerResult) -> str:
    count = len(result.lesions)
    if count == 0:
        names = ", ".join(result.labels[label] for label in result.lesion_labels)
        return _("{names}: none was found. That does not mean that there is none.").format(names=names)
    lesions = _("1 lesion found") if count == 1 else _("{count} lesions found").format(count=count)
    return _("{lesions} in {seconds} s. Check each of them.").format(lesions=lesions, seconds=_seconds(result))


def _classText(result: WorkerResult) -> str:
    if not result.classification:
        return ""
    words = class_in_words(result.classification)
    return f" {words[0].upper()}{words[1:]}."


def _organText(result: WorkerResult, label: int) -> str:
    name, count = result.labels[label], int(np.count_nonzero(result.mask.array == label))
    if count == 0:
        return _("{name}: not found").format(name=name)
    return _("{name}: {volume} mL").format(name=name, volume=round(count * result.mask.grid.voxel_ml))


def _seconds(result: WorkerResult) -> int:
    return round(result.timing["total"])
