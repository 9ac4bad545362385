"""A design held as an array."""

from __future__ import annotations

import copy

import numpy as np

from .._arrays.threads import products_for_each
from .._types import BoolArray, FloatArray
from ._core import AbstractDesign, AbstractStandardized, bucket
from ._dense_walk import DenseWalk
from ._narrow import NarrowProducts, ThinProducts
from ._products import AbstractProducts, HostProducts, products_for

__all__ = ["Dense", "StandardizedDense"]

_THINNEST = 3
"""Rows that are left out of a sum for each that counts, for it to be worth it."""

_CHUNK = 1 << 18
"""Entries centred at a time, so that each block is read from memory once (2 MB)."""

_WORTH_A_THREAD = 1 << 22
"""Entries from which blocks are standardised side by side (32 MB)."""


class Dense(AbstractDesign):
    """Features in memory.

    Parameters
    ----------
    x : array-like
        Features, shape (time, feature), any real dtype. Rows with NaN or infinity are masked. The array is not copied
        unless it has such rows or is not float64.

    Raises
    ------
    ValueError
        If `x` does not have two dimensions, or does not hold real numbers.
    """

    def __init__(self, x):
        values = np.asarray(x)
        if values.ndim != 2:
            msg = f"x must have shape (time, feature), got {values.ndim} dimension(s) with shape {values.shape}."
            raise ValueError(msg)
        if values.dtype.kind not in "biuf":
            msg = f"x must be real numbers, got dtype {values.dtype}."
            raise ValueError(msg)
        self._values = values
        self.n_samples, self.n_features = values.shape
        self.n_rows = self.n_samples
        self.row_mask = finite_rows(values)
        self._products: HostProducts | None = None

    @property
    def _host(self) -> HostProducts:
        if self._products is None:
            x = np.ascontiguousarray(self._values, dtype=np.float64)
            self._products = HostProducts(x if self.row_mask.all() else np.where(self.row_mask[:, None], x, 0.0))
        return self._products

    def take(self, start: int, stop: int) -> FloatArray:
        """A copy of the rows from `start` to `stop`, float64."""
        return np.array(self._values[start:stop], dtype=np.float64)

    def matvec(self, coef):
        return self._host.matvec(coef)

    def rmatvec(self, residual):
        return self._host.rmatvec(residual)

    def gram(self, weights):
        return self._host.gram(weights)

    def gram_of(self, weights, features):
        return self._host.gram_of(weights, features)

    def to_dense(self):
        return np.where(self.row_mask[:, None], np.asarray(self._values, dtype=np.float64), np.nan)

    def standardized(self, mask: BoolArray | None = None) -> StandardizedDense:
        """A padded, centred and scaled copy."""
        return StandardizedDense(self._values, self.rows_with(mask))


