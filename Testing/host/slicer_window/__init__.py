"""Test equipment: the Slicer application with its window, as far as a scripted module's panel needs it.

`open_window` makes ``qt``, ``ctk``, ``slicer.app``, ``slicer.modules`` and the rest importable, on top of PySide6 and
Slicer Core, and opens a window with slice views and a place for the module's panel. MRML, its logics and the views'
displayable managers are the real ones.
"""

from .window import Window, open_window, start_qt

__all__ = ["Window", "open_window", "start_qt"]
