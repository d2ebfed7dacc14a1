"""`measure`, `phantom`, `recipes`, `doctor`, and what holds for every command."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from LungTumorSegLib.commandline.main import COMMANDS, explain, main
from LungTumorSegLib.measurements import measure
from LungTumorSegLib.model import available
from LungTumorSegLib.recipe import available as recipes
from LungTumorSegLib.recipe import load_recipe
from LungTumorSegLib.training.data.layouts import find_cases
from LungTumorSegLib.volume import write_mask
from support.commands import ENVIRONMENT, PROGRAM, call, check_refusal, events, run, snapshot
from support.dicom_annotations import circle, write_rtstruct, write_seg
from support.dicom_series import write_ct_series
from support.volumes import chest_volume


def test_measure_prints_and_writes_what_the_library_measures(bench, tmp_path):
    options = ("--reference", bench.reference, "--ct", bench.ct, "--report", tmp_path / "r.json")
    done = run("measure", bench.reference, *options)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "r.json").read_text())
    expected = measure(bench.phantom.mask, reference=bench.phantom.mask, ct=bench.phantom.ct)
    assert report["lesions"] == json.loads(json.dumps(expected["lesions"]))
    assert report["reference"]["dice"] == 1.0
    assert report["mask"]["path"] == str(bench.reference)
    assert report["ct"]["size"] == [96, 96, 60]
    assert "In total: 2 lesions" in done.stdout
    assert "Not for clinical use." in done.stdout


def test_measure_compares_with_a_dicom_annotation(tmp_path):
    """The same region as SEG in a folder beside its CT, and as RTSTRUCT; the lung's contour is not the tumour."""
    ct = chest_volume()
    slices = write_ct_series(tmp_path / "dicom", ct)
    inside = np.zeros(ct.array.shape, dtype=np.uint8)
    inside[4:7, 10:20, 12:18] = 1
    write_mask(tmp_path / "mask.nii.gz", ct.with_array(inside))
    write_seg(tmp_path / "dicom" / "seg.dcm", slices, {"Tumor": inside, "Lung": 1 - inside})
    report = tmp_path / "r.json"
    done = call("measure", tmp_path / "mask.nii.gz", "--reference", tmp_path / "dicom", "--report", report)
    assert done.returncode == 0, done.stderr
    assert json.loads(report.read_text())["reference"]["dice"] == 1.0

    other = write_rtstruct(tmp_path / "rs.dcm", slices[0], {"Primair": [circle(ct.grid, 5, (10, 14), 3)]})
    command = ("measure", tmp_path / "mask.nii.gz", "--reference", other, "--report", report)
    check_refusal(call(*command), "there is 'Primair'; name it by --roi")
    check_refusal(call(*command, "--roi", "("), "--roi", "no regular expression")
    done = call(*command, "--roi", "^prim")
    assert done.returncode == 0, done.stderr
    assert 0 < json.loads(report.read_text())["reference"]["dice"] < 1


def test_measure_refuses_what_does_not_fit(bench, tmp_path):
    check_refusal(call("measure", tmp_path / "none.nii.gz"), "there is no such file")
    check_refusal(call("measure", bench.ct), "is not a mask")
    check_refusal(call("measure", bench.reference, "--report", bench.reference), "report")
    check_refusal(call("measure", bench.reference, "--ignore", bench.reference), "give --reference as well")
    assert snapshot(tmp_path) == {}


def test_phantom_writes_what_training_reads(tmp_path):
    grid = ("--size", "32", "32", "20", "--spacing", "11", "11", "15")
    done = call("phantom", "-o", tmp_path / "data", "-n", "2", "--seed", "7", *grid, "--json")
    assert done.returncode == 0, done.stderr
    assert events(done.stdout)[-1] == {"event": "written", "kind": "data set", "path": str(tmp_path / "data")}
    assert [case.name for case in find_cases(tmp_path / "data")] == ["phantom_0007", "phantom_0008"]


@pytest.mark.parametrize(
    "wrong", [("-n", "0"), ("--seed", "-1"), ("--size", "3", "3", "3"), ("--spacing", "a", "1", "1")]
)
def test_phantom_refuses(tmp_path, wrong):
    check_refusal(call("phantom", "-o", tmp_path / "data", *wrong))
    assert snapshot(tmp_path) == {}


