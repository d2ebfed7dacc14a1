"""The measurements of a mask, as the report gives them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from ..progress import Progress, silent
from ..volume import Volume, same_grid_or_raise
from ..volume.boxes import Box
from .comparison import compare, compare_organs, ignored_share
from .diameter import longest_diameter
from .lesions import Lesion, as_one, find_lesions
from .recist import axial_diameters
from .segments import measure_segments


def measure(
    mask: Volume,
    *,
    reference: Volume | None = None,
    ignore: Volume | None = None,
    ct: Volume | None = None,
    confidence: np.ndarray | None = None,
    confidence_box: Box | None = None,
    names: Mapping[int, str] | None = None,
    lesions: Collection[int] | None = None,
    progress: Progress = silent,
) -> dict:
    """Measure every lesion of a mask, and compare the mask with a reference.

    Parameters
    ----------
    mask : Volume
        Whole numbers; 0 is background.
    reference : Volume, optional
        Reference mask on the same grid, with the same labels.
    ignore : Volume, optional
        Mask on the same grid of voxels that count neither as hit nor as false. A lesion more than half under it is
        listed with ``"ignored": true`` and left out of ``total``.
    ct : Volume, optional
        CT on the same grid, for the lesions' mean HU.
    confidence : ndarray, zyx, optional
        Probability of a lesion for each voxel, on the same grid.
    confidence_box : tuple of slice, zyx, optional
        The part of that grid which ``confidence`` covers; it must hold every lesion. All of it by default.
    names : mapping of int to str, optional
        What each label is (the recipe's ``labels``).
    lesions : collection of int, optional
        The labels that are lesions (the recipe's ``lesions``), each by itself; all that have names without it. Without
        either every voxel that is not 0 is tumour, whatever its label, in the mask and in the reference.
    progress : callable
        See `LungTumorSegLib.progress`; the stage is ``"measure"``.

    Returns
    -------
    dict
        Plain Python types, without NaN: ``json.dumps(…, allow_nan=False)`` takes it.

        ``lesions``: the largest first, each with ``volume_ml``, ``voxels``, ``long_axis_mm``,
        ``long_axis_points_lps_mm``, ``short_axis_mm``, ``short_axis_points_lps_mm``, ``slice_axis`` (``"i"``,
        ``"j"``, ``"k"`` for x, y, z of the index), ``slice_index`` (from 0), ``diameter_3d_mm``,
        ``diameter_3d_points_lps_mm``, ``centroid_lps_mm``, ``ignored``; with a CT ``mean_hu`` and ``sd_hu``; with
        probabilities ``confidence`` (their mean over the lesion); where it is said which labels are lesions, its
        ``label``.

        ``total``: ``count``, ``ignored_count``, ``volume_ml``, ``sum_of_long_axes_mm`` (of all lesions; RECIST
        itself sums at most two target lesions per organ), ``long_axis_mm`` and ``diameter_3d_mm`` (the largest; 0
        without a lesion).

        ``segments``: each label's name and volume, see `LungTumorSegLib.measurements.segments.measure_segments`; with
        a reference also its Dice where it is said what the labels are.

        ``reference``: see `LungTumorSegLib.measurements.comparison.compare`; only with a reference. It is about the
        labels that are lesions. Where none is, all labels together are compared (`compare_organs`, there).

    Raises
    ------
    InputError
        If something does not lie on the mask's grid.
    """
    for name, other in {"reference": reference, "ignore mask": ignore, "CT": ct}.items():
        if other is not None:
            same_grid_or_raise(other, mask, name, (name, "mask"))
    if confidence is not None and confidence_box is None and confidence.shape != mask.array.shape:
        raise ValueError(f"probabilities of shape {confidence.shape} for a mask of shape {mask.array.shape} (zyx)")

    if lesions is None and names is not None:
        lesions = tuple(names)
    progress("measure", 0.0)
    found = find_lesions(mask, lesions)
    measured = []
    for number, lesion in enumerate(found):
        label = {} if lesions is None else {"label": int(lesion.values(mask.array)[0])}
        measured.append(label | measure_lesion(lesion, ignore, ct, confidence, confidence_box))
        progress("measure", (number + 1) / (len(found) + (reference is not None)))
    known = None if lesions is None else reference
    segments = measure_segments(mask, names, lesions, known, ignore)
    report = {"lesions": measured, "total": total(measured), "segments": segments}
    if reference is not None and (lesions is None or lesions):
        report["reference"] = compare(found, find_lesions(reference, lesions), ignore)
    elif reference is not None:
        labels = [segment["label"] for segment in segments]
        report["reference"] = compare_organs(as_one(mask, labels), as_one(reference, labels), ignore)
    progress("measure", 1.0)
    return report


def measure_lesion(
    lesion: Lesion,
    ignore: Volume | None = None,
    ct: Volume | None = None,
    confidence: np.ndarray | None = None,
    confidence_box: Box | None = None,
) -> dict:
    """Measure one lesion; parameters and keys as in `measure`."""
    axial, diameter = axial_diameters(lesion), longest_diameter(lesion)
    result = {
        "volume_ml": lesion.volume_ml,
        "voxels": lesion.count,
        "long_axis_mm": axial.long_axis.length_mm,
        "long_axis_points_lps_mm": axial.long_axis.points.tolist(),
        "short_axis_mm": axial.short_axis.length_mm,
        "short_axis_points_lps_mm": axial.short_axis.points.tolist(),
        "slice_axis": "ijk"[axial.slice_axis],
        "slice_index": axial.slice_index,
        "diameter_3d_mm": diameter.length_mm,
        "diameter_3d_points_lps_mm": diameter.points.tolist(),
        "centroid_lps_mm": lesion.centroid.tolist(),
        "ignored": ignored_share(lesion, ignore) > 0.5,
    }
    if ct is not None:
        values = lesion.values(ct.array).astype(np.float64)
        result |= {"mean_hu": float(values.mean()), "sd_hu": float(values.std())}
    if confidence is not None:
        result["confidence"] = float(lesion.values(confidence, confidence_box).mean(dtype=np.float64))
    return result


def total(measured: list[dict]) -> dict:
    """Sum up measured lesions, as the report's ``total``."""
    counted = [lesion for lesion in measured if not lesion["ignored"]]
    return {
        "count": len(counted),
        "ignored_count": len(measured) - len(counted),
        "volume_ml": sum((lesion["volume_ml"] for lesion in counted), 0.0),
        "sum_of_long_axes_mm": sum((lesion["long_axis_mm"] for lesion in counted), 0.0),
        "long_axis_mm": max((lesion["long_axis_mm"] for lesion in counted), default=0.0),
        "diameter_3d_mm": max((lesion["diameter_3d_mm"] for lesion in counted), default=0.0),
    }
