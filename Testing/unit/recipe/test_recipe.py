"""Recipes are checked on loading, and the error names the key and what was expected there."""

from __future__ import annotations

import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.recipe import available, dump_recipe, load_recipe, override, parse_recipe

MINIMAL = "name: a\ndescription: b\n"


@pytest.mark.parametrize("name", available())
def test_packaged_recipes_load_and_survive_writing(name):
    recipe = load_recipe(name)
    assert recipe.name == name
    assert parse_recipe(dump_recipe(recipe), "again") == recipe


@pytest.mark.parametrize(
    ("addition", "key", "expected"),
    [
        ("network: {name: unet, chanels: [1, 2]}", "network.chanels", "not permitted"),
        ("network: {name: resnet}", "network", "'ronneberger2015', 'dynunet', 'swinunetr'"),
        ("network: {name: unet, channels: [8, 16], strides: [2, 2]}", "network", "2 levels need 1 strides"),
        ("inference: {overlap: 1}", "inference.overlap", "less than 1"),
        ("inference: {window_size: [96, 96, 95]}", "recipe", "multiples of 16"),
        ("inference: {threshold: high}", "inference.threshold", "number"),
        ("preparation: {windows_hu: [[100, -100]]}", "preparation", "rise from low to high"),
        ("preparation: {spacing_mm: [1, 1, 0]}", "preparation.spacing_mm.2", "greater than or equal to 0.1"),
        ("preparation: {spacing_mm: [1, 1000, 1]}", "preparation.spacing_mm.1", "less than or equal to 20"),
        ("training: {patch_size: [2048, 64, 64]}", "training.patch_size.0", "less than or equal to 1024"),
        ("inference: {window_size: [1024, 1024, 512]}", "inference.window_size", "at most 134217728 voxels"),
        ("training: {batch_size: 1000000}", "training.batch_size", "less than or equal to 1024"),
        ("preparation: {windows_hu: [[.nan, 400]]}", "preparation.windows_hu", "finite"),
        ("preparation: {spacing_mm: [.inf, 1, 1]}", "preparation.spacing_mm", "finite"),
        ("training: {synthesis: {mass_radius_mm: [45, 6]}}", "training.synthesis", "rise"),
        ("training: {loss: {dice: 0, cross_entropy: 0}}", "training.loss", "all be 0"),
        ("training: {loss: {early: {epochs: 50, dice: 0}}}", "training.loss.early", "all be 0"),
        ("training: {loss: {early: {dice: 2}}}", "training.loss.early.epochs", "required"),
        ("training: {loss: {class_weights: [0, 0]}}", "training.loss", "all be 0"),
        ("training: {loss: {class_weights: [1, 10, 50]}}", "recipe", "class_weights must be 2"),
        ("training: {loss: {top_k_share: 0}}", "training.loss.top_k_share", "greater than 0"),
        ("training: {loss: {focal_gamma: 0.5}}", "training.loss.focal_gamma", "greater than or equal to 1"),
        ("network: {name: unet, strides: [2, 2, 2, 0]}", "network.strides.3", "greater than or equal to 1"),
        ("network: {name: unet, strides: [2, 2, 2, [2, 2]]}", "network.strides.3", "required"),
        ("network: {name: resenc, strides: [2, 2, 2, 3]}", "network.strides.3", "less than or equal to 2"),
        ("network: {name: resenc, blocks: [1, 2]}", "network", "5 levels need as many numbers of blocks"),
        ("network: {name: swinunetr, feature_size: 20}", "network.feature_size", "multiple of 12"),
        ("network: {name: swinunetr, heads: [5, 6, 12, 24]}", "network", "24 features of stage 1"),
        ("network: {name: swinunetr}\ntraining: {patch_size: [160, 160, 48]}", "recipe", "at least 64"),
        (
            "network: {name: unet, channels: [8, 16], strides: [[2, 2, 1]]}\ntraining: {patch_size: [31, 32, 3]}",
            "recipe",
            "training.patch_size must be multiples of [2, 2, 1]",
        ),
        ("training: {patch_size: [16, 16, 16]}", "recipe", "at least 32"),
        ("inference: {mirror_axes: [x, x]}", "inference", "twice"),
        ("inference: {overlap: 0.1, overlap: 0.2}", "overlap", "stands twice"),
        ("labels: {2: tumour}", "recipe", "numbered 1, 2"),
        ("lesions: [2]", "recipe", "lesions names the label 2, and the labels are 1"),
        ("lesions: [1, 1]", "recipe", "lesions names the label 1 twice"),
        ("lesions: tumor", "lesions", "tuple"),
        ("training: {positive_share: 1.5}", "training.positive_share", "less than or equal to 1"),
    ],
)
def test_fault_names_key_and_expectation(addition, key, expected):
    with pytest.raises(InputError) as caught:
        parse_recipe(MINIMAL + addition, "mine.yaml")
    message = str(caught.value)
    assert message.startswith("mine.yaml: ")
    assert key in message
    assert expected in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("addition", "lesions"),
    [
        ("", (1,)),
        ("labels: {1: Organ, 2: Tumor}", (1, 2)),
        ("labels: {1: Organ, 2: Tumor}\nlesions: [2]", (2,)),
        ("labels: {1: Organ}\nlesions: []", ()),
    ],
)
def test_every_label_is_a_lesion_unless_the_recipe_says_which_are(addition, lesions):
    recipe = parse_recipe(MINIMAL + addition, "mine.yaml")
    assert recipe.lesions == lesions
    assert parse_recipe(dump_recipe(recipe), "again").lesions == lesions


