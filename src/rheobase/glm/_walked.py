r"""A GLM of features in memory, walked through block by block on all cores.

Products with a block of features are made in single precision, in half the time, together with the loss of its rows,
while all of it is in cache. What single precision cannot give is anchored: near the optimum predictor, residuals
:math:`r_0` and gradient :math:`g_0` are computed once in double precision, and from then on only what has changed goes
through single precision, :math:`g = g_0 + X^\top (r - r_0)`: an error relative to a small difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays.threads import products_for_each
from .._types import BoolArray, FloatArray, IntArray
from ..design._dense import StandardizedDense
from ..design._products import weighted_grams
from ..solvers._core import AbstractProblem, Evaluation
from ..solvers._penalty import Penalty
from ._block_rows import block_rows, column_dots
from ._problem import SAMPLE_ROWS, RowLoss, ratio_of

__all__ = ["WalkedProblem"]

_SINGLE, _ANCHORED = 1e-8, 1e-12
"""Relative error of a loss whose predictors came from single precision (it averages out over rows), and of one near an
anchor."""

_REACH = 1e-2
"""Relative distance from an anchor within which single precision leaves an error below 1e-9."""

_FEW_CURVATURES = 1 << 18
"""Entries of Hessians that are summed over small blocks (2 MB for each share of the rows)."""

_ROWS = 1 << 16
"""Rows whose curvature is held at a time for Hessians that are more than that."""


class WalkedProblem(AbstractProblem):
    """Mean negative log-likelihood plus a penalty, for many neurons that share features in the host's memory.

    Of every row and neuron the predictor is kept, its change along the last direction, and the residual at the anchor;
    the memory is used again. What `evaluate` gave holds until the second next evaluation, or as long as each of them
    starts from it; a direction until the next.

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
        Whether to work in double precision from the start.
    """

    constant_curvature = False

    def __init__(
        self,
        design: StandardizedDense,
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
        walk = design.walk(self.n_neurons)
        self._walk, self._sharp = walk.sharpened() if sharp else walk, sharp
        self._anchor: _Anchor | None = None
        self._trials = 1
        self._pool: list[FloatArray] = []
        self._last = self._change = None

    @property
    def constant_start(self):
        return self.weights.shape[1] == 1 and self._offset is None

    @property
    def has_offset(self) -> bool:
        """Whether rows differ by more than their features."""
        return self._offset is not None

    def mean_offset(self) -> FloatArray:
        """Weighted mean of the offset, shape (1,) or (neuron,)."""
        return np.einsum("ij,ij->j", self.weights[: self.n_rows], self._offset[: self.n_rows])

    def start(self):
        offset = np.zeros((1, 1)) if self._offset is None else self._offset[: self.n_rows]
        return np.broadcast_to(offset, (self.n_rows, self.n_neurons))

    def level(self, intercept):
        return _Change(None, np.broadcast_to(intercept, (self.n_rows, self.n_neurons)))

    def predictor(self, params):
        return _Change(params, None)

    def evaluate(self, eta, direction, step):
        fresh = direction.rows is None
        self._trials = 1 if fresh else self._trials + 1
        collects = fresh and self._is_hopeful
        new, walk = self._unused(eta), self._walk
        if fresh:
            plan = walk.plan(direction.params[:-1])
            level = direction.params[-1].astype(plan.dtype)
            if self._change is None or self._change.dtype != plan.dtype:
                self._change = np.empty((self.n_rows, self.n_neurons), dtype=plan.dtype)
            direction.rows = self._change

        def work(start: int, stop: int):
            change = direction.rows[start:stop]
            if fresh:
                block = walk.open(start, stop)
                np.add(walk.predictor(block, plan), level, out=change)
            here = np.multiply(change, step, out=new[start:stop])
            here += eta[start:stop]
            loss, residual, _ = self._rows(here.copy(), start, stop, curved=False)
            slope = column_dots(residual, change)
            return (loss, slope, *self._collect(block, residual, start, stop)) if collects else (loss, slope)

        loss, slope, *gradient = walk.each(work)
        residual = _Residual(new, self._gathered(*gradient) if collects else None)
        return Evaluation(new, loss, residual, _Curvature(new), slope)

    def _unused(self, eta: FloatArray) -> FloatArray:
        """An array for predictors that is neither `eta` nor the last one given: new memory costs more than to fill
        it.
        """
        free = [rows for rows in self._pool if rows is not eta and rows is not self._last]
        if not free:
            free = [np.empty((self.n_rows, self.n_neurons))]
            self._pool.append(free[0])
        self._last = free[0]
        return free[0]

    _is_hopeful = True
    """Whether first trials of line searches were good enough of late, so that their gradients are worth computing."""

    def gradient(self, residual):
        if isinstance(residual, _Curvature):
            return self._curved(residual.eta)
        self._is_hopeful = self._trials == 1
        if residual.gradient is None:

            def work(start: int, stop: int):
                _, rows, _ = self._rows(residual.eta[start:stop].copy(), start, stop, curved=False)
                return self._collect(self._walk.open(start, stop), rows, start, stop)

            residual.gradient = self._gathered(*self._walk.each(work))
        return residual.gradient

    def _collect(self, block: FloatArray, residual: FloatArray, start: int, stop: int):
        """Sums over a block of features times residuals, and of these, less those at the anchor."""
        if self._anchor is not None:
            residual -= self._anchor.residual[start:stop]
        return self._walk.collect(block, residual), residual.sum(axis=0)

    def _gathered(self, features, level) -> FloatArray:
        gradient = np.vstack([self._walk.finish(features), level])
        return gradient if self._anchor is None else gradient + self._anchor.gradient

    def _rows(self, eta: FloatArray, start: int, stop: int, columns: IntArray | slice = slice(None), *, curved=True):
        """Sum of the weighted loss over some rows (neuron,), and its derivatives (row, neuron); overwrites `eta`."""
        y, weights = self.y[start:stop, columns], self.weights[start:stop]
        weights = weights if weights.shape[1] == 1 else weights[:, columns]
        return block_rows(self.row_loss, y, eta, weights, self.scale[columns], self._walk.block_rows, curved=curved)

    @property
    def rounding(self):
        if self._sharp:
            return 0.0
        return _SINGLE if self._anchor is None else _ANCHORED

    def sharpen(self, params=None, who=None):
        if params is None:
            self._walk, self._sharp = self._walk.sharpened(), True
        if self._sharp or (self._anchor is not None and np.all(self._anchor.reaches(params) | ~who)):
            return None
        self._walk, self._anchor, single = self._walk.sharpened(), None, self._walk
        kept, self._is_hopeful = np.empty((self.n_rows, self.n_neurons)), False
        found = self.evaluate(self.start(), self.predictor(params), np.ones(self.n_neurons))

        def work(start: int, stop: int):
            _, residual, _ = self._rows(found.eta[start:stop].copy(), start, stop, curved=False)
            kept[start:stop] = residual
            return self._collect(self._walk.open(start, stop), residual, start, stop)

        found.residual.gradient = self._gathered(*self._walk.each(work))
        self._walk, self._is_hopeful = single, True
        self._anchor = _Anchor(params.copy(), kept, found.residual.gradient)
        return found

    def column_means(self, rows):
        if isinstance(rows, _Residual):
            return self.gradient(rows)[-1]
        everyone = slice(None)
        (total,) = self._walk.each(lambda *rows_of: (self._bend(rows.eta, *rows_of, everyone).sum(axis=0),))
        return total

    def relative_curvature(self, curvature):
        own, shared = np.zeros((self.n_features, self.n_neurons)), np.zeros((self.n_features, 1))
        total, weight = np.zeros(self.n_neurons), 0.0
        for rows, block in self.design.sample(SAMPLE_ROWS):
            bend = self._bend(curvature.eta, rows.start, rows.stop, slice(None)).astype(np.float32)
            squares = np.square(block, dtype=np.float32, casting="same_kind")  # three digits would do
            used = self.design.row_mask[rows, None].astype(np.float32)
            own += squares.T @ bend
            shared += squares.T @ used
            total, weight = total + bend.sum(axis=0), weight + used.sum()
        return ratio_of(own, total, shared, weight)

    def _bend(self, eta: FloatArray, start: int, stop: int, columns) -> FloatArray:
        """Weighted second derivatives of some rows, shape (row, column)."""
        size, parts = self._walk.block_rows, []
        for first in range(start, stop, size):
            last = min(first + size, stop)
            parts.append(self._rows(np.array(eta[first:last, columns]), first, last, columns)[2])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _curved(self, eta: FloatArray) -> FloatArray:
        """Features and ones times the curvature: the intercept's rows of the Hessians."""
        walk = self._walk.sharpened()

        def work(start: int, stop: int):
            curvature = self._bend(eta, start, stop, slice(None))
            return walk.collect(walk.open(start, stop), curvature), curvature.sum(axis=0)

        features, level = walk.each(work)
        return np.vstack([walk.finish(features), level])

    def hessian(self, curvature, columns):
        columns, n = np.asarray(columns), self.n_features
        if len(columns) * n**2 <= _FEW_CURVATURES:
            return np.stack(self._few_hessians(curvature, columns, [np.arange(n + 1)] * len(columns)))
        hessian = np.zeros((len(columns), n + 1, n + 1))
        x = self.design.to_array()
        for start in range(0, self.n_rows, _ROWS):
            rows = slice(start, min(start + _ROWS, self.n_rows))
            weights = np.empty((rows.stop - start, len(columns)))
            size = self._walk.block_rows

            def bend(first: int, rows=rows, weights=weights, size=size):
                last = min(first + size, rows.stop)
                weights[first - rows.start : last - rows.start] = self._bend(curvature.eta, first, last, columns)

            products_for_each(bend, range(rows.start, rows.stop, size))
            hessian[:, :n, :n] += weighted_grams(x[rows], weights)
            hessian[:, n, :n] += weights.T @ x[rows]
            hessian[:, n, n] += weights.sum(axis=0)
        hessian[:, :n, n] = hessian[:, n, :n]
        return hessian

    def hessians_of(self, curvature, columns, rows):
        if sum(len(some) ** 2 for some in rows) > _FEW_CURVATURES:
            return super().hessians_of(curvature, columns, rows)
        return self._few_hessians(curvature, np.asarray(columns), rows)

    def _few_hessians(self, curvature: _Curvature, columns: IntArray, rows: list[IntArray]) -> list[FloatArray]:
        """Second derivatives in some parameters of each column, the intercept the last of them, from blocks of features
        while they are in cache.
        """
        walk = self._walk.sharpened()
        runs, most = [_runs(some[:-1]) for some in rows], max(len(some) for some in rows)

        def work(start: int, stop: int):
            block = walk.open(start, stop)
            weights = self._bend(curvature.eta, start, stop, columns)
            found, space = [], np.empty(len(block) * most)
            for some, pieces, root in zip(rows, runs, np.sqrt(weights).T[..., None], strict=True):
                bent = space[: len(block) * len(some)].reshape(len(block), len(some))
                for here, there in pieces:
                    np.multiply(block[:, there], root, out=bent[:, here])
                bent[:, -1:] = root
                found.append(bent.T @ bent)
            return found

        return list(walk.each(work))

    def hessian_of(self, curvature, column, rows, side):
        return self.hessians_of(curvature, np.array([column]), [rows])[0]

    def null_gram(self):
        if self._gram is None:
            n = self.n_features
            self._gram = np.zeros((n + 1, n + 1))
            self._gram[:n, :n] = self.design.second_moments()
            self._gram[n, n] = 1.0
        return self._gram

    def features(self):
        return self.design.to_array()

    def select(self, columns):
        def some(rows):
            return rows if rows is None or rows.shape[1] == 1 else np.ascontiguousarray(rows[:, columns])

        free = None if self.free is None else self.free[:, columns]
        parts = some(self.y), some(self.weights), self.row_loss, self.penalty.select(columns), free, some(self._offset)
        problem = WalkedProblem(self.design, *parts, self.scale[columns], self._gram, self._sharp)
        problem._anchor = None if self._anchor is None else self._anchor.select(columns)
        return problem

    def with_scale(self, scale: FloatArray) -> WalkedProblem:
        """The same problem at other dispersions."""
        parts = self.y, self.weights, self.row_loss, self.penalty, self.free, self._offset
        return WalkedProblem(self.design, *parts, scale, self._gram, self._sharp)

    def take(self, rows, columns):
        return rows[:, columns] if isinstance(rows, np.ndarray) else rows.take(columns)


