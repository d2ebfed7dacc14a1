"""Phantoms as a data set in the layout of the Medical Segmentation Decathlon, which ``train`` takes."""

from __future__ import annotations

import json
from pathlib import Path

from ..errors import InputError
from ..progress import Progress, silent
from ..volume.files import check_writable, write_json
from ..volume.writing import write_mask, write_volume
from .phantom import SIZE, SPACING, make_phantom

NAME = "LungTumorSeg phantoms"


def write_dataset(
    folder: str | Path,
    cases: int = 1,
    seed: int = 0,
    *,
    size: tuple[int, int, int] = SIZE,
    spacing: tuple[float, float, float] = SPACING,
    progress: Progress = silent,
) -> list[str]:
    """Make phantoms and write them as ``imagesTr/CASE.nii.gz``, ``labelsTr/CASE.nii.gz`` and ``dataset.json``.

    Case ``k`` is ``make_phantom(seed + k)`` and is named after that number. ``dataset.json`` is written last, so an
    interrupted run leaves no data set that looks complete.

    Parameters
    ----------
    folder : str or Path
        Made where it is missing; earlier phantoms there are replaced.
    cases : int
        How many.
    seed : int
        Number of the first case.
    size, spacing : tuples, xyz
        As in `make_phantom`.
    progress : callable

    Returns
    -------
    list of str
        Names of the cases.

    Raises
    ------
    InputError
        ``folder`` holds another data set or cannot be written; ``cases`` is not positive or ``seed`` is negative.
    """
    folder = Path(folder)
    if cases < 1 or seed < 0:
        raise InputError("the number of phantoms must be at least 1, and the seed at least 0", f"{cases}, {seed}")
    _refuse_other_data(folder)
    names = []
    for k in range(cases):
        phantom = make_phantom(
            seed + k,
            size=size,
            spacing=spacing,
            progress=lambda stage, fraction, done=k: progress(stage, (done + 0.9 * fraction) / cases),
        )
        names.append(f"phantom_{seed + k:04d}")
        write_volume(folder / "imagesTr" / f"{names[-1]}.nii.gz", phantom.ct)
        write_mask(folder / "labelsTr" / f"{names[-1]}.nii.gz", phantom.mask)
        progress("phantom", (k + 1) / cases)
    write_json(folder / "dataset.json", describe(names))
    return names


def describe(names: list[str]) -> dict:
    """Return the contents of ``dataset.json`` for cases of these names."""
    return {
        "name": NAME,
        "description": "Synthetic chest CTs with lung tumours of known outline. Not for clinical use.",
        "licence": "Apache-2.0",
        "tensorImageSize": "3D",
        "modality": {"0": "CT"},
        "channel_names": {"0": "CT"},
        "labels": {"0": "background", "1": "lung tumor"},
        "file_ending": ".nii.gz",
        "numTraining": len(names),
        "numTest": 0,
        "training": [{"image": f"./imagesTr/{name}.nii.gz", "label": f"./labelsTr/{name}.nii.gz"} for name in names],
        "test": [],
    }


def _refuse_other_data(folder: Path) -> None:
    listing = folder / "dataset.json"
    check_writable(listing)
    try:
        name = json.loads(listing.read_text(encoding="utf-8"))["name"] if listing.exists() else NAME
    except (ValueError, KeyError, TypeError):
        name = None
    if name != NAME:
        raise InputError("holds another data set", folder, "choose another folder")
