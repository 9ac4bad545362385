"""Facts about sorted times and disjoint epochs: who is inside, who is nearest, where a signal crosses.

Everything here rests on `runs`: because times are sorted and epochs are sorted and disjoint, the samples of one epoch
are one slice, and two `searchsorted` calls find all slices at once. Epochs are closed at both ends. A population is
one flat array of times, unit after unit, with offsets; `unit_runs` is `runs` for all its units in one pass.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .._types import BoolArray, FloatArray, IntArray

__all__ = [
    "Lookup",
    "crossings",
    "epoch_of",
    "epoch_of_runs",
    "gaps",
    "inside",
    "nearest",
    "repeat_runs",
    "run_blocks",
    "run_indices",
    "runs",
    "segmented_search",
    "take_runs",
    "time_order",
    "unit_runs",
]

BLOCK = 1 << 15
"""Samples handled at a time where a dozen intermediate arrays would otherwise leave the cache."""

LONG_RUN = 64
"""Mean length from which runs are copied one by one rather than gathered by index."""


def runs(times: FloatArray, starts: FloatArray, ends: FloatArray) -> tuple[IntArray, IntArray]:
    """Slice of `times` that lies in each epoch.

    Parameters
    ----------
    times
        Sorted times, s, shape (time,).
    starts, ends
        Bounds of sorted, disjoint epochs, s, shape (epoch,). Both bounds belong to the epoch.

    Returns
    -------
    first, last
        ``times[first[i]:last[i]]`` are the samples of epoch i; int64, shape (epoch,).
    """
    return np.searchsorted(times, starts, side="left"), np.searchsorted(times, ends, side="right")


def segmented_search(times: FloatArray, low: IntArray, high: IntArray, needles: FloatArray, side: str) -> IntArray:
    """`numpy.searchsorted` inside many slices of one array at once, by bisection.

    Parameters
    ----------
    times
        Values, sorted within every slice ``times[low:high]``.
    low, high
        Bounds of the slices, broadcast against `needles`.
    needles
        What to look for.
    side : {"left", "right"}
        As in `numpy.searchsorted`.

    Returns
    -------
    IntArray
        Index into `times`, in ``[low, high]``, of the broadcast shape.
    """
    low, high, needles = (np.array(x) for x in np.broadcast_arrays(low, high, needles))
    if low.size == 0:
        return low
    for _ in range(int((high - low).max()).bit_length()):
        middle = (low + high) >> 1
        value = times[np.minimum(middle, times.size - 1)]
        right = (value < needles) if side == "left" else (value <= needles)
        right &= low < high
        np.copyto(low, middle + 1, where=right)
        np.copyto(high, middle, where=~right & (low < high))
    return low


def unit_runs(times: FloatArray, offsets: IntArray, starts: FloatArray, ends: FloatArray) -> tuple[IntArray, IntArray]:
    """`runs` for every unit of a flat store.

    Parameters
    ----------
    times
        All times, unit after unit, each unit sorted, s.
    offsets
        ``times[offsets[i]:offsets[i + 1]]`` is unit i; shape (unit + 1,).
    starts, ends
        Bounds of sorted, disjoint epochs, s, shape (epoch,).

    Returns
    -------
    first, last
        Indices into `times`, int64, shape (unit, epoch).
    """
    if offsets.size == 2:
        first, last = runs(times[offsets[0] : offsets[1]], starts, ends)
        return first[None] + offsets[0], last[None] + offsets[0]
    low, high = offsets[:-1, None], offsets[1:, None]
    return segmented_search(times, low, high, starts, "left"), segmented_search(times, low, high, ends, "right")


def run_indices(first: IntArray, last: IntArray) -> slice | IntArray:
    """Positions of all samples of all runs, in order: a slice where they are contiguous, otherwise an index array."""
    rows = _contiguous(first, last)
    if rows is not None:
        return rows
    first, lengths = np.ravel(first), np.ravel(last) - np.ravel(first)
    before = np.cumsum(lengths) - lengths
    return np.repeat(first - before, lengths) + np.arange(int(lengths.sum()), dtype=np.int64)


def _contiguous(first: IntArray, last: IntArray) -> slice | None:
    """The slice that all runs make up together, or None."""
    first, last = np.ravel(first), np.ravel(last)
    full = last > first
    if not full.all():
        first, last = first[full], last[full]
    if first.size == 0:
        return slice(0, 0)
    return slice(int(first[0]), int(last[-1])) if np.array_equal(last[:-1], first[1:]) else None


def take_runs(array: np.ndarray, first: IntArray, last: IntArray) -> np.ndarray:
    """All samples of all runs, in order: a view where they are contiguous, otherwise a copy."""
    rows = _contiguous(first, last)
    if rows is not None:
        return array[rows]
    first, last = np.ravel(first), np.ravel(last)
    full = last > first
    first, last = first[full], last[full]
    sizes = last - first
    total = int(sizes.sum())
    if total >= LONG_RUN * sizes.size:  # each piece is one copy of a block of memory
        return np.concatenate([array[a:b] for a, b in zip(first.tolist(), last.tolist())])
    out = np.empty((total, *array.shape[1:]), dtype=array.dtype)
    shift = first - (np.cumsum(sizes) - sizes)
    for rows, run, counts in run_blocks(sizes):
        index = np.repeat(shift[run], counts)
        index += np.arange(rows.start, rows.stop)
        np.take(array, index, axis=0, out=out[rows], mode="clip")
    return out


def run_blocks(sizes: IntArray, block: int = BLOCK) -> Iterator[tuple[slice, IntArray, IntArray]]:
    """Walk over the samples of many runs in pieces that fit the cache.

    Parameters
    ----------
    sizes
        Number of samples of each run.
    block
        Samples per piece, at most.

    Yields
    ------
    rows : slice
        Samples of this piece, counted over all runs.
    run : ndarray of int64
        Runs that the piece touches.
    counts : ndarray of int64
        How many samples of each of them it holds.
    """
    upto = np.cumsum(np.ravel(sizes))
    total = int(upto[-1]) if upto.size else 0
    for begin in range(0, total, block):
        stop = min(begin + block, total)
        low = int(np.searchsorted(upto, begin, side="right"))
        high = int(np.searchsorted(upto, stop, side="left")) + 1
        counts = np.diff(np.minimum(upto[low:high], stop), prepend=begin)
        yield slice(begin, stop), np.arange(low, high), counts


def repeat_runs(first: IntArray, last: IntArray, labels: np.ndarray | None = None) -> np.ndarray:
    """One label per sample of the runs, by default the number of its run."""
    lengths = np.ravel(last) - np.ravel(first)
    return np.repeat(np.arange(lengths.size, dtype=np.int64) if labels is None else labels, lengths)


def epoch_of(times: FloatArray, starts: FloatArray, ends: FloatArray) -> IntArray:
    """Number of the epoch that holds each time, or -1; `times` need not be sorted.

    NaN times are in no epoch.
    """
    if len(starts) == 0:
        return np.full(np.shape(times), -1, dtype=np.int64)
    epoch = np.searchsorted(starts, times, side="right") - 1
    epoch[~((epoch >= 0) & (times <= ends[np.maximum(epoch, 0)]))] = -1
    return epoch


def inside(times: FloatArray, starts: FloatArray, ends: FloatArray) -> BoolArray:
    """Whether each of the sorted `times` lies in an epoch; bool, shape (time,)."""
    first, last = runs(times, starts, ends)
    # +1 where a run opens, -1 where it closes: disjoint epochs never nest
    steps = np.zeros(times.size + 1, dtype=np.int8)
    filled = last > first
    steps[first[filled]] += 1
    steps[last[filled]] -= 1
    return np.cumsum(steps[:-1], dtype=np.int8).view(np.bool_)


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
        n = times.size
        self._even = mode == "closest" and n >= 4 and bool(times[-1] > times[0])
        if self._even:
            self._scale = (n - 1) / (times[-1] - times[0])
            probe = np.arange(0, n, max(1, n // 256))
            self._even = bool(np.mean(np.abs((times[probe] - times[0]) * self._scale - probe) < 0.9) > 0.9)

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


def epoch_of_runs(run: IntArray, counts: IntArray, n_epochs: int) -> IntArray | int:
    """Epoch of every sample of a piece that `run_blocks` gives; a number where there is only one."""
    return 0 if n_epochs == 1 else np.repeat(run % n_epochs, counts)


def crossings(times: FloatArray, passing: BoolArray, first: IntArray, last: IntArray) -> tuple[FloatArray, FloatArray]:
    """Bounds of the stretches in which `passing` holds.

    A bound lies midway between a passing sample and its neighbour in the same epoch that does not pass; at the first or
    last sample of an epoch it is the time of that sample.

    Parameters
    ----------
    times, passing
        Sorted times, s, and whether each sample passes; shape (time,).
    first, last
        `runs` of `times` over the epochs.

    Returns
    -------
    starts, ends
        s, shape (stretch,); a passing sample alone in its epoch gives a stretch of no length.
    """
    rows = run_indices(first, last)
    times, passing = times[rows], passing[rows]
    n = times.size
    if n == 0:
        return np.empty(0), np.empty(0)
    stops = np.cumsum(last - first)
    starts_epoch = np.zeros(n + 1, dtype=bool)
    starts_epoch[np.concatenate(([0], stops))] = True
    edge = np.ones(n + 1, dtype=bool)  # where passing changes, or an epoch begins or ends
    np.not_equal(passing[1:], passing[:-1], out=edge[1:-1])
    edge |= starts_epoch
    edge = np.flatnonzero(edge)
    opens = edge[:-1][passing[edge[:-1]]]
    closes = edge[1:][passing[edge[1:] - 1]] - 1
    before, after = np.maximum(opens - 1, 0), np.minimum(closes + 1, n - 1)
    starts = times[before] + (times[opens] - times[before]) / 2
    ends = times[closes] + (times[after] - times[closes]) / 2
    starts = np.where(starts_epoch[opens], times[opens], starts)
    ends = np.where(starts_epoch[closes + 1], times[closes], ends)
    return starts, ends


def time_order(times: FloatArray) -> IntArray:
    """Positions that sort `times`, equal ones in the order they have: a stable sort at the speed of an unstable one."""
    order = np.argsort(times)
    sorted_times = times[order]
    equal = sorted_times[1:] == sorted_times[:-1]
    if not equal.any():
        return order
    tied = np.zeros(times.size, dtype=bool)
    tied[1:] = equal
    tied[:-1] |= equal
    places = np.flatnonzero(tied)
    order[places] = order[places][np.lexsort((order[places], sorted_times[places]))]
    return order


def gaps(times: FloatArray, min_gap: float) -> tuple[IntArray, IntArray]:
    """First and last index of every stretch whose consecutive times are at most `min_gap` seconds apart."""
    if times.size == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    breaks = np.flatnonzero(np.diff(times) > min_gap)
    return np.concatenate(([0], breaks + 1)), np.concatenate((breaks, [times.size - 1]))
