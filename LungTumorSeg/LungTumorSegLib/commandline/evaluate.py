"""Score a model over a data set: each case, each lesion, then summed up. Voxels under an ignore mask never count.

With --report R.json the scores so far are kept in R.partial.json, from which --resume goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..wording import counted
from .arguments import add_settings, device, names, not_negative_int
from .console import Console

if TYPE_CHECKING:
    from ..evaluation import DataSetScores
    from ..evaluation.partial import PartialReport
    from ..prediction import Predictor
    from ..recipe.schema import Recipe
    from ..training.data.case_files import CaseFiles

SUMMARY = "score a model over a data set, case by case"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--model", required=True, metavar="M", help="packaged model or model folder")
    parser.add_argument("--data", required=True, metavar="DIR", help="a data set in any layout that train takes")
    parser.add_argument("--cases", type=names, default=(), metavar="CASE,…", help="only these cases")
    parser.add_argument("--report", metavar="R.json", help="write all scores")
    parser.add_argument("--resume", action="store_true", help="go on with an evaluation that was interrupted")
    parser.add_argument("--table", metavar="R.csv", help="write a row a case")
    parser.add_argument("--lesions", metavar="L.csv", help="write a row a lesion, false positives included")
    parser.add_argument("--picture", metavar="P.png", help="draw the scores")
    parser.add_argument("--confusion", metavar="C.png", help="draw the confusion matrix (of several labels)")
    parser.add_argument("--slices", metavar="H.png", help="draw accuracy and Dice by slice (evaluation.slices)")
    parser.add_argument("--save-masks", metavar="DIR", help="write each predicted mask, CASE.seg.nrrd")
    parser.add_argument("--bootstrap", type=not_negative_int, default=2000, metavar="N", help="resamples (2000)")
    parser.add_argument("--seed", type=not_negative_int, default=0, metavar="S", help="of the bootstrap (0)")
    parser.add_argument("--device", type=device, default="auto", metavar="DEVICE", help="auto, cpu, cuda or cuda:N")
    add_settings(parser)


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Segment and score every case, then write what was asked for."""
    from ..evaluation import DataSetScores
    from ..evaluation.partial import PartialReport
    from ..model import load_model
    from ..training.data.layouts import find_cases
    from ..training.data.subtypes import knows_subtypes

    model = load_model(arguments.model).used_with(arguments.set)
    classification = model.recipe.classification
    if classification and not knows_subtypes(Path(arguments.data)):
        console.note("the data set has no table of subtypes: the masks alone are scored")
        classification = None
    files = _chosen(
        find_cases(arguments.data, model.recipe.annotation, classification, labels=model.recipe.labels), arguments
    )
    about = {"not_for_clinical_use": True, "model": model.describe()}
    about |= {"labels": model.recipe.labels, "lesion_labels": list(model.recipe.lesions)}
    partial = PartialReport.beside(arguments.report, about["model"]) if arguments.report else None
    _check_places(arguments, files, partial)
    if arguments.confusion and len(model.recipe.labels) == 1:
        raise InputError("the model tells one label from the background", "--confusion", "use --picture")
    if arguments.slices and not model.recipe.evaluation.slices:
        raise InputError("the model's recipe measures no slices", "--slices", "its evaluation.slices is off")
    if partial is None:
        scores = DataSetScores()
    else:
        scores = partial.resume({case.name for case in files}) if arguments.resume else partial.start()

    from ..prediction import Predictor

    predictor = Predictor.load(model, arguments.device)
    about["device"] = predictor.device.as_dict()
    console.note(f"computing on {predictor.device.describe()}")
    try:
        failed = _score_all(files, predictor, scores, partial, _mask_writer(arguments, model.recipe.labels), console)
    except BaseException:
        _show_what_there_is(scores, len(files), partial, console)
        raise
    _conclude(arguments, about, scores, failed, model.recipe, console)
    if partial:
        partial.remove()
    if failed:
        what = f"{len(failed)} of {counted(len(files), 'case')} could not be scored"
        raise InputError(what, arguments.data, "see the notes above")


def _chosen(files: list[CaseFiles], arguments: argparse.Namespace) -> list[CaseFiles]:
    if unknown := set(arguments.cases) - {case.name for case in files}:
        raise InputError(f"no case is named {min(unknown)}", arguments.data, "see the names of its cases")
    return [case for case in files if not arguments.cases or case.name in arguments.cases]


def _check_places(arguments: argparse.Namespace, files: list[CaseFiles], partial: PartialReport | None) -> None:
    """Refuse what could not be written at the end, before the long work."""
    from ..evaluation.picture import check_drawing
    from ..results.outputs import check_outputs, check_suffix

    suffixes = {"report": ".json", "table": ".csv", "lesions": ".csv"}
    suffixes |= {"picture": ".png", "slices": ".png", "confusion": ".png"}
    outputs = {name: getattr(arguments, name) for name in suffixes}
    for name, path in outputs.items():
        check_suffix(path, (suffixes[name],), "table" if name == "lesions" else name)
    if arguments.resume and partial is None:
        raise InputError("there is nothing to go on from without a report", "--resume", "give --report as before")
    masks = [_mask_path(arguments, case.name) for case in files] if arguments.save_masks else []
    inputs = [path for case in files for path in (case.ct, case.mask, *case.ignore)]
    check_outputs([*outputs.values(), partial.path if partial else None, *masks], inputs)
    for picture in (arguments.picture, arguments.slices, arguments.confusion):
        if picture:
            check_drawing(picture)


