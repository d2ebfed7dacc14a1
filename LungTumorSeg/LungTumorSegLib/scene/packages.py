"""Python packages that Slicer has not got until somebody installs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import InputError
from ..worker.diagnosis import INSTALL


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
        raise InputError(f"the Python package {error.name} is not installed", do=INSTALL) from error
