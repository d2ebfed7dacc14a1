"""What the two processes say to each other: JSON objects, one a line, ASCII.

Requests, client to worker:

| ``request`` | other keys | means |
|---|---|---|
| ``warm`` | ``model``, ``folder``, ``device`` | load this network ahead of time |
| ``open`` | ``job``, ``path`` | open this file, and remove its name; answered by ``opened`` |
| ``segment`` | ``job``, ``ct``, ``model``, ``folder``, ``device``, ``overlap``, ``preview`` | the CT is written |
| ``taken`` | ``job`` | the preview was read; another may be written |

Events, worker to client:

| ``event`` | other keys | means |
|---|---|---|
| ``started`` | ``protocol``, ``pid`` | from now on every line is an event |
| ``ready`` | ``devices``, ``automatic`` | torch is loaded |
| ``opened`` | ``job`` | the CT can be written |
| ``progress`` | ``job``, ``stage``, ``fraction`` | |
| ``preview`` | ``job``, ``corner``, ``shape`` | a mask lies in the preview's part of the file (zyx) |
| ``done`` | ``job``, ``corner``, ``shape``, and what `WorkerResult` holds | the mask lies in its part (zyx) |
| ``failed`` | ``job``, and what `WorkerFailure` holds | |
"""

from __future__ import annotations

import json

PROTOCOL = 1
LONGEST_LINE = 16 * 2**20  # bytes; thousands of lesions fit


class RubbishError(Exception):
    """The other side said what is not of this protocol."""


def encode(message: dict) -> bytes:
    """Return a message as a line."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> dict:
    """Read a line.

    Raises
    ------
    RubbishError
        It is not a JSON object.
    """
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise RubbishError(f"a line that is not JSON: {shortened(line)}") from None
    if not isinstance(message, dict):
        raise RubbishError(f"a line that is not a JSON object: {shortened(line)}")
    return message


def shortened(line: bytes, length: int = 80) -> str:
    """Return the beginning of a line as printable text."""
    text = line[: length + 1].decode("utf-8", "replace")
    text = "".join(c if c.isprintable() else "�" for c in text)
    return text if len(text) <= length else text[:length] + "…"


class LineBuffer:
    """Puts lines together from the pieces in which a pipe delivers them."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self.longest = longest
        self._pieces: list[bytes] = []
        self._held = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take a piece; return the lines that are complete now, without their ends.

        Raises
        ------
        RubbishError
            A line is longer than ``longest``.
        """
        *whole, rest = data.split(b"\n")
        if whole:
            whole[0] = b"".join([*self._pieces, whole[0]])
            self._pieces, self._held = [], 0
        self._pieces.append(rest)
        self._held += len(rest)
        if self._held > self.longest:
            raise RubbishError(f"a line longer than {self.longest} bytes")
        return [line.rstrip(b"\r") for line in whole]
