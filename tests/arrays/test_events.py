"""Sorted times and disjoint epochs, against loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase._arrays import events, search

GRID = st.integers(-40, 40).map(lambda i: i / 4)
TIMES = st.lists(GRID, max_size=40).map(lambda values: np.sort(np.array(values, dtype=np.float64)))
EPOCHS = st.lists(GRID, min_size=0, max_size=10, unique=True).map(
    lambda values: (lambda s: (s[: s.size // 2 * 2 : 2], s[1::2]))(np.sort(np.array(values, dtype=np.float64)))
)


def by_loop(times, starts, ends):
    """Number of the epoch of each time, or -1."""
    epoch = np.full(times.size, -1)
    for i, t in enumerate(times):
        for j, (a, b) in enumerate(zip(starts, ends)):
            if a <= t <= b:
                epoch[i] = j
    return epoch


@given(TIMES, EPOCHS)
@settings(max_examples=100, deadline=None)
def test_runs_are_the_samples_of_each_epoch(times, epochs):
    expected = by_loop(times, *epochs)
    first, last = events.runs(times, *epochs)
    np.testing.assert_array_equal(events.epoch_of(times, *epochs), expected)
    np.testing.assert_array_equal(events.inside(times, *epochs), expected >= 0)
    np.testing.assert_array_equal(events.repeat_runs(first, last), expected[expected >= 0])
    np.testing.assert_array_equal(events.take_runs(times, first, last), times[expected >= 0])
    rows = np.arange(times.size)[events.run_indices(first, last)]
    np.testing.assert_array_equal(rows, np.flatnonzero(expected >= 0))


@given(st.lists(TIMES, max_size=5), EPOCHS)
@settings(max_examples=100, deadline=None)
def test_unit_runs_are_runs_of_each_unit(units, epochs):
    times = np.concatenate(units) if units else np.empty(0)
    offsets = np.concatenate(([0], np.cumsum([u.size for u in units]))).astype(np.int64)
    first, last = events.unit_runs(times, offsets, *epochs)
    assert first.shape == last.shape == (len(units), epochs[0].size)
    for i, unit in enumerate(units):
        expected = events.runs(unit, *epochs)
        np.testing.assert_array_equal(first[i], expected[0] + offsets[i])
        np.testing.assert_array_equal(last[i], expected[1] + offsets[i])


def test_unit_runs_over_many_epochs_equal_those_over_few():
    rng = np.random.default_rng(0)
    units = [np.sort(rng.uniform(0, 100, n)) for n in (0, 50, 1, 200)]
    times, offsets = np.concatenate(units), np.concatenate(([0], np.cumsum([u.size for u in units])))
    starts = np.arange(0, 100, 5.0)
    first, last = events.unit_runs(times, offsets, starts, starts + 3)
    for i in range(0, 20, 4):
        few = events.unit_runs(times, offsets, starts[i : i + 4], starts[i : i + 4] + 3)
        np.testing.assert_array_equal(first[:, i : i + 4], few[0])
        np.testing.assert_array_equal(last[:, i : i + 4], few[1])


@pytest.mark.parametrize("length", [3, 200])
def test_take_runs_gathers_and_copies_alike(length):
    array = np.random.default_rng(0).normal(size=(60_000, 2))
    first = np.arange(0, 50_000, 2 * length)
    np.testing.assert_array_equal(
        events.take_runs(array, first, first + length), np.concatenate([array[a : a + length] for a in first])
    )


def test_take_runs_of_one_stretch_is_a_view():
    array = np.arange(10.0)
    first, last = np.array([2, 4, 4]), np.array([4, 4, 8])
    assert np.shares_memory(events.take_runs(array, first, last), array)


def test_run_blocks_cover_every_sample_once():
    sizes = np.array([0, 5, 0, 12, 1, 0, 7, 0])
    labels = []
    stop = 0
    for rows, run, counts in events.run_blocks(sizes, block=4):
        assert rows.start == stop
        stop = rows.stop
        labels.append(np.repeat(run, counts))
        assert rows.stop - rows.start == counts.sum() <= 4
    np.testing.assert_array_equal(np.concatenate(labels), np.repeat(np.arange(8), sizes))
    assert list(events.run_blocks(np.array([], dtype=int))) == []


def test_nan_times_are_in_no_epoch():
    assert events.epoch_of(np.array([0.5, np.nan]), np.array([0.0]), np.array([1.0])).tolist() == [0, -1]


@given(TIMES, st.lists(GRID, max_size=20), st.sampled_from(["left", "right"]))
@settings(max_examples=100, deadline=None)
def test_segmented_search_is_searchsorted_in_a_slice(times, needles, side):
    cut = times.size // 3
    result = search.segmented_search(
        times, np.array([[0], [cut]]), np.array([[cut], [times.size]]), np.array(needles), side
    )
    assert result.shape == (2, len(needles))
    np.testing.assert_array_equal(result[0], np.searchsorted(times[:cut], needles, side))
    np.testing.assert_array_equal(result[1], np.searchsorted(times[cut:], needles, side) + cut)


@pytest.mark.parametrize("jitter", [0.0, 1e-9, 0.3])
def test_division_finds_what_searching_finds(jitter):
    rng = np.random.default_rng(1)
    times = np.sort(np.arange(0, 100, 0.01) + rng.uniform(-0.01, 0.01, 10_000) * jitter)
    needles = np.concatenate((rng.uniform(-2, 102, 5000), times[:3000], times[:100] + 1e-12, [times[-1], 1e9, -1e9]))
    assert search.is_even(times)
    np.testing.assert_array_equal(search.first_not_before(times, needles), np.searchsorted(times, needles))


def test_times_with_a_gap_are_not_even():
    assert not search.is_even(np.concatenate((np.arange(0, 10, 0.01), np.arange(1000, 1010, 0.01))))
    assert not search.is_even(np.zeros(10))
    assert not search.is_even(np.arange(3.0))


def crossings_by_loop(times, passing, starts, ends):
    """Stretches, sample by sample."""
    out = []
    for a, b in zip(starts, ends):
        rows = np.flatnonzero((times >= a) & (times <= b))
        open_at = None
        for position, i in enumerate(rows):
            before = rows[position - 1] if position else None
            after = rows[position + 1] if position + 1 < rows.size else None
            if passing[i] and open_at is None:
                open_at = times[i] if before is None else (times[before] + times[i]) / 2
            if passing[i] and (after is None or not passing[after]):
                out.append((open_at, times[i] if after is None else (times[after] + times[i]) / 2))
                open_at = None
    return np.array(out).reshape(-1, 2)


@given(TIMES, EPOCHS, st.integers(0, 2**31))
@settings(max_examples=150, deadline=None)
def test_crossings_lie_midway_and_never_leave_an_epoch(times, epochs, seed):
    times = np.unique(times)
    passing = np.random.default_rng(seed).random(times.size) < 0.6
    starts, ends = events.crossings(times, passing, *events.runs(times, *epochs))
    np.testing.assert_allclose(np.stack((starts, ends), axis=1), crossings_by_loop(times, passing, *epochs))


def test_gaps_split_where_times_are_far_apart():
    first, last = events.gaps(np.array([0.0, 1, 2, 10, 11, 20]), 1.0)
    assert first.tolist() == [0, 3, 5]
    assert last.tolist() == [2, 4, 5]
    assert events.gaps(np.empty(0), 1.0)[0].size == 0


@given(st.lists(st.integers(0, 8), max_size=200))
@settings(max_examples=50, deadline=None)
def test_time_order_is_stable(values):
    times = np.array(values, dtype=np.float64)
    np.testing.assert_array_equal(events.time_order(times), np.argsort(times, kind="stable"))
