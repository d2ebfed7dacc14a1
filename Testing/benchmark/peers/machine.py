"""What a table was measured with: machine, versions, source code."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path

import psutil

import LungTumorSegLib
from LungTumorSegLib.inference.device import choose_device, processor_name
from LungTumorSegLib.machine import usable_cores

ONLY_TELL = ("growth_plot", "report", "tables", "targets")  # modules that measure nothing


def describe(device: str) -> dict[str, str]:
    """Name the machine, its cores and memory, and the versions."""
    choice = choose_device(device)
    names = ("torch", "monai", "numpy", "SimpleITK")
    return {
        "processor": processor_name(),
        "cores": str(usable_cores()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "device": choice.describe(),
        "precision": choice.precision,
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "versions": ", ".join(f"{name} {version(name)}" for name in names),
        "source": source_checksum(),
    }


def source_checksum() -> str:
    """Return a checksum of what is measured and how: records of another one are not put into the same table."""
    package, peers = Path(LungTumorSegLib.__file__).parent, Path(__file__).parent
    files = [*package.rglob("*.py"), *package.rglob("*.yaml")]
    files += [path for path in peers.glob("*.py") if path.stem not in ONLY_TELL]
    whole = hashlib.sha256()
    for path in sorted(files):
        whole.update(path.relative_to(package.parents[1]).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:16]


def one_line(told: dict[str, str], others: dict[str, str]) -> str:
    """Write `describe` as a sentence, with versions that contenders named besides."""
    more = [f"{name} {number}" for name, number in sorted(others.items()) if name not in ("torch", "monai")]
    return (
        f"{told['processor']}, {told['cores']} cores, {told['memory']}; {told['system']}, "
        f"{', '.join([told['versions'], *more])}; {told['device']}."
    )
