"""The records of a benchmark as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .cases import Case
from .contenders import CONTENDERS, REFERENCE
from .job import STAGES
from .store import Store

GIB = 2**30
SHORT = {
    "loading": "network loaded",
    "reading": "read",
    "preparing": "prepare",
    "network": "network",
    "resampling": "resample, label",
    "postprocessing": "post-process",
    "writing": "write",
}


@dataclass(frozen=True)
class Line:
    """What was measured of a contender in a case, over all rounds.

    Attributes
    ----------
    key : str
        The contender.
    runs : list of dict
        Records of the rounds that went well.
    obstacle : str or None
        Why there are none.
    compared : dict or None
        Its entry of `comparing.compare_masks`.
    """

    key: str
    runs: list[dict]
    obstacle: str | None
    compared: dict | None

    def median(self, value: Callable[[dict], float]) -> float:
        """Median over the rounds."""
        return statistics.median(value(run) for run in self.runs)

    @property
    def seconds(self) -> float:
        """Median seconds from file to file, in a process that has imported what it needs."""
        return self.median(lambda run: run["seconds"])

    @property
    def wall(self) -> float:
        """Median seconds from the process's start to its end."""
        return self.median(lambda run: run["start_s"] + run["seconds"])

    @property
    def peak(self) -> float:
        """Median of the most memory (bytes), of the process and of those that it started."""
        return self.median(lambda run: max(run["peak_bytes"], run["tree_bytes"] if self.key != REFERENCE else 0))

    @property
    def per_window(self) -> float | None:
        """Median seconds of the stage "network" for each time that the network ran."""
        if not self.runs[0]["passes"]:
            return None
        return self.median(lambda run: run["stages"]["network"] / run["passes"])

    def dice(self, other: str) -> float | None:
        """Dice with another contender's mask, or the true one ("truth")."""
        return (self.compared or {}).get("dice", {}).get(other)


def lines_of(case: Case, store: Store) -> dict[str, Line]:
    """Put the records of a case together, for the contenders that have any."""
    compared = next((one["compared"] for one in reversed(store.of(case=case.key)) if "compared" in one), {})
    lines = {}
    for key in case.contenders:
        records = store.of(case=case.key, contender=key)
        if not records:
            continue
        runs = [one for one in records if "seconds" in one]
        first = records[0]
        obstacle = None if runs else first.get("skipped") or f"failed: {first['failed']}"
        lines[key] = Line(key, runs, obstacle, compared.get(key))
    return lines


def main_table(case: Case, lines: dict[str, Line]) -> str:
    """One line for each contender: windows, seconds in all, memory, Dice."""
    gpu = any(run["gpu_bytes"] is not None for line in lines.values() for run in line.runs)
    head = ["", "windows", "s in all", "least – most", "with process start", "times faster than (a)", "ms/window"]
    head += ["peak RSS, GiB", *(["GPU, GiB"] if gpu else []), "Dice with (a)", "Dice with the true mask", "rounds"]
    rows = [_main_row(line, lines.get(REFERENCE), case, gpu) for line in lines.values()]
    return markdown(head, rows)


def _main_row(line: Line, reference: Line | None, case: Case, gpu: bool) -> list[str]:
    name = CONTENDERS[line.key].name
    if not line.runs:
        return [name, line.obstacle]
    first, all_seconds = line.runs[0], [run["seconds"] for run in line.runs]
    faster = f"{reference.seconds / line.seconds:.1f}" if reference and reference.runs else "–"
    row = [name, _windows(first), f"{line.seconds:.1f}", f"{min(all_seconds):.1f} – {max(all_seconds):.1f}"]
    row += [f"{line.wall:.1f}", faster, f"{1000 * line.per_window:.0f}" if line.per_window else "–"]
    row += [f"{line.peak / GIB:.2f}", *([f"{first['gpu_bytes'] / GIB:.2f}"] if gpu else [])]
    alike = "1" if line.key == REFERENCE else _number(line.dice(REFERENCE), "{:.4f}")
    row += [alike, _number(line.dice("truth"), "{:.3f}")] if case.trained else ["–", "–"]
    row.append(str(len(line.runs)))
    return row


def _windows(run: dict) -> str:
    text = str(run["windows"])
    if run["total_windows"] and run["total_windows"] != run["windows"]:
        text += f" of {run['total_windows']}"
    if run["windows"] and run["passes"] != run["windows"]:
        text += f", x {run['passes'] // run['windows']}"
    return text


def stage_table(lines: dict[str, Line]) -> str:
    """One line for each contender: median seconds by stage."""
    rows = []
    for line in lines.values():
        if line.runs:
            told = [line.median(lambda run, stage=stage: run["stages"].get(stage, 0.0)) for stage in STAGES]
            rest = line.seconds - sum(told)
            started = line.median(lambda run: run["start_s"])
            rows.append([CONTENDERS[line.key].name, f"{started:.1f}", *(f"{s:.2f}" for s in told), f"{rest:.2f}"])
    return markdown(["seconds", "process start, imports", *(SHORT[stage] for stage in STAGES), "rest"], rows)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table; rows that are too short are filled up."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join([*line, *[""] * (len(head) - len(line))]) + " |" for line in lines)


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
