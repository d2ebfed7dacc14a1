"""Two processes with half the batch each are one process with the whole batch."""

from __future__ import annotations

from itertools import chain

import pytest
import torch

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.training.patches.batches import PatchNumbers
from LungTumorSegLib.training.processes.distributed import Ranks, joined
from support.group import run_together
from support.training import HEAD
from support.training_rank import main

# SGD: Adam divides by the gradient's size, and so makes rounding errors of tiny gradients as large as steps.
SETTINGS = (
    "training.optimizer={name: sgd, learning_rate: 0.01, momentum: 0.9, decay: constant}",
    "training.gradient_accumulation=2",
    "training.steps=4",
    "training.positive_share=0.5",
    "training.loss.dice_over=batch",
    *HEAD,
    "classification={names: {0: A, 1: B}, dropout: 0}",  # some patches have a class, and some processes no such patch
)


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """What two real processes with a patch each did, and one alone with two."""
    folder = tmp_path_factory.mktemp("group")
    run_together(2, "support.training_rank", folder, *SETTINGS, "training.batch_size=1")
    two = [torch.load(folder / f"rank-{rank}.pt", weights_only=True) for rank in range(2)]
    alone = tmp_path_factory.mktemp("alone")
    main(alone, [*SETTINGS, "training.batch_size=2"])
    return two, torch.load(alone / "rank-0.pt", weights_only=True)


def test_gradients_are_those_of_one_process_with_the_whole_batch(together):
    two, one = together
    assert any(gradient.abs().max() > 1e-3 for gradient in one["gradients"])
    for rank in two:
        for mine, whole in zip(rank["gradients"], one["gradients"], strict=True):
            assert torch.allclose(mine, whole, rtol=0, atol=1e-5)


def test_weights_after_several_steps_are_too_and_the_same_in_all_processes(together):
    two, one = together
    for name, value in one["weights"].items():
        assert torch.equal(two[0]["weights"][name], two[1]["weights"][name]), name
        assert torch.allclose(two[0]["weights"][name], value, rtol=0, atol=1e-5), name


def test_no_process_sees_the_patches_of_another_and_none_is_left_out(together):
    two, one = together
    assert not set(two[0]["drawn"]) & set(two[1]["drawn"])
    assert sorted(two[0]["drawn"] + two[1]["drawn"]) == sorted(one["drawn"]) == list(range(16))


def test_each_process_drops_out_units_of_its_own(together):
    two, _ = together
    assert not torch.equal(two[0]["dropout"], two[1]["dropout"])


def test_flags_and_work_of_the_first_alone(together):
    two, _ = together
    assert [rank["any"] for rank in two] == [[True, False]] * 2
    assert [rank["alone"] for rank in two] == ["done by the first", ""]


@pytest.mark.parametrize(("count", "size"), [(1, 3), (2, 2), (4, 1)])
def test_patch_numbers_of_all_processes_together_are_those_of_one(count, size):
    shares = [list(PatchNumbers(5, 9, size, Ranks(rank, count))) for rank in range(count)]
    assert sorted(chain(*shares)) == list(range(5 * count * size, 9 * count * size))
    assert all(len(PatchNumbers(5, 9, size, Ranks(rank, count))) == 4 * size for rank in range(count))
    step = [share[:size] for share in shares]
    assert sorted(chain(*step)) == list(range(5 * count * size, 6 * count * size))


def test_incomplete_description_of_a_group_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(InputError, match="RANK"), joined(cuda=False):
        pass