@dataclass
class _Change:
    """A direction: its parameters, and how the predictors of all rows change along it, once that is known."""

    params: Any
    rows: Any


@dataclass
class _Residual:
    """First derivatives of all rows, known by the predictors that they are taken at, and what they sum to."""

    eta: FloatArray
    gradient: FloatArray | None

    def take(self, columns) -> _Residual:
        return _Residual(self.eta[:, columns], None if self.gradient is None else self.gradient[:, columns])


@dataclass
class _Curvature:
    """Second derivatives of all rows, known by the predictors that they are taken at."""

    eta: FloatArray

    def take(self, columns) -> _Curvature:
        return _Curvature(self.eta[:, columns])


@dataclass
class _Anchor:
    """A point at which the residuals of all rows and the gradient are known in double precision."""

    params: FloatArray
    residual: FloatArray
    gradient: FloatArray

    def reaches(self, params: FloatArray) -> BoolArray:
        """Which neurons are so near that differences in single precision are precise enough, shape (neuron,)."""
        size = np.abs(params[:-1]).max(axis=0, initial=0.0)
        return np.abs(params - self.params).max(axis=0) <= _REACH * size

    def select(self, columns) -> _Anchor:
        return _Anchor(self.params[:, columns], self.residual[:, columns], self.gradient[:, columns])


def _runs(numbers: IntArray) -> list[tuple[slice, slice]]:
    """Ascending numbers as runs without a gap: where they stand, and what they are."""
    starts = np.flatnonzero(np.diff(numbers, prepend=-2) != 1)
    stops = [*starts[1:], len(numbers)]
    return [
        (slice(start, stop), slice(numbers[start], numbers[start] + stop - start))
        for start, stop in zip(starts, stops, strict=True)
    ]
