"""Convolution with a kernel, epoch by epoch, all channels at once.

Nothing leaks from one epoch into another: epochs are laid end to end on an axis with enough zeros between them, and
this axis is worked off in blocks that fit the cache, on all cores; only the result is as large as the signal. Short
kernels multiply a block by a banded matrix, which BLAS does at full speed; long ones go through the FFT, where results
that must be exact (zero where only zeros are in reach, NaN only where a NaN is, no negative value from non-negative
numbers) are made so.
"""

from __future__ import annotations

import numpy as np

from .._types import FloatArray, IntArray
from .convolve_blocks import Kernel, block_rows, convolve_block
from .resample import as_columns
from .threads import for_each

__all__ = ["convolve_epochs", "edge_weights", "gaussian_window", "without_tails"]

NEGLIGIBLE = 1e-19
"""Weight relative to the largest one below which a tap of a Gaussian is left out; rounding is 1e-16."""


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
        or kernel are complex. In memory as the values, channel after channel or time after time.
    """
    kernels = kernel[:, None] if kernel.ndim == 1 else kernel
    if np.iscomplexobj(values):
        real = convolve_epochs(values.real, first, last, kernel, trim)
        return real + 1j * convolve_epochs(values.imag, first, last, kernel, trim)
    if np.iscomplexobj(kernel):
        real = convolve_epochs(values, first, last, kernel.real, trim)
        return real + 1j * convolve_epochs(values, first, last, kernel.imag, trim)
    channels = as_columns(values)
    by_channel = channels.flags.f_contiguous and not channels.flags.c_contiguous
    n_rows, n_kernels = int((last - first).sum()), kernels.shape[1]
    out = np.empty((n_kernels, n_rows, channels.shape[1]), dtype=np.float64)
    if by_channel:
        out = np.empty((n_kernels, channels.shape[1], n_rows), dtype=np.float64).swapaxes(1, 2)
    for i in range(n_kernels):
        taps = np.ascontiguousarray(kernels[:, i], dtype=np.float64)
        _convolve(channels, first, last, taps, shift_of(taps.size, trim), out[i])
    shape = (n_rows, *values.shape[1:])
    if kernel.ndim == 1:
        return out[0].reshape(shape)
    return np.moveaxis(out, 0, -1).reshape(*shape, n_kernels)


def shift_of(n_taps: int, trim: str) -> int:
    """Row of the full convolution that stands at the first row of the result."""
    return {"right": 0, "left": n_taps - 1, "both": (n_taps - 1) // 2}[trim]


def _convolve(
    channels: np.ndarray, first: IntArray, last: IntArray, taps: FloatArray, shift: int, out: FloatArray
) -> None:
    """``full(epoch, taps)[shift : shift + n]`` of every epoch, into `out`."""
    some = np.flatnonzero(last > first)
    first, last = first[some], last[some]
    if out.size == 0:
        return
    longest = int((last - first).max())
    low, high = max(0, shift - longest + 1), min(taps.size, shift + longest)  # taps that reach a row from some row
    kernel = Kernel(taps[low:high], shift - low)
    axis = _Axis(first, last, max(kernel.before, kernel.after))
    rows = block_rows(kernel, channels.shape[1], axis.size)

    by_time = out.flags.c_contiguous and channels.shape[1] > 1
    in_place = channels.dtype == np.float64 and channels.flags.aligned
    in_place &= channels.strides[1 if by_time else 0] == channels.itemsize
    order = "C" if by_time else "F"

    def work(begin: int) -> None:
        stop = min(begin + rows, axis.size)
        n_rows = stop - begin + kernel.size - 1
        pieces = axis.pieces(begin - kernel.before, stop + kernel.after)
        targets = axis.pieces(begin, stop, in_result=True)
        if in_place and pieces[0][0] == slice(0, n_rows):  # of one epoch: neither is copied
            convolve_block(channels[pieces[0][1]], kernel, out[targets[0][1]])
            return
        block = np.zeros((n_rows, channels.shape[1]), order=order)
        for place, source in pieces:
            block[place] = channels[source]
        result = np.empty((stop - begin, channels.shape[1]), order=order)
        convolve_block(block, kernel, result)
        for place, target in targets:
            out[target] = result[place]

    for_each(work, range(0, axis.size, rows))


class _Axis:
    """Epochs laid end to end, with gaps."""

    def __init__(self, first: IntArray, last: IntArray, gap: int) -> None:
        sizes = last - first
        self._first = first
        self._row = np.cumsum(sizes) - sizes
        self._place = self._row + gap * np.arange(sizes.size)
        self._stop = self._place + sizes
        self.size = int(self._stop[-1])

    def pieces(self, begin: int, stop: int, in_result: bool = False) -> list[tuple[slice, slice]]:
        """Slices of ``[begin, stop)`` that epochs fill, and the rows of the signal (or of the result) there."""
        low = int(np.searchsorted(self._stop, begin, side="right"))
        high = int(np.searchsorted(self._place, stop, side="left"))
        starts = np.maximum(self._place[low:high], begin)
        stops = np.minimum(self._stop[low:high], stop)
        rows = starts - self._place[low:high] + (self._row if in_result else self._first)[low:high]
        spans = zip((starts - begin).tolist(), (stops - starts).tolist(), rows.tolist())
        return [(slice(place, place + n), slice(row, row + n)) for place, n, row in spans]


def edge_weights(lengths: IntArray, kernel: FloatArray, trim: str) -> tuple[IntArray, FloatArray]:
    """Rows whose kernel reaches beyond the edges of their epoch, and the part of its weight that stays inside.

    Parameters
    ----------
    lengths
        Number of rows of each epoch.
    kernel
        Shape (tap,), with a sum that is not zero.
    trim
        As `convolve_epochs`.

    Returns
    -------
    rows, weights
        Rows, counted over all epochs, and the sum of the taps inside relative to that of all taps.
    """
    shift, n_taps = shift_of(kernel.size, trim), kernel.size
    row = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    to_end = np.repeat(lengths, lengths) - row  # rows from here on, this one included
    outside = np.flatnonzero((row + shift < n_taps - 1) | (to_end <= shift))
    upto = np.concatenate(([0.0], np.cumsum(kernel)))
    high = np.minimum(row[outside] + shift, n_taps - 1) + 1
    low = np.maximum(shift - to_end[outside] + 1, 0)
    return outside, (upto[high] - upto[np.minimum(low, high)]) / upto[-1]


def gaussian_window(n_samples: int, std: float) -> FloatArray:
    """Gaussian of `std` samples at `n_samples` points around its centre, with peak 1 (between two points if even)."""
    distance = np.arange(n_samples) - (n_samples - 1) / 2
    return np.exp(-(distance**2) / (2 * std**2))


def without_tails(window: FloatArray) -> FloatArray:
    """A symmetric window of odd length without the taps at both ends that weigh nothing."""
    heavy = np.flatnonzero(np.abs(window) > NEGLIGIBLE * np.abs(window).max())
    return window[heavy[0] : heavy[-1] + 1] if heavy.size else window
