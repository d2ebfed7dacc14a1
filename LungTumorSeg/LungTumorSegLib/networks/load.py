"""A model's network, with its weights in it."""

from __future__ import annotations

from torch import nn

from ..model import Model, load_weights
from .build import network_of


def load_network(model: Model) -> nn.Module:
    """Build the network that the model's recipe describes, and put the model's weights into it.

    Raises
    ------
    InputError
        The weights do not fit; names the first tensor.
    """
    network = network_of(model.recipe)
    load_weights(network, model)
    return network.eval()
