"""Training patches: a pure function of the seed and the patch's number.

Nothing is remembered between patches, so a run that goes on after a stop, or that is shared among processes, sees the
same patches as one that was never interrupted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..recipe.schema import Training
from .cases import IGNORED, TrainingCase
from .masses import make_mass, smooth_noise
from .nodules import Lesion, Nodule, place_nodule

OUTSIDE_HU = -1000.0
MASS_INVADES = 0.1  # share of masses that also replace soft tissue; there nothing shows where they end
REGION_SHARE = 1 / 3  # share of negatives about any place of the region, the rest in aerated lung
OPACITY_SHARE = 0.15  # share of negatives with patchy ground glass that is no tumour


@dataclass(frozen=True, eq=False)
class Patch:
    """``hu`` (float32) and ``label`` (uint8), zyx on the prepared grid."""

    hu: np.ndarray
    label: np.ndarray


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

    Attributes
    ----------
    kinds : dict of str to float
        Kinds of lesion that there are, with their relative frequency.
    """

    def __init__(self, cases: list[TrainingCase], nodules: list[Nodule], training: Training, spacing_zyx, seed: int):
        self.cases, self.nodules, self.training = cases, nodules, training
        self.spacing, self.seed = tuple(spacing_zyx), seed
        self.shape = training.patch_size[::-1]
        self.annotated = [(case, lesion) for case in cases for lesion in case.lesions]
        synthesis = training.synthesis
        shares = {
            "real": synthesis.real if self.annotated else 0.0,
            "nodule": synthesis.nodule if nodules else 0.0,
            "mass": synthesis.mass,
        }
        self.kinds = {kind: share for kind, share in shares.items() if share > 0}

    def is_positive(self, index: int) -> bool:
        """Tell whether patch ``index`` holds a lesion; the share is exact over any stretch of patches."""
        share = self.training.positive_share
        return int((index + 1) * share) > int(index * share) and bool(self.kinds)

    def draw(self, index: int) -> Patch:
        """Return patch ``index``."""
        rng = np.random.default_rng([self.seed, index])
        return self._positive(rng) if self.is_positive(index) else self._negative(rng)

    def _positive(self, rng: np.random.Generator) -> Patch:
        total = sum(self.kinds.values())
        kind = rng.choice(list(self.kinds), p=[share / total for share in self.kinds.values()])
        if kind == "real":
            case, lesion = self.annotated[rng.integers(len(self.annotated))]
            return self._cut(case, lesion[rng.integers(len(lesion))], rng)[0]
        case = self.cases[rng.integers(len(self.cases))]
        place = case.aerated[rng.integers(len(case.aerated))]
        patch, solid, corner = self._cut(case, place, rng)
        if kind == "mass":
            lesion = make_mass(self.training.synthesis, self.spacing, rng)
            self._lay(patch, solid, lesion, place - corner, invades=rng.random() < MASS_INVADES)
            return patch
        for _ in range(int(rng.integers(1, 4))):
            nodule = self.nodules[rng.integers(len(self.nodules))]
            zoom = rng.uniform(*self.training.synthesis.nodule_zoom)
            self._lay(patch, solid, place_nodule(nodule, zoom, self.spacing, rng), place - corner, invades=False)
            near = case.aerated[rng.integers(len(case.aerated), size=64)]
            inside = near[((near >= corner) & (near < corner + self.shape)).all(axis=1)]
            if not len(inside):
                break
            place = inside[0]
        return patch

    def _negative(self, rng: np.random.Generator) -> Patch:
        """A patch about any place of the lungs or, half as often, of the whole lung region (hila, mediastinum).

        By chance it may still hold an annotated lesion.
        """
        case = self.cases[rng.integers(len(self.cases))]
        places = case.anywhere if rng.random() < REGION_SHARE else case.aerated
        patch, solid, _ = self._cut(case, places[rng.integers(len(places))], rng)
        if rng.random() < OPACITY_SHARE:
            haze = np.clip(smooth_noise(self.shape, rng.uniform(10, 25), rng) - rng.uniform(0.3, 1.2), 0, 1)
            haze *= rng.uniform(0.2, 0.6) * np.clip(1 + 0.4 * smooth_noise(self.shape, 3, rng), 0, 2) * ~solid
            patch.hu[...] += haze * (np.float32(20) - patch.hu)
        return patch

    def _cut(
        self, case: TrainingCase, place: np.ndarray, rng: np.random.Generator
    ) -> tuple[Patch, np.ndarray, np.ndarray]:
        """Cut a patch that holds ``place`` (zyx) somewhere in its inner two thirds."""
        size = np.array(self.shape)
        corner = np.array(place, dtype=int) - rng.integers(size // 6, size - size // 6)
        corner = np.clip(
            corner, np.minimum(0, np.array(case.hu.shape) - size), np.maximum(0, np.array(case.hu.shape) - size)
        )
        hu = _window(case.hu, corner, self.shape, OUTSIDE_HU).astype(np.float32)
        label = _window(case.label, corner, self.shape, 0)
        return Patch(hu, label), _window(case.solid, corner, self.shape, True), corner

    def _lay(self, patch: Patch, solid: np.ndarray, lesion: Lesion, centre: np.ndarray, invades: bool) -> None:
        """Blend ``lesion`` into ``patch`` around ``centre`` (zyx), in place."""
        start = np.asarray(centre, dtype=int) - np.array(lesion.mask.shape) // 2
        low = np.maximum(start, 0)
        high = np.minimum(start + lesion.mask.shape, self.shape)
        if (low >= high).any():
            return
        there = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        here = tuple(slice(a, b) for a, b in zip(low - start, high - start, strict=True))
        alpha, mask = lesion.alpha[here], lesion.mask[here]
        if not invades:
            alpha, mask = alpha * ~solid[there], mask & ~solid[there]
        patch.hu[there] += alpha * (lesion.hu[here] - patch.hu[there])
        patch.label[there][mask & (patch.label[there] != IGNORED)] = 1


def _window(array: np.ndarray, corner: np.ndarray, shape: tuple[int, ...], fill) -> np.ndarray:
    """Copy a window of ``array``; ``fill`` where it reaches beyond."""
    low, high = np.maximum(corner, 0), np.minimum(corner + shape, array.shape)
    inside = array[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    if inside.shape == tuple(shape):
        return inside.copy()
    window = np.full(shape, fill, dtype=array.dtype)
    window[tuple(slice(a, b) for a, b in zip(low - corner, high - corner, strict=True))] = inside
    return window
