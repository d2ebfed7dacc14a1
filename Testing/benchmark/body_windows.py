"""What windows limited to the body, or to where labels are expected, keep of what is annotated on every real scan.

    LUNGTUMORSEG_DATA=DATA .venv/bin/python Testing/benchmark/body_windows.py

No abdominal scans are among them, so the place of the lungs stands for that of an organ: each scan's lungs are looked
for where those of all *other* scans lie in the body.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from LungTumorSegLib.lungs import LocatedRegion, Place, locate_body, place_of
from LungTumorSegLib.volume import Volume, read_ct, read_mask
from LungTumorSegLib.volume.orientation import Orientation
from support.lung_figures import find_ct, scans

MARGINS_MM = (0.0, 15.0, 30.0)
MASKS = ("tumor", "lungs", "ignore")


def kept(located: LocatedRegion, ct: Volume, mask: np.ndarray) -> float:
    """Share of a mask's voxels inside a region."""
    box = located.bounding_box()
    marked = Orientation.of(ct.grid).apply(mask)[box]
    return float(marked[located.on_part(box)].sum() / mask.sum())


def share(located: LocatedRegion) -> float:
    """Share of the scan that lies in the region."""
    return float(located.region.mean())


def union(places: list[Place]) -> Place:
    """The smallest place that holds all."""
    sides = np.array(places)  # (places, 2, 2): x and y, low and high
    return Place(*((float(side[:, 0].min()), float(side[:, 1].max())) for side in np.moveaxis(sides, 1, 0)))


def cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def read_masks(folder: Path) -> dict[str, np.ndarray]:
    files = {name: folder / f"{name}.nii.gz" for name in MASKS}
    masks = {name: read_mask(file).array > 0 for name, file in files.items() if file.exists()}
    return {name: mask for name, mask in masks.items() if mask.any()}


def main() -> None:
    with_lungs = {}
    print("| scan | s | body / scan | tumour in body | lungs in body | ignored masses in body |")
    print("|---|---|---|---|---|---|")
    for folder in scans(Path(os.environ["LUNGTUMORSEG_DATA"])):
        ct, masks = read_ct(find_ct(folder)), read_masks(folder)
        began = time.perf_counter()
        body = locate_body(ct)
        figures = [f"{time.perf_counter() - began:.1f}", f"{share(body):.2f}"]
        figures += [cell(kept(body, ct, masks[name]) if name in masks else None) for name in MASKS]
        print(f"| {folder.name} | {' | '.join(figures)} |", flush=True)
        if "lungs" in masks:
            with_lungs[folder.name] = ct, masks["lungs"]
    places = {name: place_of(*scan) for name, scan in with_lungs.items()}
    heads = [f"lungs kept, {margin:g} mm around | of the scan" for margin in MARGINS_MM]
    print(f"\n| scan | place of the others' lungs | {' | '.join(heads)} |\n|---|---|{'---|---|' * len(MARGINS_MM)}")
    for name, (ct, lungs) in with_lungs.items():
        place = union([other for scan, other in places.items() if scan != name])
        found = [locate_body(ct, place, margin) for margin in MARGINS_MM]
        cells = [f"{kept(region, ct, lungs):.4f} | {share(region):.2f}" for region in found]
        (right, left), (front, back) = place
        print(f"| {name} | x {right:.2f} – {left:.2f}, y {front:.2f} – {back:.2f} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
