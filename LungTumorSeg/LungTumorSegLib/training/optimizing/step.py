"""One step of training: forward, backward over all processes, and the weights moved unless something is not finite."""

from __future__ import annotations

import contextlib
import math

import torch
from torch.nn.parallel import DistributedDataParallel

from ...inference.device import DeviceChoice
from ...recipe.schema import Recipe
from ..patches.batches import Batch
from ..processes.distributed import Ranks
from .losses import JointLoss, JointValue
from .schedule import make_optimizer


class Stepper:
    """Moves a network's weights.

    Nothing here waits for a GPU: what a step's loss was, and whether it was left out, is read later.

    Parameters
    ----------
    network : torch.nn.Module
        On its device. The same weights in every process.
    recipe : Recipe
    device : DeviceChoice
        Its precision is that of the forward pass; losses and weights are float32.
    ranks : Ranks

    Attributes
    ----------
    optimizer : torch.optim.Optimizer
    scaler : torch.amp.GradScaler
        Of float16, whose small gradients would be lost (Micikevicius 2018); switched off otherwise.
    """

    def __init__(self, network: torch.nn.Module, recipe: Recipe, device: DeviceChoice, ranks: Ranks):
        self.settings, self.device, self.ranks = recipe.training, device, ranks
        self.network = network
        self.loss = JointLoss.of(recipe)
        self.optimizer = make_optimizer(network, recipe.training.optimizer, fused=device.is_cuda)
        self.scaler = torch.amp.GradScaler("cuda", enabled=device.is_cuda and device.precision == "float16")
        self._parallel = self._joined_with_others() if ranks.count > 1 else network

    def _joined_with_others(self) -> DistributedDataParallel:
        devices = [torch.device(self.device.device)] if self.device.is_cuda else None
        return DistributedDataParallel(self.network, device_ids=devices)

    def step(self, batches: list[Batch], rate: float, epoch: int) -> torch.Tensor:
        """Train on the batches, of which there is one for each accumulation.

        Parameters
        ----------
        batches : list of (image (N, C, z, y, x), label (N, z, y, x), class (N,))
            This process's.
        rate : float
            Learning rate.
        epoch : int
            For losses that change over the run.

        Returns
        -------
        Tensor of shape (2 + n,), float32, on the device
            Loss over the batches of all processes, and the norm of its gradient before clipping; then parts and counts
            of `JointValue`. Where loss or norm is NaN or infinite the weights are as before, in every process: both
            are the same in all of them.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.network.train()
        self.optimizer.zero_grad(set_to_none=True)
        values = []
        for number, batch in enumerate(batches, 1):
            waits = number < len(batches) and self.ranks.count > 1
            with self._parallel.no_sync() if waits else contextlib.nullcontext():
                value = self._loss(*batch, epoch)
                self.scaler.scale(value.total / len(batches)).backward()
            values.append(value._replace(total=value.total.detach()))
        total, parts, counts = (torch.stack(kind) for kind in zip(*values, strict=True))
        loss = total.mean()
        self.scaler.unscale_(self.optimizer)
        limit = self.settings.optimizer.gradient_clip
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), math.inf if limit is None else limit)
        self._move(torch.isfinite(loss) & torch.isfinite(norm))
        return torch.cat([torch.stack([loss, norm.float()]), parts.mean(0), counts.sum(0)])

    def _loss(self, image: torch.Tensor, label: torch.Tensor, classes: torch.Tensor, epoch: int) -> JointValue:
        image = image.to(self.device.device, memory_format=torch.channels_last_3d, non_blocking=True)
        label, classes = (truth.to(self.device.device, non_blocking=True) for truth in (label, classes))
        with self.device.autocast():
            answer = self._parallel(image)
        return self.loss(answer, label, classes, epoch=epoch, reduce=self.ranks.sum)

    def _move(self, finite: torch.Tensor) -> None:
        """Let the optimiser move the weights if the loss and all gradients are finite."""
        if self.scaler.is_enabled():
            self.scaler.step(self.optimizer)
            self.scaler.update()
        elif self.device.is_cuda:
            # Fused optimisers leave a step out on the device itself, as they do for a scaler.
            self.optimizer.found_inf = (~finite).float()
            self.optimizer.step()
        elif finite:
            self.optimizer.step()
