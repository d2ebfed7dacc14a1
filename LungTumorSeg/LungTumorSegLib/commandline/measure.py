"""Measure a mask: volume, RECIST and 3D diameters of every lesion; with a reference also Dice and distances."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import TYPE_CHECKING

from .arguments import labels
from .console import Console

if TYPE_CHECKING:
    from ..volume import Volume

SUMMARY = "measure a mask, and compare it with a reference"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("mask", metavar="MASK", help="label map or .seg.nrrd; all that is not 0 is tumour")
    parser.add_argument("--labels", type=labels, metavar="N,…", help="the lesions' labels; the others are organs")
    parser.add_argument("--reference", metavar="REF", help="compare with this mask, DICOM SEG or RTSTRUCT")
    parser.add_argument("--roi", metavar="REGEX", help="name of the lesions' segment or ROI in a DICOM reference")
    parser.add_argument("--ignore", metavar="MASK", help="voxels that the comparison leaves out")
    parser.add_argument("--ct", metavar="CT", help="the CT, for the lesions' mean HU")
    parser.add_argument("--report", metavar="R.json", help="write the measurements")


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Read, measure, print, write."""
    from ..results.outputs import check_outputs, check_suffix
    from ..results.report import describe_volume
    from .inputs import check_ignore, read_masks_on, read_reference_on, rois_named

    check_ignore(arguments.reference, arguments.ignore)
    check_suffix(arguments.report, (".json",), "report")
    check_outputs((arguments.report,), (arguments.mask, arguments.reference, arguments.ignore, arguments.ct))

    from ..measurements import format_report
    from ..measurements import measure as measure_mask
    from ..recipe.schema.annotation import LUNG_TUMOR_ROI
    from ..volume import read_ct, read_mask, same_grid_or_raise, write_json

    label = 1 if arguments.labels is None else arguments.labels[0]
    rois = rois_named(arguments.roi, {label: LUNG_TUMOR_ROI}, label)
    mask = read_mask(arguments.mask)
    notes = _absent(mask, arguments.labels or ())
    for note in notes:
        console.note(note)
    others = read_reference_on(mask, "mask", arguments.reference, rois)
    others |= read_masks_on(mask, "mask", ignore=arguments.ignore)
    report = {"not_for_clinical_use": True, "mask": describe_volume(arguments.mask, mask)}
    if arguments.ct is not None:
        ct = others["ct"] = read_ct(arguments.ct)
        same_grid_or_raise(ct, mask, arguments.ct, ("CT", "mask"))
        report["ct"] = describe_volume(arguments.ct, ct)
    report |= measure_mask(mask, lesions=arguments.labels, progress=console.progress, **others)
    report |= {"notes": notes} if notes else {}
    if arguments.report:
        write_json(arguments.report, report)
        console.written("report", arguments.report)
    console.result(format_report(report), "report", report=report)


def _absent(mask: Volume, lesions: Collection[int]) -> list[str]:
    """Say which of the labels that are lesions a mask does not hold, and what it holds."""
    import numpy as np

    held = [label for label in np.unique(mask.array).tolist() if label]
    found = f"it holds {', '.join(f'{label:g}' for label in held)}" if held else "it is empty"
    return [f"the mask has no label {label}: {found}" for label in sorted(set(lesions) - set(held))]
