"""What an exception of the worker means for the person."""

from __future__ import annotations

import errno
import re

from ..errors import InputError, MemoryShortageError
from .diagnosis import FREE_MEMORY, missing_package

# How libraries written in C++ say it; NumPy and Python raise MemoryError.
_NO_MEMORY = re.compile(r"allocate memory|not enough memory|bad_alloc|out of memory|std::length_error", re.IGNORECASE)


def as_event(error: BaseException, device: str | None = None) -> dict:
    """Return what the event ``failed`` says.

    Parameters
    ----------
    error : BaseException
    device : str, optional
        Where the network ran.
    """
    if isinstance(error, MemoryShortageError):
        return _short_of_memory(error.where)
    if isinstance(error, InputError):
        parts = {"what": error.what, "where": error.where, "do": error.do}
        return {"kind": "input", "message": str(error), "device": device, **parts}
    if isinstance(error, ImportError):
        package = error.name or str(error)
        return {"kind": "packages", "message": missing_package(package).message, "device": device}
    if _is_of_the_gpu(error):
        return _short_of_memory(device)
    if _is_of_the_machine(error):
        return _short_of_memory("cpu")
    what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return {"kind": "fault", "message": f"an error of the program, nothing was changed ({what})", "device": device}


def _short_of_memory(device: str | None) -> dict:
    if device is not None and device != "cpu":
        message = f"the memory of the GPU ({device}) does not suffice; close what else uses it, or use the CPU"
    else:
        message = f"the computer's memory does not suffice; {FREE_MEMORY}"
    return {"kind": "memory", "message": message, "device": device or "cpu"}


def _is_of_the_gpu(error: BaseException) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError)


def _is_of_the_machine(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOMEM, errno.ENOSPC)
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and bool(_NO_MEMORY.search(str(error))))
