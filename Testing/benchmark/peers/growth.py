"""How time and memory of this project grow: with the CT's length, the windows' overlap, the number of lesions."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from LungTumorSegLib.phantom import make_phantom
from LungTumorSegLib.phantom.tumours import Tumour
from LungTumorSegLib.volume import write_volume

from .bodies import write_body
from .cases import SMALL, SMALL_MM
from .processes import FailedError, run_fresh
from .store import Store
from .targets import WHOLE_BODY_SLICES

SLICES = (100, 300, 600, 1000, WHOLE_BODY_SLICES)
OVERLAPS = (0.0, 0.25, 0.5, 0.6, 0.7, 0.8, 0.9)
COARSE_OVERLAP = 0.4
LESIONS = (0, 1, 5, 10, 20, 50)
LESION_MM = 9.0
OVERLAP_WITH_COARSE_PASS = 0.8  # where the overlap is not what grows
TIMEOUT_S = 900
DEFAULT = "every window of the lungs"
COARSE = "with a coarse pass"


@dataclass(frozen=True)
class Point:
    """One measurement of a curve.

    Attributes
    ----------
    axis : {"slices", "overlap", "lesions"}
        What grows.
    at : float
    curve : str
        `DEFAULT`, or `COARSE`: first windows that overlap by `COARSE_OVERLAP`.
    """

    axis: str
    at: float
    curve: str = DEFAULT

    def as_dict(self) -> dict:
        """Return what the store knows it by."""
        return {"axis": self.axis, "at": self.at, "curve": self.curve}

    def arguments(self) -> list[str]:
        """Return what `run_one` is told besides."""
        if self.curve == DEFAULT and self.axis != "overlap":
            return []
        overlap = self.at if self.axis == "overlap" else OVERLAP_WITH_COARSE_PASS
        coarse = COARSE_OVERLAP if self.curve == COARSE else "null"
        return ["--set", f"inference.overlap={overlap}", "--set", f"inference.coarse_overlap={coarse}"]


def points(largest: int | None = None) -> list[Point]:
    """List what is measured; with ``largest``, CTs of more slices are left out."""
    slices = [Point("slices", n) for n in SLICES if largest is None or n <= largest]
    overlaps = [Point("overlap", share) for share in OVERLAPS]
    coarse = [Point("overlap", share, COARSE) for share in OVERLAPS if share > COARSE_OVERLAP]
    lesions = [Point("lesions", n, curve) for curve in (DEFAULT, COARSE) for n in LESIONS]
    return [*slices, *overlaps, *coarse, *lesions]


def measure_growth(store: Store, folder: Path, model: Path, device: str, say: Callable[[str], None]) -> None:
    """Measure every point that is not in the store yet, each in a fresh process."""
    for point in points():
        if store.of(growth=point.as_dict()):
            continue
        ct = _ct(point, folder)
        arguments = ["default", "--ct", str(ct), "--model", str(model), "--device", device]
        arguments += ["--mask", str(folder / "growth.nii.gz"), *point.arguments()]
        try:
            record = run_fresh(sys.executable, "benchmark.peers.run_one", arguments, TIMEOUT_S)
        except FailedError as error:
            record = {"failed": str(error)}
        store.add({"growth": point.as_dict(), **record})
        if point.axis == "slices" and point.at > min(SLICES):
            ct.unlink()  # up to half a gigabyte
        told = f"{record['seconds']:.1f} s" if "seconds" in record else record["failed"]
        say(f"growth, {point.axis} {point.at:g}, {point.curve}: {told}")


def whole_body_bytes(store: Store) -> float | None:
    """Return the most memory that the longest CT took, where it was measured."""
    for one in store.of(growth=Point("slices", WHOLE_BODY_SLICES).as_dict()):
        if "seconds" in one:
            return max(one["peak_bytes"], one["tree_bytes"])
    return None


def _ct(point: Point, folder: Path) -> Path:
    """Return the CT of a point, made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    if point.axis == "slices":
        path = folder / f"body-{point.at:g}.nii.gz"
        if not path.exists():
            write_body(path, int(point.at))
        return path
    count = int(point.at) if point.axis == "lesions" else 2
    path = folder / f"lesions-{count}.nii.gz"
    if not path.exists():
        grown = [Tumour(LESION_MM)] * count
        write_volume(path, make_phantom(7, size=SMALL, spacing=SMALL_MM, tumours_to_grow=grown).ct)
    return path
