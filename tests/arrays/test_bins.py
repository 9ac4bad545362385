"""The geometry of bins, against the rule applied one bin and one event at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase._arrays import bin_counts, bins, events

SIZES = st.sampled_from([0.001, 0.01, 0.1, 0.25, 1 / 30, 1 / 1024, 0.033, 1.0, 7.0, 1 / 3, 0.0123456789])


def edges_by_loop(start, end, size):
    """Left edges of the bins that are kept, and the right edge of the last; as the rule says it."""
    edges = [start]
    while edges[-1] + size / 2 <= end:
        edges.append(np.rint((edges[-1] + size) * 1e9) / 1e9)
    return np.array(edges)


def epochs_from(seed, n):
    rng = np.random.default_rng(seed)
    points = np.sort(rng.choice(np.arange(0, 40, 0.25), 2 * n, replace=False))
    if seed % 2:
        points = points + np.sort(rng.uniform(0, 0.2, 2 * n))
    return points[::2], points[1::2]


@given(st.integers(0, 10_000), st.integers(1, 4), SIZES)
@settings(max_examples=150, deadline=None)
def test_every_event_falls_in_the_bin_that_the_edges_say(seed, n, size):
    starts, ends = epochs_from(seed, n)
    grid = bins.bin_edges(starts, ends, size)
    tables = [edges_by_loop(a, b, size) for a, b in zip(starts, ends)]
    np.testing.assert_array_equal(grid.lefts(), np.concatenate([t[:-1] for t in tables]))
    np.testing.assert_array_equal(grid.centres(), np.concatenate([t[:-1] + size / 2 for t in tables]))
    rng = np.random.default_rng(seed)
    units = []
    for _ in range(3):  # half of the events on edges, and some one float beside them
        on = rng.choice(np.concatenate(tables), 30)
        events_ = np.concatenate((on, np.nextafter(on[:5], 99), np.nextafter(on[5:10], -99), rng.uniform(0, 40, 30)))
        units.append(np.sort(np.concatenate((events_, starts, ends))))
    times, offsets = np.concatenate(units), np.concatenate(([0], np.cumsum([u.size for u in units])))
    counts = bin_counts.count(
        times, *events.unit_runs(times, offsets, starts, grid.last_times(ends)), grid, np.dtype(np.int64)
    )
    for column, unit in zip(counts.T, units):
        expected = []
        for table, b in zip(tables, ends):
            kept = unit[(unit >= table[0]) & (unit < table[-1]) & (unit <= b)]
            number = np.searchsorted(table, kept, side="right") - 1
            expected.extend(np.bincount(number, minlength=table.size - 1))
        np.testing.assert_array_equal(column, expected)
        filled, low, high = bins.bin_rows(unit, *events.runs(unit, starts, ends), grid)
        by_rows = np.zeros(grid.n_bins, dtype=int)
        by_rows[filled] = high - low
        np.testing.assert_array_equal(by_rows, expected)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("size", [0.001, 0.02, 0.5])
def test_every_dtype_counts_alike_in_sparse_and_dense_bins(dtype, size):
    rng = np.random.default_rng(0)
    units = [np.sort(rng.uniform(0, 100, n)) for n in (0, 4000, 1, 700)]
    units[1][100:110] = units[1][100]
    times, offsets = np.concatenate(units), np.concatenate(([0], np.cumsum([u.size for u in units])))
    starts, ends = np.array([1.0, 50.0]), np.array([40.0, 99.0])
    grid = bins.bin_edges(starts, ends, size)
    counts = bin_counts.count(
        times, *events.unit_runs(times, offsets, starts, grid.last_times(ends)), grid, np.dtype(dtype)
    )
    assert counts.dtype == dtype
    edges = grid.lefts()
    for column, unit in zip(counts.T, units):
        number = np.searchsorted(edges, unit, side="right") - 1
        inside = events.inside(unit, starts, grid.last_times(ends))
        np.testing.assert_array_equal(column, np.bincount(number[inside], minlength=edges.size))


def test_blocks_do_not_lose_or_double_events(monkeypatch):
    times = np.sort(np.random.default_rng(0).integers(0, 50, 1000) / 10)
    grid = bins.bin_edges(np.array([0.0]), np.array([6.0]), 0.1)
    runs = events.unit_runs(times, np.array([0, 400, 1000]), np.array([0.0]), np.array([6.0]))
    times[400:] = np.sort(times[400:])
    whole = bin_counts.count(times, *runs, grid, np.dtype(np.int64))
    monkeypatch.setattr(events.run_blocks, "__defaults__", (7,))
    np.testing.assert_array_equal(bin_counts.count(times, *runs, grid, np.dtype(np.uint16)), whole)


def test_a_full_bin_overflows_loudly():
    times = np.zeros(300)
    grid = bins.bin_edges(np.array([0.0]), np.array([1.0]), 0.5)
    with pytest.raises(OverflowError, match="300 events, more than dtype uint8"):
        bin_counts.count(times, np.array([[0]]), np.array([[300]]), grid, np.dtype(np.uint8))


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf, 1e-10])
def test_bins_have_a_size(bad):
    with pytest.raises(ValueError, match="at least 1 ns"):
        bins.bin_edges(np.array([0.0]), np.array([1.0]), bad)


def test_short_epochs_have_one_bin_or_none():
    grid = bins.bin_edges(np.array([0.0, 10.0, 20.0]), np.array([0.4, 10.5, 20.9]), 1.0)
    assert grid.sizes.tolist() == [0, 1, 1]


def test_calendar_times_have_even_bins():
    """Seconds since 1970 leave float64 no whole nanoseconds; bins are then multiples of the plain size."""
    start = 1.7e9
    grid = bins.bin_edges(np.array([start]), np.array([start + 100]), 0.001)
    assert grid.n_bins == 100_000
    np.testing.assert_allclose(np.diff(grid.lefts()), 0.001, atol=5e-7)
    times = start + np.arange(0.0005, 100, 0.001)
    filled, low, high = bins.bin_rows(times, np.array([0]), np.array([times.size]), grid)
    assert filled.size == grid.n_bins
    assert (high - low == 1).all()


def test_no_epochs_no_bins():
    grid = bins.bin_edges(np.empty(0), np.empty(0), 1.0)
    assert grid.n_bins == 0
    assert grid.centres().size == 0
    empty = np.empty((3, 0), dtype=np.int64)
    assert bin_counts.count(np.arange(3.0), empty, empty, grid, np.dtype(int)).shape == (0, 3)


@pytest.mark.parametrize(("align", "expected"), [("start", [[1, 2, -1], [3, 4, 5]]), ("end", [[-1, 1, 2], [3, 4, 5]])])
def test_trials_stand_side_by_side(align, expected):
    trial, column, width = bin_counts.trial_positions(np.array([0, 2, 5]), align)
    out = np.full((2, width), -1)
    out[trial, column] = [1, 2, 3, 4, 5]
    assert out.tolist() == expected
