"""Sliding products of many channels with a bank of kernels, epoch by epoch, without a loop over samples or epochs.

With a kernel ``k`` of ``window`` rows, every predictor that can be asked for has the form ::

    out[t] = sum_i k[i] * x[t + offset - i],        i = 0 ... window - 1

and causality and shift only choose `offset` (see `offset_of`). A row is valid when all the samples that it reads lie in
the epoch of ``t``; all other rows are NaN. So the whole series is convolved as if it had no epochs and the rows whose
window crosses an edge are blanked afterwards: one pass, however many epochs there are.

Three ways to compute the products, chosen by `convolve_windows` from the sizes alone:

- **copies**: the kernel is the identity (one lag per column), so the columns are the lagged samples themselves;
- **blocks** (``window < FFT_WINDOW``): `block` neighbouring outputs are one row of a product with a banded matrix that
  holds `block` shifted copies of the kernel, which BLAS does at full speed; rows without any event are left out;
- **overlap-add FFT** for longer windows, whose cost does not grow with the window.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from .._types import BoolArray, FloatArray, IntArray

__all__ = ["CAUSALITIES", "convolve_windows", "epoch_slices", "offset_of", "valid_rows"]

CAUSALITIES = ("causal", "acausal", "anti-causal")

FFT_WINDOW = 400
"""Windows at least this long go through the FFT; below, matrix products are faster (2 cores, float64, 10 functions)."""

_BANDED_SIZE = 2**18
"""Entries of the banded kernel matrix (2 MB): it should stay in cache."""

_BUSY = 0.7
"""Share of rows with any entry above which looking for the empty ones does not pay."""

_CHUNK_SIZE = 2**20
"""Numbers held at once by one chunk of the computation (8 MB), apart from the result."""


def offset_of(window: int, causality: str, shift: bool) -> int:
    """The `offset` of the module's formula for a window, a causality and a shift."""
    if causality == "causal":
        return -1 if shift else 0
    if causality == "anti-causal":
        return window if shift else window - 1
    return window - 1 - (window - 1) // 2


def epoch_slices(times: FloatArray, starts: FloatArray, ends: FloatArray) -> tuple[IntArray, IntArray]:
    """First sample of each epoch and one past its last, for sorted `times` and disjoint closed epochs."""
    return np.searchsorted(times, starts, side="left"), np.searchsorted(times, ends, side="right")


def valid_rows(n_time: int, window: int, offset: int, first: IntArray, last: IntArray) -> BoolArray:
    """Rows whose whole window lies in one epoch ``[first, last)``, as a mask of shape (time,)."""
    lo = np.maximum(first + window - 1 - offset, first)
    hi = np.minimum(last - offset, last)
    steps = np.zeros(n_time + 1, dtype=np.int64)
    some = lo < hi
    # epochs are disjoint, so +1 at the first valid row and -1 after the last one sum to a mask
    np.add.at(steps, lo[some], 1)
    np.add.at(steps, hi[some], -1)
    return np.cumsum(steps[:-1]) > 0


def convolve_windows(
    x: np.ndarray,
    kernel: FloatArray,
    offset: int,
    first: IntArray,
    last: IntArray,
    *,
    batch_samples: int | None = None,
    batch_channels: int | None = None,
    batch_basis: int | None = None,
) -> FloatArray:
    """Convolve every channel with every column of `kernel`, inside each epoch.

    Parameters
    ----------
    x
        Samples, shape (time, channel), real or boolean; converted to float64 chunk by chunk.
    kernel
        Shape (window, basis); row 0 weighs the most recent sample of the window.
    offset
        See the module's formula and `offset_of`.
    first, last
        Epochs as half-open ranges of rows, sorted and disjoint.
    batch_samples, batch_channels, batch_basis
        Upper bounds on how much is computed at once; chosen from the sizes if None.

    Returns
    -------
    out
        Shape (time, channel, basis), float64. NaN where the window leaves the epoch or holds a sample that is not
        finite.
    """
    n_time, n_channels = x.shape
    window, n_basis = kernel.shape
    out = np.empty((n_time, n_channels, n_basis))
    valid = valid_rows(n_time, window, offset, np.asarray(first), np.asarray(last))
    delay = window - 1 - offset  # row of `out` that holds the first full window of the series
    first_row, end_row = max(delay, 0), min(n_time - offset, n_time)
    if valid.any():
        for channels in _slices(n_channels, batch_channels or n_channels):
            for functions in _slices(n_basis, batch_basis or n_basis):
                bank = kernel[:, functions]
                multiply = _choose(bank)
                rows = batch_samples or _rows_per_chunk(channels.stop - channels.start, *bank.shape)
                for chunk in _slices(end_row, rows, start=first_row):
                    samples = x[chunk.start - delay : chunk.stop - delay + window - 1, channels]
                    multiply(samples, bank, out[chunk, channels, functions])
    out[~valid] = np.nan
    return out


