"""Where each process of a run computes, how precisely, and with how many threads."""

from __future__ import annotations

import os
from dataclasses import replace

from ...errors import InputError
from ...inference.device import DeviceChoice, choose_device
from ...machine import usable_cores
from ...wording import counted


def training_device(request: str, precision: str, local_rank: int = 0, local_count: int = 1) -> DeviceChoice:
    """Choose device and precision of one of the processes on this machine.

    Parameters
    ----------
    request : str
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``. Of several processes each takes the GPU of its own number.
    precision : str
        The recipe's ``training.precision``.
    local_rank, local_count : int
        Number of the process on this machine, from 0, and how many there are.

    Raises
    ------
    InputError
        There are fewer GPUs than processes, or what was asked for is not there.
    """
    if local_count > 1 and (reason := gpu_shortage(request, local_count)):
        raise InputError(reason, f"--device {request}", "use fewer --processes, or --device cpu")
    if local_count > 1 and uses_gpus(request):
        request = f"cuda:{local_rank}"
    choice = choose_device(request, precision)
    if choice.is_cuda and choice.precision == "float32":
        return replace(choice, precision_reason=f"{choice.precision_reason}; products in TF32")
    return choice


def uses_gpus(request: str) -> bool:
    """Tell whether several processes would compute on GPUs: where there are any, unless the CPU is asked for."""
    import torch

    return request != "cpu" and torch.cuda.device_count() > 0


def gpu_shortage(request: str, processes: int) -> str | None:
    """Say why ``processes`` on this machine cannot have a GPU each; None if they can, or compute on the CPU.

    Nothing is computed, so that a process that only starts others holds no memory of a GPU.
    """
    import torch

    if request.startswith("cuda:"):
        return "several processes take one GPU each, and this names one for all"
    if not uses_gpus(request):
        return None if request != "cuda" else "there is no GPU that PyTorch can use"
    there = torch.cuda.device_count()
    lacking = f"there {'is' if there == 1 else 'are'} {counted(there, 'GPU')} for {processes} processes"
    return lacking if there < processes else None


def threads_for(processes: int) -> int:
    """Threads of each of several processes on this machine: the cores, divided."""
    return max(1, usable_cores() // processes)


def share_threads(processes: int) -> None:
    """Let this process use its share of the cores, unless the environment (``OMP_NUM_THREADS``) says how many."""
    import torch

    if processes > 1 and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(threads_for(processes))
