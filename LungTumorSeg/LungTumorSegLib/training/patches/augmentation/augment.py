"""All changes of a patch, in order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....recipe.schema import Augmentation
from ..patch import Patch, ShapeZYX
from .deformation import draw_deformation
from .intensity import vary_intensities
from .resolution import lower_resolution


def augment(
    draw: Callable[[ShapeZYX], Patch],
    shape: ShapeZYX,
    spacing_zyx: tuple[float, float, float],
    settings: Augmentation,
    rng: np.random.Generator,
) -> Patch:
    """Return an augmented patch of ``shape``.

    Parameters
    ----------
    draw : callable
        Gives the patch with so many voxels more on both sides of each axis (zyx): what turns into the patch's corners
        is real tissue, not filling. The arrays that it gives are not kept.
    shape : tuple of int, zyx
    spacing_zyx : tuple of float, mm
        A rotation turns millimetres, not voxels.
    """
    deformation = draw_deformation(shape, spacing_zyx, settings, rng)
    patch = deformation.apply(draw(deformation.margin))
    hu = lower_resolution(patch.hu, settings, rng)
    return Patch(vary_intensities(hu, settings, rng), patch.label, patch.subtype)
