"""Which targets a run reached, by how much the others were missed, what the time goes into, and what the limit is."""

from __future__ import annotations

import operator
from dataclasses import dataclass

from .contenders import REFERENCE, SAME_VOXELS
from .job import STAGES
from .tables import GIB, SHORT, Line, markdown

WHOLE_BODY_SLICES = 1500


@dataclass(frozen=True)
class Target:
    """One thing that was wanted.

    Attributes
    ----------
    what : str
    measured : float or None
        None where it could not be measured.
    wanted : float
    form : str
        How numbers are written.
    at_least : bool
        Whether more is better.
    """

    what: str
    measured: float | None
    wanted: float
    form: str = "{:.1f}"
    at_least: bool = True

    def row(self) -> list[str]:
        """Name, measured, wanted, and what came of it."""
        sign = "at least" if self.at_least else "at most"
        wanted = f"{sign} {self.form.format(self.wanted)}"
        if self.measured is None:
            return [self.what, "–", wanted, "not measured here"]
        reached = (operator.ge if self.at_least else operator.le)(self.measured, self.wanted)
        part = self.measured / self.wanted if self.at_least else self.wanted / self.measured
        verdict = "reached" if reached else f"**missed**: {100 * part:.3g} % of it"
        return [self.what, self.form.format(self.measured), wanted, verdict]


def targets_of(
    lines: dict[str, Line], device: str = "cpu", floors: dict | None = None, whole_body_bytes: float | None = None
) -> list[Target]:
    """Check what was asked for.

    Parameters
    ----------
    lines : dict of str to Line
        Of the packaged network; contenders that did not run may be missing.
    device : str
        ``cpu`` or ``cuda``, of which other things are asked.
    floors : dict, optional
        From `floors.measure`.
    whole_body_bytes : float, optional
        Most memory of (d) on 512x512x1500 voxels.
    """
    have = {key: line for key, line in lines.items() if line.runs}
    reference, default, plain, exact = (have.get(key) for key in (REFERENCE, "default", "plain", "exact"))
    autocast, cropped = (_times(have.get(key), default) for key in ("monai-autocast", "monai-body"))
    over_reference = "(d) faster than (a) in float32, times"
    over_autocast = "(d) faster than (a) under autocast, times"
    if device == "cpu":
        speed = [
            Target(over_reference, _times(reference, default), 20),
            Target(f"{over_autocast} (for comparison)", autocast, 1),
            Target("(d) faster than (a) cropped to the body, times (for comparison)", cropped, 1),
            Target("(d) faster than (b) not mirrored, times", _times(have.get("nnunet"), default), 5),
        ]
    else:
        share = default and floors and _arithmetic(default, floors)
        speed = [
            Target(over_reference, _times(reference, default), 10),
            Target(over_autocast, autocast, 4),
            Target("(d) from file to mask, s", default and default.seconds, 2, at_least=False),
            Target("(d) the network's own arithmetic, of the stage", share, 0.7, "{:.2f}"),
        ]
    gib = whole_body_bytes / GIB if whole_body_bytes else None
    return [
        *speed,
        Target("(c) seconds a window, of those of (a)", _part(plain, reference, "per_window"), 1, "{:.2f}", False),
        Target("(c) peak memory, of that of (a)", _part(plain, reference, "peak"), 0.5, "{:.2f}", False),
        Target("(d) peak memory at 512x512x1500, GiB", gib, 4, "{:.2f}", False),
        Target("Dice of (c) with (a)", plain and plain.dice(REFERENCE), 0.99, "{:.4f}"),
        Target("Dice of (c) with (a) on the same voxels", plain and plain.dice(SAME_VOXELS), 0.99, "{:.4f}"),
        Target("Dice of (d) with (a)", default and default.dice(REFERENCE), 0.99, "{:.4f}"),
        Target(
            "Dice of (d) at overlap 0.8 and laid as (a), with (a) on the same voxels",
            exact and exact.dice(SAME_VOXELS),
            0.99,
            "{:.4f}",
        ),
    ]


def _arithmetic(line: Line, floors: dict) -> float:
    """Return what part of the stage "network" convolutions alone would take."""
    fastest = min(rate["layers_s"] for rate in floors["rates"].values())
    return line.runs[0]["passes"] * fastest / line.median(lambda run: run["stages"]["network"])


def _times(slower: Line | None, faster: Line | None) -> float | None:
    return slower.seconds / faster.seconds if slower and faster else None


def _part(line: Line | None, reference: Line | None, what: str) -> float | None:
    return getattr(line, what) / getattr(reference, what) if line and reference else None


def targets_table(targets: list[Target]) -> str:
    """Write the targets as Markdown."""
    return markdown(["target", "measured", "wanted", ""], [target.row() for target in targets])


def limit_text(lines: dict[str, Line], floors: dict | None, precision: str) -> str:
    """Say what the time of (d) goes into, and what is the least that its windows could take.

    Parameters
    ----------
    lines : dict of str to Line
    floors : dict or None
        From `floors.measure`.
    precision : str
        What (d) computes in.
    """
    default, reference = lines.get("default"), lines.get(REFERENCE)
    if not default or not default.runs:
        return ""
    parts = {SHORT[stage]: default.median(lambda run, stage=stage: run["stages"].get(stage, 0.0)) for stage in STAGES}
    told = sorted(((seconds, name) for name, seconds in parts.items() if seconds >= 0.005), reverse=True)
    text = "What the time of (d) goes into: "
    text += ", ".join(f"{name} {100 * seconds / default.seconds:.0f} %" for seconds, name in told) + ". "
    if floors is None:
        return text
    passes, rate = default.runs[0]["passes"], floors["rates"][precision]
    least, took = passes * rate["layers_s"], parts["network"]
    text += (
        f"A window is {floors['gflop']:.1f} GFLOP; this machine computes the network's own convolutions at "
        f"{rate['gflop_per_s']:.0f} GFLOP/s in {precision} "
        f"({floors['rates']['float32']['gflop_per_s']:.0f} in float32), so the {passes} windows of (d) cannot take "
        f"less than {least:.1f} s; the stage took {took:.1f} s, of which that is {100 * least / took:.0f} %. "
    )
    if reference and reference.runs:
        best = reference.seconds / (default.seconds - took + least)
        text += (
            f"With these windows and nothing but their convolutions (d) would be {best:.0f} times faster than (a). "
        )
    return text
