"""How the network is trained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .augmentation import Augmentation, Synthesis
from .classification import ClassificationLoss
from .loss import Loss
from .optimizer import Optimizer
from .part import Count, Part, PlannedBatchSize, PlannedSizeXYZ, Share


class Training(Part):
    """How the network is trained.

    Attributes
    ----------
    patch_size : tuple of int, xyz, or "plan"
        Voxels of a training patch on the prepared grid; planned with the network (``network.name: plan``).
    positive_share : float
        Share of the patches that hold a lesion, or whatever is labelled (Loux 2024: 0.25); others may by chance.
    positives : {"any_label", "lesions"}
        What these patches are about: whatever is labelled, or the recipe's lesions alone.
    negatives : {"lungs", "anywhere"}
        Places of the other patches: the lungs above all, or any place of the region, each as likely.
    draw_cases : {"evenly", "by_size"}
        Whether each case is as likely to give a patch, or in proportion to its number of voxels. Evenly, each lesion
        is as likely to give a positive one.
    distinct_patches : int or None
        So many patches are drawn in all, and then again and again, though changed anew each time; ``None`` draws ever
        new ones.
    batch_size : int, or "plan"
        Patches at once in each process; a step is computed from ``batch_size * gradient_accumulation`` patches a
        process. It may be planned with the network.
    gradient_accumulation : int
        Batches whose gradients are averaged into one step.
    steps : int
        The length of the run.
    steps_per_epoch : int
        What schedules call an epoch.
    classification : ClassificationLoss
        How the head is trained, where the recipe has a ``classification``.
    not_finite : {"stop", "skip"}
        What happens when the loss or a gradient is NaN or infinite. The weights are spared in either case: ``stop``
        ends the run, ``skip`` leaves the step out and goes on.
    not_finite_in_a_row : int
        Steps left out in a row that end the run all the same.
    validation_share : float
        Share of the patients that are held out and validated on, with a tumour (of each class, where the recipe has
        a ``classification``) and without; 0 for none.
    """

    patch_size: PlannedSizeXYZ = (160, 160, 64)
    batch_size: PlannedBatchSize = 1
    positive_share: Share = 0.25
    positives: Literal["any_label", "lesions"] = "any_label"
    negatives: Literal["lungs", "anywhere"] = "lungs"
    draw_cases: Literal["evenly", "by_size"] = "evenly"
    distinct_patches: Count | None = None
    gradient_accumulation: Count = 1
    steps: Count = 10_000
    steps_per_epoch: Count = 250
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    optimizer: Optimizer = Optimizer()
    loss: Loss = Loss()
    classification: ClassificationLoss = ClassificationLoss()
    augmentation: Augmentation = Augmentation()
    synthesis: Synthesis = Synthesis()
    not_finite: Literal["stop", "skip"] = "stop"
    not_finite_in_a_row: Count = 20
    checkpoint_every_steps: Count = 500
    validate_every_steps: Count = 1000
    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.2
