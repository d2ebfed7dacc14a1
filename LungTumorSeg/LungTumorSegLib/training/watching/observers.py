"""Everything that watches a run and leaves something to look at in its folder."""

from __future__ import annotations

import logging
from pathlib import Path

from .curves import NAME as CURVES
from .curves import CurvePicture
from .drawing import can_draw
from .history import NAME as HISTORY
from .history import History
from .reports import Observer
from .tensorboard_events import FOLDER, TensorBoardEvents, has_tensorboard

log = logging.getLogger(__name__)


def observers_for(folder: str | Path, steps: int, first_step: int = 0, validated_step: int = 0) -> list[Observer]:
    """Return the observers of a run; what they write, and what they cannot, is said.

    Parameters
    ----------
    folder : str or Path
        The run's.
    steps : int
        Length of the whole run.
    first_step, validated_step : int
        The step that the run goes on from, and that of its last validation then; what was written of later ones is
        taken back.
    """
    folder = Path(folder)
    observers: list[Observer] = [History(folder, steps, first_step, validated_step)]
    written = [HISTORY]
    if can_draw():
        observers.append(CurvePicture(folder, steps))
        written.append(CURVES)
    if has_tensorboard():
        observers.append(TensorBoardEvents(folder, steps, first_step))  # last: it shows the others' pictures
        written.append(f"TensorBoard events ({FOLDER}/)")
    else:
        log.info("no TensorBoard events are written: TensorBoard is not installed (pip install tensorboard)")
    log.info("to look at in %s: %s", folder, ", ".join(written))
    return observers
