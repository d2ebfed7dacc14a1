"""Where the network is computed, and what that means on this computer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

if TYPE_CHECKING:
    from LungTumorSegLib.worker import DeviceInfo, Worker

AUTOMATIC = "auto"


class DeviceChoice:
    """The device, filled in once the worker has looked which there are.

    Parameters
    ----------
    comboBox : QComboBox
    label : QLabel
        Says what the choice means.
    worker : Worker
        Its ``devices`` and ``automatic`` are shown.
    onChosen : callable
        Called with the device (``"auto"``, ``"cpu"``, ``"cuda:N"``) when the person has chosen.
    """

    def __init__(self, comboBox, label, worker: Worker, onChosen: Callable[[str], None]) -> None:
        self._comboBox = comboBox
        self._label = label
        self._worker = worker
        self._onChosen = onChosen
        self._value = AUTOMATIC
        self._shown: list[tuple[str, str]] = []
        comboBox.connect("currentIndexChanged(int)", self._onChanged)
        self.refresh()

    @property
    def value(self) -> str:
        """The device that is chosen."""
        return self._value

    def show(self, device: str) -> None:
        """Show a choice, such as one that was saved with the scene."""
        self._value = device
        self.refresh()

    def refresh(self) -> None:
        """Show what the worker knows by now; cheap where nothing has changed."""
        entries = self._entries()
        self._comboBox.blockSignals(True)
        if entries != self._shown:
            self._comboBox.clear()
            for device, text in entries:
                self._comboBox.addItem(text, device)
            self._shown = entries
        index = self._comboBox.findData(self._value)
        if index != self._comboBox.currentIndex:
            self._comboBox.currentIndex = index
        self._comboBox.blockSignals(False)
        meaning = self._meaning()
        if meaning != self._label.text:
            self._label.text = meaning

    def _entries(self) -> list[tuple[str, str]]:
        """Return the devices and their texts, the automatic choice first."""
        devices = self._worker.devices or []
        entries = [(AUTOMATIC, _("Automatic")), *((one.device, _name(one)) for one in devices)]
        if self._value not in [device for device, _text in entries]:
            entries.append((self._value, self._value))
        return entries

    def _meaning(self) -> str:
        devices, automatic = self._worker.devices, self._worker.automatic
        if devices is None:
            return _("asking…") if self._worker.state in ("starting", "busy") else _("not yet known")
        if self._value == AUTOMATIC:
            return describe(automatic)
        chosen = next((one for one in devices if one.device == self._value), None)
        return _("not on this computer; choose another") if chosen is None else describe(chosen)

    def _onChanged(self, index: int) -> None:
        self._value = self._comboBox.itemData(index)
        self.refresh()
        self._onChosen(self._value)


def describe(device: DeviceInfo) -> str:
    """Say what a device means: “GPU: NVIDIA L4, 21.3 of 22.5 GB free” or “CPU, because …”."""
    if device.is_gpu and not device.usable:
        return _("{device}: cannot be used, because {reason}").format(device=_name(device), reason=device.reason)
    if device.is_gpu and device.free_bytes is not None:
        free, total = (f"{size / 1e9:.1f}" for size in (device.free_bytes, device.total_bytes))
        return _("{device}, {free} of {total} GB free").format(device=_name(device), free=free, total=total)
    if not device.is_gpu and device.reason:
        return _("CPU, because {reason}").format(reason=device.reason.removeprefix("because "))
    return _name(device)


def _name(device: DeviceInfo) -> str:
    return _("GPU: {name}").format(name=device.name) if device.is_gpu else _("CPU")
