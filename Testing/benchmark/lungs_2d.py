"""Lungs Dice of `lungs-2d` on real chest CTs: trained on some patients, tried on others.

The data folder has a folder a case, ``train/CASE`` and ``test/CASE``, with ``ct.nii.gz`` or ``dicom/`` and
``lungs.nii.gz``; cases without lungs are passed over. Every step is a public command: `train`, `export`, `segment`.
Prints a Markdown table with a row for each test case.

    python Testing/benchmark/lungs_2d.py DATA -o FOLDER                  # the recipe as it is; wants a GPU
    python Testing/benchmark/lungs_2d.py DATA -o FOLDER --coarse         # 2.5 mm pixels, 1500 steps: minutes on a CPU
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

COARSE = {
    "preparation.spacing_mm": "[2.5, 2.5, null]",
    "training.patch_size": "[192, 192, 1]",
    "inference.window_size": "[192, 192, 1]",
    "training.steps": 1500,
    "training.steps_per_epoch": 150,
}
LUNGS = "lungs.nii.gz"


def command(*arguments: object) -> None:
    """Run a command of the package, or end with it."""
    done = subprocess.run(
        [sys.executable, "-m", "LungTumorSegLib", *map(str, arguments)], check=False, stdout=sys.stderr
    )
    if done.returncode:
        sys.exit(done.returncode)


def image_of(case: Path) -> Path:
    """The CT of a case."""
    return case / "dicom" if (case / "dicom").is_dir() else case / "ct.nii.gz"


def write_listing(cases: list[Path], folder: Path) -> Path:
    """Link the training cases together as a data set in the Decathlon's layout."""
    for case in cases:
        for part, source in (("imagesTr", image_of(case)), ("labelsTr", case / LUNGS)):
            link = folder / part / f"{case.name}.nii.gz"
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(source.resolve())
    pairs = [{"image": f"imagesTr/{case.name}.nii.gz", "label": f"labelsTr/{case.name}.nii.gz"} for case in cases]
    (folder / "dataset.json").write_text(json.dumps({"training": pairs}))
    return folder


def main() -> None:
    """Train, export, segment, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the run, the model and the masks")
    parser.add_argument("--coarse", action="store_true")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the recipe")
    arguments = parser.parse_args()
    training, testing = (
        sorted(mask.parent for mask in (arguments.data / part).glob(f"*/{LUNGS}")) for part in ("train", "test")
    )
    folder = arguments.output
    data = write_listing(training, folder / "data")
    changes = [f"{key}={value}" for key, value in (COARSE if arguments.coarse else {}).items()]
    changes = ["training.validation_share=0", *changes, *arguments.set]
    began = time.perf_counter()
    settings = [part for change in changes for part in ("--set", change)]
    command("train", "--recipe", "lungs-2d", "--data", data, "-o", folder / "run", *settings)
    seconds = time.perf_counter() - began
    command("export", folder / "run", "-o", folder / "model")
    print(f"Trained on {', '.join(case.name for case in training)} in {seconds:.0f} s.\n")
    print("| case | Dice | reference, mL | found, mL | HD95, mm |\n|---|---|---|---|---|")
    for case in testing:
        outputs = ("-o", folder / f"{case.name}.seg.nrrd", "--report", folder / f"{case.name}.json")
        command("segment", image_of(case), "--model", folder / "model", "--reference", case / LUNGS, *outputs)
        compared = json.loads((folder / f"{case.name}.json").read_text())["reference"]
        print(
            f"| {case.name} | {compared['dice']:.3f} | {compared['volume_ml']:.0f} | "
            f"{compared['found_volume_ml']:.0f} | {compared['hd95_mm']:.1f} |"
        )


if __name__ == "__main__":
    main()
