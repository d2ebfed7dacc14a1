"""What the picture shows: which lesion or organ, which slices, how much around it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ..measurements.lesions import Lesion, as_one, find_lesions
from ..volume import Volume
from ..volume.boxes import grown
from .panel import LUNG, SOFT_TISSUE, Window
from .views import AXIAL, CanonicalView, Plane

MASS_MM, SOLID_HU = 30.0, -150.0
"""A solid mass (longer, with a higher mean) is enlarged in the soft-tissue window, a nodule in the lung window."""
BODY_HU = -300.0
MARGIN_MM = 8.0
AROUND_MM, AIR_HU, LEAST_AIR = 20.0, -500.0, 0.05
"""Wherever it lies in a lung, a lesion has at least this share of air around it; an abdominal organ has not."""


class Subject:
    """CT, masks and report in canonical order, and the choice of what to show of them.

    Parameters
    ----------
    ct, mask, reference, report
        See `LungTumorSegLib.preview.draw_preview`.
    """

    def __init__(self, ct: Volume, mask: Volume, report: dict, reference: Volume | None):
        self.view = CanonicalView(ct.grid)
        self.ct = self.view.volume(ct)
        self.mask = self.view.volume(mask)
        self.reference = None if reference is None else self.view.volume(reference)
        self.report = report

    @cached_property
    def lesion_labels(self) -> list[int]:
        """The labels that are lesions."""
        return [segment["label"] for segment in self.report["segments"] if segment["lesion"]]

    @cached_property
    def organ(self) -> dict | None:
        """The largest segment that is no lesion, as in the report; None where there is none."""
        organs = (one for one in self.report["segments"] if not one["lesion"] and one["volume_ml"] > 0)
        return max(organs, key=lambda one: one["volume_ml"], default=None)

    @cached_property
    def number(self) -> int | None:
        """Place in the report of the largest lesion; an ignored one only if there is no other."""
        lesions = self.report["lesions"]
        counted = (number for number, lesion in enumerate(lesions) if not lesion["ignored"])
        return next(counted, 0 if lesions else None)

    @property
    def measured(self) -> dict | None:
        """Measurements of the mask's largest lesion."""
        return None if self.number is None else self.report["lesions"][self.number]

    @cached_property
    def lesion(self) -> Lesion | None:
        """The lesion to show: the mask's largest, without one the reference's."""
        if self.number is not None:
            return self._lesions(self.mask)[self.number]
        return next(iter(self._lesions(self.reference)), None) if self.reference is not None else None

    @cached_property
    def middle(self) -> Lesion | None:
        """What lies in the middle of the picture: the lesion, without one the largest organ."""
        if self.lesion is not None or self.organ is None:
            return self.lesion
        (organ,) = as_one(self.mask, [self.organ["label"]])
        return organ

    def _lesions(self, mask: Volume) -> list[Lesion]:
        """Find lesions as the report does: label by label where it names labels."""
        by_label = any(segment["name"] for segment in self.report["segments"])
        return find_lesions(mask, self.lesion_labels if by_label else None)

    def slice_of(self, plane: Plane) -> int:
        """Index of the slice to show: the RECIST one in the axial plane, else where the lesion or organ is largest."""
        if self.middle is None:
            return self.view.grid.size[plane.across] // 2
        if plane is AXIAL and self.measured is not None:
            position = self.view.positions(self.measured["long_axis_points_lps_mm"]).mean(axis=0)
            return round(position[plane.across] / self.view.grid.spacing[plane.across])
        areas = np.moveaxis(self.middle.voxels.array, 2 - plane.across, 0).sum(axis=(1, 2))
        return self.middle.corner[plane.across] + int(np.argmax(areas))

    @cached_property
    def whole(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper corner (xyz) of the patient, in mm along the canonical axes; of all voxels if none is dense.

        The patient is the largest piece denser than `BODY_HU` on a coarse grid, which leaves table and air out.
        """
        import cc3d

        spacing = np.array(self.view.grid.spacing)
        step = np.maximum(np.round(4.0 / spacing), 1).astype(int)
        coarse = self.ct.array[tuple(slice(None, None, s) for s in step[::-1])] > BODY_HU
        body = cc3d.largest_k(coarse.astype(np.uint8, order="C"), k=1, connectivity=6)
        last = (np.array(self.view.grid.size) - 0.5) * spacing
        if not body.any():
            return -spacing / 2, last
        inside = np.argwhere(body)[:, ::-1] * step * spacing
        low, high = inside.min(axis=0) - MARGIN_MM, inside.max(axis=0) + MARGIN_MM
        if self.lesion is not None:
            corner, size = np.array(self.lesion.corner), np.array(self.lesion.voxels.grid.size)
            low, high = np.minimum(low, corner * spacing), np.maximum(high, (corner + size) * spacing)
        return np.maximum(low, -spacing / 2), np.minimum(high, last)

    @cached_property
    def center(self) -> np.ndarray:
        """Middle of what is shown (xyz), in mm along the canonical axes."""
        if self.lesion is None:
            return (self.whole[0] + self.whole[1]) / 2
        size = np.array(self.lesion.voxels.grid.size)
        return (np.array(self.lesion.corner) + (size - 1) / 2) * self.view.grid.spacing

    @property
    def detail_mm(self) -> float:
        """Height of the enlarged part: twice the lesion's longest side and 30 mm at least, in all planes."""
        return max(2.0 * float(self._sides_mm.max()), 30.0)

    @cached_property
    def whole_window(self) -> Window:
        """Window of the whole slices: for soft tissue where there is hardly any air around what is shown."""
        if self.middle is None:
            return LUNG
        margin = tuple(int(AROUND_MM / step) + 1 for step in self.view.grid.spacing[::-1])
        around = self.ct.array[grown(self.middle.box, margin, self.ct.array.shape)]
        return LUNG if np.count_nonzero(around < AIR_HU) > LEAST_AIR * around.size else SOFT_TISSUE

    @cached_property
    def detail_window(self) -> Window:
        """Window of the enlarged part."""
        if self.whole_window is SOFT_TISSUE:
            return SOFT_TISSUE
        long = self._sides_mm.max() > MASS_MM
        return SOFT_TISSUE if long and self.lesion.values(self.ct.array).mean() > SOLID_HU else LUNG

    @property
    def _sides_mm(self) -> np.ndarray:
        """Extent of the lesion along the canonical axes (xyz)."""
        return np.array(self.lesion.voxels.grid.size) * self.view.grid.spacing
