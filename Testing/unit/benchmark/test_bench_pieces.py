"""The pieces of the benchmark against MONAI and nnU-Net that need no network: registry, store, tables, targets."""

from __future__ import annotations

import json
import sys

import pytest

from benchmark import bench, worker
from benchmark.peers import contenders, report
from benchmark.peers.cases import FORMS, Case
from benchmark.peers.contenders import CONTENDERS, REFERENCE
from benchmark.peers.growth import Point, points, whole_body_bytes
from benchmark.peers.growth_plot import draw_growth, growth_tables
from benchmark.peers.processes import FailedError, run_fresh
from benchmark.peers.store import Store
from benchmark.peers.tables import lines_of, main_table, stage_table
from benchmark.peers.targets import Target, limit_text, targets_of

GIB = 2**30
CASE = Case("one", "one case", "lung-tumor", (8, 8, 8), (1, 1, 1), tuple(CONTENDERS), rounds=2, slow_rounds=1)
HEADER = {"form": "quick", "machine": bench.describe("cpu")}


def run_of(key: str, seconds: float, turn: int = 0, **changes) -> dict:
    """A record as `rounds` writes it."""
    stages = {"reading": 0.1 * seconds, "network": 0.8 * seconds}
    return {
        "case": "one",
        "contender": key,
        "turn": turn,
        "seconds": seconds,
        "start_s": 2.0,
        "stages": stages,
        "windows": 10,
        "passes": 10,
        "total_windows": None,
        "peak_bytes": 2 * GIB,
        "tree_bytes": GIB,
        "gpu_bytes": None,
        "versions": {"torch": "2"},
        **changes,
    }


@pytest.fixture
def store(tmp_path) -> Store:
    """A store with what a run leaves that was broken off: (a), (b), (c) and two rounds of (d)."""
    kept = Store(tmp_path, HEADER)
    kept.add(run_of(REFERENCE, 100.0, tree_bytes=9 * GIB))
    kept.add({"case": "one", "contender": "monai-autocast", "turn": 0, "failed": "RuntimeError: it broke"})
    kept.add({"case": "one", "contender": "nnunet", "turn": 0, "skipped": "nnU-Net is not installed"})
    kept.add(run_of("nnunet-mirrored", 40.0, passes=80))
    kept.add(run_of("plain", 90.0, peak_bytes=GIB))
    kept.add(run_of("default", 4.0, total_windows=30))
    kept.add(run_of("default", 6.0, turn=1, total_windows=30))
    alike = {"dice": {REFERENCE: 0.995, "truth": 0.7}, "ml": 3.0}
    kept.add({"case": "one", "masks": [REFERENCE, "plain", "default"], "compared": {"plain": alike, "default": alike}})
    return kept


