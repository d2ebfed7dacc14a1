"""What the panel says in words."""

from __future__ import annotations

import qt


class MessageLine:
    """One line under the button, with an icon where something went wrong and a log behind a Details button.

    Parameters
    ----------
    icon : QLabel
        Shows the icon.
    label : QLabel
        Shows the text.
    detailsButton : QToolButton
        Checkable; there only where there are details.
    detailsText : QPlainTextEdit
        Shows the details while the button is pressed.
    """

    def __init__(self, icon, label, detailsButton, detailsText) -> None:
        self._icon = icon
        self._label = label
        self._detailsButton = detailsButton
        self._detailsText = detailsText
        self._hint = ""
        detailsButton.connect("toggled(bool)", self._onDetails)
        self.clear()

    def say(self, text: str) -> None:
        """Show what happened."""
        self._show(text, None, "")

    def warn(self, text: str) -> None:
        """Show what the person should know, though nothing failed."""
        self._show(text, qt.QStyle.SP_MessageBoxWarning, "")

    def fail(self, text: str, details: str = "") -> None:
        """Show what went wrong; ``details`` are the last lines of a log."""
        self._show(_sentence(text), qt.QStyle.SP_MessageBoxCritical, details)

    def clear(self) -> None:
        """Show nothing but the hint, where there is one."""
        self._show("", None, "")

    def hint(self, text: str) -> None:
        """Say what to do next; shown while there is nothing else to say."""
        if self._label.text == self._hint:
            self._label.text = text
            self._label.setVisible(bool(text))
        self._hint = text

    def _show(self, text: str, icon: int | None, details: str) -> None:
        self._label.text = text or self._hint
        self._label.setVisible(bool(self._label.text))
        self._icon.setVisible(icon is not None)
        if icon is not None:
            self._icon.setPixmap(self._icon.style().standardIcon(icon).pixmap(qt.QSize(16, 16)))
        self._detailsText.plainText = details
        self._detailsButton.checked = False
        self._detailsButton.setVisible(bool(details))

    def _onDetails(self, shown: bool) -> None:
        self._detailsText.setVisible(shown)
        # The last line tells the most.
        scrollBar = self._detailsText.verticalScrollBar()
        scrollBar.setValue(scrollBar.maximum)


def _sentence(text: str) -> str:
    """Return the line of an error as a sentence: errors are worded as clauses."""
    end = "" if text.endswith((".", "!", "?")) else "."
    return f"{text[:1].upper()}{text[1:]}{end}"
