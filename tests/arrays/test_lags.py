"""Lag axes are whole numbers of steps; lagged sums are what a loop says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase._arrays.lags import even_step, lag_axis, lagged_sums, lags_within, worst_gap


@pytest.mark.parametrize("step", [0.1, 0.01, 1 / 30, 0.3, 1e-4])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 100])
def test_a_window_of_n_steps_holds_n_lags(step, n):
    for window in (n * step, sum([step] * n)):
        assert lags_within(window, step, cover=True) == n
        assert lags_within(window, step, cover=False) == n


def test_a_window_between_lags_is_covered_or_filled():
    assert lags_within(0.25, 0.1, cover=True) == 3
    assert lags_within(0.25, 0.1, cover=False) == 2


def test_lag_zero_is_exact():
    lags = lag_axis(2, 3, 0.1)
    assert lags[2] == 0
    np.testing.assert_allclose(lags, [-0.2, -0.1, 0, 0.1, 0.2, 0.3])


def test_even_step_looks_only_inside_epochs():
    times = np.concatenate((np.arange(5) * 0.1, 3 + np.arange(4) * 0.1))
    assert even_step(times, np.array([0, 5]), np.array([5, 9])) == (0.1, True)
    assert not even_step(times, np.array([0]), np.array([9]))[1]
    step, regular = even_step(times, np.array([0, 5]), np.array([1, 6]))
    assert np.isnan(step)
    assert regular


RUNS = np.array([0, 5000]), np.array([5000, 9000])
EVEN = np.concatenate((np.arange(5000), 10_000.3 + np.arange(4000))) / 30


def test_times_rounded_to_microseconds_are_even():
    step, regular = even_step(np.round(EVEN, 6), *RUNS)
    assert regular
    assert abs(step * 30 - 1) < 1e-7


@pytest.mark.parametrize(("share", "regular"), [(0.002, True), (0.0045, True), (0.03, False)])
def test_jitter_up_to_a_hundredth_of_a_step(share, regular, rng):
    times = EVEN + rng.uniform(-share, share, EVEN.size) / 30
    assert even_step(times, *RUNS)[1] is regular


@pytest.mark.parametrize(
    "change",
    [
        lambda t: np.delete(t, 100),  # a missing sample
        lambda t: np.where(np.arange(t.size) == 100, t + 0.02 / 30, t),
        lambda t: t + 1e-5 * np.maximum(np.arange(t.size) - 2500, 0) / 30 * 5,  # a clock that changes its pace
        lambda t: np.where(t > 300, t[5000] + (t - t[5000]) * 1.001, t),  # another rate in the second epoch
        lambda t: np.where(np.arange(t.size) == 100, t[101], t),  # a repeated time
    ],
)
def test_what_is_not_even(change):
    times = change(EVEN)
    gone = EVEN.size - times.size
    runs = np.array([0, 5000 - gone]), np.array([5000 - gone, 9000 - gone])
    assert not even_step(times, *runs)[1]


def test_lone_samples_between_epochs_do_not_matter():
    times = np.concatenate((np.round(np.arange(9) / 30, 6), [5.0], 7 + np.round(np.arange(9) / 30, 6)))
    assert even_step(times, np.array([0, 9, 10]), np.array([9, 10, 19]))[1]


def test_the_worst_gap_lies_within_an_epoch():
    times = np.array([0, 1, 2, 3.5, 50, 51, 52])
    assert worst_gap(times, np.array([0, 4]), np.array([4, 7]), 1.0) == (2.0, 1.5)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.02, 0.9]), st.integers(0, 4), st.integers(0, 4))
def test_lagged_sums_stay_in_their_epoch(seed, density, n_before, n_after):
    rng = np.random.default_rng(seed)
    n_bins, n_units, n_channels = rng.integers(1, 30), 3, 2
    counts = rng.integers(1, 4, (n_bins, n_units)) * (rng.random((n_bins, n_units)) < density)
    signal = rng.integers(-9, 9, (n_bins, n_channels)).astype(float)
    epoch = np.sort(rng.integers(0, 3, n_bins))
    expected = np.zeros((n_before + n_after + 1, n_units, n_channels))
    for b in range(n_bins):
        for lag in range(-n_before, n_after + 1):
            if 0 <= b + lag < n_bins and epoch[b + lag] == epoch[b]:
                expected[lag + n_before] += counts[b][:, None] * signal[b + lag]
    np.testing.assert_allclose(lagged_sums(counts, signal, epoch, n_before, n_after), expected, atol=1e-9)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_the_two_ways_to_sum_agree(seed):
    rng = np.random.default_rng(seed)
    counts = rng.poisson(1.0, (200, 4))
    signal = rng.normal(size=(200, 3))
    dense = lagged_sums(counts, signal, np.zeros(200, dtype=int), 3, 5)
    one_by_one = np.concatenate(
        [
            lagged_sums(counts * (np.arange(200) % 40 == k)[:, None], signal, np.zeros(200, int), 3, 5)[None]
            for k in range(40)
        ]
    ).sum(axis=0)
    np.testing.assert_allclose(dense, one_by_one, atol=1e-10)
