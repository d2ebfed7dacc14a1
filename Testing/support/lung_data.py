"""Chests in DICOM with masks of their lungs in ``.npz`` files, as the Lung CT Segmentation Challenge's cases came."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.volume import Volume

from .dicom_series import write_ct_series

SIZE, SPACING = (72, 64, 24), (5.0, 5.0, 13.0)  # xyz; from the upper abdomen to the neck


def write_lung_data(folder: Path, cases: int = 2, first: int = 0) -> dict[str, tuple[Volume, Volume]]:
    """Write ``Images/Case_000/*.dcm`` and ``Segmentations/Case_000_seg.npz``, and so on.

    Files are numbered against the order of their slices, and masks lie upside down, as they did there.

    Returns
    -------
    dict of str to (Volume, Volume)
        Each case's CT, and its lungs.
    """
    written = {}
    (folder / "Segmentations").mkdir(parents=True, exist_ok=True)
    for k in range(cases):
        phantom = make_phantom(first + k, size=SIZE, spacing=SPACING, tumours_to_grow=[])
        name = f"Case_{k:03d}"
        numbered = {"name": lambda z: f"1-{SIZE[2] - z:03d}.dcm"}
        write_ct_series(folder / "Images" / name, phantom.ct, PatientID=name, PatientName=name, **numbered)
        np.savez_compressed(folder / "Segmentations" / f"{name}_seg.npz", Masks=phantom.lungs.array[:, ::-1])
        written[name] = phantom.ct, phantom.lungs
    return written
