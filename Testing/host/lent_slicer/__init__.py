"""Test equipment: the names of ``slicer`` that the module files import and Slicer Core leaves out.

Slicer Core (``slicer-core``) has real MRML nodes, logics and ``slicer.util``. It lacks the Python files that belong to
the application: ``slicer.ScriptedLoadableModule``, ``slicer.i18n``, ``slicer.packaging``,
``slicer.parameterNodeWrapper`` and the module ``SampleData``. `lend` puts small stand-ins in their place, so that
``LungTumorSeg.py`` can be imported and its logic used. There is no Qt here, hence no widget; `slicer_window` adds
them. Nothing is lent where the real thing is.
"""

import importlib
import importlib.util
import sys

import slicer

LENT = ("ScriptedLoadableModule", "i18n", "packaging", "parameterNodeWrapper")


class Application:
    """``slicer.app`` where there is no application: its signals can be connected and never come."""

    def connect(self, signal, callback):
        return True

    def disconnect(self, signal, callback):
        return True


def lend() -> None:
    for name in LENT:
        full_name = f"slicer.{name}"
        if full_name in sys.modules or importlib.util.find_spec(full_name) is not None:
            continue
        module = importlib.import_module(f"{__name__}.{name}")
        sys.modules[full_name] = module
        setattr(slicer, name, module)
    if "SampleData" not in sys.modules:
        sys.modules["SampleData"] = importlib.import_module(f"{__name__}.SampleData")
    if not hasattr(slicer, "app"):
        slicer.app = Application()
