"""The scores of an evaluation that is under way, kept so that an interruption or a crash costs one case at most."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..volume.files import read_json, write_json
from .dataset import DataSetScores


@dataclass(frozen=True)
class PartialReport:
    """A file beside the report, ``R.partial.json`` for ``R.json``, which goes when the report is written.

    Attributes
    ----------
    path : Path
    model : dict
        What the scores are of, as `LungTumorSegLib.model.Model.describe` gives it.
    """

    path: Path
    model: dict

    @classmethod
    def beside(cls, report: str | Path, model: dict) -> PartialReport:
        """Name the file that belongs to a report."""
        return cls(Path(report).with_suffix(".partial.json"), model)

    def start(self) -> DataSetScores:
        """Return no scores; `InputError` where an interrupted evaluation would be lost."""
        if self.path.exists():
            do = "go on with it by --resume, or remove the file"
            raise InputError("an evaluation with this report was interrupted", self.path, do)
        return DataSetScores()

    def resume(self, cases: set[str]) -> DataSetScores:
        """Return the scores so far; `InputError` where they are not of this model and of some of these ``cases``."""
        if not self.path.is_file():
            raise InputError("there is no interrupted evaluation to go on from", self.path, "start without --resume")
        content = read_json(self.path)
        scores = DataSetScores.from_rows(content, self.path)
        if content.get("model") != self.model:
            raise InputError("the evaluation was started with another model", self.path, "give the same --model")
        if others := {score.case for score in scores.cases} - cases:
            do = "give the same --data and --cases"
            raise InputError(f"the evaluation also holds the case {min(others)}", self.path, do)
        return scores

    def keep(self, scores: DataSetScores) -> None:
        """Write the scores so far."""
        write_json(self.path, {"not_for_clinical_use": True, "complete": False, "model": self.model} | scores.rows())

    def remove(self) -> None:
        """The report is written; this file is needed no more."""
        self.path.unlink(missing_ok=True)
