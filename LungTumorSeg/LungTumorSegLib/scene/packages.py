"""Python packages that Slicer has not got until somebody installs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import InputError


@contextmanager
def packages_named() -> Iterator[None]:
    """Say which package is missing, and what to do; as a context or as a decorator.

    Raises
    ------
    InputError
        In place of the import's own error.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith(__name__.partition(".")[0]):
            raise
        do = "install PyTorch by Slicer's PyTorch extension, then the packages of Resources/requirements.txt"
        raise InputError(f"the Python package {error.name} is not installed", do=do) from error
