"""Training patches: a pure function of the seed and the patch's number.

Nothing is remembered between patches, so a run that goes on after a stop, or that is shared among processes, sees the
same patches as one that was never interrupted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...errors import InputError
from ...recipe.schema import Preparation, Training
from ..data.cases import TrainingCase
from .carving import carve, class_of_mixture, same_place
from .cutting import Cut, cut
from .lesions import lesions_of
from .masses import make_mass
from .nodules import Lesion, Nodule, place_nodule
from .opacities import lay_opacity
from .patch import Patch, ShapeZYX

MASS_INVADES = 0.1  # share of masses that also replace soft tissue; there nothing shows where they end
REGION_SHARE = 1 / 3  # share of negatives about any place of the region, the rest in aerated lung
MOST_NODULES = 3  # pasted into one patch


class PatchSampler:
    """Draws patch number ``index`` of a training run.

    Parameters
    ----------
    cases : list of TrainingCase
    nodules : list of Nodule
        May be empty; the other kinds of lesion then take their share.
    training : Training
        Patch size, share of positives, synthesis.
    preparation : Preparation
        What patches show beyond a case, and outside its lung region.
    seed : int
    lesions : sequence of int, optional
        The labels that are lesions, where others are not: what CarveMix carves out, and what positive patches are
        about with ``training.positives: lesions``. All labels by default.

    Attributes
    ----------
    kinds : dict of str to float
        Kinds of lesion that there are, with their relative frequency.
    """

    def __init__(
        self,
        cases: list[TrainingCase],
        nodules: list[Nodule],
        training: Training,
        preparation: Preparation,
        seed: int,
        lesions: Sequence[int] | None = None,
    ):
        self.cases, self.nodules, self.training, self.preparation = cases, nodules, training, preparation
        self.seed, self.lesions = seed, lesions
        self.shape = training.patch_size[::-1]
        lesions_by_case = {case.name: lesions_of(case, lesions) for case in cases}
        self.carvable = [(case, lesion) for case in cases for lesion in lesions_by_case[case.name]]
        about_lesions = training.positives == "lesions"
        self._positives = {case.name: lesions_by_case[case.name] if about_lesions else case.lesions for case in cases}
        self.annotated = [(case, lesion) for case in cases for lesion in self._positives[case.name]]
        synthesis = training.synthesis
        shares = {
            "real": synthesis.real if self.annotated else 0.0,
            "nodule": synthesis.nodule if nodules else 0.0,
            "mass": synthesis.mass,
            "carve": synthesis.carve if self.carvable else 0.0,
        }
        self.kinds = {kind: share for kind, share in shares.items() if share > 0}
        self._check_lungs()

    def is_positive(self, index: int) -> bool:
        """Tell whether patch ``index`` holds a lesion; the share is exact over any stretch of patches."""
        share, index = self.training.positive_share, self._distinct(index)
        return int((index + 1) * share) > int(index * share) and bool(self.kinds)

    def draw(self, index: int, margin: ShapeZYX = (0, 0, 0)) -> Patch:
        """Return patch ``index``, with ``margin`` more voxels on both sides of each axis (zyx)."""
        kind, case, rng = self._begin(index)
        kinds = {"real": self._real, "nodule": self._nodule, "mass": self._mass, "carve": self._carve}
        return kinds.get(kind, self._negative)(case, margin, rng).seen()

    def spacing_of(self, index: int) -> tuple[float, float, float]:
        """Return the spacing of patch ``index``, zyx, mm: that of its case."""
        return self._begin(index)[1].spacing

    def _begin(self, index: int) -> tuple[str, TrainingCase, np.random.Generator]:
        """Draw what patch ``index`` shows and of which case; and return what draws the rest of it."""
        rng = np.random.default_rng([self.seed, self._distinct(index)])
        kind = "negative"
        if self.is_positive(index):
            total = sum(self.kinds.values())
            kind = str(rng.choice(list(self.kinds), p=[share / total for share in self.kinds.values()]))
        if kind != "real":
            return kind, self._case(self.cases, rng), rng
        if self.training.draw_cases == "by_size":
            return kind, self._case([case for case in self.cases if self._positives[case.name]], rng), rng
        return kind, _any(self.annotated, rng)[0], rng

    def _real(self, case: TrainingCase, margin: ShapeZYX, rng: np.random.Generator) -> Cut:
        """A patch about an annotated lesion."""
        return self._cut(case, _any(_any(self._positives[case.name], rng), rng), margin, rng)

    def _nodule(self, case: TrainingCase, margin: ShapeZYX, rng: np.random.Generator) -> Cut:
        """A patch with one to three pasted nodules."""
        place = _any(case.aerated, rng)
        part = self._cut(case, place, margin, rng)
        end = part.corner + part.patch.hu.shape
        for _ in range(int(rng.integers(1, MOST_NODULES + 1))):
            zoom = rng.uniform(*self.training.synthesis.nodule_zoom)
            nodule = place_nodule(_any(self.nodules, rng), zoom, case.spacing, rng)
            part.lay(nodule, self.cutting(nodule, place, rng))
            near = case.aerated[rng.integers(len(case.aerated), size=64)]
            near = near[((near >= part.corner) & (near < end)).all(axis=1)]
            if not len(near):
                break
            place = near[0]
        return part

    def _mass(self, case: TrainingCase, margin: ShapeZYX, rng: np.random.Generator) -> Cut:
        """A patch with a synthetic mass."""
        place = _any(case.aerated, rng)
        part = self._cut(case, place, margin, rng)
        mass = make_mass(self.training.synthesis, case.spacing, rng, self.shape)
        part.lay(mass, place, invades=rng.random() < MASS_INVADES)
        return part

    def _carve(self, case: TrainingCase, margin: ShapeZYX, rng: np.random.Generator) -> Cut:
        """A patch with a lesion of another case at the same place (of the same case, where there is but one)."""
        others = [(source, lesion) for source, lesion in self.carvable if source is not case]
        source, lesion = _any(others or self.carvable, rng)
        place = same_place(lesion, source, case)
        part = self._cut(case, place, margin, rng)
        replaced = carve(source, lesion, source.spacing, rng).paste(part, place)
        subtype = class_of_mixture(part.patch, replaced, source, self.lesions)
        return replace(part, patch=replace(part.patch, subtype=subtype))

    def _negative(self, case: TrainingCase, margin: ShapeZYX, rng: np.random.Generator) -> Cut:
        """A patch about any place of the lungs or, half as often, of the whole lung region (hila, mediastinum).

        By chance it may still hold an annotated lesion. Where the recipe says so, all are about any place.
        """
        anywhere = self.training.negatives == "anywhere" or rng.random() < REGION_SHARE
        places = case.anywhere if anywhere else case.aerated
        return self._cut(case, _any(places, rng), margin, rng)

    def cutting(self, lesion: Lesion, place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Shift a lesion's ``place`` so that patches of one voxel's thickness cut it anywhere, not in its middle."""
        extent = np.array([np.ptp(axis) if axis.size else 0 for axis in np.nonzero(lesion.mask)])
        shift = np.rint(rng.uniform(-0.5, 0.5, 3) * extent)
        return place + np.where(np.array(self.shape) == 1, shift, 0).astype(int)

    def _cut(self, case: TrainingCase, place: np.ndarray, margin: ShapeZYX, rng: np.random.Generator) -> Cut:
        """Cut a patch that holds ``place`` (zyx) somewhere in its inner two thirds; by chance with an opacity."""
        size, whole = np.array(self.shape), np.array(case.hu.shape)
        corner = np.array(place, dtype=int) - rng.integers(size // 6, size - size // 6)
        corner = np.clip(corner, np.minimum(0, whole - size), np.maximum(0, whole - size))
        shape = tuple(size + 2 * np.array(margin))
        part = cut(case, corner - margin, shape, self.preparation.padding, self.preparation.outside)
        if rng.random() < self.training.synthesis.opacity:
            lay_opacity(part.patch.hu, ~part.solid & (part.patch.label == 0), case.spacing, rng)
        return part

    def _case(self, cases: list[TrainingCase], rng: np.random.Generator) -> TrainingCase:
        """Draw one of the cases, each as likely or by its size."""
        return (_any_by_size if self.training.draw_cases == "by_size" else _any)(cases, rng)

    def _distinct(self, index: int) -> int:
        """Return the number of the patch that is drawn in place of patch ``index``."""
        return index if self.training.distinct_patches is None else index % self.training.distinct_patches

    def _check_lungs(self) -> None:
        """Raise `InputError` where patches are wanted from lungs and a case has none."""
        wanted = self.training.negatives == "lungs" or self.kinds.keys() & {"nodule", "mass"}
        without = [case.name for case in self.cases if not len(case.aerated)]
        if wanted and without:
            do = "set training.negatives=anywhere and training.synthesis.nodule=0 and .mass=0, or leave the case out"
            raise InputError("there is no aerated lung to draw patches from", f"case {without[0]}", do)


def _any_by_size(cases: list[TrainingCase], rng: np.random.Generator) -> TrainingCase:
    """One of the cases, each in proportion to its number of voxels."""
    sizes = np.array([np.prod(case.hu.shape, dtype=float) for case in cases])
    return cases[rng.choice(len(cases), p=sizes / sizes.sum())]


def _any(things, rng: np.random.Generator):
    """One of ``things``, each as likely."""
    return things[rng.integers(len(things))]
