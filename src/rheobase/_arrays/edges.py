"""Counting events between given edges, which need not be evenly spaced nor lie inside epochs, and in whole epochs.

Bin k covers ``[edges[k], edges[k + 1])``; the last one is closed on the right. How much of a bin is valid, that is,
covered by epochs, is a difference of one running sum: the covered time up to each edge.
"""

from __future__ import annotations

import numpy as np

from .._types import FloatArray, IntArray
from .events import MANY_EPOCHS, run_blocks, unit_runs
from .search import BLOCK, segmented_search
from .threads import for_each, n_threads

__all__ = ["count_between", "count_epochs", "covered_time"]


def count_between(times: FloatArray, offsets: IntArray, edges: FloatArray, dtype: np.dtype) -> np.ndarray:
    """Events of every unit of a flat store in each bin.

    Parameters
    ----------
    times, offsets
        All times, unit after unit, each unit sorted, s; ``times[offsets[i]:offsets[i + 1]]`` is unit i.
    edges
        Ascending, s, shape (bin + 1,).
    dtype
        Of the counts.

    Returns
    -------
    ndarray, shape (bin, unit)

    Raises
    ------
    OverflowError
        If a bin holds more events than `dtype` can count.
    """
    n_units, n_bins = offsets.size - 1, edges.size - 1
    if 8 * n_units * edges.size < times.size:  # fewer edges than events: look the edges up
        low, high = offsets[:-1, None], offsets[1:, None]
        places = segmented_search(times, low, high, edges, "left")
        places[:, -1] = segmented_search(times, low, high, edges[-1:], "right")[:, 0]
        return _checked(np.diff(places, axis=1), dtype).T
    out = np.zeros((n_units, n_bins), dtype=dtype)
    flat = out.reshape(-1)
    for rows, unit, sizes in run_blocks(np.diff(offsets)):
        block = times[rows]
        cells = np.searchsorted(edges, block, side="right") - 1
        cells[block == edges[-1]] = n_bins - 1
        inside = (cells >= 0) & (cells < n_bins)
        cells += np.repeat(unit * n_bins, sizes)
        _add(flat, cells if inside.all() else cells[inside])
    return out.T


def count_epochs(
    times: FloatArray, offsets: IntArray, starts: FloatArray, ends: FloatArray, dtype: np.dtype
) -> np.ndarray:
    """Events of every unit of a flat store in each epoch, both edges included; epochs may overlap.

    Parameters
    ----------
    times, offsets
        As `count_between`.
    starts, ends
        s, shape (epoch,).
    dtype
        Of the counts.

    Returns
    -------
    ndarray, shape (epoch, unit)

    Raises
    ------
    OverflowError
        If an epoch holds more events than `dtype` can count.
    """
    n_units, n_epochs = offsets.size - 1, starts.size
    if n_epochs <= MANY_EPOCHS:
        first, last = unit_runs(times, offsets, starts, ends)
        return _checked(last - first, dtype).T
    out = np.empty((n_units, n_epochs), dtype=dtype)
    # starts and ends are looked up together, in ascending order: each search begins where the last one ended
    bounds = np.stack((starts, np.nextafter(ends, np.inf)), axis=1).reshape(-1)
    at = offsets.tolist()

    def fill(units: range) -> None:
        for unit in units:
            places = np.searchsorted(times[at[unit] : at[unit + 1]], bounds)
            out[unit] = _checked(places[1::2] - places[::2], dtype)

    share = max(1, -(-n_units // n_threads())) if out.size > BLOCK else max(1, n_units)
    for_each(fill, [range(i, min(i + share, n_units)) for i in range(0, n_units, share)])
    return out.T


def _add(flat: np.ndarray, cells: IntArray) -> None:
    """Add 1 to every cell, once per time it is named; `cells` ascend."""
    if not cells.size:
        return
    opens = np.concatenate(([0], np.flatnonzero(cells[1:] != cells[:-1]) + 1))
    counts = np.diff(opens, append=cells.size)
    cells = cells[opens]
    counts[0] += int(flat[cells[0]])  # only the first may have been counted by the block before
    flat[cells] = _checked(counts, flat.dtype)


def _checked(counts: IntArray, dtype: np.dtype) -> np.ndarray:
    """`counts` in another type, which must hold them."""
    if dtype.kind in "iu" and counts.size and counts.max() > np.iinfo(dtype).max:
        msg = (
            f"a bin holds {int(counts.max())} events, more than dtype {dtype} can count ({np.iinfo(dtype).max}); "
            "choose a wider dtype or smaller bins."
        )
        raise OverflowError(msg)
    return counts.astype(dtype, copy=False)


def covered_time(edges: FloatArray, starts: FloatArray, ends: FloatArray) -> FloatArray:
    """How much of each bin lies in sorted, disjoint epochs: s, shape (bin,)."""
    if not starts.size:
        return np.zeros(edges.size - 1)
    # per bin and epoch, not as a difference of running totals, whose rounding would leave 1e-12 s in empty bins
    first = np.searchsorted(ends, edges[:-1], side="right")
    stop = np.maximum(np.searchsorted(starts, edges[1:], side="left"), first)
    lengths = np.concatenate(([0.0], np.cumsum(ends - starts)))
    low, high = np.minimum(first, starts.size - 1), np.maximum(stop - 1, 0)
    whole = lengths[stop] - lengths[first]
    before = np.maximum(edges[:-1] - starts[low], 0)
    after = np.maximum(ends[high] - edges[1:], 0)
    one = stop - first == 1
    single = np.minimum(edges[1:], ends[low]) - np.maximum(edges[:-1], starts[low])
    return np.where(stop == first, 0.0, np.where(one, single, whole - before - after))
