"""Self test of the panel, for ctest inside a real Slicer; pytest runs it in the test host too.

A person's way through the module on a small synthetic CT: choose, segment, cancel, reject, undo, edit, save and load,
reload. The network is the packaged one; a threshold makes the segment that is edited, so that it does not depend on
what the network finds. Where the Python packages are not installed, the panel is tested as far as it goes without.
"""

import os
import tempfile
import time
import unittest
from types import SimpleNamespace

import numpy as np
import qt
import slicer
import vtk


def addCT():
    """Add a body with two air-filled lungs and a bright box in one of them."""
    z, y, x = np.meshgrid(*[np.linspace(-1, 1, n) for n in (60, 96, 128)], indexing="ij")
    hu = np.full(z.shape, -1000, np.int16)
    hu[(x / 0.9) ** 2 + (y / 0.8) ** 2 < 1] = 40
    for side in (-0.4, 0.4):
        hu[((x - side) / 0.3) ** 2 + (y / 0.55) ** 2 + (z / 0.9) ** 2 < 1] = -850
    hu += np.random.default_rng(0).normal(0, 10, hu.shape).astype(np.int16)
    hu[25:35, 40:52, 30:42] = 60
    matrix = vtk.vtkMatrix4x4()
    for axis, (spacing, origin) in enumerate(((2.5, -160.0), (2.5, -120.0), (5.0, -150.0))):
        matrix.SetElement(axis, axis, spacing)
        matrix.SetElement(axis, 3, origin)
    return slicer.util.addVolumeFromArray(hu, matrix, "CT")


