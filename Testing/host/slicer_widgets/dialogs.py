"""Dialogs, which the test answers in place of a person.

A dialog that nobody answers would stop the test for ever. What to answer is said before: ``answers.append("Yes")``
presses the button of that standard name, or with that text. What was asked stands in ``asked``.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6 import QtCore, QtWidgets

from .stored import stored

answers: list = []
"""To the next dialogs, in their order: a button's standard name or text; a path for a file dialog ("" cancels)."""


@dataclass(frozen=True)
class Question:
    """What a dialog showed."""

    title: str
    text: str
    informative: str
    details: str
    buttons: tuple[str, ...]


asked: list[Question] = []


class Unanswered(AssertionError):
    """A dialog came up that the test did not expect."""


def _answer(question: Question):
    asked.append(question)
    if not answers:
        raise Unanswered(f"nobody answers the dialog {question}")
    return answers.pop(0)


class QMessageBox(QtWidgets.QMessageBox):
    @QtCore.Slot()
    def exec(self):
        names = {self._name_of(one): one for one in self.buttons()}
        wanted = _answer(
            Question(self.windowTitle(), self.text(), self.informativeText(), self.detailedText(), tuple(names))
        )
        pressed = names.get(wanted) or next((one for one in self.buttons() if one.text() == wanted), None)
        if pressed is None and not (self.buttons() == [] and wanted == "Ok"):
            raise Unanswered(f"the dialog {asked[-1]} has no button {wanted}")
        self.show()
        QtWidgets.QApplication.processEvents()
        if pressed is not None:
            pressed.click()
        self.hide()
        return 0 if pressed is None else int(self.standardButton(pressed).value)

    def _name_of(self, button):
        standard = self.standardButton(button)
        return button.text() if standard == self.StandardButton.NoButton else standard.name


class ctkMessageBox(QMessageBox):
    dontShowAgain = stored(bool, "dontShowAgain", False)
    dontShowAgainVisible = stored(bool, "dontShowAgainVisible", False)
    dontShowAgainSettingsKey = stored(str, "dontShowAgainSettingsKey", "")


class QFileDialog(QtWidgets.QFileDialog):
    """Only the static functions, which return the path (PythonQt's, not PySide6's pair)."""

    @staticmethod
    def getExistingDirectory(parent=None, caption="", directory="", options=0):
        return _answer(Question(caption, directory, "", "", ()))

    @staticmethod
    def getOpenFileName(parent=None, caption="", directory="", filter="", *rest):
        return _answer(Question(caption, directory, filter, "", ()))

    @staticmethod
    def getSaveFileName(parent=None, caption="", directory="", filter="", *rest):
        return _answer(Question(caption, directory, filter, "", ()))
