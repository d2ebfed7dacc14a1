"""What the steps of a run were: losses and figures, read seldom from the device, and what is done about NaN."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator

import torch

from ...errors import InputError
from ...recipe.schema import Training
from ..watching.reports import EpochReport
from .figures import Figures

log = logging.getLogger(__name__)


class NotFiniteError(InputError):
    """The loss or a gradient became NaN or infinite; the weights and the last checkpoint are from before."""


class StepLosses:
    """Collects what `LungTumorSegLib.training.optimizing.step.Stepper.step` returns, and judges it.

    Parameters
    ----------
    settings : Training
        The policy ``not_finite``.
    scaled : bool
        Whether gradients are scaled (float16). An infinite gradient of a finite loss is then the scaler's finding
        that its factor was too great, and no fault.
    figures : Figures
        What the outcomes hold besides loss and norm.

    Attributes
    ----------
    left_out_in_a_row : int
    epoch_losses : list of float
        Finite ones since the epoch began.
    epoch_figures : list of float
        The figures of these steps, added up.
    """

    def __init__(self, settings: Training, figures: Figures, scaled: bool = False):
        self.settings, self.figures, self.scaled = settings, figures, scaled
        self.left_out_in_a_row = 0
        self.epoch_losses: list[float] = []
        self.epoch_figures = [0.0] * figures.size
        self._unread: list[torch.Tensor] = []

    def add(self, outcome: torch.Tensor) -> None:
        """Take a step's loss, gradient norm and figures, without waiting for the device."""
        self._unread.append(outcome)

    def read(self, step: int) -> Iterator[tuple[int, float]]:
        """Read what was added, waiting for the device.

        Parameters
        ----------
        step : int
            Steps that are done by now.

        Yields
        ------
        (int, float)
            Number of a step, counted from 1, and its loss.

        Raises
        ------
        NotFiniteError
            As the recipe's policy says.
        """
        if not self._unread:
            return
        outcomes = torch.stack(self._unread).tolist()
        self._unread.clear()
        for number, (loss, norm, *figures) in enumerate(outcomes, step - len(outcomes) + 1):
            self._judge(number, loss, norm)
            if math.isfinite(loss):
                self.epoch_losses.append(loss)
                self.epoch_figures = [a + b for a, b in zip(self.epoch_figures, figures, strict=True)]
            yield number, loss

    def end_epoch(self, epoch: int) -> EpochReport:
        """Tell of the epoch (counted from 1), and begin the next; without a finite loss there is no mean."""
        losses, self.epoch_losses = self.epoch_losses, []
        sums, self.epoch_figures = self.epoch_figures, [0.0] * self.figures.size
        mean = math.fsum(losses) / len(losses) if losses else None
        return self.figures.report(epoch, mean, sums, max(1, len(losses)))

    def _judge(self, number: int, loss: float, norm: float) -> None:
        if math.isfinite(loss) and math.isfinite(norm):
            self.left_out_in_a_row = 0
            return
        self.left_out_in_a_row += 1
        harmless = self.scaled and math.isfinite(loss)
        what = f"the loss became {loss:g} and the norm of its gradient {norm:g} at step {number}"
        if self.settings.not_finite == "stop" and not harmless:
            do = "lower the learning rate, look at the data, or set training.not_finite=skip; no weight is spoilt"
            raise NotFiniteError(what, do=do)
        if self.left_out_in_a_row > self.settings.not_finite_in_a_row:
            many = f"{what}, and so in {self.left_out_in_a_row} steps in a row"
            raise NotFiniteError(many, do="lower the learning rate, or look at the data; no weight is spoilt")
        if not harmless:
            log.warning("%s; the step is left out (%d in a row)", what, self.left_out_in_a_row)
