r"""A convolution applied on the fly: no (time, feature) matrix is ever built.

Feature (c, b) of row t is :math:`\sum_i k_b[i]\, s_c[t + o - i]`: signal c seen through function b of a kernel bank.
Only the signals (time x channel, in the dtype they came in: uint8 counts stay uint8) and the bank are kept; each
product walks over blocks of rows, makes the features of a block, uses them and forgets them, or goes through the
Fourier transform of the signals and makes none.
"""

from __future__ import annotations

import numpy as np

from .._arrays.windows import CAUSALITIES, convolve_windows, offset_of, valid_rows
from .._types import BoolArray, FloatArray, IntArray
from ._blockwise import AbstractBlockwise, StandardizedBlockwise
from ._core import bucket
from ._spectral import SpectralWalk, second_moments, stretch_length

__all__ = ["Convolved"]

_LARGE = 1 << 22
"""Features (rows x columns) from which the Fourier transform of the signals is the faster way to their products."""

_SPECTRA_BYTES = 1 << 29
"""Most that the spectra of one product may take (512 MB)."""


class Convolved(AbstractBlockwise):
    """Signals seen through a bank of kernels, row by row.

    Columns are channel-major, the kernel's functions fastest, as a basis' ``compute_features`` orders them.

    Parameters
    ----------
    signals : array-like
        Shape (time, channel) or (time,), real.
    kernel : array-like
        Shape (window, basis); row 0 weighs the most recent sample.
    causality : {"causal", "acausal", "anti-causal"}
        Which samples a row may see.
    shift : bool, optional
        Leave out the current sample. Default: True, except for ``"acausal"``.
    first, last : array-like of int, optional
        Epochs as half-open ranges of rows; the filter never crosses them. Default: one epoch.

    Raises
    ------
    ValueError
        If shapes do not fit.
    """

    def __init__(self, signals, kernel, *, causality: str = "causal", shift: bool | None = None, first=None, last=None):
        self.signals = _signals(signals)
        self.kernel = np.asarray(kernel, dtype=np.float64)
        if self.kernel.ndim != 2 or 0 in self.kernel.shape:
            msg = f"kernel must have shape (window, basis), got {self.kernel.shape}."
            raise ValueError(msg)
        if not np.isfinite(self.kernel).all():
            msg = "kernel must be finite, got NaN or infinity."
            raise ValueError(msg)
        if causality not in CAUSALITIES:
            msg = f"causality must be 'causal', 'acausal' or 'anti-causal', got {causality!r}."
            raise ValueError(msg)
        if shift and causality == "acausal":
            msg = "shift=True makes no sense for an acausal filter, which sees both sides; leave shift out."
            raise ValueError(msg)
        self.offset = offset_of(
            self.kernel.shape[0], causality, causality != "acausal" if shift is None else bool(shift)
        )
        self.n_samples, n_channels = self.signals.shape
        self.n_features = n_channels * self.kernel.shape[1]
        self.first, self.last = _epochs(first, last, self.n_samples)
        self.n_rows = bucket(self.n_samples)
        self.row_mask = np.zeros(self.n_rows, dtype=bool)
        self.row_mask[: self.n_samples] = self._valid_rows()

    @property
    def block_rows(self):
        """Rows that are made at a time: at least a window, since every block needs one more of samples."""
        return max(super().block_rows, self.kernel.shape[0])

    def take(self, start, stop):
        window = self.kernel.shape[0]
        before, after = max(window - 1 - self.offset, 0), max(self.offset, 0)
        lo, hi = max(start - before, 0), min(stop + after, self.n_samples)
        first, last = np.clip(self.first - lo, 0, hi - lo), np.clip(self.last - lo, 0, hi - lo)
        some = last > first
        # a window that starts before the halo is cut only where its epoch is cut too
        features = convolve_windows(self.signals[lo:hi], self.kernel, self.offset, first[some], last[some])
        return features[start - lo : stop - lo].reshape(stop - start, self.n_features)

    def _valid_rows(self) -> BoolArray:
        """Rows whose window lies in their epoch and holds finite samples only."""
        window = self.kernel.shape[0]
        valid = valid_rows(self.n_samples, window, self.offset, self.first, self.last)
        if self.signals.dtype.kind != "f":
            return valid
        with np.errstate(over="ignore", invalid="ignore"):
            largest = np.nanmax(np.abs(self.signals), initial=0.0, where=np.isfinite(self.signals))
            if not np.isfinite(largest * np.abs(self.kernel).sum(axis=0).max()):
                return self.finite_rows()[: self.n_samples]  # features may overflow
        bad = np.zeros(self.n_samples + 1, dtype=np.int64)
        np.cumsum(~np.isfinite(self.signals).all(axis=1), out=bad[1:])
        end = np.clip(np.arange(self.n_samples) + self.offset + 1, 0, self.n_samples)
        return valid & (bad[end] == bad[np.maximum(end - window, 0)])

    def standardized(self, mask=None) -> StandardizedBlockwise:
        """The same features, centred and scaled as they are used; nothing is copied."""
        return (StandardizedConvolved if self._is_large() else StandardizedBlockwise)(self, mask)

    def _is_large(self) -> bool:
        """Whether there are many features, and the spectra of products of signals take little memory."""
        return self.n_samples * self.n_features >= _LARGE and _spectra(self, self.signals.shape[1]) <= _SPECTRA_BYTES


