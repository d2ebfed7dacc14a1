"""The training loop: one process, one device."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from ..inference.device import DeviceChoice
from ..networks import network_of
from ..progress import Progress, silent
from ..recipe import dump_recipe
from ..recipe.schema import Recipe
from ..volume.files import atomic_path
from .batches import PatchDataset, batches
from .checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from .losses import dice_cross_entropy
from .sampling import PatchSampler
from .schedule import learning_rate, make_optimizer, update_average

log = logging.getLogger(__name__)


class NotFiniteError(RuntimeError):
    """The loss or a gradient became NaN or infinite; the weights and the last checkpoint are from before."""


@dataclass
class TrainingRun:
    """A run and its folder (``recipe.yaml``, ``checkpoint.pt``, ``metrics.jsonl``).

    Parameters
    ----------
    recipe : Recipe
    sampler : PatchSampler
    folder : Path
    device : DeviceChoice
    workers : int
        Loader processes; 0 makes patches in the training process.
    """

    recipe: Recipe
    sampler: PatchSampler
    folder: Path
    device: DeviceChoice
    workers: int = 1

    def __post_init__(self) -> None:
        torch.manual_seed(self.sampler.seed)
        self.network = network_of(self.recipe).to(self.device.device, memory_format=torch.channels_last_3d)
        self.average = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.optimizer = make_optimizer(self.network, self.recipe.training.optimizer)
        self.step = 0
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def checkpoint_path(self) -> Path:
        """Where the run's state lies."""
        return self.folder / "checkpoint.pt"

    def resume(self) -> None:
        """Go on from the folder's checkpoint."""
        state = load_checkpoint(self.checkpoint_path)
        self.network.load_state_dict(state.network)
        self.average = {name: value.to(self.device.device) for name, value in state.average.items()}
        self.optimizer.load_state_dict(state.optimizer)
        torch.set_rng_state(state.random_state)
        if self.device.is_cuda and len(state.cuda_random_states) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(state.cuda_random_states)
        self.step, self.sampler.seed = state.step, state.seed

    def save(self) -> None:
        """Write the checkpoint."""
        state = Checkpoint(
            self.step,
            self.sampler.seed,
            self.network.state_dict(),
            self.average,
            self.optimizer.state_dict(),
            torch.get_rng_state(),
            torch.cuda.get_rng_state_all() if self.device.is_cuda else [],
        )
        save_checkpoint(self.checkpoint_path, state)

    def train(self, progress: Progress = silent, validate: Callable[[TrainingRun], dict] | None = None) -> None:
        """Train to the recipe's last step, writing a checkpoint (and validating) every ``checkpoint_every_steps``.

        Raises
        ------
        NotFiniteError
            At the first step whose loss or gradient is NaN or infinite.
        BaseException
            What ``progress`` raises to stop passes through, after a checkpoint.
        """
        settings = self.recipe.training
        with atomic_path(self.folder / "recipe.yaml") as temporary:
            temporary.write_text(dump_recipe(self.recipe), encoding="utf-8")
        loader = batches(PatchDataset(self.sampler, self.recipe), self.step, settings.steps, self.workers)
        started, first, losses = time.perf_counter(), self.step, []
        for image, label in loader:
            losses.append(self._one_step(image, label))
            self.step += 1
            self._report(progress)
            if self.step % settings.checkpoint_every_steps and self.step < settings.steps:
                continue
            seconds = (time.perf_counter() - started) / (self.step - first)
            row = {"step": self.step, "loss": sum(losses) / len(losses), "seconds_per_step": round(seconds, 4)}
            losses.clear()
            self.save()
            if validate is not None:
                row |= validate(self)
            self._record(row)

    def _one_step(self, image: torch.Tensor, label: torch.Tensor) -> float:
        settings = self.recipe.training.optimizer
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, self.recipe.training.steps, settings)
        self.network.train()
        image = image.to(self.device.device, memory_format=torch.channels_last_3d, non_blocking=True)
        label = label.to(self.device.device, non_blocking=True)
        with self.device.autocast():
            logits = self.network(image)
        loss = dice_cross_entropy(logits.float(), label, self.recipe.training.loss)
        value = float(loss.detach())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        limit = math.inf if settings.gradient_clip is None else settings.gradient_clip
        norm = float(torch.nn.utils.clip_grad_norm_(self.network.parameters(), limit))
        if not math.isfinite(value) or not math.isfinite(norm):
            raise NotFiniteError(f"the loss became {value} and the gradient's norm {norm} at step {self.step}")
        self.optimizer.step()
        update_average(self.average, self.network, settings.averaging, self.step)
        return value

    def _report(self, progress: Progress) -> None:
        """Tell where the run is; who stops it by raising loses no step."""
        try:
            progress("training", self.step / self.recipe.training.steps)
        except BaseException:
            self.save()
            log.info("stopped after step %d; the checkpoint is written", self.step)
            raise

    def _record(self, row: dict) -> None:
        log.info("%s", row)
        with (self.folder / "metrics.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")
