"""``plan.yaml``: a plan as a person reads it, and as a run that goes on takes it up again."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path

from ....errors import InputError
from ....volume.files import write_text
from .plan import Plan

NAME = "plan.yaml"
HEAD = """\
# What was planned from the training data, and why. Triples are xyz; mm, voxels, GB. Not for clinical use.
# A run that goes on (--resume) takes it from here; recipe.yaml beside it holds the same numbers.
"""


def write_plan(path: Path, plan: Plan) -> None:
    """Write a plan, whole or not at all."""
    import yaml

    content = {key: _plain(value) for key, value in asdict(plan).items()}
    why = {"why": content.pop("why")}
    numbers = yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=110)
    write_text(path, HEAD + numbers + yaml.safe_dump(why, default_flow_style=False, width=1000))


def read_plan(path: Path) -> Plan:
    """Read what `write_plan` wrote.

    Raises
    ------
    InputError
        It is gone or damaged.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        values = {one.name: _frozen(content[one.name]) for one in fields(Plan)}
        return Plan(**values)
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise InputError("this is no plan of a run, or a damaged one", path, "restore it, or start anew") from error


def _plain(value: object) -> object:
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def _frozen(value: object) -> object:
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value
