"""Morlet wavelets: how strong an oscillation is at each time and frequency."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays.block_fft import convolve_bank
from .._arrays.morlet import morlet_bank
from .._arrays.namespace import is_lazy, to_numpy
from .._arrays.resample import as_columns
from .._errors import kind_of
from .._types import FloatArray
from ..containers import IntervalSet, Tsd, TsdFrame, TsdTensor
from ..containers._checks import is_integer, is_number
from . import _signal_inputs as _inputs

__all__ = ["compute_wavelet_transform", "generate_morlet_filterbank"]

FINEST = 26
"""Largest `precision`: a mother wavelet of 1 GB."""


def compute_wavelet_transform(
    sig: Tsd | TsdFrame | TsdTensor,
    freqs: FloatArray,
    fs: float | None = None,
    gaussian_width: float = 1.5,
    window_length: float = 1.0,
    precision: int = 16,
    norm: str | None = "l1",
) -> TsdFrame | TsdTensor:
    """Convolution with a complex Morlet wavelet at each frequency, epoch by epoch.

    Parameters
    ----------
    sig : Tsd, TsdFrame or TsdTensor
        Evenly sampled signals. NaN makes NaN of what a wavelet reaches from it.
    freqs : ndarray
        Frequencies (Hz), > 0, shape (frequency,).
    fs : float, optional
        Sampling rate (Hz); by default ``sig.rate``.
    gaussian_width, window_length, precision
        As `generate_morlet_filterbank`.
    norm : {"l1", "l2", None}
        What the convolution is divided by: "l1" by ``fs / freqs``, which shows oscillations of one amplitude equally
        strong at all frequencies; "l2" by ``fs / sqrt(freqs)``; None by nothing.

    Returns
    -------
    TsdFrame or TsdTensor
        complex128, shape (time, ..., frequency). Of a Tsd, a TsdFrame whose columns are `freqs`. Zeros are taken beyond
        the edges of an epoch.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If `freqs` is empty, or a number not positive, or `norm` unknown.

    Warns
    -----
    UserWarning
        If an epoch has fewer samples than the longest wavelet.

    References
    ----------
    :cite:`torrence_1998`, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.analysis import compute_wavelet_transform
    >>> from rheobase.containers import Tsd
    >>> t = np.arange(4000) / 1000
    >>> signal = Tsd(t, np.sin(2 * np.pi * 50 * t))
    >>> transform = compute_wavelet_transform(signal, fs=1000, freqs=np.array([25.0, 50.0, 100.0]))
    >>> int(np.argmax(np.abs(transform.values[2000])))
    1
    """
    if not isinstance(sig, Tsd | TsdFrame | TsdTensor):
        msg = f"`sig` must be instance of Tsd, TsdFrame, or TsdTensor, got {kind_of(sig)}."
        raise TypeError(msg)
    freqs = _read_frequencies(freqs)
    fs = _inputs.check_fs(fs, sig, TypeError)
    if norm is not None and norm not in ("l1", "l2"):
        msg = f"norm parameter must be 'l1', 'l2', or None, got {norm!r}."
        raise ValueError(msg)
    bank, _ = _bank(freqs, fs, gaussian_width, window_length, precision)
    divisor = {"l1": fs / freqs, "l2": fs / np.sqrt(freqs), None: 1.0}[norm]
    first, last = _inputs.own_runs(sig)
    _inputs.warn_short(first, last, len(bank))
    values = sig.values
    rows = values if values.ndim == 2 and is_lazy(values) else as_columns(to_numpy(values))
    out = np.empty((*rows.shape, freqs.size), dtype=np.complex128)
    convolve_bank(rows, first, last, bank / divisor, (len(bank) - 1) // 2, out)
    out = out.reshape(*sig.shape, freqs.size)
    if isinstance(sig, Tsd):
        return TsdFrame._trusted(sig.t, out, sig.time_support, freqs.copy())
    return TsdTensor._trusted(sig.t, out, sig.time_support)


def generate_morlet_filterbank(
    freqs: FloatArray,
    fs: float,
    gaussian_width: float = 1.5,
    window_length: float = 1.0,
    precision: int = 16,
) -> TsdFrame:
    """Complex Morlet wavelets, to look at or to convolve with.

    Parameters
    ----------
    freqs : ndarray
        Frequencies (Hz), > 0, shape (frequency,).
    fs : float
        Sampling rate (Hz).
    gaussian_width : float
        Twice the variance of the Gaussian, in squared units in which the wavelet oscillates `window_length` times per
        1. More is sharper in frequency and blurred in time.
    window_length : float
        As above; the Gaussian holds the more oscillations, the larger it is.
    precision : int
        The wavelets are cut from one that is sampled at ``2 ** precision`` points.

    Returns
    -------
    TsdFrame
        complex128, shape (tap, frequency); times are centred at 0 s. Shorter wavelets stand between zeros.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If `freqs` is empty, or a number not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.analysis import generate_morlet_filterbank
    >>> generate_morlet_filterbank(np.array([10.0, 20.0]), fs=1000).shape
    (1600, 2)
    """
    freqs = _read_frequencies(freqs)
    if not is_number(fs):
        msg = f"`fs` must be of type float or int (Hz), got {fs!r}."
        raise TypeError(msg)
    bank, times = _bank(freqs, _inputs.check_fs(fs, None, TypeError), gaussian_width, window_length, precision)
    return TsdFrame._trusted(times, bank, IntervalSet(times[0], times[-1]))


def _read_frequencies(freqs: Any) -> FloatArray:
    if not isinstance(freqs, np.ndarray):
        msg = f"`freqs` must be a ndarray, got {type(freqs).__name__}. Try np.asarray(freqs)."
        raise TypeError(msg)
    if freqs.ndim != 1 or freqs.size == 0:
        msg = f"Given list of freqs cannot be empty, and has one dimension; got shape {freqs.shape}."
        raise ValueError(msg)
    if freqs.dtype.kind not in "iuf" or not np.all((freqs > 0) & np.isfinite(freqs)):
        msg = f"All frequencies in freqs must be strictly positive (Hz), got {freqs}."
        raise ValueError(msg)
    return freqs.astype(np.float64) if freqs.dtype.kind == "f" else freqs


def _bank(
    freqs: FloatArray, fs: float, gaussian_width: Any, window_length: Any, precision: Any
) -> tuple[np.ndarray, FloatArray]:
    """Wavelets and their times, from checked numbers."""
    gaussian_width = _inputs.check_positive(gaussian_width, "gaussian_width")
    window_length = _inputs.check_positive(window_length, "window_length")
    if not is_integer(precision):
        msg = f"precision must be an int, got {precision!r}."
        raise TypeError(msg)
    if not 0 < precision <= FINEST:
        msg = f"precision must be a positive number, at most {FINEST}, got {precision}."
        raise ValueError(msg)
    return morlet_bank(freqs, fs, gaussian_width, window_length, int(precision))
