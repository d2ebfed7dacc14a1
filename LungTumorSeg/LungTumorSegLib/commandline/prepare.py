"""Prepare a data set for training: each case once, into a cache that `train` reads. A second run does what is new."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from ..wording import counted
from .arguments import not_negative_int
from .console import Console
from .signals import Stopped

if TYPE_CHECKING:
    from ..recipe.schema import Recipe

SUMMARY = "prepare a data set into a training cache"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("data", metavar="DATA", help="data set: Decathlon, nnU-Net raw, a folder a case, DICOM")
    parser.add_argument("--recipe", required=True, metavar="NAME", help="packaged recipe or YAML file")
    parser.add_argument("-o", "--output", required=True, metavar="CACHE", help="the cache's folder")
    parser.add_argument("--skip-bad", action="store_true", help="name cases that cannot be used, and go on")
    parser.add_argument(
        "--remove-missing", action="store_true", help="take cases out of the cache that the data set has no longer"
    )
    parser.add_argument(
        "--set", type=str, action="append", default=[], metavar="KEY=VALUE", help="change a key of the recipe"
    )
    parser.add_argument("--roi", metavar="REGEX", help="name of the segment or ROI in DICOM SEG and RTSTRUCT")
    parser.add_argument(
        "--workers", type=not_negative_int, default=0, metavar="N", help="processes that prepare (0: this one)"
    )
    parser.add_argument(
        "--no-scans",
        action="store_true",
        help="leave the scans themselves out (then nothing can be validated on them)",
    )


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Prepare what is not prepared yet."""
    from pathlib import Path

    from ..errors import InputError
    from ..recipe import load_recipe, override

    recipe = override(load_recipe(arguments.recipe), arguments.set)
    if arguments.roi is not None:
        try:
            recipe = override(recipe, [f"annotation.rois={json.dumps({1: arguments.roi})}"])
        except InputError as error:
            raise InputError(error.what, "--roi", error.do) from error

    from ..training.data.cache import FINGERPRINT_FILE, INDEX, read_index
    from ..training.data.layouts import cases_for
    from ..training.data.planning import NAME as PLAN
    from ..training.data.planning import make_plan, write_plan
    from ..training.data.preparing import copy_extras, prepare_cache
    from ..volume.files import check_writable

    data, cache = Path(arguments.data), Path(arguments.output)
    check_writable(cache / INDEX)
    if read_index(data) is not None:
        raise InputError("is a training cache already", data, "give the data set that it was made from")
    files = cases_for(recipe, data, allow_missing=arguments.skip_bad)
    try:
        prepared = prepare_cache(
            files,
            recipe,
            cache,
            skip_bad=arguments.skip_bad,
            workers=arguments.workers,
            with_scans=not arguments.no_scans,
            others="remove" if arguments.remove_missing else "refuse",
            progress=console.progress,
        )
    except Stopped:
        index = read_index(cache)
        if index is not None and index.sources:
            console.written(f"cache with {counted(len(index.sources), 'case')} so far", cache)
        raise
    copy_extras(data, cache)
    console.note(str(prepared))
    fingerprint = json.loads((cache / FINGERPRINT_FILE).read_text(encoding="utf-8"))
    if prepared.recipe.planned:
        plan = make_plan(prepared.recipe, fingerprint)
        write_plan(cache / PLAN, plan)
        console.note(f"a run on this cache is planned so ({PLAN}): {'; '.join(plan.why)}")
    console.result(_in_words(fingerprint, recipe), "fingerprint", fingerprint=fingerprint)
    console.written("cache", cache)


def _in_words(fingerprint: dict, recipe: Recipe) -> str:
    only_lesions = len(recipe.lesions) == len(recipe.labels)
    subject, part = ("a tumour", "lesion") if only_lesions else ("something annotated", "separate part")
    spacing, size, hu = (fingerprint[key] for key in ("spacing_mm", "size_voxels", "foreground_hu"))
    lines = [
        f"{counted(fingerprint['cases'], 'case')}, {fingerprint['cases_with_tumor']} with {subject} "
        f"({counted(fingerprint['lesions'], part)})",
        f"spacing, median: {_triple(spacing['median'])} mm, from {_triple(spacing['minimum'])} to "
        f"{_triple(spacing['maximum'])}",
        f"size, median: {_triple(size['median'])} voxels",
    ]
    if hu is not None:
        lines += [
            f"HU of {subject}: {hu['percentile_0.5']:.0f} to {hu['percentile_99.5']:.0f} (0.5 to 99.5 %), "
            f"mean {hu['mean']:.0f}, SD {hu['sd']:.0f}",
            f"it takes {100 * fingerprint['foreground_share']['median']:.2g} % of a scan, "
            f"a {part} {fingerprint['lesion_volume_ml']['median']:.3g} mL (medians)",
        ]
    return "\n".join(lines)


def _triple(values: list[float]) -> str:
    return " x ".join(f"{value:.3g}" for value in values)
