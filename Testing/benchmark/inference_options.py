"""Each option of inference against the plain way: windows, seconds, memory, and what it does to the mask.

    .venv/bin/python Testing/benchmark/inference_options.py --ct CT --reference MASK [--model MODEL]
    .venv/bin/python Testing/benchmark/inference_options.py --quick

The plain way is every window once, alone, in float32; an option changes that one thing, and the last line is the
model's own recipe (which may have a coarse pass first: that is measured against others by `bench.py`). Each runs in a
process of its own, `--turns` times after a window to warm up; seconds are from the CT in memory to its mask. `--set`
changes the recipe for all of them. `--quick` is one turn on a small phantom, without overlap. `--in-air` puts air and
a couch around a scan that was cut to the body.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.measurements.overlap import dice
from LungTumorSegLib.model import Model, load_model
from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.volume import Grid, Volume, read_ct, read_mask, write_mask, write_volume

PLAIN = (
    "inference.precision=float32",
    "inference.batch_size=1",
    "inference.mirror_axes=[]",
    "inference.quantization=null",
    "inference.coarse_overlap=null",
    "inference.windows=region",
    "inference.tf32=false",
)
OPTIONS = {
    "plain": (),
    "TF32": ("inference.tf32=true",),
    "mirroring x, y, z": ("inference.mirror_axes=[x, y, z]",),
    "two windows at once": ("inference.batch_size=2",),
    "batch size from memory": ("inference.batch_size=memory",),
    "fastest native precision": ("inference.precision=auto",),
    "int8": ("inference.quantization=int8",),
    "int8, batch size from memory": ("inference.quantization=int8", "inference.batch_size=memory"),
    "int8, fastest native precision": ("inference.quantization=int8", "inference.precision=auto"),
    "windows about the body": ("inference.windows=body",),
    "windows where labels are expected": ("inference.windows=expected",),
}
OWN = "the model's own recipe"
MIB = 2**20


def run_one(arguments: argparse.Namespace) -> None:
    """In a process of its own: predict, and print what was measured as JSON."""
    import torch

    from LungTumorSegLib.prediction import Predictor
    from LungTumorSegLib.prediction.predict import sliding_window

    model = load_model(arguments.model).used_with(arguments.set)
    ct = read_ct(arguments.ct)
    try:
        predictor = Predictor.load(model, arguments.device)
        window = sliding_window(predictor.recipe)
        image = torch.zeros((len(predictor.recipe.preparation.windows_hu), *window.window_zyx))
        window.run(predictor.network, image, device=predictor.device)
    except InputError as error:
        print(json.dumps({"refused": str(error)}))
        return
    seconds, networks = [], []
    for _ in range(arguments.turns):
        began = time.perf_counter()
        found = predictor.predict(ct)
        seconds.append(time.perf_counter() - began)
        networks.append(found.timing["network"])
    write_mask(arguments.mask, found.mask)
    on_gpu = predictor.device.is_cuda
    peak = torch.cuda.max_memory_allocated(predictor.device.device) if on_gpu else peak_of_process()
    print(
        json.dumps(
            {
                "windows": found.windows_run,
                "seconds": seconds,
                "network": statistics.median(networks),
                "peak": peak,
                "settings": found.settings,
            }
        )
    )


def peak_of_process() -> int:
    """Largest resident size of this process so far, in bytes (Linux counts in KiB, macOS in bytes)."""
    import resource

    told = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return told if sys.platform == "darwin" else told * 1024


def measure(name: str, settings: list[str], arguments: argparse.Namespace, folder: Path) -> dict:
    """Run one option in a fresh process; return what it printed, and its mask."""
    mask = folder / f"{name.replace(' ', '-').replace(',', '')}.nii.gz"
    command = [sys.executable, __file__, "--one", "--mask", str(mask), "--ct", str(arguments.ct)]
    command += ["--model", arguments.model, "--device", arguments.device, "--turns", str(arguments.turns)]
    for setting in settings:
        command += ["--set", setting]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr.strip().splitlines()[-1]}")
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return told | ({} if "refused" in told else {"mask": read_mask(mask).array})


def table(results: dict[str, dict], reference: np.ndarray | None, labels: dict[int, str]) -> str:
    """Return the results as a Markdown table."""
    names = " / ".join(labels.values())
    rows = [
        "| option | windows | seconds, median (range) | of these network | peak MiB "
        f"| Dice to the reference ({names}) | Dice to the plain way ({names}) |",
        "|---|---|---|---|---|---|---|",
    ]
    plain = results["plain"]["mask"]
    for name, told in results.items():
        if "refused" in told:
            rows.append(f"| {name} | – | {told['refused']} | | | | |")
            continue
        seconds = told["seconds"]
        spread = f"{statistics.median(seconds):.2f} ({min(seconds):.2f} – {max(seconds):.2f})"
        cells = [name, str(told["windows"]), spread, f"{told['network']:.2f}", f"{told['peak'] / MIB:.0f}"]
        cells += [dices(told["mask"], reference, labels), dices(told["mask"], plain, labels)]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def dices(found: np.ndarray, wanted: np.ndarray | None, labels: dict[int, str]) -> str:
    """Return the Dice of each label."""
    if wanted is None:
        return "–"
    pairs = [(found == label, wanted == label) for label in labels]
    return " / ".join(
        f"{dice(np.count_nonzero(a & b), np.count_nonzero(a), np.count_nonzero(b)):.4f}" if a.any() or b.any() else "–"
        for a, b in pairs
    )


def in_air(volume: Volume, fill: int, couch: int) -> Volume:
    """Put a scan (of any values) into one that is twice as wide and deep, with a couch behind it."""
    depth, width = volume.array.shape[1:]
    array = np.pad(volume.array, ((0, 0), (depth // 2,) * 2, (width // 2,) * 2), constant_values=fill)
    array[:, -depth // 8 - 2 : -depth // 8, :] = couch
    grid = volume.grid
    origin = grid.to_physical((-(width // 2), -(depth // 2), 0))
    return Volume(array, Grid(array.shape[::-1], grid.spacing, tuple(origin), grid.direction))


def options_for(model: Model, only: list[str]) -> dict[str, list[str]]:
    """List the options that the model's recipe can have, with all the settings of each."""
    chosen = {}
    for name, change in OPTIONS.items():
        limited = name.startswith("windows ")
        if (limited and model.recipe.preparation.region != "all") or (only and name not in ("plain", *only)):
            continue
        chosen[name] = [*PLAIN, *change]
    return chosen | ({} if only else {OWN: []})


