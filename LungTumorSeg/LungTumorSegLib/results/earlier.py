"""What an earlier run has left: known again by its report, and never mistaken for somebody else's work."""

from __future__ import annotations

from pathlib import Path

from ..errors import InputError
from ..volume.files import read_json
from .cases import Case, file_checksum

MADE_BY = "LungTumorSeg, a folder of CTs"


def signature(case: Case, fingerprint: str, mask: Path) -> dict:
    """Return the part of a report by which it is known again; ``mask`` is the file that was written."""
    return {"made_by": MADE_BY, "ct_sha256": fingerprint, "series": case.series, "mask_sha256": file_checksum(mask)}


def earlier_report(mask: Path, report: Path) -> dict | None:
    """Return the report of an earlier run where it and its mask are there; None where nothing is in the way.

    Raises
    ------
    InputError
        There is a file that no run has written, or a mask that a person has edited since.
    """
    document = _own_report(report) if report.exists() else None
    if not mask.exists():
        return None
    if document is None:
        raise _in_the_way(mask)
    if document["batch"].get("mask_sha256") != file_checksum(mask):
        what = "its mask was edited since it was written, and is left as it is"
        raise InputError(what, mask, "move the mask away to have it made anew")
    return document


def is_done(earlier: dict, model: dict, fingerprint: str) -> bool:
    """Tell whether an earlier report is of the same CT and the same model, and says all that one says today."""
    same_ct = earlier["batch"].get("ct_sha256") == fingerprint
    return earlier.get("model") == model and same_ct and "segments" in earlier


def _own_report(path: Path) -> dict:
    try:
        document = read_json(path)
    except InputError:
        document = {}
    batch = document.get("batch")
    if not isinstance(batch, dict) or batch.get("made_by") != MADE_BY:
        raise _in_the_way(path)
    return document


def _in_the_way(path: Path) -> InputError:
    what = f"a {'report' if path.suffix == '.json' else 'mask'} that no earlier run has written is in the way"
    return InputError(what, path, "move it, or choose another folder")
