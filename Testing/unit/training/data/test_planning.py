"""Plans: what nnU-Net's rules give for known data, what memory allows, and their way to the disk and back."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.networks import network_of
from LungTumorSegLib.recipe import dump_recipe, load_recipe, override, parse_recipe
from LungTumorSegLib.recipe.schema import Recipe
from LungTumorSegLib.training.data.planning import apply_plan, make_plan, read_plan, write_plan
from LungTumorSegLib.training.data.planning.memory import values_of_a_patch
from LungTumorSegLib.training.data.planning.topology import factor_of, fitted, one_step_smaller, strides_for

ISOTROPIC = ((1.0, 1.0, 1.0), (300, 300, 300))
ABDOMEN = ((0.8, 0.8, 2.5), (512, 512, 96))
CROPPED = ((0.73, 0.73, 2.5), (120, 90, 50))


def recipe_for(spacing, *settings: str) -> Recipe:
    known = (
        f"preparation.spacing_mm={list(spacing)}",
        "preparation.windows_hu=[[-100, 200]]",
        "preparation.normalization=null",
        "inference.expected=null",
        "training.classification.class_weights=null",
    )
    return override(load_recipe("pancreas-multitask"), [*known, *settings])


def fingerprint_of(spacing, size, cases=100) -> dict:
    each = {"spacing_mm": list(spacing), "size_voxels": list(size), "body_voxels": list(size)}
    return {
        "cases": cases,
        "target_spacing_mm": list(spacing),
        "spacing_mm": {"median": list(spacing)},
        "per_case": {str(k): each for k in range(cases)},
    }


def plan_for(data, *settings: str, cases=100):
    return make_plan(recipe_for(data[0], *settings), fingerprint_of(*data, cases))


def test_isotropic_scans_give_the_patch_that_resenc_m_is_known_for():
    plan = plan_for(ISOTROPIC)
    assert (plan.patch_size, plan.batch_size) == ((128, 128, 128), 2)
    assert plan.channels == (32, 64, 128, 256, 320, 320)
    assert plan.blocks == (1, 3, 4, 6, 6, 6)
    assert plan.strides == ((2, 2, 2),) * 5
    assert 6 < plan.memory_gb <= 8


def test_coarse_axis_is_halved_later_and_no_kernel_extends_along_it_before():
    plan = plan_for(ABDOMEN)
    assert plan.strides[0] == (2, 2, 1)
    assert plan.kernel_sizes[:2] == ((3, 3, 1), (3, 3, 3))
    assert plan.patch_size[2] < 64 < plan.patch_size[0]
    edges = [n // step for n, step in zip(plan.patch_size, factor_of(plan.strides), strict=True)]
    assert min(edges) >= 4


def test_small_scans_are_seen_whole_and_the_batch_grows():
    plan = plan_for(CROPPED)
    assert all(patch >= whole for patch, whole in zip(plan.patch_size, CROPPED[1], strict=True))
    assert plan.batch_size > 2
    assert plan_for(CROPPED, cases=3).batch_size == 2  # three scans have no voxels for more


@pytest.mark.parametrize("data", [ISOTROPIC, ABDOMEN, CROPPED])
def test_more_memory_never_gives_less_and_is_never_exceeded(data):
    sizes = []
    for gb in (2, 4, 8, 16, 24):
        plan = plan_for(data, f"network.memory_gb={gb}")
        assert plan.memory_gb <= gb * (1 if plan.batch_size == 2 else 1.15)  # batches are rounded
        sizes.append(math.prod(plan.patch_size) * plan.batch_size)
    assert sizes == sorted(sizes)


def test_too_little_memory_and_too_small_scans_are_refused():
    with pytest.raises(InputError, match=r"0\.001 GB do not suffice for two patches"):
        plan_for(ISOTROPIC, "network.memory_gb=0.001")
    with pytest.raises(InputError, match="too small for a network of levels"):
        plan_for(((1, 1, 1), (7, 7, 7)))


def test_sizes_in_numbers_are_kept_and_the_rest_follows():
    plan = plan_for(ABDOMEN, "training.patch_size=[96, 96, 32]", "training.batch_size=7")
    assert (plan.patch_size, plan.batch_size) == ((96, 96, 32), 7)
    assert "patches of 96 x 96 x 32 voxels: as the recipe says" in plan.why
    with pytest.raises(InputError, match=r"use \[112, 112, 32\]"):
        plan_for(ABDOMEN, "training.patch_size=[100, 100, 32]")


def test_an_axis_of_its_own_is_halved_only_when_long():
    assert strides_for((1, 1, 8), (64, 64, 7), 4) == ((2, 2, 1), (2, 2, 1), (2, 2, 1), (2, 2, 1))
    assert strides_for((1, 4, 4), (12, 7, 7), 4) == ((2, 1, 1),)
    assert strides_for((1, 4, 4), (11, 7, 7), 4) == ()


@pytest.mark.parametrize(("size", "smaller"), [(256, 224), (224, 192), (128, 112), (160, 128)])
def test_next_smaller_size_passes_none_over(size, smaller):
    patch, _ = fitted((1, 1, 1), one_step_smaller((1, 1, 1), (size, 256, 256), 0, 4), 4)
    assert patch[0] == smaller


def test_count_of_values_is_that_of_the_networks_own_convolutions():
    settings = ("network.features=4", "network.most_features=16", "training.patch_size=[64, 64, 32]")
    small = apply_plan(recipe_for(ABDOMEN[0], *settings), plan_for(ABDOMEN, *settings))
    network, counted = network_of(small), 0

    def count(module, inputs, output):
        nonlocal counted
        counted += output.numel()

    for module in network.modules():
        if isinstance(module, (nn.Conv3d, nn.ConvTranspose3d)):
            module.register_forward_hook(count)
    network.train()(torch.zeros(1, 1, 32, 64, 64))
    shape = small.network
    assert values_of_a_patch((64, 64, 32), shape.strides, shape.channels, shape.blocks, 3) == counted


def test_planned_recipe_is_one_in_numbers_that_builds_and_survives_its_file():
    recipe = recipe_for(ABDOMEN[0])
    assert recipe.planned == ("network.name", "training.patch_size", "training.batch_size", "inference.window_size")
    with pytest.raises(InputError, match="leaves this to a plan made from training data"):
        network_of(recipe)
    resolved = apply_plan(recipe, plan_for(ABDOMEN))
    assert resolved.planned == ()
    assert resolved.inference.window_size == resolved.training.patch_size == plan_for(ABDOMEN).patch_size
    assert parse_recipe(dump_recipe(resolved), "dumped") == resolved
    kept = apply_plan(override(recipe, ["inference.window_size=[64, 64, 32]"]), plan_for(ABDOMEN))
    assert kept.inference.window_size == (64, 64, 32)


def test_only_a_planned_network_leaves_sizes_to_the_plan():
    with pytest.raises(InputError, match=r"patch_size can be 'plan' only where network\.name is"):
        override(load_recipe("lung-tumor"), ["training.patch_size=plan"])


def test_plan_is_read_back_as_it_was_written_and_says_why(tmp_path):
    plan, path = plan_for(ABDOMEN), tmp_path / "plan.yaml"
    write_plan(path, plan)
    assert read_plan(path) == plan
    text = path.read_text()
    assert "spacing 0.8 x 0.8 x 2.5 mm: the median of 100 cases" in text
    path.write_text(text.replace("strides", "steps"))
    with pytest.raises(InputError, match="no plan of a run, or a damaged one"):
        read_plan(path)
