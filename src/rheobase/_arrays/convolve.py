"""Convolution with a kernel, epoch by epoch, all channels at once.

Nothing leaks from one epoch into another: epochs are laid end to end with enough zeros between them, convolved in one
pass, and taken apart again. Short kernels are summed directly; long ones go through the FFT, where results that must
be exact (zero where only zeros are in reach, NaN only where a NaN is, no negative value from non-negative numbers)
are made so.
"""

from __future__ import annotations

import numpy as np

from .._types import FloatArray, IntArray
from .events import take_runs
from .resample import as_columns

__all__ = ["convolve_epochs", "gaussian_window"]

DIRECT_TAPS = 48
"""Kernels up to this length are summed directly; measured, not critical."""

DIRECT_WORK = 200_000
"""Multiplications below which setting up an FFT does not pay."""


def convolve_epochs(values: np.ndarray, first: IntArray, last: IntArray, kernel: np.ndarray, trim: str) -> np.ndarray:
    """Convolve the rows of every epoch with one or several kernels, keeping the number of rows.

    Parameters
    ----------
    values
        Samples, shape (time, ...).
    first, last
        ``values[first[i]:last[i]]`` are the rows of epoch i.
    kernel
        Shape (tap,) or (tap, kernel).
    trim : {"both", "left", "right"}
        Which side of the full result is cut: "right" is causal (a row sees itself and rows before), "left" is
        anti-causal, "both" is centred (with an even number of taps, one more tap before the row than after it).

    Returns
    -------
    ndarray
        Rows of all epochs, epoch after epoch, shape (row, ...) or (row, ..., kernel); float64, or complex128 if values
        or kernel are complex.
    """
    kernels = kernel[:, None] if kernel.ndim == 1 else kernel
    dtype = np.result_type(values.dtype, kernel.dtype, np.float64)
    rows = take_runs(values, first, last)
    channels = as_columns(rows)
    taps = kernels.shape[0]
    shift = {"right": 0, "left": taps - 1, "both": (taps - 1) // 2}[trim]
    places, length = _lay_out(last - first, max(shift, taps - 1 - shift))
    laid = _spread(channels, places, length, dtype)
    out = np.empty((*channels.shape, kernels.shape[1]), dtype=dtype)
    for i in range(kernels.shape[1]):
        result = _convolve(laid, kernels[:, i], shift)
        out[..., i] = result if places is None else result[places]
    out = out.reshape(*rows.shape, kernels.shape[1])
    return out[..., 0] if kernel.ndim == 1 else out


def _lay_out(lengths: IntArray, gap: int) -> tuple[IntArray | None, int]:
    """Where each row goes when `gap` zeros stand between epochs; None where there is nothing to separate."""
    lengths = lengths[lengths > 0]
    total = int(lengths.sum())
    if lengths.size < 2:
        return None, total
    places = np.arange(total, dtype=np.int64) + np.repeat(np.arange(lengths.size, dtype=np.int64) * gap, lengths)
    return places, total + gap * (lengths.size - 1)


def _spread(channels: np.ndarray, places: IntArray | None, length: int, dtype: np.dtype) -> np.ndarray:
    """Rows at their places, zeros elsewhere."""
    if places is None:
        return channels.astype(dtype, copy=False)
    laid = np.zeros((length, channels.shape[1]), dtype=dtype)
    laid[places] = channels
    return laid


def _convolve(x: np.ndarray, kernel: np.ndarray, shift: int) -> np.ndarray:
    """``full(x, kernel)[shift : shift + n]`` along the first axis."""
    if np.iscomplexobj(x) or np.iscomplexobj(kernel):
        return _complex_convolve(x, kernel, shift)
    kernel = np.ascontiguousarray(kernel, dtype=np.float64)
    n, taps = x.shape[0], kernel.size
    small = taps <= DIRECT_TAPS or min(n, taps) * x.size <= DIRECT_WORK
    if small or not np.isfinite(kernel).all() or np.isinf(x).any():
        return _direct(x, kernel, shift)
    return _through_fft(x, kernel, shift)


def _complex_convolve(x: np.ndarray, kernel: np.ndarray, shift: int) -> np.ndarray:
    """Convolution is linear in both: four real ones, or two where one side is real."""
    if np.iscomplexobj(x):
        real, imaginary = np.ascontiguousarray(x.real), np.ascontiguousarray(x.imag)
        return _convolve(real, kernel, shift) + 1j * _convolve(imaginary, kernel, shift)
    return _convolve(x, kernel.real, shift) + 1j * _convolve(x, kernel.imag, shift)


def _direct(x: FloatArray, kernel: FloatArray, shift: int) -> FloatArray:
    """Sum over taps, in C, along the first axis."""
    from scipy.ndimage import correlate1d

    n, taps = x.shape[0], kernel.size
    if n == 0:
        return x
    if taps > 2 * n:  # taps that reach no row from any row
        lowest, highest = max(0, shift - n + 1), min(taps, shift + n)
        kernel, shift, taps = kernel[lowest:highest], shift - lowest, highest - lowest
    return correlate1d(x, kernel[::-1], axis=0, mode="constant", cval=0.0, origin=taps - 1 - shift - taps // 2)


def _through_fft(x: FloatArray, kernel: FloatArray, shift: int) -> FloatArray:
    """Overlap-add, then what must be exact is made exact."""
    from scipy.signal import oaconvolve

    n, taps = x.shape[0], kernel.size
    missing = np.isnan(x)
    any_missing = missing.any()
    clean = np.where(missing, 0.0, x) if any_missing else x
    out = np.ascontiguousarray(oaconvolve(clean, kernel[:, None], mode="full", axes=0)[shift : shift + n])
    if np.all(kernel >= 0) and np.all(clean >= 0):
        np.maximum(out, 0.0, out=out)
    if 2 * np.count_nonzero(clean) < clean.size:
        out[~_in_reach(clean != 0, taps, shift)] = 0.0
    if any_missing:
        out[_in_reach(missing, taps, shift)] = np.nan
    return out


def _in_reach(flags: np.ndarray, taps: int, shift: int) -> np.ndarray:
    """Whether any flagged row is within the kernel's reach of each row, per channel."""
    n = flags.shape[0]
    upto = np.zeros((n + 1, flags.shape[1]), dtype=np.int32 if n < 2**31 else np.int64)
    np.cumsum(flags, axis=0, out=upto[1:])
    row = np.arange(n)
    return upto[np.minimum(row + shift + 1, n)] > upto[np.maximum(row + shift - taps + 1, 0)]


def gaussian_window(n_samples: int, std: float) -> FloatArray:
    """Gaussian of `std` samples at `n_samples` points around its centre, with peak 1 (between two points if even)."""
    distance = np.arange(n_samples) - (n_samples - 1) / 2
    return np.exp(-(distance**2) / (2 * std**2))
