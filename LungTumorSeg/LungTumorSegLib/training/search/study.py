"""The memory of a search: Optuna's study, in a text file, and what the search was started with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ...volume.files import append_line, atomic_path, check_writable, read_json, write_json
from .summary import RESULTS

if TYPE_CHECKING:
    from optuna import Study
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.trial import Trial

JOURNAL, SETUP, IN_USE = "search.journal", "setup.json", "in-use.lock"
TRIALS = "trial-*"  # their folders
SEARCH_STREAM = 4  # keeps the sampler's random numbers apart from those of patches and weights
RANDOM_TRIALS = 10  # drawn at random before the estimator has something to go by
UNPRUNED_TRIALS = 3  # that run to their end before any is compared with them


def check_optuna() -> None:
    """Raise `InputError` if Optuna is not installed."""
    try:
        import optuna
    except ImportError as error:
        raise InputError("a search needs Optuna", "search", "install it with: pip install optuna") from error
    optuna.logging.disable_default_handler()  # the command tells of the trials itself


@contextmanager
def opened(folder: Path, setup: dict, pruner: BasePruner) -> Iterator[Study]:
    """Open a folder's study, or make it, for this process alone.

    Optuna's journal is a text file of JSON lines; nothing in it is ever unpickled.

    Parameters
    ----------
    folder : Path
    setup : dict
        What must be the same whenever the search is gone on with; plain JSON.
    pruner : BasePruner

    Raises
    ------
    InputError
        Another process searches in this folder, the search was started with another setup, its journal is gone, or
        the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    check_writable(folder / SETUP)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / IN_USE)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise InputError(
            "another search is at work in this folder", folder, "wait for it, or choose another"
        ) from error
    try:
        _check_journal(folder)
        _check_setup(folder, setup)
        yield _study(folder / JOURNAL, pruner)
    finally:
        lock.release()


def _study(journal: Path, pruner: BasePruner) -> Study:
    """Read the journal, without a last line that a killed process did not finish, or begin it."""
    import optuna
    from optuna.storages.journal import JournalFileBackend, JournalStorage

    class Journal(JournalFileBackend):
        """Optuna's own, but written as all files here are; `opened` sees to it that nobody else writes."""

        def append_logs(self, logs: list[dict]) -> None:
            for entry in logs:
                append_line(journal, json.dumps(entry, separators=(",", ":")))

    mend(journal)
    try:
        storage = JournalStorage(Journal(str(journal)))
        return optuna.create_study(
            storage=storage, study_name="search", direction="maximize", pruner=pruner, load_if_exists=True
        )
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
        raise InputError("the search's journal is damaged", journal, "restore it from a copy") from error


def _check_journal(folder: Path) -> None:
    """Refuse to begin anew among results that the journal no longer tells of: new trials would run into them."""
    journal = folder / JOURNAL
    if journal.exists() and journal.stat().st_size:
        return
    if (folder / RESULTS).exists() or any(folder.glob(TRIALS)):
        do = "restore it from a copy, or begin anew in another folder"
        raise InputError("the search's journal is gone, and its results are left", journal, do)


def _check_setup(folder: Path, setup: dict) -> None:
    """Write the setup, or compare it with that of the start."""
    path = folder / SETUP
    if not path.exists():
        if (folder / JOURNAL).exists():
            raise InputError("the search does not say what it was started with", path, "restore it from a copy")
        write_json(path, setup)
        return
    started = read_json(path)
    for key in setup:
        if started.get(key) != setup[key]:
            do = "give the same, or choose another folder"
            raise InputError(f"the search in this folder was started with another {key}", folder, do)


def mend(journal: Path) -> None:
    """Take away a last line that a killed process did not finish; what it would have said is done again."""
    if not journal.is_file():
        return
    content = journal.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        with atomic_path(journal) as temporary:
            temporary.write_bytes(whole)


def sampler_of(seed: int, number: int) -> BaseSampler:
    """Return the tree-structured Parzen estimator (Bergstra 2011) for one trial.

    Its random numbers depend on the seed and on the trial's number, not on what this process did before: a search
    that was interrupted suggests what it would have suggested without.
    """
    from optuna.samplers import TPESampler

    own = np.random.SeedSequence([seed, SEARCH_STREAM, number]).generate_state(1)[0]
    return TPESampler(seed=int(own), n_startup_trials=RANDOM_TRIALS)


def pruner_of(name: str, steps: int, steps_between: int) -> BasePruner:
    """Return a pruner by its name.

    Parameters
    ----------
    name : {"median", "hyperband", "none"}
        ``median`` ends a trial whose best Dice so far is below the median of the others at the same step, once
        `UNPRUNED_TRIALS` have ended; ``hyperband`` is Li 2018.
    steps, steps_between : int
        Of a whole training, and from one validation to the next.
    """
    from optuna import pruners

    if name == "median":
        return pruners.MedianPruner(n_startup_trials=UNPRUNED_TRIALS)
    if name == "hyperband":
        first = min(steps_between, steps)
        return pruners.HyperbandPruner(min_resource=first, max_resource=max(steps, first))
    return pruners.NopPruner()


def next_trial(study: Study, seed: int) -> Trial:
    """Return the trial to run: one that an earlier process did not end, or a new one."""
    from optuna.trial import Trial, TrialState

    trials = study.get_trials(deepcopy=False)
    begun = [trial for trial in trials if trial.state == TrialState.RUNNING]
    study.sampler = sampler_of(seed, begun[0].number if begun else len(trials))
    # Optuna has no public way to take a trial up again; its values so far are in the journal.
    return Trial(study, begun[0]._trial_id) if begun else study.ask()
