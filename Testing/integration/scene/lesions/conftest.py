"""A CT with three lesions, and a logic that finds them without a network."""

from __future__ import annotations

import pytest


@pytest.fixture
def logic():
    from LungTumorSegLib.scene import SegmentationLogic
    from support.lesions import found

    return SegmentationLogic(predictor=found)


@pytest.fixture
def ct_node(scene):
    from support.lesions import add_ct_with_lesions

    return add_ct_with_lesions(scene)


@pytest.fixture
def node(ct_node, logic):
    return logic.segment(ct_node)


@pytest.fixture
def segment_id(node):
    return node.GetSegmentation().GetSegmentIDs()[0]
