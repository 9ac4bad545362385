"""Counts of pairs within units, against edges added up one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase._arrays import pairs
from rheobase._arrays.pairs import auto_counts, lag_bins


def a_store(rng, n_units, grid, late=0.0, n_max=80):
    trains = [np.sort(rng.integers(0, 200, rng.integers(0, n_max))) * grid + late for _ in range(n_units)]
    return np.concatenate([*trains, np.empty(0)]), np.cumsum([0, *(t.size for t in trains)])


def brute(times, offsets, bins):
    counts = np.zeros((offsets.size - 1, bins.n), dtype=int)
    for unit, (a, b) in enumerate(itertools.pairwise(offsets)):
        for i in range(a, b):
            edges = np.add.accumulate(np.r_[times[i] - bins.half, np.full(bins.n, bins.size)])
            place = np.searchsorted(edges, np.delete(times[a:b], i - a), side="right") - 1
            counts[unit] += np.bincount(place[(place >= 0) & (place < bins.n)], minlength=bins.n)
    return counts


@settings(max_examples=40)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.01, 0.001, 1 / 30, 1.0]),
    st.sampled_from([1, 2, 3, 2.5, 0.3]),
    st.integers(0, 9),
    st.sampled_from([0.0, -1.0, 123.456, 1e9]),
)
def test_pairs_of_times_on_a_grid(seed, grid, steps, n_lags, late):
    rng = np.random.default_rng(seed)
    bins = lag_bins(grid * steps, grid * steps * n_lags)
    store = a_store(rng, rng.integers(0, 6), grid, late)
    np.testing.assert_array_equal(auto_counts(*store, bins), brute(*store, bins))


@pytest.mark.parametrize("block", [1, 7, 50, 300])
def test_blocks_do_not_show(monkeypatch, rng, block):
    times, offsets = a_store(rng, 8, 0.01, n_max=150)
    bins = lag_bins(0.03, 0.4)
    expected = brute(times, offsets, bins)
    monkeypatch.setattr(pairs, "BLOCK", block)
    np.testing.assert_array_equal(auto_counts(times, offsets, bins), expected)


def test_a_unit_may_end_before_the_next_begins():
    times, offsets = np.array([0.0, 1.0, 1.5, 2.5]), np.array([0, 2, 2, 4, 4])
    counts = auto_counts(times, offsets, lag_bins(1.0, 2.0))
    np.testing.assert_array_equal(counts, [[0, 1, 0, 1, 0], [0] * 5, [0, 1, 0, 1, 0], [0] * 5])
