"""Measurements: volume, RECIST and 3D diameters of every lesion, and the comparison with a reference."""

from .format import format_report
from .report import measure

__all__ = ["format_report", "measure"]
