"""Counting the events of many units into equal bins inside epochs, or into trials side by side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .._types import FloatArray, IntArray
from .bins import BinGrid
from .events import epoch_of_runs, run_blocks, take_runs, unit_parts
from .threads import for_each

__all__ = ["count", "count_trials", "trial_positions"]

LONG_RUN = 4096
"""Mean number of events of a unit in an epoch from which these are counted run by run."""

FEW = 1024
"""Events of one series, and bins in one epoch, below which each event is looked up rather than divided."""

PIECE = 1 << 16
"""Events of one run that are counted at a time."""


def count(times: FloatArray, first: IntArray, last: IntArray, grid: BinGrid, dtype: np.dtype) -> np.ndarray:
    """Events of many units in each bin.

    Parameters
    ----------
    times
        Flat store of times, unit after unit, s.
    first, last
        `unit_runs` of the store, from the start of each epoch of `grid` to `BinGrid.last_times`; shape (unit, epoch).
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
    out = np.zeros((first.shape[0], grid.n_bins), dtype=dtype)
    if out.size:
        sizes = (last - first).sum(axis=1)
        if first.size == 1 and 0 < sizes[0] < FEW and grid.n_bins < FEW:
            found = grid.lefts().searchsorted(take_runs(times, first, last), side="right") - 1
            out[0] = _checked(np.bincount(found, minlength=grid.n_bins), dtype)
        elif sizes.max() <= _largest(dtype):  # on one core: making the pages of the result is most of the work
            for units in unit_parts(sizes):
                _count_units(out[units], times, first[units], last[units], grid, _add)
        else:
            parts = unit_parts(sizes)
            for_each(
                lambda units: _count_units(out[units], times, first[units], last[units], grid, _add_checked), parts
            )
    return out.T


def _count_units(
    out: np.ndarray,
    times: FloatArray,
    first: IntArray,
    last: IntArray,
    grid: BinGrid,
    add: Callable[[np.ndarray, IntArray], None],
) -> None:
    """Count events into `out`, shape (unit, bin); `add` raises cells of it by one."""
    n_units, n_epochs = first.shape
    flat = out.reshape(-1)
    cell = (np.arange(n_units)[:, None] * grid.n_bins + grid.offsets[:-1]).reshape(-1)  # of the first bin of each run
    if int((last - first).sum()) >= LONG_RUN * first.size:  # few and long: nothing to be said for each event
        for i, (low, high) in enumerate(zip(first.reshape(-1).tolist(), last.reshape(-1).tolist())):
            for begin in range(low, high, PIECE):
                cells = grid.index(times[begin : min(begin + PIECE, high)], i % n_epochs)
                add(flat[cell[i] :], cells)
        return
    chosen = take_runs(times, first, last)
    for rows, run, sizes in run_blocks(last - first):
        cells = grid.index(chosen[rows], epoch_of_runs(run, sizes, n_epochs))
        cells += np.repeat(cell[run], sizes)
        add(flat, cells)


def _largest(dtype: np.dtype) -> int:
    """Up to which number of events counting one by one stays exact in `dtype`."""
    if dtype.kind in "iu":
        return (1 << (8 * dtype.itemsize - (dtype.kind == "i"))) - 1
    return 1 << 53 if dtype == np.float64 else 0


def _add(flat: np.ndarray, cells: IntArray) -> None:
    """Add 1 to every cell named in `cells`, once per time it is named."""
    np.add.at(flat, cells, flat.dtype.type(1))


def _add_checked(flat: np.ndarray, cells: IntArray) -> None:
    """`_add` for sorted `cells`, which refuses to overflow.

    Only the first of the cells may have been counted before: blocks follow each other in order.
    """
    begin, span = int(cells[0]), int(cells[-1] - cells[0]) + 1
    before = flat[begin]
    if span <= 4 * cells.size:  # dense: count them all
        counts = np.bincount(cells - begin, minlength=span)
        counts[0] += int(before)
        flat[begin : begin + span] = _checked(counts, flat.dtype)
        return
    opens = np.flatnonzero(cells[1:] != cells[:-1]) + 1
    if opens.size + 1 == cells.size:
        flat[cells] = 1
        counts = np.ones(1, dtype=np.int64)
    else:
        opens = np.concatenate(([0], opens))
        cells, counts = cells[opens], np.diff(opens, append=cells.size)
        flat[cells] = _checked(counts, flat.dtype)
    flat[begin] = _checked(counts[:1] + int(before), flat.dtype)[0]


def _checked(counts: IntArray, dtype: np.dtype) -> np.ndarray:
    """`counts` in another type, which must hold them."""
    if dtype.kind in "iu" and dtype.itemsize < 8 and counts.max() > np.iinfo(dtype).max:
        msg = (
            f"a bin holds {int(counts.max())} events, more than dtype {dtype} can count "
            f"({np.iinfo(dtype).max}); choose a wider dtype or smaller bins."
        )
        raise OverflowError(msg)
    return counts.astype(dtype, copy=False)


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


def count_trials(
    times: FloatArray, first: IntArray, last: IntArray, grid: BinGrid, align: str, padding_value: float
) -> FloatArray:
    """`count` in trials side by side: float64, shape (unit, trial, bin of trial)."""
    trial, column, width = trial_positions(grid.offsets, align)
    out = np.full((first.shape[0], grid.sizes.size, width), padding_value, dtype=np.float64)
    for units in unit_parts(np.full(first.shape[0], grid.n_bins)):
        out[units, trial, column] = count(times, first[units], last[units], grid, np.dtype(np.int64)).T
    return out
