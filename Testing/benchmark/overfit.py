"""Overfit a recipe: train on two or three cases, and segment the same cases with the result.

A recipe that cannot reproduce its own training cases has a fault somewhere between reading and post-processing. Every
step is a public command: `train`, `export`, `segment`. Prints a Markdown table of the Dice of each case.

    python Testing/benchmark/overfit.py --recipe lung-tumor                      # on phantoms
    python Testing/benchmark/overfit.py --recipe lung-tumor --data DATA --cases lidc-0001,lidc-0003
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Nothing that hinders learning by heart: no augmentation, no synthesis, no held-out case, a short schedule.
PLAIN = {
    "training.validation_share": 0,
    "training.positive_share": 0.5,
    "training.augmentation.flip_left_right": 0,
    "training.augmentation.affine_probability": 0,
    "training.augmentation.noise_probability": 0,
    "training.augmentation.blur_probability": 0,
    "training.augmentation.shift_hu": 0,
    "training.augmentation.scale": 0,
    "training.synthesis.real": 1,
    "training.synthesis.nodule": 0,
    "training.synthesis.mass": 0,
    "training.synthesis.opacity": 0,
    "training.optimizer.averaging": 0.98,
    "postprocessing.components.minimum_confidence": 0,
}
# What each recipe needs to get there within minutes on two CPU cores.
SHORT = {
    "lung-tumor": {"training.steps": 800},
    # Few features and a small attention window: on a CPU a step then takes half a second.
    "lung-tumor-swinunetr": {
        "network": "{name: swinunetr, feature_size: 12, attention_window: 4}",
        "preparation.spacing_mm": "[2,2,2]",
        "training.steps": 900,
        "training.patch_size": "[64,64,64]",
        "training.positive_share": 0.7,
        "training.optimizer.learning_rate": 0.002,
        "training.optimizer.warmup_steps": 50,
        "training.optimizer.gradient_clip": 1,
        "training.optimizer.averaging": 0.95,
        "training.optimizer.weight_decay": 0,
        "inference.window_size": "[64,64,64]",
        "inference.overlap": 0.5,
        "postprocessing.components.minimum_volume_ml": 0.1,
        "postprocessing.border_refinement.enabled": "false",
    },
}


def command(*arguments: object) -> str:
    """Run a command of the package; its output, or this program's end."""
    finished = subprocess.run(
        [sys.executable, "-m", "LungTumorSegLib", *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=False
    )
    if finished.returncode:
        sys.exit(finished.returncode)
    return finished.stdout


def make_phantoms(folder: Path) -> Path:
    """Two synthetic chest CTs."""
    command("phantom", "-o", folder, "-n", 2, "--seed", 3)
    return folder


def overfit(recipe: str, data: Path, wanted: list[str], changes: list[str], folder: Path) -> tuple[list[str], float]:
    """Train, export and segment; a table row a case, and the seconds that training took."""
    from LungTumorSegLib.training.data.layouts import find_cases

    cases = find_cases(data)
    chosen = [case for case in cases if case.name in wanted] if wanted else [case for case in cases if case.mask][:3]
    others = ",".join(case.name for case in cases if case not in chosen)
    settings = PLAIN | SHORT.get(recipe, {})
    sets = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    sets += [part for change in changes for part in ("--set", change)]
    leave_out = ["--leave-out", others] if others else []
    start = time.perf_counter()
    command("train", "--recipe", recipe, "--data", data, "-o", folder / "run", *sets, *leave_out)
    seconds = time.perf_counter() - start
    command("export", folder / "run", "-o", folder / "model")
    rows = []
    for case in chosen:
        ignore = [part for path in case.ignore[:1] for part in ("--ignore", path)]
        report = folder / f"{case.name}.json"
        mask = folder / f"{case.name}.nii.gz"
        command(
            "segment", case.ct, "--model", folder / "model", "-o", mask, "--reference", case.mask, *ignore,
            "--report", report,
        )  # fmt: skip
        found = json.loads(report.read_text())["reference"]
        rows.append(f"| {recipe} | {case.name} | {found['volume_ml']:.1f} | {found['dice']:.3f} |")
    return rows, seconds


def main() -> None:
    """Overfit the recipes asked for, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", action="append", help="by default lung-tumor and lung-tumor-swinunetr")
    parser.add_argument("--data", type=Path, help="a data set; by default two phantoms")
    parser.add_argument("--cases", default="", help="names, by default the first three with a tumour")
    parser.add_argument("--set", action="append", default=[], help="further changes of the recipe")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        data = arguments.data or make_phantoms(Path(place) / "phantoms")
        table = []
        for recipe in arguments.recipe or ["lung-tumor", "lung-tumor-swinunetr"]:
            wanted = [name for name in arguments.cases.split(",") if name]
            rows, seconds = overfit(recipe, data, wanted, arguments.set, Path(place) / recipe)
            table += rows
            print(f"{recipe}: {seconds:.0f} s of training", file=sys.stderr)
    print("| recipe | case | tumour mL | Dice |\n|---|---|---|---|")
    print("\n".join(table))


if __name__ == "__main__":
    main()
