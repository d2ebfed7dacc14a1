"""The worker's process, seen from the client: started, written to and read from without ever waiting, killed whole."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .log import LogTail
from .protocol import LineBuffer, RubbishError, decode, encode, shortened

PACKAGE = Path(__file__).resolve().parents[1]
CHUNK = 2**16  # bytes read at once
MOST_CHUNKS = 32  # read from each pipe in one go, so that a flood of lines holds nobody up
MOST_LINES_BEFORE_START = 200  # that are no events: an interpreter's start-up files may print


def default_command() -> list[str]:
    """Return the command of the real worker; in Slicer ``sys.executable`` is ``PythonSlicer``."""
    return [sys.executable, "-m", f"{PACKAGE.name}.{Path(__file__).parent.name}"]


class WorkerProcess:
    """One process with its pipes and its log.

    Parameters
    ----------
    command : list of str

    Attributes
    ----------
    log : LogTail
        What it prints to stderr, and what it prints to stdout before its first event.
    has_started : bool
        Whether there was an event yet.

    Raises
    ------
    OSError
        It cannot be started.
    """

    def __init__(self, command: list[str]):
        self.log = LogTail()
        self.has_started = False
        self._lines = LineBuffer()
        self._outgoing = b""
        self._stray_lines = 0
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, env=_environment(), **_apart_from_the_terminal()
        )
        self.pid = self._process.pid
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            os.set_blocking(stream.fileno(), False)

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs. Negative: the signal that ended it."""
        return self._process.poll()

    def send(self, message: dict) -> None:
        """Say something to it, now or when its pipe has room."""
        self._outgoing += encode(message)
        self._flush()

    def receive(self) -> Iterator[dict]:
        """Give the events that have come, one after the other.

        Raises
        ------
        RubbishError
            A line is not one.
        """
        self._flush()
        said = _available(self._process.stdout)
        self.log.feed(_available(self._process.stderr))  # after stdout: the lines that led to an event are in the log
        for line in self._lines.feed(said):
            try:
                event = decode(line)
                if not isinstance(event.get("event"), str):
                    raise RubbishError(f"a line that is not an event: {shortened(line)}")
            except RubbishError:
                if self.has_started or self._stray_lines >= MOST_LINES_BEFORE_START:
                    raise
                self._stray_lines += 1
                self.log.add(line)
                continue
            self.has_started = True
            yield event

    def kill(self) -> None:
        """End it and all its descendants at once, without waiting until they are gone (`status` tells)."""
        _kill_tree(self._process)

    def is_gone(self) -> bool:
        """Tell whether the process has ended; if so, close the pipes."""
        if self.status is None:
            return False
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            stream.close()
        return True

    def wait(self) -> None:
        """Wait until a killed process has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):  # the system may wait for a device first
            self._process.wait(timeout=5)
        self.is_gone()

    def _flush(self) -> None:
        while self._outgoing:
            try:
                written = os.write(self._process.stdin.fileno(), self._outgoing)
            except OSError:  # full, or nobody reads any more: then the process has ended, which `status` tells
                return
            if written <= 0:
                return
            self._outgoing = self._outgoing[written:]


def _available(stream) -> bytes:
    """Read what a pipe holds now."""
    pieces = []
    for _ in range(MOST_CHUNKS):
        try:
            piece = os.read(stream.fileno(), CHUNK)
        except OSError:  # nothing there (Windows calls that a broken pipe)
            break
        if not piece:
            break
        pieces.append(piece)
    return b"".join(pieces)


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    paths = [str(PACKAGE.parent), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    environment["PYTHONIOENCODING"] = "utf-8:backslashreplace"
    return environment


def _apart_from_the_terminal() -> dict:
    """Return the arguments of `subprocess.Popen` by which Ctrl+C, and a console window, are the client's matter."""
    if os.name == "nt":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def _kill_tree(process: subprocess.Popen) -> None:
    descendants = _descendants(process) if process.poll() is None else []
    if os.name != "nt":
        # Its group, too: a grandchild whose parent has ended is nobody's descendant any more.
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    for one in (process, *descendants):
        with contextlib.suppress(Exception):  # it has ended meanwhile
            one.kill()


def _descendants(process: subprocess.Popen) -> list:
    try:
        import psutil
    except ImportError:  # the process group is all that can be told
        return []
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        return []
