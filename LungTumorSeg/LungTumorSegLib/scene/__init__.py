"""Slicer's scene: volume nodes in; segments, tables and markup lines out.

The only room that touches ``slicer`` and ``vtk``. It uses MRML nodes and static functions of Slicer's module logics,
and neither Qt nor the application, so that it runs in 3D Slicer and on Slicer Core (``slicer-core`` on PyPI) alike.

All volumes that leave this room lie in *world* coordinates: parent transforms are applied to the geometry, voxels
are left as they are. What is found or measured is therefore where the person sees it.
"""

from .lesions import Lesion
from .live import LiveMeasurement
from .logic import SegmentationLogic
from .request import SegmentationRequest

__all__ = ["Lesion", "LiveMeasurement", "SegmentationLogic", "SegmentationRequest"]
