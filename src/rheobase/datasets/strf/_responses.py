"""Spike times to counts in bins, and counts to smooth curves."""

from __future__ import annotations

import numpy as np

from ..._types import ArrayLike, FloatArray

__all__ = ["bin_spikes", "hann_window", "smooth"]

_ON_EDGE = 1e-9
"""Bins by which a time may miss an edge by rounding and still be on it."""


def bin_spikes(times_ms: ArrayLike, dt_ms: float, n_bins: int | None = None) -> np.ndarray:
    """Count spikes in bins that start at the onset of a sound.

    Parameters
    ----------
    times_ms : array_like
        Spike times from onset, ms; those before it (< 0) and NaN are left out.
    dt_ms : float
        Width of a bin, ms. A spike on an edge belongs to the later bin.
    n_bins : int, optional
        Bins to count in; later spikes are left out. Default: up to the last spike.

    Returns
    -------
    ndarray
        Counts, float32, shape (time,).

    Raises
    ------
    ValueError
        If `dt_ms` is not positive.

    Examples
    --------
    >>> from rheobase.datasets.strf import bin_spikes
    >>> bin_spikes([-3, 0, 4.99, 5, 12.3, 12.4], dt_ms=5)
    array([2., 1., 2.], dtype=float32)
    """
    if not dt_ms > 0:
        msg = f"dt_ms must be > 0 (ms), got {dt_ms!r}."
        raise ValueError(msg)
    times = np.asarray(times_ms, dtype=np.float64).ravel()
    bins = np.floor(times[times >= 0] / dt_ms + _ON_EDGE)
    if n_bins is not None:
        bins = bins[bins < n_bins]
    counts = np.bincount(bins.astype(np.int64), minlength=n_bins or 0)
    return counts.astype(np.float32)


def hann_window(window_ms: float, dt_ms: float, normalized: bool = True) -> FloatArray:
    """Symmetric Hann window of an odd number of bins.

    Parameters
    ----------
    window_ms, dt_ms : float
        Widths of the window and of a bin, ms.
    normalized : bool
        Taps add up to one; else the middle one is one.

    Returns
    -------
    ndarray
        Taps, shape (tap,): the whole bins that fit in the window, and one more if they are even in number.

    Raises
    ------
    ValueError
        If a width is not positive.

    Examples
    --------
    >>> from rheobase.datasets.strf import hann_window
    >>> hann_window(21, 5, normalized=False)
    array([0. , 0.5, 1. , 0.5, 0. ])
    """
    if not (window_ms > 0 and dt_ms > 0):
        msg = f"window_ms and dt_ms must be > 0 (ms), got {window_ms!r} and {dt_ms!r}."
        raise ValueError(msg)
    n_taps = max(int(window_ms / dt_ms + _ON_EDGE), 1)
    taps = np.hanning(n_taps + 1 - n_taps % 2)
    return taps / taps.sum() if normalized else taps


def smooth(counts: ArrayLike, window_ms: float, dt_ms: float, normalized: bool = True) -> FloatArray:
    """Convolve along the last axis with a Hann window, with zeros around; same shape."""
    from scipy.ndimage import convolve1d

    values = np.asarray(counts, dtype=np.float64)
    return convolve1d(values, hann_window(window_ms, dt_ms, normalized), axis=-1, mode="constant")
