"""(d) as its user meets it: the command ``segment``, which also measures the lesions and writes a report."""

from __future__ import annotations

import json

from LungTumorSegLib.commandline.main import main
from LungTumorSegLib.progress import StageTimer

from .job import Job, Outcome
from .own_way import versions

__all__ = ["run", "versions"]


def run(job: Job, timer: StageTimer) -> Outcome:
    """Run the command in this process; its stages are those of its report."""
    report = job.mask.with_name(job.mask.name + ".json")
    options = ["--model", str(job.model), "--device", job.device, "--report", str(report)]
    status = main(["segment", str(job.ct), "-o", str(job.mask), *options])
    if status:
        raise SystemExit(status)
    told = json.loads(report.read_text(encoding="utf-8"))
    timer.seconds.update({stage: seconds for stage, seconds in told["timing"].items() if stage != "total"})
    windows = told["windows"]
    return Outcome(windows["run"], windows["run"], windows["total"])
