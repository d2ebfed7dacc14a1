"""The whole recipe."""

from __future__ import annotations

from pydantic import Field, model_validator

from .inference import Inference, Postprocessing
from .network import Network, UNetNetwork
from .part import Part
from .preparation import Preparation
from .training import Training


class Recipe(Part):
    """One YAML file that says everything about a system."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    description: str
    source: str = ""
    labels: dict[int, str] = Field(default={1: "Lung tumor"}, min_length=1)
    preparation: Preparation = Preparation()
    network: Network = UNetNetwork()
    training: Training = Training()
    inference: Inference = Inference()
    postprocessing: Postprocessing = Postprocessing()

    @model_validator(mode="after")
    def _labels_count_from_one(self) -> Recipe:
        if sorted(self.labels) != list(range(1, len(self.labels) + 1)):
            raise ValueError("labels must be numbered 1, 2, … (0 is the background)")
        return self

    @model_validator(mode="after")
    def _sizes_suit_the_network(self) -> Recipe:
        if isinstance(self.network, UNetNetwork):
            factor = 1
            for stride in self.network.strides:
                factor *= stride
        else:
            factor = 32
        for name, size in (
            ("training.patch_size", self.training.patch_size),
            ("inference.window_size", self.inference.window_size),
        ):
            if min(size) < 2 * factor:
                raise ValueError(f"{name} must be at least {2 * factor} for this network; it is {list(size)}")
            if any(n % factor for n in size):
                raise ValueError(
                    f"{name} must be multiples of {factor}, which this network halves down from; it is {list(size)}"
                )
        return self
