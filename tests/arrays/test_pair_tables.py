"""Counts of pairs between all units, against edges added up one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase._arrays import pair_tables
from rheobase._arrays.pair_tables import Units, between, within
from rheobase._arrays.pairs import lag_bins


def a_store(rng, n_units, grid, late=0.0, n_max=80):
    trains = [np.sort(rng.integers(0, 200, rng.integers(0, n_max))) * grid + late for _ in range(n_units)]
    return Units(np.concatenate([*trains, np.empty(0)]), np.cumsum([0, *(t.size for t in trains)]))


def brute(first, second, bins):
    counts = np.zeros((first.n, second.n, bins.n), dtype=int)
    for i in range(first.n):
        for t in first.times[first.offsets[i] : first.offsets[i + 1]]:
            edges = np.add.accumulate(np.r_[t - bins.half, np.full(bins.n, bins.size)])
            for j in range(second.n):
                place = (
                    np.searchsorted(edges, second.times[second.offsets[j] : second.offsets[j + 1]], side="right") - 1
                )
                counts[i, j] += np.bincount(place[(place >= 0) & (place < bins.n)], minlength=bins.n)
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
    first, second = (a_store(rng, rng.integers(0, 5), grid, late) for _ in range(2))
    np.testing.assert_array_equal(between(first, second, bins), brute(first, second, bins))
    i, j = np.triu_indices(first.n, 1)
    own = brute(first, first, bins)
    np.testing.assert_array_equal(within(first, bins, False), own[i, j])
    np.testing.assert_array_equal(within(first, bins, True), own[j, i])


@pytest.mark.parametrize("cells", [1 << 18, 60])
def test_stretches_and_blocks_do_not_show(monkeypatch, cells):
    rng = np.random.default_rng(0)
    store, bins = a_store(rng, 6, 0.01, n_max=200), lag_bins(0.03, 0.4)
    own = brute(store, store, bins)
    i, j = np.triu_indices(store.n, 1)
    for name, value in (("BLOCK", 30), ("STRETCH", 40), ("SAMPLE", 100), ("CELLS", cells)):
        monkeypatch.setattr(pair_tables, name, value)
    np.testing.assert_array_equal(between(store, store, bins), own)
    np.testing.assert_array_equal(within(store, bins, False), own[i, j])
    np.testing.assert_array_equal(within(store, bins, True), own[j, i])


@pytest.mark.parametrize("size", [1e-9, 1e-300])
def test_bins_far_below_the_resolution_of_the_times(size):
    store = Units(np.array([1e9, 1e9 + 1, 1e9, 1e9 + 1, 1e9 + 2]), np.array([0, 2, 5]))
    counts = between(store, store, lag_bins(size, 0.0))  # edges coincide: only what is apart is sure
    assert counts.shape == (2, 2, 1)
    assert (counts[:, :, 0] <= [[2, 2], [2, 3]]).all()
