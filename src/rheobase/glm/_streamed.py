"""A GLM of so many rows and neurons that nothing of shape (row, neuron) is kept.

To the solver it is a problem like any other, whose "row arrays" are handles: a predictor is the parameters that it came
from, a residual is the gradient that it led to. One evaluation is one walk over the design, which computes predictor,
loss, residual and gradient of a block of rows while it is in cache, blocks side by side on all cores.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays.space import Space
from .._types import FloatArray
from ..design._blockwise import AbstractBlockwise
from ..design._products import weighted_grams
from ..solvers._core import Evaluation
from ._block_rows import block_rows
from ._row_problem import AbstractRowProblem

__all__ = ["StreamedProblem"]

_SINGLE = 1e-8
"""Relative error of a loss whose predictors were products in single precision: it averages out over rows."""


class StreamedProblem(AbstractRowProblem):
    """A problem that is evaluated block of rows by block of rows.

    Parameters
    ----------
    design, y, weights, row_loss, penalty, free, offset, scale, gram
        As for every `AbstractRowProblem`; the response in the dtype it came in.
    sharp
        Whether to walk in double precision from the start.
    """

    constant_start = False
    constant_curvature = False
    """The second moments of a large design are those of all its rows, not of the used ones: never an exact Hessian."""

    design: AbstractBlockwise

    def __init__(self, *parts: Any, sharp: bool = False):
        super().__init__(*parts)
        walk = self.design.walk(self.n_neurons)
        self._walk, self._sharp = walk.sharpened() if sharp else walk, sharp
        self._space = Space()

    def start(self):
        return np.zeros((self.n_features + 1, self.n_neurons))

    def level(self, intercept):
        return np.vstack([np.zeros((self.n_features, self.n_neurons)), intercept])

    def predictor(self, params):
        return params

    def evaluate(self, eta, direction, step):
        params = eta + step * direction
        loss, residual, curvature, features = self._pass(params, np.arange(self.n_neurons))
        gradient = np.vstack([self._walk.finish(features), residual])
        slope = np.sum(gradient * direction, axis=0)
        return Evaluation(params, loss, gradient, _Curvature(params, curvature), slope)

    def _pass(self, params: FloatArray, columns):
        """Sums over rows of loss, residual and curvature, and of features times residual in the walk's own form."""
        walk = self._walk
        plan = walk.plan(params[:-1]) if params[:-1].any() else None

        def work(start: int, stop: int):
            block = walk.open(start, stop)
            size = stop - start
            eta = np.zeros((size, len(columns))) if plan is None else walk.predictor(block, plan)
            loss, residual, curvature = self._rows(eta, params[-1], start, stop, columns)
            return loss, residual.sum(axis=0), curvature.sum(axis=0), walk.collect(block, residual)

        return walk.each(work)

    def _rows(self, eta: FloatArray, intercept: FloatArray, start: int, stop: int, columns):
        """Sum of the weighted loss over some rows (neuron,), and its derivatives (row, neuron); overwrites `eta`."""

        def some(rows):
            return rows if rows.shape[1] in (1, len(columns)) else rows[:, columns]

        eta = eta[: stop - start]
        eta += intercept
        if self._offset is not None:
            eta += some(self._offset[start:stop])
        y, weights = some(self.y[start:stop]), some(self.weights[start:stop])
        return block_rows(self.row_loss, y, eta, weights, self.scale[columns], stop - start, self._space)

    def gradient(self, residual):
        if isinstance(residual, _Curvature):
            return self._curved(residual.params)
        return residual

    def _sampled(self, curvature, rows, block):
        params = curvature.params
        return self._curvature(block @ params[:-1], params, rows.start, rows.stop, np.arange(self.n_neurons))

    @property
    def rounding(self):
        return 0.0 if self._walk.sharpened() is self._walk else _SINGLE

    def sharpen(self, params=None, who=None):
        sharp = self._walk.sharpened()
        if sharp is self._walk:
            return None
        self._walk, self._sharp = sharp, True
        return None if params is None else self.evaluate(self.start(), params, np.ones(self.n_neurons))

    def column_means(self, rows):
        return rows.total if isinstance(rows, _Curvature) else rows[-1]

    def _curved(self, params: FloatArray) -> FloatArray:
        """Features and ones times the curvature at `params`: the intercept's rows of the Hessians."""
        walk = self._walk
        plan = walk.plan(params[:-1])

        def work(start: int, stop: int):
            block = walk.open(start, stop)
            curvature = self._curvature(walk.predictor(block, plan), params, start, stop, np.arange(self.n_neurons))
            return curvature.sum(axis=0), walk.collect(block, curvature)

        level, features = walk.each(work)
        return np.vstack([walk.finish(features), level])

    def _curvature(self, eta: FloatArray, params: FloatArray, start: int, stop: int, columns) -> FloatArray:
        return self._rows(eta, params[-1], start, stop, columns)[2]

    def hessian(self, curvature, columns):
        """Exact, by one walk over the features themselves."""
        params, n = curvature.params[:, columns], self.n_features
        hessian = np.zeros((len(columns), n + 1, n + 1))
        for rows, block in self.design.blocks():
            eta = block @ params[:-1]
            weights = self._curvature(eta, params, rows.start, rows.stop, np.asarray(columns))
            side = weights.T @ block
            hessian[:, :n, :n] += weighted_grams(block, weights)
            hessian[:, n, :n] += side
            hessian[:, n, n] += weights.sum(axis=0)
        hessian[:, :n, n] = hessian[:, n, :n]
        return hessian

    def hessian_of(self, curvature, column, rows, side):
        return self.hessian(curvature, np.array([column]))[0][np.ix_(rows, rows)]

    def null_gram(self):
        if self._gram is None:
            n = self.n_features
            self._gram = np.zeros((n + 1, n + 1))
            self._gram[:n, :n] = self.design.second_moments()
            self._gram[n, n] = 1.0
        return self._gram

    def features(self):
        msg = (
            f"this solver needs the features as one array, {self.n_rows:,} x {self.n_features:,}, and they are made "
            "block by block. Use solver_name=None, 'GramLBFGS' or 'Newton'."
        )
        raise MemoryError(msg)

    def _like(self, *parts):
        y, weights, *rest = parts
        return StreamedProblem(self.design, y, weights, self.row_loss, *rest, self._gram, sharp=self._sharp)

    def take(self, rows, columns):
        if isinstance(rows, _Curvature):
            return _Curvature(rows.params[:, columns], rows.total[columns])
        return rows[:, columns]


class _Curvature:
    """Second derivatives of all rows, known by the parameters that they are taken at, and their sum."""

    def __init__(self, params: FloatArray, total: FloatArray):
        self.params, self.total = params, total
