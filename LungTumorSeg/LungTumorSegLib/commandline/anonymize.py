"""Write DICOM files without what identifies the patients, and report which attributes were found; never any value.

The basic application confidentiality profile of the DICOM standard (PS3.15, Annex E). DICOM_DIR has a folder a case,
or is a data set with Images/CASE and Segmentations. OUT appears whole or not at all. Names of files and folders, which
may hold a patient's name, are not taken over. Text in the voxels themselves is not seen: look at the images.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from .console import Console

if TYPE_CHECKING:
    from ..anonymization.case import CaseDone
    from ..anonymization.sources import Source

SUMMARY = "write DICOM files without what identifies the patients"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("folder", metavar="DICOM_DIR", help="folder of cases, or a data set Images/, Segmentations/")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="new or empty folder, outside DICOM_DIR")
    parser.add_argument("--report", metavar="R.json", help="write which attributes were found in which case")
    parser.add_argument("--skip-bad", action="store_true", help="leave damaged files out, and name them")


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Anonymize, verify, tell what was found."""
    from ..anonymization.anonymize import anonymize
    from ..anonymization.report import as_document, in_words
    from ..results.outputs import check_suffix
    from ..volume.files import check_writable, write_json

    check_suffix(arguments.report, (".json",), "report")
    if arguments.report:
        _check_report(arguments)
        check_writable(arguments.report)
    sources, paired = _sources(Path(arguments.folder))
    done = anonymize(
        arguments.folder,
        sources,
        arguments.output,
        paired=paired,
        skip_bad=arguments.skip_bad,
        progress=console.progress,
    )
    console.written("anonymized", arguments.output)
    _warn(done, console)
    document = as_document(done)
    if arguments.report:
        write_json(arguments.report, document)
        console.written("report", arguments.report)
    console.result(in_words(done), "anonymization", report=document)


def _sources(folder: Path) -> tuple[list[Source], bool]:
    """List the cases, and tell whether they are a data set with masks apart."""
    from ..anonymization.sources import Source, sources_in
    from ..recipe.schema import Annotation
    from ..training.data.layouts.paired_folders import paired_folders

    if not folder.is_dir():
        raise InputError("there is no such folder", folder, "check the path")
    images, masks = folder / "Images", folder / "Segmentations"
    if images.is_dir() and not masks.is_dir():
        return sources_in(images), True
    if images.is_dir():
        cases = paired_folders(folder, Annotation(), allow_missing=False)
        return [Source(case.ct, case.mask) for case in cases], True
    return sources_in(folder), False


def _check_report(arguments: argparse.Namespace) -> None:
    """The report must not stand in the folder that is still to appear."""
    if Path(arguments.output).absolute() in Path(arguments.report).absolute().parents:
        raise InputError("lies in the folder to be written", arguments.report, "write the report beside it")


def _warn(done: list[CaseDone], console: Console) -> None:
    """Say to the user, and to no file, which folder became which case and what was left out."""
    for case in done:
        console.note(f"{case.source} -> {case.name}")
        for path in case.not_dicom:
            console.note(f"left out, not DICOM: {path}")
        for path in case.damaged:
            console.note(f"left out, damaged: {path}")
        for kind, count in sorted(case.left_out.items()):
            console.note(f"left out of {case.name}: {count} of the kind {kind}")
        if case.findings.burned_in:
            console.note(
                f"warning: {case.findings.burned_in} files of {case.name} say that text is burned into their voxels; "
                "look at them, for it stays"
            )
