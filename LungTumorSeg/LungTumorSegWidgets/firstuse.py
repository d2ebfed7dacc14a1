"""What the panel shows where Python packages are missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from LungTumorSegLib.errors import InputError

from .packages import Package, install, missingPackages

if TYPE_CHECKING:
    from .messages import MessageLine


class FirstUse:
    """A line that names the missing packages, with a button that installs them; there only while some are missing.

    Parameters
    ----------
    frame : QFrame
        Holds the line.
    label : QLabel
    installButton : QPushButton
    messages : MessageLine
    onInstalled : callable
        Called without arguments when nothing is missing any more.
    """

    def __init__(self, frame, label, installButton, messages: MessageLine, onInstalled: Callable[[], None]) -> None:
        self._frame = frame
        self._label = label
        self._messages = messages
        self._onInstalled = onInstalled
        self._missing: list[Package] = []
        installButton.toolTip = _("You are asked first. Nothing else is downloaded, and nothing is sent.")
        installButton.connect("clicked(bool)", self.ask)
        self.check()

    def check(self) -> bool:
        """Look which packages are missing, and return whether none is."""
        self._missing = missingPackages()
        names = ", ".join(package.describe() for package in self._missing)
        self._label.text = _("Python packages are missing: {names}.").format(names=names)
        self._frame.setVisible(bool(self._missing))
        return not self._missing

    def ask(self) -> bool:
        """Install what is missing, if the person agrees; return whether nothing is missing any more."""
        if self.check():
            return True
        names = "\n".join(f"• {package.describe()}" for package in self._missing)
        agreed = slicer.util.confirmOkCancelDisplay(
            _(
                "These Python packages are downloaded and installed into Slicer:\n\n{names}\n\n"
                "It takes some minutes, during which Slicer may not respond."
            ).format(names=names),
            _("Lung Tumor Segmentation"),
        )
        if not agreed:
            self._messages.say(_("Not installed. Segmenting needs these packages."))
            return False
        return self._install()

    def _install(self) -> bool:
        self._messages.say(_("Installing…"))
        slicer.app.processEvents()
        try:
            with slicer.util.WaitCursor():
                install(self._missing)
        except InputError as error:
            self._messages.fail(_("Not installed: {reason}").format(reason=error))
            return False
        finally:
            self.check()
        self._messages.say(_("Everything is installed."))
        self._onInstalled()
        return True
