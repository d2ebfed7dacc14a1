"""A recipe from data to measures through the public commands alone: prepare, train, export, segment, evaluate.

Whatever a step has finished is kept, so that a run that ended early, in whatever way, goes on where it was.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from LungTumorSegLib.training.data.layouts import cases_for
from LungTumorSegLib.training.data.reading import read_case
from LungTumorSegLib.volume import read_mask
from LungTumorSegLib.volume.files import write_json

from .commands import start
from .small_systems import SmallSystem

CHECKPOINTS = 4  # in a run


class CommandError(Exception):
    """A command did not end well."""


class SystemRun:
    """One system's files, and what is known of them.

    Parameters
    ----------
    system : SmallSystem
    folder : Path
        Of this system alone. What was made there by other settings is removed; anything else is refused.
    children : list of subprocess.Popen
        The commands that are going on, which whoever ends the work early may end.
    """

    def __init__(self, system: SmallSystem, folder: Path, children: list[subprocess.Popen]):
        self.system, self.folder, self.children = system, folder, children
        setup = system.small_recipe().model_dump(mode="json")
        self._record = folder / "record.json"
        begun = self._record.is_file()
        if folder.exists() and not begun and any(folder.iterdir()):
            raise CommandError(f"{folder} holds something else; choose another folder")
        self.record = json.loads(self._record.read_text()) if begun else {}
        if self.record.get("setup") != setup:
            shutil.rmtree(folder, ignore_errors=True)
            self.record = {"setup": setup, "seconds": {}}
            write_json(self._record, self.record)
        self.recipe = system.small_recipe()

    @property
    def data(self) -> Path:
        """The data set."""
        return self.folder / "data"

    @property
    def model(self) -> Path:
        """The exported model."""
        return self.folder / "model"

    def complete(self) -> dict:
        """Do whatever is not done yet, and return the record."""
        self._step("data", self._make_data)
        self._step("prepare", self._prepare)
        self._step("train", self._train)
        self._step("export", lambda: self._command("export", self.folder / "run", "-o", self.model, "--overwrite"))
        self._step("segment", self._segment)
        self._step("evaluate", self._evaluate)
        return self.record

    def _step(self, name: str, do: Callable[[], object]) -> None:
        if name in self.record["seconds"]:
            return
        begin = time.perf_counter()
        do()
        self.record["seconds"][name] = round(time.perf_counter() - begin, 1)
        write_json(self._record, self.record)

    def _make_data(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        self.system.write_data(self.data)

    def _prepare(self) -> None:
        recipe = ("--recipe", self.system.recipe)
        self._command("prepare", self.data, *recipe, "-o", self.folder / "cache", *self.system.changes())

    def _train(self) -> None:
        """Train past a checkpoint, kill the process, and go on from there."""
        run, every = self.folder / "run", max(1, self.recipe.training.steps // CHECKPOINTS)
        changes = self.system.changes(training__checkpoint_every_steps=every)
        to_train = ("--recipe", self.system.recipe, "--data", self.folder / "cache", "-o", run, *changes)
        to_train += self.system.train_options
        if "killed_after" not in self.record:
            shutil.rmtree(run, ignore_errors=True)
            self._killed_when(lambda: _last_step(run) > every, "train", *to_train)
            self.record["killed_after"] = _last_step(run)
            write_json(self._record, self.record)
        self._command("train", *to_train, "--resume")
        self.record["steps"] = _last_step(run)

    def _segment(self) -> None:
        """Segment each training case; the Dice of each label is of the mask that was written."""
        dice = {}
        for case in cases_for(self.recipe, self.data):
            output = self.folder / "masks" / f"{case.name}.seg.nrrd"
            report = output.with_name(f"{case.name}.json")
            self._command("segment", case.ct, "--model", self.model, "-o", output, "--report", report)
            found, wanted = read_mask(output).array, read_case(case).mask.array
            dice[case.name] = {
                name: dice_of(found == label, wanted == label) for label, name in self.recipe.labels.items()
            }
        self.record["dice"] = dice

    def _evaluate(self) -> None:
        report = self.folder / "scores.json"
        self._command("evaluate", "--model", self.model, "--data", self.data, "--report", report)
        self.record["scores"] = json.loads(report.read_text())

    def _command(self, *arguments: object) -> None:
        process = self._start(*arguments)
        _, complaint = process.communicate()
        self.children.remove(process)
        if process.returncode:
            raise CommandError(f"{arguments[0]} ended with {process.returncode}: {complaint.strip()[-300:]}")

    def _killed_when(self, condition: Callable[[], bool], *arguments: object) -> None:
        """Start a command and kill it, as no program can foresee, when the condition holds."""
        process = self._start(*arguments)
        while process.poll() is None and not condition():
            time.sleep(0.1)
        process.kill()
        _, complaint = process.communicate()
        self.children.remove(process)
        if not condition():
            raise CommandError(f"{arguments[0]} ended with {process.returncode}: {complaint.strip()[-300:]}")

    def _start(self, *arguments: object) -> subprocess.Popen:
        process = start(*arguments)
        self.children.append(process)
        return process


def dice_of(found: np.ndarray, wanted: np.ndarray) -> float:
    """Return the Dice of two boolean arrays that are not both empty."""
    return 2 * np.count_nonzero(found & wanted) / (np.count_nonzero(found) + np.count_nonzero(wanted))


def _last_step(run: Path) -> int:
    """Return the last step of a run's metrics, 0 before the first; a process that was killed may leave half a line."""
    metrics = run / "metrics.jsonl"
    *rows, _ = metrics.read_text().split("\n") if metrics.is_file() else [""]
    return max((json.loads(row).get("step", 0) for row in rows), default=0)
