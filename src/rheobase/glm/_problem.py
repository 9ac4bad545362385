"""A GLM as a solver sees it: design, response, weights, observation model, inverse link and penalty meet here and only
here.
"""

from __future__ import annotations

import copy
from functools import cache

import numpy as np

from .._types import FloatArray
from .._x64 import enable_x64
from ..design._core import AbstractStandardized
from ..solvers._core import Evaluation
from ._row_problem import AbstractRowProblem

__all__ = ["GLMProblem"]

_MOST_FREE = 0.7
"""Share of its parameters below which second derivatives are computed for those that are free only."""


class GLMProblem(AbstractRowProblem):
    """A problem that keeps whole arrays of every row and neuron: predictor, residual, curvature.

    Parameters
    ----------
    design, y, weights, row_loss, penalty, free, offset, scale, gram
        As for every `AbstractRowProblem`; arrays of rows have `design.n_rows` of them, padding included.
    """

    @property
    def constant_curvature(self):
        return self.weights.shape[1] == 1 and self.row_loss.model.curvature_is_constant(self.row_loss.link)

    def start(self):
        if self._offset is None:
            return np.zeros((self.design.n_rows, self.n_neurons))
        return np.broadcast_to(self._offset, (self.design.n_rows, self.n_neurons))

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

    def _sampled(self, curvature, rows, block):
        if not _on_host(curvature):
            return np.asarray(curvature[rows])
        return np.asarray(curvature)[rows]  # a slice in JAX is a program

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

    def take(self, rows, columns):
        if len(columns) == rows.shape[1]:
            return rows
        if _on_host(rows):
            return np.asarray(rows)[:, columns]
        with enable_x64():
            return rows[:, columns]


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
