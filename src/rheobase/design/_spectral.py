r"""Products of a convolved design through the Fourier transform of its signals: no feature is ever made.

With signals :math:`s_c`, a bank of kernels :math:`k_b` and coefficients :math:`w_{cbn}`, the predictor of neuron n is
one convolution of every signal with the filter :math:`f_{cn} = \sum_b w_{cbn} k_b`, and its gradient one correlation of
every signal with the residual. On the overlapping stretches of the overlap-save method (Oppenheim & Schafer 2010,
section 8.7) both are products of (stretch x channel) with (channel x neuron) matrices, one for each frequency. Their
cost does not depend on the number of functions, and hardly on the length of the window.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .._arrays.threads import n_threads
from .._types import FloatArray
from ._walk import AbstractWalk

__all__ = ["SpectralWalk", "stretch_length"]

_BLOCK_BYTES = 1 << 25
"""Samples of a block's stretches (32 MB): long enough that what is added up for each block costs little."""

_SHORTEST = 512
"""Length of a stretch for short windows."""


def stretch_length(window: int) -> int:
    """Samples that are transformed at a time: about an eighth of them are not of use."""
    from scipy.fft import next_fast_len

    return next_fast_len(max(_SHORTEST, 8 * window), real=True)


class SpectralWalk(AbstractWalk):
    """A walk over signals seen through a bank of kernels.

    Parameters
    ----------
    signals
        Shape (time, channel), any real dtype. Samples that are not finite count as the channel's mean.
    kernel
        Shape (window, basis).
    offset
        Feature (c, b) of row t is ``sum_i kernel[i, b] * signals[t + offset - i, c]``.
    center
        Taken off the signals, shape (channel,).
    scale
        Multiplies each feature, shape (channel * basis,).
    n_neurons
        Columns of the coefficients; only the size of a block depends on it.
    single
        Products in single precision, with sums over blocks in double. For counts, whose transforms are exact to 1e-7
        of their size; the rounding of products averages out over rows.
    """

    def __init__(
        self, signals, kernel: FloatArray, offset: int, center, scale, n_neurons: int, *, single: bool = False
    ):
        self._signals, self._kernel, self._offset = signals, kernel, offset
        self._center, self._scale = np.asarray(center), np.asarray(scale).reshape(-1, kernel.shape[1])
        self._real = np.float32 if single else np.float64
        self._n_neurons = n_neurons
        self.n_samples, n_channels = signals.shape
        window = kernel.shape[0]
        self.length = stretch_length(window)
        self.step = self.length - window + 1
        width = self.length * max(n_channels, n_neurons) * np.dtype(self._real).itemsize
        most = -(-self.n_samples // (self.step * n_threads()))  # work for every core
        self.block_rows = self.step * max(min(_BLOCK_BYTES // width, most), 1)

    def sharpened(self):
        if self._real is np.float64:
            return self
        parts = self._signals, self._kernel, self._offset, self._center, self._scale
        return SpectralWalk(*parts, self._n_neurons)

    def plan(self, coef):
        from scipy import fft

        shape = (*self._scale.shape, coef.shape[1])
        filters = np.einsum("wb,cbn->wcn", self._kernel, coef.reshape(shape) * self._scale[:, :, None], optimize=True)
        return fft.rfft(filters.astype(self._real), self.length, axis=0)

    def open(self, start, stop):
        """Spectra of the block's stretches, shape (frequency, stretch, channel)."""
        from scipy import fft

        n_stretches = -(-(stop - start) // self.step)
        first = start + self._offset - (self._kernel.shape[0] - 1)
        samples = self.samples(first, first + n_stretches * self.step + self._kernel.shape[0] - 1)
        row, item = samples.strides
        stretches = as_strided(samples, (self.length, n_stretches, samples.shape[1]), (row, self.step * row, item))
        return fft.rfft(stretches, axis=0)

    def samples(self, first: int, last: int) -> FloatArray:
        """Centred signals from `first` to `last`, zero where there are none."""
        lo, hi = max(first, 0), min(last, self.n_samples)
        out = np.zeros((last - first, self._signals.shape[1]), self._real)
        if lo < hi:
            part = out[lo - first : hi - first]
            np.subtract(self._signals[lo:hi], self._center, out=part, casting="unsafe")
            if self._signals.dtype.kind == "f":
                part[~np.isfinite(part)] = 0.0
        return out

    def predictor(self, block, plan):
        from scipy import fft

        product = fft.irfft(np.matmul(block, plan), self.length, axis=0, overwrite_x=True)
        out = np.empty((block.shape[1], self.step, plan.shape[2]))
        out[...] = product[self._kernel.shape[0] - 1 :].transpose(1, 0, 2)
        return out.reshape(-1, plan.shape[2])

    def collect(self, block, residual):
        from scipy import fft

        n_stretches, n_neurons = block.shape[1], residual.shape[1]
        padded = np.zeros((self.length, n_stretches, n_neurons), self._real)
        late = padded[self._kernel.shape[0] - 1 :]
        whole = len(residual) // self.step
        late[:, :whole] = residual[: whole * self.step].reshape(whole, self.step, n_neurons).transpose(1, 0, 2)
        if whole < n_stretches:
            rest = residual[whole * self.step :]
            late[: len(rest), whole] = rest
        spectrum = fft.rfft(padded, axis=0, overwrite_x=True)
        np.conjugate(spectrum, out=spectrum)
        return np.matmul(block.transpose(0, 2, 1), spectrum)

    def finish(self, total):
        from scipy import fft

        lags = fft.irfft(np.conjugate(total), self.length, axis=0)[: self._kernel.shape[0]]
        sums = np.einsum("wb,wcn->cbn", self._kernel, lags, optimize=True) * self._scale[:, :, None]
        return sums.reshape(-1, total.shape[2])


def second_moments(signals, kernel: FloatArray, center) -> FloatArray:
    """Sum over time of products of features, shape (feature, feature), of signals less `center`.

    All samples count, and there is nothing before the first and after the last: a little more than the rows that may be
    used. It takes one transform of the signals, where adding up rows takes ``rows x features^2`` operations.
    """
    from scipy import fft

    window, n_basis = kernel.shape
    n_channels = signals.shape[1]
    walk = _Lagged(signals, kernel, center)

    def work(start: int, stop: int):
        core, around = walk.open(start, stop)
        return (np.matmul(np.conjugate(core).transpose(0, 2, 1), around),)

    (spectrum,) = walk.each(work)
    # lag d of channel j after channel i stands at d + window - 1
    lags = fft.irfft(spectrum, walk.length, axis=0)[: 2 * window - 1].reshape(2 * window - 1, -1)
    pairs = np.zeros((2 * window - 1, n_basis, n_basis))
    for tap in range(window):  # K[b, b'][d] = sum of k_b[i] k_b'[i - d]
        pairs[tap : tap + window] += kernel[tap][None, :, None] * kernel[::-1][:, None, :]
    out = (pairs.reshape(2 * window - 1, -1).T @ lags).reshape(n_basis, n_basis, n_channels, n_channels)
    return out.transpose(2, 0, 3, 1).reshape(n_channels * n_basis, -1)


class _Lagged(SpectralWalk):
    """Stretches without overlap, and the same with a window more on both sides."""

    def __init__(self, signals, kernel: FloatArray, center):
        super().__init__(signals, kernel, 0, center, np.ones(signals.shape[1] * kernel.shape[1]), signals.shape[1])
        self.step = self.length - 2 * (kernel.shape[0] - 1)
        self.block_rows = self.step * max(self.block_rows // self.step, 1)

    def open(self, start, stop):
        from scipy import fft

        halo, n_channels = self._kernel.shape[0] - 1, self._signals.shape[1]
        n_stretches = -(-(stop - start) // self.step)
        samples = self.samples(start - halo, start + n_stretches * self.step + halo)
        row, item = samples.strides
        around = as_strided(samples, (self.length, n_stretches, n_channels), (row, self.step * row, item))
        core = as_strided(samples[halo:], (self.step, n_stretches, n_channels), (row, self.step * row, item))
        return fft.rfft(core, self.length, axis=0), fft.rfft(around, axis=0)
