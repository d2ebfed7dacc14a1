"""What was measured so far, in a file that a killed run leaves whole: a header, then one line for each record."""

from __future__ import annotations

import json
import os
from pathlib import Path

FILE = "runs.jsonl"


class Store:
    """Records of a benchmark, kept between runs as long as what they depend on is the same.

    Parameters
    ----------
    folder : Path
    header : dict
        What the records depend on: machine, versions, source code. Records under another header are put aside.
    fresh : bool
        Put earlier records aside in any case.
    """

    def __init__(self, folder: Path, header: dict, fresh: bool = False):
        self.path, self.header = folder / FILE, header
        self.records: list[dict] = []
        folder.mkdir(parents=True, exist_ok=True)
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        earlier = _whole(lines)
        if earlier and earlier[0] == header and not fresh:
            self.records = earlier[1:]
            return
        if lines:
            self.path.replace(self.path.with_suffix(".earlier.jsonl"))
        self._append(header)

    def add(self, record: dict) -> None:
        """Keep a record, on the disk at once."""
        self.records.append(record)
        self._append(record)

    def of(self, **fields) -> list[dict]:
        """Return the records with these values."""
        return [one for one in self.records if all(one.get(key) == value for key, value in fields.items())]

    def _append(self, content: dict) -> None:
        text = self.path.read_bytes() if self.path.exists() else b""
        with self.path.open("ab") as file:
            if text and not text.endswith(b"\n"):  # the last run was killed while it wrote
                file.write(b"\n")
            file.write(json.dumps(content).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _whole(lines: list[str]) -> list[dict]:
    """Parse lines, but for one that was cut off."""
    parsed = []
    for line in lines:
        try:
            parsed.append(json.loads(line))
        except ValueError:
            continue
    return parsed