def _mask_path(arguments: argparse.Namespace, case: str) -> Path:
    return Path(arguments.save_masks) / f"{case}.seg.nrrd"


def _mask_writer(arguments: argparse.Namespace, labels: dict[int, str]) -> Callable | None:
    """Return the function of a case's name and its mask that writes the mask, if masks are wanted."""
    if not arguments.save_masks:
        return None
    from ..volume.writing import write_mask

    return lambda case, mask: write_mask(_mask_path(arguments, case), mask, labels)


def _score_all(
    files: list[CaseFiles],
    predictor: Predictor,
    scores: DataSetScores,
    partial: PartialReport | None,
    write_mask: Callable | None,
    console: Console,
) -> list[dict]:
    """Add to ``scores`` the cases that they lack, and return the cases that cannot be scored and why."""
    from ..training.validating.scoring import score_each_lesion, score_each_slice, score_files

    known = {score.case for score in scores.cases}
    if known:
        console.note(f"going on after {len(known)} of {counted(len(files), 'case')}")
    failed = []
    for done, case in enumerate(files):
        console.progress("evaluating", done / len(files))
        if case.name in known:
            continue
        try:
            scored = score_files(case, predictor)
        except InputError as error:  # one case that cannot be read must not cost the scores of the others
            failed.append({"case": case.name, "reason": str(error)})
            console.note(f"{case.name} was not scored: {error}")
            continue
        if write_mask:
            write_mask(case.name, scored.found)
        slices = score_each_slice(scored) if predictor.recipe.evaluation.slices else ()
        confusions = [scored.confusion] if scored.confusion else ()
        subtypes = [scored.subtype] if scored.subtype else ()
        scores.add(scored.score, *score_each_lesion(scored), slices, confusions, subtypes)
        if partial:
            partial.keep(scores)
    scores.sort([case.name for case in files])
    console.progress("evaluating", 1.0)
    return failed


def _show_what_there_is(scores: DataSetScores, asked: int, partial: PartialReport | None, console: Console) -> None:
    """Before the work ends early: print the scores so far, and say how to go on."""
    from ..evaluation import as_table
    from ..evaluation.tables import MOST_ROWS

    if not scores.cases:
        return
    console.result(as_table(scores.cases, MOST_ROWS), "scores", report={"complete": False, **scores.rows()})
    kept = f"; they are kept in {partial.path}, go on with --resume" if partial and partial.path.is_file() else ""
    console.note(f"stopped after {len(scores.cases)} of {counted(asked, 'case')}{kept}")


def _conclude(
    arguments: argparse.Namespace,
    about: dict,
    scores: DataSetScores,
    failed: list[dict],
    recipe: Recipe,
    console: Console,
) -> None:
    """Sum up, write the files and print the tables."""
    from ..evaluation import Bootstrap, as_table, strata_table, subtype_table, summarize_classes, summarize_subtypes
    from ..evaluation.confusion import class_table, confusion_table, draw_confusion
    from ..evaluation.picture import draw_scores
    from ..evaluation.slice_picture import draw_slices
    from ..evaluation.tables import MOST_ROWS, write_case_csv, write_lesion_csv
    from ..evaluation.words import scores_in_words, slices_in_words
    from ..volume.files import write_json

    bootstrap = Bootstrap(arguments.bootstrap, arguments.seed)
    report = about | {"complete": True} | scores.as_dict(bootstrap)
    if scores.confusions:
        report["classes"] = summarize_classes(scores.confusions, recipe.labels, bootstrap)
    if scores.subtypes:
        report["subtype_summary"] = summarize_subtypes(scores.subtypes, recipe.classification.names)
    report["failed"] = failed
    jobs = {
        "report": lambda path: write_json(path, report),
        "table": lambda path: write_case_csv(path, scores.cases),
        "lesions": lambda path: write_lesion_csv(path, scores),
        "picture": lambda path: draw_scores(scores, report, path),
        "slices": lambda path: draw_slices(scores.slices, about["model"]["name"], path),
        "confusion": lambda path: draw_confusion(report["classes"], about["model"], path),
    }
    for kind, write in jobs.items():
        if path := getattr(arguments, kind):
            write(path)
            console.written(kind, path)
    slices = slices_in_words(report["slice_summary"]) if scores.slices else ""
    subtypes = subtype_table(report["subtype_summary"]) if scores.subtypes else ""
    classes = [table(report["classes"]) for table in (class_table, confusion_table) if scores.confusions]
    table = as_table(scores.cases, MOST_ROWS, lesions=bool(report["lesion_labels"]))
    parts = (table, strata_table(report["strata"]), slices, *classes, subtypes, scores_in_words(report))
    console.result("\n\n".join(part for part in parts if part), "scores", report=report)
