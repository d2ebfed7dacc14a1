"""All that a benchmark found, as Markdown, and into its place in RESULTS.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .cases import Case
from .growth import points, whole_body_bytes
from .growth_plot import curves, growth_tables
from .machine import one_line
from .store import Store
from .tables import lines_of, main_table, stage_table
from .targets import limit_text, targets_of, targets_table

BEGIN, END = "<!-- bench: begin (written by `make bench-full`) -->", "<!-- bench: end -->"
COMMANDS = {
    "tiny": "Testing/benchmark/bench.py --form tiny",
    "quick": "make bench",
    "full": "make bench-full",
}
NOTES = """\
Each line runs in a process of its own, from the CT's file (`.nii.gz`) to the mask's, in turns with the others; "s in
all" begins when everything is imported and before network and CT are read, "with process start" when the process
begins. Peak RSS is that of the whole process (with children), imports included. (a) looks at the whole CT, as Loux
2024 did, and in one line at the body's box, to which MONAI's tutorials crop; it takes 4 windows at a time, as these
do; a single one in float32 goes through a slow way of PyTorch's on CPUs, by which (b) goes as well. (b) gets one image
channel and no helper processes, which favours it, and stays in float32 on a CPU by its own choice. Dice compares masks
after the recipe's lung region and component filter, which are applied to those of (a), (b) and the first (c) with the
clock stopped (both are part of (d)'s time)."""


def report(form: str, cases: Sequence[Case], store: Store, with_growth: bool, picture: str | None = None) -> str:
    """Write the tables of all cases that have records."""
    versions = {name: number for one in store.records for name, number in one.get("versions", {}).items()}
    parts = [f"    {COMMANDS[form]}", one_line(store.header["machine"], versions)]
    if missing := _missing(cases, store, with_growth):
        parts.append(f"**Partial**: the run has not come to its end; missing: {missing}.")
    parts.append(NOTES)
    for case in cases:
        parts += _case(case, store)
    growth = growth_tables(store)
    if growth:
        parts.append("### Growth")
        if picture:
            parts.append(f"![seconds and memory over slices, overlap and lesions]({picture})")
        parts.append(
            "(d) in fresh processes, once each; overlaps and lesions on 256x256x120 voxels. Over lesions the coarse "
            "pass is one before an overlap of 0.8; all else is as packaged."
        )
        parts.append(growth)
    return "\n\n".join(part for part in parts if part)


def _case(case: Case, store: Store) -> list[str]:
    lines = lines_of(case, store)
    if not lines:
        return []
    size = "x".join(str(n) for n in case.size)
    parts = [f"### {case.title[0].upper()}{case.title[1:]}, {size} voxels"]
    if not case.trained:
        parts.append("The weights are random: work and memory are compared, and the masks mean nothing.")
    parts += [main_table(case, lines), stage_table(lines)]
    floors = next((one["floors"] for one in store.of(case=case.key) if "floors" in one), None)
    told = store.header["machine"]
    device = "cpu" if told["device"].startswith("cpu") else "cuda"
    if case.trained:
        found = targets_of(lines, device, floors, whole_body_bytes(store))
        parts += ["#### Targets", targets_table(found)]
    parts.append(limit_text(lines, floors, told["precision"]))
    return parts


def _missing(cases: Sequence[Case], store: Store, with_growth: bool) -> str:
    missing = []
    for case in cases:
        wanted = sum(case.repeats(key) for key in case.contenders)
        done = sum(1 for one in store.of(case=case.key) if "contender" in one)
        if done < wanted:
            missing.append(f"{wanted - done} of {wanted} runs of {case.key}")
    if with_growth:
        wanted = len(points())
        done = sum(1 for one in store.records if "growth" in one)
        if done < wanted:
            missing.append(f"{wanted - done} of {wanted} points of growth")
    return ", ".join(missing)


def growth_is_there(store: Store) -> bool:
    """Tell whether there is a curve to draw."""
    return any(curves(store, axis) for axis in ("slices", "overlap", "lesions"))


def put_into(path: Path, text: str, marks: tuple[str, str] = (BEGIN, END)) -> None:
    """Write ``text`` between two marks of a file.

    Raises
    ------
    ValueError
        The marks are not there.
    """
    first, last = marks
    whole = path.read_text(encoding="utf-8")
    before, begin, rest = whole.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"{path.name} lacks the marks {first} and {last}")
    path.write_text(f"{before}{first}\n\n{text}\n\n{last}{after}", encoding="utf-8")
