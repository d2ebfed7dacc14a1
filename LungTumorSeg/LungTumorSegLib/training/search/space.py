"""What a search may change: keys of the recipe, and from where to where."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import InputError
from ...recipe import override
from ...recipe.schema import Recipe

if TYPE_CHECKING:
    from optuna.trial import Trial

FIXED = ("name", "labels", "training.validation_share")  # with others the trials could not be compared
SYNTAX = "write LOW:HIGH, log:LOW:HIGH, int:LOW:HIGH or choice:A,B,…"
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
RANGE = re.compile(rf"(?:(log|int):)?({NUMBER}):({NUMBER})")


@dataclass(frozen=True)
class Dimension:
    """A key of the recipe and the values that it may take.

    Attributes
    ----------
    key : str
        Dotted, as in ``--set``: ``training.optimizer.learning_rate``.
    spec : str
        As it was given.
    kind : {"float", "log", "int", "choice"}
    low, high : float
        Both included; not of a choice.
    choices : tuple
        Plain YAML values; only of a choice.
    """

    key: str
    spec: str
    kind: str
    low: float = 0.0
    high: float = 0.0
    choices: tuple = ()

    @classmethod
    def parse(cls, key: str, spec: str) -> Dimension:
        """Read a specification such as ``log:1e-4:1e-2`` or ``choice:[1,10,50],[1,5,20]``.

        Raises
        ------
        InputError
            It is none.
        """
        if spec.startswith("choice:"):
            return cls(key, spec, "choice", choices=_choices(key, spec.removeprefix("choice:")))
        found = RANGE.fullmatch(spec)
        if found is None:
            raise InputError(f"'{spec}' is no range of values", f"--space {key}", SYNTAX)
        kind, low, high = found[1] or "float", float(found[2]), float(found[3])
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise InputError(f"the range {spec} does not rise", f"--space {key}", "give the lower bound first")
        if kind == "log" and low <= 0:
            raise InputError(f"a logarithmic range must lie above 0, and {spec} does not", f"--space {key}", SYNTAX)
        if kind == "int" and not (low.is_integer() and high.is_integer()):
            raise InputError(f"the bounds of {spec} are not whole numbers", f"--space {key}", SYNTAX)
        return cls(key, spec, kind, low, high)

    def suggest(self, trial: Trial):
        """Return the value that this trial gets; one that it already has stays."""
        if self.kind == "choice":  # as text, because Optuna stores no lists
            return self.value(trial.suggest_categorical(self.key, [json.dumps(choice) for choice in self.choices]))
        if self.kind == "int":
            return trial.suggest_int(self.key, int(self.low), int(self.high))
        return trial.suggest_float(self.key, self.low, self.high, log=self.kind == "log")

    def value(self, stored):
        """Return the recipe's value for what Optuna stores."""
        return json.loads(stored) if self.kind == "choice" else stored

    def examples(self) -> list:
        """Return values that the recipe must take: every choice; of a range its ends and one between."""
        if self.kind == "choice":
            return list(self.choices)
        if self.kind == "int":
            return [int(self.low), int(self.high)]
        return [self.low, self.high, self.low + (self.high - self.low) / math.pi]


@dataclass(frozen=True)
class SearchSpace:
    """All that a search may change.

    Attributes
    ----------
    dimensions : tuple of Dimension
    """

    dimensions: tuple[Dimension, ...]

    @classmethod
    def parse(cls, specs: Sequence[str], recipe: Recipe) -> SearchSpace:
        """Read ``KEY=SPEC`` arguments, and YAML files of ``KEY: SPEC``, and try them on the recipe.

        Raises
        ------
        InputError
            Names the key that the recipe has not, the value that it does not take, or what is not understood.
        """
        pairs = [pair for spec in specs for pair in _pairs(spec)]
        if not pairs:
            raise InputError("there is nothing to search over", "--space", f"give KEY=SPEC; {SYNTAX}")
        space = cls(tuple(Dimension.parse(key, spec) for key, spec in pairs))
        space._check_keys()
        space._check_values(recipe)
        return space

    def suggest(self, trial: Trial) -> dict:
        """Return the trial's value of each key."""
        return {dimension.key: dimension.suggest(trial) for dimension in self.dimensions}

    def values(self, stored: dict) -> dict:
        """Return the recipe's values for what Optuna stores of a trial."""
        return {one.key: one.value(stored[one.key]) for one in self.dimensions if one.key in stored}

    def describe(self) -> dict[str, str]:
        """Return each key with its specification."""
        return {dimension.key: dimension.spec for dimension in self.dimensions}

    def _check_keys(self) -> None:
        keys = [dimension.key for dimension in self.dimensions]
        for key in keys:
            if keys.count(key) > 1:
                raise InputError("this key is given twice", f"--space {key}", "give it once")
            if key in FIXED:
                raise InputError("trials that differ in this cannot be compared", f"--space {key}", "leave it out")
            for other in keys:
                if other.startswith(f"{key}."):
                    raise InputError(f"this key lies within {key}", f"--space {other}", "search over one of the two")

    def _check_values(self, recipe: Recipe) -> None:
        for dimension in self.dimensions:
            for value in dimension.examples():
                try:
                    with_values(recipe, {dimension.key: value})
                except InputError as error:
                    what = error.what if error.where == "--set" else "the recipe has no such key"
                    do = f"see `recipes show {recipe.name}`"
                    raise InputError(what, f"--space {dimension.key}={dimension.spec}", do) from error


def with_values(recipe: Recipe, values: dict) -> Recipe:
    """Return the recipe with these values of its keys; `InputError` where they do not go together."""
    return override(recipe, [f"{key}={_as_yaml(value)}" for key, value in values.items()])


def _as_yaml(value) -> str:
    """Write a value so that YAML reads it as what it is: 0.00001 as ``1.0e-05``, which without the point is text."""
    import yaml

    return yaml.safe_dump(value, default_flow_style=True, width=math.inf).removesuffix("...\n").strip()


def _pairs(spec: str) -> list[tuple[str, str]]:
    key, equals, text = spec.partition("=")
    if equals:
        return [(key.strip(), text.strip())]
    if Path(spec).suffix not in (".yaml", ".yml"):
        raise InputError("expected KEY=SPEC or a YAML file", f"--space {spec}", SYNTAX)
    return _pairs_of_file(Path(spec))


def _pairs_of_file(path: Path) -> list[tuple[str, str]]:
    import yaml

    try:
        # The base loader leaves every value the text that it is; by YAML's rules 0:0.6 is a number to the base of 60.
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise InputError("cannot be read as YAML", path, "correct the file") from error
    if not isinstance(content, dict) or not all(isinstance(text, str) for text in content.values()):
        raise InputError("expected keys of the recipe, each with its range", path, SYNTAX)
    return list(content.items())


def _choices(key: str, text: str) -> tuple:
    """Read YAML values that are separated by commas."""
    import yaml

    try:
        choices = [_as_number(choice) for choice in yaml.safe_load(f"[{text}]")]
        labels = [json.dumps(choice, allow_nan=False) for choice in choices]
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise InputError(f"'{text}' is no list of YAML values", f"--space {key}", SYNTAX) from error
    if len(labels) < 2 or len(set(labels)) < len(labels):
        raise InputError("a choice needs two different values or more", f"--space {key}", SYNTAX)
    return tuple(choices)


def _as_number(value):
    """Read 1e-4 as the number that it is meant to be; YAML 1.1 wants a point in it."""
    return float(value) if isinstance(value, str) and re.fullmatch(NUMBER, value) else value
