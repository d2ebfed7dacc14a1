"""How a training run ended, in one line."""

from __future__ import annotations

from pathlib import Path


def ending_of(error: BaseException, checkpoint: Path) -> tuple[str, int]:
    """Return the line that says what ended a run, and the exit status.

    Parameters
    ----------
    error : BaseException
    checkpoint : Path
        The run's; whether it is there decides what can be done.
    """
    from ..training.launching.rank_states import GO_ON, LOST
    from ..training.processes.distributed import is_lost_connection
    from ..training.processes.stopping import StopRequested
    from .main import explain

    if isinstance(error, StopRequested):
        if checkpoint.is_file():
            return f"stopped by {error.name}; {GO_ON}", error.status
        return f"stopped by {error.name} before anything was written", 128 + error.number
    if "DataLoader worker" in str(error):
        what = "a process that makes patches was killed (often for want of memory)"
        return f"{what}; {GO_ON}, perhaps with fewer --workers", 1
    if is_lost_connection(error):
        return LOST, 1
    return explain(error, [])
