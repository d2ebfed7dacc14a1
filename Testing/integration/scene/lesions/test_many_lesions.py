"""A segment of many parts does not hold anybody up."""

from __future__ import annotations

import numpy as np
import pytest

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.scene import segments
from LungTumorSegLib.scene.components import MOST_LESIONS
from LungTumorSegLib.scene.measuring import gather
from LungTumorSegLib.scene.reporting import MOST_LESIONS_DRAWN
from LungTumorSegLib.volume import Grid, Volume
from LungTumorSegLib.volume.terminology import LUNG_TUMOR
from support.lesions import MIDDLE, edit


def specks(ct_node, number: int):
    """A segment of single voxels that do not touch, as a threshold leaves them."""
    grid = Grid((60, 50, 40), (3.0, 3.2, 6.0))
    mask = np.zeros(grid.shape, np.uint8)
    apart = mask[::2, ::2, ::2]
    apart[np.unravel_index(np.arange(number), apart.shape)] = 1
    node = segments.new_segmentation(ct_node)
    segments.add_segment(node, Volume(mask, grid), LUNG_TUMOR, "")
    return node


def test_too_many_parts_are_refused_before_they_are_measured(scene, ct_node, logic):
    node = specks(ct_node, MOST_LESIONS + 1)
    before = scene.GetNumberOfNodes()
    with pytest.raises(InputError, match=f"{MOST_LESIONS + 1} separate parts.*Islands"):
        logic.measure(node)
    with pytest.raises(InputError, match="separate parts"):
        logic.lesions(node)
    assert scene.GetNumberOfNodes() == before


def test_only_the_largest_of_many_lesions_have_lines(scene, ct_node, logic):
    node = specks(ct_node, MOST_LESIONS_DRAWN + 5)
    report = logic.measure(node)
    assert report["total"]["count"] == MOST_LESIONS_DRAWN + 5
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 2 * MOST_LESIONS_DRAWN
    assert f"Lines are drawn for the {MOST_LESIONS_DRAWN} largest lesions." in report["notes"]


def test_an_edit_leaves_the_other_lesions_what_they_were(ct_node, logic):
    """The same objects, so that they are not measured again."""
    node = logic.segment(ct_node)
    (segment_id,) = node.GetSegmentation().GetSegmentIDs()
    before = gather(node, segment_id).kept
    edit(node, segment_id, (MIDDLE[0], MIDDLE[0], *MIDDLE[2:]), paint=False)
    after = gather(node, segment_id).kept
    assert [new is old for new, old in zip(after, before, strict=True)] == [True, False, True]
