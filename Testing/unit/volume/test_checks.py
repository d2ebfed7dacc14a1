"""What is refused as a grid or as Hounsfield units, and what is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from LungTumorSegLib.errors import InputError
from LungTumorSegLib.volume import Grid, Volume, same_grid_or_raise
from LungTumorSegLib.volume.checks import check_finite, check_grid, check_hounsfield
from support.volumes import chest_volume, grids


@given(grids())
def test_every_regular_grid_passes(grid):
    check_grid(grid, "x")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"size": (64, 64, 1)}, "is a 2D image"),
        ({"spacing": (1, 1, 0)}, "absurd spacing"),
        ({"spacing": (1, 1, -2)}, "absurd spacing"),
        ({"spacing": (0.001, 0.001, 0.003)}, "absurd spacing"),
        ({"spacing": (700, 700, 3000)}, "absurd spacing"),
        ({"spacing": (10, 10, 10), "size": (512, 512, 20)}, "absurd spacing"),
        ({"spacing": (1, 1, float("nan"))}, "not finite"),
        ({"origin": (0, float("inf"), 0)}, "not finite"),
        ({"direction": [[1, 0.01, 0], [0, 1, 0], [0, 0, 1]]}, "not orthonormal"),
        ({"direction": [[1, 0, 0], [0, 1.01, 0], [0, 0, 1]]}, "not orthonormal"),
        ({"direction": [[1, 1, 0], [0, 0, 0], [0, 0, 1]]}, "not orthonormal"),
    ],
)
def test_an_impossible_grid_is_refused(changed, said):
    with pytest.raises(InputError, match=said):
        check_grid(Grid(**{"size": (64, 64, 20), **changed}), "ct.nii.gz")


def test_rounding_of_the_direction_passes():
    direction = np.eye(3) + np.float32(1e-6)
    check_grid(Grid((4, 4, 4), direction=direction), "x")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_counted(bad):
    array = np.zeros((3, 4, 5), np.float32)
    array[1, 2, 3] = array[0, 0, 0] = bad
    with pytest.raises(InputError, match="holds 2 voxels that are NaN or infinite"):
        check_finite(array, "x")


def test_a_chest_passes(chest):
    check_hounsfield(chest.array, "x")
    check_hounsfield(chest.array.astype(np.float32) + 0.25, "x")


def test_padding_far_below_air_passes(chest):
    padded = chest.array.copy()
    padded[:, :3] = -3024
    check_hounsfield(padded, "x")


def brightness(array, low, high):
    """A windowed copy, as pictures are made."""
    return (array.astype(float).clip(low, high) - low) / (high - low)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a: (brightness(a, -1000, 400) * 255).astype(np.uint8), "8-bit or normalised"),
        (lambda a: (brightness(a, -1000, 400) * 255).astype(np.int16), "8-bit or normalised"),
        (lambda a: brightness(a, -1000, 400).astype(np.float32), "8-bit or normalised"),
        (lambda a: (a + 1024).clip(0).astype(np.uint16), "1024 added.*subtract 1024"),
        (lambda a: (a + 1024).clip(0).astype(np.int16), "1024 added.*subtract 1024"),
        (lambda a: ((a + 1100) * 0.4).clip(0).astype(np.int16), "as in MR or PET"),
        (lambda a: a.clip(-160, 240), "no air"),
        (lambda a: (brightness(a, -1000, 400) * 2 - 1).astype(np.float32), "no air"),
        (lambda a: np.minimum(a, -400), "no soft tissue"),
        (lambda a: np.full_like(a, -1000), "every voxel is -1000"),
        (lambda a: a.astype(np.int32) * 1000, "not in Hounsfield units: its values run from"),
    ],
)
def test_what_is_not_in_hounsfield_units_is_refused(chest, change, said):
    with pytest.raises(InputError, match=said) as raised:
        check_hounsfield(change(chest.array), "scan.nii.gz")
    assert str(raised.value).startswith("scan.nii.gz: ")


@given(grids())
def test_a_volume_lies_on_its_own_grid(grid):
    volume = Volume(np.zeros(grid.shape, np.uint8), grid)
    same_grid_or_raise(volume, volume, "x")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (Grid((32, 28, 13), (10, 10, 20), (-160, -140, -300)), "size 32 x 28 x 12 against 32 x 28 x 13"),
        (Grid((32, 28, 12), (10, 10, 21), (-160, -140, -300)), r"spacing \(10, 10, 20\) mm against \(10, 10, 21\) mm"),
        (Grid((32, 28, 12), (10, 10, 20), (-160, -140, -299)), "origin .* up to 1 mm apart"),
        (Grid((32, 28, 12), (10, 10, 20), (-160, -140, -300), np.diag([-1, 1, 1])), "direction"),
    ],
)
def test_the_difference_of_two_grids_is_named(other, said):
    mask, ct = chest_volume(), Volume(np.zeros(other.shape, np.int16), other)
    with pytest.raises(InputError, match=f"m.nii.gz: the mask does not lie on the CT's grid: .*{said}"):
        same_grid_or_raise(mask, ct, "m.nii.gz")
