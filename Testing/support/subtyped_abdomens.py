"""A small data set of abdomens whose lesions are of three subtypes, in nnU-Net's raw layout with the table of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_erosion

from LungTumorSegLib.volume import Volume, write_mask, write_volume

from .abdomens import CANCER, abdomen

SUBTYPES = 3
ADDED_HU = {0: 0, 1: 250, 2: 400}  # to the lesion, or its rim


def subtyped_abdomen(number: int, subtype: int) -> tuple[Volume, Volume]:
    """Make scan ``number`` and its labels, as `abdomen` does; its lesion shows the subtype.

    0 enhances less than the pancreas, 1 more, and 2 has a bright rim about a dark core.
    """
    ct, label = abdomen(number)
    lesion = label.array == CANCER
    rim = lesion & ~binary_erosion(lesion, np.ones((1, 3, 3), bool))
    bright = {0: np.zeros_like(lesion), 1: lesion, 2: rim}[subtype]
    hu = ct.array.copy()
    hu[bright] += ADDED_HU[subtype]
    return ct.with_array(hu), label


def write_subtyped_abdomens(folder: Path, count: int = 3) -> dict[str, tuple[Volume, Volume, int]]:
    """Write ``count`` of them, the subtypes in turn; return scan, labels and subtype by the case's name."""
    cases = {}
    for number in range(count):
        cases[f"pancreas_{number:03}"] = (*subtyped_abdomen(number, number % SUBTYPES), number % SUBTYPES)
    for name, (ct, label, _) in cases.items():
        write_volume(folder / "imagesTr" / f"{name}_0000.nii.gz", ct)
        write_mask(folder / "labelsTr" / f"{name}.nii.gz", label)
    listing = {
        "channel_names": {"0": "CT"},
        "labels": {"background": 0, "pancreas": 1, "lesion": 2},
        "numTraining": count,
        "file_ending": ".nii.gz",
    }
    (folder / "dataset.json").write_text(json.dumps(listing), encoding="utf-8")
    table = {name: {"subtype": subtype, "split": "train"} for name, (_, _, subtype) in cases.items()}
    (folder / "subtype_mapping.json").write_text(json.dumps({"mapping": table}, indent=2), encoding="utf-8")
    return cases
