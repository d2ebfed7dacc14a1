"""A case of a recipe with several labels: each is scored, and what the recipe does not name is background."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.inference.device import choose_device
from LungTumorSegLib.networks import network_of
from LungTumorSegLib.prediction import Predictor
from LungTumorSegLib.recipe import parse_recipe
from LungTumorSegLib.training.data.case_files import CaseFiles
from LungTumorSegLib.training.validating.scoring import score_files
from LungTumorSegLib.volume import write_mask, write_volume
from support.abdomens import abdomen

RECIPE = """
name: two
description: Takes everything for one label.
labels: {1: Pancreas, 2: Pancreatic cancer}
preparation: {region: all, spacing_mm: [2, 2, 3]}
network: {name: unet, channels: [2, 4], strides: [2], residual_units: 0}
training: {patch_size: [16, 16, 8]}
inference: {window_size: [32, 32, 16], overlap: 0, precision: float32}
"""


def predictor_of(label: int) -> Predictor:
    """A network that takes everything for ``label``."""
    recipe = parse_recipe(RECIPE, "two.yaml")
    network = network_of(recipe)
    with torch.no_grad():
        for weight in network.parameters():
            weight.zero_()
        list(network.parameters())[-1][label] = 5.0
    return Predictor(recipe, network.eval(), choose_device("cpu", "float32"))


@pytest.mark.parametrize("label", [1, 2])
def test_labels_are_scored_one_by_one(tmp_path, label):
    ct, mask = abdomen(0)
    write_volume(tmp_path / "ct.nii.gz", ct)
    write_mask(tmp_path / "tumor.nii.gz", mask)
    files = CaseFiles("case", tmp_path / "ct.nii.gz", tmp_path / "tumor.nii.gz")
    scored = score_files(files, predictor_of(label))
    counts = np.bincount(mask.array.ravel(), minlength=3)
    expected = np.zeros((3, 3), int)
    expected[:, label] = counts
    assert scored.confusion.voxels == expected.tolist()
    assert scored.score.dice == pytest.approx(counts[label] / (counts[label] + counts.sum()))
    assert set(np.unique(scored.reference.array)) == {0, 1, 2}


def test_a_value_that_no_label_has_is_refused(tmp_path):
    ct, mask = abdomen(0)
    annotated = mask.array.copy()
    annotated[0, :3, :3] = 7
    write_volume(tmp_path / "ct.nii.gz", ct)
    write_mask(tmp_path / "tumor.nii.gz", mask.with_array(annotated))
    files = CaseFiles("case", tmp_path / "ct.nii.gz", tmp_path / "tumor.nii.gz")
    with pytest.raises(InputError, match="found 7 as well"):
        score_files(files, predictor_of(1))
