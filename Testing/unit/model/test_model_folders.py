"""A model folder comes back as it was saved, and a bad one is refused by name, without running anything in it."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.model import available, load_model, save_model
from LungTumorSegLib.model.saving import data_format
from LungTumorSegLib.networks import load_network
from support.models import RECIPE, Malicious, constant_weights, save_constant_model, tiny_recipe


@pytest.fixture
def folder(tmp_path) -> Path:
    return save_constant_model(tmp_path / "tiny", not_for="diagnosis")


def refusal(folder: Path) -> str:
    """Load a model with its network, and return the complaint, which names the folder."""
    with pytest.raises(InputError) as raised:
        load_network(load_model(folder))
    message = str(raised.value)
    assert message.startswith(str(folder))
    assert "\n" not in message
    assert raised.value.do
    return message


def test_what_is_saved_comes_back(folder):
    model = load_model(folder)
    assert (model.name, model.version, model.metadata["not_for"]) == ("tiny", "1.0", "diagnosis")
    assert model.recipe == tiny_recipe()
    assert (folder / "recipe.yaml").read_text() == RECIPE
    expected = constant_weights(2.0)
    assert set(model.state_dict()) == set(expected)
    assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in expected.items())
    assert not load_network(model).training


def test_a_recipe_object_is_saved_as_yaml(tmp_path):
    save_model(tmp_path / "m", constant_weights(1.0), tiny_recipe(), {"version": "1"})
    assert load_model(tmp_path / "m").recipe == tiny_recipe()


def test_metadata_has_the_keys_of_a_monai_bundle(folder):
    metadata = json.loads((folder / "metadata.json").read_text())
    assert {"version", "monai_version", "pytorch_version", "numpy_version", "task"} <= set(metadata)
    formats = metadata["network_data_format"]
    assert formats == data_format(tiny_recipe())
    assert formats["inputs"]["image"]["channel_def"] == {"0": "-1000..400 HU"}
    assert formats["outputs"]["pred"]["channel_def"] == {"0": "background", "1": "Lung tumor"}


def test_half_precision_halves_the_file_and_still_fits(tmp_path, folder):
    weights = {name: tensor.half() for name, tensor in constant_weights(2.0).items()}
    save_model(tmp_path / "half", weights, RECIPE, {"version": "1"})
    network = load_network(load_model(tmp_path / "half"))
    assert next(network.parameters()).dtype == torch.float32
    assert (tmp_path / "half/model.safetensors").stat().st_size < (folder / "model.safetensors").stat().st_size


def test_every_packaged_model_fits_its_recipe():
    for name in available():
        model = load_model(name)
        assert model.name == name
        load_network(model)


def test_the_report_tells_which_weights(folder, tmp_path):
    other = load_model(save_constant_model(tmp_path / "other", 3.0)).describe()
    described = load_model(folder).describe()
    assert described["name"] == "tiny"
    assert described["recipe"] == "tiny"
    assert described["weights_sha256"] != other["weights_sha256"]


def test_saving_replaces_a_model_and_nothing_else(tmp_path, folder):
    save_constant_model(folder, 5.0)
    assert load_model(folder).state_dict().keys() == constant_weights(5.0).keys()
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="exists and is not a model"):
        save_constant_model(folder)
    assert (folder / "thesis.txt").read_text() == "mine"


def test_the_working_folder_cannot_be_replaced(tmp_path, monkeypatch):
    """Whoever stands in it would be left in a folder that is gone."""
    monkeypatch.chdir(tmp_path)
    for place in (".", "", tmp_path):
        with pytest.raises(InputError, match="is the working folder"):
            save_constant_model(Path(place))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["/", "..", "x/../..", "n" * 300, "/proc/no/model", "file/model", "loop"])
def test_places_where_no_model_can_be(tmp_path, monkeypatch, place):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "file").write_text("mine")
    (tmp_path / "here" / "loop").symlink_to("loop")
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(InputError):
        save_constant_model(Path(place))
    assert [path.name for path in tmp_path.iterdir()] == ["here"]
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == ["file", "loop"]


def test_a_working_folder_that_is_gone(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(InputError, match="cannot be written"):
        save_constant_model(Path("model"))
    assert load_model(save_constant_model(tmp_path / "model")).name == "model"


def test_paths_by_dots_and_links_lead_to_the_folder_itself(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    save_constant_model(Path("../there"))
    (tmp_path / "link").symlink_to(tmp_path / "there")
    save_constant_model(tmp_path / "link", 5.0)
    (tmp_path / "there").rename(tmp_path / "model")
    save_constant_model(Path("../model/."))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "link", "model"]
    assert (tmp_path / "link").is_symlink()


def test_a_failed_save_leaves_the_older_model_and_no_rest(tmp_path, folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InputError, match="key 'network"):
        save_model(folder, constant_weights(1.0), RECIPE.replace("channels: [4, 8]", "channels: 3"), {"version": "2"})
    unsaveable = {"tensor": torch.empty(2, device="meta")}
    with pytest.raises(NotImplementedError):
        save_model(folder, unsaveable, RECIPE, {"version": "2"})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_no_such_model(tmp_path):
    assert "there is no such model" in refusal(tmp_path / "none")
    assert "a recipe without packaged weights" in refusal("lungs-2d")


@pytest.mark.parametrize("name", ["model.safetensors", "recipe.yaml", "metadata.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert f"the model lacks {name}" in refusal(folder)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99])
def test_truncated_weights(folder, share):
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: int(share * len(whole))])
    assert "is damaged or not in the safetensors format" in refusal(folder)


def test_a_header_that_claims_too_much(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes((2**62).to_bytes(8, "little") + weights.read_bytes()[8:])
    assert "is damaged" in refusal(folder)


@pytest.mark.parametrize("how", ["pickle 2", "pickle 5", "torch.save", "torch.save, old"])
def test_a_pickle_under_the_weights_name_is_not_unpickled(folder, tmp_path, how):
    weights, trap = folder / "model.safetensors", tmp_path / "trap"
    if how.startswith("pickle"):
        weights.write_bytes(pickle.dumps(Malicious(trap), protocol=int(how[-1])))
    else:
        torch.save(Malicious(trap), weights, _use_new_zipfile_serialization=how == "torch.save")
    assert "is a pickle under another name" in refusal(folder)
    assert not trap.exists()


def test_the_trap_is_real(tmp_path):
    pickle.loads(pickle.dumps(Malicious(tmp_path / "trap")))
    assert (tmp_path / "trap").exists()


def test_a_checkpoint_in_pickle_format_is_explained(folder, tmp_path):
    (folder / "model.safetensors").unlink()
    (folder / "model.pt").write_bytes(b"PK\x03\x04")
    assert "model.pt looks like a pickle, which can run code" in refusal(folder)
    assert "is a file, and a model is a folder (model.pt looks like a pickle" in refusal(folder / "model.pt")


def test_a_recipe_that_would_run_code_is_refused(folder, tmp_path):
    trap = tmp_path / "trap"
    (folder / "recipe.yaml").write_text(f"name: !!python/object/apply:os.system ['touch {trap}']\n")
    assert "this is not YAML" in refusal(folder)
    assert not trap.exists()


def change(folder: Path, edit) -> None:
    weights = constant_weights(2.0)
    edit(weights)
    save_model(folder, weights, RECIPE, {"version": "1"})


def test_weights_of_another_network_are_named_by_tensor(folder):
    name = next(iter(constant_weights(2.0)))
    change(folder, lambda weights: weights.update({name: torch.zeros(2, 3)}))
    assert f"tensor {name} has shape (2, 3), and (4, 1, 3, 3, 3) was expected" in refusal(folder)
    change(folder, lambda weights: weights.pop(name))
    assert f"tensor {name} is missing" in refusal(folder)
    change(folder, lambda weights: weights.update({"surplus": torch.zeros(1)}))
    assert "the network has no tensor surplus" in refusal(folder)
    change(folder, lambda weights: weights.update({name: torch.zeros(4, 1, 3, 3, 3, dtype=torch.int32)}))
    assert f"tensor {name} holds torch.int32" in refusal(folder)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_numbers(folder, value):
    change(folder, lambda weights: next(iter(weights.values())).fill_(value))
    assert "holds NaN or infinity" in refusal(folder)


@pytest.mark.parametrize("text", ["", "{", "[1]", '"text"', "{}", '{"version": 3}', "\xff", "9" * 9999])
def test_metadata_that_is_not_a_description(folder, text):
    (folder / "metadata.json").write_bytes(text.encode("latin-1"))
    assert str(folder / "metadata.json") in refusal(folder)


def test_reading_a_model_loads_no_torch(folder):
    code = f"import sys; from LungTumorSegLib.model import load_model; load_model({str(folder)!r})"
    code += "; assert not {'torch', 'monai'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
