"""What the command line says: results on stdout, progress and notes on stderr, or events as JSON lines on stdout."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable

from ..errors import InputError
from .signals import check_stopped

JSON_STEP = 0.01  # progress events come at least this far apart


class Console:
    """The place to which a command talks.

    Parameters
    ----------
    json : bool
        Events as JSON, one object a line on stdout, in place of text: ``progress``, ``note``, ``written``, ``error``,
        and the commands' own results (``report``, ``recipe``, ``doctor``).
    """

    def __init__(self, json: bool = False):
        self.json = json
        self.written_paths: list[str] = []
        self._bar: _Bar | _Lines | None = None
        self._last: tuple[str, float] = ("", -1.0)

    def progress(self, stage: str, fraction: float) -> None:
        """Show how far a stage is; a `LungTumorSegLib.progress.Progress`."""
        check_stopped()
        if self.json:
            if stage != self._last[0] or fraction >= 1 or fraction - self._last[1] >= JSON_STEP:
                self._last = (stage, fraction)
                self._event("progress", stage=stage, fraction=round(fraction, 4))
            return
        if self._bar is None:
            self._bar = _Bar() if _is_terminal(sys.stderr) else _Lines()
        self._bar.show(stage, fraction)

    def note(self, text: str) -> None:
        """Say something worth knowing that is neither a result nor an error."""
        if self.json:
            self._event("note", message=text)
        else:
            self._end_bar()
            _print(text, sys.stderr)

    def result(self, text: str, event: str, **content) -> None:
        """Print a result: as text, or as an ``event`` with this content."""
        if self.json:
            self._event(event, **content)
        else:
            self._end_bar()
            _print(text, sys.stdout)

    def written(self, kind: str, path) -> None:
        """Say that an output file is there."""
        self.written_paths.append(str(path))
        self.result(f"{kind}: {path}", "written", kind=kind, path=str(path))

    def error(self, message: str, status: int) -> None:
        """Say in one line on stderr what ended the work; with ``--json`` also as an event."""
        self._end_bar()
        if self.json:
            with contextlib.suppress(InputError):  # stdout cannot be written; stderr is told all the same
                self._event("error", message=message, status=status)
        _print(f"lungtumorseg: error: {' '.join(message.split())}", sys.stderr)

    def log_handler(self) -> logging.Handler:
        """Return a handler that turns log records into notes."""
        return _NoteHandler(self)

    def close(self) -> None:
        """End the progress display and write out what is buffered."""
        self._end_bar()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                _guarded(stream, stream.flush)

    def _event(self, event: str, **content) -> None:
        _print(json.dumps({"event": event, **content}, ensure_ascii=False), sys.stdout)

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.end()
            self._bar = None


class _Bar:
    """A live bar on a terminal."""

    def __init__(self):
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description:<15}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
        self.display = Progress(*columns, TimeElapsedColumn(), console=Terminal(stderr=True), transient=True)
        self.display.start()
        self.tasks: dict[str, int] = {}

    def show(self, stage: str, fraction: float) -> None:
        if stage not in self.tasks:
            self.tasks[stage] = self.display.add_task(stage, total=1.0)
        self.display.update(self.tasks[stage], completed=fraction)

    def end(self) -> None:
        self.display.stop()


class _Lines:
    """A line a stage, for logs."""

    def __init__(self):
        self.stage = ""

    def show(self, stage: str, fraction: float) -> None:
        if stage != self.stage:
            self.stage = stage
            _print(f"{stage} …", sys.stderr)

    def end(self) -> None:
        pass


class _NoteHandler(logging.Handler):
    def __init__(self, console: Console):
        super().__init__()
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        self.console.note(record.getMessage())


def _is_terminal(stream) -> bool:
    return stream is not None and stream.isatty()


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
