"""What goes to Qt and comes back: enums are integers, lists tuples, and an object has one wrapper."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest


def test_enums_are_plain_integers(qt):
    for value in (qt.Qt.AlignLeft, qt.QHeaderView.ResizeToContents, qt.Qt.Checked, qt.Qt.UserRole, qt.QMessageBox.Yes):
        assert type(value) is int
    assert qt.QLabel().alignment == qt.Qt.AlignLeft | qt.Qt.AlignVCenter
    assert type(qt.QTableWidgetItem().flags()) is int


def test_functions_take_integers_for_enums(qt):
    label = qt.QLabel()
    label.setAlignment(qt.Qt.AlignRight | qt.Qt.AlignTop)
    assert label.alignment == qt.Qt.AlignRight | qt.Qt.AlignTop
    label.alignment = qt.Qt.AlignLeft
    assert label.alignment == qt.Qt.AlignLeft
    table = qt.QTableWidget(1, 2)
    header = table.horizontalHeader()
    header.setSectionResizeMode(1, qt.QHeaderView.Stretch)
    assert header.sectionResizeMode(1) == qt.QHeaderView.Stretch
    item = qt.QTableWidgetItem()
    item.setFlags(item.flags() & ~qt.Qt.ItemIsEditable)
    assert not item.flags() & qt.Qt.ItemIsEditable
    qt.QApplication.setOverrideCursor(qt.Qt.WaitCursor)
    assert qt.QApplication.overrideCursor().shape() == qt.Qt.WaitCursor
    qt.QApplication.restoreOverrideCursor()


def test_lists_come_back_as_tuples(qt, started):
    import slicer

    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    assert selector.nodeTypes == ("vtkMRMLScalarVolumeNode",)
    assert qt.QWidget().children() == ()


def test_an_object_has_one_wrapper(qt):
    widget = qt.QWidget()
    button = qt.QPushButton(widget)
    assert widget.children()[0] is button
    assert button.parent() is widget
    assert type(button) is qt.QPushButton
    assert button != qt.QPushButton(widget)


def test_classes_do_not_inherit(qt):
    assert not isinstance(qt.QPushButton(), qt.QWidget)
    assert qt.QPushButton().inherits("QWidget")
    with pytest.raises(TypeError, match="no subclassing"):
        type("Own", (qt.QWidget,), {})


@pytest.mark.parametrize("value", [pathlib.Path("/folder"), np.int64(3)])
def test_paths_and_numpys_scalars_are_refused(qt, value):
    with pytest.raises(ValueError, match="Qt takes no"):
        qt.QLabel().setText(value)


def test_wrong_arguments_raise(qt):
    with pytest.raises(ValueError, match="matching overload"):
        qt.QLabel().setText(1, 2)
    with pytest.raises(ValueError, match="keyword"):
        qt.QLabel(text="x")


def test_settings_give_the_default_with_its_type(qt):
    assert qt.QSettings().value("no", 5) == 5
    qt.QSettings().setValue("LungTumorSeg/folder", "/x")
    assert qt.QSettings().value("LungTumorSeg/folder") == "/x"
