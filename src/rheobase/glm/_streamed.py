"""A GLM of so many rows and neurons that nothing of shape (row, neuron) is kept.

To the solver it is a problem like any other, whose "row arrays" are handles: a predictor is the parameters that it came
from, a residual is the gradient that it led to. One evaluation is one walk over the design, which computes predictor,
loss, residual and gradient of a block of rows while it is in cache, blocks side by side on all cores.
"""

from __future__ import annotations

import numpy as np

from .._types import BoolArray, FloatArray
from ..design._blockwise import AbstractBlockwise
from ..design._products import weighted_grams
from ..solvers._core import AbstractProblem, Evaluation
from ..solvers._penalty import Penalty
from ._block_rows import block_rows
from ._problem import SAMPLE_ROWS, RowLoss, ratio_of

__all__ = ["StreamedProblem"]

_SINGLE = 1e-8
"""Relative error of a loss whose predictors were products in single precision: it averages out over rows."""


class StreamedProblem(AbstractProblem):
    """Mean negative log-likelihood plus a penalty, evaluated block of rows by block of rows.

    Parameters
    ----------
    design
        Standardised features.
    y
        Response in the dtype it came in, shape (n_samples, neuron).
    weights
        Row weights that sum to one for each neuron, shape (n_samples or more, 1 or neuron).
    row_loss, penalty, free, offset, scale, gram
        As for `GLMProblem`.
    sharp
        Whether to walk in double precision from the start.
    """

    constant_start = False
    constant_curvature = False
    """The second moments of a large design are those of all its rows, not of the used ones: never an exact Hessian."""

    def __init__(
        self,
        design: AbstractBlockwise,
        y: np.ndarray,
        weights: FloatArray,
        row_loss: RowLoss,
        penalty: Penalty,
        free: BoolArray | None = None,
        offset: FloatArray | None = None,
        scale: FloatArray | None = None,
        gram: FloatArray | None = None,
        sharp: bool = False,
    ):
        self.design, self.y, self.weights, self.row_loss = design, y, weights, row_loss
        self.penalty, self.free, self._offset, self._gram = penalty, free, offset, gram
        self.n_rows, self.n_features, self.n_neurons = design.n_samples, design.n_features, y.shape[1]
        self.scale = np.ones(self.n_neurons) if scale is None else scale
        self._walk, self._sharp = design.walk(self.n_neurons), sharp
        if sharp:
            self._walk = self._walk.sharpened()

    @property
    def has_offset(self) -> bool:
        """Whether rows differ by more than their features."""
        return self._offset is not None

    def mean_offset(self) -> FloatArray:
        """Weighted mean of the offset, shape (1,) or (neuron,)."""
        return np.einsum("ij,ij->j", self.weights[: len(self._offset)], self._offset)

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
            loss, residual, level, curvature = self._block(eta, params[-1], start, stop, columns)
            return loss, level, curvature, walk.collect(block, residual)

        return walk.each(work)

    def _block(self, eta: FloatArray, intercept: FloatArray, start: int, stop: int, columns):
        """Sums over the rows of a block of loss, residual and curvature, and the residuals between them."""
        loss, residual, curvature = self._rows(eta, intercept, start, stop, columns)
        return loss, residual, residual.sum(axis=0), curvature.sum(axis=0)

    def _rows(self, eta: FloatArray, intercept: FloatArray, start: int, stop: int, columns):
        """Sum of the weighted loss over some rows (neuron,), and its derivatives (row, neuron); overwrites `eta`."""

        def some(rows):
            return rows if rows.shape[1] in (1, len(columns)) else rows[:, columns]

        eta = eta[: stop - start]
        eta += intercept
        if self._offset is not None:
            eta += some(self._offset[start:stop])
        y, weights = some(self.y[start:stop]), some(self.weights[start:stop])
        return block_rows(self.row_loss, y, eta, weights, self.scale[columns], stop - start)

    def gradient(self, residual):
        if isinstance(residual, _Curvature):
            return self._curved(residual.params)
        return residual

    def relative_curvature(self, curvature):
        params, everyone = curvature.params, np.arange(self.n_neurons)
        own, shared = np.zeros((self.n_features, self.n_neurons)), np.zeros((self.n_features, 1))
        total, weight = np.zeros(self.n_neurons), 0.0
        for rows, block in self.design.sample(SAMPLE_ROWS):
            bend = self._curvature(block @ params[:-1], params, rows.start, rows.stop, everyone).astype(np.float32)
            squares = np.square(block, dtype=np.float32, casting="same_kind")  # three digits would do
            used = self.design.row_mask[rows, None].astype(np.float32)
            own += squares.T @ bend
            shared += squares.T @ used
            total, weight = total + bend.sum(axis=0), weight + used.sum()
        return ratio_of(own, total, shared, weight)

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

    def select(self, columns):
        def some(rows):
            return rows if rows is None or rows.shape[1] == 1 else np.ascontiguousarray(rows[:, columns])

        free = None if self.free is None else self.free[:, columns]
        parts = some(self.y), some(self.weights), self.row_loss, self.penalty.select(columns), free, some(self._offset)
        return StreamedProblem(self.design, *parts, self.scale[columns], self._gram, self._sharp)

    def with_scale(self, scale: FloatArray) -> StreamedProblem:
        """The same problem at other dispersions."""
        parts = self.y, self.weights, self.row_loss, self.penalty, self.free, self._offset
        return StreamedProblem(self.design, *parts, scale, self._gram, self._sharp)

    def take(self, rows, columns):
        if isinstance(rows, _Curvature):
            return _Curvature(rows.params[:, columns], rows.total[columns])
        return rows[:, columns]


class _Curvature:
    """Second derivatives of all rows, known by the parameters that they are taken at, and their sum."""

    def __init__(self, params: FloatArray, total: FloatArray):
        self.params, self.total = params, total
