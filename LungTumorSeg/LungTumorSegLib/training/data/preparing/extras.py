"""What goes with a data set besides its cases: nodules to paste, and which cases are of one patient."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from ....errors import InputError
from ....volume.files import atomic_path
from ..patients import NAME as PATIENTS

NODULES = "nodules"
# Of the tables only what training asks for; the rest (series identifiers, say) stays where it is.
COLUMNS = {PATIENTS: ("case", "patient"), f"{NODULES}/index.csv": ("file", "patient_id")}


def copy_extras(data: Path, cache: Path) -> None:
    """Bring nodules and tables from a data set into its cache, where they changed.

    Raises
    ------
    InputError
        A file cannot be read or written.
    """
    for kind in ("image", "mask"):
        for path in sorted((data / NODULES / kind).glob("*.nii.gz")):
            _copy(path, cache / NODULES / kind / path.name)
    for name, columns in COLUMNS.items():
        if (data / name).is_file():
            _copy_table(data / name, cache / name, columns)


def _copy(source: Path, target: Path) -> None:
    status = source.stat()
    if target.is_file() and (target.stat().st_size, target.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns):
        return
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)
        shutil.copystat(source, temporary)


def _copy_table(source: Path, target: Path, columns: tuple[str, ...]) -> None:
    try:
        with source.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            kept = [name for name in columns if name in (reader.fieldnames or ())]
            rows = [{name: row[name] for name in kept} for row in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise InputError("this table cannot be read", source, "correct it") from error
    with atomic_path(target) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, kept)
        writer.writeheader()
        writer.writerows(rows)
