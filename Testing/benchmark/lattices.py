"""Print what the lattice and the overlap of the windows cost and what they bring, as a Markdown table.

    .venv/bin/python Testing/benchmark/lattices.py [DATA] [--phantoms N] [--device DEVICE]

The packaged network on every scan of DATA that has a `tumor.nii.gz` that is not empty; without DATA on a phantom. Sums
of windows and of the network's seconds; means of the Dice with the mask at overlap 0.8 as MONAI lays windows, and with
the reference.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmark.coarse_to_fine import scans
from LungTumorSegLib.measurements.overlap import dice
from LungTumorSegLib.model import load_model
from LungTumorSegLib.prediction import Predictor
from LungTumorSegLib.recipe import override

MOST = (0.8, "stepped")  # that the others are compared with
CHOICES = (MOST, (0.5, "stepped"), (0.5, "even"), (0.6, "even"), (0.6, "body_centred"), (0.75, "body_centred"))


@dataclass
class Row:
    """What one choice gave, scan by scan."""

    windows: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    alike: list[float] = field(default_factory=list)
    right: list[float] = field(default_factory=list)


def _dice(one: np.ndarray, other: np.ndarray) -> float:
    sizes = int(np.count_nonzero(one)), int(np.count_nonzero(other))
    return dice(int(np.count_nonzero(one & other)), *sizes) if sum(sizes) else 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--phantoms", type=int)
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    phantoms = int(arguments.data is None) if arguments.phantoms is None else arguments.phantoms

    packaged = Predictor.load(load_model("lung-tumor"), arguments.device)
    recipes = {
        (overlap, lattice): override(packaged.recipe, [f"inference.overlap={overlap}", f"inference.lattice={lattice}"])
        for overlap, lattice in CHOICES
    }
    rows = {choice: Row() for choice in CHOICES}
    for _, ct, reference in scans(arguments.data, phantoms):
        if reference is None or not reference.any():
            continue
        most = None
        for choice, row in rows.items():
            found = Predictor(recipes[choice], packaged.network, packaged.device).predict(ct)
            mask = found.mask.array > 0
            most = mask if most is None else most
            row.windows.append(found.windows_run)
            row.seconds.append(found.timing["network"])
            row.alike.append(_dice(mask, most))
            row.right.append(_dice(mask, reference))

    print(packaged.device.describe(), f"{len(rows[MOST].windows)} scans", sep="\n\n", end="\n\n")
    print("| overlap | lattice | windows | network, s | Dice with 0.8, stepped | Dice with the reference |")
    print("|---|---|---|---|---|---|")
    for (overlap, lattice), row in rows.items():
        cells = overlap, lattice, sum(row.windows), f"{sum(row.seconds):.1f}"
        print("|", " | ".join(map(str, (*cells, f"{mean(row.alike):.3f}", f"{mean(row.right):.3f}"))), "|")


if __name__ == "__main__":
    main()
