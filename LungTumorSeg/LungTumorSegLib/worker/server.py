"""The worker's side: one thread listens, the other computes."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
from typing import BinaryIO, NoReturn

from .connection import Client, end
from .faults import as_event
from .kept import KeptNetwork
from .protocol import PROTOCOL
from .segmenting import Segmenting

logger = logging.getLogger(__name__)


def serve() -> NoReturn:
    """Say which devices there are, load a network, then segment what the client sends; for ever.

    The process ends when the client closes the pipe, as it does by ending, in whatever way; with status 1 where a
    package is missing.
    """
    client = Client(_take_stdout())
    client.send({"event": "started", "protocol": PROTOCOL, "pid": os.getpid()})
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    faulthandler.enable()  # a crash in a library leaves its place in the log
    threading.Thread(target=client.listen, name="listen", daemon=True).start()
    try:
        from .examine import examine

        devices, automatic = examine()
    except Exception as error:
        logger.exception("The worker cannot work.")
        client.send({"event": "failed", "job": None, **as_event(error)})
        end(1)  # not "return": `listen` holds stdin
    client.send({"event": "ready", "devices": devices, "automatic": automatic})
    kept = KeptNetwork()
    while True:
        request = client.requests.get()
        if request["request"] == "warm":
            kept.warm(request)
        else:
            Segmenting(request, client, kept).run()


def _take_stdout() -> BinaryIO:
    """Keep stdout for the events alone: whatever libraries print goes to stderr, the log."""
    events = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return events
