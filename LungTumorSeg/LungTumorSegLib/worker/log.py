"""The worker's log: the last lines of what it, and the libraries in it, print."""

from __future__ import annotations

from collections import deque

MOST_LINES = 400
LONGEST_LINE = 1000  # characters; what is longer is cut


class LogTail:
    """Keeps the last lines of a stream of bytes."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take what came; it may end in the middle of a line."""
        *whole, rest = (self._rest + data).split(b"\n")
        for line in whole:
            self.add(line)
        self._rest = rest[-4 * LONGEST_LINE :]

    def add(self, line: bytes | str) -> None:
        """Take one line."""
        text = line if isinstance(line, str) else line.decode("utf-8", "replace")
        text = text.rstrip("\r").rpartition("\r")[2]  # of a progress bar, what was printed last
        self._lines.append(text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE] + "…")

    def tail(self, lines: int) -> str:
        """Return the last ``lines`` lines."""
        kept = [*self._lines, *([self._rest.decode("utf-8", "replace")] if self._rest else [])]
        return "\n".join(kept[-lines:]) if lines > 0 else ""
