"""Binning values as `numpy.histogramdd` does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase._arrays import histogram


@given(st.integers(0, 5000), st.integers(1, 3), st.integers(1, 30))
@settings(max_examples=100, deadline=None)
def test_bins_are_those_of_histogramdd(seed, dimensions, n_bins):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(300, dimensions)) if seed % 2 else rng.integers(-20, 20, (300, dimensions)) / 10.0
    edges = [histogram.even_edges(values[:, i], n_bins, None if seed % 3 else (-1.0, 1.3)) for i in range(dimensions)]
    values[::50, 0] = edges[0][rng.integers(0, n_bins + 1, 6)]  # right on edges
    expected, numpy_edges = np.histogramdd(values, edges)
    for even in (True, False):
        codes = histogram.bin_codes(values, edges, [even] * dimensions)
        counts = np.bincount(codes[codes >= 0], minlength=expected.size)
        np.testing.assert_array_equal(counts.reshape(expected.shape), expected)
    np.testing.assert_array_equal(np.concatenate(edges), np.concatenate(numpy_edges))


def test_outside_and_nan_have_no_bin():
    codes = histogram.bin_codes(
        np.array([[-1.0], [0.0], [2.0], [2.1], [np.nan], [np.inf]]), [np.linspace(0, 2, 3)], [True]
    )
    assert codes.tolist() == [-1, 0, 1, -1, -1, -1]


def test_a_constant_has_a_range_and_nan_has_none():
    np.testing.assert_array_equal(histogram.even_edges(np.full(3, 2.0), 2, None), [1.5, 2.0, 2.5])
    np.testing.assert_array_equal(histogram.even_edges(np.empty(0), 2, None), [0.0, 0.5, 1.0])
    with pytest.raises(ValueError, match="is not finite"):
        histogram.even_edges(np.array([1.0, np.nan]), 3, None)


@pytest.mark.parametrize("dtype", [float, complex, int])
def test_sums_leave_nan_out(dtype):
    rng = np.random.default_rng(0)
    codes, values = rng.integers(-1, 4, 500), (rng.normal(size=(500, 3)) * 9).astype(dtype)
    if dtype is not int:
        values[::7, 1] = np.nan
    sums, numbers = histogram.sums_by_code(codes, values, 4)
    for code in range(4):
        np.testing.assert_allclose(sums[code], np.nansum(values[codes == code], axis=0), rtol=1e-9)
        np.testing.assert_array_equal(numbers[code], (~np.isnan(values[codes == code])).sum(axis=0))
