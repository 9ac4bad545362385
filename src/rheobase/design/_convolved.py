r"""A convolution applied on the fly: no (time, feature) matrix is ever built.

Feature (c, b) of row t is :math:`\sum_i k_b[i]\, s_c[t + o - i]`: signal c seen through function b of a kernel bank.
Only the signals (time x channel, in the dtype they came in: uint8 counts stay uint8) and the bank are kept; each
product walks over blocks of rows, makes the features of a block, uses them and forgets them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .._arrays.windows import CAUSALITIES, convolve_windows, offset_of
from .._types import FloatArray, IntArray
from ._blockwise import AbstractBlockwise
from ._core import AbstractStandardized, bucket

__all__ = ["Convolved", "StandardizedConvolved"]

_BLOCK_BYTES = 1 << 24
"""Features held at a time (16 MB)."""


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
        for rows, block in self._raw_blocks():
            self.row_mask[rows] = np.isfinite(block).all(axis=1)

    def _raw_blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        """Features block by block, NaN where a row is invalid."""
        window = self.kernel.shape[0]
        size = max(_BLOCK_BYTES // (8 * self.n_features), window)
        before, after = max(window - 1 - self.offset, 0), max(self.offset, 0)
        for start in range(0, self.n_samples, size):
            stop = min(start + size, self.n_samples)
            lo, hi = max(start - before, 0), min(stop + after, self.n_samples)
            first, last = np.clip(self.first - lo, 0, hi - lo), np.clip(self.last - lo, 0, hi - lo)
            some = last > first
            features = convolve_windows(self.signals[lo:hi], self.kernel, self.offset, first[some], last[some])
            # a window that starts before the halo is cut only where its epoch is cut too
            yield slice(start, stop), features[start - lo : stop - lo].reshape(stop - start, self.n_features)

    def blocks(self):
        for rows, block in self._raw_blocks():
            block[~self.row_mask[rows]] = 0.0
            yield rows, block

    def to_dense(self):
        return np.concatenate([block for _, block in self._raw_blocks()])

    def standardized(self, mask=None) -> StandardizedConvolved:
        """The same features, centred and scaled as they are used; nothing is copied."""
        return StandardizedConvolved(self, mask)


class StandardizedConvolved(AbstractBlockwise, AbstractStandardized):
    """A `Convolved` design whose columns are centred and scaled block by block.

    Parameters
    ----------
    design
        The features.
    mask
        Shape (n_samples,); rows to use beside the design's own. All by default.
    """

    def __init__(self, design: Convolved, mask=None):
        self._design = design
        self.n_samples, self.n_features, self.n_rows = design.n_samples, design.n_features, design.n_rows
        self.row_mask = design.row_mask.copy()
        self.row_mask[: self.n_samples] = design.rows_with(mask)
        self.center, spread = self._moments()
        constant = spread == 0.0
        self.scale = np.where(constant, 1.0, spread)
        self._inverse = np.where(constant, 0.0, 1.0 / self.scale)  # a constant column: zeros, not amplified noise

    def _moments(self) -> tuple[FloatArray, FloatArray]:
        """Means and standard deviations (0: constant), pairwise over blocks (Chan, Golub & LeVeque 1983, eq. 2.1)."""
        count, mean, squares = 0, np.zeros(self.n_features), np.zeros(self.n_features)
        for rows, block in self._design.blocks():
            used = block[self.row_mask[rows]]
            if not len(used):
                continue
            block_mean = used.mean(axis=0)
            delta, total = block_mean - mean, count + len(used)
            squares += ((used - block_mean) ** 2).sum(axis=0) + delta**2 * (count * len(used) / total)
            mean, count = mean + delta * (len(used) / total), total
        scale = np.sqrt(squares / max(count, 1))
        scale[scale <= 1e-13 * np.abs(mean)] = 0.0
        return mean, scale

    def blocks(self):
        for rows, block in self._design.blocks():
            block -= self.center
            block *= self._inverse
            block[~self.row_mask[rows]] = 0.0
            yield rows, block

    def to_dense(self):
        x = self._design.to_dense()
        x[~self.row_mask[: self.n_samples]] = np.nan
        return (x - self.center) * self._inverse

    def to_array(self):
        out = np.zeros((self.n_rows, self.n_features))
        for rows, block in self.blocks():
            out[rows] = block
        return out


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
