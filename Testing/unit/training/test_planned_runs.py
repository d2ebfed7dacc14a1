"""A run whose network is planned: the plan is made once, kept beside the run, and taken up again."""

from __future__ import annotations

import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.recipe import load_recipe
from LungTumorSegLib.training.data.planning import NAME, read_plan
from LungTumorSegLib.training.start import start_run
from support.small_systems import PANCREAS_MULTITASK
from support.subtyped_abdomens import write_subtyped_abdomens

SHORT = {"training__steps": 1, "training__precision": "float32", "training__batch_size": "plan"}


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """The recipe, the data, and the folder of a run that is done."""
    folder = tmp_path_factory.mktemp("planned")
    write_subtyped_abdomens(folder / "data")
    recipe = PANCREAS_MULTITASK.small_recipe(**SHORT)
    ready = start_run(recipe, folder / "data", folder / "run", device="cpu", workers=0)
    ready.train()
    return recipe, folder, ready


def test_plan_lies_beside_the_run_and_its_numbers_in_the_recipe(started):
    _, folder, ready = started
    plan, recipe = read_plan(folder / "run" / NAME), load_recipe(folder / "run" / "recipe.yaml")
    assert plan == ready.data.plan
    assert recipe == ready.run.recipe
    assert (recipe.training.patch_size, recipe.training.batch_size) == (plan.patch_size, plan.batch_size)
    assert recipe.network.channels == plan.channels
    assert any(line.startswith("planned (plan.yaml): ") for line in ready.describe())


def test_run_goes_on_with_its_plan_and_no_other(started):
    recipe, folder, ready = started
    assert start_run(recipe, folder / "data", folder / "run", device="cpu", workers=0, resume=True).run.step == 1
    path = folder / "run" / NAME
    text = path.read_text()
    path.write_text(text.replace(f"batch_size: {ready.data.plan.batch_size}", "batch_size: 9"))
    with pytest.raises(InputError, match=r"started with another recipe.*with plan\.yaml as it was"):
        start_run(recipe, folder / "data", folder / "run", device="cpu", workers=0, resume=True)
    path.write_text(text.replace("channels: [", "channels: [-1, "))
    with pytest.raises(InputError, match="its numbers do not make a network and patches"):
        start_run(recipe, folder / "data", folder / "run", device="cpu", workers=0, resume=True)
    path.unlink()
    with pytest.raises(InputError, match="no plan of a run, or a damaged one"):
        start_run(recipe, folder / "data", folder / "run", device="cpu", workers=0, resume=True)
