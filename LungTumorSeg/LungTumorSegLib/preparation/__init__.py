"""From the CT's grid and HU to the network's input, and back."""

from .grid_map import GridMap
from .intensity import intensity_channels
from .prepare import PreparedCT, prepare_ct

__all__ = ["GridMap", "PreparedCT", "intensity_channels", "prepare_ct"]
