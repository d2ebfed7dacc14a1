"""Ctrl-C, and the warnings of a cluster: a run ends after the step it is at, with a checkpoint."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

NAMES = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGHUP")
SIGNALS = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))
STOPPED_STATUS = 75  # EX_TEMPFAIL of sysexits.h: go on with --resume
# A person's own doing, in the numbers that shells expect.
STATUS_OF = {"SIGINT": 130, "SIGHUP": 129}


class StopRequested(BaseException):
    """The run was asked to end; not an `Exception`, so that no library takes it for an error of its own.

    Attributes
    ----------
    number : int
    name : str
        The signal's.
    status : int
        75 for a cluster's warning, 130 for Ctrl-C, 129 for a terminal that was closed.
    """

    def __init__(self, number: int):
        self.number, self.name = number, signal.Signals(number).name
        self.status = STATUS_OF.get(self.name, STOPPED_STATUS)
        super().__init__(self.name)


class Stop:
    """Remembers that a signal asked for the end.

    Attributes
    ----------
    number : int or None
        The first signal that came.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._at_once = False

    @property
    def requested(self) -> bool:
        """Whether the run is to end."""
        return self.number is not None

    def ask(self, number: int = signal.SIGTERM) -> None:
        """Ask for the end; where nothing is lost by it, and at a second Ctrl-C, it comes at once."""
        impatient = self.requested and number == signal.SIGINT
        self.number = self.number or number
        if impatient or self._at_once:
            raise StopRequested(self.number)

    def check(self) -> None:
        """Raise `StopRequested` if the run is to end."""
        if self.requested:
            self.leave()

    def leave(self) -> None:
        """Raise `StopRequested`; for another process's sake where this one was not asked."""
        raise StopRequested(self.number or signal.SIGTERM)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Let a request interrupt the body: there is nothing to save that is not already saved."""
        self.check()
        self._at_once = True
        try:
            yield
        finally:
            self._at_once = False

    @contextmanager
    def on_signals(self, even_ignored: bool = False) -> Iterator[Stop]:
        """Take signals for requests in the body, and put the earlier handlers back afterwards.

        Parameters
        ----------
        even_ignored : bool
            Whether also those that this process was started to ignore (as ``nohup`` does).
        """
        if threading.current_thread() is not threading.main_thread():  # where Python allows no handlers
            yield self
            return
        earlier = {number: signal.getsignal(number) for number in SIGNALS}
        if not even_ignored:
            earlier = {number: handler for number, handler in earlier.items() if handler != signal.SIG_IGN}
        owner = os.getpid()

        def handle(number, frame):
            if os.getpid() == owner:  # a loader process that was only just forked leaves this to the one it serves
                self.ask(number)

        for number in earlier:
            signal.signal(number, handle)
        try:
            yield self
        finally:
            for number, handler in earlier.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
