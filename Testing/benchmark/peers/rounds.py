"""All contenders of a case, in turns, each in a fresh process; what was measured is kept at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from LungTumorSegLib.model import load_model

from .cases import Case
from .comparing import compare_masks
from .contenders import CONTENDERS, REFERENCE
from .processes import FailedError, run_fresh
from .store import Store

Say = Callable[[str], None]


def run_case(case: Case, store: Store, ct: Path, model: Path, device: str, after_each: Say) -> None:
    """Run what of a case is not in the store yet: A B C … A B C …, and compare the masks after the first round.

    Parameters
    ----------
    after_each : callable
        Called with one line after each record, to say it and to write the tables.
    """
    folder = store.path.parent / case.key
    folder.mkdir(exist_ok=True)
    for turn in range(max(case.repeats(key) for key in case.contenders)):
        for key in case.contenders:
            if turn >= case.repeats(key) or store.of(case=case.key, contender=key, turn=turn):
                continue
            first = store.of(case=case.key, contender=key, turn=0)
            failed = {"failed": first[0]["failed"]} if first and "failed" in first[0] else None
            record = failed or _measured(key, turn, folder, ct, model, device)
            store.add({"case": case.key, "contender": key, "turn": turn, **record})
            after_each(f"{case.key}, round {turn + 1}: {CONTENDERS[key].name}: {_told(record)}")
        if turn == 0:
            _compare(case, store, folder, ct, model, after_each)


def _measured(key: str, turn: int, folder: Path, ct: Path, model: Path, device: str) -> dict:
    contender = CONTENDERS[key]
    if obstacle := contender.obstacle():
        return {"skipped": obstacle}
    arguments = [key, "--ct", str(ct), "--model", str(model), "--mask", str(folder / f"{key}.nii.gz")]
    arguments += ["--device", device]
    if key == REFERENCE and turn == 0:
        arguments += ["--probability", str(folder / "probability.npy")]
    try:
        return run_fresh(contender.python, "benchmark.peers.run_one", arguments)
    except FailedError as error:
        return {"failed": str(error)}


def _told(record: dict) -> str:
    if "seconds" not in record:
        return record.get("skipped") or f"failed: {record['failed']}"
    return f"{record['seconds']:.1f} s, {record['peak_bytes'] / 2**30:.2f} GiB"


def _compare(case: Case, store: Store, folder: Path, ct: Path, model: Path, after_each: Say) -> None:
    """Compare all masks of the first round."""
    done = [one["contender"] for one in store.of(case=case.key, turn=0) if "seconds" in one]
    if REFERENCE not in done or store.of(case=case.key, masks=done):
        return
    masks = {key: folder / f"{key}.nii.gz" for key in done}
    truth = ct.with_name(ct.name.replace(".nii.gz", "_truth.nii.gz"))
    compared = compare_masks(masks | {"truth": truth}, ct, load_model(model).recipe, folder / "probability.npy")
    store.add({"case": case.key, "masks": done, "compared": compared})
    after_each(f"{case.key}: masks compared")
