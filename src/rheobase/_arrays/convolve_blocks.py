"""Convolution of one block of rows that fits the cache: by a banded matrix, or through the FFT."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from .._types import FloatArray

__all__ = ["Kernel", "block_rows", "convolve_block"]

BANDED_TAPS = 192
"""Kernels up to this length are multiplied as a banded matrix; measured, not critical."""

BLOCK = 1 << 18
"""Numbers in a block."""

SHORT_FFT = 4096
"""Length of a transform for kernels that are not longer than an eighth of it."""

ONE_THREAD = 1 << 18
"""Multiplications in a product of matrices up to which OpenBLAS works on the calling thread.

Blocks are worked on side by side already; larger products would wait for each other's threads.
"""


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
        self.step = 32
        if self.banded:
            most = ONE_THREAD // (self.step * (self.step + taps.size - 1))
            self.at_once = min(most, 32)  # channels, or windows, in one product; more are not faster
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


def convolve_block(block: FloatArray, kernel: Kernel, out: FloatArray) -> None:
    """Rows of `block` that see all taps, ``len(block) - n_taps + 1`` of them, into `out`.

    `block` has `kernel.before` rows before, and `kernel.after` rows after, those of the result. Both are in memory time
    after time, or both channel after channel.
    """
    total = float(np.add.reduce(block, axis=None))
    if not np.isfinite(total) and not np.isfinite(block).all():
        _with_holes(block, kernel, out)
    else:
        _finite(block, kernel, out)


def _finite(block: FloatArray, kernel: Kernel, out: FloatArray) -> None:
    if kernel.size == 1:
        np.multiply(block, kernel.taps[0], out=out)
    elif kernel.banded:
        _banded(block, kernel, out)
    elif np.isfinite(kernel.taps).all():
        _through_fft(block, kernel, out)
    else:
        out[...] = _direct(block, kernel)


def _banded(block: FloatArray, kernel: Kernel, out: FloatArray) -> None:
    """Every `step` rows of the result are one matrix times the rows that they see."""
    step = kernel.step
    n, n_channels = out.shape
    full = n // step
    product = _by_time if n_channels > 1 and block.strides[1] == block.itemsize else _by_channel
    if product is _by_channel and n_channels < 8:
        product = _by_copy
    at_once = -(-n_channels // -(-n_channels // kernel.at_once))
    for begin in range(0, n_channels if full else 0, at_once):
        some = slice(begin, begin + at_once)
        product(block[:, some], kernel, out[: full * step, some])
    if full * step < n:
        rest = n - full * step
        np.matmul(kernel.matrix[:rest, : rest + kernel.size - 1], block[full * step :], out=out[full * step :])


def _by_time(block: FloatArray, kernel: Kernel, out: FloatArray) -> None:
    """All channels of a window at once; rows of memory are times."""
    step, width = kernel.matrix.shape
    n, n_channels = out.shape
    (row, item), out_row = block.strides, out.strides[0]
    windows = as_strided(block, (n // step, width, n_channels), (step * row, row, item))
    target = as_strided(out, (n // step, step, n_channels), (step * out_row, out_row, item))
    np.matmul(kernel.matrix, windows, out=target)


def _by_channel(block: FloatArray, kernel: Kernel, out: FloatArray) -> None:
    """All channels of a window at once; rows of memory are channels."""
    step, width = kernel.matrix.shape
    n, n_channels = out.shape
    (item, channel), out_channel = block.strides, out.strides[1]
    windows = as_strided(block, (n // step, n_channels, width), (step * item, channel, item))
    target = as_strided(out, (n // step, n_channels, step), (step * item, out_channel, item))
    np.matmul(windows, kernel.matrix.T, out=target)


def _by_copy(block: FloatArray, kernel: Kernel, out: FloatArray) -> None:
    """Many windows of a few channels: BLAS cannot walk windows that overlap in one row of memory."""
    step, width = kernel.matrix.shape
    n, n_channels = out.shape
    (item, channel), out_channel = block.strides, out.strides[1]
    n_windows, most = n // step, kernel.at_once
    for first, count, at_once in ((0, n_windows // most, most), (n_windows // most * most, 1, n_windows % most)):
        begin, shape, stride = first * step, (n_channels, count, at_once), at_once * step * item
        windows = as_strided(block[begin:], (*shape, width), (channel, stride, step * item, item)).copy()
        target = as_strided(out[begin:], (*shape, step), (out_channel, stride, step * item, item))
        np.matmul(windows, kernel.matrix.T, out=target)


def _through_fft(block: FloatArray, kernel: Kernel, out: FloatArray) -> None:
    """Circular convolution of overlapping stretches, channel by channel; what must be exact is made exact."""
    from scipy import fft

    n, n_channels = block.shape
    length = fft.next_fast_len(min(n, max(8 * kernel.size, SHORT_FFT)), real=True)
    padded = block if length <= n else np.concatenate((block, np.zeros((length - n, n_channels))))
    useful = length - kernel.size + 1
    starts = np.minimum(
        np.arange(0, len(out), useful), len(padded) - length
    )  # the last stretch ends where the block does
    windows = sliding_window_view(padded, length, axis=0)
    weights = fft.rfft(kernel.taps, length)
    at_once = max(1, BLOCK // (2 * length))
    for channel in range(0, n_channels, at_once):
        some = slice(channel, channel + at_once)
        stretches = max(1, at_once // n_channels)
        for i in range(0, starts.size, stretches):
            begins = starts[i : i + stretches]
            spectrum = fft.rfft(windows[begins, some], axis=2)
            spectrum *= weights
            result = fft.irfft(spectrum, length, axis=2, overwrite_x=True)[:, :, kernel.size - 1 :]
            for begin, part in zip(begins.tolist(), result):
                target = out[begin : begin + useful, some]
                target[...] = part[:, : len(target)].T
    _make_exact(out, block, kernel)


def _make_exact(out: FloatArray, block: FloatArray, kernel: Kernel) -> None:
    """No negative value from non-negative numbers, and zeros where only zeros are in reach."""
    some = block != 0
    if kernel.positive and block.min() >= 0:
        np.maximum(out, 0.0, out=out)
    # rows that see nothing but zeros need a run of zeros as long as the kernel, and this a whole piece of half the size
    pieces = np.arange(0, len(some), max(kernel.size // 2, 1))
    if not np.logical_or.reduceat(some, pieces, axis=0).all():
        out[~_in_reach(some, kernel.size)] = 0.0


def _with_holes(block: FloatArray, kernel: Kernel, out: FloatArray) -> None:
    """NaN for rows that see a NaN; infinities by direct summation."""
    if np.isinf(block).any() or not np.isfinite(kernel.taps).all():
        out[...] = _direct(block, kernel)
        return
    missing = np.isnan(block)
    filled = block.copy(order="K")
    filled[missing] = 0.0
    _finite(filled, kernel, out)
    out[_in_reach(missing, kernel.size)] = np.nan


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
