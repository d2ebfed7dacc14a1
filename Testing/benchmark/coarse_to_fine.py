"""Print what the coarse pass saves and whether it changes anything, as a Markdown table.

.venv/bin/python Testing/benchmark/coarse_to_fine.py [--data DATA] [--phantoms N] [--device DEVICE] [--coarse F …]

Of each scan the same windows (overlap 0.8) are run once without a coarse pass and once with one of each overlap F, and
the masks compared after post-processing. With the packaged model's own minimum confidence and volume; beside it the
mask at overlap 0.5, and, where there is a reference, the Dice of all three. DATA holds cases with `ct.nii.gz` (or
`dicom/`) and `tumor.nii.gz`. `--phantoms 1` without data is the quick form.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from LungTumorSegLib.measurements.lesions import find_lesions
from LungTumorSegLib.model import load_model
from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.prediction import Prediction, Predictor
from LungTumorSegLib.recipe import override
from LungTumorSegLib.volume import Volume, read_ct, read_mask

OVERLAP = 0.8


def scans(data: Path | None, phantoms: int) -> Iterator[tuple[str, Volume, np.ndarray | None]]:
    """Give name, CT and reference of every scan."""
    for seed in range(phantoms):
        phantom = make_phantom(seed=seed)
        yield f"phantom {seed}", phantom.ct, phantom.mask.array > 0
    for folder in sorted(data.iterdir()) if data else ():
        ct = next((path for path in (folder / "ct.nii.gz", folder / "dicom") if path.exists()), None)
        if ct is not None:
            reference = folder / "tumor.nii.gz"
            yield folder.name, read_ct(ct), read_mask(reference).array > 0 if reference.exists() else None


def dice(a: np.ndarray, b: np.ndarray | None) -> str:
    """Dice of two masks; a dash without a second one or where both are empty."""
    total = 0 if b is None else np.count_nonzero(a) + np.count_nonzero(b)
    return f"{2 * np.count_nonzero(a & b) / total:.4f}" if total else "–"


def described(prediction: Prediction) -> str:
    """Volumes of the lesions found."""
    found = [f"{lesion.volume_ml:.1f}" for lesion in find_lesions(prediction.mask)]
    return " + ".join(found) or "none"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--phantoms", type=int, default=1)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--coarse", type=float, nargs="+", default=[0.4])
    arguments = parser.parse_args()

    packaged = Predictor.load(load_model("lung-tumor"), arguments.device)

    def predict(ct: Volume, overlap: float, coarse: float | None) -> Prediction:
        keys = [f"inference.overlap={overlap}", f"inference.coarse_overlap={'null' if coarse is None else coarse}"]
        return Predictor(override(packaged.recipe, keys), packaged.network, packaged.device).predict(ct)

    print(packaged.device.describe(), end="\n\n")
    print("| scan | coarse pass | windows | s | voxels that differ | lesions, mL | Dice to the reference |")
    print("|---|---|---|---|---|---|---|")
    for name, ct, reference in scans(arguments.data, arguments.phantoms):
        every = None
        for overlap, coarse in [(OVERLAP, None), *((OVERLAP, one) for one in arguments.coarse), (0.5, None)]:
            found = predict(ct, overlap, coarse)
            mask = found.mask.array > 0
            every = mask if every is None else every
            how = f"overlap {overlap:g}, " + ("every window" if coarse is None else f"{coarse:g} first")
            differing = np.count_nonzero(mask != every) if overlap == OVERLAP else "–"
            seconds = found.timing["network"]
            print(
                f"| {name} | {how} | {found.windows_run} | {seconds:.1f} | {differing} | {described(found)} "
                f"| {dice(mask, reference)} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
