"""Designs that make their features one block of rows at a time, and the three products of such designs."""

from __future__ import annotations

import abc
from collections.abc import Iterator

import numpy as np

from .._types import BoolArray, FloatArray
from ._core import AbstractDesign, AbstractStandardized
from ._products import weighted_gram
from ._walk import AbstractWalk, FeatureWalk

__all__ = ["AbstractBlockwise", "StandardizedBlockwise"]

_BLOCK_BYTES = 1 << 24
"""Features held at a time (16 MB)."""


class AbstractBlockwise(AbstractDesign):
    """A design that is walked through: each product makes every block once, uses it and forgets it."""

    @abc.abstractmethod
    def take(self, start: int, stop: int) -> FloatArray:
        """Features of the samples from `start` to `stop`, shape (stop - start, n_features), NaN or infinite where a row
        may not be used. The caller may overwrite them.
        """

    @property
    def block_rows(self) -> int:
        """Rows that are made at a time."""
        return max(_BLOCK_BYTES // (8 * self.n_features), 1)

    def raw_blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        """Rows and their features (row, feature), block by block."""
        for start in range(0, self.n_samples, self.block_rows):
            rows = slice(start, min(start + self.block_rows, self.n_samples))
            yield rows, self.take(rows.start, rows.stop)

    def blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        """The same, zero on masked rows."""
        for rows, block in self.raw_blocks():
            used = self.row_mask[rows]
            if not used.all():
                block[~used] = 0.0
            yield rows, block

    def walk(self, n_neurons: int) -> AbstractWalk:
        """How a pass for `n_neurons` goes over the rows."""
        return FeatureWalk(self, self.block_rows)

    def finite_rows(self) -> BoolArray:
        """Which rows hold finite features only, shape (n_rows,), padding not among them: one walk over all blocks."""
        out = np.zeros(self.n_rows, dtype=bool)
        for rows, block in self.raw_blocks():
            out[rows] = np.isfinite(block).all(axis=1)
        return out

    def matvec(self, coef):
        out = np.zeros((self.n_rows, np.shape(coef)[1]))
        for rows, block in self.blocks():
            np.matmul(block, coef, out=out[rows])
        return out

    def rmatvec(self, residual):
        residual = np.asarray(residual)
        total = np.zeros((residual.shape[1], self.n_features))
        for rows, block in self.blocks():
            total += residual[rows].T @ block
        return total.T

    def gram(self, weights):
        weights = np.asarray(weights)
        total = np.zeros((weights.shape[1], self.n_features, self.n_features))
        for rows, block in self.blocks():
            for neuron in range(weights.shape[1]):  # a BLAS call of rows x features^2 operations each
                total[neuron] += weighted_gram(block, weights[rows, neuron])
        return total

    def gram_of(self, weights, features):
        weights = np.asarray(weights)[:, 0]
        total = np.zeros((len(features), len(features)))
        for rows, block in self.blocks():
            total += weighted_gram(block, weights[rows], features)
        return total

    def to_dense(self):
        out = np.empty((self.n_samples, self.n_features))
        for rows, block in self.raw_blocks():
            out[rows] = block
        out[~self.row_mask[: self.n_samples]] = np.nan
        return out

    def standardized(self, mask=None) -> StandardizedBlockwise:
        """The same features, centred and scaled as they are used; nothing is copied."""
        return StandardizedBlockwise(self, mask)


class StandardizedBlockwise(AbstractBlockwise, AbstractStandardized):
    """A design whose columns are centred and scaled block by block.

    Parameters
    ----------
    design
        The features.
    mask
        Shape (n_samples,); rows to use beside the design's own. All by default.
    """

    def __init__(self, design: AbstractBlockwise, mask=None):
        self._design = design
        self.n_samples, self.n_features, self.n_rows = design.n_samples, design.n_features, design.n_rows
        self.row_mask = design.row_mask.copy()
        self.row_mask[: self.n_samples] = design.rows_with(mask)
        self.center, spread = self._moments()
        constant = spread == 0.0
        self.scale = np.where(constant, 1.0, spread)
        self.inverse = np.where(constant, 0.0, 1.0 / self.scale)  # a constant column: zeros, not amplified noise

    @property
    def block_rows(self):
        return self._design.block_rows

    def _moments(self) -> tuple[FloatArray, FloatArray]:
        """Means and standard deviations (0: constant), pairwise over blocks (Chan, Golub & LeVeque 1983, eq. 2.1)."""
        count, mean, squares = 0, np.zeros(self.n_features), np.zeros(self.n_features)
        for rows, block in self._design.raw_blocks():
            used = self.row_mask[rows]
            block = block if used.all() else block[used]
            if not len(block):
                continue
            block_mean = block.mean(axis=0)
            delta, total = block_mean - mean, count + len(block)
            block -= block_mean
            squares += np.einsum("ij,ij->j", block, block) + delta**2 * (count * len(block) / total)
            mean, count = mean + delta * (len(block) / total), total
        scale = np.sqrt(squares / max(count, 1))
        scale[scale <= 1e-13 * np.abs(mean)] = 0.0
        return mean, scale

    def take(self, start, stop):
        block = self._design.take(start, stop)
        block -= self.center
        block *= self.inverse
        return block

    def second_moments(self) -> FloatArray:
        """Mean of products of features over valid rows, shape (n_features, n_features)."""
        return self.gram(self.row_mask[:, None] / max(self.n_valid, 1))[0]

    def to_array(self):
        out = np.zeros((self.n_rows, self.n_features))
        for rows, block in self.blocks():
            out[rows] = block
        return out

    def standardized(self, mask=None):
        """Itself."""
        return self
