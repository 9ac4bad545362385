"""Spikes of many units in many presentations: counts in bins, the spikes themselves, statistics by condition.

All of it rests on the flat store of spike times, unit after unit: two searches give the run of spikes of every unit in
every presentation, and the spikes of all runs are walked through in blocks that fit the cache.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..._arrays.events import repeat_runs, run_blocks, take_runs, unit_parts, unit_runs
from ..._arrays.search import segmented_search
from ..._types import FloatArray, IntArray

__all__ = ["bounds_of", "condition_sums", "count_in_bins", "spikes_in"]


def bounds_of(starts: FloatArray, stops: FloatArray, closed: str) -> tuple[FloatArray, FloatArray]:
    """Closed bounds that hold the same float64 times as [start, stop) or, with ``closed="right"``, (start, stop].

    Raises
    ------
    ValueError
        If `closed` is neither.
    """
    if closed == "left":
        return starts, np.nextafter(stops, -np.inf)
    if closed == "right":
        return np.nextafter(starts, np.inf), stops
    msg = f"closed must be 'left' (start <= t < stop) or 'right' (start < t <= stop), got {closed!r}."
    raise ValueError(msg)


def _blocks(
    times: FloatArray, offsets: IntArray, units: IntArray, lows: FloatArray, highs: FloatArray
) -> Iterator[tuple[slice, FloatArray, IntArray, IntArray]]:
    """Neighbouring units, their times, and the bounds of their runs in these, shape (unit, presentation)."""
    begins, ends = offsets[:-1][units], offsets[1:][units]
    weight = np.maximum(ends - begins, lows.size)
    for block in unit_parts(weight):
        own = take_runs(times, begins[block], ends[block])
        own_offsets = np.concatenate(([0], np.cumsum(ends[block] - begins[block])))
        first, last = unit_runs(own, own_offsets, lows, highs)
        yield block, own, first, np.maximum(first, last)


def count_in_bins(
    times: FloatArray, offsets: IntArray, units: IntArray, edges: FloatArray, dtype: np.dtype, binarize: bool = False
) -> np.ndarray:
    """Spikes of each unit in each bin of each presentation; a bin holds its left edge and not its right one.

    Parameters
    ----------
    times, offsets
        Flat store: ``times[offsets[i]:offsets[i + 1]]`` are the sorted spikes of unit i, s.
    units
        Rows of the store that are counted.
    edges
        Edges of the bins on the clock of the recording, s, shape (presentation, edge); ascending in every row.
    dtype
        Of the result.
    binarize
        Whether there is a spike, rather than how many there are.

    Returns
    -------
    ndarray, shape (unit, presentation, bin)

    Raises
    ------
    OverflowError
        If a bin holds more spikes than `dtype` can count.
    """
    n_presentations, n_bins = edges.shape[0], edges.shape[1] - 1
    out = np.zeros((units.size, n_presentations, n_bins), dtype=dtype)
    if out.size == 0:
        return out
    place = _Bins(edges)
    most = np.iinfo(dtype).max if np.dtype(dtype).kind in "iu" else np.inf
    for block, own, first, last in _blocks(times, offsets, units, edges[:, 0], np.nextafter(edges[:, -1], -np.inf)):
        flat = out[block].reshape(-1)
        chosen = take_runs(own, first, last)
        wide = np.zeros(flat.size, dtype=np.int64) if not binarize and (last - first).max() > most else None
        for rows, run, sizes in run_blocks(last - first):
            cells = np.repeat(run, sizes)
            cells = cells * n_bins + place(chosen[rows], cells % n_presentations)
            if binarize:
                flat[cells] = 1
            elif wide is None:
                np.add.at(flat, cells, flat.dtype.type(1))
            else:
                np.add.at(wide, cells, 1)
        if wide is not None:
            if wide.max() > most:
                msg = f"a bin holds {wide.max()} spikes, more than dtype {dtype} can count; choose a wider dtype."
                raise OverflowError(msg)
            flat[:] = wide
    return out


class _Bins:
    """Number of the bin that holds a time: by division where bins are even, by bisection where they are not.

    Called with times that lie in the bins of their presentations, s, and the numbers of these presentations.
    """

    def __init__(self, edges: FloatArray) -> None:
        self.edges, self.n_edges = np.ascontiguousarray(edges).reshape(-1), edges.shape[1]
        width = (edges[:, -1] - edges[:, 0]) / (self.n_edges - 1)
        ideal = edges[:, :1] + width[:, None] * np.arange(self.n_edges)
        self.even = bool((width > 0).all() and (np.abs(edges - ideal) < 0.1 * width[:, None]).all())
        self.starts = edges[:, 0].copy()
        with np.errstate(divide="ignore"):
            self.scale = 1.0 / width

    def __call__(self, times: FloatArray, presentation: IntArray) -> IntArray:
        base = presentation * self.n_edges
        if not self.even:
            return segmented_search(self.edges, base, base + self.n_edges, times, "right") - 1 - base
        guess = ((times - self.starts.take(presentation)) * self.scale.take(presentation)).astype(np.int64)
        np.clip(guess, 0, self.n_edges - 2, out=guess)
        # the edges decide, not the division
        guess += self.edges.take(base + guess + 1) <= times
        guess -= self.edges.take(base + guess) > times
        return guess


def spikes_in(
    times: FloatArray, offsets: IntArray, units: IntArray, lows: FloatArray, highs: FloatArray
) -> tuple[FloatArray, IntArray, IntArray]:
    """Every spike in every presentation that holds it, sorted by time.

    Parameters
    ----------
    times, offsets, units
        As `count_in_bins`.
    lows, highs
        Closed bounds, s (`bounds_of`), shape (presentation,).

    Returns
    -------
    times, presentation, unit
        Seconds, and positions among the presentations and the units; shape (spike,).
    """
    parts = []
    for block, own, first, last in _blocks(times, offsets, units, lows, highs):
        run = repeat_runs(first, last)
        parts.append((take_runs(own, first, last), run % lows.size, run // lows.size + block.start))
    if not parts:
        return np.empty(0), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    found, presentation, unit = (np.concatenate(column) for column in zip(*parts))
    order = np.lexsort((unit, found))
    return found[order], presentation[order], unit[order]


def condition_sums(
    times: FloatArray,
    offsets: IntArray,
    units: IntArray,
    lows: FloatArray,
    highs: FloatArray,
    condition: IntArray,
    seconds: FloatArray | None,
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Spikes of each unit by condition: how many in all, and mean and variance over presentations.

    Parameters
    ----------
    times, offsets, units, lows, highs
        As `spikes_in`; at least one presentation.
    condition
        Number of each presentation's condition, 0 … n - 1, each at least once.
    seconds
        Durations to divide counts by, or None.

    Returns
    -------
    count, mean, variance
        Shape (unit, condition); the variance is that of a sample, NaN where there is one presentation.
    """
    order = np.argsort(condition, kind="stable")
    sizes = np.bincount(condition)
    opens = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    shape = (units.size, sizes.size)
    count, mean, variance = np.zeros(shape, dtype=np.int64), np.zeros(shape), np.zeros(shape)
    for block, _, first, last in _blocks(times, offsets, units, lows[order], highs[order]):
        spikes = last - first
        count[block] = np.add.reduceat(spikes, opens, axis=1)
        values = spikes / 1.0 if seconds is None else spikes / seconds[order]
        mean[block] = np.add.reduceat(values, opens, axis=1) / sizes
        values -= np.repeat(mean[block], sizes, axis=1)
        np.square(values, out=values)
        with np.errstate(invalid="ignore"):
            variance[block] = np.add.reduceat(values, opens, axis=1) / (sizes - 1)
    return count, mean, variance
