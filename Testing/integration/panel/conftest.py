"""The module's panel in the test host's window, with a worker of its own and a network as small as one can be."""

from __future__ import annotations

import pytest

from support.windows import panel, window  # noqa: F401


@pytest.fixture(scope="session")
def tiny_network(tmp_path_factory):
    """The folder of a model that takes both lungs for tumor: two lesions in `chest_volume`."""
    from support.models import save_constant_model

    return save_constant_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def ct_node(window):  # noqa: F811
    from LungTumorSegLib.scene.volumes import add_volume
    from support.volumes import chest_volume

    return add_volume(window.scene, chest_volume(), "CT")


@pytest.fixture
def driver(window, ct_node, panel, tiny_network):  # noqa: F811
    """The person at the panel: a CT is loaded and the small network is chosen."""
    from support.panels import Driver

    person = Driver(window, panel)
    person.choose_network(tiny_network)
    return person
