"""Power of a signal at each frequency, averaged over windows and tapers."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .._types import FloatArray, IntArray
from .threads import for_each, n_threads

__all__ = ["as_floating", "frequencies", "half_spectrum", "mean_power", "slepian_tapers", "unfold", "window_bounds"]

BLOCK = 2**15
"""Numbers transformed at once."""


def as_floating(values: np.ndarray) -> np.ndarray:
    """Values in a type that is transformed as it is: single precision stays so, integers become float64."""
    if values.dtype in (np.float16, np.float32):
        return values.astype(np.float32, copy=False)
    return values if values.dtype.kind in "fc" else values.astype(np.float64)


def frequencies(n: int, fs: float, full_range: bool) -> FloatArray:
    """Frequencies of a transform of `n` samples (Hz), ascending, without ``+fs / 2``: from 0, or from below."""
    return np.arange(-(n // 2) if full_range else 0, (n + 1) // 2) * (1.0 / (n * (1 / fs)))


def half_spectrum(values: np.ndarray, n: int) -> np.ndarray:
    """Transform of `n` samples along the first axis (cropped, or padded with zeros).

    Of real values, only what is at frequencies from 0 to half the sampling rate; of complex ones, everything.
    """
    from scipy import fft

    transform = fft.fft if values.dtype.kind == "c" else fft.rfft
    return transform(values, n, axis=0, workers=n_threads())


def unfold(half: np.ndarray, n: int, is_complex: bool, full_range: bool) -> np.ndarray:
    """Rows of `half_spectrum`, or of its squared magnitude, at the `frequencies` asked for."""
    positive = half[: (n + 1) // 2]
    if not full_range:
        return positive
    if is_complex:
        return np.concatenate((half[(n + 1) // 2 :], positive))
    return np.concatenate((half[n // 2 : 0 : -1].conj(), positive))  # the spectrum of real numbers is a mirror


def window_bounds(starts: FloatArray, ends: FloatArray, size: float, overlap: float) -> FloatArray:
    """Starts of windows of `size` seconds that end before their epoch does, each `overlap` of it into the one before.

    Steps are added one to another, so that rounding, which decides about a sample on a bound, is that of a clock.
    """
    step = (1 - overlap) * size
    most = int(np.max((ends - starts) / step, initial=0)) + 2
    if starts.size <= most:
        found = [_steps(start, end, step, size) for start, end in zip(starts.tolist(), ends.tolist())]
        return np.concatenate(found) if found else np.empty(0)
    rounds, at = [], starts.astype(np.float64)
    alive = np.arange(starts.size)
    while alive.size:
        fits = at + size < ends[alive]
        alive, at = alive[fits], at[fits]
        rounds.append((alive, at))
        at = at + step
    epoch = np.concatenate([rows for rows, _ in rounds])
    return np.concatenate([times for _, times in rounds])[np.argsort(epoch, kind="stable")]


def _steps(start: float, end: float, step: float, size: float) -> FloatArray:
    """Starts of the windows of one epoch."""
    at = np.full(max(0, int((end - start - size) / step) + 3), step)
    at[:1] = start
    at = np.add.accumulate(at)
    return at[at + size < end]


def slepian_tapers(n: int, time_bandwidth: float, n_tapers: int) -> FloatArray:
    """Tapers that leak least out of ``time_bandwidth / n`` cycles per sample; each of unit energy.

    Returns
    -------
    ndarray of float64, shape (taper, n)
    """
    from scipy.signal.windows import dpss

    return dpss(n, time_bandwidth, Kmax=n_tapers, norm=2)


def mean_power(values: np.ndarray, first: IntArray, tapers: FloatArray, n: int | None = None) -> FloatArray:
    """Squared magnitude of the transform, averaged over windows and tapers.

    Parameters
    ----------
    values
        Samples, shape (time, channel).
    first
        First row of each window.
    tapers
        Weights of the samples of a window, shape (taper, size).
    n
        Length of the transform; by default the size of a window.

    Returns
    -------
    ndarray of float64, shape (frequency, channel)
        Rows as those of `half_spectrum`.
    """
    from scipy import fft

    values = as_floating(values)
    size, channels = tapers.shape[1], values.shape[1]
    n = size if n is None else n
    transform, n_rows = (fft.fft, n) if values.dtype.kind == "c" else (fft.rfft, n // 2 + 1)
    windows = sliding_window_view(values, size, axis=0)
    weights = list(tapers.astype(values.real.dtype, copy=False))
    together = max(1, BLOCK // max(1, size * channels))
    total = np.zeros((channels, n_rows))
    parts: list[FloatArray] = []

    def add(share: IntArray) -> None:
        part = np.zeros_like(total)
        for a in range(0, share.size, together):
            block = np.ascontiguousarray(windows[share[a : a + together]])
            for taper in weights:
                tapered = np.multiply(block, taper, out=block if taper is weights[-1] else None)
                _add_squares(transform(tapered, n, axis=-1, overwrite_x=True), part)
        parts.append(part)

    for_each(add, np.array_split(first, max(1, min(n_threads(), first.size // together))))
    for part in parts:
        total += part
    total /= first.size * len(tapers)
    return total.T


def _add_squares(spectrum: np.ndarray, total: FloatArray) -> None:
    """Add the squared magnitude, summed over the first axis, to `total`."""
    for half in (spectrum.real, spectrum.imag):
        if len(spectrum) == 1:
            total += np.square(half[0])
        else:
            total += np.einsum("i...,i...->...", half, half)