def cells(table: str, name: str) -> list[str]:
    """The cells after the first of the row that begins with ``name``."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return next(row[1:] for row in rows if row[0].startswith(name))


def test_every_contender_has_a_module_and_every_case_knows_its_contenders():
    for contender in CONTENDERS.values():
        assert (contenders.REPOSITORY / f"Testing/benchmark/peers/{contender.module}.py").is_file()
    for cases in FORMS.values():
        assert all(REFERENCE in case.contenders and {*case.contenders} <= {*CONTENDERS} for case in cases)


def test_only_nnunet_can_be_missing_and_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(contenders, "NNUNET_PYTHON", tmp_path / "missing")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    said = {key: one.obstacle() for key, one in CONTENDERS.items()}
    assert {key for key, obstacle in said.items() if obstacle} == {"nnunet", "nnunet-mirrored"}
    assert "make bench" in said["nnunet"]


def test_store_goes_on_after_a_kill(store, tmp_path):
    with store.path.open("ab") as file:
        file.write(b'{"case": "one", "contender": "lun')
    again = Store(tmp_path, HEADER)
    assert again.records == store.records
    again.add({"case": "two"})
    assert Store(tmp_path, HEADER).of(case="two") == [{"case": "two"}]


def test_store_sets_records_of_other_source_aside(store, tmp_path):
    other = Store(tmp_path, {**HEADER, "form": "full"})
    assert other.records == []
    earlier = (tmp_path / "runs.earlier.jsonl").read_text().splitlines()
    assert len(earlier) == 1 + len(store.records)


def test_main_table(store):
    table = main_table(CASE, lines_of(CASE, store))
    default = cells(table, "(d) default")
    assert default[:6] == ["10 of 30", "5.0", "4.0 – 6.0", "7.0", "20.0", "400"]
    assert default[6:] == ["2.00", "0.9950", "0.700", "2"]
    assert cells(table, "(a) MONAI")[6:8] == ["2.00", "1"]  # what came after the clock does not count
    assert cells(table, "(b) nnU-Net, step 0.5, mirrored")[0] == "10, x 8"
    assert cells(table, "(b) nnU-Net, step 0.5, not")[0] == "nnU-Net is not installed"
    assert cells(table, "(a) the same")[0] == "failed: RuntimeError: it broke"


def test_stage_table_says_what_no_stage_holds(store):
    assert cells(stage_table(lines_of(CASE, store)), "(c)") == [
        *("2.0", "0.00", "9.00", "0.00", "72.00", "0.00", "0.00", "0.00", "9.00")
    ]


def test_targets_reached_missed_and_not_measured(store):
    rows = {target.what: target.row() for target in targets_of(lines_of(CASE, store), whole_body_bytes=8 * GIB)}
    assert rows["(d) faster than (a) in float32, times"][1:] == ["20.0", "at least 20.0", "reached"]
    assert rows["(d) faster than (b) not mirrored, times"][3] == "not measured here"
    assert rows["(c) seconds a window, of those of (a)"][1] == "0.90"
    assert rows["(c) peak memory, of that of (a)"][3] == "reached"
    assert rows["(d) peak memory at 512x512x1500, GiB"][3] == "**missed**: 50 % of it"
    assert Target("Dice", 0.5, 1.0).row()[3] == "**missed**: 50 % of it"


def test_limit_is_the_arithmetic_of_the_windows_that_ran(store):
    rate = {"layers_s": 0.1, "window_s": 0.2, "gflop_per_s": 100.0}
    floors = {"gflop": 10.0, "rates": {"float32": {**rate, "gflop_per_s": 50.0}, "bfloat16": rate}}
    text = limit_text(lines_of(CASE, store), floors, "bfloat16")
    assert "the 10 windows of (d) cannot take less than 1.0 s; the stage took 4.0 s" in text
    assert "network 80 %" in text
    assert "50 times faster" in text  # 100 s / (5 s - 4 s + 1 s)


def growth_record(point: Point, seconds: float) -> dict:
    """A record as `growth` writes it."""
    return {"growth": point.as_dict(), **run_of("default", seconds, total_windows=40)}


def test_growth_is_drawn_and_told(store, tmp_path):
    for number, point in enumerate(points()):
        store.add(growth_record(point, 1.0 + number) if number else {"growth": point.as_dict(), "failed": "it broke"})
    draw_growth(store, tmp_path / "growth.png")
    assert (tmp_path / "growth.png").stat().st_size > 10_000
    assert cells(growth_tables(store), "1500") == ["every window of the lungs", "10 of 40", "5.0", "4.0", "2.00"]
    assert whole_body_bytes(store) == 2 * GIB


def test_report_is_marked_partial_and_takes_its_place(store, tmp_path):
    text = report.report("quick", [CASE], store, with_growth=True)
    assert "**Partial**" in text
    assert "of growth" in text
    page = tmp_path / "RESULTS.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", encoding="utf-8")
    report.put_into(page, text)
    report.put_into(page, text)
    written = page.read_text(encoding="utf-8")
    assert written.startswith("before\n")
    assert written.endswith("\nafter\n")
    assert written.count("**Partial**") == 1
    assert "old" not in written
    page.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="lacks the marks"):
        report.put_into(page, text)


def test_results_have_the_place_for_the_tables():
    page = bench.RESULTS.read_text(encoding="utf-8")
    for begin, end in ((report.BEGIN, report.END), worker.MARKS):
        assert page.index(begin) < page.index(end)


def test_a_process_that_fails_says_how():
    with pytest.raises(FailedError, match="No module named"):
        run_fresh(sys.executable, "benchmark.peers.nobody", [])


def test_header_names_machine_and_source(store):
    header = json.loads(store.path.read_text(encoding="utf-8").splitlines()[0])
    assert header == HEADER
    assert {"processor", "cores", "versions", "source"} <= {*header["machine"]}
