"""The two ways in which work ends early: wrong input, and a person's wish."""

from __future__ import annotations

from pathlib import Path


class InputError(Exception):
    """What the user gave cannot be used; the command line ends with status 2.

    Parameters
    ----------
    what : str
        What is wrong, in one clause.
    where : str or Path, optional
        The file, key or argument concerned.
    do : str, optional
        What the user can do about it.
    """

    def __init__(self, what: str, where: str | Path | None = None, do: str | None = None):
        self.what = what
        self.where = None if where is None else str(where)
        self.do = do
        super().__init__(str(self))

    def __str__(self) -> str:
        message = self.what if self.where is None else f"{self.where}: {self.what}"
        message = message if self.do is None else f"{message}; {self.do}"
        return " ".join(message.split())

    def __reduce__(self):
        return type(self), (self.what, self.where, self.do)


class MemoryShortageError(InputError):
    """The memory of a device does not suffice; ``where`` names the device."""


class CancelledError(Exception):
    """Raised out of a progress callback to stop the work; nothing is written."""