class LungTumorSegPanelTest(unittest.TestCase):
    def setUp(self):
        slicer.mrmlScene.Clear()
        slicer.util.selectModule("LungTumorSeg")
        self.volume = addCT()
        self.settle()

    def tearDown(self):
        slicer.mrmlScene.Clear()

    @property
    def widget(self):
        return slicer.modules.LungTumorSegWidget

    @property
    def ui(self):
        return self.widget.ui

    @property
    def parameters(self):
        return self.widget.logic.getParameterNode()

    def settle(self, seconds=0.3):
        """Let Qt do what there is to do for a while."""
        self.wait(lambda: False, seconds, fails=False)

    def wait(self, condition, seconds=300.0, fails=True):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                if fails:
                    self.fail(f"waited {seconds} s; the panel says: {self.ui.messageLabel.text}")
                return
            slicer.app.processEvents()
            time.sleep(0.005)

    def needsPackages(self):
        from LungTumorSegWidgets.packages import missingPackages

        missing = [package.name for package in missingPackages()]
        if missing:
            self.skipTest(f"segmenting was not tested: not installed are {', '.join(missing)}")

    def isRunning(self):
        return self.widget.panel.run.isRunning

    def segment(self):
        self.ui.segmentButton.click()
        assert self.isRunning(), self.ui.messageLabel.text
        self.wait(lambda: not self.isRunning())
        self.settle()
        assert self.parameters.outputSegmentation is not None, self.ui.messageLabel.text

    def addResult(self):
        """Insert two boxes as a result, by the logic's own way, without the network."""
        logic = self.widget.logic
        request = logic.prepareSegmentation(self.volume)
        mask = np.zeros(request.ct.array.shape, np.uint8)
        mask[25:35, 40:52, 30:42] = 1
        mask[10:14, 60:66, 84:92] = 1
        node, _segmentId = logic.insertResult(request, SimpleNamespace(mask=request.ct.with_array(mask), lesions=[]))
        self.parameters.outputSegmentation = node
        self.settle()
        return node

    def volumes(self):
        """Return the volumes of the listed lesions, in mL."""
        table = self.ui.lesionTable
        return [float(table.item(row, 1).text()) for row in range(table.rowCount)]

    def keep(self, row, kept):
        self.ui.lesionTable.item(row, 0).setCheckState(qt.Qt.Checked if kept else qt.Qt.Unchecked)
        self.settle(0.6)

    def measured(self, row=1):
        return self.ui.measurementTable.item(row, 1).text()

    def test_OpensWithTheFirstCT(self):
        assert self.parameters.inputVolume is self.volume
        assert self.ui.segmentButton.text == "Segment"
        assert self.ui.segmentButton.enabled
        slicer.mrmlScene.Clear()
        self.settle()
        assert not self.ui.segmentButton.enabled
        assert self.ui.segmentButton.toolTip

    def test_SegmentWatchAndAgain(self):
        self.needsPackages()
        self.wait(lambda: self.widget.logic.worker.state == "ready")
        assert self.ui.deviceMeaningLabel.text.startswith(("CPU", "GPU"))
        self.ui.segmentButton.click()
        said = set()

        def ended():
            said.add(self.ui.stageLabel.text)
            return not self.isRunning()

        self.wait(ended)
        assert len(said) > 1, said
        node = self.parameters.outputSegmentation
        assert node is not None, self.ui.messageLabel.text
        self.segment()
        assert self.parameters.outputSegmentation is node
        assert self.ui.segmentComboBox.count == 2

    def test_CancelLeavesTheScene(self):
        self.needsPackages()
        self.wait(lambda: self.widget.logic.worker.state == "ready")
        self.ui.segmentButton.click()
        self.settle(0.6)  # longer than a double click
        if not self.isRunning():
            self.skipTest("the network was done before it could be cancelled")
        began = time.monotonic()
        self.ui.segmentButton.click()
        assert time.monotonic() - began < 1.0
        assert not self.isRunning()
        assert self.parameters.outputSegmentation is None
        assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0

    def test_AResultMakesThePanelNoWider(self):
        """Tables that ask for as much room as they are given would push the views aside, more at each layout."""
        self.needsPackages()
        panel, window = self.widget.parent, slicer.util.mainWindow()
        self.settle(1.0)  # the window may still be finding its own size
        before = panel.width, window.width
        self.addResult()
        self.settle(1.0)
        assert self.ui.lesionTable.visible
        assert panel.width <= before[0], (panel.width, before[0])
        assert window.width == before[1]

    def test_RejectUndoAndRedo(self):
        self.needsPackages()
        self.addResult()
        both = self.measured()
        assert len(self.volumes()) == 2
        self.keep(1, False)
        one = self.measured()
        assert one != both
        self.ui.undoButton.click()
        self.settle(0.6)
        assert self.measured() == both
        self.ui.redoButton.click()
        self.settle(0.6)
        assert self.measured() == one

    def test_EditWithPaintAndUndo(self):
        self.needsPackages()
        node = self.addResult()
        before = self.measured()
        self.ui.editSection.collapsed = False
        self.settle()
        editor = self.widget.panel.editor.widget
        assert editor.segmentationNode() is node
        assert editor.sourceVolumeNode() is self.volume
        editor.setActiveEffectByName("Paint")
        assert editor.activeEffect() is not None
        editor.saveStateForUndo()
        segmentId = self.ui.segmentComboBox.currentData
        array = slicer.util.arrayFromSegmentBinaryLabelmap(node, segmentId, self.volume)
        array[28:32, 44:48, 42:50] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(array, node, segmentId, self.volume)
        self.settle(1.0)
        assert self.measured() != before
        editor.undo()
        self.settle(1.0)
        assert self.measured() == before
        slicer.util.selectModule("Volumes")
        assert editor.activeEffect() is None
        slicer.util.selectModule("LungTumorSeg")
        self.ui.editSection.collapsed = True

    def test_ReferenceAndDraggedAxis(self):
        self.needsPackages()
        node = self.addResult()
        self.parameters.referenceNode = node
        self.settle()
        reference = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Expert")
        reference.GetSegmentation().DeepCopy(node.GetSegmentation())
        self.parameters.referenceNode = reference
        self.settle(0.6)
        assert self.measured(4) == "1.000"
        self.keep(1, False)
        assert float(self.measured(4)) < 1
        line = slicer.util.getNode("Lesion 1 long axis")
        line.SetNthControlPointPositionWorld(0, 0.0, 0.0, 0.0)
        self.settle(0.6)
        assert self.ui.lesionTable.item(0, 2).text().endswith("*")

    def test_SaveAndLoad(self):
        self.needsPackages()
        self.addResult()
        self.keep(1, False)
        before = self.volumes()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "scene.mrb")
            assert slicer.util.saveScene(path)
            slicer.mrmlScene.Clear()
            self.settle()
            assert self.ui.lesionTable.rowCount == 0
            slicer.util.loadScene(path)
            self.settle(1.0)
        assert self.volumes() == before
        assert self.ui.lesionTable.item(1, 0).checkState() == qt.Qt.Unchecked

    def test_Reload(self):
        before = self.widget
        before.onReload()
        self.settle()
        assert self.widget is not before
        assert self.ui.segmentButton.text == "Segment"
