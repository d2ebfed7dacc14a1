"""TensorBoard events, where TensorBoard is installed."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path

import numpy as np

from .curves import NAME as CURVES
from .history import steps_between_rows
from .reports import EpochReport, StepReport, ValidationReport

log = logging.getLogger(__name__)

FOLDER = "tensorboard"
SUMMED_UP = ("mean_dice", "median_dice", "mean_hd95_mm", "sensitivity", "false_positives_per_scan")


def has_tensorboard() -> bool:
    """Tell whether events can be written."""
    return importlib.util.find_spec("tensorboard") is not None


class TensorBoardEvents:
    """Writes a run's figures and pictures as TensorBoard events; an observer.

    Parameters
    ----------
    folder : Path
        The run's; the events lie in its folder ``tensorboard``.
    steps : int
        Of the whole run.
    first_step : int
        The step that the run goes on from: TensorBoard hides the events of later ones, which were done before.
    """

    def __init__(self, folder: Path, steps: int, first_step: int = 0):
        self.folder, self.every = folder, steps_between_rows(steps)
        purge = first_step + 1 if first_step else None
        try:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(folder / FOLDER), purge_step=purge, flush_secs=10)
        except (ImportError, OSError) as error:
            self._stop(error)
        self._losses: list[float] = []

    def stepped(self, report: StepReport) -> None:
        """Write the figures as often as the history has a row."""
        self._losses.append(report.loss)
        if report.epoch:
            self._write(_figures_of(report.epoch), report.step)
        if report.step % self.every and report.step < report.steps:
            return
        figures = {
            "training/loss": float(np.mean(self._losses)),
            "training/learning_rate": report.learning_rate,
            "training/patches_per_second": report.patches_per_second,
        }
        self._losses.clear()
        self._write(figures, report.step)

    def validated(self, report: ValidationReport) -> None:
        """Write the scores and the pictures."""
        figures = {f"validation/{name}": report.summary[name] for name in SUMMED_UP}
        figures |= {f"validation_labels/{name}": dice for name, dice in report.summary.get("label_dice", {}).items()}
        figures |= {"validation/macro_f1": report.summary.get("macro_f1")}
        figures |= {f"validation_dice/{score.case}": score.dice for score in report.scores}
        self._write({name: value for name, value in figures.items() if value is not None}, report.step)
        curves = self.folder / CURVES
        for path in (*report.pictures, *([curves] if curves.exists() else [])):
            self._write_picture(path, report.step)

    def closed(self) -> None:
        """Write out what is buffered."""
        if self._writer is not None:
            self._guarded(lambda writer: writer.close())
            self._writer = None

    def _write(self, figures: dict[str, float], step: int) -> None:
        for name, value in figures.items():
            self._guarded(lambda writer, name=name, value=value: writer.add_scalar(name, value, step))

    def _write_picture(self, path: Path, step: int) -> None:
        from matplotlib.image import imread

        pixels = np.round(imread(path)[..., :3] * 255).astype(np.uint8)
        self._guarded(lambda writer: writer.add_image(path.stem, pixels, step, dataformats="HWC"))

    def _guarded(self, action) -> None:
        """Do something with the writer, unless writing failed before: events are not worth a run."""
        if self._writer is None:
            return
        try:
            action(self._writer)
        except OSError as error:
            self._stop(error)

    def _stop(self, error: Exception) -> None:
        self._writer = None
        log.warning("no TensorBoard events are written (any more): %s", error)


def _figures_of(report: EpochReport) -> dict[str, float]:
    """What an epoch's report tells, by names for TensorBoard."""
    figures = {f"epoch_loss/{name}": value for name, value in report.parts.items()}
    figures |= {f"epoch_dice/{name}": value for name, value in report.dice.items()}
    figures |= {"epoch/macro_f1": report.macro_f1}
    return {name: value for name, value in figures.items() if value is not None}