class StandardizedDense(AbstractStandardized):
    """A padded float64 copy of an array, every column centred and scaled over the valid rows.

    Parameters
    ----------
    values
        Shape (time, feature).
    rows
        Valid rows, shape (time,).
    """

    def __init__(self, values: np.ndarray, rows: BoolArray):
        self.n_samples, self.n_features = values.shape
        self.n_rows = bucket(self.n_samples)
        self.row_mask = np.zeros(self.n_rows, dtype=bool)
        self.row_mask[: self.n_samples] = rows
        x, self.center, self.scale = _standardize(values, rows, self.n_rows)
        self._host = x
        self._single: FloatArray | None = None
        self._products = products_for(x)

    def matvec(self, coef):
        return self._products.matvec(coef)

    def rmatvec(self, residual):
        return self._products.rmatvec(residual)

    def gram(self, weights):
        return self._products.gram(weights)

    def gram_of(self, weights, features):
        return self._products.gram_of(weights, features)

    def to_dense(self):
        x = self._host[: self.n_samples]
        return np.where(self.row_mask[: self.n_samples, None], x, np.nan)

    def take(self, start: int, stop: int) -> FloatArray:
        """A copy of the rows from `start` to `stop`."""
        return self._host[start:stop].copy()

    def to_array(self):
        return self._host

    def narrowed(self, features):
        worth = self.is_on_host and 4 * len(features) <= 3 * self.n_features
        return self._with(NarrowProducts(self._host, features)) if worth else None

    def thinned(self, n_rows):
        step = self.n_rows // max(n_rows, 1)
        worth = self.is_on_host and step > _THINNEST
        return self._with(ThinProducts(self._host, step)) if worth else None

    def _with(self, products: AbstractProducts) -> StandardizedDense:
        other = copy.copy(self)
        other._products = products
        return other

    @property
    def is_on_host(self) -> bool:
        """Whether products are made by the host's cores, from memory that they can read."""
        return isinstance(self._products, HostProducts)

    def walk(self, n_neurons: int, *, single: bool) -> DenseWalk:
        """How a pass for `n_neurons` goes over the rows, in single precision or not."""
        return DenseWalk(self._host, self.n_samples, n_neurons, self.in_single() if single else None)

    def in_single(self) -> FloatArray:
        """A copy of the features of all samples in single precision, made once, shape (n_samples, n_features)."""
        if self._single is None:
            single = np.empty((self.n_samples, self.n_features), dtype=np.float32)
            size = max(_CHUNK // max(self.n_features, 1), 1)

            def convert(start: int) -> None:
                rows = slice(start, min(start + size, self.n_samples))
                single[rows] = self._host[rows]

            products_for_each(convert, range(0, self.n_samples, size), worth=single.size >= _WORTH_A_THREAD)
            self._single = single
        return self._single

    def second_moments(self) -> FloatArray:
        """Mean of products of features over valid rows, shape (n_features, n_features)."""
        return self.gram(self.row_mask[:, None] / max(self.n_valid, 1))[0]


def finite_rows(values: np.ndarray) -> BoolArray:
    """Rows without NaN or infinity, shape (time,).

    One product finds the suspects (a sum with a NaN is NaN); only those are looked at entry by entry, so that a sum
    that overflows costs time and not a row.
    """
    if values.dtype.kind in "iub":
        return np.ones(values.shape[0], dtype=bool)
    with np.errstate(over="ignore", invalid="ignore"):
        suspects = ~np.isfinite(values @ np.ones(values.shape[1], dtype=values.dtype))
    good = ~suspects
    if suspects.any():
        good[suspects] = np.isfinite(values[suspects]).all(axis=1)
    return good


def _standardize(values: np.ndarray, rows: BoolArray, n_rows: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Padded copy with columns centred and scaled over `rows`; their means and standard deviations.

    The mean is removed before squares are taken, so a large offset costs no digits; a second sweep divides. The mean
    is one BLAS product, whose rounding grows with the number of rows: what it missed is measured on the way and does
    not count as spread (a million times 0.1 must stay a constant column).
    """
    n_samples, n_features = values.shape
    count = max(int(np.count_nonzero(rows)), 1)
    everything = count == n_samples
    weights = rows.astype(np.float64)
    safe = values if everything or values.dtype.kind in "iub" else np.where(rows[:, None], values, 0)
    center = weights @ safe / count
    out = np.zeros((n_rows, n_features))
    size = max(_CHUNK // max(n_features, 1), 1)
    starts = range(0, n_samples, size)
    squares, missed = np.zeros((len(starts), n_features)), np.zeros((len(starts), n_features))
    worth = out.size >= _WORTH_A_THREAD

    def centre(number: int) -> None:
        block = slice(starts[number], min(starts[number] + size, n_samples))
        centred = np.subtract(safe[block], center, out=out[block])
        if not everything:
            centred *= weights[block, None]
        np.einsum("ij,ij->j", centred, centred, out=squares[number])
        np.matmul(np.ones(len(centred)), centred, out=missed[number])

    products_for_each(centre, range(len(starts)), worth=worth)
    squares, missed = squares.sum(axis=0), missed.sum(axis=0) / count
    scale = np.sqrt(np.maximum(squares / count - missed**2, 0.0))
    # a column whose spread is rounding error of its mean is constant: zeros, not amplified noise
    scale[scale <= 1e-13 * np.abs(center)] = 0.0
    constant = scale == 0.0
    inverse = np.where(constant, 0.0, 1.0 / np.where(constant, 1.0, scale))

    def divide(number: int) -> None:
        out[starts[number] : min(starts[number] + size, n_samples)] *= inverse

    products_for_each(divide, range(len(starts)), worth=worth)
    return out, center, np.where(constant, 1.0, scale)
