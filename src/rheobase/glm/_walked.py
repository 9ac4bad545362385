r"""A GLM of features in memory, walked through block by block on all cores.

Products with a block of features are made in single precision, in half the time, together with the loss of its rows,
while all of it is in cache. What single precision cannot give is anchored: near the optimum predictor, residuals
:math:`r_0` and gradient :math:`g_0` are computed once in double precision, and from then on only what has changed goes
through single precision, :math:`g = g_0 + X^\top (r - r_0)`: an error relative to a small difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from .._arrays.space import Space
from .._types import BoolArray, FloatArray, IntArray
from ..design._dense import StandardizedDense
from ..design._dense_walk import DenseWalk
from ..solvers._core import Evaluation
from ._block_rows import SHORT, block_rows, column_dots, column_sums, shared_levels
from ._row_problem import AbstractRowProblem
from ._walked_hessians import few_hessians, rough_hessians, whole_hessians

__all__ = ["WalkedProblem", "rows_of_an_estimate"]

_SINGLE, _MIXED, _ANCHORED = 3e-7, 1e-8, 1e-12
"""Relative error of a loss in single precision, of one in double whose predictors came from single precision (it
averages out over rows), and of one near an anchor."""

_REACH = 1e-2
"""Relative distance from an anchor within which single precision leaves an error below 1e-9."""

_FEW_CURVATURES = 1 << 18
"""Entries of Hessians that are summed over small blocks (2 MB for each share of the rows)."""

_FEW_OTHERS = 4
"""One neuron in so many, or fewer, may need another step than the rest: then only theirs are evaluated again."""

_THIN, _LEAST_THIN = 6, 24
"""Hessians from this many rows for each ratio of rows and features cost about as much as a pass; and how many rows for
each feature are worth it."""

_ALL = slice(None)


class WalkedProblem(AbstractRowProblem):
    """A problem whose features are in the host's memory.

    Of every row and neuron the predictor is kept, its change along the last direction, and the residual at the anchor;
    the memory is used again. What `evaluate` gave holds until the second next evaluation, or as long as each of them
    starts from it, but not when its direction is tried with other steps; a direction holds until the next.

    Parameters
    ----------
    design, y, weights, row_loss, penalty, free, offset, scale, gram
        As for every `AbstractRowProblem`; the response in the dtype it came in.
    sharp
        Whether to work in double precision from the start.
    """

    constant_curvature = False

    design: StandardizedDense

    def __init__(self, *parts: Any, sharp: bool = False):
        super().__init__(*parts)
        self._walk, self._sharp = self.design.walk(self.n_neurons, single=not sharp), sharp
        self._anchor: _Anchor | None = None
        model, link = self.row_loss.model, self.row_loss.link
        one = np.zeros((1, 1))
        self._is_written = model.derivatives(one, one, link, (one.copy(), one.copy(), one.copy()))
        self._space = Space()
        self._levels = shared_levels(self.weights[: self.n_rows], self._walk.block_rows)
        self._trials, self._is_hopeful = 1, True
        self._pool: list[FloatArray] = []
        self._last = self._change = None
        self._known: dict[str, tuple[np.ndarray, FloatArray]] = {}

    @property
    def _dtype(self):
        """Precision of predictors: far from the optimum single is enough, where no program is compiled for it."""
        is_exact = self._sharp or self._anchor is not None or not self._is_written
        return np.dtype(np.float64 if is_exact else np.float32)

    def start(self):
        return np.broadcast_to(0.0 if self._offset is None else self._offset, self.y.shape)

    def level(self, intercept):
        return _Change(None, np.broadcast_to(intercept, self.y.shape))

    def predictor(self, params):
        return _Change(params, None)

    def evaluate(self, eta, direction, step):
        if direction.rows is None:
            self._trials = 1
            # first trials of line searches that were good enough of late: their gradients are worth computing
            return self._evaluate(self._walk, eta, direction, step, self._dtype, collects=self._is_hopeful)
        if direction.trial is not None:
            others = np.flatnonzero(step != direction.trial[0])
            if not others.size:
                return direction.trial[1]
            if _FEW_OTHERS * len(others) <= self.n_neurons:
                return self._again(eta, direction, step, others)
        self._trials = 1 if direction.trial is None else self._trials + 1
        return self._evaluate(self._walk, eta, direction, step, self._dtype, collects=False)

    def _evaluate(
        self, walk: DenseWalk, eta: FloatArray, direction: _Change, step, dtype, *, collects: bool
    ) -> Evaluation:
        new, fresh = self._unused(eta, dtype), direction.rows is None
        if fresh:
            plan = walk.plan(direction.params[:-1])
            level = _repeated(direction.params[-1].astype(plan.dtype), walk.block_rows)
            if self._change is None or self._change.dtype != plan.dtype:
                self._change = np.empty(self.y.shape, dtype=plan.dtype)
            direction.rows = self._change
        stretch = None if np.all(step == 1.0) else _repeated(step.astype(new.dtype), walk.block_rows)
        self._known_in(new.dtype)  # before threads ask for it

        def work(start: int, stop: int):
            change, here = direction.rows[start:stop], new[start:stop]
            if fresh:
                block = walk.open(start, stop)
                walk.predictor(block, plan, change)
                change += level[: stop - start]
            if stretch is None:
                np.add(change, eta[start:stop], out=here)
            else:
                np.multiply(change, stretch[: stop - start], out=here)
                here += eta[start:stop]
            loss, residual, _ = self._rows(here, start, stop, curved=False)
            slope = column_dots(residual, change, self._space)
            return (loss, slope, *self._collect(walk, block, residual, start, stop)) if collects else (loss, slope)

        loss, slope, *gradient = walk.each(work)
        residual = _Residual(new, self._gathered(*gradient) if collects else None)
        found = Evaluation(new, loss, residual, _Curvature(new), slope)
        direction.trial = step, found
        return found

    def _again(self, eta: FloatArray, direction: _Change, step, others: IntArray) -> Evaluation:
        """Evaluate the last trial once more for a few neurons whose step is another, in place."""
        last = direction.trial[1]
        new, known = last.eta, last.residual.gradient
        length = step[others].astype(new.dtype)

        def work(start: int, stop: int):
            change = direction.rows[start:stop, others]
            here = np.multiply(change, length, dtype=new.dtype)
            here += eta[start:stop, others]
            new[start:stop, others] = here
            loss, residual, _ = self._rows(here, start, stop, others, curved=False)
            slope = column_dots(residual, change, self._space)
            if known is None:
                return loss, slope
            return loss, slope, *self._collect(self._walk, self._walk.open(start, stop), residual, start, stop, others)

        loss, slope, *gradient = self._walk.each(work)
        loss, slope = _replaced(last.loss, others, loss), _replaced(last.slope, others, slope)
        if known is not None:
            known = _replaced(known, others, self._gathered(*gradient, columns=others))
        found = Evaluation(new, loss, _Residual(new, known), _Curvature(new), slope)
        direction.trial = step, found
        return found

    def _unused(self, eta: FloatArray, dtype) -> FloatArray:
        """An array for predictors that is neither `eta` nor the last one given: new memory costs more than to fill
        it.
        """
        self._pool = [rows for rows in self._pool if rows.dtype == dtype]
        free = [rows for rows in self._pool if rows is not eta and rows is not self._last]
        if not free:
            free = [np.empty(self.y.shape, dtype=dtype)]
            self._pool.append(free[0])
        self._last = free[0]
        return free[0]

    def gradient(self, residual):
        if isinstance(residual, _Curvature):
            return self._curved(residual.eta)
        self._is_hopeful = self._trials == 1
        if residual.gradient is None:
            residual.gradient = self._gradient_at(self._walk, residual.eta)
        return residual.gradient

    def _gradient_at(self, walk: DenseWalk, eta: FloatArray, keep: FloatArray | None = None) -> FloatArray:
        """Gradient at some predictors, whose residuals may be kept in an array of that shape."""
        self._known_in(eta.dtype)  # before threads ask for it

        def work(start: int, stop: int):
            _, residual, _ = self._rows(eta[start:stop], start, stop, curved=False)
            if keep is not None:
                keep[start:stop] = residual
            return self._collect(walk, walk.open(start, stop), residual, start, stop)

        return self._gathered(*walk.each(work))

    def _collect(self, walk: DenseWalk, block: FloatArray, residual: FloatArray, start: int, stop: int, columns=_ALL):
        """Sums over a block of features times residuals, and of these, less those at the anchor."""
        if self._anchor is not None:
            residual -= self._anchor.residual[start:stop, columns]
        sums = column_sums(residual)
        if residual.dtype != block.dtype:
            narrow = self._space("narrow", residual.shape, block.dtype)
            narrow[...] = residual
            residual = narrow
        return walk.collect(block, residual), sums

    def _gathered(self, features, level, columns=_ALL) -> FloatArray:
        gradient = np.vstack([self._walk.finish(features), level])
        return gradient if self._anchor is None else gradient + self._anchor.gradient[:, columns]

    def _rows(self, eta: FloatArray, start: int, stop: int, columns: IntArray | slice = _ALL, *, curved=True):
        """Sum of the weighted loss over some rows (neuron,), and its derivatives (row, neuron), for now."""
        y, weights = self._known_in(eta.dtype)
        y, weights, size = y[start:stop, columns], weights[start:stop], self._walk.block_rows
        weights = weights if weights.shape[1] == 1 else weights[:, columns]
        level = float(self._levels[start // size]) if start % size == 0 else np.nan
        options = {"level": level, "curved": curved}
        return block_rows(self.row_loss, y, eta, weights, self.scale[columns], size, self._space, **options)

    def _known_in(self, dtype) -> tuple[np.ndarray, FloatArray]:
        """Response and weights in a precision (a block of mixed ones takes NumPy twice as long), weights of a few
        neurons written out where they differ between rows.
        """
        found = self._known.get(dtype.char)
        if found is None:
            y, weights = self.y, self.weights[: self.n_rows]
            if dtype == np.float32:
                y = y if y.itemsize < dtype.itemsize else y.astype(dtype)
                weights = weights.astype(dtype)
            if weights.shape[1] == 1 and self.n_neurons < SHORT and np.isnan(self._levels).any():
                weights = np.repeat(weights, self.n_neurons, axis=1)
            found = self._known[dtype.char] = y, weights
        return found

    @property
    def rounding(self):
        if self._sharp:
            return 0.0
        if self._anchor is not None:
            return _ANCHORED
        return _SINGLE if self._dtype == np.float32 else _MIXED

    def sharpen(self, params=None, who=None):
        if params is None:
            self._walk, self._sharp = self._walk.sharpened(), True
        if self._sharp or (self._anchor is not None and np.all(self._anchor.reaches(params) | ~who)):
            return None
        self._anchor, sharp = None, self._walk.sharpened()
        here = self.predictor(params), np.ones(self.n_neurons), np.dtype(np.float64)
        found = self._evaluate(sharp, self.start(), *here, collects=False)
        kept = np.empty(self.y.shape)
        found.residual.gradient = self._gradient_at(sharp, found.eta, kept)
        self._anchor = _Anchor(params.copy(), kept, found.residual.gradient)
        return found

    def column_means(self, rows):
        if isinstance(rows, _Residual):
            return self.gradient(rows)[-1]

        def work(start: int, stop: int):
            return (column_sums(self._bend(rows.eta, start, stop, _ALL)),)

        return self._walk.each(work)[0]

    def _sampled(self, curvature, rows, block):
        return self._bend(curvature.eta, rows.start, rows.stop, _ALL)

    def _bend(self, eta: FloatArray, start: int, stop: int, columns) -> FloatArray:
        """Weighted second derivatives of some rows, shape (row, column)."""
        size, parts = self._walk.block_rows, []
        for first in range(start, stop, size):
            last = min(first + size, stop)
            here = eta[first:last, columns].astype(np.float64, copy=False)
            parts.append(self._rows(here, first, last, columns)[2].copy())
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _curved(self, eta: FloatArray) -> FloatArray:
        """Features and ones times the curvature: the intercept's rows of the Hessians."""
        walk = self._walk.sharpened()

        def work(start: int, stop: int):
            curvature = self._bend(eta, start, stop, _ALL)
            return walk.collect(walk.open(start, stop), curvature), column_sums(curvature)

        features, level = walk.each(work)
        return np.vstack([self._walk.finish(features), level])

    def hessian(self, curvature, columns):
        columns, n = np.asarray(columns), self.n_features
        bend = partial(self._bend, curvature.eta)
        if len(columns) * n**2 <= _FEW_CURVATURES:
            everything = [np.arange(n + 1)] * len(columns)
            return np.stack(few_hessians(self._walk.sharpened(), bend, columns, everything))
        return whole_hessians(self.design.to_array(), self.n_rows, self._walk.block_rows, bend, columns)

    def hessians_of(self, curvature, columns, rows):
        if sum(len(some) ** 2 for some in rows) > _FEW_CURVATURES:
            return super().hessians_of(curvature, columns, rows)
        bend = partial(self._bend, curvature.eta)
        return few_hessians(self._walk.sharpened(), bend, np.asarray(columns), rows)

    @property
    def thin_rows(self):
        each = 1 if self.kin is None else self.n_neurons // max(len(np.unique(self.kin)), 1)
        return rows_of_an_estimate(self.n_rows, self.n_features, each)

    def rough_hessians(self, curvature, columns, rows, n_rows):
        step = max(self.n_rows // n_rows, 1)
        thin, size = slice(None, None, step), self._walk.block_rows
        weights = self.weights[: self.n_rows][thin]
        weights = weights if weights.shape[1] == 1 else weights[:, columns]
        y, eta = self.y[thin][:, columns], curvature.eta[thin][:, columns].astype(np.float64, copy=False)
        roots = np.empty(eta.shape, dtype=np.float32)
        for start in range(0, len(eta), size):
            some = slice(start, start + size)
            block = y[some], eta[some], weights[some]
            roots[some] = np.sqrt(block_rows(self.row_loss, *block, self.scale[columns], size, self._space)[2])
        roots /= np.sqrt(np.maximum(weights.sum(axis=0), np.finfo(np.float64).tiny))
        return rough_hessians(self.design.in_single()[thin], roots, rows)

    def hessian_of(self, curvature, column, rows, side):
        return self.hessians_of(curvature, np.array([column]), [rows])[0]

    def select(self, columns):
        problem = super().select(columns)
        problem._anchor = None if self._anchor is None else self._anchor.select(columns)
        return problem

    def _like(self, *parts):
        y, weights, *rest = parts
        return WalkedProblem(self.design, y, weights, self.row_loss, *rest, self._gram, sharp=self._sharp)

    def take(self, rows, columns):
        return rows[:, columns] if isinstance(rows, np.ndarray) else rows.take(columns)


@dataclass
class _Change:
    """A direction: its parameters, how the predictors of all rows change along it, once that is known, and which steps
    were tried last, with what was found.
    """

    params: Any
    rows: Any
    trial: tuple[FloatArray, Evaluation] | None = None


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


def rows_of_an_estimate(n_rows: int, n_features: int, shared_by: int = 1) -> int:
    """Rows from which Hessians, each shared by so many neurons, are estimated; 0 if they would tell too little."""
    some = min(_THIN * shared_by * n_rows // max(n_features, 1), n_rows)
    return some if some >= _LEAST_THIN * n_features else 0


def _repeated(row: FloatArray, n_rows: int) -> FloatArray:
    """A row of numbers (neuron,) for each row of a block: a few written out, for NumPy goes over short rows slowly."""
    return np.repeat(row[None], n_rows, axis=0) if row.size < SHORT else np.broadcast_to(row, (n_rows, row.size))


def _replaced(values: FloatArray, columns: IntArray, some: FloatArray) -> FloatArray:
    """A copy with other values in some columns."""
    values = values.copy()
    values[..., columns] = some
    return values
