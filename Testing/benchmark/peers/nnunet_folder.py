"""A model of this project as a trained model folder of nnU-Net v2: dataset.json, plans.json, fold_0/checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from LungTumorSegLib.model import load_model
from LungTumorSegLib.recipe.schema import Recipe

from .nnunet_network import widest_window

CONFIGURATION = "3d_fullres"
CHECKPOINT = "checkpoint_final.pth"
NETWORK_CLASS = "benchmark.peers.nnunet_network.WindowedNetwork"


def write_nnunet_folder(model_folder: Path, folder: Path) -> None:
    """Write the files that `nnUNetPredictor.initialize_from_trained_model_folder` reads."""
    model = load_model(model_folder)
    (folder / "fold_0").mkdir(parents=True, exist_ok=True)
    for name, content in (("dataset", dataset_json(model.recipe)), ("plans", plans_json(model.recipe, model.path))):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=2), encoding="utf-8")
    checkpoint = {
        "trainer_name": "nnUNetTrainer",
        "init_args": {"configuration": CONFIGURATION},
        "inference_allowed_mirroring_axes": (0, 1, 2),
        "network_weights": {f"network.{name}": tensor for name, tensor in model.state_dict().items()},
    }
    torch.save(checkpoint, folder / "fold_0" / CHECKPOINT)


def dataset_json(recipe: Recipe) -> dict:
    """Describe one CT channel and the recipe's labels."""
    labels = {name: label for label, name in recipe.labels.items()}
    return {"channel_names": {"0": "CT"}, "labels": {"background": 0, **labels}, "numTraining": 1} | {
        "file_ending": ".nii.gz"
    }


def plans_json(recipe: Recipe, model_folder: Path) -> dict:
    """Lay the recipe out as nnU-Net's planner would have, with its defaults wherever the recipe says nothing.

    CTNormalization clips to two percentiles, takes the mean away and divides by the standard deviation: with the ends,
    the middle and half the width of the widest window in their places it maps that window to -1..1.
    """
    low, high = widest_window(recipe.preparation.windows_hu)
    spacing_zyx = list(recipe.preparation.spacing_mm[::-1])
    fingerprint = {"percentile_00_5": low, "percentile_99_5": high, "mean": (low + high) / 2, "std": (high - low) / 2}
    resampling = {"is_seg": False, "order_z": 0, "force_separate_z": None}
    configuration = {
        "data_identifier": "nnUNetPlans_3d_fullres",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 2,
        "patch_size": list(recipe.inference.window_size[::-1]),
        "spacing": spacing_zyx,
        "normalization_schemes": ["CTNormalization"],
        "use_mask_for_norm": [False],
        "resampling_fn_data": "resample_data_or_seg_to_shape",
        "resampling_fn_seg": "resample_data_or_seg_to_shape",
        "resampling_fn_data_kwargs": {**resampling, "order": 3},
        "resampling_fn_seg_kwargs": {**resampling, "is_seg": True, "order": 1},
        "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
        "resampling_fn_probabilities_kwargs": {**resampling, "order": 1},
        "architecture": {
            "network_class_name": NETWORK_CLASS,
            "arch_kwargs": {"model": str(model_folder.resolve())},
            "_kw_requires_import": [],
        },
    }
    return {
        "dataset_name": "Dataset001_LungTumor",
        "plans_name": "nnUNetPlans",
        "original_median_spacing_after_transp": spacing_zyx,
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "experiment_planner_used": "ExperimentPlanner",
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {"0": fingerprint},
        "configurations": {CONFIGURATION: configuration},
    }
