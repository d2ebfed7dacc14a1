"""Pictures of a run are drawn where Matplotlib is installed, and are never worth a run."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path

from ...errors import InputError

log = logging.getLogger(__name__)


@cache
def can_draw() -> bool:
    """Tell whether pictures can be drawn; if not, say so, once."""
    if importlib.util.find_spec("matplotlib") is not None:
        return True
    log.info("no pictures are drawn: Matplotlib is not installed (pip install matplotlib)")
    return False


def draw_or_say(path: Path, draw: Callable[[], None]) -> tuple[Path, ...]:
    """Draw the picture ``path``; what goes wrong is said, and the run goes on.

    Returns
    -------
    tuple of Path
        The picture, or nothing.

    Raises
    ------
    InputError
        The folder cannot be written: then the run's checkpoint cannot either.
    """
    try:
        draw()
    except InputError:
        raise
    except Exception as error:  # whatever a drawing library may raise
        log.warning("%s was not drawn: %s: %s", path.name, type(error).__name__, error)
        return ()
    return (path,)
