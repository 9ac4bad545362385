"""Resampling epoch by epoch, against plain NumPy in each epoch."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import ROUNDING
from rheobase._arrays import events, resample

RNG = np.random.default_rng(3)
TIMES = np.sort(RNG.uniform(0, 30, 200))
STARTS, ENDS = np.array([0.0, 12.0, 20.0, 29.5]), np.array([10.0, 12.01, 26.0, 29.51])
SHAPES = [(), (3,), (2, 2)]


def values(shape, dtype=float):
    return (np.random.default_rng(0).normal(size=(TIMES.size, *shape)) * 10).astype(dtype)


@pytest.mark.parametrize("shape", SHAPES)
def test_means_of_bins(shape):
    d = values(shape)
    bins, low, high = np.array([0, 2, 3]), np.array([0, 5, 9]), np.array([5, 8, 200])
    means = resample.bin_means(d, bins, low, high, 5)
    for b, a, z in zip(bins, low, high):
        np.testing.assert_allclose(means[b], d[a:z].mean(axis=0), rtol=1e-11)
    assert np.isnan(means[[1, 4]]).all()
    assert np.isnan(resample.bin_means(d, bins[:0], low[:0], high[:0], 2)).all()


def test_means_keep_complex_and_pass_nan_on():
    d = values(()) + 1j
    d[3] = np.nan
    means = resample.bin_means(d, np.array([0, 1]), np.array([0, 5]), np.array([5, 10]), 2)
    assert np.isnan(means[0])
    np.testing.assert_allclose(means[1], d[5:10].mean())


@pytest.mark.parametrize("shape", SHAPES)
def test_derivative_is_gradient_in_each_epoch(shape):
    d = values(shape)
    low, high = events.runs(TIMES, STARTS, ENDS)
    low[1], high[1] = 90, 91  # an epoch of one sample
    rows = np.concatenate([np.arange(a, b) for a, b in zip(low, high)])
    result = resample.derivative(TIMES[rows], d[rows], high - low)
    at = 0
    for a, b in zip(low, high):
        part = result[at : at + b - a]
        at += b - a
        if b - a == 1:
            assert np.isnan(part).all()
        elif b > a:
            np.testing.assert_allclose(part, np.gradient(d[a:b], TIMES[a:b], axis=0), rtol=1e-9, atol=1e-9)


def test_derivative_of_little():
    assert resample.derivative(np.empty(0), np.empty(0), np.array([0])).size == 0
    assert np.isnan(resample.derivative(np.array([1.0]), np.array([2]), np.array([1]))).all()


def test_decimation_of_a_slow_wave_keeps_it():
    t = np.arange(0, 10, 0.01)
    kept, d = resample.decimate(t, np.sin(t), np.array([0, 600]), np.array([500, 1000]), 4)
    np.testing.assert_array_equal(kept, np.concatenate((t[:500:4], t[600:1000:4])))
    np.testing.assert_allclose(d, np.sin(kept), atol=0.05)  # a filter, not the wave: ripples of the order-8 Chebyshev
    assert resample.decimate(t, np.sin(t), np.array([0]), np.array([0]), 4)[0].size == 0


def test_rounding_of_means_is_that_of_sums():
    d = np.full(1000, 0.1)
    mean = resample.bin_means(d, np.array([0]), np.array([0]), np.array([1000]), 1)
    np.testing.assert_allclose(mean, 0.1, rtol=1000 * ROUNDING)
