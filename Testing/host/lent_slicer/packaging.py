"""Stands in for ``slicer.packaging``: requirements are checked in earnest, installing is up to the test.

Nothing is ever installed. `requested` has what would have been, and `install` is called with it in pip's place: a test
puts a function there that makes the packages importable, or that raises as pip does. Asking the person beforehand and
how it is said are as in Slicer.
"""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import slicer
from packaging.requirements import Requirement

requested: list[list[str]] = []


def refuse(requirements: list[str]) -> None:
    """What `install` is before a test chooses: pip without a network."""
    raise subprocess.CalledProcessError(1, [sys.executable, "-m", "pip", "install", *requirements])


install = refuse


def load_requirements(path: str | Path) -> list[Requirement]:
    """Return the requirements that a file lists, one a line; a comment has a line of its own."""
    lines = [line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def pip_check(requirements) -> bool:
    """Whether all requirements are met by what is installed."""
    return not _missing(requirements)


def pip_ensure(
    requirements,
    constraints=None,
    skip_packages=None,
    prompt_install=True,
    prompt_restart=True,
    requester=None,
    skip_in_testing=True,
    show_progress=True,
):
    """Install what is missing.

    Raises
    ------
    RuntimeError
        The person declined.
    subprocess.CalledProcessError
        `install` failed.
    """
    missing = _missing(requirements)
    if not missing or (skip_in_testing and slicer.app.testingEnabled()):
        return None
    if prompt_install:
        title = f"{requester} - Install Python Packages" if requester else "Install Python Packages"
        message = (
            f"{len(missing)} Python packages need to be installed.\n\n"
            "This will modify Slicer's Python environment. Continue?"
        )
        listed = "\n".join(f"- {one}" for one in missing)
        if not slicer.util.confirmOkCancelDisplay(message, title, detailedText=listed):
            raise RuntimeError("User declined package installation")
    pip_install(missing, constraints, skip_packages)
    return [] if skip_packages else None


def pip_install(requirements, constraints=None, skip_packages=None, **options):
    names = [requirements] if isinstance(requirements, str) else [str(one) for one in requirements]
    requested.append(names)
    install(names)


def _missing(requirements) -> list[str]:
    if isinstance(requirements, str):
        requirements = requirements.split()
    elif isinstance(requirements, Requirement):
        requirements = [requirements]
    elif not isinstance(requirements, list):
        raise TypeError(f"Expected str, Requirement, or list, got {type(requirements).__name__}")
    return [str(one) for one in map(Requirement, map(str, requirements)) if not _is_met(one)]


def _is_met(requirement: Requirement) -> bool:
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    try:
        return requirement.specifier.contains(importlib.metadata.version(requirement.name), prereleases=True)
    except importlib.metadata.PackageNotFoundError:
        return False
