"""Mask and class learned together: the head's term, its sums over processes, and what an epoch tells."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from LungTumorSegLib.networks.classification import MasksAndClasses
from LungTumorSegLib.recipe import load_recipe, override
from LungTumorSegLib.recipe.schema import ClassificationLoss
from LungTumorSegLib.training.data.cases import IGNORED
from LungTumorSegLib.training.optimizing.checkpoint import load_checkpoint
from LungTumorSegLib.training.optimizing.figures import Figures
from LungTumorSegLib.training.optimizing.loop import train
from LungTumorSegLib.training.optimizing.losses import JointLoss
from LungTumorSegLib.training.optimizing.losses.classification import ClassificationTerm, confuse
from LungTumorSegLib.training.patches.patch import NO_CLASS
from LungTumorSegLib.training.processes.stopping import Stop, StopRequested
from support.training import HEAD, Recorder, StopAfter

WEIGHTS = (0.5, 1.0, 2.0)


def recipe():
    settings = [
        "labels={1: Organ, 2: Lesion}",
        "lesions=[2]",
        "classification={names: {0: A, 1: B, 2: C}}",
        "training.classification={weight: 0.7, class_weights: [0.5, 1, 2]}",
    ]
    return override(load_recipe("lung-tumor-resenc"), settings)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(4)


def term(weights=WEIGHTS) -> ClassificationTerm:
    return ClassificationTerm.of(ClassificationLoss(weight=1, class_weights=weights), 3)


def test_term_is_torchs_weighted_cross_entropy_of_the_patches_with_a_class(generator):
    logits = torch.randn(5, 3, generator=generator, requires_grad=True)
    classes = torch.tensor([2, NO_CLASS, 0, 1, NO_CLASS])
    mine = term().value(term().sums(logits, classes))
    known = classes != NO_CLASS
    theirs = F.cross_entropy(logits[known], classes[known], torch.tensor(WEIGHTS))
    torch.testing.assert_close(mine, theirs)
    (gradient,) = torch.autograd.grad(mine, logits)
    assert gradient[1].abs().max() == gradient[4].abs().max() == 0
    assert gradient[0].abs().max() > 0


def test_patches_without_a_class_cost_nothing_and_leave_a_gradient_of_zero(generator):
    logits = torch.randn(2, 3, generator=generator, requires_grad=True)
    value = term().value(term().sums(logits, torch.tensor([NO_CLASS, NO_CLASS])))
    (gradient,) = torch.autograd.grad(value, logits)
    assert value == 0
    assert torch.equal(gradient, torch.zeros(2, 3))


def test_weights_that_are_still_to_be_balanced_are_no_loss():
    with pytest.raises(ValueError, match="still to be taken"):
        ClassificationTerm.of(ClassificationLoss(), 3)


def test_classes_told_are_counted_where_one_is_known():
    logits = torch.eye(3)[[0, 2, 2, 1, 0]]
    counts = confuse(logits, torch.tensor([0, 2, 1, 1, NO_CLASS]))
    assert counts.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 1]]


def answers(generator, count=4):
    masks = torch.randn(count, 3, 4, 4, 4, generator=generator, requires_grad=True)
    classes = torch.randn(count, 3, generator=generator, requires_grad=True)
    label = torch.randint(0, 3, (count, 4, 4, 4), generator=generator, dtype=torch.uint8)
    label[0, 0] = IGNORED
    return MasksAndClasses(masks, classes), label, torch.tensor([0, 2, NO_CLASS, 1])[:count]


def test_total_is_the_masks_loss_and_the_weighted_class(generator):
    answer, label, classes = answers(generator)
    loss = JointLoss.of(recipe())
    value = loss(answer, label, classes)
    parts = dict(zip(loss.parts, value.parts.tolist(), strict=True))
    total = float(value.total.detach())
    assert list(parts) == ["dice", "cross_entropy", "classification"]
    assert total == pytest.approx(parts["dice"] + parts["cross_entropy"] + 0.7 * parts["classification"])
    mask_alone = loss.segmentation(answer.masks, label).detach()
    assert float(mask_alone) == pytest.approx(parts["dice"] + parts["cross_entropy"])


def test_batch_spread_over_two_processes_gives_the_whole_batchs_value(generator):
    answer, label, classes = answers(generator)
    loss = JointLoss.of(recipe())
    whole = loss(answer, label, classes)
    halves = [slice(0, 2), slice(2, 4)]
    shares: list[list[torch.Tensor]] = []
    for half in halves:  # first only what each would add up
        seen: list[torch.Tensor] = []
        part = MasksAndClasses(answer.masks[half], answer.classes[half])
        loss(part, label[half], classes[half], reduce=lambda sums, seen=seen: seen.append(sums) or sums)
        shares.append(seen)
    totals = iter([a + b for a, b in zip(*shares, strict=True)])
    spread = loss(
        MasksAndClasses(answer.masks[:2], answer.classes[:2]), label[:2], classes[:2], reduce=lambda _: next(totals)
    )
    for mine, other in zip(spread, whole, strict=True):
        torch.testing.assert_close(mine, other)


def test_counts_give_the_dice_of_each_label_and_the_f1(generator):
    answer, label, classes = answers(generator)
    loss = JointLoss.of(recipe())
    value = loss(answer, label, classes)
    figures = Figures.of(recipe(), loss)
    report = figures.report(3, 0.5, [*value.parts.tolist(), *value.counts.tolist()], 1)
    found = np.where(label == IGNORED, IGNORED, answer.masks.argmax(1))
    for k, name in ((1, "Organ"), (2, "Lesion")):
        mine, true = found == k, label.numpy() == k
        assert report.dice[name] == pytest.approx(2 * (mine & true).sum() / (mine.sum() + true.sum()))
    assert report.classified == 3
    assert report.epoch == 3
    assert 0 <= report.macro_f1 <= 1


def test_head_learns_a_class_and_every_epoch_tells_of_it(make_run):
    run, seen = make_run("head", *HEAD, "training.steps=6", "training.steps_per_epoch=3"), Recorder()
    before = run.network.head.linear.weight.clone()
    train(run, [seen])
    assert not torch.equal(before, run.network.head.linear.weight)
    first, second = (report.epoch for report in seen.steps if report.epoch)
    assert (first.epoch, second.epoch) == (1, 2)
    assert first.parts.keys() == {"dice", "cross_entropy", "classification"}
    assert second.parts["classification"] < first.parts["classification"]
    assert first.classified > 0
    assert seen.steps[2].epoch is first


def test_resumed_run_with_a_head_gives_the_weights_and_figures_of_an_uninterrupted_one(make_run):
    settings = (*HEAD, "training.steps_per_epoch=4")  # with its dropout of 0.2
    whole, told = make_run("whole", *settings), Recorder()
    train(whole, [told])
    stop, retold = Stop(), Recorder()
    with pytest.raises(StopRequested):
        train(make_run("cut", *settings), [StopAfter(3, stop)], stop=stop)
    resumed = make_run("cut", *settings)
    resumed.resume()
    assert any(load_checkpoint(resumed.checkpoint_path).epoch_figures)
    train(resumed, [retold])
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[name]), name
    assert [step.epoch for step in retold.steps if step.epoch] == [step.epoch for step in told.steps if step.epoch]
