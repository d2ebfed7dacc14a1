"""What was found and done, as a document that names no patient: no value, no original name of a file or folder."""

from __future__ import annotations

from collections import Counter

from .case import CaseDone
from .instance import METHOD, Findings

PATIENT_GROUP = 0x0010


def as_document(done: list[CaseDone]) -> dict:
    """Return the report for ``--report``: each case, then all together."""
    together = Findings()
    for case in done:
        together.add(case.findings)
    return {
        "method": METHOD,
        "cases": [_case(case) for case in done],
        "all": _findings(together) | {"files": sum(case.files for case in done)},
    }


def in_words(done: list[CaseDone]) -> str:
    """Return the report as text: a line a case, then the attributes that named the patient."""
    lines = [_line(case) for case in done]
    together = Findings()
    for case in done:
        together.add(case.findings)
    lines += ["", f"{'attribute':<12}{'keyword':<36}files"]
    shown = {tag: n for tag, n in together.listed.items() if tag[0] >> 16 == PATIENT_GROUP} | dict(together.beyond)
    lines += [f"{_tag(tag):<12}{keyword:<36}{count}" for (tag, keyword), count in sorted(shown.items())]
    further = len(together.listed) + len(together.beyond) - len(shown)
    lines.append(f"and {further} further attributes of the profile: dates, places, devices, identifiers")
    return "\n".join(lines)


def _line(case: CaseDone) -> str:
    personal = sum(tag >> 16 == PATIENT_GROUP for tag, _ in case.findings.listed)
    found = f"{len(case.findings.listed)} attributes of the profile, {personal} of them about the patient"
    private = "; private ones removed" if case.findings.private else ""
    return f"{case.name} ({case.patient}): {case.files} files in {case.series} series; {found}{private}"


def _case(case: CaseDone) -> dict:
    return {
        "name": case.name,
        "patient": case.patient,
        "files": case.files,
        "series": case.series,
        **_findings(case.findings),
        "left_out": dict(sorted(case.left_out.items())),
        "not_dicom": len(case.not_dicom),
        "damaged": len(case.damaged),
        "verified": {"pydicom": case.files, "gdcm": case.files - case.undecoded},
    }


def _findings(findings: Findings) -> dict:
    return {
        "found": _rows(findings.listed),
        "found_beyond_the_profile": _rows(findings.beyond),
        "files_with_private_attributes": findings.private,
        "files_with_burned_in_annotation": findings.burned_in,
    }


def _rows(counts: Counter) -> list[dict]:
    return [{"tag": _tag(tag), "keyword": keyword, "files": n} for (tag, keyword), n in sorted(counts.items())]


def _tag(tag: int) -> str:
    return f"{tag >> 16:04X},{tag & 0xFFFF:04X}"
