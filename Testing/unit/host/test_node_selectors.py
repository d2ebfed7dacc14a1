"""The selectors of nodes and segments follow the scene."""

from __future__ import annotations

import pytest


@pytest.fixture
def selector(window):
    """A selector of volumes as Slicer makes it, before it has a scene."""
    import slicer

    made = slicer.qMRMLNodeComboBox()
    made.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    return made


def add(window, name, kind="vtkMRMLScalarVolumeNode"):
    return window.scene.AddNewNodeByClass(kind, name)


def names(selector):
    return [selector.nodeFromIndex(index).GetName() for index in range(selector.nodeCount())]


def test_nodes_come_and_go(window, selector):
    assert not selector.enabled
    add(window, "before")
    selector.setMRMLScene(window.scene)
    assert selector.enabled
    assert selector.currentNode() is None
    second = add(window, "second")
    add(window, "table", "vtkMRMLTableNode")
    assert names(selector) == ["before", "second"]
    window.scene.RemoveNode(second)
    assert names(selector) == ["before"]


def test_choosing(window, selector):
    first, second = add(window, "first"), add(window, "second")
    selector.setMRMLScene(window.scene)
    seen = []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", seen.append)
    selector.connect("currentNodeChanged(bool)", seen.append)
    selector.setCurrentNode(second)
    selector.setCurrentNode(second)
    assert seen == [second, True]
    assert selector.currentNodeID == second.GetID()
    selector.setCurrentNodeID(first.GetID())
    assert selector.currentNode() is first
    selector.setCurrentNode(None)
    assert (selector.currentNode(), selector.currentNodeID) == (None, "")


def test_none(window, selector):
    selector.noneEnabled, selector.noneDisplay = True, "New segmentation"
    selector.setMRMLScene(window.scene)
    add(window, "first")
    assert selector.currentNode() is None
    assert names(selector) == ["first"]


@pytest.mark.parametrize("has_entries_to_create", [True, False])
def test_the_first_node_is_chosen_only_where_nothing_else_is_offered(window, selector, has_entries_to_create):
    selector.addEnabled = selector.removeEnabled = has_entries_to_create
    selector.setMRMLScene(window.scene)
    node = add(window, "first")
    assert selector.currentNode() is (None if has_entries_to_create else node)


def test_when_the_current_node_goes_its_neighbour_comes(window, selector):
    selector.noneEnabled = True
    first, second = add(window, "first"), add(window, "second")
    selector.setMRMLScene(window.scene)
    selector.setCurrentNode(second)
    window.scene.RemoveNode(second)
    assert selector.currentNode() is first
    window.scene.Clear(0)
    assert selector.currentNode() is None


def test_what_is_chosen_before_there_is_a_scene_is_remembered(window, selector):
    node = add(window, "first")
    selector.setCurrentNode(node)
    assert selector.currentNode() is None
    selector.setMRMLScene(window.scene)
    assert selector.currentNode() is node


def test_hidden_nodes_and_other_classes(window, selector):
    selector.setMRMLScene(window.scene)
    add(window, "labels", "vtkMRMLLabelMapVolumeNode")
    hidden = add(window, "hidden")
    hidden.SetHideFromEditors(True)
    assert names(selector) == ["labels"]
    selector.showChildNodeTypes = False
    assert names(selector) == []
    hidden.SetHideFromEditors(False)
    hidden.SetName("shown")
    assert names(selector) == ["shown"]


def test_attributes(window, selector):
    selector.setMRMLScene(window.scene)
    selector.addAttribute("vtkMRMLScalarVolumeNode", "Kind", "CT")
    node = add(window, "first")
    assert names(selector) == []
    node.SetAttribute("Kind", "CT")
    assert names(selector) == ["first"]


def test_only_slots_and_properties_of_the_real_one_are_there(selector):
    for name in ("setNodeTypes", "_refresh", "addItem", "currentText"):
        with pytest.raises(AttributeError):
            getattr(selector, name)
    with pytest.raises(ValueError, match="takes a node"):
        selector.setCurrentNode("vtkMRMLScalarVolumeNode1")


def test_segments(window):
    import slicer

    selector = slicer.qMRMLSegmentSelectorWidget()
    selector.setMRMLScene(window.scene)
    node = add(window, "reference", "vtkMRMLSegmentationNode")
    selector.setCurrentNode(node)
    first = node.GetSegmentation().AddEmptySegment("first", "first")
    second = node.GetSegmentation().AddEmptySegment("second", "second")
    seen = []
    selector.connect("currentSegmentChanged(QString)", seen.append)
    assert selector.segmentIDs() == (first, second)
    assert selector.currentSegmentID() == first
    selector.setCurrentSegmentID(second)
    node.GetSegmentation().RemoveSegment(second)
    assert seen == [second, first]
