"""Which sample a time takes its value from: the closest, the one before or the one after, in the same epoch."""

from __future__ import annotations

import numpy as np

from .._types import FloatArray, IntArray
from .events import epoch_of_runs, run_blocks
from .search import is_even

__all__ = ["Lookup", "nearest"]


class Lookup:
    """Finds the sample that a query time takes its value from, within one of several epochs.

    Parameters
    ----------
    times
        Sorted sample times, s, shape (time,).
    first, last
        `runs` of `times` over the epochs.
    mode : {"closest", "before", "after"}
        Smallest distance (a tie goes to the later sample, among equal times to the last one), the last sample at or
        before the query (the first one among several at the very time of the query), or the first sample at or after
        it.
    """

    def __init__(self, times: FloatArray, first: IntArray, last: IntArray, mode: str = "closest") -> None:
        self._times, self._first, self._last, self._mode = times, first, last, mode
        self._even = mode == "closest" and is_even(times)
        if self._even:
            self._scale = (times.size - 1) / (times[-1] - times[0])

    def find(self, queries: FloatArray, epoch: IntArray | int) -> IntArray:
        """Index of the sample for each query, -1 where its epoch has no admissible one.

        Parameters
        ----------
        queries
            Times, s, shape (query,).
        epoch
            Epoch of each query, or of all.
        """
        if self._times.size == 0:
            return np.full(queries.shape, -1, dtype=np.int64)
        low, high = self._first[epoch], self._last[epoch]
        return self._guess(queries, low, high) if self._even else self._search(queries, low, high)

    def _guess(self, queries: FloatArray, low: IntArray, high: IntArray) -> IntArray:
        """Closest samples of (nearly) evenly spaced times by division; where the guess fails a check, by search."""
        times, n = self._times, self._times.size
        place = queries - times[0]
        place *= self._scale
        np.clip(place, 0, n - 2, out=place)
        index = place.astype(np.int64)
        since, until = times.take(index), times[1:].take(index)
        np.subtract(queries, since, out=since)
        np.subtract(until, queries, out=until)
        wrong = (since < 0) | (until <= 0)
        index += until <= since
        wrong |= (index < low) | (index >= high)
        wrong |= times.take(np.minimum(index + 1, n - 1)) == times.take(index)  # one of several, or the last of all
        wrong = np.flatnonzero(wrong)
        if wrong.size:
            pick = (lambda bound: bound) if np.ndim(low) == 0 else (lambda bound: bound[wrong])
            index[wrong] = self._search(queries[wrong], pick(low), pick(high))
        return index

    def _search(self, queries: FloatArray, low: IntArray, high: IntArray) -> IntArray:
        times = self._times
        if self._mode == "after":
            after = np.maximum(np.searchsorted(times, queries, side="left"), low)
            return np.where(after < high, after, -1)
        after = np.searchsorted(times, queries, side="right")
        before = np.minimum(after, high) - 1
        if self._mode == "before":
            return np.where(before >= low, self._first_of_equals(queries, before, low), -1)
        return self._closer(queries, before, np.maximum(after, low), low, high)

    def _first_of_equals(self, queries: FloatArray, before: IntArray, low: IntArray) -> IntArray:
        """`before`, moved to the first of several samples where they stand at the very time of the query."""
        times, low = self._times, np.broadcast_to(low, before.shape)
        hit = np.flatnonzero((before > low) & (times[np.maximum(before, 0)] == queries))
        hit = hit[times[before[hit] - 1] == queries[hit]]
        if hit.size:
            before = before.copy()
            before[hit] = np.maximum(np.searchsorted(times, queries[hit], side="left"), low[hit])
        return before

    def _closer(self, queries, before, after, low, high) -> IntArray:
        """The closer of two candidates, each of which may fall outside its epoch."""
        times = self._times
        has_before, has_after = before >= low, after < high
        since = queries - times[np.where(has_before, before, 0)]
        until = times[np.where(has_after, after, 0)] - queries
        take_after = has_after & (~has_before | (until <= since))
        chosen = np.where(take_after, after, np.where(has_before, before, -1))
        several = np.flatnonzero(take_after)
        several = several[times[np.minimum(chosen[several] + 1, times.size - 1)] == times[chosen[several]]]
        if several.size:
            chosen[several] = np.searchsorted(times, times[chosen[several]], side="right") - 1
        return chosen


def nearest(
    queries: FloatArray, sizes: IntArray, times: FloatArray, first: IntArray, last: IntArray, mode: str = "closest"
) -> IntArray:
    """Index of the sample that each query takes its value from, within its own epoch.

    Parameters
    ----------
    queries
        Times, s, shape (query,), in runs: those of one unit in the first epoch, in the second, …, then the next unit.
    sizes
        Number of queries in each run, shape (..., epoch).
    times, first, last, mode
        As `Lookup`.

    Returns
    -------
    IntArray
        Indices into `times`, -1 where the epoch has no admissible sample; shape (query,).
    """
    lookup = Lookup(times, first, last, mode)
    out = np.empty(queries.shape, dtype=np.int64)
    for rows, run, counts in run_blocks(sizes):
        out[rows] = lookup.find(queries[rows], epoch_of_runs(run, counts, first.size))
    return out
