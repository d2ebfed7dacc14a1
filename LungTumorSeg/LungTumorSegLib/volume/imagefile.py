"""One image file to one SimpleITK image, whole and 3D, or a reason why not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from .checks import refuse_not_finite
from .files import full_suffix, is_utf8
from .integrity import DamagedError, StoredVoxels, check_length, check_voxels
from .metaimage import read_metaimage_header
from .nifti import check_nifti_header, read_nifti_header
from .nrrd import check_nrrd_header
from .segments import FIRST_SEGMENT

if TYPE_CHECKING:
    import SimpleITK as sitk

NIFTI_SUFFIXES = (".nii.gz", ".nii")
NRRD_SUFFIXES = (".seg.nrrd", ".nrrd", ".nhdr")
METAIMAGE_SUFFIXES = (".mha", ".mhd")
IMAGE_SUFFIXES = NIFTI_SUFFIXES + NRRD_SUFFIXES + METAIMAGE_SUFFIXES

# ITK's exceptions that a header can cause, and what they mean to the person who gave the file.
_ITK_SAYS = {
    "Zero-valued spacing": "has a spacing of zero",
    "only supports orthonormal": "has a direction that is not orthonormal",
    "Bad direction, determinant is 0": "has a direction that is not orthonormal (two axes coincide)",
    "data read error": "is truncated or damaged",
    "bytes but received": "is truncated or damaged",
    "fread got only": "is truncated or damaged",
    "trouble opening": "names a data file that is not there",
}


def existing_path(path: str | Path) -> Path:
    """Return ``path`` of a folder, or of a file that can be opened and is not empty; else raise `InputError`."""
    path = Path(path)
    try:
        if path.is_dir():
            return path
        if not path.exists():
            raise InputError("there is no such file or folder", path, "check the path")
        if not path.is_file():
            raise InputError("is neither a file nor a folder", path, "give a CT or a mask")
        if path.stat().st_size == 0:
            raise InputError("is empty (0 bytes)", path, "copy or export it again")
        path.open("rb").close()
    except OSError as error:
        raise InputError(f"cannot be opened ({error.strerror})", path, "check the path and its permissions") from error
    return path


def read_image(path: Path, components: bool = False) -> sitk.Image:
    """Read a NIfTI, NRRD or MetaImage file.

    A fourth axis of length 1 is dropped. Geometry is as the file says; it is checked for what ITK would overlook, not
    for plausibility (`LungTumorSegLib.volume.checks.check_grid`).

    Parameters
    ----------
    path : Path
        An existing file.
    components : bool
        Let an image with several numbers a voxel pass (layers of a segmentation).

    Raises
    ------
    InputError
        It is not such an image, is not 3D, has a colour or vector a voxel, or is truncated or damaged.
    """
    import SimpleITK as sitk

    if not is_utf8(path):
        raise InputError("cannot be read, because its name is not in UTF-8", path, "rename it")
    stored = stored_voxels_of(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    with _itk_errors_explained(path, stored):
        if stored is not None:
            check_length(stored)
        reader.ReadImageInformation()
    _check_kind(reader, path, components)
    with _itk_errors_explained(path, stored):
        image = reader.Execute()
        if stored is not None:
            refuse_not_finite(check_voxels(stored, sitk.GetArrayViewFromImage(image)), path)
    return image[(slice(None),) * 3 + (0,) * (image.GetDimension() - 3)] if image.GetDimension() > 3 else image


@contextmanager
def itk_warnings_off() -> Iterator[None]:
    """Keep ITK and the libraries below it from printing to stderr; what matters is checked by name."""
    import SimpleITK as sitk

    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        with _native_stderr_off():
            yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)


@contextmanager
def _native_stderr_off() -> Iterator[None]:
    """Send nowhere what C code prints to file descriptor 2; the NIfTI library has no other switch."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no stderr
        yield
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def stored_voxels_of(path: Path) -> StoredVoxels | None:
    """Say where a file keeps its voxels; None for NRRD, whose library checks lengths and check sums itself.

    Raises
    ------
    InputError
        The suffix is of no format read here, or the header is not of that format or contradicts itself.
    """
    suffix = full_suffix(path)
    if suffix not in IMAGE_SUFFIXES:
        raise InputError(
            "is not an image that can be read here",
            path,
            "give a DICOM folder or a file in .nii.gz, .nii, .nrrd, .mha or .mhd",
        )
    if suffix in NIFTI_SUFFIXES:
        header = read_nifti_header(path)
        check_nifti_header(header)
        return header.stored
    if suffix in METAIMAGE_SUFFIXES:
        return read_metaimage_header(path)
    check_nrrd_header(path)
    return None


def _check_kind(reader: sitk.ImageFileReader, path: Path, components: bool) -> None:
    """Refuse what is not a 3D scalar image, from the header alone.

    One slice of a segmentation may pass: Slicer crops to what is not empty, and the whole grid is in the header.
    """
    import SimpleITK as sitk

    size = reader.GetSize()
    shown = " x ".join(str(n) for n in size)
    if len(size) < 3 or (1 in size[:3] and not reader.HasMetaDataKey(FIRST_SEGMENT)):
        raise InputError(f"is a 2D image ({shown})", path, "give a whole 3D volume")
    if any(n > 1 for n in size[3:]):
        raise InputError(f"has {len(size)} dimensions ({shown})", path, "extract one 3D volume first")
    numbers = reader.GetNumberOfComponents()
    if numbers > 1 and not components:
        raise InputError(f"has {numbers} numbers a voxel, as a colour image has", path, "give a scalar image")
    if "complex" in sitk.GetPixelIDValueAsString(reader.GetPixelIDValue()):
        raise InputError("holds complex numbers", path, "give a scalar image")


@contextmanager
def _itk_errors_explained(path: Path, stored: StoredVoxels | None) -> Iterator[None]:
    """Turn ITK's exceptions and a damaged file into an `InputError` of one line."""
    try:
        with itk_warnings_off():
            yield
    except DamagedError as error:
        raise _damaged(path, error) from error
    except RuntimeError as error:
        raise _explained(error, path, stored) from error


def _explained(error: RuntimeError, path: Path, stored: StoredVoxels | None) -> InputError:
    if stored is not None:
        try:
            check_voxels(stored)
        except DamagedError as reason:
            return _damaged(path, reason)
    what = next((meaning for text, meaning in _ITK_SAYS.items() if text in str(error)), None)
    if what is None:
        return InputError("cannot be read as an image", path, "check that it opens in 3D Slicer")
    return InputError(what, path, "correct it or export it again")


def _damaged(path: Path, reason: DamagedError) -> InputError:
    return InputError(f"is truncated or damaged: {reason}", path, "copy or export it again")
