"""What was written, read again: by pydicom for every element, by GDCM (in SimpleITK) for voxels and geometry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..volume.imagefile import itk_warnings_off
from .identity import elements_holding, words_of
from .instance import BASIC_PROFILE, METHOD, read_instance
from .profile import Profile

if TYPE_CHECKING:
    from pydicom import Dataset

# What the profile's dummies look like; they may have stood in the original as well.
DUMMIES = {"", "ANONYMIZED", "00010101", "00010101010101.000000+0000", "000000.00", "000Y", "0", "0.0", "b''"}


def verify(original: Path, written: Path, profile: Profile, words: set[str], pseudonym: str) -> bool:
    """Compare a file with the one that it was made from.

    Returns
    -------
    bool
        Whether GDCM could decode the voxels; where it cannot, their encoded bytes are the same.

    Raises
    ------
    InputError
        An attribute is there that must not be, or holds what it held, or the image is not the same.
    """
    before, after = read_instance(original), read_instance(written)
    _check_elements(before, after, profile, words, pseudonym, original)
    if before.get("PixelData") != after.get("PixelData"):
        raise _failed("the voxels were changed", original)
    if not before.get("PixelData"):
        return True
    return _check_image(original, written, profile)


def _check_elements(
    before: Dataset, after: Dataset, profile: Profile, words: set[str], pseudonym: str, original: Path
) -> None:
    values = _listed_values(before, profile)

    def visit(_: Dataset, element) -> None:
        if profile.removes(element.tag):
            raise _failed(f"{element.tag} {element.keyword} was not removed", original)
        stays = profile.lists(element.tag) and element.VR != "SQ" and str(element.value) in values.get(element.tag, ())
        if stays and str(element.value) not in DUMMIES | {pseudonym}:
            raise _failed(f"{element.tag} {element.keyword} was not replaced", original)

    after.walk(visit)
    after.file_meta.walk(visit)
    own = words_of(" ".join((pseudonym, METHOD, *BASIC_PROFILE)))
    for _, element in elements_holding(after, words - own):
        raise _failed(f"{element.tag} {element.keyword} still holds a word that identifies", original)


def _listed_values(dataset: Dataset, profile: Profile) -> dict[int, set[str]]:
    """Return the values of the profile's attributes, at any depth."""
    values: dict[int, set[str]] = {}

    def visit(_: Dataset, element) -> None:
        if profile.lists(element.tag) and element.VR != "SQ":
            values.setdefault(element.tag, set()).add(str(element.value))

    dataset.walk(visit)
    return values


def _check_image(original: Path, written: Path, profile: Profile) -> bool:
    import SimpleITK as sitk

    def read(path: Path):
        reader = sitk.ImageFileReader()
        reader.SetImageIO("GDCMImageIO")
        reader.SetFileName(str(path))
        with itk_warnings_off():
            return reader.Execute()

    try:
        before = read(original)
    except RuntimeError:
        return False
    after = read(written)
    for what in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
        if getattr(before, what)() != getattr(after, what)():
            raise _failed(f"the second reader finds another {what.removeprefix('Get').lower()}", original)
    if not np.array_equal(sitk.GetArrayViewFromImage(before), sitk.GetArrayViewFromImage(after)):
        raise _failed("the second reader finds other voxels", original)
    for key in after.GetMetaDataKeys():
        group, element = (int(part, 16) for part in key.split("|")) if "|" in key else (0, 0)
        if profile.removes((group << 16) + element):
            raise _failed(f"the second reader finds ({group:04X},{element:04X})", original)
    return True


def _failed(what: str, original: Path) -> InputError:
    return InputError(f"cannot be anonymized safely: {what}; nothing was written", original, "leave this file out")
