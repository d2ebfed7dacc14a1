"""The whole recipe."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field, model_validator

from .annotation import Annotation
from .evaluation import Evaluation
from .inference import Inference, Postprocessing
from .network import Network, UNetNetwork
from .part import Part
from .preparation import Preparation
from .training import Training


class Recipe(Part):
    """One YAML file that says everything about a system.

    Recipes and docstrings name two works by author and year:

    - Loux 2024: T. Loux, "Segmentation of cancer cells in 3D lungs CT scans", project report, January 2024.
    - Primakov 2022: S. Primakov et al., "Automated detection and segmentation of non-small cell lung cancer computed
      tomography images", Nature Communications 13, 3423.

    Attributes
    ----------
    name, description : str
    source : str
        The works that it follows, and in what.
    labels : dict of int to str
        What each label is, from 1; 0 is the background.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    description: str
    source: str = ""
    labels: dict[int, str] = Field(default={1: "Lung tumor"}, min_length=1)
    annotation: Annotation = Annotation()
    preparation: Preparation = Preparation()
    network: Network = UNetNetwork()
    training: Training = Training()
    inference: Inference = Inference()
    postprocessing: Postprocessing = Postprocessing()
    evaluation: Evaluation = Evaluation()

    @model_validator(mode="after")
    def _labels_count_from_one(self) -> Recipe:
        if sorted(self.labels) != list(range(1, len(self.labels) + 1)):
            raise ValueError("labels must be numbered 1, 2, … (0 is the background)")
        return self

    @model_validator(mode="after")
    def _sizes_suit_the_network(self) -> Recipe:
        factors = self.network.factor_xyz
        for name, size in (
            ("training.patch_size", self.training.patch_size),
            ("inference.window_size", self.inference.window_size),
        ):
            # Normalisation needs two voxels at the coarsest level, in one direction at least.
            smallest = [2 * factor if factor > 1 else 1 for factor in factors]
            if any(n < least for n, least in zip(size, smallest, strict=True)):
                least = _one_or_three(smallest)
                raise ValueError(f"{name} must be at least {least} for this network; it is {list(size)}")
            if any(n % factor for n, factor in zip(size, factors, strict=True)):
                raise ValueError(
                    f"{name} must be multiples of {_one_or_three(factors)}, which this network halves down from; "
                    f"it is {list(size)}"
                )
        return self

    @model_validator(mode="after")
    def _a_weight_for_each_class(self) -> Recipe:
        weights = self.training.loss.class_weights
        if weights is not None and len(weights) != 1 + len(self.labels):
            raise ValueError(
                f"training.loss.class_weights must be {1 + len(self.labels)}, of the background and each label; "
                f"there are {len(weights)}"
            )
        return self


def _one_or_three(numbers: Iterable[int]) -> int | list[int]:
    """Say three equal numbers once."""
    numbers = list(numbers)
    return numbers[0] if len(set(numbers)) == 1 else numbers
