"""Segment a CT: write the mask on the CT's own grid, print and write its measurements, draw a picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..progress import StageTimer
from .arguments import add_settings, device, positive_int, share
from .console import Console

if TYPE_CHECKING:
    from ..recipe.schema import Recipe
    from ..volume import Volume

SUMMARY = "find the tumours (or what else a model knows) in a CT: mask, measurements, picture"
DEFAULT_MODEL = "lung-tumor"
PREVIEW_SUFFIXES = (".png",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("ct", metavar="CT", help="NIfTI, NRRD or MetaImage file in HU, or a DICOM folder")
    parser.add_argument("--series", type=positive_int, metavar="N", help="of a DICOM folder with several CT series")
    parser.add_argument("-o", "--output", metavar="OUT", help="mask: .seg.nrrd, .nii.gz, .nii, .nrrd or .mha")
    parser.add_argument("--model", default=DEFAULT_MODEL, metavar="NAME_OR_DIR", help=f"default: {DEFAULT_MODEL}")
    parser.add_argument("--device", type=device, default="auto", metavar="DEVICE", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--overlap", type=share, metavar="F", help="overlap of the windows in place of the recipe's")
    add_settings(parser)
    parser.add_argument("--report", metavar="R.json", help="write the measurements")
    parser.add_argument("--preview", metavar="P.png", help="draw the largest lesion (or organ) in three planes")
    parser.add_argument("--reference", metavar="MASK", help="compare with this mask, DICOM SEG or RTSTRUCT")
    parser.add_argument("--roi", metavar="REGEX", help="name of the lesions' segment or ROI in a DICOM reference")
    parser.add_argument("--ignore", metavar="MASK", help="voxels that the comparison leaves out")


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Check the places to write to, then read, predict, measure, and write everything at once."""
    from ..model import load_model
    from ..volume.reading import existing_path

    existing_path(arguments.ct)
    model = load_model(arguments.model).used_with(arguments.set)
    output = arguments.output or default_output(arguments.ct, model.recipe)
    _check_places(arguments, output)

    from ..measurements import format_report, measure
    from ..results.outputs import write_together
    from ..results.report import describe_volume, segmentation_report
    from ..volume import read_ct
    from .inputs import read_masks_on, read_reference_on, rois_named

    recipe = model.recipe
    rois = rois_named(arguments.roi, recipe.annotation.rois, next(iter(recipe.lesions), 1))
    timer = StageTimer()
    with timer.stage("reading"):
        console.progress("reading", 0.0)
        ct = read_ct(arguments.ct, arguments.series)
        others = read_reference_on(ct, "CT", arguments.reference, rois, recipe.labels)
        others |= read_masks_on(ct, "CT", ignore=arguments.ignore)
        console.progress("reading", 1.0)

    from ..prediction import predict  # brings in torch, which takes seconds

    prediction = predict(ct, model, device=arguments.device, overlap=arguments.overlap, progress=console.progress)
    for note in prediction.notes:
        console.note(note)
    with timer.stage("measuring"):
        probability, box = prediction.probability_in_box()
        measured = measure(
            prediction.mask,
            ct=ct,
            confidence=probability.astype("float16"),
            confidence_box=box,
            names=recipe.labels,
            lesions=recipe.lesions,
            progress=console.progress,
            **others,
        )
    report = segmentation_report(
        describe_volume(arguments.ct, ct),
        model.describe(),
        prediction,
        {"reading": timer.seconds["reading"], **prediction.timing, "measuring": timer.seconds["measuring"]},
        measured,
    )
    console.progress("writing", 0.0)
    jobs = output_jobs(arguments, output, ct, prediction.mask, others.get("reference"), recipe.labels, report)
    write_together([(path, write) for _, path, write in jobs])
    console.progress("writing", 1.0)
    for kind, path, _ in jobs:
        console.written(kind, path)
    console.result(format_report(report), "report", report=report)


def default_output(ct: str | Path, recipe: Recipe) -> Path:
    """Return ``NAME_tumor.seg.nrrd`` beside the CT; ``NAME_segmentation.seg.nrrd`` where organs are found too."""
    from ..results.cases import kind_of
    from ..volume.files import full_suffix

    path = Path(ct)
    if path.is_dir():
        path = path.resolve()  # "." has no name
    name = path.name if path.is_dir() else path.name[: len(path.name) - len(full_suffix(path))]
    return path.parent / f"{name}_{kind_of(recipe)}.seg.nrrd"


def _check_places(arguments: argparse.Namespace, output: str | Path) -> None:
    from ..results.outputs import check_outputs, check_suffix
    from ..volume.writing import check_mask_path
    from .inputs import check_ignore

    check_mask_path(output)
    check_suffix(arguments.report, (".json",), "report")
    check_suffix(arguments.preview, PREVIEW_SUFFIXES, "picture")
    check_ignore(arguments.reference, arguments.ignore)
    check_outputs((output, arguments.report, arguments.preview), (arguments.ct, arguments.reference, arguments.ignore))


def output_jobs(arguments, output, ct: Volume, mask: Volume, reference: Volume | None, names, report: dict) -> list:
    """Return what is to be written: (kind, path, function that writes it to a path)."""
    from ..volume.files import write_json
    from ..volume.writing import write_mask

    jobs = [("mask", output, lambda path: write_mask(path, mask, names))]
    if arguments.report:
        jobs.append(("report", arguments.report, lambda path: write_json(path, report)))
    if arguments.preview:
        from ..preview import draw_preview

        jobs.append(("picture", arguments.preview, lambda path: draw_preview(ct, mask, report, path, reference)))
    return jobs
