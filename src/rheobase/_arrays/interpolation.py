"""Linear interpolation of a sampled signal, epoch by epoch.

Two ways to the same numbers. `numpy.interp` walks along the samples and wins where most of them are used; where few
times are asked of a long, evenly sampled signal, dividing finds each place without a search.
"""

from __future__ import annotations

import numpy as np

from .._types import FloatArray, IntArray
from .events import epoch_of_runs, run_blocks
from .search import BLOCK, first_not_before, is_even
from .threads import for_each

__all__ = ["interpolate"]

FEW = 8
"""Channels up to which each is walked along by itself."""


def interpolate(
    queries: FloatArray,
    sizes: IntArray,
    times: FloatArray,
    values: np.ndarray,
    first: IntArray,
    last: IntArray,
    left: float | None = None,
    right: float | None = None,
) -> np.ndarray:
    """Linear interpolation at `queries` from the samples of the same epoch.

    Parameters
    ----------
    queries
        Sorted times, s, those in the first epoch, in the second, …; shape (query,).
    sizes
        How many of them each epoch holds, shape (epoch,).
    times, values
        Sorted sample times, s, and samples, shape (time,) and (time, ...).
    first, last
        `runs` of `times` over the epochs.
    left, right
        Value before the first and after the last sample of an epoch; by default that sample's own value.

    Returns
    -------
    ndarray, shape (query, ...)
        float64 (complex128 for complex values); NaN where an epoch has no samples.
    """
    dtype = np.result_type(values.dtype, np.float64)
    out = np.empty((queries.size, *values.shape[1:]), dtype=dtype)
    if ((last <= first) & (sizes > 0)).any():  # all other rows are written below
        out[...] = np.nan
    if queries.size == 0 or times.size == 0:
        return out
    columns, samples = out.reshape(queries.size, -1), values.reshape(times.size, -1)
    dense = 4 * queries.size > times.size or not is_even(times)
    if dense and samples.shape[1] <= FEW and queries.size > 100 * sizes.size:
        _walk(columns, queries, sizes, times, samples, first, last, left, right)
    else:
        _look_up(columns, queries, sizes, times, samples, first, last, left, right)
    return out


def _walk(out, queries, sizes, times, values, first, last, left, right) -> None:
    """One call of `numpy.interp` per epoch and channel, for epochs that hold many queries."""
    stops = np.cumsum(sizes)
    bounds = zip((stops - sizes).tolist(), stops.tolist(), first.tolist(), last.tolist(), strict=True)

    def fill(piece: tuple[int, int, int, int]) -> None:
        start, stop, low, high = piece
        rows = slice(start, stop)
        # the samples that this block can touch: np.interp makes an array of their slopes
        a = max(int(np.searchsorted(times[low:high], queries[start], side="right")) + low - 1, low)
        b = min(int(np.searchsorted(times[low:high], queries[stop - 1], side="right")) + low + 1, high)
        ends = left if a == low else None, right if b == high else None
        for channel in range(out.shape[1]):
            out[rows, channel] = np.interp(queries[rows], times[a:b], values[a:b, channel], *ends)

    for_each(
        fill,
        (
            (start, min(start + BLOCK, stop), low, high)
            for begin, stop, low, high in bounds
            if high > low
            for start in range(begin, stop, BLOCK)
        ),
    )


def _look_up(out, queries, sizes, times, values, first, last, left, right) -> None:
    """All epochs and channels at once, block by block: find the sample before each query, then gather."""

    def fill(piece: tuple[slice, IntArray, IntArray]) -> None:
        rows, run, counts = piece
        epoch = epoch_of_runs(run, counts, first.size)
        known: IntArray | slice = slice(None)
        low, high = np.broadcast_to(first[epoch], rows.stop - rows.start), last[epoch] - 1
        if (high < low).any():
            known = np.flatnonzero(high >= low)
            low, high = low[known], np.broadcast_to(high, rows.stop - rows.start)[known]
        at = queries[rows][known]
        before = np.clip(first_not_before(times, np.nextafter(at, np.inf)) - 1, low, high)
        after = np.minimum(before + 1, high)
        begun = times.take(before)
        span = times.take(after) - begun
        value = values[before]
        with np.errstate(invalid="ignore", divide="ignore"):
            next_value = values[after].astype(out.dtype)
            slope = (next_value - value) / span[:, None]
            result = slope * (at - begun)[:, None]
            result += value
            if np.isnan(result).any():  # infinite samples: come from the other side, as numpy.interp does
                other = slope * (at - times.take(after))[:, None] + next_value
                result = np.where(
                    np.isnan(result), np.where(np.isnan(other) & (value == next_value), value, other), result
                )
        # at a sample, after the last one and before the first one, the sample itself (a slope may be NaN there)
        own = (span <= 0) | (at <= begun)
        result[own] = value[own]
        if left is not None:
            result[at < times[low]] = left
        if right is not None:
            result[at > times[high]] = right
        out[np.arange(rows.start, rows.stop)[known]] = result

    for_each(fill, run_blocks(sizes))
