"""What the machine and the network allow at best: arithmetic of a window, the rate of its convolutions, memory.

    PYTHONPATH=Testing python -m benchmark.peers.floors --model MODEL [--device cpu]

Run as a process of its own; the rate is that of the network's own convolutions and matrix products, each alone on
inputs of the size that it meets in a window, which no blending, normalisation or activation slows down.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from LungTumorSegLib.inference.device import DeviceChoice, choose_device
from LungTumorSegLib.inference.sliding_window import usual_batch_size
from LungTumorSegLib.inference.tiles import arrange, memory_format
from LungTumorSegLib.model import load_model
from LungTumorSegLib.networks import load_network
from LungTumorSegLib.prediction import Predictor
from LungTumorSegLib.recipe import override

LAYERS = (nn.Conv3d, nn.ConvTranspose3d, nn.Linear)
TRIES = 5  # of which the fastest counts: it is a floor
COPIED = 512 * 512 * 300 * 2  # bytes; a CT


def measure(model_folder: Path, device: str) -> dict:
    """Measure the floors of a model's network, in float32 and in the device's own choice of precision.

    Returns
    -------
    dict
        ``gflop`` of a window, as the network was defined; of each precision ``layers_s`` (convolutions and matrix
        products alone, as (d) computes them), ``window_s`` (the whole network) and ``gflop_per_s``; all of a window
        in a batch of the usual size. ``copy_bytes_per_s`` of main memory.
    """
    model = load_model(model_folder)
    choices = [choose_device(device, precision) for precision in ("float32", "auto")]
    batch = usual_batch_size(choices[0])
    shape = (batch, len(model.recipe.preparation.windows_hu), *model.recipe.inference.window_size[::-1])
    windows = torch.randn(shape, device=device)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        load_network(model).to(device)(windows)
    gflop = counter.get_total_flops() / batch / 1e9
    rates = {}
    for choice in choices:
        recipe = override(model.recipe, [f"inference.precision={choice.precision}"])
        network = Predictor.load(replace(model, recipe=recipe), device).network.to(device)
        layout = memory_format(network, choice)
        arrange(network, layout)
        windows = windows.contiguous(memory_format=layout)
        layers_s = _layers_alone(network, windows, choice) / batch
        rates[choice.precision] = {
            "layers_s": layers_s,
            "window_s": _fastest(lambda network=network, windows=windows: network(windows), choice) / batch,
            "gflop_per_s": gflop / layers_s,
        }
    return {"gflop": gflop, "rates": rates, "copy_bytes_per_s": copy_rate()}


def copy_rate() -> float:
    """Return bytes/s at which an array of a CT's size is copied in main memory by one core."""
    source = np.ones(COPIED, np.uint8)
    target = np.ones(COPIED, np.uint8)
    seconds = []
    for _ in range(TRIES):
        began = time.perf_counter()
        np.copyto(target, source)
        seconds.append(time.perf_counter() - began)
    return COPIED / min(seconds)


def _layers_alone(network: nn.Module, windows: torch.Tensor, choice: DeviceChoice) -> float:
    """Add up the seconds of every convolution and matrix product of a batch, each run alone."""
    layout = memory_format(network, choice)
    met: Counter[tuple[nn.Module, tuple[int, ...]]] = Counter()
    hooks = [
        layer.register_forward_pre_hook(lambda layer, inputs: met.update([(layer, tuple(inputs[0].shape))]))
        for layer in network.modules()
        if isinstance(layer, LAYERS)
    ]
    with torch.inference_mode(), choice.autocast():
        network(windows)
    for hook in hooks:
        hook.remove()
    seconds = 0.0
    for (layer, shape), times in met.items():
        dtype = getattr(torch, choice.precision)
        inputs = torch.randn(shape, device=windows.device).to(dtype)
        if inputs.ndim == 5:
            inputs = inputs.contiguous(memory_format=layout)
        seconds += times * _fastest(lambda layer=layer, inputs=inputs: layer(inputs), choice)
    return seconds


def _fastest(work, choice: DeviceChoice) -> float:
    seconds = []
    with torch.inference_mode(), choice.autocast():
        for _ in range(TRIES + 1):  # the first chooses algorithms
            began = time.perf_counter()
            work()
            if choice.is_cuda:
                torch.cuda.synchronize()
            seconds.append(time.perf_counter() - began)
    return min(seconds[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--result", type=Path)
    given = parser.parse_args()
    text = json.dumps(measure(given.model, given.device))
    if given.result is None:
        print(text)
    else:
        given.result.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
