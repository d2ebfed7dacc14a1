"""What differs between synthetic patients, and the CT numbers that do not.

Coordinates are those of `LungTumorSegLib.phantom.canvas.Canvas`: mm, x to the patient's left, y posterior,
z superior; the chest reaches from about 0 (upper abdomen) to 300 (base of the neck).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Usual CT numbers at 120 kV, HU.
AIR, LUNG, FAT, MUSCLE, ORGAN = -1000.0, -865.0, -100.0, 50.0, 42.0


@dataclass(frozen=True)
class Build:
    """How one synthetic patient differs from another.

    Attributes
    ----------
    stretch_xyz : tuple of float
        Size relative to the standard chest.
    fat_mm : float
        Thickness of the fat under the skin.
    heart : float
        Size of the heart relative to the standard one.
    breath_mm : float
        Height of the diaphragm above the standard one.
    blood_hu : float
        CT number of blood; above 100 with contrast medium.
    """

    stretch_xyz: tuple[float, float, float]
    fat_mm: float
    heart: float
    breath_mm: float
    blood_hu: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Build:
        """Draw a patient."""
        return cls(
            stretch_xyz=tuple(float(s) for s in rng.uniform((0.92, 0.92, 0.94), (1.03, 1.02, 1.03))),
            fat_mm=float(rng.uniform(6, 14)),
            heart=float(rng.uniform(0.92, 1.08)),
            breath_mm=float(rng.uniform(-8, 12)),
            blood_hu=float(rng.choice([42.0, 42.0, 210.0]) + rng.uniform(-4, 4)),
        )