def _slices(stop: int, size: int, start: int = 0) -> Iterator[slice]:
    for begin in range(start, stop, size):
        yield slice(begin, min(begin + size, stop))


def _rows_per_chunk(n_channels: int, window: int, n_basis: int) -> int:
    return max(_CHUNK_SIZE // (n_channels * (n_basis + 2)), 2 * window, 64)


def _choose(bank: FloatArray):
    window, n_basis = bank.shape
    if window == n_basis and np.array_equal(bank, np.eye(window)):
        return _copies
    product = _by_fft if window >= FFT_WINDOW else _by_blocks

    def finite_product(samples, bank, out):
        """Keep NaN and infinity out of the products, where 0 * NaN would spread them, and blank their windows."""
        samples = np.ascontiguousarray(samples.T, dtype=np.float64)  # (channel, time)
        finite = np.isfinite(samples)
        if finite.all():
            product(samples, bank, out)
            return
        product(np.where(finite, samples, 0.0), bank, out)
        bad = np.cumsum(np.pad(~finite, ((0, 0), (1, 0))), axis=1)
        out[(bad[:, window:] > bad[:, :-window]).T] = np.nan

    return finite_product


def _copies(samples: np.ndarray, bank: FloatArray, out: FloatArray) -> None:
    out[...] = sliding_window_view(samples, bank.shape[0], axis=0)[:, :, ::-1]


def _by_blocks(samples: FloatArray, bank: FloatArray, out: FloatArray) -> None:
    """`block` outputs at a time as one row of a matrix product; `samples` is (channel, time)."""
    window, n_basis = bank.shape
    n_channels, n_rows = samples.shape[0], out.shape[0]
    block = _block_length(window, n_basis, n_rows)
    reach = block + window - 1
    banded = np.zeros((reach, block, n_basis))
    for shift in range(block):
        banded[shift : shift + window, shift] = bank[::-1]
    n_blocks = -(-n_rows // block)
    padded = np.zeros((n_channels, n_blocks * block + window - 1))
    padded[:, : samples.shape[1]] = samples
    step_channel, step = padded.strides
    windows = as_strided(padded, (n_blocks, n_channels, reach), (block * step, step_channel, step))
    rows = windows.reshape(n_blocks * n_channels, reach)
    products = _multiply_busy_rows(rows, banded.reshape(reach, block * n_basis))
    products = products.reshape(n_blocks, n_channels, block, n_basis).transpose(0, 2, 1, 3)
    whole = n_rows // block
    by_block = out[: whole * block].reshape(whole, block, n_channels, n_basis)  # splitting an axis never copies
    by_block[...] = products[:whole]
    if whole < n_blocks:
        out[whole * block :] = products[whole, : n_rows - whole * block]


def _multiply_busy_rows(rows: FloatArray, matrix: FloatArray) -> FloatArray:
    """``rows @ matrix``, without the rows that are all zero: of spike counts in short bins those are the most."""
    busy = rows.any(axis=1)
    if busy.mean() > _BUSY:
        return rows @ matrix
    products = np.zeros((len(rows), matrix.shape[1]))
    products[busy] = rows[busy] @ matrix
    return products


def _block_length(window: int, n_basis: int, n_rows: int) -> int:
    """A quarter of the window wastes a quarter of the products and copies each sample about five times."""
    return max(1, min(max(window // 4, 8), _BANDED_SIZE // (window * n_basis), n_rows))


def _by_fft(samples: FloatArray, bank: FloatArray, out: FloatArray) -> None:
    """Overlap-add by the real FFT, one function of the bank after the other; `samples` is (channel, time)."""
    import scipy.fft

    window, n_basis = bank.shape
    n_channels, n_rows = samples.shape[0], out.shape[0]
    length = scipy.fft.next_fast_len(min(max(4 * window, 4096), n_rows + window - 1), real=True)
    step = length - window + 1
    n_blocks = -(-n_rows // step)
    padded = np.zeros((n_channels, n_blocks * step + window - 1))
    padded[:, : samples.shape[1]] = samples
    stride_channel, stride = padded.strides
    blocks = as_strided(padded, (n_channels, n_blocks, length), (stride_channel, step * stride, stride))
    spectrum = scipy.fft.rfft(blocks, axis=-1)
    for function in range(n_basis):
        transfer = scipy.fft.rfft(bank[:, function], length)
        sums = scipy.fft.irfft(spectrum * transfer, length, axis=-1)[..., window - 1 :]
        out[:, :, function] = sums.reshape(n_channels, n_blocks * step)[:, :n_rows].T
