"""What `doctor` looks at: each function returns what it found and what can be done about it."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from .. import __version__
from ..errors import InputError
from ..machine import memory, usable_cores
from ..progress import Progress
from ..wording import counted

GIB = 2**30
WORKER_STARTS_WITHIN_S = 120.0
LEAST_MEMORY_GIB = 4.0
LEAST_DISK_GIB = 1.0
OLDEST_PYTHON = (3, 11)

# Name to install, name to import, what it is for where the package works without it.
PACKAGES = (
    ("torch", "torch", ""),
    ("monai", "monai", ""),
    ("numpy", "numpy", ""),
    ("scipy", "scipy", ""),
    ("SimpleITK", "SimpleITK", ""),
    ("connected-components-3d", "cc3d", ""),
    ("safetensors", "safetensors", ""),
    ("psutil", "psutil", ""),
    ("pydantic", "pydantic", ""),
    ("PyYAML", "yaml", ""),
    ("pydicom", "pydicom", ""),
    ("rich", "rich", ""),
    ("matplotlib", "matplotlib", "pictures (`segment --preview`)"),
    ("einops", "einops", "SwinUNETR networks"),
    ("h5py", "h5py", "training caches"),
    ("highdicom", "highdicom", "masks in DICOM SEG"),
    ("dicom-anonymizer", "dicomanonymizer", "`anonymize`"),
    ("optuna", "optuna", "`search`"),
    ("tensorboard", "tensorboard", "TensorBoard events of training"),
)


class Finding(NamedTuple):
    """One line of the examination.

    Attributes
    ----------
    subject : str
    found : str
    verdict : str
        ``good``, ``worth knowing``, or ``missing``: without it `segment` cannot run.
    advice : str
        What to do; empty when nothing is to be done.
    """

    subject: str
    found: str
    verdict: str = "good"
    advice: str = ""

    def lines(self) -> list[str]:
        """Return the finding as text, the advice on a line of its own."""
        mark = {"good": " ", "worth knowing": "!", "missing": "x"}[self.verdict]
        text = [f"{mark} {self.subject:<25}{self.found}"]
        return text + ([f"    -> {self.advice}"] if self.advice else [])


def examine(progress: Progress) -> list[Finding]:
    """Look at everything, the quick things first."""
    parts = (examine_host, examine_packages, examine_machine, examine_device, examine_models, examine_worker)
    findings = []
    for k, part in enumerate(parts):
        progress("examining", k / len(parts))
        findings += part()
    progress("examining", 1.0)
    return findings


def examine_host() -> list[Finding]:
    """Python, the operating system, 3D Slicer."""
    python = platform.python_version()
    old = sys.version_info < OLDEST_PYTHON
    need = ".".join(map(str, OLDEST_PYTHON))
    slicer = "no: running in plain Python"
    if "slicer" in sys.modules or "Slicer" in Path(sys.executable).name or os.environ.get("SLICER_HOME"):
        slicer = "yes: running in 3D Slicer's Python"
    elif importlib.util.find_spec("slicer"):
        slicer = f"no application; Slicer Core {_version('slicer-core') or 'of unknown version'} is installed"
    return [
        Finding("LungTumorSeg", __version__),
        Finding("Python", python, *(("missing", f"install Python {need} or newer") if old else ())),
        Finding("system", f"{platform.system()} {platform.release()} ({platform.machine()})"),
        Finding("3D Slicer", slicer),
    ]


def examine_packages() -> list[Finding]:
    """Every package that is needed, and those that add something."""
    findings = []
    for name, module, adds in PACKAGES:
        if importlib.util.find_spec(module) is not None:
            findings.append(Finding(name, _version(name) or "installed, version unknown"))
        else:
            verdict, what = ("worth knowing", f"for {adds}: ") if adds else ("missing", "")
            findings.append(Finding(name, "not installed", verdict, f"{what}pip install {name}"))
    return findings


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def examine_machine() -> list[Finding]:
    """Processor cores, memory, free disk space."""
    from ..inference.device import processor_name

    cores = counted(usable_cores(), "core")
    return [Finding("processor", f"{processor_name()}, {cores} to use"), _memory(), _disk()]


def _memory() -> Finding:
    """Memory that is free now, within the limit of a container where there is one."""
    there = memory()
    if not there.total:
        return Finding("memory", "cannot be told without psutil")
    found = f"{there.free / GIB:.1f} GiB free of {there.total / GIB:.1f} GiB"
    if there.free < LEAST_MEMORY_GIB * GIB:
        return Finding("memory", found, "worth knowing", "close other programs: a large CT may not fit")
    return Finding("memory", found)


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free
    found = f"{free / GIB:.1f} GiB free in the working folder"
    if free < LEAST_DISK_GIB * GIB:
        return Finding("disk", found, "worth knowing", "free some space, or write to another disk")
    return Finding("disk", found)


def examine_device() -> list[Finding]:
    """The device that `--device auto` takes, its precision, and a GPU that lies idle."""
    if importlib.util.find_spec("torch") is None:
        return [Finding("device", "cannot be told without torch", "missing", "install torch first")]
    from ..inference.device import choose_device

    choice = choose_device("auto")
    findings = [
        Finding("device", f"{choice.device}: {choice.device_reason}"),
        Finding("precision", f"{choice.precision}: {choice.precision_reason}"),
    ]
    if not choice.is_cuda:
        present = Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None
        if present:
            advice = "install a build of torch for CUDA that suits the driver (see the README), or update the driver"
            findings.append(Finding("GPU", "an NVIDIA driver is here, and is not used", "worth knowing", advice))
        else:
            findings.append(Finding("GPU", "no NVIDIA driver found; the CPU does the work"))
    return findings


def examine_models() -> list[Finding]:
    """The packaged networks: whether each can be read whole."""
    from ..model import available, load_model

    if not available():
        return [
            Finding("models", "none is packaged", "missing", "install LungTumorSeg whole, or give --model a folder")
        ]
    findings = []
    for name in available():
        try:
            model = load_model(name)
            count = sum(tensor.numel() for tensor in model.state_dict().values())
            findings.append(Finding(f"model {name}", f"version {model.version}, {count / 1e6:.1f} M parameters"))
        except (InputError, ModuleNotFoundError) as error:
            findings.append(Finding(f"model {name}", str(error), "missing", "install LungTumorSeg again"))
    return findings


def examine_worker() -> list[Finding]:
    """The process that segments for the module in 3D Slicer: whether it starts."""
    from ..worker import Worker

    worker, began = Worker(), time.monotonic()
    try:
        worker.start()
        while worker.state == "starting" and time.monotonic() < began + WORKER_STARTS_WITHIN_S:
            time.sleep(0.02)
            worker.poll()
        if worker.state == "ready":
            return [Finding("worker of the module", f"starts in {time.monotonic() - began:.1f} s")]
        reason = worker.failure.message if worker.failure else f"is silent for {WORKER_STARTS_WITHIN_S:.0f} s"
        return [Finding("worker of the module", "does not start", "missing", reason)]
    finally:
        worker.close()
