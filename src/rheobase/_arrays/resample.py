"""A sampled signal at other times: bin averages, derivative, decimation; epoch by epoch.

Values have shape (time, ...); all channels are handled at once, and no function looks across the edge of an epoch.
"""

from __future__ import annotations

import math

import numpy as np

from .._types import FloatArray, IntArray

__all__ = ["as_columns", "bin_means", "decimate", "derivative", "without_nan"]


def as_columns(values: np.ndarray) -> np.ndarray:
    """Values of shape (time, ...) with all axes but the first laid out as one."""
    return values.reshape(len(values), math.prod(values.shape[1:]))


def without_nan(values: np.ndarray) -> np.ndarray | None:
    """Which rows of values, shape (time, ...), hold no NaN, bool, shape (time,); None if all of them."""
    if values.dtype.kind not in "fc":
        return None
    with np.errstate(invalid="ignore", over="ignore"):
        if np.isfinite(values.sum()):  # the usual case, at a third of the price
            return None
    valid = ~np.isnan(values if values.ndim == 1 else as_columns(values))
    valid = valid if values.ndim == 1 else valid.all(axis=1)
    return None if valid.all() else valid


def bin_means(values: np.ndarray, bins: IntArray, low: IntArray, high: IntArray, n_bins: int) -> np.ndarray:
    """Mean of the rows in each bin; NaN in bins without rows.

    Parameters
    ----------
    values
        Samples, shape (time, ...).
    bins, low, high
        As `bins.bin_rows` gives them: bin ``bins[i]`` holds rows ``low[i]:high[i]``.
    n_bins
        Number of rows of the result.

    Returns
    -------
    ndarray, shape (bin, ...)
        float64, or complex128 for complex values.
    """
    dtype = np.result_type(values.dtype, np.float64)
    out = np.full((n_bins, *values.shape[1:]), np.nan, dtype=dtype)
    if bins.size == 0:
        return out
    sizes = (high - low).reshape(-1, *(1,) * (values.ndim - 1))
    out[bins] = _segment_sums(values, low, high, dtype) / sizes
    return out


def _segment_sums(values: np.ndarray, low: IntArray, high: IntArray, dtype: np.dtype) -> np.ndarray:
    """Sums of ``values[low[i]:high[i]]`` for ascending segments that are not empty."""
    if np.array_equal(high[:-1], low[1:]):
        return np.add.reduceat(values[: high[-1]], low, axis=0, dtype=dtype)
    bounds = np.stack((low, high), axis=1).reshape(-1)
    if bounds[-1] == values.shape[0]:  # reduceat wants starts that exist; the last segment runs to the end anyway
        bounds = bounds[:-1]
    return np.add.reduceat(values, bounds, axis=0, dtype=dtype)[::2]


def derivative(times: FloatArray, values: np.ndarray, lengths: IntArray) -> np.ndarray:
    """Derivative with respect to time: second order inside an epoch, one-sided at its ends.

    The interior weights neighbours by their distances (as `numpy.gradient` does for uneven samples).

    Parameters
    ----------
    times, values
        Samples of all epochs, epoch after epoch; s, shape (time,) and (time, ...).
    lengths
        Number of samples of each epoch.

    Returns
    -------
    ndarray, shape (time, ...)
        Per second; NaN for the sample of an epoch that has only one.
    """
    dtype = np.result_type(values.dtype, np.float64)
    out = np.full(values.shape, np.nan, dtype=dtype)
    lengths = lengths[lengths > 0]
    n = times.size
    if n < 2:
        return out
    column = (slice(None), *(None,) * (values.ndim - 1))
    step = np.diff(times)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.diff(values.astype(dtype, copy=False), axis=0) / step[column]
        weight = (step[1:] / (step[1:] + step[:-1]))[column]
        out[1:-1] = weight * slope[:-1] + (1 - weight) * slope[1:]
    stops = np.cumsum(lengths)
    starts = stops - lengths
    several = lengths > 1
    out[starts[~several]] = np.nan
    out[starts[several]] = slope[starts[several]]
    out[stops[several] - 1] = slope[stops[several] - 2]
    return out


def decimate(
    times: FloatArray,
    values: np.ndarray,
    first: IntArray,
    last: IntArray,
    factor: int,
    order: int = 8,
    filter_type: str = "iir",
) -> tuple[FloatArray, np.ndarray]:
    """Low-pass filter without phase shift, then keep every `factor`-th sample; each epoch on its own.

    Returns
    -------
    times, values
        Kept samples of all epochs.

    Raises
    ------
    ValueError
        If an epoch is too short for the filter.
    """
    full = np.flatnonzero(last > first)
    # a filter's state is sequential, so epochs are filtered one by one
    pieces = [_decimate_epoch(values[a:b], factor, order, filter_type) for a, b in zip(first[full], last[full])]
    if not pieces:
        return np.empty(0), np.empty((0, *values.shape[1:]))
    rows = np.concatenate([np.arange(a, b, factor) for a, b in zip(first[full], last[full])])
    return times[rows], np.concatenate(pieces)


def _decimate_epoch(values: np.ndarray, factor: int, order: int, filter_type: str) -> np.ndarray:
    from scipy.signal import decimate as scipy_decimate

    try:
        return scipy_decimate(values, factor, n=order, ftype=filter_type, axis=0, zero_phase=True)
    except ValueError as error:  # SciPy speaks of its padding
        msg = (
            f"an epoch of {len(values)} samples is too short for a filter of order {order} ({error}). Drop short "
            "epochs with drop_short_intervals, or lower the order."
        )
        raise ValueError(msg) from error
