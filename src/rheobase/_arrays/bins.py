"""Equal bins inside epochs, and counting into them.

The geometry is the field's: within an epoch [s, e] bin k covers [left_k, left_{k+1}), closed on the left; left_0 is s
and every later edge is the one before plus the bin size, rounded to 1 ns; a bin is labelled by its centre left_k +
size / 2 and is kept while that centre is not beyond e. So a last, partial bin is kept when at least half of it fits.

Because edges are whole nanoseconds, edge k is one multiplication, and the bin of a time is one division followed by a
check of the few times that lie within rounding of an edge. No table of edges is searched for spikes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._types import FloatArray, IntArray
from .events import run_indices, segmented_search

__all__ = ["BinGrid", "bin_edges", "bin_rows", "count", "count_trials", "trial_positions"]

NANO = 1e9
"""Edges per second that the rounding rule allows."""

EXACT = 2.0**52
"""Above this many nanoseconds float64 no longer holds whole ones; edges are then multiples of the plain bin size."""

BLOCK = 1 << 17
"""Events binned at a time, so that intermediate arrays stay in the cache."""


class BinGrid(NamedTuple):
    """Bins of one size inside several epochs.

    Attributes
    ----------
    starts : ndarray, shape (epoch,)
        Left edge of the first bin of each epoch, s.
    first_edge : ndarray, shape (epoch,)
        Left edge of the second bin, ns where `whole_ns`, s otherwise.
    step : float
        Distance of edges from there on, in the unit of `first_edge`.
    size : float
        Bin size as asked for, s.
    whole_ns : bool
        Whether edges are whole nanoseconds.
    offsets : ndarray of int64, shape (epoch + 1,)
        Bins ``offsets[i]:offsets[i + 1]`` belong to epoch i.
    table : tuple of ndarray or None
        Left edges per epoch where no formula gives them (bin sizes that end in half a nanosecond).
    """

    starts: FloatArray
    first_edge: FloatArray
    step: float
    size: float
    whole_ns: bool
    offsets: IntArray
    table: tuple[FloatArray, ...] | None = None

    @property
    def n_bins(self) -> int:
        """Number of bins over all epochs."""
        return int(self.offsets[-1])

    def left(self, k: IntArray, epoch: IntArray | int) -> FloatArray:
        """Left edge of bin `k` of `epoch`, s."""
        if self.table is not None:
            return _look_up(self.table, k, epoch)
        edge = self.first_edge[epoch] + (k - 1) * self.step
        if self.whole_ns:
            edge = edge / NANO
        return np.where(k == 0, self.starts[epoch], edge)

    def all_bins(self) -> tuple[IntArray, IntArray]:
        """Epoch of every bin and its number within that epoch; two arrays of shape (bin,)."""
        sizes = np.diff(self.offsets)
        epoch = np.repeat(np.arange(sizes.size, dtype=np.int64), sizes)
        return epoch, np.arange(self.n_bins, dtype=np.int64) - np.repeat(self.offsets[:-1], sizes)

    def centres(self) -> FloatArray:
        """Times that label the bins, s, shape (bin,)."""
        epoch, k = self.all_bins()
        return self.left(k, epoch) + self.size / 2

    def index(self, times: FloatArray, epoch: IntArray | int) -> IntArray:
        """Bin of each time within its epoch; values at or above the epoch's number of bins lie beyond the last one.

        `times` must not lie before the start of their epoch.
        """
        if self.table is not None:
            return _search_table(self.table, times, epoch)
        anchor = self.first_edge[epoch]
        scale = NANO / self.step if self.whole_ns else 1.0 / self.step
        place = (times - (anchor / NANO if self.whole_ns else anchor)) * scale
        k = np.floor(place)
        place -= k
        if place.size == 0:
            return k.astype(np.int64)
        largest = max(abs(times[0]), abs(times[-1]), np.max(np.abs(times)))
        slack = 8 * np.spacing(largest) * scale + 4 * np.spacing(np.max(np.abs(k))) + 1e-12
        near = np.flatnonzero((place <= slack) | (place >= 1 - slack))
        bins = np.maximum(k.astype(np.int64) + 1, 0)
        if near.size:
            bins[near] = self._settle(times[near], epoch if np.ndim(epoch) == 0 else epoch[near], bins[near])
        return bins

    def _settle(self, times: FloatArray, epoch: IntArray | int, k: IntArray) -> IntArray:
        """Move a guess that rounding may have put one bin off to where the edges say."""
        k = k - ((k > 0) & (times < self.left(k, epoch)))
        return k + (times >= self.left(k + 1, epoch))


def bin_edges(starts: FloatArray, ends: FloatArray, bin_size: float) -> BinGrid:
    """Lay bins of `bin_size` into each epoch.

    Parameters
    ----------
    starts, ends
        Bounds of the epochs, s, shape (epoch,).
    bin_size
        Width, s, at least 1 ns.

    Raises
    ------
    ValueError
        If `bin_size` is not a finite number of at least 1 ns.
    """
    starts, ends = np.asarray(starts, dtype=np.float64), np.asarray(ends, dtype=np.float64)
    if not (np.isfinite(bin_size) and np.rint(bin_size * NANO) >= 1):
        msg = f"bin_size must be a finite number of at least 1 ns, got {bin_size} s. Are its units right?"
        raise ValueError(msg)
    largest = np.max(np.abs(ends), initial=np.max(np.abs(starts), initial=0.0))
    whole_ns = bool((largest + bin_size) * NANO < EXACT)
    if not whole_ns:
        grid = BinGrid(starts, starts + bin_size, bin_size, bin_size, False, np.zeros(1, dtype=np.int64))
    elif _ends_in_half(bin_size, largest):
        return _stepped_grid(starts, ends, bin_size)
    else:
        second = np.rint((starts + bin_size) * NANO)
        grid = BinGrid(starts, second, float(np.rint(bin_size * NANO)), bin_size, True, np.zeros(1, dtype=np.int64))
    return grid._replace(offsets=_offsets(_bins_per_epoch(grid, ends)))


def _bins_per_epoch(grid: BinGrid, ends: FloatArray) -> IntArray:
    """How many centres are not beyond the end of each epoch."""
    unit = NANO if grid.whole_ns else 1.0
    guess = np.floor(((ends - grid.size / 2) * unit - grid.first_edge) / grid.step).astype(np.int64)
    base = np.maximum(guess - 1, 0)
    epoch = np.arange(ends.size)
    fits = [grid.left(base + i, epoch) + grid.size / 2 <= ends for i in range(5)]
    return base + np.sum(fits, axis=0, dtype=np.int64)


def _offsets(sizes: IntArray) -> IntArray:
    return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))


def _ends_in_half(bin_size: float, largest: float) -> bool:
    """Whether adding `bin_size` repeatedly rounds now up, now down, as with 1/1024 s = 976562.5 ns."""
    fraction = abs(bin_size * NANO - np.rint(bin_size * NANO))
    return bool(abs(fraction - 0.5) <= 4 * np.spacing(largest + bin_size) * NANO + 1e-9)


def _stepped_grid(starts: FloatArray, ends: FloatArray, bin_size: float) -> BinGrid:
    """The grid of a bin size that ends in half a nanosecond: each edge depends on how the last one was rounded."""
    table = []
    for start, end in zip(starts.tolist(), ends.tolist()):  # inherently sequential, and rare
        edges = [start]
        while edges[-1] + bin_size / 2 <= end:
            edges.append(round((edges[-1] + bin_size) * NANO) / NANO)
        table.append(np.array(edges))
    offsets = _offsets(np.array([edges.size - 1 for edges in table], dtype=np.int64))
    second = np.rint((starts + bin_size) * NANO)
    return BinGrid(starts, second, bin_size * NANO, bin_size, True, offsets, tuple(table))


def _look_up(table: tuple[FloatArray, ...], k: IntArray, epoch: IntArray | int) -> FloatArray:
    """Edges from a table."""
    sizes = np.array([edges.size for edges in table])
    return np.concatenate(table)[_offsets(sizes)[epoch] + np.minimum(k, sizes[epoch] - 1)]


def _search_table(table: tuple[FloatArray, ...], times: FloatArray, epoch: IntArray | int) -> IntArray:
    """Bin of each time by search; times at or above the last edge get its number."""
    bounds = _offsets(np.array([edges.size for edges in table]))
    low = bounds[:-1][epoch]
    return segmented_search(np.concatenate(table), low, bounds[1:][epoch], times, "right") - low - 1


def bin_rows(times: FloatArray, first: IntArray, last: IntArray, grid: BinGrid) -> tuple[IntArray, IntArray, IntArray]:
    """Rows of one sorted series that fall in each bin that is not empty.

    Parameters
    ----------
    times
        Sorted times, s, shape (time,).
    first, last
        `runs` of `times` over the epochs of `grid`.
    grid
        The bins.

    Returns
    -------
    bins, low, high
        Numbers of the bins that hold samples, ascending, and ``low[i]:high[i]`` the rows in each.
    """
    if 4 * grid.n_bins < int((last - first).sum()):
        epoch, k = grid.all_bins()
        low = np.clip(np.searchsorted(times, grid.left(k, epoch)), first[epoch], last[epoch])
        high = np.clip(np.searchsorted(times, grid.left(k + 1, epoch)), first[epoch], last[epoch])
        full = np.flatnonzero(high > low)
        return full, low[full], high[full]
    rows = run_indices(first, last)
    rows = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
    epoch = np.repeat(np.arange(first.size, dtype=np.int64), last - first)
    bins = grid.index(times[rows], epoch)
    kept = bins < np.diff(grid.offsets)[epoch]
    rows, bins = rows[kept], (bins + grid.offsets[epoch])[kept]
    opens = np.flatnonzero(np.diff(bins, prepend=-1))
    sizes = np.diff(opens, append=bins.size)
    return bins[opens], rows[opens], rows[opens] + sizes


def count(times: FloatArray, first: IntArray, last: IntArray, grid: BinGrid, dtype: np.dtype) -> np.ndarray:
    """Events of many units in each bin.

    Parameters
    ----------
    times
        Flat store of times, unit after unit, s.
    first, last
        `unit_runs` of the store over the epochs of `grid`; shape (unit, epoch).
    grid
        The bins.
    dtype
        Of the result; nothing of another type and the result's size is made.

    Returns
    -------
    ndarray, shape (bin, unit)
        Counts, in memory unit after unit (each column is contiguous).

    Raises
    ------
    OverflowError
        If a bin holds more events than `dtype` can.
    """
    n_units, n_epochs = first.shape
    out = np.zeros((n_units, grid.n_bins), dtype=dtype)
    flat = out.reshape(-1)
    if n_epochs == 0 or grid.n_bins == 0:
        return out.T
    rows = run_indices(first, last)
    chosen = times[rows]
    upto = np.cumsum((last - first).reshape(-1))  # events in the runs up to and with each (unit, epoch)
    limit = np.diff(grid.offsets)
    for begin in range(0, chosen.size, BLOCK):  # blocks that fit the cache, not units
        block = chosen[begin : begin + BLOCK]
        run = np.searchsorted(upto, np.arange(begin, begin + block.size), side="right") if n_epochs > 1 else None
        _count_block(flat, block, begin, upto, run, n_epochs, limit, grid)
    return out.T


def _count_block(flat, block, begin, upto, run, n_epochs, limit, grid) -> None:
    """Add one block of events to the flat counts."""
    if run is None:
        run = _runs_of_block(upto, begin, block.size)
        epoch, unit = 0, run
        bins = grid.index(block, 0)
        kept = bins < limit[0]
    else:
        unit, epoch = np.divmod(run, n_epochs)
        bins = grid.index(block, epoch)
        kept = bins < limit[epoch]
        bins += grid.offsets[epoch]
    bins += unit * grid.n_bins
    if not kept.all():
        bins = bins[kept]
    if bins.size:
        _add_sorted(flat, bins)


def _runs_of_block(upto: IntArray, begin: int, size: int) -> IntArray:
    """Number of the run of each event ``begin ... begin + size - 1``."""
    low = np.searchsorted(upto, begin, side="right")
    high = np.searchsorted(upto, begin + size - 1, side="right")
    stops = np.minimum(upto[low : high + 1], begin + size)
    return np.repeat(np.arange(low, high + 1, dtype=np.int64), np.diff(stops, prepend=begin))


def _add_sorted(flat: np.ndarray, cells: IntArray) -> None:
    """Add 1 to every cell named in the sorted `cells`, once per time it is named, and refuse to overflow."""
    opens = np.flatnonzero(np.diff(cells, prepend=-1))
    if opens.size == cells.size and flat.dtype.itemsize >= 4:
        flat[cells] += flat.dtype.type(1)
        return
    cells, counts = cells[opens], np.diff(opens, append=cells.size)
    if flat.dtype == np.bool_:
        flat[cells] = True
        return
    total = flat[cells] + counts
    if flat.dtype.kind in "iu" and total.max() > np.iinfo(flat.dtype).max:
        msg = (
            f"a bin holds {int(total.max())} events, more than dtype {flat.dtype} can count "
            f"({np.iinfo(flat.dtype).max}); choose a wider dtype or smaller bins."
        )
        raise OverflowError(msg)
    flat[cells] = total


def trial_positions(offsets: IntArray, align: str) -> tuple[IntArray, IntArray, int]:
    """Row (trial) and column of each element when ragged trials are laid side by side.

    Parameters
    ----------
    offsets
        Elements ``offsets[i]:offsets[i + 1]`` belong to trial i.
    align : {"start", "end"}
        Which end of a short trial stands at the edge.

    Returns
    -------
    trial, column, n_columns
    """
    sizes = np.diff(offsets)
    width = int(sizes.max(initial=0))
    trial = np.repeat(np.arange(sizes.size, dtype=np.int64), sizes)
    column = np.arange(int(sizes.sum()), dtype=np.int64) - np.repeat(offsets[:-1] - offsets[0], sizes)
    if align == "end":
        column += np.repeat(width - sizes, sizes)
    return trial, column, width


def count_trials(counts: np.ndarray, grid: BinGrid, align: str, padding_value: float) -> FloatArray:
    """Counts of shape (bin, unit) as trials side by side: float64, shape (unit, trial, bin of trial)."""
    trial, column, width = trial_positions(grid.offsets, align)
    out = np.full((counts.shape[1], grid.offsets.size - 1, width), padding_value, dtype=np.float64)
    out[:, trial, column] = counts.T
    return out
