"""The network of the last job, ready for the next one."""

from __future__ import annotations

import gc
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.bundle import METADATA, RECIPE, WEIGHTS

if TYPE_CHECKING:
    from ..model import Model
    from ..prediction import Predictor

logger = logging.getLogger(__name__)


class KeptNetwork:
    """Loads a predictor, or gives the one it has, while the model's files and the device are the same."""

    def __init__(self) -> None:
        self._key: tuple | None = None
        self._predictor: Predictor | None = None

    def get(self, request: dict) -> Predictor:
        """Return the predictor that ``model``, ``folder`` (for relative paths) and ``device`` ask for.

        Raises
        ------
        InputError
            The model or the device cannot be used.
        """
        from ..model import available, load_model
        from ..prediction import Predictor

        name = request["model"]
        model = load_model(name if name in available() else Path(request["folder"]) / name)
        key = (model.path, _stamps(model), request["device"])
        if key != self._key:
            self._predictor, self._key = Predictor.load(model, request["device"]), key
            give_memory_back()
        return self._predictor

    def drop(self) -> None:
        """Forget the predictor, and give the memory back that it held."""
        self._key = self._predictor = None
        gc.collect()
        give_memory_back()

    def warm(self, request: dict) -> None:
        """Load a predictor ahead of time and run it over one window; whoever asks for it later hears what is wrong.

        The first window brings in what is loaded by need: a GPU's kernels take seconds.
        """
        import torch

        try:
            from ..prediction.predict import sliding_window

            predictor = self.get(request)
            window = sliding_window(predictor.recipe)
            image = torch.zeros((len(predictor.recipe.preparation.windows_hu), *window.window_zyx))
            window.run(predictor.network, image, device=predictor.device)
            _import_the_rest()
        except Exception:
            logger.warning("The network was not loaded ahead of time.", exc_info=True)
            self.drop()


def give_memory_back() -> None:
    """Let other programs have the GPU's memory that nothing is in."""
    import torch

    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def _import_the_rest() -> None:
    """Import what preparation and post-processing import by need."""
    import cc3d  # noqa: F401
    import scipy.ndimage  # noqa: F401
    import SimpleITK  # noqa: F401


def _stamps(model: Model) -> tuple:
    """Return what changes when a file of the model does."""
    return tuple(_stamp(model.path / name) for name in (WEIGHTS, RECIPE, METADATA))


def _stamp(file: Path) -> tuple[int, int, int]:
    status = file.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino
