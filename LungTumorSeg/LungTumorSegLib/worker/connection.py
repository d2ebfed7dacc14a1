"""The worker's way to its client: what comes in is sorted, and what goes out is an event."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
from typing import BinaryIO, NoReturn

from .protocol import decode, encode
from .voxels import MappedVoxels

logger = logging.getLogger(__name__)


class Client:
    """The other side: its requests, and the way to it.

    Attributes
    ----------
    requests : queue.SimpleQueue
        ``warm`` and ``segment``, which take long. The others are answered while those are worked on.
    preview_is_taken : threading.Event
        Whether the place of the preview may be written to.
    """

    def __init__(self, events: BinaryIO):
        self.requests: queue.SimpleQueue[dict] = queue.SimpleQueue()
        self.preview_is_taken = threading.Event()
        self._voxels: dict[int, MappedVoxels] = {}
        self._events = events
        self._lock = threading.Lock()

    def send(self, event: dict) -> None:
        """Say something, if there is still somebody to hear it; if not, `listen` notices and ends the process."""
        with self._lock, contextlib.suppress(OSError):
            self._events.write(encode(event))
            self._events.flush()

    def voxels(self, job: int) -> MappedVoxels:
        """Hand out the voxels of a job, once."""
        return self._voxels.pop(job)

    def listen(self) -> None:
        """Take requests until the client is gone, then end the process, whatever it is at."""
        try:
            for line in sys.stdin.buffer:
                self._take(decode(line))
        except BaseException:
            logger.exception("The worker no longer hears its client, and ends.")
            end(1)
        end(0)

    def _take(self, request: dict) -> None:
        kind = request["request"]
        if kind == "open":
            self._voxels = {request["job"]: MappedVoxels(request["path"])}  # of a former job nothing is needed
            self.send({"event": "opened", "job": request["job"]})
        elif kind == "taken":
            self.preview_is_taken.set()
        else:
            self.requests.put(request)


def end(status: int) -> NoReturn:
    """End this process and its descendants now."""
    try:
        import psutil

        for descendant in psutil.Process().children(recursive=True):
            descendant.kill()
    except Exception:
        logger.exception("A descendant of the worker may have been left behind.")
    os._exit(status)
