"""One pass over features in memory, block by block, its products in single precision until it is sharpened."""

from __future__ import annotations

import numpy as np

from .._types import FloatArray
from ._walk import AbstractWalk

__all__ = ["DenseWalk"]

_ENTRIES = 1 << 19
"""Features of a block, or what is made of its rows for all neurons: 2 MB in single precision, the cache of a core."""

_WORK = 1 << 17
"""Rows x neurons of a block at least: below, threads wait for the interpreter after each of its steps."""

_PIECE, _A_FEW = 512, 12
"""Rows that are multiplied at a time with so few columns, or fewer."""

_FEWEST, _MOST = 512, 1 << 15
"""Rows of a block: a power of two between these, so that few shapes are compiled."""


class DenseWalk(AbstractWalk):
    """A walk over a C-ordered array. Its predictors come in the precision that it works in.

    Parameters
    ----------
    x
        Standardised features, zero on rows that do not count, shape (n_samples or more, feature).
    n_samples
        Rows to walk over.
    n_neurons
        Columns of the coefficients; only the size of a block depends on it.
    single
        The features in single precision, to make products of, with sums over blocks in double: half the time, and half
        the bytes to read. None for double precision.
    """

    shares = 4

    def __init__(self, x: FloatArray, n_samples: int, n_neurons: int, single: FloatArray | None = None):
        self._x, self.n_samples, self._n_neurons = x, n_samples, n_neurons
        self._features = x if single is None else single
        self.is_single = single is not None
        rows = max(_ENTRIES // max(x.shape[1], 4 * n_neurons, 1), min(_WORK // max(n_neurons, 1), _MOST))
        self.block_rows = min(max(1 << max(rows.bit_length() - 1, 0), _FEWEST), _MOST)

    def sharpened(self):
        return DenseWalk(self._x, self.n_samples, self._n_neurons) if self.is_single else self

    def plan(self, coef):
        return np.ascontiguousarray(coef, dtype=self._features.dtype)

    def open(self, start, stop):
        return self._features[start:stop]

    def predictor(self, block, plan, out=None):
        out = np.empty((len(block), plan.shape[1]), dtype=block.dtype) if out is None else out
        whole = _whole(block, plan.shape[1])
        if whole:
            pieces = block[:whole].reshape(-1, _PIECE, block.shape[1])
            np.matmul(pieces, plan, out=out[:whole].reshape(-1, _PIECE, plan.shape[1]))
        if whole < len(block):
            np.matmul(block[whole:], plan, out=out[whole:])
        return out

    def collect(self, block, residual):
        residual = residual.astype(block.dtype, copy=False)
        whole = _whole(block, residual.shape[1])
        if not whole:
            return residual.T @ block
        pieces = residual[:whole].reshape(-1, _PIECE, residual.shape[1]).transpose(0, 2, 1)
        total = (pieces @ block[:whole].reshape(-1, _PIECE, block.shape[1])).sum(axis=0, dtype=np.float64)
        return total + residual[whole:].T @ block[whole:]

    def finish(self, total):
        return total.T


def _whole(block: FloatArray, n_columns: int) -> int:
    """Rows of a block to multiply piece by piece: for a few columns BLAS would copy the whole block first."""
    return len(block) // _PIECE * _PIECE if 1 < n_columns <= _A_FEW else 0
