"""The fingerprint of a data set: what its scans and tumours are like, and what a recipe takes from that.

After nnU-Net (Isensee et al. 2021, "nnU-Net: a self-configuring method for deep learning-based biomedical image
segmentation"): the spacing to resample to is the median of the cases' spacings, and the intensity window runs from the
0.5th to the 99.5th percentile of the HU of annotated voxels. What windows are normalised by is the mean and standard
deviation of all tissue that was scanned, clipped to the window (van den Hork).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from ...errors import InputError
from ...lungs import place_of
from ...recipe.schema import Recipe
from ...recipe.schema.preparation import FINGERPRINT
from ...volume import Volume
from ...volume.boxes import bounding_box
from ...volume.orientation import Orientation
from .case_images import CaseImages
from .hu_counts import LOWEST_HU, WINDOW_PERCENTILES, count_hu, foreground, mean_and_deviation, scanned

ANISOTROPIC = 3.0  # times; from here on nnU-Net resamples the coarse axis to its 10th percentile
FINE_PERCENTILE = 10.0
AIR_BELOW_HU = -500.0


@dataclass(frozen=True)
class CaseFingerprint:
    """What one case adds.

    Attributes
    ----------
    spacing_mm, size_voxels : tuple, xyz
        Along the left, posterior and superior axes of the scan as it was read.
    lesion_volumes_ml : tuple of float
        Of the components that touch by a corner or more.
    foreground_share : float
        Annotated voxels over all voxels.
    first_hu : int
        HU of the first entry of ``histogram``.
    histogram : tuple of int
        Annotated voxels of each whole HU, limited to -1024..3071.
    scan_first_hu : int
        HU of the first entry of ``scan_histogram``.
    scan_histogram : tuple of int
        All voxels of each whole HU; empty in fingerprints of older versions.
    body_voxels : tuple of int, xyz
        Size of the box that holds all but air and what fills a scan up around it; empty in older ones.
    place_in_body : tuple of float
        Where the annotated voxels begin and end along x and y, as shares of the body's width and depth
        (`LungTumorSegLib.lungs.Place`); empty where none are annotated, and in older ones.
    """

    spacing_mm: tuple[float, ...]
    size_voxels: tuple[int, ...]
    lesion_volumes_ml: tuple[float, ...]
    foreground_share: float
    first_hu: int
    histogram: tuple[int, ...]
    scan_first_hu: int = LOWEST_HU
    scan_histogram: tuple[int, ...] = ()
    body_voxels: tuple[int, ...] = ()
    place_in_body: tuple[float, ...] = ()

    @classmethod
    def of(cls, images: CaseImages) -> CaseFingerprint:
        """Look at a scan and its mask."""
        import cc3d

        grid = Orientation.of(images.ct.grid).apply_to_grid(images.ct.grid)
        marked = np.zeros(images.ct.array.shape, bool) if images.mask is None else images.mask.array > 0
        first, histogram = count_hu([images.ct.array[marked]])
        scan_first, scan_histogram = count_hu(images.ct.array)
        place = place_of(images.ct, marked)
        voxels = np.bincount(cc3d.connected_components(marked.astype(np.uint8), connectivity=26).ravel())[1:]
        return cls(
            spacing_mm=grid.spacing,
            size_voxels=grid.size,
            lesion_volumes_ml=tuple((voxels * grid.voxel_ml).tolist()),
            foreground_share=float(marked.mean()),
            first_hu=first,
            histogram=histogram,
            scan_first_hu=scan_first,
            scan_histogram=scan_histogram,
            body_voxels=_body_size(images.ct),
            place_in_body=() if place is None else (*place.x, *place.y),
        )

    @classmethod
    def from_json(cls, content: dict) -> CaseFingerprint:
        """Take up what `as_json` gave."""
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in content.items()})

    def as_json(self) -> dict:
        """Return plain lists and numbers."""
        return asdict(self)


def summarize(cases: Mapping[str, CaseFingerprint]) -> dict:
    """Put the cases' fingerprints together, as ``fingerprint.json`` holds it.

    Triples are xyz along the left, posterior and superior axes. Percentiles interpolate linearly, as NumPy's do.
    """
    ordered = [cases[name] for name in sorted(cases)]
    lesions = [volume for case in ordered for volume in case.lesion_volumes_ml]
    with_tumor = [case for case in ordered if case.lesion_volumes_ml]
    return {
        "not_for_clinical_use": True,
        "cases": len(ordered),
        "cases_with_tumor": len(with_tumor),
        "cases_without_tumor": len(ordered) - len(with_tumor),
        "spacing_mm": _axes([case.spacing_mm for case in ordered]),
        "size_voxels": _axes([case.size_voxels for case in ordered]),
        "target_spacing_mm": _target_spacing(ordered),
        "foreground_hu": foreground((case.first_hu, case.histogram) for case in ordered),
        "foreground_share": _spread([case.foreground_share for case in with_tumor]),
        "lesions": len(lesions),
        "lesion_volume_ml": _spread(lesions),
        "place_in_body": _place([case.place_in_body for case in ordered if case.place_in_body]),
        "per_case": {
            name: {
                "spacing_mm": list(case.spacing_mm),
                "size_voxels": list(case.size_voxels),
                "body_voxels": list(case.body_voxels),
                "foreground_share": case.foreground_share,
                "lesion_volumes_ml": list(case.lesion_volumes_ml),
            }
            for name, case in sorted(cases.items())
        },
        "scanned_hu": scanned(
            [(case.scan_first_hu, case.scan_histogram) for case in ordered],
            [float(np.prod(case.spacing_mm)) / 1000 for case in ordered],
        ),
    }


def resolve(recipe: Recipe, fingerprint: dict) -> Recipe:
    """Return the recipe with numbers where it says ``fingerprint``.

    Parameters
    ----------
    recipe : Recipe
    fingerprint : dict
        Of `summarize`.

    Raises
    ------
    InputError
        The windows or the place of the labels are wanted, and the data set has no annotated voxel; or the
        normalisation, and no HU were counted.
    """
    if not recipe.unresolved:
        return recipe
    content = recipe.model_dump(mode="json")
    if recipe.preparation.spacing_mm == FINGERPRINT:
        content["preparation"]["spacing_mm"] = fingerprint["target_spacing_mm"]
    if recipe.preparation.windows_hu == FINGERPRINT:
        hu = fingerprint["foreground_hu"]
        window = [] if hu is None else [hu[f"percentile_{p:g}"] for p in WINDOW_PERCENTILES]
        if len(set(window)) < 2:
            raise InputError(
                "no annotated voxels to take the window from", "preparation.windows_hu", "set it to numbers"
            )
        content["preparation"]["windows_hu"] = [window]
    if recipe.preparation.normalization == FINGERPRINT:
        windows = content["preparation"]["windows_hu"]
        content["preparation"]["normalization"] = [mean_and_deviation(window, fingerprint) for window in windows]
    if recipe.inference.expected == FINGERPRINT:
        if fingerprint.get("place_in_body") is None:
            do = "leave it out, or prepare the data set again if an older version did it"
            raise InputError("nothing says where in the body the labels lie", "inference.expected", do)
        content["inference"]["expected"] = fingerprint["place_in_body"]
    return Recipe.model_validate(content)


def _place(places: list[tuple[float, ...]]) -> dict | None:
    """Return the smallest place that holds all cases' (a recipe's ``inference.expected``, but for the margin)."""
    if not places:
        return None
    low, high = np.min(places, axis=0).round(4).tolist(), np.max(places, axis=0).round(4).tolist()
    return {"x": [low[0], high[1]], "y": [low[2], high[3]]}


def _body_size(ct: Volume) -> tuple[int, ...]:
    """Size of the box of all that is denser than air, xyz (the table's too); of the scan where nothing is."""
    canonical = Orientation.of(ct.grid).apply(ct.array)
    size = tuple(side.stop - side.start for side in bounding_box(canonical > AIR_BELOW_HU))
    return size[::-1] if all(size) else canonical.shape[::-1]


def _target_spacing(cases: list[CaseFingerprint]) -> list[float]:
    """Return the median spacing, xyz; nnU-Net's exception for strongly anisotropic data.

    Where the axis of the largest median spacing has more than three times the spacing of the others, and less than a
    third of their voxels, its 10th percentile is taken (but not less than the others' spacing), so that thin-sliced
    cases do not lose too much.
    """
    spacings = np.array([case.spacing_mm for case in cases])
    target, sizes = np.median(spacings, axis=0), np.median([case.size_voxels for case in cases], axis=0)
    coarse = int(np.argmax(target))
    others = [axis for axis in range(3) if axis != coarse]
    if target[coarse] > ANISOTROPIC * target[others].max() and sizes[coarse] * ANISOTROPIC < sizes[others].min():
        target[coarse] = max(np.percentile(spacings[:, coarse], FINE_PERCENTILE), target[others].max())
    return [round(float(value), 4) for value in target]


def _axes(triples: list[tuple]) -> dict:
    """Return the spread of triples, axis by axis."""
    table = np.array(triples, dtype=float)
    spread = {"median": np.median(table, axis=0), "minimum": table.min(axis=0), "maximum": table.max(axis=0)}
    spread |= {f"percentile_{p:g}": np.percentile(table, p, axis=0) for p in (10, 90)}
    return {key: value.tolist() for key, value in spread.items()}


def _spread(values: list[float]) -> dict | None:
    return {key: row[0] for key, row in _axes([(value,) for value in values]).items()} if values else None
