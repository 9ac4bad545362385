"""Facts about sorted times and disjoint epochs: who is inside, in which order, where a signal crosses.

Everything here rests on `runs`: because times are sorted and epochs are sorted and disjoint, the samples of one epoch
are one slice, and two `searchsorted` calls find all slices at once. Epochs are closed at both ends. A population is
one flat array of times, unit after unit, with offsets; `unit_runs` is `runs` for all its units in one pass.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from .._types import BoolArray, FloatArray, IntArray
from .search import BLOCK, segmented_search
from .threads import for_each, n_threads

__all__ = [
    "crossings",
    "epoch_of",
    "epoch_of_runs",
    "gaps",
    "inside",
    "repeat_runs",
    "run_blocks",
    "run_indices",
    "runs",
    "take_runs",
    "time_order",
    "unit_parts",
    "unit_runs",
]

LONG_RUN = 64
"""Mean length from which runs are copied one by one rather than gathered by index."""

MANY_EPOCHS = 8
"""Epochs above which the runs of units are looked up unit by unit."""


PART = 1 << 18
"""Samples of neighbouring units that one thread works on at a time."""


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
    return times.searchsorted(starts, side="left"), times.searchsorted(ends, side="right")


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
    if starts.size > MANY_EPOCHS:
        return _runs_unit_by_unit(times, offsets, starts, ends)
    low, high = offsets[:-1, None], offsets[1:, None]
    return segmented_search(times, low, high, starts, "left"), segmented_search(times, low, high, ends, "right")


def _runs_unit_by_unit(times, offsets, starts, ends) -> tuple[IntArray, IntArray]:
    """`unit_runs` with one call per unit, whose times stay in the cache: faster than bisection once epochs are many.

    Starts and ends are looked up together, in ascending order, so that each search begins where the last one ended.
    """
    bounds = np.stack((starts, np.nextafter(ends, np.inf)), axis=1).reshape(-1)
    first = np.empty((offsets.size - 1, starts.size), dtype=np.int64)
    last = np.empty_like(first)

    def fill(units: range) -> None:
        for unit in units:
            begin = offsets[unit]
            places = np.searchsorted(times[begin : offsets[unit + 1]], bounds)
            np.add(places[::2], begin, out=first[unit])
            np.add(places[1::2], begin, out=last[unit])

    units = range(offsets.size - 1)
    share = max(1, -(-len(units) // n_threads())) if first.size > BLOCK else max(1, len(units))
    for_each(fill, [units[i : i + share] for i in range(0, len(units), share)])
    return first, last


def run_indices(first: IntArray, last: IntArray) -> slice | IntArray:
    """Positions of all samples of all runs, in order: a slice where they are contiguous, otherwise an index array."""
    rows = _contiguous(first, last)
    if rows is not None:
        return rows
    first, lengths = first.reshape(-1), (last - first).reshape(-1)
    upto = lengths.cumsum()
    return (first - upto + lengths).repeat(lengths) + np.arange(upto[-1])


def _contiguous(first: IntArray, last: IntArray) -> slice | None:
    """The slice that all runs make up together, or None."""
    first, last = first.reshape(-1), last.reshape(-1)
    if first.size != 1:
        full = last > first
        if not full.all():
            first, last = first[full], last[full]
        if first.size == 0:
            return slice(0, 0)
        if (last[:-1] != first[1:]).any():
            return None
    return slice(int(first[0]), int(last[-1]))


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
    sizes = np.ravel(sizes)
    upto = sizes.cumsum()
    total = int(upto[-1]) if upto.size else 0
    if 0 < total <= block:
        yield slice(0, total), np.arange(sizes.size), sizes
        return
    for begin in range(0, total, block):
        stop = min(begin + block, total)
        low = int(np.searchsorted(upto, begin, side="right"))
        high = int(np.searchsorted(upto, stop, side="left")) + 1
        counts = np.diff(np.minimum(upto[low:high], stop), prepend=begin)
        yield slice(begin, stop), np.arange(low, high), counts


def unit_parts(sizes: IntArray) -> list[slice]:
    """Cut a population into neighbouring units of about `PART` samples together (or one unit with more)."""
    upto = np.cumsum(sizes)
    if not upto.size or upto[-1] <= PART:
        return [slice(0, upto.size)]
    cuts = np.unique(np.searchsorted(upto, np.arange(PART, upto[-1], PART)) + 1)
    bounds = np.unique(np.concatenate(([0], cuts, [upto.size]))).tolist()
    return [slice(a, b) for a, b in itertools.pairwise(bounds)]


def epoch_of_runs(run: IntArray, counts: IntArray, n_epochs: int) -> IntArray | int:
    """Epoch of every sample of a piece that `run_blocks` gives; a number where there is only one."""
    return 0 if n_epochs == 1 else np.repeat(run % n_epochs, counts)


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
    seam = np.zeros(n + 1, dtype=bool)  # where an epoch begins or ends
    seam[np.concatenate(([0], stops))] = True
    change = np.ones(n + 1, dtype=bool)
    np.not_equal(passing[1:], passing[:-1], out=change[1:-1])
    change |= seam
    opens = np.flatnonzero(passing & change[:-1])
    closes = np.flatnonzero(passing & change[1:])
    own, beside = times.take(opens), times.take(np.maximum(opens - 1, 0))
    starts = np.where(seam.take(opens), own, beside + (own - beside) / 2)
    own, beside = times.take(closes), times.take(np.minimum(closes + 1, n - 1))
    ends = np.where(seam.take(closes + 1), own, own + (beside - own) / 2)
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