@pytest.mark.parametrize("text", ["just words", "- a\n- b", "a: [1, 2", "name: [a"])
def test_what_is_no_recipe_at_all_is_refused(text):
    with pytest.raises(InputError):
        parse_recipe(text, "mine.yaml")


def test_yaml_cannot_make_objects():
    with pytest.raises(InputError, match="not YAML"):
        parse_recipe(MINIMAL + "source: !!python/object/apply:os.getcwd []", "mine.yaml")


def test_unknown_name_lists_the_known(tmp_path):
    with pytest.raises(InputError, match="lung-tumor"):
        load_recipe("lung-tumour")
    with pytest.raises(InputError, match="no such recipe file"):
        load_recipe(tmp_path / "mine.yaml")


def test_override_changes_one_key():
    recipe = load_recipe("lung-tumor")
    changed = override(recipe, ["training.steps=7", "inference.mirror_axes=[x]"])
    assert (changed.training.steps, changed.inference.mirror_axes) == (7, ("x",))
    assert changed.training.optimizer == recipe.training.optimizer


@pytest.mark.parametrize("setting", ["training.stepps=7", "training.steps", "training.steps=-1", "a.b.c=1"])
def test_override_refuses_what_the_recipe_does_not_know(setting):
    with pytest.raises(InputError):
        override(load_recipe("lung-tumor"), [setting])


@pytest.mark.parametrize("text", ["name: 2001-99-99", "[" * 5000, "a: 0o9_"])
def test_yaml_over_which_the_parser_stumbles(text):
    with pytest.raises(InputError):
        parse_recipe(text, "r.yaml")


def test_a_name_longer_than_a_file_can_have():
    with pytest.raises(InputError, match="so long a name"):
        load_recipe("x" * 5000)


def test_a_network_that_no_machine_can_hold():
    with pytest.raises(InputError, match=r"network\.channels\.0: |'network\.channels\.0'"):
        override(load_recipe("lung-tumor"), ["network.channels=[1000000000, 8, 8, 8, 8]"])


def test_an_entry_of_a_list_is_changed_by_its_number():
    recipe = override(load_recipe("lung-tumor"), ["training.loss.class_weights=[1, 10]"])
    changed = override(recipe, ["training.loss.class_weights.1=83.5", "preparation.windows_hu.1.0=-200"])
    assert changed.training.loss.class_weights == (1, 83.5)
    assert changed.preparation.windows_hu == ((-1000, 400), (-200, 240))
    for fault in ("class_weights.2=3", "class_weights.-1=3", "class_weights.one=3", "class_weights.²=3", "dice.0=3"):
        with pytest.raises(InputError, match="expected key=value with a key of the recipe"):
            override(recipe, [f"training.loss.{fault}"])
    with pytest.raises(InputError, match=r"class_weights\.1'"):
        override(recipe, ["training.loss.class_weights.1=-3"])


def test_every_window_is_normalised():
    recipe = load_recipe("lung-tumor")
    assert override(recipe, ["preparation.normalization=[[0, 1], [5, 2]]"]).preparation.normalization[1] == (5, 2)
    with pytest.raises(InputError, match="normalization has 1 entries for 2 windows"):
        override(recipe, ["preparation.normalization=[[0, 1]]"])
    with pytest.raises(InputError, match="greater than 0"):
        override(recipe, ["preparation.normalization=[[0, 1], [0, 0]]"])
    assert override(recipe, ["preparation.normalization=fingerprint"]).preparation.unresolved == ("normalization",)
