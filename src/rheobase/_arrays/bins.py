"""Equal bins inside epochs.

The geometry is the field's: within an epoch [s, e] bin k covers [left_k, left_{k+1}), closed on the left; left_0 is s
and every later edge is the one before plus the bin size, rounded to 1 ns; a bin is labelled by its centre left_k +
size / 2 and is kept while that centre is not beyond e. So a last, partial bin is kept when at least half of it fits.

Because edges are whole nanoseconds, edge k is one multiplication, and the bin of a time is one division followed by a
check of the few times that lie within rounding of an edge. No table of edges is searched for spikes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .._types import FloatArray, IntArray
from .events import run_blocks, take_runs
from .search import first_not_before, segmented_search

__all__ = ["BinGrid", "bin_edges", "bin_rows"]

NANO = 1e9
"""Edges per second that the rounding rule allows."""

EXACT = 2.0**52
"""Above this many nanoseconds float64 no longer holds whole ones; edges are then multiples of the plain bin size."""


class BinGrid(NamedTuple):
    """Bins of one size inside several epochs.

    Attributes
    ----------
    starts : ndarray, shape (epoch,)
        Left edge of the first bin of each epoch, s.
    second : ndarray, shape (epoch,)
        Left edge of the second bin, ns where `whole_ns`, s otherwise.
    step : float
        Distance of edges from there on, in the unit of `second`.
    size : float
        Bin size as asked for, s.
    whole_ns : bool
        Whether edges are whole nanoseconds.
    slack : float
        How far rounding can move a time relative to the edges, in bins.
    offsets : ndarray of int64, shape (epoch + 1,)
        Bins ``offsets[i]:offsets[i + 1]`` belong to epoch i.
    table : ndarray or None
        All edges, epoch after epoch (one more than bins in each), where no formula gives them: bin sizes that end in
        half a nanosecond.
    """

    starts: FloatArray
    second: FloatArray
    step: float
    size: float
    whole_ns: bool
    slack: float
    offsets: IntArray
    table: FloatArray | None = None

    @property
    def n_bins(self) -> int:
        """Number of bins over all epochs."""
        return int(self.offsets[-1])

    @property
    def sizes(self) -> IntArray:
        """Number of bins of each epoch."""
        return self.offsets[1:] - self.offsets[:-1]

    def left(self, k: IntArray, epoch: IntArray | int) -> FloatArray:
        """Left edge of bin `k` of `epoch`, s; beyond the last bin, edges go on."""
        if self.table is not None:
            return self.table[
                (self.offsets[:-1] + np.arange(self.starts.size))[epoch] + np.minimum(k, self.sizes[epoch])
            ]
        edge = self.second[epoch] + (k - 1) * self.step
        if self.whole_ns:
            edge = edge / NANO
        return np.where(k == 0, self.starts[epoch], edge)

    def lefts(self) -> FloatArray:
        """Left edges of all bins, s, shape (bin,)."""
        if self.table is not None:
            return np.delete(self.table, self.offsets[1:] + np.arange(self.starts.size))
        if self.starts.size == 1:
            edges = np.arange(-1.0, self.n_bins - 1)
            edges *= self.step
            edges += self.second[0]
        else:
            within = np.arange(self.n_bins) - np.repeat(self.offsets[:-1] + 1, self.sizes)
            edges = np.repeat(self.second, self.sizes) + within * self.step
        if self.whole_ns:
            edges /= NANO
        some = self.sizes > 0
        edges[self.offsets[:-1][some]] = self.starts[some]
        return edges

    def centres(self) -> FloatArray:
        """Times that label the bins, s, shape (bin,)."""
        edges = self.lefts()
        edges += self.size / 2
        return edges

    def last_times(self, ends: FloatArray) -> FloatArray:
        """Latest time that a bin of each epoch can hold: its end, or just before the end of its last bin."""
        stops = np.nextafter(self.left(self.sizes, np.arange(ends.size)), -np.inf)
        return np.minimum(ends, stops)

    def index(self, times: FloatArray, epoch: IntArray | int) -> IntArray:
        """Number, within its epoch, of the bin of each time; times must lie in a bin.

        Divide, cut to a whole number, and look at the edges only where the remainder is within rounding of one.
        """
        if self.table is not None:
            low = (self.offsets[:-1] + np.arange(self.starts.size))[epoch]
            return segmented_search(self.table, low, low + self.sizes[epoch] + 1, times, "right") - low - 1
        unit = NANO if self.whole_ns else 1.0
        origin = self.second / unit - (1 + self.slack) * self.step / unit
        place = times - origin[epoch]
        place *= unit / self.step
        whole = np.floor(place)
        place -= whole
        bins = whole.astype(np.int64)
        near = np.flatnonzero(place < 2 * self.slack)
        if near.size:
            there = bins[near]
            there -= times[near] < self.left(there, epoch if np.ndim(epoch) == 0 else epoch[near])
            bins[near] = np.maximum(there, 0)
        return bins


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
    bin_size = float(bin_size)
    if not (math.isfinite(bin_size) and round(bin_size * NANO) >= 1):
        msg = f"bin_size must be a finite number of at least 1 ns, got {bin_size} s. Are its units right?"
        raise ValueError(msg)
    largest = bin_size + (max(abs(float(starts[0])), abs(float(ends.max()))) if starts.size else 0.0)
    whole_ns = largest * NANO < EXACT
    if whole_ns and _ends_in_half(bin_size, largest):
        return _stepped_grid(starts, ends, bin_size)
    second = np.rint((starts + bin_size) * NANO) if whole_ns else starts + bin_size
    step = float(round(bin_size * NANO)) if whole_ns else bin_size
    longest = float((ends - starts).max()) / bin_size if starts.size else 0.0
    # rounding of a time, of the step and of the second edge (half a nanosecond each), and of the division
    slack = (4 * math.ulp(largest) + (1.02 / NANO if whole_ns else 0.0)) / bin_size + 1e-15 * longest
    grid = BinGrid(starts, second, step, bin_size, whole_ns, slack, np.zeros(1, dtype=np.int64))
    return grid._replace(offsets=_offsets(_bins_per_epoch(grid, ends)))


def _bins_per_epoch(grid: BinGrid, ends: FloatArray) -> IntArray:
    """How many centres are not beyond the end of each epoch."""
    unit = NANO if grid.whole_ns else 1.0
    if ends.size == 1 and math.isfinite(
        ends[0] - grid.starts[0]
    ):  # the same in plain numbers, which for one epoch are faster
        start, second, end = float(grid.starts[0]), float(grid.second[0]), float(ends[0])
        low = n = max(math.floor(((end - grid.size / 2) * unit - second) / grid.step) - 1, 0)
        while n < low + 5 and (start if n == 0 else (second + (n - 1) * grid.step) / unit) + grid.size / 2 <= end:
            n += 1
        return np.array([n])
    guess = np.floor(((ends - grid.size / 2) * unit - grid.second) / grid.step).astype(np.int64)
    base = np.maximum(guess - 1, 0)
    near = base[:, None] + np.arange(5)
    fits = grid.left(near, np.arange(ends.size)[:, None]) + grid.size / 2 <= ends[:, None]
    return base + fits.sum(axis=1)


def _offsets(sizes: IntArray) -> IntArray:
    offsets = np.zeros(sizes.size + 1, dtype=np.int64)
    np.cumsum(sizes, out=offsets[1:])
    return offsets


def _ends_in_half(bin_size: float, largest: float) -> bool:
    """Whether adding `bin_size` repeatedly rounds now up, now down, as with 1/1024 s = 976562.5 ns."""
    fraction = abs(bin_size * NANO - round(bin_size * NANO))
    return abs(fraction - 0.5) <= 4 * math.ulp(largest) * NANO + 1e-9


def _stepped_grid(starts: FloatArray, ends: FloatArray, bin_size: float) -> BinGrid:
    """The grid of a bin size that ends in half a nanosecond: each edge depends on how the last one was rounded."""
    tables = []
    for start, end in zip(starts.tolist(), ends.tolist()):  # inherently sequential, and rare
        edges = [start]
        while edges[-1] + bin_size / 2 <= end:
            edges.append(round((edges[-1] + bin_size) * NANO) / NANO)
        tables.append(np.array(edges))
    offsets = _offsets(np.array([edges.size - 1 for edges in tables], dtype=np.int64))
    table = np.concatenate(tables) if tables else np.empty(0)
    return BinGrid(starts, np.rint((starts + bin_size) * NANO), bin_size * NANO, bin_size, True, 0.0, offsets, table)


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
    epochs = np.arange(first.size)
    stops = np.searchsorted(times, grid.left(grid.sizes, epochs))
    last = np.maximum(np.minimum(last, stops), first)
    if 4 * grid.n_bins < int((last - first).sum()):
        return _rows_of_bins(times, first, last, grid)
    bins = np.empty(int((last - first).sum()), dtype=np.int64)
    chosen = take_runs(times, first, last)
    for rows, run, sizes in run_blocks(last - first):
        epoch = np.repeat(run, sizes)
        bins[rows] = grid.index(chosen[rows], epoch) + grid.offsets[epoch]
    opens = np.flatnonzero(np.diff(bins, prepend=-1))
    sizes = np.diff(opens, append=bins.size)
    low = opens + np.repeat(first - _offsets(last - first)[:-1], last - first)[opens]
    return bins[opens], low, low + sizes


def _rows_of_bins(
    times: FloatArray, first: IntArray, last: IntArray, grid: BinGrid
) -> tuple[IntArray, IntArray, IntArray]:
    """`bin_rows` by looking the edges up in the times, for bins that are fewer than the samples."""
    low = first_not_before(times, grid.lefts())
    high = np.append(low[1:], 0)
    some = grid.sizes > 0
    low[grid.offsets[:-1][some]] = first[some]
    high[grid.offsets[1:][some] - 1] = last[some]
    full = np.flatnonzero(high > low)
    return full, low[full], high[full]
