"""The discrete Hilbert transform of every epoch: each frequency delayed by a quarter of its period.

The real signal is its own real part, so only the quadrature is computed, with real transforms. The transform of an
epoch of n samples has period n. Where n has a large prime factor, on which an FFT is slow, the same sum is taken as a
circular convolution with the kernel below, through a transform of a length that suits it.

The kernel is the inverse transform of ``-i sign(frequency)``, a geometric series ::

    n even:  h[k] = (2 / n) cot(pi k / n) for odd k, 0 for even k
    n odd:   h[k] = (cot(pi k / n) - cos(pi k) / sin(pi k / n)) / n,  h[0] = 0
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._types import FloatArray, IntArray
from .threads import for_each

__all__ = ["quadrature"]

LARGEST_FACTOR = 120
"""Lengths whose prime factors are all at most this are transformed as they are."""

SHORTEST_DETOUR = 2**10
"""Samples from which a detour pays."""

BATCH = 2**17
"""Samples of epochs of one length that are transformed together."""


def quadrature(values: np.ndarray, first: IntArray, last: IntArray) -> np.ndarray:
    """Hilbert transform of each column in each epoch.

    Parameters
    ----------
    values
        Real floating samples, shape (time, channel).
    first, last
        ``values[first[i]:last[i]]`` is epoch i.

    Returns
    -------
    ndarray
        Shape and type of `values`; zero outside the epochs. A sample that is not finite makes NaN of its column in
        its epoch.
    """
    covered = int((last - first).sum()) == len(values)
    out = np.empty(values.shape, dtype=values.dtype) if covered else np.zeros(values.shape, dtype=values.dtype)
    channels = values.shape[1]
    if not channels:
        return out
    sizes = last - first
    order = np.argsort(sizes, kind="stable")
    bounds = np.flatnonzero(np.diff(sizes[order], prepend=-1, append=-1))
    tasks = []
    for a, b in zip(bounds[:-1].tolist(), bounds[1:].tolist()):  # one pass for each length
        size = int(sizes[order[a]])
        together = max(1, BATCH // max(size * channels, 1))
        tasks += [(size, order[i : min(i + together, b)]) for i in range(a, b, together)]

    def work(task: tuple[int, IntArray]) -> None:
        size, epochs = task
        if size * channels > BATCH:
            start = int(first[epochs[0]])
            rows = slice(start, start + size)
            for channel in range(channels):
                out[rows, channel] = _transform(np.ascontiguousarray(values[rows, channel]))
        else:
            index = first[epochs][:, None] + np.arange(size)
            block = np.ascontiguousarray(np.moveaxis(values[index], 1, -1))
            out[index] = np.moveaxis(_transform(block), -1, 1)

    for_each(work, tasks)
    return out


def _transform(x: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    n = x.shape[-1]
    if n < 3:
        return np.where(np.isfinite(x).all(axis=-1, keepdims=True), np.zeros_like(x), np.nan)
    if n >= SHORTEST_DETOUR and not _is_smooth(n):
        return _detour(x)
    from scipy import fft

    spectrum = fft.rfft(x, axis=-1)
    _delay(spectrum, n)
    return fft.irfft(spectrum, n, axis=-1, overwrite_x=True)


def _delay(spectrum: np.ndarray, n: int) -> None:
    """Multiply by -i in place; nothing is left of the constant, nor of the highest frequency of an even length."""
    spectrum[..., 0] *= 0
    if n % 2 == 0:
        spectrum[..., -1] *= 0
    spectrum *= -1j


def _is_smooth(n: int) -> bool:
    """Whether no prime factor is large."""
    factor = 2
    while n > 1 and factor <= LARGEST_FACTOR:
        while n % factor == 0:
            n //= factor
        factor += 1
    return n == 1


def _detour(x: np.ndarray) -> np.ndarray:
    """Circular convolution with the kernel, through a transform of a longer length."""
    from scipy import fft

    n = x.shape[-1]
    length = fft.next_fast_len(2 * n - 1, real=True)
    buffer = np.zeros(length, dtype=x.dtype)
    _fill_kernel(buffer[:n], n)
    buffer[length - n + 1 :] = buffer[1:n]  # the kernel has period n, and a sample looks at most n - 1 back or ahead
    response: Any = fft.rfft(buffer)
    buffer = np.zeros((*x.shape[:-1], length), dtype=x.dtype)
    # an offset would cost digits, and has no transform
    np.subtract(x, x.mean(axis=-1, keepdims=True), out=buffer[..., :n])
    spectrum = fft.rfft(buffer, axis=-1)
    del buffer
    spectrum *= response
    del response
    result = fft.irfft(spectrum, length, axis=-1, overwrite_x=True)[..., :n]
    result[~np.isfinite(x).all(axis=-1)] = np.nan
    return result


def _fill_kernel(kernel: FloatArray, n: int) -> None:
    """Write the n values of the kernel, in pieces: the first half, whose mirror image is the second."""
    for a in range(1, (n + 1) // 2, BATCH):
        b = min(a + BATCH, (n + 1) // 2)
        k = np.arange(a, b)
        if n % 2 == 0:
            piece = np.where(k % 2 == 1, 2 / n / np.tan(np.pi * k / n), 0.0)
        else:  # cot a - 1 / sin a = -tan(a / 2), cot a + 1 / sin a = cot(a / 2)
            half = np.tan(np.pi * k / n / 2)
            piece = np.where(k % 2 == 1, 1 / half, -half) / n
        kernel[a:b] = piece
        kernel[n - b + 1 : n - a + 1] = -piece[::-1]
