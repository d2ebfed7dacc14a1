"""Score a model over a data set: each case first, then summed up. Voxels under a case's ignore mask never count."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from ..errors import InputError
from .arguments import device
from .console import Console

if TYPE_CHECKING:
    from ..evaluation import CaseScore
    from ..prediction import Predictor
    from ..training.layouts import CaseFiles

SUMMARY = "score a model over a data set, case by case"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--model", required=True, metavar="M", help="packaged model or model folder")
    parser.add_argument("--data", required=True, metavar="DIR", help="Decathlon layout, or a folder a case")
    parser.add_argument("--report", metavar="R.json", help="write the scores")
    parser.add_argument("--device", type=device, default="auto", metavar="DEVICE", help="auto, cpu, cuda or cuda:N")


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Segment and score every case."""
    from .outputs import check_outputs, check_suffix

    check_suffix(arguments.report, (".json",), "report")
    check_outputs((arguments.report,), ())

    from ..evaluation import as_dict, as_table
    from ..model import load_model
    from ..prediction import Predictor
    from ..training.layouts import find_cases
    from ..volume.files import write_json

    model = load_model(arguments.model)
    files = find_cases(arguments.data)
    predictor = Predictor.load(model, arguments.device)
    console.note(f"computing on {predictor.device.describe()}")
    scores, failed = [], []
    for done, case in enumerate(files):
        console.progress("evaluating", done / len(files))
        try:
            scores.append(_score(case, predictor))
        except InputError as error:  # one case that cannot be read must not cost the scores of the others
            failed.append({"case": case.name, "reason": str(error)})
            console.note(f"{case.name} was not scored: {error}")
    console.progress("evaluating", 1.0)
    report = {"not_for_clinical_use": True, "model": model.describe(), "device": predictor.device.as_dict()}
    report |= as_dict(scores) | {"failed": failed}
    if arguments.report:
        write_json(arguments.report, report)
        console.written("report", arguments.report)
    console.result(as_table(scores) + "\n\n" + _in_words(report["summary"]), "scores", report=report)
    if failed:
        raise InputError(f"{len(failed)} of {len(files)} cases were not scored", arguments.data, "see the notes above")


def _score(case: CaseFiles, predictor: Predictor) -> CaseScore:
    import numpy as np

    from ..evaluation import score_case
    from ..measurements import measure
    from ..volume import same_grid_or_raise
    from ..volume.reading import read_ct, read_mask

    ct = read_ct(case.ct)
    masks = {path: read_mask(path) for path in (case.mask, *case.ignore) if path is not None}
    for path, mask in masks.items():
        same_grid_or_raise(mask, ct, path)
    reference = masks[case.mask] if case.mask else ct.with_array(np.zeros(ct.array.shape, dtype=np.uint8))
    start = time.perf_counter()
    found = predictor.predict(ct).mask
    seconds = time.perf_counter() - start
    doubtful = [masks[path].array > 0 for path in case.ignore]
    ignore = ct.with_array(np.any(doubtful, axis=0) & (reference.array == 0)) if doubtful else None
    return score_case(case.name, measure(found, reference=reference, ignore=ignore), seconds)


def _in_words(summary: dict) -> str:
    from ..evaluation import figure

    return (
        f"{summary['cases_with_tumor']} cases with a tumour: mean Dice {figure(summary['mean_dice'], 3)}, "
        f"lesions found {figure(summary['sensitivity'])}, HD95 {figure(summary['mean_hd95_mm'], 1)} mm "
        f"over the {summary['cases_with_hd95_mm']} in which something was found. "
        f"False positives per scan: {figure(summary['false_positives_per_scan'])}, on tumour-free scans "
        f"{figure(summary['false_positives_per_tumor_free_scan'])}. So few cases cannot show how good a network is. "
        "Not for clinical use."
    )
