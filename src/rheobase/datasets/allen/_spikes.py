"""Spikes of many units in many presentations: counts in bins, the spikes themselves, statistics by condition.

All of it rests on the flat store of spike times, unit after unit: two searches give the run of spikes of every unit in
every presentation, and the spikes of all runs are walked through in blocks that fit the cache.
"""

from __future__ import annotations

import numpy as np

from ..._arrays.events import repeat_runs, run_blocks, take_runs, unit_parts, unit_runs
from ..._arrays.search import segmented_search
from ..._arrays.threads import for_each
from ..._types import FloatArray, IntArray

__all__ = ["bounds_of", "condition_sums", "count_in_bins", "spikes_in"]

_NEAR = 1e-4
"""Part of a bin within which the division is not trusted; bins whose edges lie a tenth of it off are not even."""


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


class _Runs:
    """The spikes of each of some units in each presentation, for neighbouring units at a time.

    Called with a slice of the units: their times, and the bounds of their runs in these, shape (unit, presentation).
    """

    def __init__(
        self, times: FloatArray, offsets: IntArray, units: IntArray, lows: FloatArray, highs: FloatArray
    ) -> None:
        self.times, self.lows, self.highs = times, lows, highs
        self.first, self.last = offsets[:-1][units], offsets[1:][units]
        self.blocks = unit_parts(np.maximum(self.last - self.first, lows.size)) if units.size else []

    def __call__(self, block: slice) -> tuple[FloatArray, IntArray, IntArray]:
        begin, end = self.first[block], self.last[block]
        own = take_runs(self.times, begin, end)
        first, last = unit_runs(own, np.concatenate(([0], np.cumsum(end - begin))), self.lows, self.highs)
        return own, first, np.maximum(first, last)


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
    out = np.zeros((units.size, edges.shape[0], edges.shape[1] - 1), dtype=dtype)
    if out.size == 0:
        return out
    runs = _Runs(times, offsets, units, edges[:, 0], np.nextafter(edges[:, -1], -np.inf))
    bins = _Bins(edges)
    for_each(lambda block: _count_block(out[block].reshape(-1), runs(block), bins, binarize), runs.blocks)
    return out


def _count_block(flat: np.ndarray, runs: tuple[FloatArray, IntArray, IntArray], bins: _Bins, binarize: bool) -> None:
    """Count the spikes of some units into `flat`, which has a cell for each of their presentations and bins."""
    own, first, last = runs
    sizes = (last - first).reshape(-1)
    full = np.flatnonzero(sizes)
    sizes = sizes[full]
    most = np.iinfo(flat.dtype).max if flat.dtype.kind in "iu" else np.inf
    wide = np.zeros(flat.size, dtype=np.int64) if not binarize and sizes.max(initial=0) > most else None
    presentation = full % first.shape[1]
    shift = first.reshape(-1)[full] - (np.cumsum(sizes) - sizes)  # from the place among all runs to that in the store
    cell, onset = full * (bins.n_edges - 1), bins.starts.take(presentation)
    for rows, run, counts in run_blocks(sizes):
        which = np.repeat(run, counts)
        place = shift.take(which)
        place += np.arange(rows.start, rows.stop)
        cells = bins(own.take(place), presentation, onset, which)
        cells += cell.take(which)
        if binarize:
            flat[cells] = 1
        elif wide is None:
            np.add.at(flat, cells, flat.dtype.type(1))
        else:
            np.add.at(wide, cells, 1)
    if wide is not None:
        if wide.max() > most:
            msg = f"a bin holds {wide.max()} spikes, more than dtype {flat.dtype} can count; choose a wider dtype."
            raise OverflowError(msg)
        flat[:] = wide


class _Bins:
    """Number of the bin that holds a time: by division where bins are even, by bisection where they are not.

    Called with times that lie in the bins of their presentations (s); the presentation of each run of spikes and where
    its bins begin (s); and the run of each time.
    """

    def __init__(self, edges: FloatArray) -> None:
        self.edges, self.n_edges = np.ascontiguousarray(edges).reshape(-1), edges.shape[1]
        width = float(edges[0, -1] - edges[0, 0]) / (self.n_edges - 1)
        ideal = edges[:, :1] + width * np.arange(self.n_edges)
        self.even = width > 0 and bool((np.abs(edges - ideal) < 0.1 * _NEAR * width).all())
        self.starts, self.scale = edges[:, 0].copy(), 1.0 / width if width > 0 else 0.0

    def __call__(self, times: FloatArray, presentation: IntArray, onset: FloatArray, which: IntArray) -> IntArray:
        if not self.even:
            return self._look_up(times, presentation.take(which))
        place = times - onset.take(which)
        place *= self.scale
        found = place.astype(np.int64)
        place -= np.rint(place)
        near = np.flatnonzero(np.abs(place, out=place) < _NEAR)
        if near.size:  # so close to an edge the edges decide, not the division
            found[near] = self._look_up(times[near], presentation.take(which[near]))
        return found

    def _look_up(self, times: FloatArray, presentation: IntArray) -> IntArray:
        base = presentation * self.n_edges
        return segmented_search(self.edges, base, base + self.n_edges, times, "right") - 1 - base


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
    runs = _Runs(times, offsets, units, lows, highs)
    for block in runs.blocks:
        own, first, last = runs(block)
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
    runs = _Runs(times, offsets, units, lows[order], highs[order])
    for block in runs.blocks:
        _, first, last = runs(block)
        spikes = last - first
        count[block] = np.add.reduceat(spikes, opens, axis=1)
        values = spikes / 1.0 if seconds is None else spikes / seconds[order]
        mean[block] = np.add.reduceat(values, opens, axis=1) / sizes
        values -= np.repeat(mean[block], sizes, axis=1)
        np.square(values, out=values)
        with np.errstate(invalid="ignore"):
            variance[block] = np.add.reduceat(values, opens, axis=1) / (sizes - 1)
    return count, mean, variance
