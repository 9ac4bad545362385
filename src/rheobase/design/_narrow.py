"""Products of a dense design with few of its features or few of its rows: what sparse fits need most of the time."""

from __future__ import annotations

import numpy as np

from .._types import FloatArray, IntArray
from ._products import AbstractProducts, weighted_gram, weighted_grams

__all__ = ["NarrowProducts", "ThinProducts"]

_FEW, _LITTLE = 64, 1e8
"""Features, and rows x features^2, of a Gram matrix that one core has made before threads have started: BLAS leaves so
few features to one core too."""


class NarrowProducts(AbstractProducts):
    """The products where all features but some count as zero.

    Parameters
    ----------
    x
        Shape (row, feature).
    features
        Which ones count, ascending; they are copied, so that nothing reads the others.
    """

    def __init__(self, x: FloatArray, features: IntArray):
        self.features, self._n_features = features, x.shape[1]
        self.x = x.take(features, axis=1)

    def matvec(self, coef):
        return self.x @ coef[self.features]

    def rmatvec(self, residual):
        residual = np.asarray(residual)
        out = np.zeros((self._n_features, residual.shape[1]))
        out[self.features] = self.x.T @ residual
        return out

    def gram(self, weights):
        grams = weighted_grams(self.x, np.asarray(weights))
        out = np.zeros((len(grams), self._n_features, self._n_features))
        out[:, self.features[:, None], self.features] = grams
        return out

    def gram_of(self, weights, features):
        """`gram` of one neuron for some of the features that count."""
        all_of_them = len(features) == len(self.features)
        places = None if all_of_them else np.searchsorted(self.features, features)
        few = len(features) <= _FEW and len(self.x) * len(features) ** 2 <= _LITTLE
        if few:
            return weighted_gram(self.x, np.asarray(weights)[:, 0], places)
        return weighted_grams(self.x, np.asarray(weights), places)[0]


class ThinProducts(AbstractProducts):
    """The sums over rows, estimated from every `step`-th of them.

    Parameters
    ----------
    x
        Shape (row, feature).
    step
        One row in so many counts, for all.
    """

    def __init__(self, x: FloatArray, step: int):
        self._whole, self._step = x, step
        self.x = x[::step]

    def matvec(self, coef):
        return self._whole @ coef

    def rmatvec(self, residual):
        thin, share = self._thin(residual)
        return self.x.T @ thin / share

    def gram(self, weights):
        thin, share = self._thin(weights)
        return weighted_grams(self.x, thin) / share[:, None, None]

    def gram_of(self, weights, features):
        thin, share = self._thin(weights)
        return weighted_grams(self.x, thin, features)[0] / share[0]

    def _thin(self, rows) -> tuple[FloatArray, FloatArray]:
        """The rows that count of an array, and what they are of the whole sum of its columns."""
        rows = np.asarray(rows)
        thin, whole = rows[:: self._step], rows.sum(axis=0)
        return thin, np.where(whole > 0, thin.sum(axis=0) / np.where(whole > 0, whole, 1.0), 1.0)
