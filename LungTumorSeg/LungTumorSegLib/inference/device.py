"""Which device runs the network, in which precision, and why."""

from __future__ import annotations

import platform
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import InputError

PRECISIONS = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class DeviceChoice:
    """A device and a precision, each with the reason for it.

    Attributes
    ----------
    device : str
        ``"cpu"`` or ``"cuda:N"``, as torch names it.
    device_reason : str
        Why this device.
    precision : str
        ``"float32"``, ``"bfloat16"`` or ``"float16"``: what convolutions are computed in. Weights, normalisation
        and the blending of windows stay float32.
    precision_reason : str
        Why this precision.
    """

    device: str
    device_reason: str
    precision: str = "float32"
    precision_reason: str = "exact"

    @property
    def is_cuda(self) -> bool:
        """Whether the network runs on a CUDA device."""
        return self.device.startswith("cuda")

    def autocast(self):
        """Return the context in which torch computes in this precision on this device."""
        import torch

        kind, dtype = self.device.partition(":")[0], getattr(torch, self.precision)
        return torch.autocast(kind, dtype, enabled=dtype != torch.float32)

    def describe(self) -> str:
        """Return one line for logs and for ``doctor``."""
        return f"{self.device} ({self.device_reason}), {self.precision} ({self.precision_reason})"

    def as_dict(self) -> dict[str, str]:
        """Return the report's ``device`` part."""
        return asdict(self)


def choose_device(request: str = "auto", precision: str = "auto") -> DeviceChoice:
    """Choose where and how precisely the network is computed.

    Parameters
    ----------
    request : str
        ``"auto"`` (a CUDA device where one is usable, else the CPU), ``"cpu"``, ``"cuda"`` (the first one) or
        ``"cuda:N"``.
    precision : str
        ``"auto"`` (the fastest that the device computes natively) or one of `PRECISIONS`.

    Raises
    ------
    InputError
        A device or precision was asked for by name and is not there. Nothing else is used in its place.
    """
    if request == "auto":
        device, reason = _automatic_device()
    elif request == "cpu":
        device, reason = "cpu", "asked for"
    elif re.fullmatch(r"cuda(:\d+)?", request):
        device, reason = _requested_cuda(request)
    else:
        raise InputError(f"unknown device {request!r}", do="use auto, cpu, cuda or cuda:N")
    return DeviceChoice(device, reason, *_choose_precision(device, precision))


def _automatic_device() -> tuple[str, str]:
    obstacle = cuda_obstacle(0)
    if obstacle is not None:
        return "cpu", f"because {obstacle}"
    return "cuda:0", f"the fastest here: {_cuda_name(0)}"


def _requested_cuda(request: str) -> tuple[str, str]:
    index = int(request.partition(":")[2] or 0)
    obstacle = cuda_obstacle(index)
    if obstacle is not None:
        raise InputError(f"the device {request} cannot be used: {obstacle}", do="use --device cpu or --device auto")
    return f"cuda:{index}", f"asked for: {_cuda_name(index)}"


def _cuda_name(index: int) -> str:
    import torch

    return torch.cuda.get_device_name(index)


def cuda_obstacle(index: int) -> str | None:
    """Say why CUDA device ``index`` cannot be used, or return None where it computes.

    A device may be listed and yet be useless (too old for this torch, taken exclusively, out of memory), so a small
    sum is computed on it.
    """
    import torch

    if torch.version.cuda is None and torch.version.hip is None:
        return f"this PyTorch ({torch.__version__}) is built for the CPU only"
    count = torch.cuda.device_count()
    if count == 0 or not torch.cuda.is_available():
        return "no CUDA device with a working driver was found"
    if index >= count:
        return f"there are {count} CUDA devices, numbered from 0" if count > 1 else "there is one CUDA device, cuda:0"
    try:
        total = torch.ones(2, device=f"cuda:{index}").sum().item()
    except RuntimeError as error:
        return f"{_cuda_name(index)} does not compute ({str(error).splitlines()[0]})"
    return None if total == 2 else f"{_cuda_name(index)} computes wrongly"


def _choose_precision(device: str, precision: str) -> tuple[str, str]:
    if precision not in ("auto", *PRECISIONS):
        raise InputError(f"unknown precision {precision!r}", do=f"use auto, {', '.join(PRECISIONS)}")
    if precision == "float32":
        return "float32", "asked for"
    if device == "cpu":
        native = cpu_precisions(cpu_flags())
    else:
        import torch

        native = cuda_precisions(torch.cuda.get_device_capability(device))
    if precision == "auto":
        return next(iter(native.items()))
    if precision not in native:
        raise InputError(
            f"{device} does not compute {precision} natively: {native['float32']}", do="use precision auto or float32"
        )
    return precision, "asked for"


def cuda_precisions(capability: tuple[int, int]) -> dict[str, str]:
    """List what a CUDA device of this compute capability computes fast, the preferred one first, with reasons.

    Ampere (8.0) brought bfloat16 to the tensor cores, Volta (7.0) float16; bfloat16 is preferred because its range is
    that of float32, so nothing overflows.
    """
    name = f"compute capability {capability[0]}.{capability[1]}"
    precisions = {}
    if capability >= (8, 0):
        precisions["bfloat16"] = f"{name} has it on its tensor cores"
    if capability >= (7, 0):
        precisions["float16"] = f"{name} has it on its tensor cores"
    precisions["float32"] = f"{name} is below 7.0 and has no tensor cores" if capability < (7, 0) else "exact"
    return precisions


def cpu_precisions(flags: frozenset[str]) -> dict[str, str]:
    """List what a CPU with these features computes fast, the preferred one first, with reasons.

    Without AVX512_BF16 or AMX, bfloat16 is emulated and slower than float32; float16 always is.
    """
    for flag, name in (("amx_bf16", "AMX"), ("avx512_bf16", "AVX512_BF16")):
        if flag in flags:
            return {"bfloat16": f"this CPU has it ({name})", "float32": "exact; float16 is slower than it on a CPU"}
    return {"float32": "this CPU has neither AVX512_BF16 nor AMX"}


def processor_name() -> str:
    """Return what the processor calls itself."""
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cpu_flags() -> frozenset[str]:
    """Return which of ``avx512_bf16`` and ``amx_bf16`` this CPU has; from torch, else from ``/proc/cpuinfo``."""
    import torch

    # These are torch's own checks (torch.compile uses them), but their names are not a promise.
    checks = {"avx512_bf16": "_is_avx512_bf16_supported", "amx_bf16": "_is_amx_tile_supported"}
    if all(hasattr(torch.cpu, name) for name in checks.values()):
        return frozenset(flag for flag, name in checks.items() if getattr(torch.cpu, name)())
    listing = Path("/proc/cpuinfo")
    listed = set(listing.read_text().split()) if listing.exists() else set()
    return frozenset(checks.keys() & listed)
