"""`Volume` to and from a SimpleITK image; both keep index order xyz and physical space LPS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .grid import Grid
from .image import Volume

if TYPE_CHECKING:
    import SimpleITK as sitk


def grid_of(image: sitk.Image) -> Grid:
    """Return the geometry of a 3D SimpleITK image, digit for digit."""
    return Grid(image.GetSize(), image.GetSpacing(), image.GetOrigin(), np.array(image.GetDirection()).reshape(3, 3))


class _HeldImage:
    """Lends NumPy an image's voxels and keeps the image in memory as long as an array of them (NumPy's interface)."""

    def __init__(self, image: sitk.Image):
        import SimpleITK as sitk

        view = sitk.GetArrayViewFromImage(image).__array_interface__
        self.image = image
        self.__array_interface__ = {**view, "data": (view["data"][0], False)}  # may be written to


def voxels_of(image: sitk.Image) -> np.ndarray:
    """Take over the voxels (zyx) of a SimpleITK image without copying them: nobody else may use it any more."""
    return np.asarray(_HeldImage(image))


def from_sitk(image: sitk.Image) -> Volume:
    """Take over a 3D scalar SimpleITK image, as `voxels_of` does."""
    return Volume(voxels_of(image), grid_of(image))


def to_sitk(volume: Volume) -> sitk.Image:
    """Copy a volume into a SimpleITK image; booleans become 8-bit numbers."""
    import SimpleITK as sitk

    array = volume.array.astype(np.uint8) if volume.array.dtype == bool else volume.array
    image = sitk.GetImageFromArray(np.ascontiguousarray(array))
    image.SetSpacing(volume.grid.spacing)
    image.SetOrigin(volume.grid.origin)
    image.SetDirection(volume.grid.direction.ravel().tolist())
    return image
