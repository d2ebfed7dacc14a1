"""Every network that a recipe can name: it learns, gives one answer in use, and survives being stored."""

from __future__ import annotations

import sys

import pytest
import torch

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.inference.device import choose_device
from LungTumorSegLib.inference.sliding_window import SlidingWindow
from LungTumorSegLib.model import load_model, save_model
from LungTumorSegLib.networks import load_network, network_of
from LungTumorSegLib.recipe.schema import Recipe
from LungTumorSegLib.training.optimizing.losses import make_loss
from support.every_network import NETWORKS, RESENC, recipe_of

every_network = pytest.mark.parametrize("name", NETWORKS)


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def batch_for(recipe: Recipe) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise of a patch's size, and labels that follow from it."""
    image = torch.randn(1, 2, *recipe.training.patch_size[::-1], generator=torch.Generator().manual_seed(0))
    return image, (image[:, 0] > 0).to(torch.uint8) + (image[:, 0] > 1).to(torch.uint8)


@every_network
def test_a_step_of_training_reaches_every_weight_and_lowers_the_loss(name):
    recipe = recipe_of(NETWORKS[name])
    network, loss = network_of(recipe, seed=0).train(), make_loss(recipe.training.loss)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    image, label = batch_for(recipe)
    before = loss(network(image), label)
    before.backward()
    # Data parallelism waits for the gradient of every parameter.
    assert [name for name, weight in network.named_parameters() if weight.grad is None] == []
    optimizer.step()
    torch.manual_seed(0)
    assert loss(network(image), label).item() < before.item()


@every_network
def test_in_use_the_answer_is_one_tensor_of_the_images_size(name):
    recipe = recipe_of(NETWORKS[name])
    network = network_of(recipe, seed=0)
    image, _ = batch_for(recipe)
    with torch.inference_mode():
        assert network.eval()(image).shape == (1, 3, *image.shape[2:])


def test_deep_supervision_answers_in_training_alone_and_never_in_the_sliding_window():
    recipe = recipe_of(NETWORKS["supervised resenc"])
    network = network_of(recipe, seed=0).train()
    image, _ = batch_for(recipe)
    finest, coarser = network(image)
    assert finest.shape == (1, 3, 8, 16, 16)
    assert coarser.shape == (1, 3, 8, 8, 8)
    window = SlidingWindow(recipe.inference.window_size[::-1])
    result = window.run(network, image[0], device=choose_device("cpu", "float32"))
    assert network.training, "left as it was found"
    with torch.inference_mode():
        expected = torch.softmax(network.eval()(image), 1)[0, 2].numpy()
    torch.testing.assert_close(
        torch.from_numpy(result.whole(result.probability(2))), torch.from_numpy(expected), atol=1e-5, rtol=1e-5
    )


@every_network
def test_a_stored_network_answers_as_before(name, tmp_path):
    recipe = recipe_of(NETWORKS[name])
    network = network_of(recipe, seed=1).eval()
    save_model(tmp_path / "model", network.state_dict(), recipe, {"version": "1"})
    model = load_model(tmp_path / "model")
    assert model.recipe == recipe
    image, _ = batch_for(recipe)
    with torch.inference_mode():
        assert torch.equal(load_network(model)(image), network(image))


@every_network
def test_a_seed_decides_the_weights_and_disturbs_no_other_random_numbers(name):
    recipe = recipe_of(NETWORKS[name])
    torch.manual_seed(5)
    first = network_of(recipe, seed=1).state_dict()
    after = torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(after, torch.rand(3))
    again, other = network_of(recipe, seed=1).state_dict(), network_of(recipe, seed=2).state_dict()
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_dropout_makes_training_random_and_use_repeatable():
    for network in (
        "{name: unet, channels: [4, 8], strides: [2], dropout: 0.5}",
        f"{{{RESENC}, dropout: 0.5, deep_supervision: false}}",
        "{name: isensee2017, channels: [4, 8], strides: [2]}",
        "{name: swinunetr, feature_size: 12, depths: [1, 1, 1, 1], attention_window: 4, dropout: 0.5}",
    ):
        recipe = recipe_of(network)
        network, (image, _) = network_of(recipe, seed=0), batch_for(recipe)
        with torch.no_grad():
            assert not torch.equal(network.train()(image), network(image))
            assert torch.equal(network.eval()(image), network(image))


def test_use_checkpoint_changes_no_gradient():
    image, label = batch_for(recipe_of(NETWORKS["swinunetr"]))
    gradients = []
    for use in ("true", "false"):
        settings = f"{{name: swinunetr, feature_size: 12, attention_window: 4, use_checkpoint: {use}}}"
        recipe = recipe_of(settings)
        network = network_of(recipe, seed=0)
        make_loss(recipe.training.loss)(network(image), label).backward()
        gradients.append([weight.grad for weight in network.parameters()])
    torch.testing.assert_close(*gradients)


def test_swinunetr_without_einops_is_answered_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "einops", None)  # as Python itself marks what cannot be imported
    with pytest.raises(InputError, match=r"network\.name: swinunetr: .* package einops.*; install it \(`pip"):
        network_of(recipe_of(NETWORKS["swinunetr"]))
