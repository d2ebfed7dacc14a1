"""Which devices there are, as the client shows them."""

from __future__ import annotations

from dataclasses import asdict, replace

from ..inference.device import choose_device, cuda_obstacle, processor_name
from ..machine import memory
from .outcome import DeviceInfo


def examine() -> tuple[list[dict], dict]:
    """Look at the processor and the graphics cards.

    Returns
    -------
    devices : list of dict
        `DeviceInfo` by its attributes: the CPU, then the graphics cards.
    automatic : dict
        The one that ``"auto"`` means, with the reason.
    """
    choice = choose_device("auto")
    devices = [_processor(), *_graphics_cards(choice.device)]
    automatic = next(device for device in devices if device.device == choice.device)
    return [asdict(device) for device in devices], asdict(replace(automatic, reason=choice.device_reason))


def _processor() -> DeviceInfo:
    there = memory()
    known = (there.free, there.total) if there.total else (None, None)
    return DeviceInfo("cpu", processor_name(), *known)


def _graphics_cards(chosen: str) -> list[DeviceInfo]:
    """Describe the CUDA devices; looking at free memory takes some of it, so only at the chosen one's."""
    import torch

    cards = []
    for index in range(torch.cuda.device_count()):
        device = f"cuda:{index}"
        properties = torch.cuda.get_device_properties(index)
        card = DeviceInfo(device, properties.name, None, properties.total_memory)
        if device == chosen:
            card = replace(card, free_bytes=torch.cuda.mem_get_info(index)[0])
        elif index == 0:
            card = replace(card, usable=False, reason=cuda_obstacle(0) or "")
        cards.append(card)
    return cards
