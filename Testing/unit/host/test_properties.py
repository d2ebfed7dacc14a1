"""Qt's properties are attributes, as PythonQt has them; everything else is a method; nothing else is there."""

from __future__ import annotations

import pytest


def test_properties_are_read_as_attributes(qt, ctk):
    assert qt.QPushButton("Segment").text == "Segment"
    assert qt.QLabel("text").text == "text"
    assert qt.QLineEdit("text").text == "text"
    assert qt.QTableWidget(3, 2).rowCount == 3
    assert qt.QProgressBar().value == -1
    assert qt.QCheckBox().checked is False
    assert qt.QTimer().active is False
    assert ctk.ctkPathLineEdit().currentPath == ""
    assert ctk.ctkCollapsibleButton().collapsed is False
    combo = qt.QComboBox()
    combo.addItems(["a", "b"])
    assert (combo.currentText, combo.count) == ("a", 2)


def test_properties_are_set_as_attributes(qt, ctk):
    button = qt.QPushButton()
    button.text, button.enabled, button.objectName = "Cancel", False, "segmentButton"
    assert (button.text, button.enabled, button.objectName) == ("Cancel", False, "segmentButton")
    path = ctk.ctkPathLineEdit()
    path.currentPath = "/some/folder"
    assert path.currentPath == "/some/folder"
    section = ctk.ctkCollapsibleButton()
    section.collapsed = True
    assert section.collapsed
    timer = qt.QTimer()
    timer.interval = 50
    assert timer.interval == 50


@pytest.mark.parametrize(
    ("make", "name", "type_name"),
    [
        (lambda qt: qt.QPushButton("x"), "text", "str"),
        (lambda qt: qt.QComboBox(), "currentText", "str"),
        (lambda qt: qt.QTableWidget(3, 2), "rowCount", "int"),
        (lambda qt: qt.QCheckBox(), "checked", "bool"),
        (lambda qt: qt.QWidget(), "width", "int"),
    ],
)
def test_calling_a_property_fails(qt, make, name, type_name):
    with pytest.raises(TypeError, match=f"'{type_name}' object is not callable"):
        getattr(make(qt), name)()


def test_setters_and_questions_are_called(qt):
    button, timer = qt.QPushButton(), qt.QTimer()
    button.setEnabled(False)
    assert not button.isEnabled()
    button.setEnabled(True)
    assert button.isEnabled()
    assert not timer.isActive()
    timer.start(1000)
    assert timer.isActive()


def test_what_is_no_property_is_a_method(qt):
    widget = qt.QWidget()
    widget.setLayout(qt.QVBoxLayout())
    button = qt.QPushButton()
    widget.layout().addWidget(button)
    assert widget.layout().count() == 1
    assert button.parent() == widget
    assert widget.sizeHint.width() > 0
    item = qt.QTableWidgetItem("cell")
    item.setCheckState(qt.Qt.Checked)
    assert (item.text(), item.checkState()) == ("cell", 2)


def test_unknown_names_raise(qt):
    button = qt.QPushButton()
    with pytest.raises(AttributeError, match="noSuchName"):
        button.noSuchName  # noqa: B018
    with pytest.raises(AttributeError, match="noSuchName"):
        button.noSuchName = 1
    with pytest.raises(AttributeError, match="can not be overwritten"):
        button.click = print
    with pytest.raises(AttributeError, match="not writable"):
        button.width = 3
    with pytest.raises(AttributeError):
        qt.NoSuchClass  # noqa: B018
    with pytest.raises(AttributeError):
        qt.QPushButton.noSuchName = 1


def test_dynamic_properties(qt):
    button = qt.QPushButton()
    assert button.property("SlicerParameterName") is None
    button.setProperty("SlicerParameterName", "device")
    assert button.property("SlicerParameterName") == "device"
    assert button.SlicerParameterName == "device"


def test_name_is_the_objects_name(qt):
    button = qt.QPushButton()
    button.name = "segmentButton"
    assert button.objectName == "segmentButton"


def test_a_child_is_found_by_its_name(qt):
    widget = qt.QWidget()
    button = qt.QPushButton(widget)
    button.objectName = "segmentButton"
    assert widget.segmentButton is button
    assert widget.findChild(qt.QPushButton, "segmentButton") is button
    assert widget.children() == (button,)


@pytest.mark.parametrize("value", [None, 3, b"bytes"])
def test_a_text_takes_only_text(qt, value):
    with pytest.raises(AttributeError, match="does not accept"):
        qt.QLabel().text = value


@pytest.mark.parametrize("value", [None, "yes", object()])
def test_a_switch_takes_only_truth_values(qt, value):
    with pytest.raises(AttributeError, match="does not accept"):
        qt.QPushButton().enabled = value


def test_a_deleted_object_is_not_read(qt):
    button = qt.QPushButton()
    button.delete()
    with pytest.raises(ValueError, match="destroyed"):
        button.text  # noqa: B018
