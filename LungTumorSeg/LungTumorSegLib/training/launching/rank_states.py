"""What is known of the processes of a run on this machine, and what that means for the run."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass

GO_ON = "go on with --resume"
LOST = "the connection to another process was lost"


@dataclass
class RankState:
    """One process.

    Attributes
    ----------
    status : int or None
        What it said at its end; None while it has not.
    gone : bool
        Whether it is no more.
    """

    pid: int
    status: int | None = None
    message: str = ""
    gone: bool = False

    @property
    def died_silently(self) -> bool:
        """Whether it ended without a word, as one does that was killed."""
        return self.gone and self.status is None

    @property
    def failed(self) -> bool:
        """Whether it ended otherwise than by the run's end or by a request."""
        return self.died_silently or self.status in (1, 2)


class RankStates:
    """Takes the events of ranks and of the agent.

    Parameters
    ----------
    max_restarts : int
        To be said when they are started again.
    """

    EVENTS = ("started", "ended", "failures", "no_ranks")

    def __init__(self, max_restarts: int = 0):
        self.max_restarts = max_restarts
        self.restarts = 0
        self._states: dict[int, RankState] = {}
        self._exit_codes: dict[int, int] = {}
        self._first_dead: int | None = None
        self._no_ranks = ""

    def see(self, event: dict) -> str | None:
        """Take note of an event; return what is to be said about it."""
        note = None
        if event["event"] == "started":
            if event["restarts"] > self.restarts:
                note = f"{self._why()}; all are started again ({event['restarts']} of {self.max_restarts} times)"
                self.restarts, self._states, self._first_dead = event["restarts"], {}, None
            self._states[event["rank"]] = RankState(event["pid"])
        elif event["event"] == "ended" and event["rank"] in self._states:
            one = self._states[event["rank"]]
            one.status, one.message = event["status"], event["message"]
        elif event["event"] == "failures":
            self._exit_codes = {one["rank"]: one["exitcode"] for one in event["failures"]}
        elif event["event"] == "no_ranks":
            self._no_ranks = event["message"]
        return note

    def living(self) -> set[int]:
        """Return the process numbers of those that are still there."""
        return {one.pid for one in self._states.values() if not one.gone}

    def notice_deaths(self) -> bool:
        """Look who is still there; return whether one has failed while others live on."""
        for rank, one in self._states.items():
            if not one.gone and not _exists(one.pid):
                one.gone = True
                if one.died_silently and self._first_dead is None:
                    self._first_dead = rank
        return any(one.failed for one in self._states.values()) and bool(self.living())

    @property
    def refused(self) -> bool:
        """Whether a rank found the user's input at fault: starting again would not help."""
        return any(one.status == 2 for one in self._states.values())

    @property
    def all_stopped(self) -> bool:
        """Whether all ended on request."""
        return bool(self._states) and not any(one.failed or one.status == 0 for one in self._states.values())

    def judge(self, last_lines: Iterable[str]) -> tuple[int, str]:
        """Return exit status and the one line that says how it ended.

        Parameters
        ----------
        last_lines : iterable of str
            What was written to standard error, for ends that nobody explained.
        """
        self.notice_deaths()
        if not self._states:
            why = self._no_ranks or next(
                (line for line in reversed(list(last_lines)) if line.strip()), "no reason given"
            )
            return 2, f"the processes could not be started, or did not find each other ({why})"
        statuses = {one.status for one in self._states.values()}
        if not any(one.failed for one in self._states.values()) and None not in statuses:
            return max(statuses), next((one.message for one in self._states.values() if one.message), "")
        if 2 in statuses:
            return 2, next(one.message for one in self._states.values() if one.status == 2)
        return 1, f"{self._why()}; {GO_ON}"

    def _why(self) -> str:
        """Say what went wrong first, as far as it is known."""
        said = [(rank, one.message) for rank, one in self._states.items() if one.status == 1]
        telling = [(rank, message) for rank, message in said if message != LOST]
        if telling:
            return f"process {telling[0][0]}: {telling[0][1]}"
        if self._first_dead is not None:
            return f"process {self._first_dead} {self._how(self._first_dead)}"
        if said:
            return f"process {said[0][0]}: {said[0][1]}"
        return "torch.distributed.run, which watches the processes, ended without a word (killed, or crashed)"

    def _how(self, rank: int) -> str:
        code = self._exit_codes.get(rank)
        if code is None or code >= 0:
            return "ended without a word (killed, or crashed)"
        often = " (often for want of memory)" if code == -signal.SIGKILL else ""
        return f"was killed by signal {-code}, {signal.Signals(-code).name}{often}"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
