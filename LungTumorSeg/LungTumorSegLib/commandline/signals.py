"""Ctrl-C and polite requests to end: the work unwinds, so that temporary files are removed."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Stopped(BaseException):
    """A signal asks the program to end; not an `Exception`, so that no library takes it for an error of its own.

    Attributes
    ----------
    status : int
        The exit status that shells expect: 128 + the signal's number.
    """

    def __init__(self, number: int):
        self.status = 128 + number
        super().__init__(signal.Signals(number).name)


_caught: list[Stopped] = []


def check_stopped() -> None:
    """Raise `Stopped` again if a signal came and its exception was lost (one raised in a finaliser is)."""
    if _caught:
        raise _caught[0]


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Raise `Stopped` in the body on SIGINT, SIGTERM or SIGHUP, and put the earlier handlers back afterwards.

    A signal that the caller had ignored (as ``nohup`` does) stays ignored. Outside the main thread, where Python
    allows no handlers, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    earlier = {number: signal.getsignal(number) for number in numbers}
    earlier = {number: handler for number, handler in earlier.items() if handler not in (signal.SIG_IGN, None)}

    owner = os.getpid()

    def stop(number, frame):
        if os.getpid() != owner:  # a forked child, such as a data loader's worker, has nothing to tidy up
            os._exit(128 + number)
        for handled in earlier:  # an impatient second Ctrl-C does not interrupt the tidying up
            signal.signal(handled, signal.SIG_IGN)
        _caught.append(Stopped(number))
        raise _caught[0]

    for number in earlier:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
        _caught.clear()
