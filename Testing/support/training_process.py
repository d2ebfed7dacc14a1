"""A run of the small cases in a process of its own, to be killed: ``python -m support.training_process FOLDER …``."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from LungTumorSegLib.training.optimizing.loop import train
from LungTumorSegLib.training.processes.distributed import joined
from support.training import Recorder, small_run


class Speaker(Recorder):
    """Says each step aloud."""

    def stepped(self, report) -> None:
        print(f"step {report.step}", flush=True)


def main(folder: Path, settings: list[str]) -> None:
    """Train to the end, from the checkpoint if there is one, with a loader process."""
    torch.set_num_threads(1)
    with joined(cuda=False) as ranks:
        run = small_run(folder, *settings, workers=1, ranks=ranks)
        if run.checkpoint_path.is_file():
            run.resume()
        print(f"from step {run.step}", flush=True)
        train(run, [Speaker()])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
