"""Networks, taken from MONAI or assembled here, and their weights."""

from .build import build_network, network_of
from .load import load_network
from .rearranged import rearranged

__all__ = ["build_network", "load_network", "network_of", "rearranged"]
