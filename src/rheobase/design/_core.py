r"""A design is three products.

A solver never sees a design matrix. It asks for

- ``matvec(coef)``: :math:`X B` for coefficients of many neurons, shape (row, neuron);
- ``rmatvec(residual)``: :math:`X^\top R`, shape (feature, neuron);
- ``gram(weights)``: :math:`X^\top \mathrm{diag}(w_n) X` for each neuron n, shape (neuron, feature, feature).

Rows that cannot be used (a NaN feature, the first bins of an epoch under a causal filter) stay where they are and
count as rows of zeros; `row_mask` tells which. Arrays may be padded with such rows to a few sizes (`bucket`), so that
neighbouring lengths (folds, refits) share one compiled program.
"""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import Any

import numpy as np

from .._manners import PublicNames
from .._types import BoolArray, FloatArray, IntArray

__all__ = ["AbstractDesign", "bucket", "spread_rows"]

_STRETCH = 1 << 11
"""Rows of a stretch."""


def bucket(n: int) -> int:
    """Smallest of 8 sizes an octave that is at least `n` (never below 64): at most an eighth of the rows is padding."""
    if n <= 64:
        return 64
    step = 1 << max((n - 1).bit_length() - 4, 0)
    return -(-n // step) * step


class AbstractDesign(PublicNames, abc.ABC):
    """Features of every row, known by their products only.

    Attributes
    ----------
    n_samples : int
        Rows given by the user, valid or not.
    n_rows : int
        Rows of every array that goes in or out, ``bucket(n_samples)`` or `n_samples`.
    n_features : int
        Columns.
    row_mask : numpy.ndarray
        Shape (n_rows,), True where the row may be used.
    chunk_rows : int
        Rows that are best made at once, and multiples of them: those of a chunk of a file; 1 if it does not matter.
    t, time_support, columns
        Times of the samples (s), their epochs and the names of the features, where the design was built from series;
        else None. A model's predictions are then series, and its tables have these names.
    named_blocks
        Names and sizes of blocks of columns, where features were given as a dict; coefficients are then a dict too.
    """

    n_samples: int
    n_rows: int
    n_features: int
    row_mask: BoolArray
    chunk_rows: int = 1
    t: FloatArray | None = None
    time_support: Any = None
    columns: Any = None
    named_blocks: Any = None

    @abc.abstractmethod
    def matvec(self, coef: FloatArray) -> FloatArray:
        """Linear predictor without intercept.

        Parameters
        ----------
        coef
            Shape (n_features, neuron).

        Returns
        -------
        FloatArray
            Shape (n_rows, neuron); zero on masked rows.
        """

    @abc.abstractmethod
    def rmatvec(self, residual) -> FloatArray:
        """Sum over rows of features times `residual`.

        Parameters
        ----------
        residual
            Shape (n_rows, neuron).

        Returns
        -------
        FloatArray
            Shape (n_features, neuron).
        """

    @abc.abstractmethod
    def gram(self, weights) -> FloatArray:
        """Weighted second moments of the features, one matrix for each neuron.

        Parameters
        ----------
        weights
            Shape (n_rows, neuron), >= 0.

        Returns
        -------
        FloatArray
            Shape (neuron, n_features, n_features), symmetric.
        """

    def gram_of(self, weights, features) -> FloatArray:
        """Weighted second moments of some features, for one neuron.

        Parameters
        ----------
        weights
            Shape (n_rows, 1), >= 0.
        features
            Numbers of the features, shape (some,).

        Returns
        -------
        FloatArray
            Shape (some, some), symmetric.
        """
        return self.gram(weights)[0][np.ix_(features, features)]

    @abc.abstractmethod
    def to_dense(self) -> FloatArray:
        """The matrix itself, shape (n_samples, n_features), NaN on masked rows. Memory: 8 bytes an entry."""

    @abc.abstractmethod
    def standardized(self, mask: BoolArray | None = None) -> AbstractStandardized:
        """The same features, each centred and scaled to unit variance over the valid rows.

        Parameters
        ----------
        mask
            Shape (n_samples,); rows to use beside the design's own (say, those with a response). All by default.
        """

    def rows_with(self, mask: BoolArray | None) -> BoolArray:
        """Valid rows that are also in `mask`, shape (n_samples,).

        Raises
        ------
        ValueError
            If `mask` has another shape.
        """
        rows = self.row_mask[: self.n_samples]
        if mask is None:
            return rows
        mask = np.asarray(mask, dtype=bool)
        if mask.shape != rows.shape:
            msg = f"mask must have shape {rows.shape}, got {mask.shape}."
            raise ValueError(msg)
        return rows & mask

    @property
    def n_valid(self) -> int:
        """Number of rows that may be used."""
        return int(np.count_nonzero(self.row_mask))

    @property
    def shape(self) -> tuple[int, int]:
        """(n_samples, n_features)."""
        return (self.n_samples, self.n_features)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.n_samples:,} rows x {self.n_features:,} features, "
            f"{self.n_samples - int(np.count_nonzero(self.row_mask[: self.n_samples])):,} rows masked)"
        )


class AbstractStandardized(AbstractDesign):
    """A design whose columns have mean 0 and variance 1 over its valid rows.

    Attributes
    ----------
    center, scale : numpy.ndarray
        Shape (n_features,): mean and standard deviation of the features as the user gave them; a constant feature has
        scale 1.
    """

    center: FloatArray
    scale: FloatArray

    def restore(self, coef: FloatArray, intercept: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Coefficients (feature, neuron) and intercepts (neuron,) in the user's units."""
        original = coef / self.scale[:, None]
        return original, intercept - self.center @ original

    def convert(self, coef: FloatArray, intercept: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Inverse of `restore`."""
        return coef * self.scale[:, None], intercept + self.center @ coef

    def sample(self, n_rows: int) -> Iterator[tuple[slice, FloatArray]]:
        """Stretches of rows spread over all, about `n_rows` altogether, with their features, zero on masked rows."""
        for rows in spread_rows(self.n_samples, n_rows):
            block = self.take(rows.start, rows.stop)
            block[~self.row_mask[rows]] = 0.0
            yield rows, block

    @abc.abstractmethod
    def take(self, start: int, stop: int) -> FloatArray:
        """A copy of the features of the samples from `start` to `stop`, shape (stop - start, n_features)."""

    @abc.abstractmethod
    def to_array(self) -> FloatArray:
        """The standardised features, shape (n_rows, n_features), zero on masked rows. Memory: 8 bytes an entry."""

    def standardized(self, mask: BoolArray | None = None) -> AbstractStandardized:
        """Itself."""
        return self

    def narrowed(self, features: IntArray) -> AbstractStandardized | None:
        """The same where all but some features (ascending) count as zero; None if that would save no time."""
        return None

    def thinned(self, n_rows: int) -> AbstractStandardized | None:
        """The same whose sums are estimated from about `n_rows` rows; None if that would save no time."""
        return None


def spread_rows(n_samples: int, n_rows: int) -> list[slice]:
    """Stretches of rows, about `n_rows` altogether, evenly over `n_samples`."""
    if n_rows >= n_samples or n_samples <= _STRETCH:
        return [slice(0, n_samples)]
    starts = np.linspace(0, n_samples - _STRETCH, -(-n_rows // _STRETCH)).astype(int)
    return [slice(start, start + _STRETCH) for start in starts]
