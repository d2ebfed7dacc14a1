"""The memory of a search: what it suggests, that it forgets nothing, and what it does not take up."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from optuna.storages.journal import _storage
from optuna.trial import TrialState

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.evaluation import summarize
from LungTumorSegLib.training.search.study import JOURNAL, UNPRUNED_TRIALS, next_trial, opened, pruner_of
from LungTumorSegLib.training.search.trial import TrialPrunedError, Watcher
from LungTumorSegLib.training.watching.reports import ValidationReport
from support.scores import case_score

SETUP = {"seed": 0, "space": {"x": "0:1"}}
MEDIAN = pruner_of("median", 100, 10)


def validation(step: int, dice: float | None) -> ValidationReport:
    scores = () if dice is None else (case_score("a", dice=dice, lesions=1, lesions_found=1),)
    return ValidationReport(step, scores, summarize(list(scores)), 0.1)


def go_on(folder, trials: int, seed: int = 0, leave_open: bool = False) -> list[float]:
    """Run trials of a formula in place of trainings, until there are so many; return their values of x."""
    with opened(folder, SETUP, MEDIAN) as study:
        while len(study.trials) < trials or study.get_trials(states=[TrialState.RUNNING]):
            trial = next_trial(study, seed)
            x = trial.suggest_float("x", 0, 1)
            if leave_open and trial.number == trials - 1:
                break
            study.tell(trial, 1 - (x - 0.7) ** 2)
        return [trial.params["x"] for trial in study.trials]


def test_the_same_seed_suggests_the_same_however_often_it_is_interrupted(tmp_path):
    whole = go_on(tmp_path / "whole", 16)
    for trials in (3, 4, 11, 12):
        assert go_on(tmp_path / "parts", trials, leave_open=trials % 2 == 0) == whole[:trials]
    assert go_on(tmp_path / "parts", 16) == whole
    assert len(set(whole)) == 16  # and does not suggest the same again after each start
    assert go_on(tmp_path / "other", 16, seed=1) != whole


def test_suggestions_come_nearer_to_what_was_good(tmp_path):
    values = go_on(tmp_path, 40)
    first, last = values[:10], values[-10:]
    assert sum(abs(x - 0.7) for x in last) < 0.5 * sum(abs(x - 0.7) for x in first)


def test_a_line_that_was_cut_short_is_forgotten_and_said_again(tmp_path):
    before = go_on(tmp_path, 5)
    journal = tmp_path / JOURNAL
    journal.write_bytes(journal.read_bytes() + b'{"op_code": 6, "trial_')
    assert go_on(tmp_path, 7)[:5] == before


def test_the_journal_is_text_and_nothing_in_it_is_unpickled(tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("something was unpickled")

    monkeypatch.setattr(_storage.pickle, "loads", refuse)
    go_on(tmp_path, 120)  # Optuna's other journals keep a pickled state every hundred entries
    go_on(tmp_path, 121)
    assert all(json.loads(line) for line in (tmp_path / JOURNAL).read_text(encoding="utf-8").splitlines())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in-use.lock", JOURNAL, "setup.json"]


def test_another_setup_is_refused_and_named(tmp_path):
    go_on(tmp_path, 2)
    with (
        pytest.raises(InputError, match="another space"),
        opened(tmp_path, SETUP | {"space": {"x": "0:2"}}, MEDIAN),
    ):
        pass


@pytest.mark.parametrize("line", ["{}", '{"op_code": 4}', "not JSON", "[]", '{"op_code": "x", "worker_id": "y"}'])
def test_a_damaged_journal_is_named(tmp_path, line):
    go_on(tmp_path, 2)
    journal = tmp_path / JOURNAL
    journal.write_text(f"{line}\n{journal.read_text(encoding='utf-8')}", encoding="utf-8")
    with pytest.raises(InputError, match="journal is damaged"), opened(tmp_path, SETUP, MEDIAN):
        pass


@pytest.mark.parametrize("left", ["trial-0000/checkpoint.pt", "search.json"])
@pytest.mark.parametrize("lost", ["deleted", "emptied"])
def test_results_without_their_journal_are_not_run_into(tmp_path, left, lost):
    go_on(tmp_path, 2)
    (tmp_path / left).parent.mkdir(exist_ok=True)
    (tmp_path / left).write_bytes(b"of an earlier search")
    assert len(go_on(tmp_path, 3)) == 3  # with the journal that is as it should be
    (tmp_path / JOURNAL).write_bytes(b"") if lost == "emptied" else (tmp_path / JOURNAL).unlink()
    for setup_is_there in (True, False):
        assert (tmp_path / "setup.json").exists() == setup_is_there
        with pytest.raises(InputError, match="the search's journal is gone, and its results are left"):
            go_on(tmp_path, 3)
        (tmp_path / "setup.json").unlink(missing_ok=True)
    assert (tmp_path / left).read_bytes() == b"of an earlier search"


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on the size of files, which stands for a full disk")
def test_a_full_disk_is_said_in_one_line_and_the_journal_stays_whole(tmp_path):
    import resource

    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    journal = tmp_path / JOURNAL
    with opened(tmp_path, SETUP, MEDIAN) as study:
        trial = next_trial(study, 0)
        content = journal.read_bytes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(content) + 5, hard))
        try:
            with pytest.raises(InputError, match="cannot be written"):
                study.tell(trial, 0.5)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))
        assert journal.read_bytes() == content
    assert len(go_on(tmp_path, 2)) == 2


def test_two_processes_do_not_search_in_one_folder(tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from LungTumorSegLib.training.search.study import opened, pruner_of\n"
        f"with opened(Path(sys.argv[1]), {SETUP!r}, pruner_of('none', 1, 1)): pass"
    )
    with opened(tmp_path, SETUP, MEDIAN):
        done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, timeout=120)
        assert "another search is at work" in done.stderr
    go_on(tmp_path, 1)  # free again


def test_a_trial_below_the_median_is_ended_once_there_is_something_to_compare_with(tmp_path):
    with opened(tmp_path, SETUP, MEDIAN) as study:
        for dice in (0.5, 0.6, 0.7)[:UNPRUNED_TRIALS]:
            trial = next_trial(study, 0)
            watcher = Watcher(trial)
            watcher.validated(validation(10, dice / 2))  # worse than what comes, and still not ended
            watcher.validated(validation(20, dice))
            study.tell(trial, max(watcher.dice.values()))
        good, bad = study.ask(), study.ask()
        Watcher(good).validated(validation(10, 0.31))
        Watcher(bad).validated(validation(5, None))  # nothing could be scored
        with pytest.raises(TrialPrunedError):
            Watcher(bad).validated(validation(10, 0.29))


def test_a_validation_that_is_known_is_not_reported_again(tmp_path):
    with opened(tmp_path, SETUP, MEDIAN) as study:
        Watcher(next_trial(study, 0)).validated(validation(10, 0.4))
    with opened(tmp_path, SETUP, MEDIAN) as study:
        taken_up = next_trial(study, 0)
        watcher = Watcher(taken_up)
        watcher.validated(validation(10, 0.4))
        watcher.validated(validation(20, 0.5))
        assert taken_up.number == 0
        assert study.trials[0].intermediate_values == watcher.dice == {10: 0.4, 20: 0.5}
    reports = [line for line in (tmp_path / JOURNAL).read_text().splitlines() if '"intermediate_value"' in line]
    assert len(reports) == 2


def test_hyperband_ends_trials_too(tmp_path):
    with opened(tmp_path, SETUP, pruner_of("hyperband", 90, 10)) as study:
        ended = 0
        for number in range(20):
            trial = next_trial(study, 0)
            watcher = Watcher(trial)
            try:
                for step in range(10, 91, 10):
                    watcher.validated(validation(step, (number % 5) / 10))
                study.tell(trial, watcher.dice[90])
            except TrialPrunedError:
                study.tell(trial, state=TrialState.PRUNED)
                ended += 1
    assert 0 < ended < 20
