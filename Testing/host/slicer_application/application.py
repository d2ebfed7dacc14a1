"""Stands in for the Slicer application without its window, as far as a script sees it that ``--python-script`` runs.

Real MRML is under it (Slicer Core); there is no Qt. What ends it, and with which status, is as in Slicer: a script
that raises leaves it running for ever, the last call of ``exit`` counts, and ``SystemExit`` counts among the errors
when ``--exit-after-startup`` asks whether there was one. Python's standard output goes into a stream that is written
out in blocks.
"""

import importlib.util
import os
import shutil
import signal
import sys
import time
import traceback
import types
from pathlib import Path

BLOCK = 4096
FLAGS = ("no-main-window", "no-splash", "disable-cli-modules", "ignore-slicerrc", "exit-after-startup", "testing")
VALUES = ("python-script", "additional-module-path")


class BlockStream:
    """What PythonQt puts in place of ``sys.stdout``: three methods, and no way to have a line written at once."""

    def __init__(self):
        self._kept = ""

    def write(self, text):
        self._kept += text
        if len(self._kept) >= BLOCK:
            self.empty()

    def flush(self):
        pass

    def isatty(self):
        return False

    def empty(self):
        os.write(1, self._kept.encode())
        self._kept = ""


class CommandOptions:
    """The command line: Slicer's own options, and the others in their order."""

    def __init__(self, arguments):
        self.given = {}
        self.unparsed = []
        rest = list(arguments)
        while rest:
            first = rest.pop(0)
            name = first.removeprefix("--")
            if first == "--":
                self.unparsed += rest
                rest = []
            elif first.startswith("--") and name in FLAGS:
                self.given[name] = True
            elif first.startswith("--") and name in VALUES:
                self.given[name] = rest.pop(0)
            else:
                self.unparsed.append(first)
        self.runPythonAndExit = "testing" in self.given
        self.exitAfterStartup = "exit-after-startup" in self.given


class Application:
    """``slicer.app``."""

    def __init__(self, arguments):
        self._options = CommandOptions(arguments)
        self._requested = None
        self._error_occurred = False

    def commandOptions(self):
        return self._options

    def exit(self, status=0):
        self._requested = status

    def layoutManager(self):
        return None

    def connect(self, signal, callback):
        return True

    def run(self):
        options = self._options
        if "additional-module-path" in options.given:
            self.load_modules(Path(options.given["additional-module-path"]))
        script = options.given.get("python-script")
        sys.argv = [script or "", *options.unparsed]
        if script:
            self.execute_file(script)
        if options.runPythonAndExit:
            self.exit(int(self._error_occurred))
        if options.exitAfterStartup:
            self.exit(int(self._error_occurred))
        while self._requested is None:  # the event loop
            time.sleep(0.05)
        return self._requested

    def execute_file(self, path):
        """Run a script as CTK does, in ``__main__``."""
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        main.__file__ = path
        sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
        try:
            with open(path) as file:
                exec(file.read(), main.__dict__)
        except SystemExit as end:
            self._error_occurred = True
            self.exit(end.code or 0 if isinstance(end.code, int | None) else 1)
        except BaseException:
            self._error_occurred = True
            traceback.print_exc()

    def load_modules(self, folder):
        """Take every Python file in a module path for a module, with a class of its name."""
        sys.path.append(str(folder))
        for path in sorted(folder.glob("*.py")):
            spec = importlib.util.spec_from_file_location(path.stem, path)
            module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            parent = types.SimpleNamespace(hidden=False)
            getattr(module, path.stem)(parent)
            print(f"module {path.stem}: {parent.title}, {'hidden' if parent.hidden else 'shown'}", file=sys.stderr)


def main(arguments):
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    import slicer
    from lent_slicer import lend

    lend()
    slicer.app = Application(arguments)
    sys.executable = shutil.which("PythonSlicer") or ""
    sys.stdout = BlockStream()
    status = slicer.app.run()
    sys.stdout.empty()
    return status


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])
    sys.exit(main(sys.argv[1:]))
