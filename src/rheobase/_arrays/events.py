"""Facts about sorted times and disjoint epochs: who is inside, who is nearest, where a signal crosses.

Everything here rests on `runs`: because times are sorted and epochs are sorted and disjoint, the samples of one epoch
are one slice, and two `searchsorted` calls find all slices at once. Epochs are closed at both ends. A population is
one flat array of times, unit after unit, with offsets; `unit_runs` is `runs` for all its units in one pass.
"""

from __future__ import annotations

import numpy as np

from .._types import BoolArray, FloatArray, IntArray

__all__ = [
    "crossings",
    "epoch_of",
    "gaps",
    "inside",
    "locate",
    "nearest",
    "repeat_runs",
    "run_indices",
    "runs",
    "segmented_search",
    "unit_runs",
]


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
    first, last = np.ravel(first), np.ravel(last)
    lengths = last - first
    full = np.flatnonzero(lengths > 0)
    if full.size == 0:
        return slice(0, 0)
    first, last, lengths = first[full], last[full], lengths[full]
    if np.array_equal(last[:-1], first[1:]):
        return slice(int(first[0]), int(last[-1]))
    before = np.cumsum(lengths) - lengths
    return np.repeat(first - before, lengths) + np.arange(int(lengths.sum()), dtype=np.int64)


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


def locate(times: FloatArray, queries: FloatArray) -> IntArray:
    """``numpy.searchsorted(times, queries, side="right")``, faster where `times` are (nearly) evenly spaced.

    The place is guessed from the mean spacing and checked; only queries whose guess fails are searched for.
    """
    n = times.size
    if queries.size < 1024 or n < 1024 or not (times[-1] > times[0]):
        return np.searchsorted(times, queries, side="right")
    probe = queries[:: max(1, queries.size // 256)]
    if np.count_nonzero(_guess_fails(times, probe)[1]) > 0.1 * probe.size:
        return np.searchsorted(times, queries, side="right")
    place, wrong = _guess_fails(times, queries)
    wrong = np.flatnonzero(wrong)
    if wrong.size:
        place[wrong] = np.searchsorted(times, queries[wrong], side="right")
    return place


def _guess_fails(times: FloatArray, queries: FloatArray) -> tuple[IntArray, BoolArray]:
    """Guessed insertion places, moved by at most one, and whether they are wrong."""
    n = times.size
    scaled = (queries - times[0]) * ((n - 1) / (times[-1] - times[0]))
    guess = np.clip(np.nan_to_num(scaled, nan=0.0), 0, n - 2).astype(np.int64) + 1
    guess -= times[guess - 1] > queries
    guess += times[np.minimum(guess, n - 1)] <= queries
    np.clip(guess, 1, n - 1, out=guess)
    return guess, ~((times[guess - 1] <= queries) & (queries < times[guess]))


def nearest(
    queries: FloatArray, epoch: IntArray, times: FloatArray, first: IntArray, last: IntArray, mode: str = "closest"
) -> IntArray:
    """Index of the sample that each query time takes its value from, within its own epoch.

    Parameters
    ----------
    queries
        Times, s, shape (query,).
    epoch
        Number of the epoch of each query, shape (query,).
    times
        Sorted sample times, s, shape (time,).
    first, last
        `runs` of `times` over the epochs.
    mode : {"closest", "before", "after"}
        Smallest distance (a tie goes to the later sample, among equal times to the last one), the last sample at or
        before the query (the first one among several at the very time of the query), or the first sample at or after it.

    Returns
    -------
    IntArray
        Indices into `times`, -1 where the epoch has no admissible sample; shape (query,).
    """
    if times.size == 0 or queries.size == 0:
        return np.full(queries.shape, -1, dtype=np.int64)
    low, high = first[epoch], last[epoch]
    if mode == "after":
        after = np.maximum(np.searchsorted(times, queries, side="left"), low)
        return np.where(after < high, after, -1)
    after = locate(times, queries)
    before = np.minimum(after, high) - 1
    if mode == "before":
        return np.where(before >= low, _first_of_equals(queries, times, before, low), -1)
    return _closest(queries, times, before, np.maximum(after, low), low, high)


def _first_of_equals(queries: FloatArray, times: FloatArray, before: IntArray, low: IntArray) -> IntArray:
    """`before`, moved to the first of several samples where they stand at the very time of the query."""
    hit = np.flatnonzero((before > low) & (times[np.maximum(before, 0)] == queries))
    hit = hit[times[before[hit] - 1] == queries[hit]]
    if hit.size:
        before = before.copy()
        before[hit] = np.maximum(np.searchsorted(times, queries[hit], side="left"), low[hit])
    return before


def _closest(queries, times, before, after, low, high) -> IntArray:
    """The nearer of two candidates, each of which may fall outside its epoch."""
    has_before, has_after = before >= low, after < high
    before_time = times[np.where(has_before, before, 0)]
    after_time = times[np.where(has_after, after, 0)]
    take_after = has_after & (~has_before | (after_time - queries <= queries - before_time))
    chosen = np.where(take_after, after, np.where(has_before, before, -1))
    doubled = np.flatnonzero(take_after)
    if doubled.size and np.any(times[1:] == times[:-1]):  # the last of equal times, but inside the epoch
        chosen[doubled] = np.searchsorted(times, times[chosen[doubled]], side="right") - 1
    return chosen


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
    times, passing, epoch = times[rows], passing[rows], repeat_runs(first, last)
    if times.size == 0:
        return np.empty(0), np.empty(0)
    new_epoch = np.concatenate(([True], epoch[1:] != epoch[:-1], [True]))
    middle = np.concatenate(([0.0], times[:-1] + np.diff(times) / 2, [0.0]))
    padded = np.concatenate(([False], passing, [False]))
    opens = np.flatnonzero(passing & (new_epoch[:-1] | ~padded[:-2]))
    closes = np.flatnonzero(passing & (new_epoch[1:] | ~padded[2:]))
    starts = np.where(new_epoch[opens], times[opens], middle[opens])
    ends = np.where(new_epoch[closes + 1], times[closes], middle[closes + 1])
    return starts, ends


def gaps(times: FloatArray, min_gap: float) -> tuple[IntArray, IntArray]:
    """First and last index of every stretch whose consecutive times are at most `min_gap` seconds apart."""
    if times.size == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    breaks = np.flatnonzero(np.diff(times) > min_gap)
    return np.concatenate(([0], breaks + 1)), np.concatenate((breaks, [times.size - 1]))
