"""TensorFloat-32: float32 multiplied with 10 bits of mantissa on the tensor cores of NVIDIA cards from Ampere on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from .device import DeviceChoice

AMPERE = (8, 0)


@contextmanager
def tensor_float_32(enabled: bool) -> Iterator[None]:
    """Let CUDA multiply float32 in TF32, or not, and put torch's settings back at the end, whatever happens.

    PyTorch allows it in convolutions of its own accord and in matrix products not; here both follow ``enabled``, so
    that float32 means float32 unless the recipe says otherwise.
    """
    switches = (torch.backends.cudnn, torch.backends.cuda.matmul)
    before = [switch.allow_tf32 for switch in switches]
    try:
        for switch in switches:
            switch.allow_tf32 = enabled
        yield
    finally:
        for switch, value in zip(switches, before, strict=True):
            switch.allow_tf32 = value


def tensor_float_32_in_words(enabled: bool, device: DeviceChoice) -> str:
    """Say what the setting does on this device."""
    if not enabled:
        return "off"
    if not device.is_cuda:
        return "on: no effect on the CPU"
    if torch.cuda.get_device_capability(device.device) < AMPERE:
        return "on: no effect, the card is older than Ampere"
    if device.precision != "float32":
        return f"on: next to no effect, convolutions are computed in {device.precision}"
    return "on: convolutions and matrix products"
