"""Train every recipe small, by heart, on data made for it, and print what its model does with that data.

Each recipe goes through the public commands alone: prepare, train (killed at its first checkpoint, and resumed),
export, segment, evaluate. What is finished is kept in the folder, so the same command goes on after any ending;
another setting of a recipe begins that recipe anew. As many recipes at a time as there are cores, by default.

    make systems                                                        # all of them, into the folder systems
    python Testing/benchmark/systems.py -o systems --recipe lungs-2d    # one of them
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from LungTumorSegLib.volume.files import write_text
from support.small_systems import SYSTEMS, SmallSystem
from support.system_runs import CommandError, SystemRun

HEAD = (
    "| system | data | cases | steps (killed after) | training, s | in all, s | Dice by `segment`: worst case | aim "
    "| by `evaluate` | model |\n|---|---|---|---|---|---|---|---|---|---|"
)
FOOT = "Each was trained and scored on the same few made-up cases, which shows that it learns, and not how good it is."


def row(system: SmallSystem, record: dict, model: Path) -> str:
    """Return a system's row of the table."""
    seconds = record["seconds"]
    cases = list(record["dice"].values())
    worst = {label: min(case[label] for case in cases) for label in cases[0]}
    cells = (
        system.recipe,
        system.layout,
        len(cases),
        f"{record['steps']} ({record['killed_after']})",
        f"{seconds['train']:.0f}",
        f"{sum(seconds.values()):.0f}",
        ", ".join(f"{label} {dice:.3f}" for label, dice in worst.items()),
        f"{system.least_dice:g}",
        measures(record["scores"]) or "–",
        model,
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def measures(scores: dict) -> str:
    """Say what `evaluate` measured beside the Dice of cases: by class, by subtype, by slice."""
    parts = []
    if classes := scores.get("classes"):
        pooled = zip(classes["names"], classes["pooled_dice"], strict=True)
        parts.append("pooled Dice " + ", ".join(f"{name} {dice:.3f}" for name, dice in pooled if name != "Background"))
    if subtypes := scores.get("subtype_summary"):
        parts.append(f"macro-F1 {subtypes['macro_f1']:.2f}")
    if slices := scores.get("slice_summary"):
        parts.append(f"by slice: accuracy {slices['mean_accuracy']:.3f}, Dice {slices['mean_dice']:.3f}")
    found, annotated = (sum(case[key] for case in scores["cases"]) for key in ("lesions_found", "lesions"))
    if annotated:
        parts.append(f"lesions found {found} of {annotated}")
    return "; ".join(parts)


def shortcomings(system: SmallSystem, record: dict) -> list[str]:
    """Name what is below the aim."""
    found = [
        f"{system.recipe}: {label} of {case} has a Dice of {dice:.3f}, below {system.least_dice:g}"
        for case, labels in record["dice"].items()
        for label, dice in labels.items()
        if dice < system.least_dice
    ]
    f1 = record["scores"].get("subtype_summary", {}).get("macro_f1", 1.0)
    return found if f1 == 1.0 else [*found, f"{system.recipe}: macro-F1 is {f1:.2f}, below 1"]


def run_all(systems: list[SmallSystem], folder: Path, jobs: int) -> tuple[dict[str, dict], list[str]]:
    """Complete every system, ``jobs`` at a time; the records, and what went wrong."""
    children: list[subprocess.Popen] = []
    records, failures = {}, []
    pool = ThreadPoolExecutor(jobs)

    def complete(system: SmallSystem) -> dict:
        return SystemRun(system, folder / system.recipe, children).complete()

    try:
        asked = {pool.submit(complete, system): system.recipe for system in systems}
        for future in as_completed(asked):
            name = asked[future]
            try:
                records[name] = future.result()
                print(f"{name}: done", file=sys.stderr)
            except CommandError as error:
                failures.append(f"{name}: {error}")
                print(failures[-1], file=sys.stderr)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in [*children]:
            child.kill()
    return records, failures


def main() -> int:
    """Train what was asked for, print the table and write it; 1 where an aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("systems"), help="folder (default: systems)")
    parser.add_argument("--recipe", action="append", choices=sorted(SYSTEMS), help="by default all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="recipes at a time (default: cores)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the commands that are going on end with this program
    chosen = [system for name, system in SYSTEMS.items() if name in (arguments.recipe or SYSTEMS)]
    begin = time.perf_counter()
    try:
        records, failures = run_all(chosen, arguments.output, arguments.jobs)
    except KeyboardInterrupt:
        print("stopped; the same command goes on", file=sys.stderr)
        return 130
    rows = [row(s, records[s.recipe], arguments.output / s.recipe / "model") for s in chosen if s.recipe in records]
    if not rows:  # what went wrong was said
        return 1
    failures += [line for s in chosen if s.recipe in records for line in shortcomings(s, records[s.recipe])]
    table = "\n".join([HEAD, *rows, "", FOOT, "Not for clinical use.", *(["", *failures] if failures else [])])
    write_text(arguments.output / "RESULTS.md", table + "\n")
    print(f"{table}\n\n{time.perf_counter() - begin:.0f} s; also in {arguments.output / 'RESULTS.md'}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
