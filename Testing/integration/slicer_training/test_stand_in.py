"""The stand-in for Slicer ends, or does not, as a real Slicer 5.12 was seen to."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-in is started by shell scripts")

SCRIPTS = {
    "raises": "raise RuntimeError('on purpose')",
    "is no Python": "what is this",
    "calls sys.exit": "import sys; sys.exit(7)",
    "calls slicer.util.exit": "import slicer; slicer.util.exit(6)",
    "just ends": "pass",
}
NEVER = None
ENDINGS = [
    ("raises", (), NEVER),
    ("raises", ("--exit-after-startup",), 1),
    ("is no Python", (), NEVER),
    ("is no Python", ("--exit-after-startup",), 1),
    ("calls sys.exit", (), 7),
    ("calls slicer.util.exit", (), 6),
    ("just ends", ("--exit-after-startup",), 0),
    # By Slicer's source: SystemExit counts as an error, and the later call of exit counts.
    ("calls sys.exit", ("--exit-after-startup",), 1),
    ("calls sys.exit", ("--testing",), 1),
    ("calls slicer.util.exit", ("--testing",), 6),
]


@pytest.mark.parametrize(("what", "options", "status"), ENDINGS)
def test_how_a_script_ends_it(slicer, tmp_path, what, options, status):
    script = tmp_path / "script.py"
    script.write_text(SCRIPTS[what])
    program = slicer(script, options=options)
    if status is NEVER:
        assert program.stderr.readline().startswith("Traceback")
        with pytest.raises(subprocess.TimeoutExpired):
            program.wait(1)
    else:
        assert program.wait(60) == status


@pytest.mark.parametrize("separator", [(), ("--",)])
def test_arguments_of_the_script(slicer, tmp_path, separator):
    script = tmp_path / "s.py"
    script.write_text("import sys, json; print(json.dumps([sys.argv, sys.executable, __name__]))")
    program = slicer(script, "--exit-after-startup", *separator, "--recipe", "x")
    out, _ = program.communicate(timeout=60)
    argv, executable, name = json.loads(out)
    assert argv == [str(script), "--recipe", "x"]
    assert executable.endswith("/bin/PythonSlicer")
    assert name == "__main__"
    child = [executable, "-c", "import sys; print(sys.executable)"]
    assert not subprocess.check_output(child, text=True).strip().endswith("PythonSlicer")
