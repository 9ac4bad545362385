"""Convolution of one block of rows that fits the cache: by a banded matrix, or through the FFT."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .._types import FloatArray

__all__ = ["Kernel", "block_rows", "convolve_block"]

BANDED_TAPS = 192
"""Kernels up to this length are multiplied as a banded matrix; measured, not critical."""

BLOCK = 1 << 18
"""Numbers in a block."""


class Kernel:
    """Taps, and how far they reach.

    Parameters
    ----------
    taps
        Shape (tap,), float64.
    shift
        Row of the full convolution that stands at the first row of the result.
    """

    def __init__(self, taps: FloatArray, shift: int) -> None:
        self.taps, self.shift, self.size = taps, shift, taps.size
        self.before, self.after = taps.size - 1 - shift, shift
        self.banded = taps.size <= BANDED_TAPS and bool(np.isfinite(taps).all())
        self.positive = bool(np.all(taps >= 0))
        self.step = 32 if taps.size <= 64 else 64
        if self.banded:
            self.matrix = np.zeros((self.step, self.step + taps.size - 1))
            rows = np.arange(self.step)[:, None]
            self.matrix[rows, rows + np.arange(taps.size)] = taps[::-1]


def block_rows(kernel: Kernel, n_channels: int, n_rows: int) -> int:
    """Rows of the result to compute at a time."""
    rows = max(BLOCK // max(n_channels, 1), 1)
    if not kernel.banded:
        rows = max(rows, 3 * kernel.size)
    rows = -(-rows // kernel.step) * kernel.step
    return min(max(rows, 8 * kernel.step), max(n_rows, 1))


def convolve_block(block: FloatArray, kernel: Kernel) -> FloatArray:
    """Rows of `block` that see all taps: ``len(block) - n_taps + 1`` of them.

    `block` has `kernel.before` rows before, and `kernel.after` rows after, those of the result.
    """
    total = float(np.add.reduce(block, axis=None))
    if not np.isfinite(total) and not np.isfinite(block).all():
        return _with_holes(block, kernel)
    return _finite(block, kernel)


def _finite(block: FloatArray, kernel: Kernel) -> FloatArray:
    if kernel.size == 1:
        return block * kernel.taps[0]
    if kernel.banded:
        return _banded(block, kernel)
    return _through_fft(block, kernel) if np.isfinite(kernel.taps).all() else _direct(block, kernel)


def _banded(block: FloatArray, kernel: Kernel) -> FloatArray:
    """Every `step` rows of the result are one matrix times the rows that they see."""
    step, width = kernel.matrix.shape
    n, n_channels = block.shape[0] - kernel.size + 1, block.shape[1]
    full = n // step
    by_time = n_channels > 1 and block.flags.c_contiguous
    out = np.empty((n, n_channels), order="C" if by_time else "F")
    if full and by_time:
        row, item = block.strides
        windows = as_strided(block, (full, width, n_channels), (step * row, row, item))
        np.matmul(kernel.matrix, windows, out=out[: full * step].reshape(full, step, n_channels))
    elif full:
        item, channel = block.strides
        if n_channels < 8:  # BLAS cannot walk windows that overlap in one row of memory
            windows = as_strided(block, (n_channels, full, width), (channel, step * item, item)).copy()
            out[: full * step] = np.matmul(windows, kernel.matrix.T).reshape(n_channels, full * step).T
        else:
            windows = as_strided(block, (full, n_channels, width), (step * item, channel, item))
            target = as_strided(out, (full, n_channels, step), (step * item, out.strides[1], item))
            np.matmul(windows, kernel.matrix.T, out=target)
    if full * step < n:
        rest = n - full * step
        np.matmul(kernel.matrix[:rest, : rest + kernel.size - 1], block[full * step :], out=out[full * step :])
    return out


def _through_fft(block: FloatArray, kernel: Kernel) -> FloatArray:
    """Circular convolution, channel by channel; what must be exact is made exact."""
    from scipy import fft

    n, n_channels = len(block), block.shape[1]
    length = fft.next_fast_len(n, real=True)
    weights = fft.rfft(kernel.taps, length)
    out = np.empty((n_channels, n - kernel.size + 1))
    at_once = max(1, BLOCK // (2 * length))
    for begin in range(0, n_channels, at_once):
        some = slice(begin, begin + at_once)
        spectrum = fft.rfft(np.ascontiguousarray(block[:, some].T), length, axis=1)
        spectrum *= weights
        out[some] = fft.irfft(spectrum, length, axis=1, overwrite_x=True)[:, kernel.size - 1 : n]
    return _made_exact(out.T, block, kernel)


def _made_exact(out: FloatArray, block: FloatArray, kernel: Kernel) -> FloatArray:
    """No negative value from non-negative numbers, and zeros where only zeros are in reach."""
    some = block != 0
    if kernel.positive and block.min() >= 0:
        np.maximum(out, 0.0, out=out)
    # rows that see nothing but zeros need a run of zeros as long as the kernel, and this a whole piece of half the size
    pieces = np.arange(0, len(some), max(kernel.size // 2, 1))
    if not np.logical_or.reduceat(some, pieces, axis=0).all():
        out[~_in_reach(some, kernel.size)] = 0.0
    return out


def _with_holes(block: FloatArray, kernel: Kernel) -> FloatArray:
    """NaN for rows that see a NaN; infinities by direct summation."""
    if np.isinf(block).any() or not np.isfinite(kernel.taps).all():
        return _direct(block, kernel)
    missing = np.isnan(block)
    out = _finite(np.where(missing, 0.0, block), kernel)
    out[_in_reach(missing, kernel.size)] = np.nan
    return out


def _direct(block: FloatArray, kernel: Kernel) -> FloatArray:
    """Sum over taps, in C."""
    from scipy.ndimage import correlate1d

    middle = kernel.size // 2
    out = correlate1d(block, kernel.taps[::-1], axis=0, mode="constant", cval=0.0)
    return out[middle : middle + len(block) - kernel.size + 1]


def _in_reach(flags: np.ndarray, n_taps: int) -> np.ndarray:
    """Whether any of the rows that each row of the result sees is flagged, per channel."""
    upto = np.zeros((len(flags) + 1, flags.shape[1]), dtype=np.int32)
    np.cumsum(flags, axis=0, out=upto[1:])
    return upto[n_taps:] > upto[:-n_taps]
