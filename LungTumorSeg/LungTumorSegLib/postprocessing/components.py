"""Connected components of a mask, and which of them stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..volume.boxes import Box, bounding_box

# Voxels that share a face, an edge or a corner belong together.
CONNECTIVITY = 26


@dataclass(frozen=True)
class Component:
    """One connected component.

    Attributes
    ----------
    label : int
        Value of its voxels in the mask.
    box : tuple of slice, zyx
        Bounding box in the mask.
    voxels : int
        Number of its voxels.
    inside : ndarray of bool, zyx
        Its voxels in ``box``.
    confidence : float or None
        Its mean foreground probability, as in the report; None where no probabilities were given.
    """

    label: int
    box: Box
    voxels: int
    inside: np.ndarray
    confidence: float | None = None


def find_components(mask: np.ndarray, probability: np.ndarray | None = None) -> list[Component]:
    """Find the 26-connected components of each label of ``mask``, in the order of their first voxel.

    Parameters
    ----------
    mask : unsigned integer or bool ndarray, zyx
        Labels; 0 is background.
    probability : float ndarray, zyx, optional
        Foreground probability, from which the components' confidence is taken.
    """
    import cc3d
    from scipy.ndimage import find_objects

    around = bounding_box(mask)
    # cc3d (4.1) misreads some views that are not contiguous, such as one of shape (2, 1, 1).
    part = np.ascontiguousarray(mask[around])
    if part.size == 0:
        return []
    numbers = cc3d.connected_components(part, connectivity=CONNECTIVITY)
    components = []
    for number, local in enumerate(find_objects(numbers), start=1):
        inside = numbers[local] == number
        box = tuple(slice(a.start + s.start, a.start + s.stop) for a, s in zip(around, local, strict=True))
        confidence = None if probability is None else float(probability[box][inside].mean(dtype=np.float64))
        label = int(part[local][inside][0])
        components.append(Component(label, box, int(np.count_nonzero(inside)), inside, confidence))
    return sorted(components, key=_first_voxel)


def select_components(
    components: list[Component],
    voxel_ml: float,
    *,
    keep: str = "all",
    minimum_volume_ml: float = 0.0,
    minimum_confidence: float = 0.0,
) -> list[Component]:
    """Choose the components that stay.

    Parameters
    ----------
    components : list of Component
        Those of one mask.
    voxel_ml : float
        Volume of a voxel in mL.
    keep : {"all", "largest"}
        All of those that are large and certain enough, or of each label the largest of them (the first of several).
    minimum_volume_ml : float
        Smaller components are removed.
    minimum_confidence : float
        Components whose mean probability is lower are removed.
    """
    if minimum_confidence > 0 and any(component.confidence is None for component in components):
        raise ValueError("minimum_confidence needs the probabilities")
    # A volume written as "8 voxels of 1.1 mm" must not fail by the last digit of a product.
    minimum_voxels = minimum_volume_ml / voxel_ml * (1 - 1e-9)
    chosen = [c for c in components if c.voxels >= minimum_voxels]
    if minimum_confidence > 0:
        chosen = [c for c in chosen if c.confidence >= minimum_confidence]
    if keep == "all":
        return chosen
    if keep != "largest":
        raise ValueError(f"keep is {keep!r}; known are all and largest")
    labels = sorted({component.label for component in chosen})
    return [max((c for c in chosen if c.label == label), key=lambda c: c.voxels) for label in labels]


def paint(components: list[Component], shape: tuple[int, int, int], dtype=np.uint8) -> np.ndarray:
    """Make a mask (zyx) of ``shape`` that holds ``components`` and nothing else."""
    mask = np.zeros(shape, dtype=dtype)
    for component in components:
        mask[component.box][component.inside] = component.label
    return mask


def _first_voxel(component: Component) -> tuple[int, ...]:
    first = np.unravel_index(int(np.argmax(component.inside)), component.inside.shape)
    return tuple(int(s.start + i) for s, i in zip(component.box, first, strict=True))
