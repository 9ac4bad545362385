"""Interpolation between samples: both ways against `numpy.interp`, epoch by epoch."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase._arrays import events, interpolation

STARTS, ENDS = np.array([0.0, 6.0, 12.0, 20.0]), np.array([5.0, 6.5, 19.0, 30.0])
EVEN = np.delete(np.arange(0.0, 30.0, 0.01), np.arange(600, 651))  # nothing in the second epoch
UNEVEN = np.sort(np.random.default_rng(0).exponential(1.0, 3000).cumsum() % 30)
UNEVEN = UNEVEN[(UNEVEN < 6) | (UNEVEN > 6.5)]


def expected(queries, sizes, times, values, first, last, left, right):
    """One call of `numpy.interp` per epoch and channel."""
    out = np.full((queries.size, values.shape[1]), np.nan, dtype=np.result_type(values, float))
    stops = np.cumsum(sizes)
    for begin, stop, a, b in zip(stops - sizes, stops, first, last):
        for channel in range(values.shape[1]):
            if b > a:
                out[begin:stop, channel] = np.interp(queries[begin:stop], times[a:b], values[a:b, channel], left, right)
    return out


@pytest.mark.parametrize("times", [EVEN, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("n_queries", [60, 2_000, 100_000])
@pytest.mark.parametrize("shape", [(), (3,), (3, 4)])
@pytest.mark.parametrize("dtype", [float, int, complex])
def test_each_epoch_is_interpolated_from_its_own_samples(times, n_queries, shape, dtype):
    rng = np.random.default_rng(1)
    values = (10 * rng.normal(size=(times.size, *shape))).astype(dtype)
    queries = np.sort(np.concatenate((rng.uniform(0, 30, n_queries), times[::7], STARTS, ENDS)))
    low, high = events.runs(queries, STARTS, ENDS)
    queries = events.take_runs(queries, low, high)
    first, last = events.runs(times, STARTS, ENDS)
    for left, right in ((None, None), (-1.0, 5)):
        result = interpolation.interpolate(queries, high - low, times, values, first, last, left, right)
        flat = values.reshape(times.size, -1)
        want = expected(queries, high - low, times, flat, first, last, left, right)
        assert result.shape == (queries.size, *shape)
        np.testing.assert_allclose(result.reshape(want.shape), want, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("n_channels", [1, 20])
def test_a_sample_next_to_nan_or_infinity_is_still_itself(n_channels):
    d = np.array([1.0, np.nan, 3.0, np.inf, 5.0])
    t, zero, five = np.arange(5.0), np.array([0]), np.array([5])
    queries = np.array([0.0, 0.5, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0])
    values = np.repeat(d[:, None], n_channels, axis=1)
    result = interpolation.interpolate(queries, np.array([8]), t, values, zero, five)
    for channel in result.T:
        np.testing.assert_array_equal(channel, np.interp(queries, t, d))


def test_nothing_to_interpolate_from_or_at():
    none, zero = np.empty(0), np.array([0])
    assert np.isnan(interpolation.interpolate(np.array([1.0]), np.array([1]), none, none, zero, zero)).all()
    assert interpolation.interpolate(none, zero, np.arange(3.0), np.arange(3.0), zero, np.array([3])).shape == (0,)
