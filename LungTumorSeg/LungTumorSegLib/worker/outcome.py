"""What the worker tells: its devices, a result, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..volume import Volume

FAILURES = ("input", "memory", "died", "rubbish", "fault", "packages")


@dataclass(frozen=True)
class DeviceInfo:
    """A device that the network can run on, or could if something were not in the way.

    Attributes
    ----------
    device : str
        ``"cpu"`` or ``"cuda:N"``: what `Worker.segment` takes.
    name : str
        Of the processor or of the graphics card.
    free_bytes, total_bytes : int or None
        Memory at the time when the worker looked; None where it cannot be told.
    usable : bool
    reason : str
        Why it cannot be used; of `Worker.automatic`, why it is the one. Empty otherwise.
    """

    device: str
    name: str
    free_bytes: int | None = None
    total_bytes: int | None = None
    usable: bool = True
    reason: str = ""

    @classmethod
    def read(cls, entry: dict) -> DeviceInfo:
        """Make one of what the worker says; keys as the attributes, all of them."""
        memory = (None if entry[key] is None else int(entry[key]) for key in ("free_bytes", "total_bytes"))
        return cls(str(entry["device"]), str(entry["name"]), *memory, bool(entry["usable"]), str(entry["reason"]))

    @property
    def is_gpu(self) -> bool:
        """Whether this is a graphics card."""
        return self.device != "cpu"


@dataclass(frozen=True, eq=False)
class WorkerResult:
    """What was found in a CT.

    Attributes
    ----------
    mask : Volume of uint8
        0 background, 1… the recipe's labels, on the CT's lattice, cut to the box of what was found; one voxel of 0
        where nothing was.
    timing : dict of str to float
        Seconds by stage, the start of the process and the transfers included, and their ``total``.
    device : dict of str to str
        Device and precision with their reasons, as in the report of the command line.
    notes : tuple of str
        What went otherwise than planned.
    windows_run, windows_total : int
        Windows that were computed, and that would cover the CT.
    lesions : list of dict
        One for each lesion: ``label``, ``voxel_zyx`` (index in the CT's array of a voxel inside the lesion),
        ``confidence`` (mean probability of a lesion over it) and ``peak`` (the highest).
    labels : dict of int to str
        What each label is: the recipe's.
    lesion_labels : tuple of int
        Those that are lesions.
    settings : dict of str to str
        What was done for each option of inference, and why.
    classification : dict or None
        The class of the lesions, as in the report of the command line, where the network tells some.
    """

    mask: Volume
    timing: dict[str, float]
    device: dict[str, str]
    notes: tuple[str, ...]
    windows_run: int
    windows_total: int
    lesions: list[dict]
    labels: dict[int, str]
    lesion_labels: tuple[int, ...]
    settings: dict[str, str] = field(default_factory=dict)
    classification: dict | None = None


@dataclass(frozen=True)
class WorkerFailure:
    """Why there is no result.

    Attributes
    ----------
    kind : str
        ``"input"`` (the CT, the model, the device asked for), ``"memory"`` (the graphics card's or the machine's),
        ``"packages"`` (a Python package is missing), ``"died"`` (the process ended), ``"rubbish"`` (it said what
        nobody understands), ``"fault"`` (an error of the program).
    message : str
        One line: what, and what to do.
    details : str
        The last lines of the worker's log.
    device : str or None
        Where it ran out of memory, or ran when it failed.
    what, where, do : str or None
        The parts of an ``"input"`` failure, see `LungTumorSegLib.errors.InputError`.
    """

    kind: str
    message: str
    details: str = ""
    device: str | None = None
    what: str | None = None
    where: str | None = None
    do: str | None = None


class WorkerError(Exception):
    """The worker failed, and not because of what it was given.

    Attributes
    ----------
    failure : WorkerFailure
    """

    def __init__(self, failure: WorkerFailure):
        super().__init__(failure.message)
        self.failure = failure
