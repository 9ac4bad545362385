"""The three products of a design that makes its features one block of rows at a time."""

from __future__ import annotations

import abc
from collections.abc import Iterator

import numpy as np

from .._types import FloatArray
from ._core import AbstractDesign
from ._products import weighted_gram

__all__ = ["AbstractBlockwise"]


class AbstractBlockwise(AbstractDesign):
    """A design that is walked through: each product makes every block once, uses it and forgets it."""

    @abc.abstractmethod
    def blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        """Rows and their features (row, feature), block by block, zero on masked rows. The caller may overwrite a
        block.
        """

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
