"""Where a cache keeps what."""

from __future__ import annotations

from pathlib import Path

FINGERPRINT_FILE = "fingerprint.json"


def case_path(folder: Path, name: str) -> Path:
    """Return where a cache keeps a case."""
    return folder / "cases" / f"{name}.h5"


def fingerprint_path(folder: Path, name: str) -> Path:
    """Return where a cache keeps a case's fingerprint."""
    return folder / "fingerprints" / f"{name}.json"
