"""Which processes train together: how many on this machine, and how machines find each other."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from ...errors import InputError


@dataclass(frozen=True)
class Group:
    """What ``torch.distributed.run`` is told.

    Attributes
    ----------
    processes : int
        On this machine.
    nodes : int
        Machines.
    node_rank : int or None
        Number of this one, where the rendezvous does not give it.
    backend, endpoint, id : str or None
        The rendezvous: ``c10d`` at ``HOST:PORT``, with a name that all machines share.
    max_restarts : int
        How often all processes are started again, from the checkpoint, when one dies.
    """

    processes: int = 1
    nodes: int = 1
    node_rank: int | None = None
    backend: str | None = None
    endpoint: str | None = None
    id: str | None = None
    max_restarts: int = 0

    @property
    def needs_launch(self) -> bool:
        """Whether processes have to be started besides this one."""
        return self.processes > 1 or self.nodes > 1 or self.max_restarts > 0

    def check(self) -> None:
        """Raise `InputError` where an argument is missing or does not go with the others."""
        several = self.nodes > 1
        if several and not self.endpoint:
            raise InputError("several machines have to meet somewhere", "--nnodes", "give --rdzv-endpoint HOST:PORT")
        if self.endpoint and not re.fullmatch(r"\S+:\d{1,5}", self.endpoint):
            raise InputError(f"{self.endpoint!r} is not HOST:PORT", "--rdzv-endpoint", "give a host and a port")
        if several and self.node_rank is not None and self.node_rank >= self.nodes:
            raise InputError(f"there is no machine {self.node_rank}", "--node-rank", f"count {self.nodes} from 0")
        if not several and any(one is not None for one in (self.node_rank, self.backend, self.endpoint, self.id)):
            raise InputError("a rendezvous is for several machines", "--nnodes", "say how many machines there are")

    def arguments(self) -> list[str]:
        """Return the arguments of ``torch.distributed.run``."""
        common = [f"--nproc-per-node={self.processes}", f"--max-restarts={self.max_restarts}"]
        if self.nodes == 1:
            return ["--standalone", "--local-addr=localhost", *common]
        own = {
            "nnodes": self.nodes,
            "node-rank": self.node_rank,
            "rdzv-backend": self.backend or "c10d",
            "rdzv-endpoint": self.endpoint,
            "rdzv-id": self.id or os.environ.get("SLURM_JOB_ID", "lungtumorseg"),
        }
        return [*(f"--{name}={value}" for name, value in own.items() if value is not None), *common]
