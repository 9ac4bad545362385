"""Counting between given edges, and rates over valid time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import ROUNDING
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsGroup

LAWS = settings(max_examples=60, deadline=None)
HOLES = IntervalSet([0, 4, 10], [2, 7, 11])


def brute(times: np.ndarray, epochs: IntervalSet, edges: np.ndarray) -> tuple[list[int], list[float]]:
    """Counts and valid time by definition, bin by bin."""
    counts, valid = [], []
    for k in range(edges.size - 1):
        low, high = edges[k], edges[k + 1]
        closed = k == edges.size - 2
        inside = ((times[:, None] >= epochs.start) & (times[:, None] <= epochs.end)).any(axis=1)
        counts.append(int(np.sum(inside & (times >= low) & ((times <= high) if closed else (times < high)))))
        valid.append(float(np.sum(np.maximum(np.minimum(high, epochs.end) - np.maximum(low, epochs.start), 0))))
    return counts, valid


@st.composite
def grids(draw: st.DrawFn, low: int = 0, high: int = 60, min_size: int = 2, max_size: int = 12) -> np.ndarray:
    ticks = draw(st.lists(st.integers(low, high), min_size=min_size, max_size=max_size, unique=True))
    return np.sort(np.array(ticks, dtype=float)) / 4


@LAWS
@given(
    st.lists(st.integers(0, 60), max_size=60),
    grids(),
    st.lists(st.tuples(st.integers(0, 55), st.integers(1, 9)), max_size=6),
    st.integers(1, 4),
)
def test_counts_and_rates_between_edges_by_definition(ticks, edges, rows, copies) -> None:
    times = np.sort(np.array(ticks, dtype=float)) / 4
    covered = IntervalSet._trusted(*_sorted(rows)).union()
    counts, valid = brute(times, covered, edges)
    events = Ts(times, time_support=IntervalSet(-1, 20))
    one = events.count(bins=edges, ep=covered)
    assert one.values.tolist() == counts
    np.testing.assert_array_equal(one.t, (edges[:-1] + edges[1:]) / 2)
    assert one.time_support.values.tolist() == [[edges[0], edges[-1]]]
    group = TsGroup({unit: events[unit:] for unit in range(copies)}, time_support=events.time_support)
    frame = group.count(bins=edges, ep=covered, dtype="uint8")
    assert frame.dtype == np.uint8
    assert frame.values[:, 0].tolist() == counts
    for unit in range(copies):
        np.testing.assert_array_equal(frame.values[:, unit], group[unit].count(bins=edges, ep=covered).values)
    rates = group.count(bins=edges, ep=covered, normalize=True).values[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(np.array(valid) > 0, np.array(counts) / np.array(valid), np.nan)
    np.testing.assert_allclose(rates, expected, rtol=ROUNDING)


def _sorted(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    rows = sorted((start / 4, (start + length) / 4) for start, length in rows)
    return np.array([start for start, _ in rows]), np.array([end for _, end in rows])


@LAWS
@given(st.lists(st.integers(0, 60), min_size=2, max_size=60), grids(), grids())
def test_counts_add_up_over_a_split_of_bins(ticks, edges, more) -> None:
    times = Ts(np.sort(np.array(ticks, dtype=float)) / 4, time_support=IntervalSet(-1, 20))
    finer = np.unique(np.concatenate((edges, more[(more > edges[0]) & (more < edges[-1])])))
    coarse = times.count(bins=edges).values
    fine = times.count(bins=finer).values
    np.testing.assert_array_equal(np.add.reduceat(fine, np.searchsorted(finer, edges[:-1])), coarse)


def test_many_events_and_few_edges_agree_with_few_events_and_many_edges() -> None:
    rng = np.random.default_rng(0)
    times = np.sort(rng.integers(0, 4000, 100_000) / 4)
    group = TsGroup({0: Ts(times), 1: Ts(times[::7])}, time_support=IntervalSet(0, 1000))
    few, many = np.array([0, 100.5, 101, 999.75]), np.arange(0, 999.8, 0.25)
    np.testing.assert_array_equal(group.count(bins=few).values[:, 0], np.histogram(times, few)[0])
    np.testing.assert_array_equal(group.count(bins=many).values[:, 0], np.histogram(times, many)[0])
    np.testing.assert_array_equal(group.count(bins=many).values[:, 1], np.histogram(times[::7], many)[0])


def test_even_edges_give_what_bin_size_gives() -> None:
    events = Ts(np.arange(0, 10, 0.3))
    edges = np.arange(0, 9.1, 1.0)
    np.testing.assert_array_equal(
        events.count(bins=edges).values[:-1], events.count(1.0, IntervalSet(0, 9)).values[:-1]
    )


def test_edges_in_other_units_and_columns_of_a_group() -> None:
    group = TsGroup({2: Ts([0.1, 0.2]), 9: Ts([0.15, 0.6])}, IntervalSet(0, 1), metadata={"area": ["V1", "CA1"]})
    counts = group.count(bins=[0, 120, 500], time_units="ms")
    assert isinstance(counts, TsdFrame)
    assert counts.values.tolist() == [[1, 0], [1, 1]]
    assert counts._columns.tolist() == [2, 9]
    assert counts.area.tolist() == ["V1", "CA1"]
    assert isinstance(group[2].count(bins=[0, 120, 500], time_units="ms"), Tsd)


def test_rates_in_equal_bins_and_whole_epochs_divide_by_valid_time() -> None:
    events = Ts(np.arange(0.05, 11, 0.1), time_support=HOLES)
    whole = events.count(normalize=True, ep=HOLES)
    np.testing.assert_allclose(whole.values, 10, rtol=ROUNDING)
    partial = Ts(np.arange(0.05, 1.7, 0.1), time_support=IntervalSet(0, 1.7)).count(1.0, normalize=True)
    np.testing.assert_allclose(partial.values, [10, 10], rtol=ROUNDING)  # the second bin is 0.7 s long, with 7 events
    half = events.count(1.5, normalize=True, dtype="float32")
    assert half.dtype == np.float32


def test_overlapping_epochs_count_time_once() -> None:
    twice = IntervalSet([0, 0], [2, 2], overlap="keep")
    events = Ts(np.arange(0.05, 2, 0.1))
    assert events.count(bins=[0, 1, 2], ep=twice).values.tolist() == [10, 10]
    np.testing.assert_allclose(events.count(bins=[0, 1, 2], ep=twice, normalize=True).values, 10, rtol=ROUNDING)
    assert events.count(ep=twice).values.tolist() == [20, 20]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"bins": [0, 1], "bin_size": 1}, ValueError, "not both"),
        ({"bins": [0]}, ValueError, "at least two ascending"),
        ({"bins": [0, 1, 1]}, ValueError, "ascending"),
        ({"bins": [1, 0]}, ValueError, "ascending"),
        ({"bins": [0, np.nan]}, ValueError, "finite"),
        ({"bins": [[0, 1], [2, 3]]}, ValueError, "shape"),
        ({"bins": "ab"}, TypeError, "edges of bins"),
        ({"bins": 3}, ValueError, "bin_size"),
        ({"bins": [0, 1], "time_units": "min"}, ValueError, "unit"),
        ({"bins": [0, 1], "normalize": 1}, TypeError, "normalize should be a bool"),
        ({"normalize": True, "dtype": int}, ValueError, "floating dtype"),
        ({"bins": [0, 10], "dtype": "uint8"}, OverflowError, "more than dtype uint8"),
    ],
)
def test_bad_bins_are_refused(arguments: dict, error: type[Exception], message: str) -> None:
    events = Ts(np.arange(0, 10, 0.01))
    with pytest.raises(error, match=message):
        events.count(**arguments)
    with pytest.raises(error, match=message):
        TsGroup({0: events, 1: events}).count(**arguments)


def test_nothing_to_count() -> None:
    empty = Ts([], time_support=IntervalSet(0, 1))
    assert empty.count(bins=[0, 1, 3]).values.tolist() == [0, 0]
    np.testing.assert_array_equal(empty.count(bins=[0, 1, 3, 4], normalize=True).values, [0, np.nan, np.nan])
    none = Ts([0.5], time_support=IntervalSet(0, 1)).count(bins=[0, 1], ep=IntervalSet([], []), normalize=True)
    assert np.isnan(none.values).all()
