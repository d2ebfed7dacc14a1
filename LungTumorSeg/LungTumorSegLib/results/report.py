"""The report of a segmented CT: one JSON document that says what was done and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..volume import Volume

if TYPE_CHECKING:
    from ..inference.device import DeviceChoice


def describe_volume(path: str | Path, volume: Volume) -> dict:
    """Return a report's ``ct`` part: size (voxels) and spacing (mm), xyz; nothing from the file's header."""
    return {"path": str(path), "size": list(volume.grid.size), "spacing": list(volume.grid.spacing)}


def segmentation_report(ct: dict, model: dict, found, timing: Mapping[str, float], measured: dict) -> dict:
    """Put a report together.

    Parameters
    ----------
    ct : dict
        From `describe_volume`.
    model : dict
        From `LungTumorSegLib.model.Model.describe`.
    found : Prediction or WorkerResult
        What the network found: ``device``, ``settings``, ``windows_run``, ``windows_total`` and ``notes`` are told,
        and ``classification`` where there is one.
    timing : mapping of str to float
        Seconds by stage, in the order in which the stages ran.
    measured : dict
        From `LungTumorSegLib.measurements.measure`.
    """
    return {
        "not_for_clinical_use": True,
        "ct": ct,
        "model": model,
        "device": _describe_device(found.device),
        "settings": dict(found.settings),
        "timing": _with_total(timing),
        "windows": {"run": found.windows_run, "total": found.windows_total},
        "notes": list(found.notes),
        **_classification(found),
        **measured,
    }


def _describe_device(device: DeviceChoice | dict) -> dict:
    return device if isinstance(device, dict) else device.as_dict()


def _classification(found) -> dict:
    told = found.classification
    if told is None:
        return {}
    return {"classification": told if isinstance(told, dict) else told.as_dict()}


def _with_total(timing: Mapping[str, float]) -> dict[str, float]:
    stages = {name: seconds for name, seconds in timing.items() if name != "total"}
    return {name: round(seconds, 3) for name, seconds in {**stages, "total": sum(stages.values())}.items()}
