"""From the blended windows to the mask on the CT's own voxels, in the part of the CT where something can be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inference.result import WindowedResult
from ..postprocessing import postprocess
from ..preparation import PreparedCT
from ..recipe.schema import Postprocessing, Recipe
from ..volume import Volume
from ..volume.boxes import Box, bounding_box, shifted

ROUNDING = 1e-5  # of a probability that is interpolated in single precision


@dataclass(frozen=True, eq=False)
class OnInput:
    """What was found, on a part of the input grid in canonical order; elsewhere is background.

    Attributes
    ----------
    part : tuple of slice, zyx
        Where the arrays lie in the box that was prepared (`GridMap.box`): as tightly about all that was found as
        post-processing lets it be.
    foreground, of_lesions : ndarray, zyx, float32
        Probability of any label, and of the recipe's lesions together (of all labels, where none is a lesion).
    labels : ndarray, zyx, uint8
        Before post-processing.
    """

    part: Box
    foreground: np.ndarray
    labels: np.ndarray
    of_lesions: np.ndarray


def on_input(result: WindowedResult, prepared: PreparedCT, recipe: Recipe, everywhere: bool = False) -> OnInput:
    """Bring probabilities back to the input grid and label it.

    Probabilities are interpolated, never labels; one label is held at a time.

    Parameters
    ----------
    everywhere : bool
        Bring them back wherever the network answered, not only where something was found.
    """
    on_prepared, threshold = result.probability().cpu().numpy(), recipe.inference.threshold
    found = result.box
    if not everywhere:
        # Interpolation exceeds no threshold that its samples do not reach.
        found = shifted(bounding_box(on_prepared >= threshold - ROUNDING), result.box)
    part = prepared.grid_map.reached(found, _reach_mm(recipe.postprocessing))

    def back(values: np.ndarray) -> np.ndarray:
        return prepared.grid_map.backward_part(values, result.box, part)

    foreground = back(on_prepared)
    labels = (foreground >= threshold).view(np.uint8)
    if len(recipe.labels) == 1:
        return OnInput(part, foreground, labels, foreground)
    some_are_organs = 0 < len(recipe.lesions) < len(recipe.labels)
    of_lesions = np.zeros_like(foreground) if some_are_organs else foreground
    best = np.zeros_like(foreground)
    for label in range(1, len(recipe.labels) + 1):
        one = back(result.probability(label).cpu().numpy())
        labels[(labels > 0) & (one > best)] = label
        np.maximum(best, one, out=best)
        if some_are_organs and label in recipe.lesions:
            of_lesions += one
    return OnInput(part, foreground, labels, of_lesions)


def _reach_mm(settings: Postprocessing) -> float:
    """How far post-processing looks beyond what was found."""
    return 2 * settings.border_refinement.radius_mm if settings.border_refinement.enabled else 0.0


def finished(found: OnInput, ct: Volume, prepared: PreparedCT, recipe: Recipe) -> tuple[np.ndarray, Box]:
    """Post-process; return labels (zyx, uint8) and the part of the canonical input grid that they are of."""
    settings, grid_map = recipe.postprocessing, prepared.grid_map
    box = shifted(found.part, grid_map.box)
    region = None if prepared.located is None else prepared.located.on_part(box)
    labels = found.labels * region if region is not None and settings.inside_region else found.labels
    hu = grid_map.orientation.apply(ct.array)[box]
    spacing = grid_map.orientation.apply_to_grid(ct.grid).spacing
    return postprocess(labels, hu, spacing, settings, probability=found.foreground, region=region), box
