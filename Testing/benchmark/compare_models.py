"""Two or more models on the same scans, case by case and by slice spacing, tumour size and place, as Markdown tables.

Each is scored by the public command `evaluate`. Models are packaged ones by name, or model folders.

    python Testing/benchmark/compare_models.py DATA/test -o FOLDER --model lung-tumor --model MODEL
    python Testing/benchmark/compare_models.py DATA/test -o FOLDER --model … --model … --cases CASE      # quick
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from LungTumorSegLib.evaluation.tables import STRATUM_TITLES, figure, markdown

CASE_FIGURES: dict[str, Callable[[dict], str]] = {
    "found mL": lambda case: figure(case["predicted_ml"], 1),
    "Dice": lambda case: figure(case["dice"], 3),
    "volume error": lambda case: figure(case["relative_volume_error"]),
    "RECIST error": lambda case: figure(case["recist_relative_error"]),
    "HD95 mm": lambda case: figure(case["hd95_mm"], 1),
    "lesions found": lambda case: f"{case['lesions_found']} of {case['lesions']}",
    "false positives": lambda case: str(case["false_positives"]),
    "s": lambda case: figure(case["seconds"], 1),
}
STRATUM_FIGURES: dict[str, Callable[[dict], str]] = {
    "found": lambda stratum: f"{stratum['lesions_found']} of {stratum['lesions']}",
    "mean lesion Dice": lambda stratum: figure(stratum["mean_lesion_dice"], 3),
}
SUMMARY = {
    "mean_dice": "mean Dice",
    "median_dice": "median Dice",
    "sensitivity": "lesions found",
    "false_positives_per_scan": "false positives a scan",
    "false_positives_per_tumor_free_scan": "false positives a tumour-free scan",
    "mean_relative_volume_error": "mean relative volume error",
    "mean_recist_relative_error": "mean relative RECIST error",
}


def evaluate(model: str, arguments: argparse.Namespace) -> dict:
    """Score one model, or end with what the command says."""
    folder = arguments.output / Path(model).name
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / "scores.json"
    outputs = ("--report", report, "--picture", folder / "scores.png", "--save-masks", folder / "masks")
    cases = ("--cases", arguments.cases) if arguments.cases else ()
    command = ("evaluate", "--model", model, "--data", arguments.data, *outputs, *cases)
    done = subprocess.run(
        [sys.executable, "-m", "LungTumorSegLib", *map(str, command)], check=False, stdout=sys.stderr
    )
    if done.returncode:
        sys.exit(done.returncode)
    return json.loads(report.read_text(encoding="utf-8"))


def case_table(reports: dict[str, dict]) -> str:
    """Lay out a row for each case and model."""
    columns = ("case", "reference mL", "model", *CASE_FIGURES)
    by_model = {model: {case["case"]: case for case in report["cases"]} for model, report in reports.items()}
    rows = []
    for name, first in next(iter(by_model.values())).items():
        for number, (model, cases) in enumerate(by_model.items()):
            about = ("", "") if number else (name, figure(first["reference_ml"], 1))
            rows.append((*about, model, *(write(cases[name]) for write in CASE_FIGURES.values())))
    return markdown(columns, rows)


def strata_table(reports: dict[str, dict]) -> str:
    """Lay out a row for each stratum that holds a lesion, with each model's figures side by side."""
    columns = ("", *(f"{model}: {title}" for model in reports for title in STRATUM_FIGURES))
    strata = [report["strata"] for report in reports.values()]
    rows = [
        (f"{title}: {name}", *(write(one[quantity][name]) for one in strata for write in STRATUM_FIGURES.values()))
        for quantity, title in STRATUM_TITLES.items()
        for name, stratum in strata[0][quantity].items()
        if stratum["lesions"]
    ]
    return markdown(columns, rows)


def summary_table(reports: dict[str, dict]) -> str:
    """Lay out the figures of the whole data set."""
    summaries = [report["summary"] for report in reports.values()]
    rows = [(title, *(figure(summary[key]) for summary in summaries)) for key, title in SUMMARY.items()]
    return markdown(("", *reports), rows)


def read_arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for reports, masks and pictures")
    parser.add_argument(
        "--model", action="append", required=True, metavar="NAME_OR_FOLDER", help="give it once a model"
    )
    parser.add_argument("--cases", metavar="CASE,…", help="only these")
    arguments = parser.parse_args(words)
    names = [Path(model).name for model in arguments.model]
    if len({*names}) < len(names):
        parser.error("two models have the same name; their reports would go to one folder")
    return arguments


def main(words: Sequence[str] | None = None) -> None:
    """Evaluate, and print."""
    arguments = read_arguments(words)
    reports = {Path(model).name: evaluate(model, arguments) for model in arguments.model}
    print("\n\n".join(table(reports) for table in (case_table, strata_table, summary_table)))
    print("\nSo few scans cannot show how good a network is. Not for clinical use.")


if __name__ == "__main__":
    main()
