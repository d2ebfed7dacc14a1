"""From a CT and a model to the mask on the CT's own grid: the one path that everybody takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..inference.device import DeviceChoice, choose_device
from ..inference.result import WindowedResult
from ..inference.sliding_window import SlidingWindow
from ..model import Model
from ..networks import load_network
from ..postprocessing import postprocess
from ..preparation import PreparedCT, intensity_channels, prepare_ct
from ..progress import Progress, StageTimer, silent
from ..recipe.schema import Preparation, Recipe
from ..volume import Volume
from ..volume.boxes import Box
from ..volume.resampling import AIR
from .partial import PartialPrediction, Watch, look_away

AXES_ZYX = "zyx"


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the network and the post-processing found.

    Attributes
    ----------
    mask : Volume of uint8
        0 background, 1… the recipe's labels, on the CT's own grid.
    device : DeviceChoice
        Where, how precisely, and why.
    timing : dict of str to float
        Seconds by stage.
    windows_run, windows_total : int
        Windows that were computed, and that would cover the prepared CT.
    notes : tuple of str
        What went otherwise than planned (memory ran short, …).
    """

    mask: Volume
    device: DeviceChoice
    timing: dict[str, float]
    windows_run: int
    windows_total: int
    notes: tuple[str, ...]
    _box_probability: np.ndarray
    _prepared: PreparedCT

    def probability(self) -> np.ndarray:
        """Foreground probability on the CT's grid (zyx, float16); 0 outside the region that was looked at."""
        return self._prepared.grid_map.embed(self._box_probability.astype(np.float16))

    def probability_in_box(self) -> tuple[np.ndarray, Box]:
        """Foreground probability (zyx, float32) of the part of the CT's grid that was looked at, and that part."""
        return self._prepared.grid_map.restore(self._box_probability)


def predict(
    ct: Volume, model: Model, *, device: str = "auto", overlap: float | None = None, progress: Progress = silent
) -> Prediction:
    """Segment one CT: load the model's network, and use it.

    Parameters
    ----------
    ct : Volume
        Chest CT in HU on any grid.
    model : Model
        A packaged or trained model; its recipe says what is done.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    overlap : float, optional
        Overlap of the windows in place of the recipe's.
    progress : callable
        Stages ``loading``, ``preparing``, ``network``, ``resampling``, ``postprocessing``.

    Raises
    ------
    InputError
        No lungs in the CT, weights that do not fit, a device that is not there; `MemoryShortageError`: not enough of
        its memory.
    CancelledError
        Out of ``progress``.
    """
    timer = StageTimer()
    with timer.stage("loading"):
        progress("loading", 0.0)
        predictor = Predictor.load(model, device)
        progress("loading", 1.0)
    return predictor.predict(ct, overlap=overlap, progress=progress, timer=timer)


@dataclass(frozen=True, eq=False)
class Predictor:
    """A network that is ready: loaded once, used for many CTs.

    Attributes
    ----------
    recipe : Recipe
    network : torch.nn.Module
    device : DeviceChoice
    """

    recipe: Recipe
    network: torch.nn.Module
    device: DeviceChoice

    @classmethod
    def load(cls, model: Model, device: str = "auto") -> Predictor:
        """Build the model's network with its weights, and choose the device."""
        choice = choose_device(device, model.recipe.inference.precision)
        return cls(model.recipe, load_network(model), choice)

    def predict(
        self,
        ct: Volume,
        *,
        overlap: float | None = None,
        progress: Progress = silent,
        timer: StageTimer | None = None,
        watch: Watch = look_away,
    ) -> Prediction:
        """Segment one CT; parameters and errors as in `predict`.

        Parameters
        ----------
        watch : callable
            Called with a `PartialPrediction` after each window (each batch of them).
        """
        timer = timer or StageTimer()
        window = sliding_window(self.recipe, overlap)
        with timer.stage("preparing"):
            progress("preparing", 0.0)
            prepared = prepare_ct(ct, self.recipe.preparation)
            progress("preparing", 1.0)
        with timer.stage("network"):
            image = torch.from_numpy(network_input(prepared.hu, self.recipe.preparation))
            result = window.run(
                self.network,
                image,
                device=self.device,
                region=prepared.region,
                progress=progress,
                watch=lambda total: watch(PartialPrediction(total, prepared, self.recipe)),
            )
        with timer.stage("resampling"):
            progress("resampling", 0.0)
            probability, labels = _on_input_box(result, prepared, self.recipe)
            progress("resampling", 1.0)
        with timer.stage("postprocessing"):
            progress("postprocessing", 0.0)
            mask = prepared.grid_map.embed(_finish(labels, probability, ct, prepared, self.recipe))
            progress("postprocessing", 1.0)
        return Prediction(
            mask=ct.with_array(mask),
            device=self.device,
            timing=timer.seconds,
            windows_run=result.windows_run,
            windows_total=result.windows_total,
            notes=result.notes,
            _box_probability=probability,
            _prepared=prepared,
        )


def network_input(hu: np.ndarray, preparation: Preparation) -> np.ndarray:
    """Turn HU on the prepared grid (zyx) into what the network sees: (C, z, y, x), float32."""
    return intensity_channels(hu, preparation.windows_hu, preparation.normalization)


def sliding_window(recipe: Recipe, overlap: float | None = None) -> SlidingWindow:
    """Build the sliding window that a recipe's ``inference`` and ``preparation`` describe."""
    settings = recipe.inference
    air = network_input(np.full((1, 1, 1), AIR), recipe.preparation)
    return SlidingWindow(
        window_zyx=settings.window_size[::-1],
        overlap=settings.overlap if overlap is None else overlap,
        blending=settings.blending,
        sigma_scale=settings.sigma_scale,
        batch_size=settings.batch_size,
        mirror_axes=tuple(AXES_ZYX.index(axis) for axis in settings.mirror_axes),
        padding_value=None if recipe.preparation.padding == "edge" else tuple(air.ravel().tolist()),
        relative=True,
    )


def _on_input_box(result: WindowedResult, prepared: PreparedCT, recipe: Recipe) -> tuple[np.ndarray, np.ndarray]:
    """Foreground probability (float32) and labels (uint8) on the box of the canonical input grid, zyx.

    Probabilities are interpolated, never labels; one label is held at a time.
    """
    back = prepared.grid_map.backward
    foreground = back(result.whole(result.probability()))
    labels = (foreground >= recipe.inference.threshold).astype(np.uint8)
    if len(recipe.labels) > 1:
        best = back(result.whole(result.probability(1)))
        for label in range(2, len(recipe.labels) + 1):
            one = back(result.whole(result.probability(label)))
            labels[(labels > 0) & (one > best)] = label
            np.maximum(best, one, out=best)
    return foreground, labels


def _finish(
    labels: np.ndarray, probability: np.ndarray, ct: Volume, prepared: PreparedCT, recipe: Recipe
) -> np.ndarray:
    """Post-process on the box (canonical zyx)."""
    settings = recipe.postprocessing
    grid_map = prepared.grid_map
    region = None if prepared.region_on_input is None else grid_map.crop(prepared.region_on_input)
    if region is not None and settings.inside_region:
        labels = labels * region
    spacing = grid_map.orientation.apply_to_grid(ct.grid).spacing
    return postprocess(labels, grid_map.crop(ct.array), spacing, settings, probability=probability, region=region)
