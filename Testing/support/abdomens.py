"""A small data set of abdomens with a pancreas and a cancer in it, in the Medical Segmentation Decathlon's layout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from LungTumorSegLib.volume import Grid, Volume, write_mask, write_volume

PANCREAS, CANCER = 1, 2
# Size and spacing of the scans, xyz: none has the recipe's spacing exactly, and the second has fewer slices.
GRIDS = (((60, 48, 26), (0.85, 0.85, 2.4)), ((56, 50, 14), (0.8, 0.8, 3.0)), ((52, 52, 24), (0.9, 0.9, 2.5)))


def abdomen(number: int) -> tuple[Volume, Volume]:
    """Make scan ``number``: its HU (int16), and the labels of its pancreas and the cancer in it (uint8).

    A few centimetres of the upper abdomen: fat with liver, spine and air-filled bowel in it, and across its middle the
    pancreas, a bent rod of 8 mm radius that enhances more than the liver; in it a ball that enhances less.
    """
    size, spacing = GRIDS[number % len(GRIDS)]
    grid = Grid(size, spacing, (-20.0, -20.0, -30.0))
    rng = np.random.default_rng(number)
    axes = [step * (np.arange(n) - (n - 1) / 2) for n, step in zip(grid.shape, grid.spacing[::-1], strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij")  # mm from the middle; x to the left, y to the back, z upwards
    hu = np.full(grid.shape, -90.0)
    hu[np.hypot(x + 22, y + 6) < 12] = 70.0  # liver
    hu[np.hypot(x, y - 20) < 7] = 350.0  # spine
    hu[np.hypot(x - 16, y + 17) < 5] = -900.0  # bowel
    middle = 4 - 0.012 * (x + 4) ** 2 + rng.uniform(-2, 2)
    rod = (np.hypot(y - middle, 0.8 * (z - rng.uniform(-2, 2))) < 8) & (np.abs(x) < 17)
    place = rng.uniform(-6, 6)
    ball = rod & ((x - place) ** 2 + (y - 4) ** 2 + z**2 < 6.5**2)
    hu[rod], hu[ball] = 140.0, 10.0
    hu += rng.normal(0, 8, grid.shape)
    label = np.where(ball, CANCER, np.where(rod, PANCREAS, 0)).astype(np.uint8)
    return Volume(hu.clip(-1024, 3071).round().astype(np.int16), grid), Volume(label, grid)


def write_abdomens(folder: Path, count: int = 2) -> dict[str, tuple[Volume, Volume]]:
    """Write ``count`` of them, and return each scan and its labels by the case's name."""
    cases = {f"pancreas_{number:03}": abdomen(number) for number in range(count)}
    for name, (ct, label) in cases.items():
        write_volume(folder / "imagesTr" / f"{name}.nii.gz", ct)
        write_mask(folder / "labelsTr" / f"{name}.nii.gz", label)
    listing = {
        "name": "Pancreas",
        "modality": {"0": "CT"},
        "labels": {"0": "background", "1": "pancreas", "2": "cancer"},
        "numTraining": count,
        "training": [{"image": f"./imagesTr/{name}.nii.gz", "label": f"./labelsTr/{name}.nii.gz"} for name in cases],
    }
    (folder / "dataset.json").write_text(json.dumps(listing), encoding="utf-8")
    return cases


def dice(found: np.ndarray, wanted: np.ndarray) -> float:
    """Dice of two masks (bool), not both empty."""
    return 2 * np.count_nonzero(found & wanted) / (np.count_nonzero(found) + np.count_nonzero(wanted))
