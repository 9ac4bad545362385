"""A GLM as a solver sees it: design, response, weights, observation model, inverse link and penalty meet here and only
here.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache

import numpy as np

from .._types import BoolArray, FloatArray
from .._x64 import enable_x64
from ..design._core import AbstractStandardized
from ..links import AbstractInverseLink
from ..observation_models import AbstractObservationModel
from ..solvers._core import AbstractProblem, Evaluation
from ..solvers._penalty import Penalty

__all__ = ["SAMPLE_ROWS", "GLMProblem", "RowLoss", "ratio_of"]

SAMPLE_ROWS = 1 << 15
"""Rows from which the diagonal of a Hessian is read."""


_MOST_FREE = 0.7
"""Share of its parameters below which second derivatives are computed for those that are free only."""


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


class GLMProblem(AbstractProblem):
    """Mean negative log-likelihood plus a penalty, for many neurons that share a standardised design.

    Parameters
    ----------
    design
        Standardised features.
    y
        Response, shape (design.n_rows, neuron); finite everywhere, padding included.
    weights
        Row weights that sum to one for each neuron: shape (design.n_rows, 1) if shared, else (design.n_rows, neuron).
    row_loss
        Observation model and inverse link.
    penalty
        In standardised units; nothing on intercepts.
    free
        Shape (n_features + 1, neuron), False where a coefficient is held at zero; None if all are free.
    offset
        Added to the predictor, shape (design.n_rows, 1 or neuron), or None.
    scale
        Dispersions, shape (neuron,), for observation models whose loss depends on them.
    gram
        Second moments of the design, if already known.
    """

    def __init__(
        self,
        design: AbstractStandardized,
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
        self.n_rows, self.n_features, self.n_neurons = design.n_rows, design.n_features, y.shape[1]
        self.scale = np.ones(self.n_neurons) if scale is None else scale

    @property
    def constant_start(self):
        return self.weights.shape[1] == 1 and self._offset is None

    @property
    def constant_curvature(self):
        return self.weights.shape[1] == 1 and self.row_loss.model.curvature_is_constant(self.row_loss.link)

    def start(self):
        if self._offset is None:
            return np.zeros((self.design.n_rows, self.n_neurons))
        return np.broadcast_to(self._offset, (self.design.n_rows, self.n_neurons))

    @property
    def has_offset(self) -> bool:
        """Whether rows differ by more than their features."""
        return self._offset is not None

    def mean_offset(self) -> FloatArray:
        """Weighted mean of the offset, shape (1,) or (neuron,)."""
        return np.sum(self.weights * self._offset, axis=0)

    def level(self, intercept):
        return np.broadcast_to(intercept, (self.design.n_rows, self.n_neurons))

    def predictor(self, params):
        return _add(self.design.matvec(params[:-1]), params[-1])

    def mean(self, params) -> FloatArray:
        """Mean response of every row, shape (n_rows, neuron), on the host."""
        with enable_x64():
            return np.asarray(self.row_loss.link(self.start() + np.asarray(self.predictor(params))))

    def evaluate(self, eta, direction, step):
        with enable_x64():
            out = _evaluate()(eta, direction, step, self.y, self.weights, self.scale, row_loss=self.row_loss)
            eta, residual, curvature, loss, slope = out
            return Evaluation(eta, np.asarray(loss), residual, curvature, np.asarray(slope))

    def gradient(self, residual):
        return np.vstack([self.design.rmatvec(residual), self.column_means(residual)])

    def relative_curvature(self, curvature):
        own, shared = np.zeros((self.n_features, self.n_neurons)), np.zeros((self.n_features, 1))
        total, weight = np.zeros(self.n_neurons), 0.0
        curvature = np.asarray(curvature) if _on_host(curvature) else curvature  # a slice in JAX is a program
        for rows, block in self.design.sample(SAMPLE_ROWS):
            squares, bend = np.square(block, out=block), np.asarray(curvature[rows])
            used = self.design.row_mask[rows, None].astype(np.float64)
            own += squares.T @ bend
            shared += squares.T @ used
            total, weight = total + bend.sum(axis=0), weight + used.sum()
        return ratio_of(own, total, shared, weight)

    def column_means(self, rows):
        if _on_host(rows):
            return np.asarray(rows).sum(axis=0)
        with enable_x64():
            return np.asarray(_column_sums()(rows))

    def hessian(self, curvature, columns):
        weights = self.take(curvature, columns)
        n = self.n_features
        hessian = np.empty((len(columns), n + 1, n + 1))
        hessian[:, :n, :n] = self.design.gram(weights)
        hessian[:, n, :n] = hessian[:, :n, n] = self.design.rmatvec(weights).T
        hessian[:, n, n] = self.column_means(weights)
        return hessian

    def hessian_of(self, curvature, column, rows, side):
        weights = self.take(curvature, np.array([column]))
        features, inner = rows[rows < self.n_features], rows < self.n_features
        hessian = np.empty((len(rows), len(rows)))
        hessian[np.ix_(inner, inner)] = self.design.gram_of(weights, features)
        if not inner.all():  # the intercept
            hessian[-1, :-1] = hessian[:-1, -1] = side[features]
            hessian[-1, -1] = side[-1]
        return hessian

    def hessians_of(self, curvature, columns, rows):
        if np.mean([len(some) for some in rows]) > _MOST_FREE * self.n_features:
            return super().hessians_of(curvature, columns, rows)
        sides = self.gradient(self.take(curvature, columns))
        return [
            self.hessian_of(curvature, column, some, side)
            for column, some, side in zip(columns, rows, sides.T, strict=True)
        ]

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
        weights = self.weights if self.weights.shape[1] == 1 else self.take(self.weights, columns)
        free = None if self.free is None else self.free[:, columns]
        offset = self._offset
        if offset is not None and offset.shape[1] > 1:
            offset = self.take(offset, columns)
        y, penalty = self.take(self.y, columns), self.penalty.select(columns)
        return GLMProblem(
            self.design, y, weights, self.row_loss, penalty, free, offset, self.scale[columns], self._gram
        )

    def narrowed(self, features):
        return self._on(self.design.narrowed(features))

    def thinned(self, n_rows):
        return self._on(self.design.thinned(n_rows))

    def _on(self, design: AbstractStandardized | None) -> GLMProblem | None:
        """The same problem on a relative of its design."""
        if design is None:
            return None
        other = copy.copy(self)
        other.design, other._gram = design, None
        return other

    def with_scale(self, scale: FloatArray) -> GLMProblem:
        """The same problem at other dispersions."""
        return GLMProblem(
            self.design, self.y, self.weights, self.row_loss, self.penalty, self.free, self._offset, scale, self._gram
        )

    def take(self, rows, columns):
        if len(columns) == rows.shape[1]:
            return rows
        if _on_host(rows):
            return np.asarray(rows)[:, columns]
        with enable_x64():
            return rows[:, columns]


def ratio_of(own: FloatArray, total: FloatArray, shared: FloatArray, weight: float) -> FloatArray:
    """Mean squares of features (feature, neuron) under each neuron's curvature over those under none; 1 where a sample
    says nothing.
    """
    known = (shared > 0) & (own > 0)
    means = own * weight / np.where(known, shared, 1.0)
    return np.where(known, means / np.where(total > 0, total, 1.0), 1.0)


def _on_host(rows) -> bool:
    """Whether a row array can be read without a copy between devices."""
    return isinstance(rows, np.ndarray) or next(iter(rows.devices())).platform == "cpu"


def _add(predictor, intercept: FloatArray):
    if isinstance(predictor, np.ndarray):
        predictor += intercept
        return predictor
    with enable_x64():
        return predictor + intercept


@cache
def _column_sums():
    import jax

    return jax.jit(lambda rows: rows.sum(axis=0))


@cache
def _evaluate():
    """The compiled pass over rows: loss, and its first and second derivative in the linear predictor, all neurons at
    once.
    """
    import jax
    import jax.numpy as jnp

    def evaluate(eta, direction, step, y, weights, scale, *, row_loss):
        eta = eta + step * direction
        ones = jnp.ones_like(eta)

        def loss(eta):
            return row_loss(y, eta, scale)

        def value_and_slope(eta):
            value, pullback = jax.vjp(loss, eta)
            return value, pullback(ones)[0]

        (value, first), (_, second) = jax.jvp(value_and_slope, (eta,), (ones,))
        used = weights > 0  # an overflow in a row that does not count is none
        residual = jnp.where(used, weights * first, 0.0)
        curvature = jnp.where(used, weights * jnp.maximum(second, 0.0), 0.0)
        total = jnp.where(used, weights * value, 0.0).sum(axis=0)
        return eta, residual, curvature, total, (residual * direction).sum(axis=0)

    return jax.jit(evaluate, static_argnames=("row_loss",))
