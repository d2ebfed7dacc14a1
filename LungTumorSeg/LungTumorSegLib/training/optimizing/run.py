"""A training run: everything that changes from step to step, and its way to the disk and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch

from ...errors import InputError
from ...inference.device import DeviceChoice
from ...networks import network_of
from ...networks.prelu import use_fast_prelu
from ...recipe.schema import Recipe
from ...wording import counted
from ..patches.sampling import PatchSampler
from ..processes.distributed import Ranks
from .averaging import Average
from .checkpoint import BEST, LAST, BestWeights, Checkpoint, load_checkpoint, remove_torn_files, save_checkpoint
from .figures import Figures
from .randomness import gather_random_states, seed_dropout, set_random_state
from .schedule import Schedule
from .step import Stepper
from .step_losses import StepLosses


@dataclass
class TrainingRun:
    """A run and its folder.

    Parameters
    ----------
    recipe : Recipe
    sampler : PatchSampler
    folder : Path
    device : DeviceChoice
    workers : int
        Loader processes; 0 makes patches in the training process.
    ranks : Ranks
        The processes that train this network together.

    Attributes
    ----------
    network : torch.nn.Module
    average : Average
        Its ``weights`` are those to validate and to export.
    stepper, schedule, step_losses
        Optimiser and scaler, learning rate, losses of the epoch.
    step : int
        Steps done.
    validated_step : int
        The step after which the weights were validated last; -1 for none.
    best_score : float or None
        Of the best validation so far; see `Checkpoint`.
    """

    recipe: Recipe
    sampler: PatchSampler
    folder: Path
    device: DeviceChoice
    workers: int = 1
    ranks: Ranks = field(default_factory=Ranks)

    def __post_init__(self) -> None:
        settings = self.recipe.training
        if self.device.is_cuda:
            torch.backends.cudnn.benchmark = True
            torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
        network = use_fast_prelu(network_of(self.recipe, self.sampler.seed))
        self.network = network.to(self.device.device, memory_format=torch.channels_last_3d)
        seed_dropout(self.sampler.seed, self.ranks.rank)
        self.stepper = Stepper(self.network, self.recipe, self.device, self.ranks)
        self.average = Average(self.network, settings.optimizer.averaging)
        self.schedule = Schedule(settings.optimizer, settings.steps, settings.steps_per_epoch)
        figures = Figures.of(self.recipe, self.stepper.loss)
        self.step_losses = StepLosses(settings, figures, scaled=self.stepper.scaler.is_enabled())
        self.step, self.validated_step = 0, -1
        self.best_score: float | None = None

    @property
    def checkpoint_path(self) -> Path:
        """Where the run's state lies."""
        return self.folder / LAST

    @property
    def best_path(self) -> Path:
        """Where the weights lie that did best in validation."""
        return self.folder / BEST

    @property
    def patches_per_step(self) -> int:
        """Patches that all processes together train on in a step."""
        training = self.recipe.training
        return training.batch_size * training.gradient_accumulation * self.ranks.count

    def save(self) -> None:
        """Write the checkpoint in the first process, while the others wait; every process has to take part.

        Raises
        ------
        InputError
            It cannot be written; the older one is intact.
        """
        random_states = gather_random_states(self.ranks, self.device.is_cuda)
        self.ranks.first_alone(lambda: save_checkpoint(self.checkpoint_path, self._state(random_states)))

    def _state(self, random_states: list[dict[str, torch.Tensor]]) -> Checkpoint:
        return Checkpoint(
            step=self.step,
            seed=self.sampler.seed,
            processes=self.ranks.count,
            network=self.network.state_dict(),
            average=self.average.weights,
            optimizer=self.stepper.optimizer.state_dict(),
            schedule=self.schedule.state(),
            scaler=self.stepper.scaler.state_dict(),
            random_states=random_states,
            epoch_losses=self.step_losses.epoch_losses,
            epoch_figures=self.step_losses.epoch_figures,
            left_out_in_a_row=self.step_losses.left_out_in_a_row,
            validated_step=self.validated_step,
            best_score=self.best_score,
        )

    def save_best(self, score: float) -> None:
        """Write the weights that did best, in the same way."""
        self.best_score = score
        best = BestWeights(self.step, score, self.network.state_dict(), self.average.weights)
        self.ranks.first_alone(lambda: save_checkpoint(self.best_path, best))

    def resume(self) -> None:
        """Go on from the folder's checkpoint.

        Raises
        ------
        InputError
            It cannot be read, does not fit the run, or another number of processes wrote it: they would draw other
            patches.
        """
        if self.ranks.is_first:
            remove_torn_files(self.folder)
        state = load_checkpoint(self.checkpoint_path)
        if state.processes != self.ranks.count:
            started = counted(state.processes, "process", "processes")
            what = f"the run was started with {started} in all, not {self.ranks.count}"
            raise InputError(what, self.checkpoint_path, "go on with as many: each draws its share of the patches")
        try:
            self._restore(state)
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            if isinstance(error, torch.OutOfMemoryError):
                raise
            what = "this checkpoint does not fit the run"
            raise InputError(what, self.checkpoint_path, "restore it from a copy, or start anew") from error

    def _restore(self, state: Checkpoint) -> None:
        if not 0 <= state.step <= self.recipe.training.steps:
            raise ValueError(f"step {state.step}")
        self.network.load_state_dict(state.network)
        self.average.restore(state.average)
        self.stepper.optimizer.load_state_dict(state.optimizer)
        if state.scaler:
            self.stepper.scaler.load_state_dict(state.scaler)
        if state.schedule:
            self.schedule.restore(state.schedule)
        if state.random_states:
            set_random_state(state.random_states[self.ranks.rank])
        self.step_losses.epoch_losses = list(state.epoch_losses)
        if state.epoch_figures:
            self.step_losses.epoch_figures = list(state.epoch_figures)
        self.step_losses.left_out_in_a_row = state.left_out_in_a_row
        self.step, self.sampler.seed = state.step, state.seed
        self.validated_step, self.best_score = state.validated_step, state.best_score
