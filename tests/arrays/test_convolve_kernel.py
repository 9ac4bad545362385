"""Kernel convolution epoch by epoch, against `numpy.convolve`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase._arrays import convolve

ONE = (np.array([0]), np.array([1000]))


def by_epoch(values, first, last, kernel, trim):
    """Full convolution in each epoch, cut by hand."""
    parts = []
    for a, b in zip(first, last):
        n, k = b - a, kernel.size
        if n == 0:
            continue
        full = np.convolve(values[a:b], kernel)
        start = {"right": 0, "left": k - 1, "both": (k - 1) // 2}[trim]
        parts.append(full[start : start + n])
    return np.concatenate(parts)


@given(
    st.integers(0, 1000),
    st.integers(1, 400),
    st.sampled_from([1, 2, 3, 8, 9, 64, 65, 300, 1001]),
    st.sampled_from(["both", "left", "right"]),
)
@settings(max_examples=120, deadline=None)
def test_nothing_leaks_between_epochs(seed, n, taps, trim):
    rng = np.random.default_rng(seed)
    values, kernel = rng.normal(size=n), rng.normal(size=taps)
    cuts = np.sort(rng.integers(0, n + 1, seed % 4))
    first, last = np.append(0, cuts), np.append(cuts, n)
    result = convolve.convolve_epochs(values, first, last, kernel, trim)
    np.testing.assert_allclose(result, by_epoch(values, first, last, kernel, trim), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("taps", [5, 401])
def test_channels_and_kernels_are_independent(taps):
    rng = np.random.default_rng(0)
    values, kernels = rng.normal(size=(1000, 2, 3)), rng.normal(size=(taps, 4))
    result = convolve.convolve_epochs(values, *ONE, kernels, "both")
    assert result.shape == (1000, 2, 3, 4)
    for i, j, k in np.ndindex(2, 3, 4):
        expected = by_epoch(values[:, i, j], *ONE, kernels[:, k], "both")
        np.testing.assert_allclose(result[:, i, j, k], expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("trim", ["both", "left", "right"])
@pytest.mark.parametrize("taps", [11, 12, 301, 302])
def test_nan_spreads_no_further_than_the_kernel(taps, trim):
    values = np.random.default_rng(0).normal(size=3000)
    values[1500] = np.nan
    result = convolve.convolve_epochs(values, np.array([0]), np.array([3000]), np.ones(taps), trim)
    expected = by_epoch(values, [0], [3000], np.ones(taps), trim)
    np.testing.assert_array_equal(np.isnan(result), np.isnan(expected))
    np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-9)


def test_smoothed_counts_are_zero_or_positive():
    """The FFT leaves noise around zero; a rate that should be zero must be."""
    counts = np.zeros(20_000)
    counts[[5000, 5003]] = 1
    window = convolve.gaussian_window(1001, 100.0)
    result = convolve.convolve_epochs(counts, np.array([0]), np.array([20_000]), window, "both")
    reach = np.zeros(20_000, dtype=bool)
    reach[4500:5504] = True
    assert (result >= 0).all()
    assert (result[~reach] == 0).all()


def test_infinities_and_complex_numbers_are_kept():
    values = np.zeros(5000)
    values[2000] = np.inf
    result = convolve.convolve_epochs(values, np.array([0]), np.array([5000]), np.ones(101), "right")
    assert np.isinf(result[2000:2101]).all()
    assert (result[:2000] == 0).all()
    rng = np.random.default_rng(0)
    wave, kernel = rng.normal(size=1000) + 1j * rng.normal(size=1000), rng.normal(size=21) * 1j
    result = convolve.convolve_epochs(wave, *ONE, kernel, "both")
    np.testing.assert_allclose(result, by_epoch(wave, *ONE, kernel, "both"), rtol=1e-9, atol=1e-12)
    result = convolve.convolve_epochs(wave.real, *ONE, kernel, "both")
    np.testing.assert_allclose(result, by_epoch(wave.real, *ONE, kernel, "both"), rtol=1e-9, atol=1e-12)


def test_gaussian_window_is_symmetric_with_peak_one():
    window = convolve.gaussian_window(11, 2.0)
    np.testing.assert_allclose(window, window[::-1])
    assert window[5] == 1
    np.testing.assert_allclose(window[7] / window[5], np.exp(-0.5))


def test_no_rows():
    assert convolve.convolve_epochs(np.empty(0), np.array([0]), np.array([0]), np.ones(3), "both").shape == (0,)
