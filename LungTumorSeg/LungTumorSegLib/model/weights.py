"""Whether weights fit a network, and how they get into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import InputError

if TYPE_CHECKING:
    import torch

    from .bundle import Model


def load_weights(network: torch.nn.Module, model: Model) -> None:
    """Put a model's weights into a network that was built from its recipe.

    Raises
    ------
    InputError
        Names a tensor that is missing, not known to the network, of another shape, or not finite.
    """
    weights = model.state_dict()
    fault = find_misfit(weights, network.state_dict())
    if fault is not None:
        raise InputError(
            f"the weights do not fit the model's recipe: {fault}",
            model.path,
            "the weights and recipe.yaml must come from the same training",
        )
    network.load_state_dict(weights)


def find_misfit(weights: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor]) -> str | None:
    """Say what is wrong with ``weights`` for a network whose state is ``expected``, or return None.

    Tensors may be stored in another floating-point precision than the network's.
    """
    import torch

    for name, tensor in expected.items():
        if name not in weights:
            return f"tensor {name} is missing"
        stored = weights[name]
        if stored.shape != tensor.shape:
            return f"tensor {name} has shape {tuple(stored.shape)}, and {tuple(tensor.shape)} was expected"
        if stored.is_floating_point() != tensor.is_floating_point():
            return f"tensor {name} holds {stored.dtype}, and {tensor.dtype} was expected"
        if stored.is_floating_point() and not torch.isfinite(stored).all():
            return f"tensor {name} holds NaN or infinity"
    unknown = next((name for name in weights if name not in expected), None)
    return None if unknown is None else f"the network has no tensor {unknown}"
