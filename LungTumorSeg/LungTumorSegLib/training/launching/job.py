"""What a run was asked to do; the same for each of its processes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ...progress import Progress, silent

if TYPE_CHECKING:
    from ...recipe.schema import Recipe
    from ..processes.distributed import Ranks
    from ..ready import ReadyRun


@dataclass(frozen=True)
class Job:
    """The `train` command's arguments that every process of a run needs.

    Attributes
    ----------
    recipe : str
        Name or file.
    settings : tuple of str
        ``key=value``, on top of the recipe.
    data, folder : str
    device, seed, leave_out, validate, fold, skip_bad, resume, workers
        As in `LungTumorSegLib.training.start.start_run`.
    """

    recipe: str
    data: str
    folder: str
    settings: tuple[str, ...] = ()
    device: str = "auto"
    seed: int = 0
    leave_out: tuple[str, ...] = ()
    validate: tuple[str, ...] = ()
    fold: tuple[int, int] | None = None
    skip_bad: bool = False
    resume: bool = False
    workers: int | None = None

    def to_json(self) -> str:
        """Return the job as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Read what `to_json` wrote."""
        return cls(**{key: tuple(v) if isinstance(v, list) else v for key, v in json.loads(text).items()})

    def load_recipe(self) -> Recipe:
        """Read the recipe, with the settings; errors as in `load_recipe` and `override`."""
        from ...recipe import load_recipe, override

        return override(load_recipe(self.recipe), list(self.settings))

    def start(self, ranks: Ranks | None = None, progress: Progress = silent) -> ReadyRun:
        """Read the data and make the run; as `LungTumorSegLib.training.start.start_run`."""
        from ..start import start_run

        return start_run(
            self.load_recipe(),
            self.data,
            self.folder,
            device=self.device,
            seed=self.seed,
            leave_out=self.leave_out,
            validate=self.validate,
            fold=self.fold,
            skip_bad=self.skip_bad,
            resume=self.resume,
            workers=self.workers,
            ranks=ranks,
            progress=progress,
        )
