"""Data sets of small, coarse chests in every layout that is read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from LungTumorSegLib.recipe import load_recipe, override
from LungTumorSegLib.recipe.schema import Recipe
from LungTumorSegLib.training.data.case_files import CaseFiles
from LungTumorSegLib.training.data.cases import TrainingCase, prepare_case
from LungTumorSegLib.training.data.reading import read_case
from LungTumorSegLib.volume import Volume, write_mask, write_volume

from .volumes import ball_mask, chest_volume

WHOLE_CHEST = ("preparation.region=all", "preparation.spacing_mm=[10, 10, 20]")


def coarse_recipe(*settings: str) -> Recipe:
    """Return a recipe whose prepared grid is that of `chest_volume`, so that preparing changes no voxel."""
    return override(load_recipe("lung-tumor"), [*WHOLE_CHEST, *settings])


def load_case(files: CaseFiles, recipe: Recipe) -> TrainingCase:
    """Read and prepare one case."""
    return prepare_case(files, read_case(files), recipe)


def sick_chest(seed: int = 0) -> tuple[Volume, Volume]:
    """Return a chest with a tumour in the right lung, and its mask."""
    ct = chest_volume(seed=seed)
    mask = ball_mask(ct.grid)
    mask = mask.with_array(mask.array * (ct.array < -500))
    hu = np.where(mask.array > 0, ct.array + 880 + seed, ct.array).astype(np.int16)
    return ct.with_array(hu), mask


def write_case(folder: Path, seed: int = 0, tumor: bool = True) -> Path:
    """Write a folder with ``ct.nii.gz`` and, if it is to have one, ``tumor.nii.gz``."""
    folder.mkdir(parents=True)
    ct, mask = sick_chest(seed) if tumor else (chest_volume(seed=seed), None)
    write_volume(folder / "ct.nii.gz", ct)
    if mask is not None:
        write_mask(folder / "tumor.nii.gz", mask)
    return folder


def write_case_folders(folder: Path, count: int = 3) -> Path:
    """Write ``case_0`` and so on; the last one has no tumour."""
    for k in range(count):
        write_case(folder / f"case_{k}", k, tumor=k < count - 1)
    return folder


def write_listed(folder: Path, kind: str, names: tuple[str, ...] = ("lung_001", "lung_002"), **listing) -> Path:
    """Write a data set with ``dataset.json``: of the ``decathlon``, ``nnunet1`` or ``nnunet2``."""
    channel = "" if kind == "decathlon" else "_0000"
    for seed, name in enumerate(names):
        ct, mask = sick_chest(seed)
        write_volume(folder / "imagesTr" / f"{name}{channel}.nii.gz", ct)
        write_mask(folder / "labelsTr" / f"{name}.nii.gz", mask)
    if kind == "nnunet2":
        said = {
            "channel_names": {"0": "CT"},
            "labels": {"background": 0, "tumour": 1},
            "file_ending": ".nii.gz",
        }
    else:
        pairs = [{"image": f"./imagesTr/{n}.nii.gz", "label": f"./labelsTr/{n}.nii.gz"} for n in names]
        said = {"modality": {"0": "CT"}, "labels": {"0": "background", "1": "cancer"}, "training": pairs}
    content = {**said, "numTraining": len(names), **listing}
    (folder / "dataset.json").write_text(json.dumps(content), encoding="utf-8")
    return folder
