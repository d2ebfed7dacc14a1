"""What an NRRD header (.nrrd, .nhdr) promises, checked before ITK believes it.

ITK's reader asks for all the memory that the sizes in the header amount to, and takes 1 mm where no spacing is given.
"""

from __future__ import annotations

from math import isfinite, prod
from pathlib import Path

from ..errors import InputError
from .integrity import DamagedError, StoredVoxels, check_length

MAX_HEADER_LINES = 10_000  # a segmentation has a dozen for each segment
_BYTES = {
    **dict.fromkeys(("signed char", "int8", "int8_t", "uchar", "unsigned char", "uint8", "uint8_t"), 1),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), 2),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), 2),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t", "uint", "unsigned int", "uint32", "uint32_t"), 4),
    **dict.fromkeys(("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"), 8),
    **dict.fromkeys(("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"), 8),
    "float": 4,
    "double": 8,
}
_COMPRESSION = {"raw": None, "gzip": "zlib", "gz": "zlib"}


def check_nrrd_header(path: Path) -> None:
    """Raise `InputError` if the header gives no spacing, or promises more voxels than the file can hold.

    What is wrong otherwise is left to the reader to find.
    """
    fields, header_bytes = _read_fields(path)
    try:
        sizes = [int(n) for n in fields["sizes"].split()]
        nbytes = prod(sizes) * _BYTES[fields["type"].lower()]
    except (KeyError, ValueError):
        return
    _check_spacing(fields, len(sizes), path)
    encoding = fields.get("encoding", "").lower()
    beside = fields.get("data file", fields.get("datafile"))
    data = path if beside is None else path.parent / beside
    if encoding not in _COMPRESSION or not data.is_file():  # several data files, or none
        return
    start = header_bytes if beside is None else 0
    stored_nbytes = data.stat().st_size - start
    try:
        check_length(StoredVoxels(data, start, nbytes, _COMPRESSION[encoding], stored_nbytes))
    except DamagedError as reason:
        raise InputError(f"is truncated or damaged: {reason}", path, "copy or export it again") from reason


def _check_spacing(fields: dict[str, str], dimension: int, path: Path) -> None:
    directions = [
        vector for vector in fields.get("space directions", "").replace("none", "").split(")") if "(" in vector
    ]
    spacings = [number for number in fields.get("spacings", "").split() if _is_finite(number)]
    if max(len(directions), len(spacings)) < min(dimension, 3):
        raise InputError(
            "does not say how far its voxels lie apart (neither 'space directions' nor 'spacings')",
            path,
            "export it again with its geometry, or add it to the header",
        )


def _is_finite(number: str) -> bool:
    try:
        return isfinite(float(number))
    except ValueError:
        return False


def _read_fields(path: Path) -> tuple[dict[str, str], int]:
    """Return the header's ``field: value`` lines, and how many bytes it takes with the empty line at its end."""
    fields: dict[str, str] = {}
    with path.open("rb") as file:
        for _ in range(MAX_HEADER_LINES):
            line = file.readline(1 << 16).decode("latin-1").rstrip("\r\n")
            if not line:
                break
            key, colon, value = line.partition(": ")
            if colon and not line.startswith("#"):
                fields.setdefault(key.strip().lower(), value.strip())
        return fields, file.tell()
