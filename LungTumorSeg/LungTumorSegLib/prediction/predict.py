"""From a CT and a model to the mask on the CT's own grid: the one path that everybody takes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch

from ..inference.batch_size import choose_batch_size
from ..inference.device import DeviceChoice, choose_device
from ..inference.quantization import Quantization, quantize
from ..inference.refinement import DOUBT
from ..inference.result import WindowedResult
from ..inference.sliding_window import SlidingWindow
from ..inference.tensor_float import tensor_float_32
from ..model import Model
from ..networks import load_network, rearranged
from ..preparation import PreparedCT, intensity_channels, prepare_ct
from ..progress import Progress, StageTimer, silent
from ..recipe.schema import Preparation, Recipe
from ..volume import Volume
from ..volume.boxes import Box, bounding_box, inside, shifted
from ..volume.resampling import AIR
from .classification import Classification, classify_lesions
from .on_input import OnInput, finished, on_input
from .partial import PartialPrediction, Watch, look_away
from .settings import settings_in_words

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
    settings : dict of str to str
        What was done for each option of inference, and why.
    classification : Classification or None
        The class of the lesions, where the recipe tells some.
    """

    mask: Volume
    device: DeviceChoice
    timing: dict[str, float]
    windows_run: int
    windows_total: int
    notes: tuple[str, ...]
    settings: dict[str, str]
    _found: OnInput
    _result: WindowedResult
    _prepared: PreparedCT
    _recipe: Recipe
    classification: Classification | None = None

    def probability(self) -> np.ndarray:
        """Probability of a lesion on the CT's grid (zyx, float16).

        It is that of the recipe's lesions together; of all labels, where none is a lesion. Outside the region that was
        looked at, and where a coarse pass left no doubt, it is 0. It is brought to the CT's grid at each call.
        """
        found = on_input(self._result, self._prepared, self._recipe, everywhere=True)
        grid_map = self._prepared.grid_map
        return grid_map.embed(found.of_lesions.astype(np.float16), shifted(found.part, grid_map.box))

    def probability_in_box(self) -> tuple[np.ndarray, Box]:
        """Probability of a lesion (zyx, float32) about what was found, and the part of the CT's grid that it is of."""
        grid_map = self._prepared.grid_map
        return grid_map.restore(self._found.of_lesions, shifted(self._found.part, grid_map.box))


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
        As it is quickest on the device (`LungTumorSegLib.networks.rearranged`); for use under ``device.autocast()``.
    device : DeviceChoice
    quantization : Quantization or None
        What of the network is in int8.
    """

    recipe: Recipe
    network: torch.nn.Module
    device: DeviceChoice
    quantization: Quantization | None = None

    @classmethod
    def load(cls, model: Model, device: str = "auto") -> Predictor:
        """Build the model's network with its weights, quantised where the recipe says so, and choose the device."""
        settings = model.recipe.inference
        choice = choose_device(device, settings.precision)
        network = load_network(model)
        if settings.quantization:
            return cls(model.recipe, network, choice, quantize(network, choice))
        return cls(model.recipe, rearranged(network, choice.precision) if _pays_off(choice) else network, choice)

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
        window, settings = sliding_window(self.recipe, overlap), self.recipe.inference
        with timer.stage("preparing"):
            progress("preparing", 0.0)
            prepared = prepare_ct(ct, self.recipe.preparation, settings)
            progress("preparing", 1.0)
        with timer.stage("network"):
            image = torch.from_numpy(network_input(prepared.hu, self.recipe.preparation))
            with tensor_float_32(settings.tf32):
                batch = choose_batch_size(
                    settings.batch_size, window, self.network, image, prepared.region, self.device
                )
                window = replace(window, batch_size=batch.windows)
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
            found = on_input(result, prepared, self.recipe)
            progress("resampling", 1.0)
        with timer.stage("postprocessing"):
            progress("postprocessing", 0.0)
            labels, box = finished(found, ct, prepared, self.recipe)
            mask = prepared.grid_map.embed(labels, box)
        classification = None
        if self.recipe.classification:
            with timer.stage("classifying"), tensor_float_32(settings.tf32):
                classification = classify_lesions(
                    self.network, image, mask, prepared, self.recipe, window, self.device, progress
                )
        progress("postprocessing", 1.0)
        return Prediction(
            mask=ct.with_array(mask),
            device=self.device,
            timing=timer.seconds,
            windows_run=result.windows_run,
            windows_total=result.windows_total,
            settings=settings_in_words(self.recipe, window, self.device, batch, self.quantization),
            notes=(*result.notes, *_at_the_limit(mask, prepared, self.recipe)),
            _found=found,
            _result=result,
            _prepared=prepared,
            _recipe=self.recipe,
            classification=classification,
        )


def _pays_off(device: DeviceChoice) -> bool:
    """Tell whether rearranged networks are quicker on this device: they are made for oneDNN's convolutions."""
    return not device.is_cuda and torch.backends.mkldnn.is_available()


def _at_the_limit(mask: np.ndarray, prepared: PreparedCT, recipe: Recipe) -> list[str]:
    """Say so where something found (labels on the CT's grid) reaches the end of where it was expected."""
    if recipe.preparation.region != "all" or recipe.inference.windows != "expected":
        return []
    grid_map = prepared.grid_map
    around = inside(prepared.located.bounding_box(), grid_map.box)
    found = bounding_box(grid_map.crop(mask))
    # Windows were limited on the prepared grid, so the mask may end a voxel of that short of the region.
    own = grid_map.orientation.apply_to_grid(grid_map.source).spacing
    reach = [math.ceil(ours / mm) for ours, mm in zip(grid_map.target.spacing, own, strict=True)][::-1]
    sides = list(zip(found, around, reach, strict=True))[1:]
    if found[0].stop == 0 or all(f.start >= a.start + n and f.stop <= a.stop - n for f, a, n in sides):
        return []
    return ["what was found reaches the end of where it was expected: look again with inference.windows=body"]


def network_input(hu: np.ndarray, preparation: Preparation) -> np.ndarray:
    """Turn HU on the prepared grid (zyx) into what the network sees: (C, z, y, x), float32."""
    return intensity_channels(hu, preparation.windows_hu, preparation.normalization)


def sliding_window(recipe: Recipe, overlap: float | None = None) -> SlidingWindow:
    """Build the sliding window that a recipe's ``inference`` and ``preparation`` describe.

    How many windows are computed at once is left open: `choose_batch_size` needs the image and the device for that.
    """
    settings = recipe.inference
    air = network_input(np.full((1, 1, 1), AIR), recipe.preparation)
    return SlidingWindow(
        window_zyx=settings.window_size[::-1],
        overlap=settings.overlap if overlap is None else overlap,
        blending=settings.blending,
        sigma_scale=settings.sigma_scale,
        mirror_axes=tuple(AXES_ZYX.index(axis) for axis in settings.mirror_axes),
        padding_value=None if recipe.preparation.padding == "edge" else tuple(air.ravel().tolist()),
        relative=True,
        lattice=settings.lattice,
        coarse_overlap=settings.coarse_overlap,
        coarse_doubt=min(DOUBT, settings.threshold / 5),
        # Components stay if they are this sure on average. That none will be where nothing is half as sure at first
        # sight is assumed; Testing/benchmark/coarse_to_fine.py shows whether it holds.
        coarse_peak=recipe.postprocessing.components.minimum_confidence / 2,
    )
