"""The terms of the loss against MONAI's, torch's and sums by hand."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from LungTumorSegLib.recipe.schema import Loss
from LungTumorSegLib.training.data.cases import IGNORED
from LungTumorSegLib.training.optimizing.losses import make_loss

TERMS = ("dice", "cross_entropy", "binary_cross_entropy", "top_k_cross_entropy", "focal", "tversky")
EVERY_TERM = {term: 1.0 + 0.25 * n for n, term in enumerate(TERMS)}
SIZE = (6, 5, 4)


def only(term: str, **settings) -> Loss:
    """A loss of one term."""
    return Loss(**{"dice": 0, "cross_entropy": 0, term: 1, **settings})


def example(classes: int, patches: int = 2, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Random logits, which can be differentiated, and labels, all known."""
    torch.manual_seed(seed)
    logits = 3 * torch.randn(patches, classes, *SIZE)
    return logits.requires_grad_(), torch.randint(0, classes, (patches, *SIZE)).to(torch.uint8)


def assert_same(mine: torch.Tensor, theirs: torch.Tensor, logits: torch.Tensor) -> None:
    """Compare two losses and their gradients."""
    torch.testing.assert_close(mine, theirs, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(
        torch.autograd.grad(mine, logits)[0], torch.autograd.grad(theirs, logits)[0], atol=1e-7, rtol=1e-4
    )


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("over", ["batch", "sample"])
@pytest.mark.parametrize("squared", [True, False])
def test_dice_and_cross_entropy_are_monais(classes, over, squared):
    from monai.losses import DiceCELoss

    logits, label = example(classes)
    theirs = DiceCELoss(
        to_onehot_y=True,
        softmax=True,
        include_background=False,
        batch=over == "batch",
        squared_pred=squared,  # MONAI squares the (binary) target too, which changes nothing
        smooth_nr=1e-5,
        smooth_dr=1e-5,
        lambda_dice=0.7,
        lambda_ce=1.3,
    )
    mine = make_loss(Loss(dice=0.7, cross_entropy=1.3, squared_denominator=squared, dice_over=over))
    assert_same(mine(logits, label), theirs(logits, label[:, None]), logits)


@pytest.mark.parametrize("over", ["batch", "sample"])
def test_tversky_is_monais(over):
    from monai.losses import TverskyLoss

    logits, label = example(3)
    theirs = TverskyLoss(
        to_onehot_y=True,
        softmax=True,
        include_background=False,
        batch=over == "batch",
        alpha=0.2,
        beta=0.9,
        smooth_nr=1e-5,
        smooth_dr=1e-5,
    )
    mine = make_loss(only("tversky", tversky_alpha=0.2, tversky_beta=0.9, dice_over=over))
    assert_same(mine(logits, label), theirs(logits, label[:, None]), logits)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("gamma", [1.0, 2.5])
def test_focal_is_monais(classes, gamma):
    from monai.losses import FocalLoss

    logits, label = example(classes)
    theirs = FocalLoss(to_onehot_y=True, use_softmax=True, gamma=gamma, reduction="none")
    # MONAI has a value for each class, of which all but the voxel's own are 0.
    value = theirs(logits, label[:, None]).sum(1).mean()
    assert_same(make_loss(only("focal", focal_gamma=gamma))(logits, label), value, logits)


@pytest.mark.parametrize("weights", [(1.0, 10.0), (1.0, 10.0, 50.0), (0.0, 1.0, 0.5)])
def test_weighted_cross_entropy_is_torchs(weights):
    logits, label = example(len(weights))
    theirs = F.cross_entropy(logits, label.long(), torch.tensor(weights))
    assert_same(make_loss(only("cross_entropy", class_weights=weights))(logits, label), theirs, logits)


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_binary_cross_entropy_is_that_of_each_labels_probability(classes):
    logits, label = example(classes)
    truth = torch.stack([label == k for k in range(1, classes)], dim=1).float()
    # In double precision: 1 - p is lost in single where p is near 1.
    theirs = F.binary_cross_entropy(torch.softmax(logits.double(), 1)[:, 1:], truth.double()).float()
    assert_same(make_loss(only("binary_cross_entropy"))(logits, label), theirs, logits)


@pytest.mark.parametrize("weights", [None, (1.0, 2.0, 3.0)])
def test_top_k_averages_each_patchs_hardest_voxels(weights):
    logits, label = example(3)
    label[1, :3] = IGNORED
    theirs, number = 0, 0
    for one, truth in zip(logits, label, strict=True):
        known = truth.flatten() != IGNORED
        truth = truth.flatten()[known].long()
        cost = F.cross_entropy(one.flatten(1).T[known], truth, reduction="none")
        cost = cost if weights is None else cost * torch.tensor(weights)[truth]
        hardest = cost.sort(descending=True).values[: int(0.1 * len(cost))]
        theirs, number = theirs + hardest.sum(), number + len(hardest)
    assert number == 12 + 6
    mine = make_loss(only("top_k_cross_entropy", top_k_share=0.1, class_weights=weights))
    assert_same(mine(logits, label), theirs / number, logits)


@pytest.mark.parametrize("over", ["batch", "sample"])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("term", TERMS)
def test_ignored_voxels_have_no_gradient_and_no_weight(term, classes, over):
    logits, label = example(classes)
    label[:, :2] = IGNORED
    weights = (1.0, 10.0, 50.0)[:classes]
    loss = make_loss(only(term, dice_over=over, class_weights=weights))
    whole = loss(logits, label)
    gradient = torch.autograd.grad(whole, logits)[0]
    assert not gradient[:, :, :2].any()
    assert gradient[:, :, 2:].any()
    torch.testing.assert_close(whole, loss(logits[:, :, 2:], label[:, 2:]), atol=1e-6, rtol=1e-6)
    with torch.no_grad():
        logits[:, :, :2] *= 100
    torch.testing.assert_close(whole, loss(logits, label), atol=0, rtol=0)


@pytest.mark.parametrize("term", TERMS)
def test_nothing_known_teaches_nothing(term):
    logits, label = example(3)
    loss = make_loss(only(term))(logits, torch.full_like(label, IGNORED))
    assert loss.item() == 0
    assert not torch.autograd.grad(loss, logits)[0].any()


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("certainty", [20.0, 1e4])
def test_a_perfect_answer_costs_almost_nothing(term, certainty):
    _, label = example(3)
    logits = (certainty * F.one_hot(label.long(), 3).movedim(-1, 1).float()).requires_grad_()
    loss = make_loss(only(term))(logits, label)
    assert 0 <= loss.item() < 1e-4
    assert torch.autograd.grad(loss, logits)[0].isfinite().all()


@pytest.mark.parametrize("term", TERMS)
def test_a_wrong_answer_beyond_all_doubt_has_a_finite_cost_and_gradient(term):
    _, label = example(2)
    logits = (-1e4 * F.one_hot(label.long(), 2).movedim(-1, 1).float()).requires_grad_()
    loss = make_loss(only(term))(logits, label)
    assert 0.5 < loss.item() < 1e5
    assert torch.autograd.grad(loss, logits)[0].isfinite().all()


def test_half_precision_logits_are_summed_in_single():
    logits, label = example(2)
    half = logits.detach().bfloat16()
    loss = make_loss(Loss())
    assert loss(half, label).dtype == torch.float32
    assert float(loss(half, label)) == float(loss(half.float(), label))


def test_early_weights_hold_for_their_epochs():
    logits, label = example(2)
    early = make_loss(Loss(early={"epochs": 50, "dice": 0.8, "binary_cross_entropy": 0.2}))
    favouring_dice = make_loss(Loss(dice=0.8, cross_entropy=0, binary_cross_entropy=0.2))(logits, label)
    later = make_loss(Loss())(logits, label)
    values = [early(logits, label, epoch=epoch).item() for epoch in (0, 49, 50)]
    assert values == [favouring_dice.item(), favouring_dice.item(), later.item()]


def test_deep_supervision_is_monais_with_normalised_weights():
    from monai.losses import DeepSupervisionLoss, DiceCELoss

    torch.manual_seed(0)
    label = torch.randint(0, 3, (2, 8, 8, 8))
    outputs = [torch.randn(2, 3, *size, requires_grad=True) for size in ((8, 8, 8), (4, 4, 8), (2, 2, 4))]
    one = DiceCELoss(to_onehot_y=True, softmax=True, include_background=False, batch=True, squared_pred=True)
    theirs = DeepSupervisionLoss(one, weight_mode="exp")(outputs, label[:, None].float()) / 1.75
    mine = make_loss(Loss())(outputs, label)
    for output in outputs:
        gradients = [torch.autograd.grad(value, output, retain_graph=True)[0] for value in (mine, theirs)]
        torch.testing.assert_close(*gradients)
    torch.testing.assert_close(mine, theirs)


def test_sizes_that_do_not_fit_are_refused():
    logits, label = example(2)
    with pytest.raises(ValueError, match="shape"):
        make_loss(Loss())(logits, label[:1])
    with pytest.raises(ValueError, match="size"):
        make_loss(Loss())([logits, logits[:, :, :4]], label)


@pytest.mark.parametrize("over", ["batch", "sample"])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("term", [*TERMS, "all"])
def test_two_shards_give_the_loss_and_gradient_of_the_whole_batch(term, deep, classes, over):
    logits, label = example(classes, patches=4)
    label[0, :2] = IGNORED
    label[3] = 0  # a patch without foreground: shards must differ, or their mean would do
    settings = {"dice_over": over, "class_weights": (1.0, 10.0, 50.0)[:classes], "top_k_share": 0.1}
    loss = make_loss(Loss(**EVERY_TERM, **settings) if term == "all" else only(term, **settings))

    def outputs(part: slice):
        return [logits[part], 2 * logits[part, :, :3, :, :2]] if deep else logits[part]

    whole = loss(outputs(slice(None)), label)
    shards, sums = (slice(0, 1), slice(1, 4)), []
    for part in shards:
        loss(outputs(part), label[part], reduce=lambda own: sums.append(own) or own)
    assert len(sums) == 2, "one exchange a process and step"
    for part in shards:
        together = loss(outputs(part), label[part], reduce=lambda _: sums[0] + sums[1])
        torch.testing.assert_close(together, whole, atol=1e-6, rtol=1e-6)
        gradients = [torch.autograd.grad(value, logits, retain_graph=True)[0] for value in (together, whole)]
        torch.testing.assert_close(*gradients, atol=1e-6, rtol=1e-5)
