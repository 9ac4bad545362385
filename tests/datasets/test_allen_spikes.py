"""Counting in presentations, against one comparison per spike, presentation and bin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase.datasets.allen import _spikes

GRID = st.integers(-40, 40).map(lambda n: n / 8)
"""Eighths of a second are exact, so that ties with edges are common."""

TIMES = st.one_of(GRID, st.floats(-5, 5))


@st.composite
def stores(draw):
    """Flat store of a few units, and a choice of them in any order."""
    trains = [np.sort(draw(st.lists(TIMES, max_size=12))) for _ in range(draw(st.integers(1, 4)))]
    offsets = np.concatenate(([0], np.cumsum([len(train) for train in trains]))).astype(np.int64)
    units = np.array(draw(st.lists(st.integers(0, len(trains) - 1), max_size=5)), dtype=np.int64)
    return np.concatenate([np.asarray(t, dtype=float) for t in trains]), offsets, units


@st.composite
def edge_tables(draw):
    """Edges of the same or of different bins around onsets in any order, even or not, repeated ones too."""
    onsets = np.array(draw(st.lists(TIMES, min_size=1, max_size=6)))
    even = draw(st.booleans())
    if even:
        relative = draw(GRID) / 4 + np.arange(draw(st.integers(2, 6))) * draw(st.sampled_from([0.125, 0.1, 1 / 3]))
        return onsets[:, None] + relative
    n_edges = draw(st.integers(2, 6))
    rows = [sorted(draw(st.lists(TIMES, min_size=n_edges, max_size=n_edges))) for _ in onsets]
    return np.array(rows)


def brute_force(times, offsets, units, edges):
    counts = np.zeros((units.size, edges.shape[0], edges.shape[1] - 1), dtype=int)
    for u, unit in enumerate(units):
        for t in times[offsets[unit] : offsets[unit + 1]]:
            counts[u] += (edges[:, :-1] <= t) & (t < edges[:, 1:])
    return counts


@given(stores(), edge_tables())
def test_counts_are_those_of_half_open_bins(store, edges):
    expected = brute_force(*store, edges)
    counts = _spikes.count_in_bins(*store, edges, np.dtype(np.uint16))
    np.testing.assert_array_equal(counts, expected)
    binary = _spikes.count_in_bins(*store, edges, np.dtype(np.uint8), binarize=True)
    np.testing.assert_array_equal(binary, np.minimum(expected, 1))


@given(stores(), edge_tables())
def test_each_spike_is_counted_once_in_the_bins_of_a_presentation(store, edges):
    """Bins that touch hold together what one bin over all of them holds."""
    counts = _spikes.count_in_bins(*store, edges, np.dtype(np.int64))
    whole = _spikes.count_in_bins(*store, edges[:, [0, -1]], np.dtype(np.int64))
    np.testing.assert_array_equal(counts.sum(axis=2), whole[:, :, 0])


@given(stores(), edge_tables(), st.sampled_from(["left", "right"]))
def test_spikes_in_presentations(store, edges, closed):
    times, offsets, units = store
    starts, stops = edges[:, 0], edges[:, -1]
    found = _spikes.spikes_in(*store, *_spikes.bounds_of(starts, stops, closed))
    expected = [
        (t, p, u)
        for u, unit in enumerate(units)
        for t in times[offsets[unit] : offsets[unit + 1]]
        for p in range(starts.size)
        if (starts[p] <= t < stops[p] if closed == "left" else starts[p] < t <= stops[p])
    ]
    assert sorted(zip(*(column.tolist() for column in found))) == sorted(expected)
    assert (np.diff(found[0]) >= 0).all()


@given(stores(), edge_tables(), st.booleans(), st.data())
def test_sums_by_condition(store, edges, rates, data):
    times, offsets, units = store
    starts, stops = edges[:, 0], edges[:, 0] + 0.5
    condition = np.array(data.draw(st.lists(st.integers(0, 2), min_size=starts.size, max_size=starts.size)))
    condition = np.unique(condition, return_inverse=True)[1]
    bounds = _spikes.bounds_of(starts, stops, "left")
    seconds = stops - starts if rates else None
    count, mean, variance = _spikes.condition_sums(*store, *bounds, condition, seconds)
    spikes = brute_force(times, offsets, units, np.stack((starts, stops), axis=1))[:, :, 0]
    values = spikes / seconds if rates else spikes
    for number in range(condition.max() + 1):
        own = condition == number
        np.testing.assert_array_equal(count[:, number], spikes[:, own].sum(axis=1))
        np.testing.assert_allclose(mean[:, number], values[:, own].mean(axis=1), rtol=1e-12)
        if own.sum() > 1:
            np.testing.assert_allclose(variance[:, number], values[:, own].var(axis=1, ddof=1), rtol=1e-9, atol=1e-12)
        else:
            assert np.isnan(variance[:, number]).all()


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_many_units_are_counted_in_blocks(seed):
    """Enough spikes for several blocks of units, at the times of a long recording."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(0, 200, 300)
    times = np.concatenate([np.sort(rng.uniform(9000, 9100, size)) for size in sizes])
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    edges = np.sort(rng.uniform(9000, 9100, 20))[:, None] + np.arange(-0.1, 0.5, 0.01)
    units = rng.permutation(300)[:100]
    counts = _spikes.count_in_bins(times, offsets, units, edges, np.dtype(np.uint16))
    for row in (0, 50, 99):
        train = times[offsets[units[row]] : offsets[units[row] + 1]]
        np.testing.assert_array_equal(counts[row], np.diff(np.searchsorted(train, edges), axis=1))


def test_a_bin_that_overflows_is_reported():
    times = np.zeros(300)
    edges = np.array([[-1.0, 0.5, 1.0]])
    arguments = (times, np.array([0, 300]), np.array([0]), edges)
    with pytest.raises(OverflowError, match="a bin holds 300 spikes, more than dtype uint8"):
        _spikes.count_in_bins(*arguments, np.dtype(np.uint8))
    assert _spikes.count_in_bins(*arguments, np.dtype(np.uint8), binarize=True).tolist() == [[[1, 0]]]
    spread = (np.linspace(-1, 0.9, 300), np.array([0, 300]), np.array([0]), edges)
    assert _spikes.count_in_bins(*spread, np.dtype(np.uint8)).sum(dtype=int) == 300


def test_no_units_and_no_presentations():
    empty = np.empty(0)
    none = np.empty(0, dtype=np.int64)
    offsets = np.array([0, 0])
    edges = np.array([[0.0, 1.0]])
    assert _spikes.count_in_bins(empty, offsets, none, edges, np.dtype(np.uint16)).shape == (0, 1, 1)
    assert _spikes.count_in_bins(empty, offsets, np.array([0]), edges[:0], np.dtype(np.uint16)).shape == (1, 0, 1)
    assert all(column.size == 0 for column in _spikes.spikes_in(empty, offsets, none, edges[:, 0], edges[:, 1]))
