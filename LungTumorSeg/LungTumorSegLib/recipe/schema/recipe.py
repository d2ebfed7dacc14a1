"""The whole recipe."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field, model_validator

from .annotation import Annotation
from .classification import Classification
from .evaluation import Evaluation
from .inference import Inference, Postprocessing
from .network import Network, PlannedNetwork, ResidualEncoderNetwork, UNetNetwork
from .part import PLAN, Part
from .preparation import FINGERPRINT, Preparation
from .training import Training

LUNG_TUMOR = {1: "Lung tumor"}


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
    lesions : tuple of int
        The labels that are lesions: each is measured by RECIST, counted and listed. The others are organs, of which
        the volume is told. All labels where the file says nothing; may be empty.
    classification : Classification or None
        The classes that are told apart by the lesions, where cases have one.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    description: str
    source: str = ""
    labels: dict[int, str] = Field(default=LUNG_TUMOR, min_length=1)
    lesions: tuple[int, ...] = tuple(LUNG_TUMOR)
    classification: Classification | None = None
    annotation: Annotation = Annotation()
    preparation: Preparation = Preparation()
    network: Network = UNetNetwork()
    training: Training = Training()
    inference: Inference = Inference()
    postprocessing: Postprocessing = Postprocessing()
    evaluation: Evaluation = Evaluation()

    @model_validator(mode="before")
    @classmethod
    def _all_labels_are_lesions_unless_said(cls, content: object) -> object:
        labels = content.get("labels", LUNG_TUMOR) if isinstance(content, dict) else None
        if not isinstance(labels, dict) or "lesions" in content:
            return content
        return content | {"lesions": list(labels)}

    @model_validator(mode="after")
    def _labels_count_from_one(self) -> Recipe:
        if sorted(self.labels) != list(range(1, len(self.labels) + 1)):
            raise ValueError("labels must be numbered 1, 2, … (0 is the background)")
        return self

    @model_validator(mode="after")
    def _lesions_are_labels(self) -> Recipe:
        for label in self.lesions:
            if label not in self.labels:
                raise ValueError(
                    f"lesions names the label {label}, and the labels are {', '.join(map(str, self.labels))}"
                )
            if self.lesions.count(label) > 1:
                raise ValueError(f"lesions names the label {label} twice")
        return self

    @model_validator(mode="after")
    def _sizes_suit_the_network(self) -> Recipe:
        factors = self.network.factor_xyz
        for name, size in (
            ("training.patch_size", self.training.patch_size),
            ("inference.window_size", self.inference.window_size),
        ):
            if size == PLAN:
                continue
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

    @property
    def unresolved(self) -> tuple[str, ...]:
        """Keys that are still to be taken from a fingerprint."""
        keys = tuple(f"preparation.{key}" for key in self.preparation.unresolved)
        return (*keys, "inference.expected") if self.inference.expected == FINGERPRINT else keys

    @property
    def planned(self) -> tuple[str, ...]:
        """Keys that are still to be planned from training data."""
        values = {
            "network.name": self.network.name,
            "training.patch_size": self.training.patch_size,
            "training.batch_size": self.training.batch_size,
            "inference.window_size": self.inference.window_size,
        }
        return tuple(key for key, value in values.items() if value == PLAN)

    @model_validator(mode="after")
    def _what_is_planned_is_planned_with_the_network(self) -> Recipe:
        if self.planned and not isinstance(self.network, PlannedNetwork):
            raise ValueError(f"{self.planned[0]} can be 'plan' only where network.name is, which plans all of them")
        return self

    @model_validator(mode="after")
    def _classes_have_lesions_and_an_encoder(self) -> Recipe:
        if self.classification is None:
            return self
        if not self.lesions:
            raise ValueError("classification tells classes by the lesions, and lesions names no label")
        if not isinstance(self.network, (ResidualEncoderNetwork, PlannedNetwork)):
            raise ValueError(f"classification needs network.name resenc or plan; {self.network.name} has no head")
        weights, classes = self.training.classification.class_weights, len(self.classification.names)
        if isinstance(weights, tuple) and len(weights) != classes:
            raise ValueError(f"training.classification.class_weights must be {classes}, one of each class")
        return self

    @model_validator(mode="after")
    def _windows_are_limited_once(self) -> Recipe:
        if self.inference.windows != "region" and self.preparation.region != "all":
            raise ValueError(
                f"inference.windows: {self.inference.windows} needs preparation.region: all; here the lung region "
                "limits the windows already"
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
