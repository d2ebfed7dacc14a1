"""What each rank of the tests of training in several processes does: ``python -m support.training_rank FOLDER …``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch

from LungTumorSegLib.training.optimizing.loop import train
from LungTumorSegLib.training.processes.distributed import joined
from support.training import small_run


def main(folder: Path, settings: list[str]) -> None:
    """Train, and write what this rank drew, its first gradient and its weights to ``FOLDER/rank-R.pt``."""
    torch.set_num_threads(1)
    cuda = os.environ.get("GROUP_DEVICE") == "cuda"
    with joined(cuda) as ranks:
        device = f"cuda:{ranks.local_rank}" if cuda else "cpu"
        run = small_run(folder / "run", *settings, ranks=ranks, device=device)
        drawn, gradients = [], []
        draw, move = run.sampler.draw, run.stepper._move

        def recorded_draw(index, *arguments):
            drawn.append(index)
            return draw(index, *arguments)

        def recorded_move(finite):
            if not gradients:
                gradients.extend(parameter.grad.clone() for parameter in run.network.parameters())
            move(finite)

        run.sampler.draw, run.stepper._move = recorded_draw, recorded_move
        train(run)
        waited = ranks.first_alone(lambda: "done by the first")
        facts = {
            "drawn": drawn,
            "gradients": gradients,
            "weights": run.network.state_dict(),
            "dropout": torch.rand(3),
            "alone": waited or "",
            "any": [ranks.any(ranks.rank == ranks.count - 1), ranks.any(False)],
        }
        torch.save(facts, folder / f"rank-{ranks.rank}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