class StandardizedConvolved(StandardizedBlockwise):
    """A large `Convolved` design, standardised and multiplied through the Fourier transform of its signals.

    Means and spreads are those of all samples, edges of epochs included: other units would do as well, and these come
    from one pass over the signals.
    """

    _design: Convolved

    def _moments(self):
        signals, kernel = self._design.signals, self._design.kernel
        self._mean = _means(signals)
        self._gram = second_moments(signals, kernel, self._mean) / len(signals)
        center = (self._mean[:, None] * kernel.sum(axis=0)).ravel()
        spread = np.sqrt(np.maximum(np.diagonal(self._gram), 0.0))
        spread[spread <= 1e-13 * np.abs(center)] = 0.0
        return center, spread

    def second_moments(self) -> FloatArray:
        """Mean of products of features over all samples, shape (n_features, n_features); edges of epochs count."""
        return self._gram * np.outer(self.inverse, self.inverse)

    def walk(self, n_neurons):
        design = self._design
        if _spectra(design, n_neurons) > _SPECTRA_BYTES:
            return super().walk(n_neurons)
        counts = design.signals.dtype.kind in "biu"
        parts = design.signals, design.kernel, design.offset, self._mean, self.inverse
        return SpectralWalk(*parts, n_neurons, single=counts)


def _spectra(design: Convolved, n_neurons: int) -> int:
    """Bytes of one complex number for each frequency, channel and neuron."""
    return 8 * stretch_length(design.kernel.shape[0]) * design.signals.shape[1] * n_neurons


def _means(signals: np.ndarray) -> FloatArray:
    """Mean of the finite samples of each channel."""
    if signals.dtype.kind != "f":
        return signals.mean(axis=0, dtype=np.float64)
    finite = np.isfinite(signals)
    return np.sum(signals, axis=0, dtype=np.float64, where=finite) / np.maximum(finite.sum(axis=0), 1)


def _epochs(first, last, n_samples: int) -> tuple[IntArray, IntArray]:
    first = np.atleast_1d(np.asarray(0 if first is None else first, dtype=np.int64))
    last = np.atleast_1d(np.asarray(n_samples if last is None else last, dtype=np.int64))
    if first.shape != last.shape:
        msg = f"first and last must have the same length, got {first.size} and {last.size}."
        raise ValueError(msg)
    if first.size and (first.min() < 0 or last.max() > n_samples):
        msg = f"epochs must lie within the {n_samples} rows, got rows {first.min()} to {last.max()}."
        raise ValueError(msg)
    if (first > last).any() or (first[1:] < last[:-1]).any():
        msg = "epochs [first, last) must be sorted and disjoint."
        raise ValueError(msg)
    return first, last


def _signals(signals) -> np.ndarray:
    values = np.asarray(signals)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or values.dtype.kind not in "biuf":
        msg = f"signals must be real numbers of shape (time, channel), got shape {values.shape}, dtype {values.dtype}."
        raise ValueError(msg)
    return values
