"""Training patches: a pure function of the seed and the patch's number.

Nothing is remembered between patches, so a run that goes on after a stop, or that is shared among processes, sees the
same patches as one that was never interrupted.
"""

from __future__ import annotations

import numpy as np

from ...errors import InputError
from ...recipe.schema import Training
from ..data.cases import TrainingCase
from .carving import carve, same_place
from .cutting import Cut, cut
from .masses import make_mass
from .nodules import Nodule, place_nodule
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
    spacing_zyx : tuple of float, mm
        Of the prepared grid.
    seed : int
    padding : {"air", "edge"}
        What patches show beyond a case: the recipe's ``preparation.padding``.

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
        spacing_zyx: tuple[float, float, float],
        seed: int,
        padding: str = "air",
    ):
        self.cases, self.nodules, self.training = cases, nodules, training
        self.spacing, self.seed, self.padding = tuple(spacing_zyx), seed, padding
        self.shape = training.patch_size[::-1]
        self.annotated = [(case, lesion) for case in cases for lesion in case.lesions]
        synthesis = training.synthesis
        shares = {
            "real": synthesis.real if self.annotated else 0.0,
            "nodule": synthesis.nodule if nodules else 0.0,
            "mass": synthesis.mass,
            "carve": synthesis.carve if self.annotated else 0.0,
        }
        self.kinds = {kind: share for kind, share in shares.items() if share > 0}
        self._check_lungs()

    def is_positive(self, index: int) -> bool:
        """Tell whether patch ``index`` holds a lesion; the share is exact over any stretch of patches."""
        share, index = self.training.positive_share, self._distinct(index)
        return int((index + 1) * share) > int(index * share) and bool(self.kinds)

    def draw(self, index: int, margin: ShapeZYX = (0, 0, 0)) -> Patch:
        """Return patch ``index``, with ``margin`` more voxels on both sides of each axis (zyx)."""
        rng = np.random.default_rng([self.seed, self._distinct(index)])
        draw_kind = self._negative
        if self.is_positive(index):
            total = sum(self.kinds.values())
            kind = rng.choice(list(self.kinds), p=[share / total for share in self.kinds.values()])
            kinds = {"real": self._real, "nodule": self._nodule, "mass": self._mass, "carve": self._carve}
            draw_kind = kinds[kind]
        return draw_kind(margin, rng).patch

    def _real(self, margin: ShapeZYX, rng: np.random.Generator) -> Cut:
        """A patch about an annotated lesion."""
        if self.training.draw_cases == "by_size":
            case = _any_by_size([case for case in self.cases if case.lesions], rng)
            lesion = _any(case.lesions, rng)
        else:
            case, lesion = _any(self.annotated, rng)
        return self._cut(case, _any(lesion, rng), margin, rng)

    def _nodule(self, margin: ShapeZYX, rng: np.random.Generator) -> Cut:
        """A patch with one to three pasted nodules."""
        case = self._case(rng)
        place = _any(case.aerated, rng)
        part = self._cut(case, place, margin, rng)
        end = part.corner + part.patch.hu.shape
        for _ in range(int(rng.integers(1, MOST_NODULES + 1))):
            zoom = rng.uniform(*self.training.synthesis.nodule_zoom)
            part.lay(place_nodule(_any(self.nodules, rng), zoom, self.spacing, rng), place)
            near = case.aerated[rng.integers(len(case.aerated), size=64)]
            near = near[((near >= part.corner) & (near < end)).all(axis=1)]
            if not len(near):
                break
            place = near[0]
        return part

    def _mass(self, margin: ShapeZYX, rng: np.random.Generator) -> Cut:
        """A patch with a synthetic mass."""
        case = self._case(rng)
        place = _any(case.aerated, rng)
        part = self._cut(case, place, margin, rng)
        mass = make_mass(self.training.synthesis, self.spacing, rng)
        part.lay(mass, place, invades=rng.random() < MASS_INVADES)
        return part

    def _carve(self, margin: ShapeZYX, rng: np.random.Generator) -> Cut:
        """A patch with a lesion of another case at the same place (of the same case, where there is but one)."""
        source, lesion = _any(self.annotated, rng)
        case = _any([case for case in self.cases if case is not source] or [source], rng)
        place = same_place(lesion, source, case)
        part = self._cut(case, place, margin, rng)
        carve(source, lesion, self.spacing, rng).paste(part, place)
        return part

    def _negative(self, margin: ShapeZYX, rng: np.random.Generator) -> Cut:
        """A patch about any place of the lungs or, half as often, of the whole lung region (hila, mediastinum).

        By chance it may still hold an annotated lesion. Where the recipe says so, all are about any place.
        """
        case = self._case(rng)
        anywhere = self.training.negatives == "anywhere" or rng.random() < REGION_SHARE
        places = case.anywhere if anywhere else case.aerated
        return self._cut(case, _any(places, rng), margin, rng)

    def _cut(self, case: TrainingCase, place: np.ndarray, margin: ShapeZYX, rng: np.random.Generator) -> Cut:
        """Cut a patch that holds ``place`` (zyx) somewhere in its inner two thirds; by chance with an opacity."""
        size, whole = np.array(self.shape), np.array(case.hu.shape)
        corner = np.array(place, dtype=int) - rng.integers(size // 6, size - size // 6)
        corner = np.clip(corner, np.minimum(0, whole - size), np.maximum(0, whole - size))
        part = cut(case, corner - margin, tuple(size + 2 * np.array(margin)), self.padding)
        if rng.random() < self.training.synthesis.opacity:
            lay_opacity(part.patch.hu, ~part.solid & (part.patch.label == 0), self.spacing, rng)
        return part

    def _case(self, rng: np.random.Generator) -> TrainingCase:
        """Draw a case, each as likely or by its size."""
        return (_any_by_size if self.training.draw_cases == "by_size" else _any)(self.cases, rng)

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
