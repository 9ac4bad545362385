"""Trials of unequal length in equally many bins: counts, means and interpolated samples, trial by trial.

Each trial is cut into `n_bins` bins of its own width. Trials are looked up on their own, so they may overlap.
"""

from __future__ import annotations

import numpy as np

from .._types import FloatArray, IntArray
from .events import run_blocks, take_runs, unit_runs
from .threads import for_each

__all__ = ["sampled_trials", "trial_counts", "warped_edges"]

_DECIMALS = 9
"""Edges lie on whole nanoseconds, as those of `count`."""

BLOCK = 1 << 18
"""Samples gathered at a time."""

RUNS = 1 << 15
"""Trials of units looked up at a time."""

EVENTS = 1 << 14
"""Events counted at a time."""


def warped_edges(starts: FloatArray, ends: FloatArray, n_bins: int) -> FloatArray:
    """Edges of the bins of each trial, s, shape (trial, edge); each is the one before plus the bin size, to 1 ns."""
    edges = np.empty((starts.size, n_bins + 1))
    edges[:, 0] = starts
    size = (ends - starts) / n_bins
    for k in range(n_bins):  # the rounding of each edge depends on the one before
        edges[:, k + 1] = np.round(edges[:, k] + size, _DECIMALS)
    return edges


def trial_counts(times: FloatArray, offsets: IntArray, starts: FloatArray, ends: FloatArray, n_bins: int) -> FloatArray:
    """Events of many units in the bins of each trial.

    Parameters
    ----------
    times, offsets
        Flat store of times, s: unit i is ``times[offsets[i]:offsets[i + 1]]``.
    starts, ends
        Bounds of the trials, s.
    n_bins
        Number of bins per trial.

    Returns
    -------
    ndarray of float64, shape (unit, trial, bin)
    """
    edges = warped_edges(starts, ends, n_bins)
    counts = np.zeros((offsets.size - 1, starts.size, n_bins))
    height = max(1, RUNS // max(starts.size, 1))

    def fill(begin: int) -> None:
        units = slice(begin, min(begin + height, counts.shape[0]))
        first, last = unit_runs(times, offsets[units.start : units.stop + 1], starts, ends)
        _add_counts(times, first, last, edges, counts[units])

    for_each(fill, range(0, counts.shape[0], height))
    return counts


def _add_counts(times: FloatArray, first: IntArray, last: IntArray, edges: FloatArray, counts: FloatArray) -> None:
    """Count some units, one block of events after the other.

    Parameters
    ----------
    times
        Flat store of times, s.
    first, last
        ``times[first[i, j]:last[i, j]]`` are the events of unit i in trial j.
    edges
        As `warped_edges`.
    counts
        Zeros, shape (unit, trial, bin).
    """
    n_trials, n_bins = counts.shape[1:]
    counts = counts.reshape(-1)
    sizes = (last - first).reshape(-1)
    shift = first.reshape(-1) - (np.cumsum(sizes) - sizes)
    per_second = n_bins / (edges[:, -1] - edges[:, 0])
    flat = edges.reshape(-1)
    for rows, run, held in run_blocks(sizes, EVENTS):
        index = np.repeat(shift[run], held)
        index += np.arange(rows.start, rows.stop)
        found = times.take(index)
        trial = np.repeat(run % n_trials, held)
        place = found - edges[:, 0].take(trial)
        place *= per_second.take(trial)
        number = np.minimum(place.astype(np.int64), n_bins - 1)
        trial *= n_bins + 1
        number -= found < flat.take(trial + number)  # rounding may be off by one bin
        number += found >= flat.take(trial + number + 1)
        cell = np.repeat((run - run[0]) * n_bins, held) + number
        kept = number < n_bins  # an event at the very end of a trial lies past the last bin
        held_counts = np.bincount(cell if kept.all() else cell[kept])
        begin = int(run[0]) * n_bins
        counts[begin : begin + held_counts.size] += held_counts


def sampled_trials(
    times: FloatArray, values: np.ndarray, first: IntArray, last: IntArray, starts: FloatArray, ends: FloatArray, n: int
) -> np.ndarray:
    """Samples of each trial, warped to `n` bins.

    A trial of `n` samples is taken as it is; one of more is averaged in its bins, one of fewer interpolated at `n` even
    times from its start to its end. NaN for trials without samples and for bins without.

    Parameters
    ----------
    times, values
        Sorted times, s, and samples, shape (time,) and (time, channel).
    first, last
        ``times[first[i]:last[i]]`` are the samples of trial i.
    starts, ends
        Bounds of the trials, s.

    Returns
    -------
    ndarray, shape (trial, bin, channel)
    """
    sizes = last - first
    out = np.full((starts.size, n, values.shape[1]), np.nan, dtype=np.result_type(values.dtype, np.float64))
    same = np.flatnonzero(sizes == n)
    if same.size:
        out[same] = values[first[same, None] + np.arange(n)]
    more = np.flatnonzero(sizes > n)
    upto = np.cumsum(sizes[more])
    cuts = np.searchsorted(upto, np.arange(BLOCK, int(upto[-1]) if more.size else 0, BLOCK))
    for part in np.split(more, np.unique(cuts)):
        if part.size:
            edges = warped_edges(starts[part], ends[part], n)
            out[part] = _binned(times, values, first[part], last[part], edges)
    fewer = np.flatnonzero((sizes > 0) & (sizes < n))
    if fewer.size:
        queries = np.linspace(starts[fewer], ends[fewer], n, axis=1)
        out[fewer] = _interpolated(times, values, first[fewer], last[fewer], queries)
    return out


def _binned(times: FloatArray, values: np.ndarray, first: IntArray, last: IntArray, edges: FloatArray) -> np.ndarray:
    """Means in the bins of each trial, shape (trial, bin, channel)."""
    bounds = np.clip(np.searchsorted(times, edges), first[:, None], last[:, None])
    bounds[:, 0] = first
    low, high = bounds[:, :-1].reshape(-1), bounds[:, 1:].reshape(-1)
    dtype = np.result_type(values.dtype, np.float64)
    out = np.full((low.size, values.shape[1]), np.nan, dtype=dtype)
    some = np.flatnonzero(high > low)
    if some.size == 0:
        return out.reshape(*edges[:, 1:].shape, -1)
    sizes = (high - low)[some]
    starts = np.cumsum(sizes) - sizes
    chosen = take_runs(values, low[some], high[some])
    out[some] = np.add.reduceat(chosen, starts, axis=0, dtype=dtype) / sizes[:, None]
    return out.reshape(edges.shape[0], edges.shape[1] - 1, values.shape[1])


def _interpolated(
    times: FloatArray, values: np.ndarray, first: IntArray, last: IntArray, queries: FloatArray
) -> np.ndarray:
    """Linear interpolation within each trial, its first and last sample beyond them; shape (trial, query, channel)."""
    low, high = first[:, None], last[:, None] - 1
    before = np.clip(np.searchsorted(times, queries, side="right") - 1, low, high)
    after = np.minimum(before + 1, high)
    span = times[after] - times[before]
    dtype = np.result_type(values.dtype, np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = (values[after].astype(dtype) - values[before]) / span[..., None]
        result = slope * (queries - times[before])[..., None] + values[before]
    own = (span <= 0) | (queries <= times[before])
    result[own] = values[before[own]]
    return result
