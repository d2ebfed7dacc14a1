"""Where a MetaImage file (.mha, .mhd) keeps its voxels, so that they can be checked."""

from __future__ import annotations

from math import isfinite, prod
from pathlib import Path

from ..errors import InputError
from .integrity import StoredVoxels

_MAX_HEADER_LINES = 200
_ELEMENT_BYTES = {
    **dict.fromkeys(("MET_CHAR", "MET_UCHAR"), 1),
    **dict.fromkeys(("MET_SHORT", "MET_USHORT"), 2),
    **dict.fromkeys(("MET_INT", "MET_UINT", "MET_FLOAT"), 4),
    **dict.fromkeys(("MET_LONG", "MET_ULONG"), 4),
    **dict.fromkeys(("MET_LONG_LONG", "MET_ULONG_LONG", "MET_DOUBLE"), 8),
}


def read_metaimage_header(path: Path) -> StoredVoxels:
    """Read the text header of a MetaImage with one data part, in the file itself or in one beside it.

    Raises
    ------
    InputError
        It is not such a file, or the file beside it is missing.
    """
    fields, header_bytes = _read_fields(path)
    try:
        element_bytes = _ELEMENT_BYTES[fields["ElementType"]] * int(fields.get("ElementNumberOfChannels", "1"))
        nbytes = prod(int(n) for n in fields["DimSize"].split()) * element_bytes
        skipped = int(fields.get("HeaderSize", "0"))
        compressed = fields.get("CompressedData", "False").lower() == "true"
        size = fields.get("CompressedDataSize")
        stored_nbytes = int(size) if compressed and size else None
    except (KeyError, ValueError) as error:
        raise InputError("is not a MetaImage that can be read", path, "convert it to .nii.gz or .nrrd") from error
    _check_numbers(fields, path)
    local = fields["ElementDataFile"].upper() == "LOCAL"
    data = path if local else path.parent / fields["ElementDataFile"]
    if not data.is_file():
        raise InputError(
            f"its voxels should lie in one file named {fields['ElementDataFile']!r} beside it, which is not there",
            path,
            "put that file beside it, or convert the image to .nii.gz or .nrrd",
        )
    at_the_end = skipped == -1  # "the voxels are the last bytes of the file"
    offset = max(0, data.stat().st_size - nbytes) if at_the_end else skipped + (header_bytes if local else 0)
    return StoredVoxels(data, offset, nbytes, "zlib" if compressed else None, stored_nbytes)


def _check_numbers(fields: dict[str, str], path: Path) -> None:
    """Raise `InputError` if a position is no number or there is no spacing: ITK would take 0, and 1 mm, for them."""
    for key in ("Offset", "Position", "Origin"):
        try:
            finite = all(isfinite(float(number)) for number in fields.get(key, "").split())
        except ValueError:
            finite = False
        if not finite:
            raise InputError(f"has a position that is not finite: {key} = {fields[key]}", path, "correct the header")
    if not fields.keys() & {"ElementSpacing", "ElementSize"}:
        raise InputError(
            "does not say how far its voxels lie apart (no ElementSpacing)", path, "export it again with its geometry"
        )


def _read_fields(path: Path) -> tuple[dict[str, str], int]:
    """Return the header's ``key = value`` lines, and how many bytes they take; ``ElementDataFile`` is the last."""
    fields: dict[str, str] = {}
    with path.open("rb") as file:
        for _ in range(_MAX_HEADER_LINES):
            key, equals, value = file.readline(4096).decode("latin-1").partition("=")
            if not equals:
                break
            fields[key.strip()] = value.strip()
            if key.strip() == "ElementDataFile":
                return fields, file.tell()
    raise InputError("is not a MetaImage: its header does not name its voxels", path, "give a CT image")
