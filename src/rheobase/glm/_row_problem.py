"""What the problems of a GLM have in common, whichever way they go over their rows."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._types import BoolArray, FloatArray, IntArray
from ..links import AbstractInverseLink
from ..observation_models import AbstractObservationModel
from ..solvers._core import AbstractProblem
from ..solvers._penalty import Penalty

__all__ = ["AbstractRowProblem", "RowLoss"]

_SAMPLE_ROWS = 1 << 15
"""Rows from which the diagonal of a Hessian is read."""


@dataclass(frozen=True)
class RowLoss:
    """Loss of each row as a function of response and linear predictor; hashable, so that programs compile once for
    each.
    """

    model: AbstractObservationModel
    link: AbstractInverseLink

    def __call__(self, y, eta, scale=None):
        if self.model.scale_in_loss:
            return self.model.negative_log_likelihood(y, eta, self.link, scale)
        return self.model.negative_log_likelihood(y, eta, self.link)


class AbstractRowProblem(AbstractProblem):
    """Mean negative log-likelihood plus a penalty, for many neurons that share a standardised design.

    Parameters
    ----------
    design
        Standardised features.
    y
        Response, shape (row, neuron); finite everywhere.
    weights
        Row weights that sum to one for each neuron, shape (row, 1) if shared, else (row, neuron); padding may follow.
    row_loss
        Observation model and inverse link.
    penalty
        In standardised units; nothing on intercepts.
    free
        Shape (n_features + 1, neuron), False where a coefficient is held at zero; None if all are free.
    offset
        Added to the predictor, shape (row, 1 or neuron), or None.
    scale
        Dispersions, shape (neuron,), for observation models whose loss depends on them.
    gram
        Second moments of the design, if already known.
    """

    design: Any

    def __init__(
        self,
        design: Any,
        y,
        weights,
        row_loss: RowLoss,
        penalty: Penalty,
        free: BoolArray | None = None,
        offset: FloatArray | None = None,
        scale: FloatArray | None = None,
        gram: FloatArray | None = None,
    ):
        self.design, self.y, self.weights, self.row_loss = design, y, weights, row_loss
        self.penalty, self.free, self._offset, self._gram = penalty, free, offset, gram
        self.n_features = design.n_features
        self.n_rows, self.n_neurons = y.shape
        self.scale = np.ones(self.n_neurons) if scale is None else scale

    @property
    def constant_start(self):
        return self.weights.shape[1] == 1 and self._offset is None

    @property
    def has_offset(self) -> bool:
        """Whether rows differ by more than their features."""
        return self._offset is not None

    def mean_offset(self) -> FloatArray:
        """Weighted mean of the offset, shape (1,) or (neuron,)."""
        return np.einsum("ij,ij->j", self.weights[: self.n_rows], self._offset)

    def relative_curvature(self, curvature):
        own, shared = np.zeros((self.n_features, self.n_neurons)), np.zeros((self.n_features, 1))
        total, weight = np.zeros(self.n_neurons), 0.0
        for rows, block in self.design.sample(_SAMPLE_ROWS):
            bend = self._sampled(curvature, rows, block).astype(np.float32)  # three digits would do
            squares = np.square(block, dtype=np.float32, casting="same_kind")
            used = self.design.row_mask[rows, None].astype(np.float32)
            own += squares.T @ bend
            shared += squares.T @ used
            total, weight = total + bend.sum(axis=0), weight + used.sum()
        known = (shared > 0) & (own > 0)  # of the others a sample says nothing
        means = own * weight / np.where(known, shared, 1.0)
        return np.where(known, means / np.where(total > 0, total, 1.0), 1.0)

    @abc.abstractmethod
    def _sampled(self, curvature: Any, rows: slice, block: FloatArray) -> FloatArray:
        """Weighted second derivatives of a stretch of rows whose features are `block`, shape (row, neuron)."""

    def null_gram(self):
        if self._gram is None:
            n = self.n_features
            rows = self.weights
            if rows.shape[1] > 1:  # neurons that differ in their rows share the plain one
                rows = self.design.row_mask[:, None] / max(self.design.n_valid, 1)
            self._gram = np.zeros((n + 1, n + 1))
            self._gram[:n, :n] = self.design.gram(rows)[0]
            self._gram[n, :n] = self._gram[:n, n] = self.design.rmatvec(rows)[:, 0]
            self._gram[n, n] = 1.0
        return self._gram

    def features(self):
        return self.design.to_array()

    def select(self, columns):
        free = None if self.free is None else self.free[:, columns]
        y, weights, offset = (self._some(rows, columns) for rows in (self.y, self.weights, self._offset))
        some = self._like(y, weights, self.penalty.select(columns), free, offset, self.scale[columns])
        some.kin = None if self.kin is None else self.kin[columns]
        return some

    def with_scale(self, scale: FloatArray):
        """The same problem at other dispersions."""
        return self._like(self.y, self.weights, self.penalty, self.free, self._offset, scale)

    def _some(self, rows, columns: IntArray):
        """Columns of a row array; one that all neurons share stays as it is."""
        if rows is None or rows.shape[1] == 1:
            return rows
        some = self.take(rows, columns)
        return np.ascontiguousarray(some) if isinstance(some, np.ndarray) else some

    def _like(self, y, weights, penalty, free, offset, scale):
        return type(self)(self.design, y, weights, self.row_loss, penalty, free, offset, scale, self._gram)
