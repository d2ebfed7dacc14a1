"""One job, as the client sees it: the CT handed over little by little, events taken, previews and the mask fetched."""

from __future__ import annotations

import time

from ..errors import InputError
from ..measurements.lesions import crop
from ..volume import Volume
from .job import Job
from .outcome import FAILURES, WorkerFailure, WorkerResult
from .pace import History, Pace
from .process import WorkerProcess
from .protocol import RubbishError
from .voxels import Layout, SharedVoxels

WRITING_S = 0.03  # spent on handing the CT over, each time that there is the opportunity
SLAB_BYTES = 4 * 2**20


class Exchange:
    """What passes between the client and its worker for one CT.

    Parameters
    ----------
    job : Job
        Is kept up to date.
    number : int
        Events that bear another one are of former jobs, and nothing is made of them.
    ct : Volume
        Of numbers, see `check_voxels`; must not change until the stage ``"transfer"`` is over.
    request : dict
        Of the request ``segment``: what is wanted.
    process : WorkerProcess
    is_ready : bool
        Whether the process has started already.
    history : History
        Of earlier runs; this one's times are added to it.

    Raises
    ------
    OSError
        There is no room for the file.
    """

    def __init__(
        self,
        job: Job,
        number: int,
        ct: Volume,
        request: dict,
        process: WorkerProcess,
        *,
        is_ready: bool,
        history: History,
    ):
        self.job = job
        self.number = number
        self.ct = ct
        # In this machine's byte order: torch knows no other.
        self._array = ct.array.astype(ct.array.dtype.newbyteorder("="), copy=False)
        self._layout = Layout.of(ct.array.shape, self._array.dtype)
        self._voxels = SharedVoxels(self._layout)
        self._request = request
        self._process = process
        self._history = history
        self._pace = Pace(history.expected(request, ct.array.size), starting=not is_ready)
        self._is_ready, self._is_opened, self._is_sent = is_ready, False, False
        self._written_slices, self._offset = 0, self._layout.ct
        self._began = time.monotonic()
        self._ready_at = self._began if is_ready else None
        self._sent_at = None
        process.send({"request": "open", "job": number, "path": str(self._voxels.path)})
        self._tell()

    def worker_is_ready(self) -> None:
        """Take note that the process has started."""
        self._is_ready, self._ready_at = True, time.monotonic()

    def step(self) -> None:
        """Hand over what can be handed over in a moment, and renew the estimates.

        Raises
        ------
        OSError
            There is no room for the CT.
        """
        if self._is_opened and not self._is_sent:
            self._write()
        if not self._is_sent:
            self.job.stage = "transfer" if self._is_ready else "starting"
            self.job.fraction = self._written_slices / len(self._array) if self._is_ready else 0.0
        self._tell()

    def take(self, event: dict) -> None:
        """Take an event of this job.

        Raises
        ------
        RubbishError, KeyError, TypeError, ValueError
            It is not what it should be.
        """
        kind = event["event"]
        if kind == "opened":
            self._is_opened = True
        elif kind == "progress":
            self.job.stage, self.job.fraction = str(event["stage"]), min(max(float(event["fraction"]), 0.0), 1.0)
            self._tell()
        elif kind == "preview":
            self.job.preview = self._fetch(event, self._layout.preview)
            self.job.preview_count += 1
            self._process.send({"request": "taken", "job": self.number})
        elif kind == "done":
            self._finish(event)
        else:
            raise RubbishError(f"an unknown event: {kind[:80]}")

    def close(self) -> None:
        """Give the shared voxels back."""
        self._voxels.close()
        self._array = None

    def _write(self) -> None:
        array, until = self._array, time.monotonic() + WRITING_S
        slices = max(SLAB_BYTES // max(array[0].nbytes, 1), 1)
        while self._written_slices < len(array) and time.monotonic() < until:
            slab = array[self._written_slices : self._written_slices + slices]
            self._offset = self._voxels.write(self._offset, slab)
            self._written_slices += len(slab)
        if self._written_slices == len(array) and self._is_ready:
            self._process.send(self._request | {"request": "segment", "job": self.number, "ct": self._describe()})
            self._is_sent, self._sent_at = True, time.monotonic()
            self.job.stage, self.job.fraction = "loading", 0.0
            self._array = None

    def _describe(self) -> dict:
        grid = self.ct.grid
        return {
            "dtype": self._array.dtype.str,
            "size": grid.size,
            "spacing": grid.spacing,
            "origin": grid.origin,
            "direction": grid.direction.ravel().tolist(),
            "preview_at": self._layout.preview,
            "mask_at": self._layout.mask,
        }

    def _fetch(self, event: dict, offset: int) -> Volume:
        """Read a mask that lies at ``offset``, and put it where it belongs on the CT's lattice."""
        corner, shape = ([int(n) for n in event[key]] for key in ("corner", "shape"))
        box = tuple(slice(c, c + n) for c, n in zip(corner, shape, strict=True))
        limits = zip(box, self.ct.array.shape, strict=True)
        if not all(0 <= side.start < side.stop <= n for side, n in limits):
            raise RubbishError(f"a mask of {shape} at {corner} (zyx), which does not lie in the CT")
        return crop(self.ct, box).with_array(self._voxels.read(offset, shape))

    def _finish(self, event: dict) -> None:
        arrived = time.monotonic()
        mask = self._fetch(event, self._layout.mask)
        timing = {
            "starting": self._ready_at - self._began,
            "transfer": self._sent_at - self._ready_at,
            **{str(stage): float(seconds) for stage, seconds in event["timing"].items()},
        }
        # What the worker did not account for: it was still loading the network that warms it up.
        timing["loading"] += max(arrived - self._sent_at - sum(event["timing"].values()), 0.0)
        timing["result"] += time.monotonic() - arrived
        self._history.remember(self._request, self.ct.array.size, timing)
        timing["total"] = time.monotonic() - self._began
        self.job.result = WorkerResult(
            mask=mask,
            timing={stage: round(seconds, 4) for stage, seconds in timing.items()},
            device=dict(event["device"]),
            notes=tuple(str(note) for note in event["notes"]),
            windows_run=int(event["windows_run"]),
            windows_total=int(event["windows_total"]),
            lesions=[
                {
                    "label": int(lesion["label"]),
                    "voxel_zyx": tuple(int(n) for n in lesion["voxel_zyx"]),
                    "confidence": float(lesion["confidence"]),
                    "peak": float(lesion["peak"]),
                }
                for lesion in event["lesions"]
            ],
            labels={int(label): str(name) for label, name in event["labels"].items()},
            lesion_labels=tuple(int(label) for label in event["lesion_labels"]),
            settings={str(key): str(said) for key, said in event["settings"].items()},
            classification=_classification(event.get("classification")),
        )
        self.job.stage, self.job.fraction = "result", 1.0
        self.job.overall, self.job.seconds_left = 1.0, 0.0

    def _tell(self) -> None:
        self._pace.update(self.job.stage, self.job.fraction)
        self.job.overall, self.job.seconds_left = self._pace.overall, self._pace.seconds_left


def _classification(told: dict | None) -> dict | None:
    """Take up the class that the worker tells, part by part."""
    if told is None:
        return None
    return {
        "subtype": None if told["subtype"] is None else int(told["subtype"]),
        "name": None if told["name"] is None else str(told["name"]),
        "probabilities": {str(name): float(value) for name, value in told["probabilities"].items()},
        "lesions": int(told["lesions"]),
    }


def read_failure(event: dict, details: str) -> WorkerFailure:
    """Make the failure of the event ``failed``.

    Raises
    ------
    RubbishError, KeyError
        It is not one.
    """
    kind = event["kind"]
    if kind not in FAILURES or (kind == "input" and not event.get("what")):
        raise RubbishError(f"an unknown kind of failure: {str(kind)[:80]}")
    known = {key: event.get(key) for key in ("device", "what", "where", "do")}
    return WorkerFailure(kind, str(event["message"]), details, **known)


def check_voxels(ct: Volume) -> None:
    """Refuse a CT whose voxels are no numbers, or that has none.

    Raises
    ------
    InputError
    """
    dtype = ct.array.dtype
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise InputError(f"the CT's voxels are of the type {dtype}", do="give HU as numbers")
    if ct.array.size == 0:
        raise InputError(f"the CT has no voxels: its shape is {ct.array.shape} (zyx)", do="choose another")
