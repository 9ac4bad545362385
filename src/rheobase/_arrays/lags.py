"""Lags: whole numbers of steps around an event, and signals seen through them.

A lag axis is built from integers, so that a window of 0.2 s in steps of 0.1 s has two lags on either side, whatever
0.1 + 0.1 + 0.1 rounds to.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .._types import FloatArray, IntArray

__all__ = ["even_step", "held_means", "lag_axis", "lagged_sums", "lags_within", "rows_at_lags", "worst_gap"]

REGULAR = 1e-6
"""Part of a step by which all steps of a signal may differ from the first, whatever that adds up to."""

JITTER = 0.01
"""Part of a step by which each sample may lie beside even times, as rounded times do, if it adds up to nothing."""

DRIFT = 1e-4
"""Part of a step by which the mean steps of epochs may differ, beyond what jitter of their ends explains."""

SLACK = 1e-6
"""Part of a step by which a window may miss a lag and still hold it."""

BLOCK = 1 << 16
"""Numbers handled at a time, so that intermediate arrays stay in the cache."""

DENSE = 1 / 12
"""Share of bins with events above which a matrix product beats looking at the events one by one."""


def even_step(times: FloatArray, first: IntArray, last: IntArray) -> tuple[float, bool]:
    """Distance of neighbouring samples of the same epoch, and whether all are the same.

    Parameters
    ----------
    times
        Sorted times, s.
    first, last
        `runs` of `times` over disjoint epochs.

    Returns
    -------
    step
        Mean distance, to 12 digits: in the first epoch with two samples, or over all where times are jittered; NaN
        where no epoch has two.
    regular
        Whether every distance within an epoch differs from the first by less than `REGULAR`; or every sample lies
        within `JITTER` of even times between the first and last of its epoch, and epochs agree in their step (`DRIFT`).
    """
    several = np.flatnonzero(last - first > 1)
    if several.size == 0:
        return np.nan, True
    begin, stop = int(first[several[0]]), int(last[several[0]])
    own = times[begin + 1] - times[begin]
    seams = last[several[:-1]] - 1  # the difference from here leaves the epoch
    low, high = own, own
    for a in range(begin, int(last[several[-1]]) - 1, BLOCK):
        b = min(a + BLOCK, int(last[several[-1]]) - 1)
        steps = times[a + 1 : b + 1] - times[a:b]
        crossing = seams[np.searchsorted(seams, a) : np.searchsorted(seams, b)] - a
        steps[crossing] = own
        low, high = min(low, steps.min()), max(high, steps.max())
    if own > 0 and high - own < REGULAR * own and own - low < REGULAR * own:
        return float(f"{(times[stop - 1] - times[begin]) / (stop - 1 - begin):.12g}"), True
    return _jittered_step(times, first[several], last[several], low)


def _jittered_step(times: FloatArray, first: IntArray, last: IntArray, low: float) -> tuple[float, bool]:
    """Mean step over epochs with two samples or more, and whether samples lie near even times."""
    counts = last - first - 1
    spans = times[last - 1] - times[first]
    step = float(f"{spans.sum() / counts.sum():.12g}")
    apart = np.abs(spans - counts * step) > (2 * JITTER + DRIFT * counts) * step
    if not low > 0 or apart.any():
        return step, False
    for a in range(int(first[0]), int(last[-1]), BLOCK):
        rows = np.arange(a, min(a + BLOCK, int(last[-1])))
        epoch = np.searchsorted(first, rows, side="right") - 1
        rows, epoch = rows[rows < last[epoch]], epoch[rows < last[epoch]]  # without lone samples between epochs
        even = times[first[epoch]] + (rows - first[epoch]) * (spans / counts)[epoch]
        if rows.size and np.abs(times[rows] - even).max() > JITTER * step:
            return step, False
    return step, True


def worst_gap(times: FloatArray, first: IntArray, last: IntArray, step: float) -> tuple[float, float]:
    """Where neighbours in an epoch are farthest from `step` apart: time of the first of them, and their distance."""
    gaps = np.diff(times)
    gaps[last[(last > 0) & (last < times.size)] - 1] = step
    row = int(np.abs(gaps - step).argmax())
    return float(times[row]), float(gaps[row])


def lags_within(window: float, step: float, *, cover: bool) -> int:
    """Number of steps that fit in `window`; with `cover`, that it takes to reach its end."""
    steps = window / step
    whole = round(steps)
    if abs(steps - whole) <= min(SLACK * max(whole, 1), 0.01):
        return int(whole)
    return math.ceil(steps) if cover else math.floor(steps)


def lag_axis(n_before: int, n_after: int, step: float) -> FloatArray:
    """Lags in seconds, shape (lag,); zero is exact."""
    return np.arange(-n_before, n_after + 1) * step


def rows_at_lags(
    values: np.ndarray, rows: IntArray, low: IntArray, high: IntArray, n_before: int, n_after: int
) -> np.ndarray:
    """Samples around rows; NaN beyond the epoch of each.

    Parameters
    ----------
    values
        Samples, shape (time, ...).
    rows
        Row of the sample at lag zero of each event, or -1 for events without any.
    low, high
        Samples ``low[i]:high[i]`` belong to the epoch of event i.
    n_before, n_after
        Number of lags before and after zero.

    Returns
    -------
    ndarray, shape (lag, event, ...)
        float64, or complex128 for complex values.
    """
    lags = np.arange(-n_before, n_after + 1)
    dtype = np.result_type(values.dtype, np.float64)
    out = np.empty((lags.size, rows.size, *values.shape[1:]), dtype=dtype)
    if out.size == 0 or len(values) == 0:
        out[...] = np.nan
        return out
    high = np.where(rows < 0, 0, high)
    whole = bool(np.all((rows - n_before >= low) & (rows + n_after < high)))
    height = max(1, BLOCK * lags.size // out.size)
    for begin in range(0, lags.size, height):
        part = slice(begin, begin + height)
        index = rows + lags[part, None]
        out[part] = values.take(index, axis=0, mode="clip")
        if not whole:
            out[part][(index < low) | (index >= high)] = np.nan
    return out


def held_means(values: np.ndarray, low: IntArray, begins: IntArray, stops: IntArray) -> FloatArray:
    """Mean of the samples in each bin; a bin without samples holds the last one before it.

    Bins before the first sample, and bins with NaN in any channel, are zero: they add nothing to a triggered sum.

    Parameters
    ----------
    values
        Samples, shape (time, channel).
    low
        First sample of the epoch of each bin, shape (bin,).
    begins, stops
        First sample at or after the left edge, and at or after the right edge, of each bin, within its epoch.

    Returns
    -------
    ndarray of float64, shape (bin, channel)
    """
    out = np.zeros((low.size, values.shape[1]), dtype=np.result_type(values.dtype, np.float64))
    some = np.flatnonzero(stops > low)
    if some.size == 0:
        return out
    stops = stops[some]
    begins = np.minimum(begins[some], stops - 1)
    if np.all(stops - begins == 1):
        means = values[begins].astype(out.dtype)
    else:
        bounds = np.minimum(np.stack((begins, stops), axis=1).reshape(-1), len(values) - 1)
        sums = np.add.reduceat(values, bounds, axis=0, dtype=out.dtype)[::2]
        sums[(stops == len(values)) & (stops - begins > 1)] += values[-1]  # reduceat knows no bound past the last row
        means = sums / (stops - begins)[:, None]
    means[np.isnan(means.sum(axis=1))] = 0.0
    out[some] = means
    return out


def lagged_sums(counts: np.ndarray, signal: FloatArray, epoch: IntArray, n_before: int, n_after: int) -> FloatArray:
    """Sum over bins of ``counts[bin, unit] * signal[bin + lag, channel]``, where both bins lie in the same epoch.

    Parameters
    ----------
    counts
        Events per bin, shape (bin, unit).
    signal
        Shape (bin, channel).
    epoch
        Number of the epoch of each bin, ascending.
    n_before, n_after
        Number of lags before and after zero.

    Returns
    -------
    ndarray, shape (lag, unit, channel)
    """
    n_bins, n_units = counts.shape
    n_channels, n_lags = signal.shape[1], n_before + n_after + 1
    gap = max(n_before, n_after)
    start = np.arange(n_bins) + epoch * gap  # zeros stand before, between and after the epochs: nothing leaks
    n_rows = int(start[-1]) + n_lags if n_bins else n_lags
    padded = np.zeros((n_rows, n_channels), dtype=signal.dtype)
    padded[start + n_before] = signal
    busy = np.flatnonzero(counts.any(axis=1))
    if np.count_nonzero(counts) < DENSE * busy.size * n_units:
        sums = _by_event(counts, padded, busy, start, n_lags)
    else:
        sums = _by_product(counts, padded, busy, start, n_lags)
    return sums.reshape(n_units, n_lags, n_channels).transpose(1, 0, 2)


def _windows(padded: FloatArray, n_lags: int) -> FloatArray:
    """View of shape (bin, lag * channel): what each bin sees, lag after lag."""
    n_channels = padded.shape[1]
    return sliding_window_view(padded.reshape(-1), n_lags * n_channels)[::n_channels]


def _by_event(counts: np.ndarray, padded: FloatArray, busy: IntArray, start: IntArray, n_lags: int) -> FloatArray:
    """Sum of the windows around the events, unit after unit."""
    unit, bins = np.nonzero(counts[busy].T)
    bins = busy[bins]
    windows = _windows(padded, n_lags)
    sums = np.zeros((counts.shape[1], windows.shape[1]), dtype=padded.dtype)
    weights = counts[bins, unit].astype(np.float64)
    height = max(1, 4 * BLOCK // windows.shape[1])
    cuts = np.union1d(np.arange(0, unit.size, height), np.flatnonzero(np.diff(unit)) + 1)
    for a, b in zip(cuts.tolist(), [*cuts[1:].tolist(), unit.size]):  # each piece is one matrix product
        sums[unit[a]] += weights[a:b] @ windows[start[bins[a:b]]]
    return sums


def _by_product(counts: np.ndarray, padded: FloatArray, busy: IntArray, start: IntArray, n_lags: int) -> FloatArray:
    """All units at once, bins in blocks: a matrix product of the counts and the windows."""
    windows = _windows(padded, n_lags)
    sums = np.zeros((counts.shape[1], windows.shape[1]), dtype=padded.dtype)
    height = max(64, 4 * BLOCK // (windows.shape[1] + counts.shape[1]))
    for begin in range(0, busy.size, height):
        rows = busy[begin : begin + height]
        sums += counts[rows].T.astype(np.float64) @ windows[start[rows]]
    return sums