def read_inputs(arguments: argparse.Namespace, folder: Path) -> np.ndarray | None:
    """Write the CT that is to be used, where it is made here, and return the reference's labels."""
    if arguments.quick:
        phantom = make_phantom(2, size=(112, 92, 56), spacing=(3.2, 3.2, 5.0))
        arguments.ct, arguments.turns = folder / "phantom.nii.gz", 1
        arguments.set = ["inference.overlap=0", *arguments.set]
        write_volume(arguments.ct, phantom.ct)
        return phantom.mask.array
    reference = read_mask(arguments.reference) if arguments.reference else None
    if arguments.in_air:
        ct = in_air(read_ct(arguments.ct), -1000, 150)
        arguments.ct = folder / "in_air.nii.gz"
        write_volume(arguments.ct, ct)
        reference = in_air(reference, 0, 0) if reference else None
    return None if reference is None else reference.array


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ct")
    parser.add_argument("--reference")
    parser.add_argument("--model", default="lung-tumor")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--option", action="append", default=[], choices=OPTIONS, help="only these, and the plain way")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--in-air", action="store_true")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--mask", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        run_one(arguments)
        return
    if not arguments.ct and not arguments.quick:
        parser.error("give --ct, or --quick")
    model = load_model(arguments.model)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        reference = read_inputs(arguments, folder)
        results = {}
        for name, settings in options_for(model, arguments.option).items():
            print(f"{name} …", file=sys.stderr)
            results[name] = measure(name, [*settings, *arguments.set], arguments, folder)
    print(table(results, reference, model.recipe.labels))
    for name, told in results.items():
        for key in ("batch_size", "quantization", "windows"):
            if key in told.get("settings", {}) and told["settings"][key] != results["plain"]["settings"][key]:
                print(f"- {name}: {key} {told['settings'][key]}")


if __name__ == "__main__":
    main()
