"""Products by bands, slabs and boxes are those of the whole matrices with the whole array."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from LungTumorSegLib.volume.banded import BandedMatrix
from LungTumorSegLib.volume.resampling import (
    Weights,
    axis_weights,
    resample,
    resample_mask,
    resample_mask_twice,
    resample_where,
)

some = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**31)


@st.composite
def weights_for(draw, shape: tuple[int, int, int]) -> Weights:
    """Weights from an array of ``shape`` to a finer or coarser one, of all of it or of a part."""
    weights = []
    for size in shape:
        step = draw(st.floats(0.3, 4.0))
        first = draw(st.floats(0, size - 1))
        weights.append(axis_weights(first + step * np.arange(draw(st.integers(1, 40))), size, step))
    return tuple(weights)


def dense(array: np.ndarray, weights_zyx: Weights) -> np.ndarray:
    z, y, x = (weights.astype(np.float64) for weights in weights_zyx)
    return np.einsum("az,by,cx,zyx->abc", z, y, x, array.astype(np.float64), optimize=True)


shapes = st.tuples(*[st.integers(1, 30)] * 3)


@some
@given(shape=shapes, data=st.data(), seed=seeds)
def test_an_array_is_resampled_as_by_the_whole_matrices(shape, data, seed):
    weights = data.draw(weights_for(shape))
    array = np.random.default_rng(seed).integers(-3000, 3000, shape).astype(np.int16)
    assert np.allclose(resample(array, weights), dense(array, weights), atol=5e-3)
    assert np.allclose(resample(array, weights, -1024), dense(np.maximum(array, -1024), weights), atol=5e-3)


@some
@given(shape=shapes, data=st.data(), seed=seeds)
def test_masks_are_cut_where_the_whole_matrices_reach_one_half(shape, data, seed):
    weights = data.draw(weights_for(shape))
    array = np.random.default_rng(seed).normal(size=shape)
    low = array < data.draw(st.sampled_from([-9.0, -1.0, 0.0, 9.0]))
    limit = array[low].max() + 1e-9 if low.any() else -9.0
    share = dense(low, weights)
    clear = np.abs(share - 0.5) > 1e-5
    for mask in (resample_mask(low, weights), resample_where(array, limit, weights)):
        assert np.array_equal(mask[clear], share[clear] > 0.5)


@some
@given(shape=shapes, data=st.data(), seed=seeds)
def test_twice_is_once_and_once_again(shape, data, seed):
    first = data.draw(weights_for(shape))
    then = data.draw(weights_for(tuple(len(weights) for weights in first)))
    mask = np.random.default_rng(seed).random(shape) < data.draw(st.sampled_from([0.0, 0.3, 0.7]))
    share = dense(resample_mask(mask, first), then)
    clear = np.abs(share - 0.5) > 1e-5
    assert np.array_equal(resample_mask_twice(mask, first, then)[clear], share[clear] > 0.5)


@some
@given(rows=st.integers(0, 50), columns=st.integers(0, 20), seed=seeds)
def test_rows_and_matrices_without_weights_give_zeros(rows, columns, seed):
    rng = np.random.default_rng(seed)
    matrix = np.where(rng.random((rows, columns)) < 0.1, rng.random((rows, columns)), 0).astype(np.float32)
    banded = BandedMatrix.of(matrix)
    array = rng.random((3, columns, 4)).astype(np.float32)
    assert np.allclose(banded.along_y(array), matrix @ array)
    assert np.allclose(banded.along_x(array.transpose(0, 2, 1)), (matrix @ array).transpose(0, 2, 1))
