"""A folder of CTs, one after the other: what is done is not done again, and what is damaged stops nobody."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CancelledError, InputError
from ..measurements import measure
from ..measurements.format import has_lesions, name_of
from ..measurements.lesions import find_lesions
from ..progress import Progress, StageTimer, silent
from ..volume import Volume
from ..volume.files import write_json
from ..volume.placement import place_on_grid
from ..volume.writing import write_mask
from ..wording import counted
from .cases import Case, find_cases, kind_of
from .earlier import earlier_report, is_done, signature
from .outputs import check_outputs, write_together
from .report import describe_volume, segmentation_report
from .summary import SUMMARY, check_summary, write_summary

if TYPE_CHECKING:
    from ..model import Model
    from ..recipe.schema import Recipe

logger = logging.getLogger(__name__)

_STATUSES = ("done", "skipped", "refused", "failed")

Finder = Callable[[Volume, Progress], "object"]
"""``find(ct, progress)`` returns a `LungTumorSegLib.worker.WorkerResult`."""


class StopError(Exception):
    """Raised by a `Finder` where no other CT would fare better; what is to be said is its cause."""


def segment_folder(
    input_folder: str | Path,
    output_folder: str | Path,
    model: Model,
    find: Finder,
    *,
    overwrite: bool = False,
    progress: Progress = silent,
) -> list[dict]:
    """Segment and measure every CT below a folder.

    For each CT a mask (``…_tumor.seg.nrrd``, or ``…_segmentation.seg.nrrd`` of a model that finds organs) and a report
    (``.json``) are written below the output folder, at the CT's own place, and a summary of all
    (``lungtumorseg_summary.csv``), which is written anew after each.

    Parameters
    ----------
    input_folder, output_folder : str or Path
        The latter is made where it is missing.
    model : Model
        What finds the lesions or organs; with the CT's content it tells what is done already.
    find : callable
        Runs it; see `Finder`.
    overwrite : bool
        Whether to do again what is done. Files that no such run has written, and masks that were edited since, are
        never overwritten.
    progress : callable
        Stages are called ``"3/12 network"``.

    Returns
    -------
    list of dict
        One row of the summary for each CT, in the order in which they were found: ``case`` (its number), ``ct``
        (path below the input folder), ``series``, ``status`` (``"done"``; ``"skipped"``: it was done before;
        ``"refused"``: it, or a file in the way, cannot be used; ``"failed"``), ``reason`` (of the last two),
        ``mask``, ``report`` (paths), ``lesions`` (their number), ``segments`` (each label's name and volume),
        ``seconds``, and of the report's ``total`` ``volume_ml``, ``long_axis_mm``, ``sum_of_long_axes_mm`` and
        ``diameter_3d_mm``. Of a model that finds only organs there are no lesions, and these are None.

    Raises
    ------
    InputError
        No such folder, no CT in it, or an output folder that cannot be written.
    """
    source, target = Path(input_folder), Path(output_folder)
    summary = target / SUMMARY
    check_outputs([summary], [])
    check_summary(summary)
    cases = find_cases(source, target)
    if not cases:
        raise InputError("holds no CT", source, "give the folder that holds the CTs")
    batch = _Batch(source, target, model, model.describe(), find, overwrite)
    rows: list[dict] = []
    for number, case in enumerate(cases, start=1):
        where = f"{number}/{len(cases)}"
        logger.info("CT %s: begun.", where)
        rows.append({"case": number, **batch.row(case, _numbered(progress, where))})
        write_summary(summary, rows)
        logger.info("CT %s: %s.", where, _said(rows[-1]))
    _tell_the_end(rows)
    return rows


@dataclass(frozen=True)
class _Batch:
    """What is the same for all CTs; the attributes are those of `segment_folder`."""

    source: Path
    target: Path
    model: Model
    description: dict
    find: Finder
    overwrite: bool

    def row(self, case: Case, progress: Progress) -> dict:
        """Segment one CT, and return its row of the summary whatever becomes of it."""
        row = {"ct": str(case.path.relative_to(self.source)), "series": case.series, **_NOTHING}
        start = time.perf_counter()
        try:
            row |= self._segment(case, row["ct"], progress)
        except (CancelledError, StopError):
            raise
        except InputError as error:
            row |= {"status": "refused", "reason": _nameless("; ".join(filter(None, (error.what, error.do))), case)}
        except Exception as error:  # one CT must not stop the others
            logger.debug("The error in full:", exc_info=True)
            row |= {"status": "failed", "reason": _nameless(str(error) or type(error).__name__, case)}
        return row | {"seconds": round(time.perf_counter() - start, 3)}

    def _segment(self, case: Case, ct_name: str, progress: Progress) -> dict:
        """Segment one CT unless that is done; return what its row tells."""
        kind = kind_of(self.model.recipe)
        places = case.mask_below(self.target, kind), case.report_below(self.target, kind)
        earlier = earlier_report(*places)
        fingerprint = case.fingerprint()
        if earlier is not None and not self.overwrite and is_done(earlier, self.description, fingerprint):
            return {"status": "skipped", **_told(places, earlier)}
        check_outputs(places, case.files)
        timer = StageTimer()
        with timer.stage("reading"):
            progress("reading", 0.0)
            ct = case.read()
        found = self.find(ct, progress)
        with timer.stage("measuring"):
            mask = place_on_grid(found.mask, ct.grid)
            measured = _measure(mask, ct, self.model.recipe, found.lesions, progress)
        timing = {"reading": timer.seconds["reading"], **found.timing, "measuring": timer.seconds["measuring"]}
        report = segmentation_report(describe_volume(ct_name, ct), self.description, found, timing, measured)
        self._write(places, mask, lambda written: report | {"batch": signature(case, fingerprint, written)})
        return {"status": "done", **_told(places, report)}

    def _write(self, places: tuple[Path, Path], mask: Volume, report_of: Callable[[Path], dict]) -> None:
        """Write the mask and, with the checksum of what was written, the report: both, or none."""
        written: list[Path] = []

        def write_the_mask(path: Path) -> None:
            write_mask(path, mask, self.model.recipe.labels)
            written.append(path)

        write_together(
            [(places[0], write_the_mask), (places[1], lambda path: write_json(path, report_of(written[0])))]
        )


_TOTALS = ("volume_ml", "long_axis_mm", "sum_of_long_axes_mm", "diameter_3d_mm")
_NOTHING = dict.fromkeys(("lesions", *_TOTALS, "segments", "mask", "report", "reason"))


def _told(places: tuple[Path, Path], report: dict) -> dict:
    total, segments = report["total"], report["segments"]
    told = {"mask": str(places[0]), "report": str(places[1])}
    told["segments"] = "; ".join(f"{name_of(one)} {one['volume_ml']:.6g} mL" for one in segments)
    if has_lesions(segments):
        told |= {"lesions": total["count"], **{key: total[key] for key in _TOTALS}}
    return told


def _measure(mask: Volume, ct: Volume, recipe: Recipe, found: list[dict], progress: Progress) -> dict:
    """Measure a mask; tell of each lesion how sure the network was, None where it did not say."""
    measured = measure(mask, ct=ct, names=recipe.labels, lesions=recipe.lesions, progress=progress)
    for lesion, report in zip(find_lesions(mask, recipe.lesions), measured["lesions"], strict=True):
        inside = [one["confidence"] for one in found if lesion.holds(one["voxel_zyx"])]
        report["confidence"] = inside[0] if len(inside) == 1 else None
    return measured


def _nameless(reason: str, case: Case) -> str:
    """Take the CT's paths out of a reason, which is logged: a path may name a patient."""
    for path in (*case.files, case.path):
        reason = reason.replace(str(path), "the CT")
    return " ".join(reason.split())


def _numbered(progress: Progress, where: str) -> Progress:
    return lambda stage, fraction: progress(f"{where} {stage}", fraction)


def _said(row: dict) -> str:
    if row["reason"] is not None:
        return f"{row['status']} ({row['reason']})"
    if row["lesions"] is None:
        return f"{row['status']}, {row['segments']}"
    return f"{row['status']}, {counted(row['lesions'], 'lesion')}, {row['volume_ml']:.2f} mL"


def _tell_the_end(rows: list[dict]) -> None:
    """Say in the log how it went; CTs have numbers there."""
    counts = Counter(row["status"] for row in rows)
    said = ", ".join(f"{counts[status]} {status}" for status in _STATUSES if counts[status])
    logger.info("CTs: %d in all, %s.", len(rows), said)
    for row in rows:
        if row["reason"] is not None:
            logger.warning("CT %d was %s.", row["case"], _said(row))
