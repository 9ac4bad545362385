"""The sample that a time takes its value from, against a loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase._arrays import events
from rheobase._arrays.nearest import Lookup, nearest

GRID = st.integers(0, 60).map(lambda i: i / 4)
TIMES = st.lists(GRID, max_size=30).map(lambda values: np.sort(np.array(values, dtype=np.float64)))


def by_loop(query, times, low, high, mode):
    """Index among ``times[low:high]``, or -1."""
    rows = np.arange(low, high)
    if mode == "before":
        rows = rows[times[low:high] <= query]
        if not rows.size:
            return -1
        same = rows[times[rows] == query]
        return same[0] if same.size else rows[-1]
    if mode == "after":
        rows = rows[times[low:high] >= query]
        return rows[0] if rows.size else -1
    if not rows.size:
        return -1
    distance = np.abs(times[low:high] - query)
    return rows[np.flatnonzero(distance == distance.min())[-1]]


@given(TIMES, TIMES, st.sampled_from(["closest", "before", "after"]), st.booleans())
@settings(max_examples=200, deadline=None)
def test_value_is_taken_within_the_epoch(queries, times, mode, regular):
    times = np.arange(0, 16, 0.5) if regular else times
    starts, ends = np.array([1.0, 6.0, 12.0]), np.array([5.5, 6.25, 14.0])
    first, last = events.runs(queries, starts, ends)
    low, high = events.runs(times, starts, ends)
    found = nearest(events.take_runs(queries, first, last), last - first, times, low, high, mode)
    epoch = events.repeat_runs(first, last)
    expected = [by_loop(q, times, low[e], high[e], mode) for q, e in zip(events.take_runs(queries, first, last), epoch)]
    np.testing.assert_array_equal(found, np.array(expected, dtype=np.int64))


@pytest.mark.parametrize("jitter", [0.0, 0.4, 3.0])
@pytest.mark.parametrize("repeats", [False, True])
def test_even_times_need_no_search(jitter, repeats):
    """Division and a check give what searching gives, on jittered and on repeated times too."""
    rng = np.random.default_rng(0)
    times = np.sort(np.arange(0, 50, 0.01) + jitter * rng.uniform(-0.01, 0.01, 5000))
    if repeats:
        times = np.sort(np.concatenate((times, times[::50], times[::100])))
    queries = np.concatenate((rng.uniform(-1, 51, 3000), times[:500], (times[1:500] + times[:499]) / 2))
    first, last = np.array([0]), np.array([times.size])
    lookup = Lookup(times, first, last)
    expected = [by_loop(q, times, 0, times.size, "closest") for q in queries]
    np.testing.assert_array_equal(lookup.find(queries, 0), expected)


def test_nothing_is_found_in_nothing():
    none = np.array([0])
    assert nearest(np.array([1.0]), np.array([1]), np.empty(0), none, none).tolist() == [-1]
    assert nearest(np.empty(0), np.array([0]), np.arange(3.0), none, np.array([3])).size == 0