def test_recipes(capsys):
    assert main(["recipes"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == recipes()
    assert main(["recipes", "show", "lung-tumor"]) == 0
    assert "name: lung-tumor" in capsys.readouterr().out
    assert main(["--json", "recipes", "show", "lung-tumor"]) == 0
    shown = events(capsys.readouterr().out)
    assert shown[0]["content"] == load_recipe("lung-tumor").model_dump(mode="json")
    check_refusal(call("recipes", "show"), "needs a name")
    check_refusal(call("recipes", "show", "none"), "there is no recipe of this name", "lung-tumor")
    check_refusal(call("recipes", "list"), "invalid choice")


def test_doctor_says_whether_segment_can_run():
    done = run("doctor", "--json")
    verdict = events(done.stdout)[-1]
    assert verdict["event"] == "doctor"
    assert verdict["able_to_segment"] == (done.returncode == 0) == bool(available())
    assert done.returncode in (0, 2)
    subjects = {finding["subject"]: finding for finding in verdict["findings"]}
    looked_at = {"Python", "3D Slicer", "torch", "processor", "memory", "disk", "device", "precision"}
    assert looked_at | {"worker of the module"} <= set(subjects)
    assert all(finding["advice"] for finding in verdict["findings"] if finding["verdict"] != "good")


def test_doctor_without_torch_says_what_to_install():
    """As in a Slicer that has just been installed: torch cannot be found."""
    code = (
        "import sys, importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'torch' else find(name, *a)\n"
        "from LungTumorSegLib.commandline.main import main; sys.exit(main(['doctor']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "-> pip install torch" in done.stdout
    assert "Not ready to segment" in done.stdout


def test_a_missing_package_is_named():
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "from LungTumorSegLib.commandline.main import main; sys.exit(main(['measure', 'x.nii.gz']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    check_refusal(done, "the Python package 'numpy' is not installed", "doctor")


def test_help_is_there_for_every_command_and_loads_nothing_heavy():
    done = run("--help")
    assert done.returncode == 0
    assert "Not for clinical use" in done.stdout
    for name in COMMANDS:
        assert re.search(rf"^    {name}\s+\w", done.stdout, re.MULTILINE)
        assert call(name, "--help").returncode == 0
    code = (
        "import sys; from LungTumorSegLib.commandline.main import main; main(['--help'])\n"
        "assert not {'torch', 'monai', 'numpy', 'scipy', 'SimpleITK', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_without_a_command_or_with_a_wrong_one():
    check_refusal(run(), "COMMAND", "--help")
    check_refusal(call("segmnet"), "invalid choice: 'segmnet'")
    assert call("--version").stdout.startswith("lungtumorseg ")


@pytest.mark.parametrize("arguments", [("--json", "recipes"), ("recipes", "--json")])
def test_common_options_stand_before_or_after_the_command(arguments):
    assert events(call(*arguments).stdout)[0]["event"] == "recipe"


@pytest.mark.parametrize("arguments", [("--debug", "measure", "none"), ("measure", "none", "--debug")])
def test_debug_adds_a_traceback(arguments):
    done = call(*arguments)
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("lungtumorseg: error: ")


def test_an_error_is_also_an_event():
    done = call("--json", "measure", "none.nii.gz")
    assert done.returncode == 2
    told = events(done.stdout)[-1]
    assert (told["event"], told["status"]) == ("error", 2)
    assert done.stderr == f"lungtumorseg: error: {told['message']}\n"


def test_a_mistake_of_the_program_is_one_line_and_status_1():
    code = (
        "import sys; from LungTumorSegLib.phantom import dataset\n"
        "def fail(*a, **k): raise RuntimeError('first\\nsecond')\n"
        "dataset.write_dataset = fail\n"
        "from LungTumorSegLib.commandline.main import main; sys.exit(main(['phantom', '-o', 'x']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "lungtumorseg: error: unexpected RuntimeError: first (a mistake of this program; --debug shows where)\n"
    )


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are a POSIX feature")
def test_on_a_terminal_progress_is_a_bar(tmp_path):
    import pty

    ours, theirs = pty.openpty()
    grid = ("--size", "32", "32", "20", "--spacing", "11", "11", "15")
    command = [*PROGRAM, "phantom", "-o", str(tmp_path / "data"), *grid]
    program = subprocess.Popen(command, stderr=theirs, stdout=subprocess.PIPE, env={**ENVIRONMENT, "TERM": "xterm"})
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # a terminal whose other end is gone
        while chunk := os.read(ours, 4096):
            shown += chunk
    os.close(ours)
    stdout, _ = program.communicate()
    assert program.returncode == 0
    assert b"phantom" in shown
    assert b"100 %" in shown
    assert stdout.decode() == f"data set: {tmp_path / 'data'}\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [("recipes",), ("recipes", "--json"), ("recipes", "--json", "show", "none")])
def test_a_full_disk_below_standard_output(arguments):
    with open("/dev/full", "w") as full:
        done = subprocess.run([*PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("lungtumorseg: error: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", ["DefaultCPUAllocator: can't allocate memory: 40 GB", "CUDA out of memory."])
def test_a_lack_of_memory_is_no_mistake_of_the_program(words):
    assert explain(RuntimeError(words), [])[0].startswith("not enough memory")
