"""Stretches of a signal in which an oscillation is strong: ripples, spindles and the like."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import epochs as _epochs
from .._arrays import events as _events
from .._arrays.block_fft import convolve_bank
from .._errors import kind_of
from .._types import FloatArray, IntArray
from ..containers import IntervalSet, Tsd
from ..containers._checks import is_integer, is_number
from . import _signal_inputs as _inputs
from .filtering import apply_bandpass_filter
from .hilbert import compute_hilbert_envelope

__all__ = ["detect_oscillatory_events"]


def detect_oscillatory_events(
    data: Tsd,
    epochs: IntervalSet,
    frequency_band: tuple[float, float],
    threshold_band: tuple[float, float],
    duration_band: tuple[float, float],
    min_interval: float,
    fs: float | None = None,
    sliding_window_size: int = 51,
) -> IntervalSet:
    """Find stretches in which the envelope of an oscillation is high.

    The signal is band-pass filtered (Butterworth, order 4); its envelope is averaged in a sliding window and z-scored
    over all epochs. Events are where this lies between two thresholds, for long enough and not too long; events close
    to each other are joined. Each epoch is filtered, transformed and smoothed on its own.

    Parameters
    ----------
    data : Tsd
        Evenly sampled signal, without NaN.
    epochs : IntervalSet
        Where to look.
    frequency_band : tuple of float
        Lower and upper frequency of the oscillation (Hz).
    threshold_band : tuple of float
        Lower and upper threshold, in standard deviations above the mean; both exclusive.
    duration_band : tuple of float
        Shortest and longest duration of an event (s), both exclusive.
    min_interval : float
        Events at most this far apart (s) are joined.
    fs : float, optional
        Sampling rate (Hz); by default ``data.rate``.
    sliding_window_size : int
        Samples over which the envelope is averaged.

    Returns
    -------
    IntervalSet
        Events, with metadata: ``power`` (mean square of the envelope, dB), ``amplitude`` (its maximum) and
        ``peak_time`` (s, where it is).

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If a band is not (smaller, larger), another number is out of range, the signal has NaN, or an epoch is too
        short for the filter.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.analysis import detect_oscillatory_events
    >>> from rheobase.containers import Tsd
    >>> t = np.arange(20000) / 1000
    >>> burst = np.sin(2 * np.pi * 150 * t) * np.exp(-(((t - 8) / 0.03) ** 2))
    >>> events = detect_oscillatory_events(
    ...     Tsd(t, burst), Tsd(t, burst).time_support, (100, 200), (1, 20), (0.02, 0.5), 0.02
    ... )
    >>> len(events), bool(abs(events["peak_time"][0] - 8) < 0.005)
    (1, True)
    """
    if not isinstance(data, Tsd):
        msg = f"`data` must be `Tsd`, got {kind_of(data)}."
        raise TypeError(msg)
    if not isinstance(epochs, IntervalSet):
        msg = f"`epochs` must be `IntervalSet`, got {kind_of(epochs)}."
        raise TypeError(msg)
    band = _pair(frequency_band, "frequency_band")
    low, high = _pair(threshold_band, "threshold_band")
    shortest, longest = _pair(duration_band, "duration_band")
    gap = _not_negative(min_interval, "min_interval")
    window = _window_size(sliding_window_size)
    fs = _inputs.check_fs(fs, data, TypeError)
    part = data.restrict(epochs)
    if len(part) == 0:
        return _described(np.empty(0), np.empty(0), part.t, np.empty(0))
    envelope = compute_hilbert_envelope(apply_bandpass_filter(part, band, fs))
    score = _score(envelope, window)
    starts, ends = _between(part, score, low, high)
    lasting = (ends - starts > shortest) & (ends - starts < longest)
    starts, ends = _epochs.merge_close(starts[lasting], ends[lasting], gap)
    return _described(starts, ends, part.t, envelope.values)


def _pair(band: Any, name: str) -> tuple[float, float]:
    """Two numbers, the smaller first."""
    if not isinstance(band, tuple | list | np.ndarray):
        msg = f"`{name}` must be a tuple, got {type(band).__name__}."
        raise TypeError(msg)
    if len(band) != 2:
        msg = f"`{name}` must have length 2, (min, max); got {len(band)}."
        raise ValueError(msg)
    if not all(is_number(bound) for bound in band):
        msg = f"`{name}` must contain numeric values, got {band!r}."
        raise TypeError(msg)
    if not band[0] < band[1]:
        msg = f"`{name}` must be (min, max) with min < max, got {band!r}."
        raise ValueError(msg)
    return float(band[0]), float(band[1])


def _not_negative(value: Any, name: str) -> float:
    if not is_number(value):
        msg = f"`{name}` must be a number (s), got {value!r}."
        raise TypeError(msg)
    if not value >= 0:
        msg = f"`{name}` must be >= 0 (s), got {value}."
        raise ValueError(msg)
    return float(value)


def _window_size(value: Any) -> int:
    if not is_integer(value):
        msg = f"`sliding_window_size` must be an integer, got {value!r}."
        raise TypeError(msg)
    if value <= 0:
        msg = f"`sliding_window_size` must be > 0, got {value}."
        raise ValueError(msg)
    return int(value)


def _score(envelope: Tsd, window: int) -> FloatArray:
    """Moving average of the envelope in each epoch, in standard deviations from its mean over all."""
    first, last = _inputs.own_runs(envelope)
    _inputs.warn_short(first, last, window)
    score = np.empty(len(envelope))
    kernel = np.full((window, 1), 1 / window)
    convolve_bank(envelope.values[:, None], first, last, kernel, (window - 1) // 2, score[:, None, None])
    mean, deviation = score.mean(), score.std()
    score -= mean
    with np.errstate(divide="ignore", invalid="ignore"):  # a silent signal has no events
        score /= deviation
    return score


def _between(part: Tsd, score: FloatArray, low: float, high: float) -> tuple[FloatArray, FloatArray]:
    """Stretches above `low`, and within them those below `high`."""
    support = part.time_support
    starts, ends = _events.crossings(part.t, score > low, *_events.runs(part.t, support.start, support.end))
    rows = np.flatnonzero(score > low)
    times, score = part.t[rows], score[rows]
    lasting = ends > starts
    first, last = _events.runs(times, starts[lasting], ends[lasting])
    starts, ends = _events.crossings(times, score < high, first, last)
    lasting = ends > starts
    return starts[lasting], ends[lasting]


def _described(starts: FloatArray, ends: FloatArray, times: FloatArray, envelope: FloatArray) -> IntervalSet:
    """Epochs with what the envelope does in them."""
    first, last = _events.runs(times, starts, ends)
    size, peak = np.zeros(starts.size), np.zeros(starts.size, dtype=np.int64)
    rows = _events.run_indices(first, last)
    inside, begins = envelope[rows], np.cumsum(last - first) - (last - first)
    if starts.size:  # every event holds a sample: it was cut out around some
        size = np.add.reduceat(inside**2, begins) / (last - first)
        peak = _first_peaks(inside, begins, last - first)
    with np.errstate(divide="ignore"):
        power = np.where(size > 0, 10 * np.log10(size), np.nan)
    at = first + peak - begins
    metadata = {"power": power, "amplitude": envelope[at], "peak_time": times[at]}
    return IntervalSet(start=starts, end=ends, metadata=metadata)


def _first_peaks(values: FloatArray, begins: IntArray, sizes: IntArray) -> IntArray:
    """Position of the first maximum of each segment."""
    highest = np.flatnonzero(values == np.repeat(np.maximum.reduceat(values, begins), sizes))
    return highest[np.searchsorted(highest, begins)]
