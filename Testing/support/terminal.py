"""A program that believes that somebody watches it."""

from __future__ import annotations

import os
import re
import subprocess


def lines_in_terminal(command: list[str], columns: int = 100) -> list[str]:
    """Run a command to its good end in a pseudo-terminal; every line that was ever seen there, without colours."""
    import pty  # there is none on Windows

    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "LINES": "24", "TERM": "xterm", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment) as process:
        os.close(slave)
        written = b""
        while part := _read(master):
            written += part
    os.close(master)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.decode())
    assert process.returncode == 0, text
    return [line.strip() for line in re.split(r"[\r\n]+", text)]


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""
