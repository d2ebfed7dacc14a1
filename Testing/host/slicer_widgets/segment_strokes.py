"""What the mouse does on the slice views while an effect is active."""

from __future__ import annotations

import slicer

FIRST = 100.0  # of those that observe an interactor


class Strokes:
    """Gathers the points between press and release of the left button and gives them to the effect.

    As in Slicer the effect hears of what the mouse does before anybody else, and what it takes goes no further.
    """

    def __init__(self):
        self._effect = None
        self._observed = []
        self._points = None

    def follow(self, effect) -> None:
        """Take an effect's strokes from now on; None: leave the mouse to the views."""
        if effect is not None and not self._observed:
            manager = slicer.app.layoutManager()
            for name in manager.sliceViewNames() if manager else ():
                self._observe(manager.sliceWidget(name).sliceView())
        elif effect is None:
            for interactor, tag in self._observed:
                interactor.RemoveObserver(tag)
            self._observed = []
        self._effect = effect

    def _observe(self, view) -> None:
        interactor, node = view.interactor(), view.mrmlSliceNode()

        def observe(event, take):
            def callback(caller, name):
                if take(_position(caller, node), node):
                    caller.GetCommand(tag).SetAbortFlag(1)

            tag = interactor.AddObserver(event, callback, FIRST)
            self._observed.append((interactor, tag))

        observe("LeftButtonPressEvent", self._start)
        observe("MouseMoveEvent", self._go_on)
        observe("LeftButtonReleaseEvent", self._end)

    def _start(self, point, node) -> bool:
        self._points = [point]
        return True

    def _go_on(self, point, node) -> bool:
        if self._points is not None:
            self._points.append(point)
        return self._points is not None

    def _end(self, point, node) -> bool:
        if self._points is None:
            return False
        points, self._points = self._points, None
        self._effect.stroke(node, points)
        return True


def _position(interactor, node) -> list[float]:
    """Return where the mouse is: world RAS, mm."""
    return list(node.GetXYToRAS().MultiplyPoint((*interactor.GetEventPosition(), 0, 1))[:3])
