"""Predict the cases of a data set and score them: what `evaluate` and validation during training share."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace

import numpy as np

from ...errors import InputError
from ...evaluation import (
    CaseConfusion,
    CaseScore,
    CaseSubtype,
    FalsePositive,
    LesionScore,
    SliceScore,
    confuse,
    find_false_positives,
    mean_dice_of_labels,
    score_case,
    score_lesions,
    score_slices,
)
from ...evaluation.lesions import nowhere
from ...evaluation.location import Thorax
from ...measurements import measure
from ...prediction import Predictor
from ...progress import Progress, silent
from ...volume import Volume
from ...volume.orientation import Orientation
from ..data.case_files import CaseFiles
from ..data.labels import check_values
from ..data.reading import read_case

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class ScoredCase:
    """A case's scores, and all that they were made from; all volumes lie on the CT's grid.

    Attributes
    ----------
    score : CaseScore
    ct : Volume
        In HU.
    found : Volume of uint8
        The predicted mask.
    reference : Volume
        The annotated labels; empty for a CT known to show none.
    ignore : Volume of bool or None
        Voxels whose truth is not known, without those of the reference.
    report : dict
        What `LungTumorSegLib.measurements.measure` says of ``found`` and ``reference``.
    confusion : CaseConfusion or None
        Of a recipe with several labels. The score's Dice is then the mean of the labels' own; whatever else is said is
        of the recipe's lesions, or of the labels together where none is a lesion.
    subtype : CaseSubtype or None
        The class that is true and the one that was told, where the recipe tells classes and the data set too.
    """

    score: CaseScore
    ct: Volume
    found: Volume
    reference: Volume
    ignore: Volume | None
    report: dict
    confusion: CaseConfusion | None = None
    subtype: CaseSubtype | None = None


def score_files(case: CaseFiles, predictor: Predictor, progress: Progress = silent) -> ScoredCase:
    """Read a case, predict its mask as `segment` does, and compare the mask with the annotated one.

    Raises
    ------
    InputError
        Names the file that cannot be used.
    """
    images = read_case(case)
    ct = images.ct
    recipe, labels = predictor.recipe, len(predictor.recipe.labels)
    reference = images.mask or ct.with_array(np.zeros(ct.array.shape, dtype=np.uint8))
    check_values(images.mask, predictor.recipe.labels, case.mask)
    known = reference.array if labels > 1 else reference.array != 0  # as in training: a single label is any mark
    reference = reference.with_array(known.astype(np.uint8))
    # What is annotated as tumour counts also where an ignore mask covers it.
    ignore = None if images.ignore is None else ct.with_array(images.ignore & (reference.array == 0))
    start = time.perf_counter()
    prediction = predictor.predict(ct, progress=progress)
    found = prediction.mask
    seconds = time.perf_counter() - start
    report = measure(found, reference=reference, ignore=ignore, names=recipe.labels, lesions=recipe.lesions)
    slice_spacing = Orientation.of(ct.grid).apply_to_grid(ct.grid).spacing[2]
    score = score_case(case.name, report, seconds, slice_spacing)
    confusion = None
    if labels > 1:
        unknown = None if ignore is None else ignore.array
        confusion = confuse(case.name, reference.array, found.array, labels, unknown)
        score = replace(score, dice=mean_dice_of_labels(confusion))
    subtype, told = None, prediction.classification
    if told and case.subtype is not None:
        subtype = CaseSubtype(case.name, case.subtype, told.subtype, list(told.probabilities))
    return ScoredCase(score, ct, found, reference, ignore, report, confusion, subtype)


def score_each_lesion(scored: ScoredCase) -> tuple[list[LesionScore], list[FalsePositive]]:
    """Look at a case lesion by lesion; the lungs are found, which takes a moment, to tell where each lies."""
    name, report = scored.score.case, scored.report
    locate = nowhere
    if scored.score.lesions or scored.score.false_positives:
        try:
            locate = Thorax.of(scored.ct).locate
        except InputError:  # a recipe that looks at everything needs no lungs
            log.info("%s: no lungs were found, so no lesion's place in them is known", name)
    return score_lesions(name, report, locate), find_false_positives(name, report, locate)


def score_each_slice(scored: ScoredCase) -> list[SliceScore]:
    """Look at a case slice by slice."""
    return score_slices(scored.score.case, scored.found, scored.reference, scored.ignore)
