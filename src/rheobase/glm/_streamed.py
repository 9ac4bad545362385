"""A GLM of so many rows and neurons that nothing of shape (row, neuron) is kept.

To the solver it is a problem like any other, whose "row arrays" are handles: a predictor is the parameters that it came
from, a residual is the gradient that it led to. One evaluation is one walk over the design, which computes predictor,
loss, residual and gradient of a block of rows while it is in cache, blocks side by side on all cores.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from .._types import BoolArray, FloatArray
from .._x64 import enable_x64, on_host
from ..design._blockwise import AbstractBlockwise
from ..design._products import weighted_grams
from ..design._walk import AbstractWalk
from ..solvers._core import AbstractProblem, Evaluation
from ..solvers._penalty import Penalty
from ._host_rows import are_written_down, weighted_rows
from ._problem import SAMPLE_ROWS, RowLoss, ratio_of

__all__ = ["StreamedProblem"]

_SINGLE = 1e-8
"""Relative error of a loss whose predictors were products in single precision: it averages out over rows."""

_ANCHORED = 1e-12
"""The same where only what has changed since a point in double precision was such a product."""

_REACH = 1e-2
"""Relative distance from an anchor within which single precision leaves an error below 1e-9."""


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
        self._written_down = are_written_down(row_loss)
        self._walk, self._sharp = design.walk(self.n_neurons), sharp
        if sharp:
            self._walk = self._walk.sharpened()
        self._anchor: _Anchor | None = None

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
        loss, gradient, curvature = self._pass(params)
        slope = np.sum(gradient * direction, axis=0)
        return Evaluation(params, loss, gradient, _Curvature(params, curvature), slope)

    def _pass(self, params: FloatArray):
        """Loss, gradient and sum of curvatures of each neuron."""
        if self._anchor is None:
            return self._sums(self._walk, params, self._offset)
        change = params - self._anchor.params
        if not change.any():
            return self._anchor.found
        loss, gradient, curvature = self._sums(self._walk, change, self._anchor.eta, self._anchor.residual)
        return loss, gradient + self._anchor.found[1], curvature

    def _sums(self, walk: AbstractWalk, params: FloatArray, offset, known=None, keep: _Anchor | None = None):
        """One walk over the rows: sums of loss, of features times residuals less `known` ones, and of curvature; an
        anchor may `keep` predictor and residuals of all rows.
        """
        plan = walk.plan(params[:-1]) if params[:-1].any() else None
        columns = np.arange(self.n_neurons)

        def work(start: int, stop: int):
            block, size = walk.open(start, stop), stop - start
            eta = np.zeros((walk.padded(size), len(columns))) if plan is None else walk.predictor(block, plan)
            if keep is not None:
                keep.eta[start:stop] = eta[:size] + params[-1]
                if offset is not None:
                    keep.eta[start:stop] += offset[start:stop]
            loss, residual, level, curvature = self._block(eta, params[-1], start, stop, columns, offset)
            if keep is not None:
                keep.residual[start:stop] = residual
            if known is not None:
                residual = residual - known[start:stop]
                level = residual.sum(axis=0)
            return loss, level, curvature, walk.collect(block, residual)

        loss, level, curvature, features = walk.each(work)
        return loss, np.vstack([walk.finish(features), level]), curvature

    def _block(self, eta: FloatArray, intercept: FloatArray, start: int, stop: int, columns, offset):
        """Sums over the rows of a block of loss, residual and curvature, and the residuals between them."""
        if self._written_down:
            eta = eta[: stop - start]
            eta += intercept
            if offset is not None:
                eta += offset[start:stop]
            y, weights, _ = self._rows(start, stop, columns, stop - start, None)
            loss, residual, curvature = weighted_rows(self.row_loss, y, eta, weights)
            return loss, residual, residual.sum(axis=0), curvature.sum(axis=0)
        rows = self._rows(start, stop, columns, len(eta), offset)
        with enable_x64(), on_host():
            out = _block()(eta, intercept, *rows, self.scale, row_loss=self.row_loss)
            loss, residual, level, curvature = map(np.asarray, out)
        return loss, residual[: stop - start], level, curvature

    def _rows(self, start: int, stop: int, columns, size: int, offset):
        """Response, weights and offset of a block, each padded to `size` rows that do not count."""
        parts = [self.y[start:stop], self.weights[start:stop]]
        parts.append(np.zeros((stop - start, 1)) if offset is None else offset[start:stop])
        parts = [part if part.shape[1] in (1, len(columns)) else part[:, columns] for part in parts]
        if stop - start == size:
            return parts
        return [np.concatenate([part, np.zeros((size - len(part), part.shape[1]), part.dtype)]) for part in parts]

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
        if self._walk.sharpened() is self._walk:
            return 0.0
        return _SINGLE if self._anchor is None else _ANCHORED

    def sharpen(self, params=None, who=None):
        sharp = self._walk.sharpened()
        if params is None or not self._walk.precise_differences or sharp is self._walk:
            changed, self._walk, self._sharp = sharp is not self._walk, sharp, True
            return changed
        if self._anchor is not None and np.all(self._anchor.reaches(params) | ~who):
            return False
        shape = (self.n_rows, self.n_neurons)
        anchor = _Anchor(params.copy(), np.empty(shape), np.empty(shape))
        anchor.found = self._sums(sharp, params, self._offset, keep=anchor)
        self._anchor = anchor
        return True

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
        rows = self._rows(start, stop, columns, len(eta), self._offset)
        with enable_x64(), on_host():
            out = _curvature()(eta, params[-1], *rows, self.scale[columns], row_loss=self.row_loss)
            return np.asarray(out)[: stop - start]

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
        problem = StreamedProblem(self.design, *parts, self.scale[columns], self._gram, self._sharp)
        problem._anchor = None if self._anchor is None else self._anchor.select(columns)
        return problem

    def with_scale(self, scale: FloatArray) -> StreamedProblem:
        """The same problem at other dispersions."""
        parts = self.y, self.weights, self.row_loss, self.penalty, self.free, self._offset
        return StreamedProblem(self.design, *parts, scale, self._gram, self._sharp)

    def take(self, rows, columns):
        if isinstance(rows, _Curvature):
            return _Curvature(rows.params[:, columns], rows.total[columns])
        return rows[:, columns]


@dataclass
class _Anchor:
    """A point at which predictor and residuals of all rows are known in double precision."""

    params: FloatArray
    eta: FloatArray
    residual: FloatArray
    found: tuple[FloatArray, FloatArray, FloatArray] = ()
    """Loss, gradient and sum of curvatures there."""

    def reaches(self, params: FloatArray) -> BoolArray:
        """Which neurons are so near that differences in single precision are precise enough, shape (neuron,)."""
        size = np.abs(params[:-1]).max(axis=0, initial=0.0)
        return np.abs(params - self.params).max(axis=0) <= _REACH * size

    def select(self, columns) -> _Anchor:
        found = tuple(part[..., columns] for part in self.found)
        return _Anchor(self.params[:, columns], self.eta[:, columns], self.residual[:, columns], found)


class _Curvature:
    """Second derivatives of all rows, known by the parameters that they are taken at, and their sum."""

    def __init__(self, params: FloatArray, total: FloatArray):
        self.params, self.total = params, total


@cache
def _block():
    """The compiled pass over the rows of a block: sums of the loss, residuals, sums of these and of the curvature."""
    import jax
    import jax.numpy as jnp

    def evaluate(eta, intercept, y, weights, offset, scale, *, row_loss):
        value, first, second = _derivatives(eta + offset + intercept, y, scale, row_loss)
        used = weights > 0  # an overflow in a row that does not count is none
        residual = jnp.where(used, weights * first, 0.0)
        curvature = jnp.where(used, weights * jnp.maximum(second, 0.0), 0.0)
        loss = jnp.where(used, weights * value, 0.0).sum(axis=0)
        return loss, residual, residual.sum(axis=0), curvature.sum(axis=0)

    return jax.jit(evaluate, static_argnames=("row_loss",))


@cache
def _curvature():
    """The compiled second derivatives of a block's rows."""
    import jax
    import jax.numpy as jnp

    def evaluate(eta, intercept, y, weights, offset, scale, *, row_loss):
        _, _, second = _derivatives(eta + offset + intercept, y, scale, row_loss)
        return jnp.where(weights > 0, weights * jnp.maximum(second, 0.0), 0.0)

    return jax.jit(evaluate, static_argnames=("row_loss",))


def _derivatives(eta, y, scale, row_loss):
    """Loss of each row and its first and second derivative in the linear predictor."""
    import jax
    import jax.numpy as jnp

    ones = jnp.ones_like(eta)

    def value_and_slope(eta):
        value, pullback = jax.vjp(lambda eta: row_loss(y.astype(eta.dtype), eta, scale), eta)
        return value, pullback(ones)[0]

    (value, first), (_, second) = jax.jvp(value_and_slope, (eta,), (ones,))
    return value, first, second
