"""How far a run is as a whole, and how long it will still take: estimated, and never going back."""

from __future__ import annotations

import time

STAGES = ("starting", "transfer", "loading", "preparing", "network", "resampling", "postprocessing", "result")

# Before anything was measured: shares of a run on a CPU, of which only the proportions are used.
USUAL_S = {
    "starting": 4.0,
    "transfer": 0.2,
    "loading": 0.3,
    "preparing": 3.0,
    "network": 20.0,
    "resampling": 2.0,
    "postprocessing": 0.5,
    "result": 0.1,
}

ENOUGH = 0.05  # of the network's windows, after which its speed is known


class Pace:
    """Adds up what the stages take: as long as last time, and the network as long as its speed says.

    Parameters
    ----------
    expected : dict of str to float, optional
        Seconds by stage of an earlier run like this one.
    starting : bool
        Whether the process has still to start.
    """

    def __init__(self, expected: dict[str, float] | None = None, *, starting: bool = False):
        self.expected = {**USUAL_S, **(expected or {})}
        if not starting:
            self.expected["starting"] = 0.0
        self._is_known = expected is not None
        self._began = time.monotonic()
        self._stage, self._stage_began = STAGES[0], self._began
        self.overall = 0.0
        self.seconds_left: float | None = None

    def update(self, stage: str, fraction: float) -> None:
        """Take what is known now and estimate `overall` and `seconds_left` anew."""
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._stage_began = stage, now
        spent = now - self._stage_began
        rest = max(self.expected[stage] - spent, 0.0)
        if stage == "network" and fraction >= ENOUGH:
            rest = spent / fraction - spent
            self._is_known = True
        left = rest + sum(self.expected[later] for later in STAGES[STAGES.index(stage) + 1 :])
        done = now - self._began
        self.overall = max(self.overall, min(done / (done + left), 1.0) if done + left > 0 else 0.0)
        self.seconds_left = left if self._is_known else None


class History:
    """What the stages of earlier runs took."""

    def __init__(self) -> None:
        self._seconds_per_voxel: dict[tuple, dict[str, float]] = {}

    def remember(self, request: dict, voxels: int, seconds: dict[str, float]) -> None:
        """Keep what a run took, by stage."""
        self._seconds_per_voxel[_likeness(request)] = {stage: s / voxels for stage, s in seconds.items()}

    def expected(self, request: dict, voxels: int) -> dict[str, float] | None:
        """Return what a run like it should take, by stage; None where there was none like it."""
        known = self._seconds_per_voxel.get(_likeness(request))
        return known and {stage: s * voxels for stage, s in known.items() if stage in STAGES and stage != "starting"}


def _likeness(request: dict) -> tuple:
    return tuple(request.get(key) for key in ("model", "device", "overlap"))
