"""Observers that are all taken away together."""

from __future__ import annotations

import weakref
from collections.abc import Callable

import vtk


class Observers:
    """Calls one function when any of several things happens.

    Neither keeps its owner alive nor outlives it.

    Parameters
    ----------
    callback : bound method
        Called with the object and the name of the event.
    """

    def __init__(self, callback: Callable[[vtk.vtkObject, str], None]):
        method = weakref.WeakMethod(callback)
        self._tags: dict[tuple[vtk.vtkObject, int | str], int] = {}

        def call(caller: vtk.vtkObject, event: str) -> None:
            if (alive := method()) is not None:
                alive(caller, event)

        self._call = call
        self._end = weakref.finalize(callback.__self__, _remove, self._tags)

    def observe(self, subject: vtk.vtkObject, *events: int | str) -> None:
        """Observe events of an object, each once however often this is asked for."""
        for event in events:
            if (subject, event) not in self._tags:
                self._tags[subject, event] = subject.AddObserver(event, self._call)

    def forget(self, subject: vtk.vtkObject) -> None:
        """Observe an object no longer."""
        for key in [key for key in self._tags if key[0] is subject]:
            subject.RemoveObserver(self._tags.pop(key))

    def subjects(self) -> set[vtk.vtkObject]:
        """Return the objects that are observed."""
        return {subject for subject, _ in self._tags}

    def remove_all(self) -> None:
        """Observe nothing any more."""
        _remove(self._tags)


def _remove(tags: dict[tuple[vtk.vtkObject, int | str], int]) -> None:
    for (subject, _), tag in tags.items():
        subject.RemoveObserver(tag)
    tags.clear()
