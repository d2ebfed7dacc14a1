"""Why a process ended that should not have: read from its exit status and the end of its log."""

from __future__ import annotations

import re
import signal

from .outcome import WorkerFailure
from .protocol import RubbishError

DETAILS_LINES = 40
INSTALL = "install PyTorch by Slicer's PyTorch extension, then the packages of Resources/requirements.txt"

KILLED = (-9, 128 + 9)  # by SIGKILL, as the system does it where memory runs out; the second by way of a shell
FREE_MEMORY = "close other programs and try again"

_MISSING = re.compile(r"^(?:ModuleNotFoundError|ImportError): No module named '([^']+)'", re.MULTILINE)
_BROKEN_IMPORT = re.compile(r"^ImportError: (.+)$", re.MULTILINE)
_SHORT_OF_MEMORY = re.compile(
    r"^(?:MemoryError|\S*MemoryError: .*|.*std::bad_alloc.*|.*(?:annot|an't) allocate memory.*)$", re.MULTILINE
)


def missing_package(name: str, details: str = "") -> WorkerFailure:
    """Return the failure of a worker that lacks a Python package."""
    package = name.partition(".")[0]
    return WorkerFailure("packages", f"the Python package {package} is not installed; {INSTALL}", details)


def not_startable(error: OSError) -> WorkerFailure:
    """Return the failure of a command that does not run."""
    return WorkerFailure("died", f"the worker cannot be started ({error.strerror}); install LungTumorSeg again")


def not_understood(error: Exception, details: str) -> WorkerFailure:
    """Return the failure of a worker that does not keep to the protocol."""
    what = str(error) if isinstance(error, RubbishError) else f"an event that lacks what it needs ({error})"
    message = f"the worker said what cannot be understood and was ended; try again ({what})"
    return WorkerFailure("rubbish", " ".join(message.split()), details)


def no_room(error: OSError | MemoryError) -> WorkerFailure:
    """Return the failure of a file of shared voxels that cannot be made or filled."""
    message = (
        f"there is no room to hand the CT to the worker ({getattr(error, 'strerror', None) or error}); {FREE_MEMORY}"
    )
    return WorkerFailure("memory", message, device="cpu")


def diagnose(status: int, log: str, stage: str) -> WorkerFailure:
    """Say why the worker ended.

    Parameters
    ----------
    status : int
        Exit status, negative for a signal.
    log : str
        Its last lines.
    stage : str
        What it was at.
    """
    was_killed = status in KILLED
    if status > 0 and (missing := _MISSING.search(log)):
        return missing_package(missing[1], log)
    if status > 0 and (broken := _BROKEN_IMPORT.search(log)):
        message = f"a Python package cannot be loaded ({broken[1]}); install it again, or {INSTALL}"
        return WorkerFailure("packages", message, log)
    if not was_killed and _SHORT_OF_MEMORY.search(log):
        return WorkerFailure("memory", f"the computer's memory ran out (stage: {stage}); {FREE_MEMORY}", log, "cpu")
    do = "if nobody did that, the memory ran out: close other programs and" if was_killed else "nothing was changed:"
    return WorkerFailure("died", f"the worker {_how(status)} (stage: {stage}); {do} try again", log)


def _how(status: int) -> str:
    if status in KILLED:
        return "was killed"
    if status < 0:
        return f"was ended by the signal {_signal_name(-status)}, as errors in drivers and libraries do"
    if status >= 0xC0000000:  # Windows: an exception that nobody caught
        return f"crashed (0x{status:08X}), as errors in drivers and libraries do"
    return f"ended with exit status {status}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
