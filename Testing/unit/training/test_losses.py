"""Dice with cross-entropy, against MONAI's and by hand."""

from __future__ import annotations

import pytest
import torch

from LungTumorSegLib.recipe.schema import Loss
from LungTumorSegLib.training.cases import IGNORED
from LungTumorSegLib.training.losses import dice_cross_entropy


@pytest.mark.parametrize("squared", [True, False])
def test_equals_monai_where_everything_is_known(squared):
    from monai.losses import DiceCELoss

    torch.manual_seed(0)
    logits, label = torch.randn(2, 2, 6, 5, 4), torch.randint(0, 2, (2, 6, 5, 4))
    theirs = DiceCELoss(
        to_onehot_y=True,
        softmax=True,
        include_background=False,
        batch=True,
        squared_pred=squared,
        smooth_nr=1e-5,
        smooth_dr=1e-5,
    )
    # MONAI squares the (binary) target too, which changes nothing.
    mine = dice_cross_entropy(logits, label, Loss(squared_denominator=squared))
    assert float(mine) == pytest.approx(float(theirs(logits, label[:, None])), abs=1e-5)


def test_ignored_voxels_have_no_gradient_and_no_weight():
    torch.manual_seed(0)
    logits = torch.randn(1, 2, 4, 4, 4, requires_grad=True)
    label = torch.randint(0, 2, (1, 4, 4, 4)).to(torch.uint8)
    label[:, :2] = IGNORED
    loss = dice_cross_entropy(logits, label, Loss())
    loss.backward()
    assert not logits.grad[:, :, :2].any()
    assert logits.grad[:, :, 2:].any()
    known = dice_cross_entropy(logits[:, :, 2:], label[:, 2:], Loss())
    assert loss.item() == pytest.approx(known.item(), abs=1e-6)


def test_perfect_answer_costs_almost_nothing():
    label = torch.zeros(1, 4, 4, 4, dtype=torch.uint8)
    label[:, 1:3] = 1
    logits = torch.stack([-20.0 * (label * 2.0 - 1), 20.0 * (label * 2.0 - 1)], dim=1)
    assert float(dice_cross_entropy(logits, label, Loss())) < 1e-4
