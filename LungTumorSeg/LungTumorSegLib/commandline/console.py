"""What the command line says: results on stdout, progress and notes on stderr, or events as JSON lines on stdout."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable

from ..errors import InputError
from .bars import Bar, Lines, is_terminal
from .signals import check_stopped

JSON_STEP = 0.01  # progress events come at least this far apart


class Console:
    """The place to which a command talks.

    Parameters
    ----------
    json : bool
        Events as JSON, one object a line on stdout, in place of text: ``progress``, ``note``, ``written``, ``error``,
        and the commands' own (``report``, ``recipe``, ``doctor``, ``step``, ``validation``, …).
    """

    def __init__(self, json: bool = False):
        self.json = json
        self.written_paths: list[str] = []
        self._display = None  # of `.bars`
        self._last: tuple[str, float] = ("", -1.0)

    def progress(self, stage: str, fraction: float) -> None:
        """Show how far a stage is; a `LungTumorSegLib.progress.Progress`."""
        check_stopped()
        if self.json:
            if stage != self._last[0] or fraction >= 1 or fraction - self._last[1] >= JSON_STEP:
                self._last = (stage, fraction)
                self.event("progress", stage=stage, fraction=round(fraction, 4))
            return
        display = self.live(Bar) if is_terminal() else self.live(Lines, _say)
        display.show(stage, fraction)

    def live(self, kind: type, *arguments):
        """Return the live display of this kind: the one that is up, or a new one in place of another."""
        if not isinstance(self._display, kind):
            self.end_live()
            self._display = kind(*arguments)
        return self._display

    def end_live(self) -> None:
        """Take the live display away, if there is one."""
        if self._display is not None:
            self._display.end()
            self._display = None

    def note(self, text: str) -> None:
        """Say something worth knowing that is neither a result nor an error."""
        if self.json:
            self.event("note", message=text)
        else:
            self.end_live()
            _print(text, sys.stderr)

    def result(self, text: str, event: str, **content) -> None:
        """Print a result: as text, or as an ``event`` with this content."""
        if self.json:
            self.event(event, **content)
        else:
            self.end_live()
            _print(text, sys.stdout)

    def written(self, kind: str, path) -> None:
        """Say that an output file is there."""
        self.written_paths.append(str(path))
        self.result(f"{kind}: {path}", "written", kind=kind, path=str(path))

    def error(self, message: str, status: int) -> None:
        """Say in one line on stderr what ended the work; with ``--json`` also as an event."""
        self.end_live()
        if self.json:
            with contextlib.suppress(InputError):  # stdout cannot be written; stderr is told all the same
                self.event("error", message=message, status=status)
        _print(f"lungtumorseg: error: {' '.join(message.split())}", sys.stderr)

    def log_handler(self) -> logging.Handler:
        """Return a handler that turns log records into notes."""
        return _NoteHandler(self)

    def close(self) -> None:
        """End the progress display and write out what is buffered."""
        self.end_live()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                _guarded(stream, stream.flush)

    def event(self, event: str, **content) -> None:
        """Print an event; only with ``--json``."""
        _print(json.dumps({"event": event, **content}, ensure_ascii=False), sys.stdout)


class _NoteHandler(logging.Handler):
    def __init__(self, console: Console):
        super().__init__()
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        self.console.note(record.getMessage())


def _say(text: str) -> None:
    _print(text, sys.stderr)


def _print(text: str, stream) -> None:
    """Print a line at once; a stream that is closed, or whose reader is gone, takes nothing and stops nothing.

    Raises
    ------
    InputError
        ``stream`` is stdout and cannot be written (a file on a full disk, say); only once.
    """
    if stream is not None:
        _guarded(stream, lambda: print(_printable(text, stream), file=stream, flush=True))


def _printable(text: str, stream) -> str:
    """Replace what the stream's encoding cannot say (an 8-bit or ASCII terminal)."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _guarded(stream, action: Callable[[], None]) -> None:
    try:
        action()
    except OSError as error:
        # Later writes, and Python's own flush at exit, go nowhere.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
        reader_gone = isinstance(error, BrokenPipeError)  # as with `| head`
        if stream is sys.stdout and not reader_gone:
            reason = f"cannot be written ({error.strerror})"
            raise InputError(reason, "standard output", "send it elsewhere") from error
