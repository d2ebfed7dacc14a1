"""How often each HU occurs, in single scans and in a data set, and what windows and normalisation follow from that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ...errors import InputError

LOWEST_HU, HIGHEST_HU = -1024, 3071
WINDOW_PERCENTILES = (0.5, 99.5)

Counts = tuple[int, tuple[int, ...]]
"""The lowest HU that occurs, and the voxels of each whole HU from there on."""


def count_hu(parts: Iterable[np.ndarray]) -> Counts:
    """Count the voxels of each whole HU, limited to -1024..3071; part by part, to save memory."""
    counts = np.zeros(HIGHEST_HU - LOWEST_HU + 1, dtype=np.int64)
    for part in parts:
        hu = np.clip(np.rint(part), LOWEST_HU, HIGHEST_HU).astype(np.int16) - LOWEST_HU
        counts += np.bincount(hu.ravel(), minlength=len(counts))
    found = np.flatnonzero(counts)
    if not found.size:
        return HIGHEST_HU, ()
    return LOWEST_HU + int(found[0]), tuple(counts[found[0] : found[-1] + 1].tolist())


def foreground(cases: Iterable[Counts]) -> dict | None:
    """Return percentiles, mean and standard deviation of the HU of all annotated voxels; None where there is none."""
    counts = np.zeros(HIGHEST_HU - LOWEST_HU + 1, dtype=np.int64)
    for first, of_case in cases:
        start = first - LOWEST_HU
        counts[start : start + len(of_case)] += np.array(of_case, dtype=np.int64)
    voxels = int(counts.sum())
    if not voxels:
        return None
    hu = np.arange(LOWEST_HU, HIGHEST_HU + 1)
    mean = float((hu * counts).sum() / voxels)
    result = {"voxels": voxels, "mean": mean, "sd": float(np.sqrt((counts * (hu - mean) ** 2).sum() / voxels))}
    for percentile in (WINDOW_PERCENTILES[0], 50.0, WINDOW_PERCENTILES[1]):
        result[f"percentile_{percentile:g}"] = _percentile(hu, counts, percentile)
    return result


def scanned(cases: Sequence[Counts], voxel_ml: Sequence[float]) -> dict | None:
    """Return how many mL were scanned of each whole HU, by the volume of each case's voxels; None where one is empty.

    Volumes rather than voxels, as cases are resampled to one spacing.
    """
    if not all(of_case for _, of_case in cases):
        return None
    millilitres = np.zeros(HIGHEST_HU - LOWEST_HU + 1)
    for (first, of_case), ml in zip(cases, voxel_ml, strict=True):
        start = first - LOWEST_HU
        millilitres[start : start + len(of_case)] += ml * np.array(of_case)
    first, last = np.flatnonzero(millilitres)[[0, -1]]
    return {
        "first_hu": LOWEST_HU + int(first),
        "millilitres": [float(f"{ml:.7g}") for ml in millilitres[first : last + 1]],
    }


def mean_and_deviation(window: list[float], fingerprint: dict) -> list[float]:
    """Return mean and standard deviation of all tissue that was scanned, its HU clipped to the window."""
    counts = fingerprint.get("scanned_hu")
    if counts is None:
        do = "prepare the data set anew, or set it to numbers"
        raise InputError("the fingerprint counts no HU to normalise by", "preparation.normalization", do)
    millilitres = np.array(counts["millilitres"])
    hu = np.clip(counts["first_hu"] + np.arange(len(millilitres)), *window)
    mean = np.average(hu, weights=millilitres)
    deviation = np.sqrt(np.average((hu - mean) ** 2, weights=millilitres))
    if not deviation:
        raise InputError("all scans are the same throughout this window", "preparation.windows_hu", "widen it")
    return [round(float(mean), 3), round(float(deviation), 3)]


def _percentile(values: np.ndarray, counts: np.ndarray, percentile: float) -> float:
    """Return a percentile of ``values`` repeated ``counts`` times."""
    ends = np.cumsum(counts)
    rank = percentile / 100 * (ends[-1] - 1)
    low, high = (values[np.searchsorted(ends, whole, side="right")] for whole in (np.floor(rank), np.ceil(rank)))
    return float(low + (high - low) * (rank % 1))
