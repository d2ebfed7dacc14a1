"""Test equipment: the widgets of CTK and Slicer that modules use, made of PySide6's, with the same names.

Each has the properties, signals and slots of the real one that a panel is likely to need, and no others. A slot that
is not marked as one cannot be seen through the wrappers (`pythonqt`). ``SIGNATURES`` gives the C++ signature of those
signals whose types PySide6 does not know.
"""

from . import (
    ctk_buttons,
    ctk_numbers,
    ctk_path,
    dialogs,
    loader,
    mrml_widget,
    node_combo_box,
    segment_editor,
    segment_selector,
)

OF_QT = {one.__name__: one for one in (dialogs.QMessageBox, dialogs.QFileDialog, loader.QUiLoader)}
OF_CTK = {
    one.__name__: one
    for one in (
        ctk_buttons.ctkCheckBox,
        ctk_buttons.ctkCollapsibleButton,
        ctk_buttons.ctkComboBox,
        ctk_numbers.ctkDoubleSpinBox,
        ctk_numbers.ctkSliderWidget,
        ctk_path.ctkPathLineEdit,
        dialogs.ctkMessageBox,
    )
}
OF_SLICER = {
    one.__name__: one
    for one in (
        mrml_widget.qMRMLWidget,
        node_combo_box.qMRMLNodeComboBox,
        segment_editor.qMRMLSegmentEditorWidget,
        segment_selector.qMRMLSegmentSelectorWidget,
    )
}
loader.CLASSES.update(OF_CTK | OF_SLICER)

__all__ = ["OF_CTK", "OF_QT", "OF_SLICER"]
