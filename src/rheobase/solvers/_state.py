"""What all native solvers keep while neurons move: parameters, predictor, evaluation, and who has stopped how.

Neurons that have stopped keep their place with step zero until half of them have; then their columns leave the batch,
so that no time is spent on them and few array shapes are compiled.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .._types import BoolArray, FloatArray, IntArray
from . import line_search
from ._core import AbstractProblem, Evaluation, Result, Trace
from ._linear import solve_spd

__all__ = ["FLAT_STEP", "Batch"]

FLAT_STEP = 1e-4
"""A longer step that would change the loss by rounding only shows that the loss is flat, not that it has a minimum
there: rounding of the loss allows for steps of about the square root of it."""

_ELEMENTWISE = 20
"""Features whose products cost as much as evaluating the loss of a row."""

_REGULAR = 1e-4
"""Ridge, relative to the curvature of a standardised feature, from which single precision leaves Hessians regular."""

_MIDDLING, _LARGE = 5e7, 2e8
"""Rows x features x neurons at which a pass costs about 5 and 20 ms on 2 cores."""


def _inside(matrix: FloatArray, rows) -> FloatArray:
    """A copy of some rows and columns."""
    return matrix.copy() if isinstance(rows, slice) else matrix[np.ix_(rows, rows)]


class Batch:
    """Neurons on their way down.

    Parameters
    ----------
    problem
        All neurons.
    params
        Start, shape (n_features + 1, neuron).

    Attributes
    ----------
    params : FloatArray
        Parameters of the columns still in the batch.
    moving : BoolArray
        Which of these columns still move.
    passes, hessians_made : int
        Products over all rows, and Hessians, so far.
    """

    def __init__(self, problem: AbstractProblem, params: FloatArray):
        n = problem.n_neurons
        self._all_params = params.copy()
        self._result = np.full(n, Result.MAX_ITERATIONS)
        self._n_iter = np.zeros(n, dtype=np.int64)
        self._all_loss = np.full(n, np.nan)
        self.columns = np.arange(n)
        self.problem = problem
        self.params = params.copy() if problem.penalty.box is None else problem.penalty.box.clip(params)
        self.moving = np.ones(n, dtype=bool)
        self.passes = 0
        self.hessians_made = 0
        self._constant = not np.any(self.params[:-1])
        self._evaluate_start()

    def _evaluate_start(self) -> None:
        zero = self.problem.start()
        if self._constant:
            change = self.problem.level(self.params[-1])
        else:
            change = self.problem.predictor(self.params)
            self.passes += 1
        self.now: Evaluation = self.problem.evaluate(zero, change, np.ones(self.params.shape[1]))
        self.objective = self.now.loss + self._penalty(self.params)
        self._first_loss = np.abs(self.now.loss)
        self.iteration = 0
        self.last_step = np.zeros(self.params.shape[1])
        self.predicted = np.full(self.params.shape[1], np.inf)
        self.failed = np.zeros(self.params.shape[1], dtype=bool)

    @property
    def n_moving(self) -> int:
        """How many neurons still move."""
        return int(np.count_nonzero(self.moving))

    @property
    def noise(self) -> FloatArray:
        """Changes of the objective below this are rounding, shape (neuron,).

        Of the loss that there is, or of that at the start: perfectly predicted responses have a loss that goes to zero.
        """
        here = 4 * np.maximum(np.abs(self.objective), np.abs(self.now.loss))
        return np.finfo(np.float64).eps * np.maximum(here, self._first_loss)

    @property
    def is_at_null(self) -> bool:
        """Whether the predictor is the same in all rows, so that the shared second moments are the Hessian."""
        return self._constant and self.problem.constant_start

    @property
    def blur(self) -> FloatArray:
        """Changes of the objective below this are lost on a problem that rounds, shape (neuron,)."""
        return self.problem.rounding * np.abs(self.now.loss)

    @property
    def size(self) -> FloatArray:
        """Largest coefficient (in units of the features' spread), shape (neuron,): what accuracy is relative to."""
        return np.maximum(np.abs(self.params[:-1]).max(axis=0, initial=0.0), 1e-9)

    def _penalty(self, params: FloatArray) -> FloatArray:
        return self.problem.penalty.smooth(params) + self.problem.penalty.kinks(params)

    def gradient(self) -> FloatArray:
        """Gradient of the objective without kinks, zero where a coefficient is held, shape (n_features + 1, neuron)."""
        self.passes += 1
        gradient = self.problem.gradient(self.now.residual) + self.problem.penalty.gradient(self.params)
        return gradient if self.problem.free is None else gradient * self.problem.free

    def sharpen(self, who: BoolArray) -> bool:
        """Let the problem compute exactly for some neurons, and evaluate it anew where we stand; False if it was exact
        already.
        """
        now = self.problem.sharpen(self.params, who)
        if now is None:
            return False
        self.now = now
        self.objective = self.now.loss + self._penalty(self.params)
        self.passes += 1
        return True

    def hessians(self, columns, *, rough: bool = False) -> list[tuple[IntArray | slice, FloatArray]]:
        """For some columns of the batch, which of their parameters are free, and the Hessian of the objective in these,
        shape (some, some).

        With `rough`, six digits will do, where a ridge on every coefficient keeps it regular.
        """
        self.hessians_made += len(columns)
        problem, rows = self.problem, self._free_rows(columns)
        if problem.constant_curvature or self.is_at_null:
            level = np.asarray(problem.column_means(self.now.curvature))[columns]
            gram = problem.null_gram()
            found = [bend * _inside(gram, some) for bend, some in zip(level, rows, strict=True)]
        elif rough and (some := self._rough(columns, rows)) is not None:
            found = some
        elif problem.free is None:
            found = list(problem.hessian(self.now.curvature, columns))
        else:
            found = problem.hessians_of(self.now.curvature, columns, rows)
        return self._penalised(columns, rows, found)

    def thin_hessians(self, columns) -> list[tuple[IntArray | slice, FloatArray]]:
        """`hessians`, estimated from some rows, and drawn towards the null model's, so that what these rows say little
        of is not taken for flat.
        """
        problem, columns = self.problem, np.asarray(columns)
        gram, share = problem.null_gram(), problem.n_features / (problem.n_features + problem.thin_rows)
        kin = columns if problem.kin is None else problem.kin[columns]
        _, first, place = np.unique(kin, return_index=True, return_inverse=True)
        some = self._free_rows(columns[first])
        found = problem.rough_hessians(self.now.curvature, columns[first], some, problem.thin_rows)
        for rows, hessian in zip(some, found, strict=True):
            level = hessian[-1, -1]  # its mean curvature
            hessian *= 1.0 - share
            hessian += share * level * _inside(gram, rows)
        penalised = self._penalised(columns, [some[k] for k in place], [found[k].copy() for k in place])
        same: list[FloatArray | None] = [None] * len(found)  # kin with the same penalty share a matrix
        for number, (k, (rows, hessian)) in enumerate(zip(place, penalised, strict=True)):
            if same[k] is not None and np.array_equal(same[k], hessian):
                penalised[number] = rows, same[k]
            same[k] = hessian if same[k] is None else same[k]
        return penalised

    def _rough(self, columns, rows: list[Any]) -> list[FloatArray] | None:
        ridge, bend = self.problem.penalty.diagonal()[:-1, columns], self.problem.column_means(self.now.curvature)
        if not np.all(ridge >= _REGULAR * np.asarray(bend)[columns]):
            return None
        return self.problem.rough_hessians(self.now.curvature, np.asarray(columns), rows, self.problem.n_rows)

    def _free_rows(self, columns) -> list[Any]:
        """Which parameters of some columns are free: a held coefficient is no collinear one."""
        free = self.problem.free
        return [slice(None) if free is None else np.flatnonzero(free[:, column]) for column in columns]

    def _penalised(self, columns, rows: list[Any], hessians: list[FloatArray]) -> list[tuple[Any, FloatArray]]:
        everything = np.arange(self.problem.n_features + 1)
        for column, some, hessian in zip(columns, rows, hessians, strict=True):
            hessian += self.problem.penalty.hessian_of(column, everything[some])
        return list(zip(rows, hessians, strict=True))

    def newton_direction(self, gradient: FloatArray) -> tuple[FloatArray, BoolArray]:
        """Exact Newton directions of the moving neurons (zero for the others), and whose Hessian is singular; under a
        smooth penalty, without bounds.
        """
        direction, singular = np.zeros_like(gradient), np.zeros(gradient.shape[1], dtype=bool)
        columns = np.flatnonzero(self.moving)
        for column, (rows, hessian) in zip(columns, self.hessians(columns), strict=True):
            direction[rows, column], singular[column] = solve_spd(hessian, -gradient[rows, column])
        return direction, singular

    def move(self, direction: FloatArray, gradient: FloatArray, *, flatness: float | None = None) -> FloatArray:
        """Search along `direction` and go there; returns the moves, shape (n_features + 1, neuron)."""
        direction = direction * self.moving
        change = self.problem.predictor(direction)
        self.passes += 1
        line = self._line(direction, gradient)
        step, now, objective, failed = line_search.search(
            self.problem, self.now.eta, change, line, self.moving, flatness=flatness
        )
        self.now, self.objective, self.failed, self.last_step = now, objective, failed, step
        self.predicted = np.where(self.moving, -line.slope, np.inf)
        self.iteration += 1
        self._n_iter[self.columns[self.moving]] = self.iteration
        self._constant = False
        moved = step * direction
        box = self.problem.penalty.box
        self.params = self.params + moved if box is None else box.snap(self.params + moved, self.params)
        return moved

    def _line(self, direction: FloatArray, gradient: FloatArray) -> line_search.Line:
        """What the search knows beforehand: the penalty along the way, and the slope.

        Where the penalty has kinks, its change over the full step takes the place of its slope (Tseng & Yun 2009).
        """
        penalty, params = self.problem.penalty, self.params
        slope, bend = penalty.gradient(direction), np.sum(gradient * direction, axis=0)
        line = line_search.Line(
            objective=self.objective,
            slope=bend,
            penalty=penalty.smooth(params),
            penalty_slope=np.sum(slope * params, axis=0),
            penalty_curvature=np.sum(slope * direction, axis=0),
        )
        if penalty.norms is None:
            return line
        kinks = penalty.kinks(params)
        change = penalty.kinks(params + direction) - kinks
        return replace(line, slope=bend + change, kinks=lambda step: penalty.kinks(params + step * direction))

    def stop(self, who: BoolArray, how) -> None:
        """Let the moving ones of `who` end with the result `how` (one, or one for each neuron)."""
        who = who & self.moving
        self._result[self.columns[who]] = np.broadcast_to(how, who.shape)[who]
        self.moving = self.moving & ~who

    def shrink(self) -> BoolArray | None:
        """Drop the stopped columns once enough have stopped to be worth it; returns which were kept, or None."""
        if not self._worth_shrinking():
            return None
        self._store()
        kept, keep = self.moving, np.flatnonzero(self.moving)
        problem = self.problem
        self.now = Evaluation(
            eta=problem.take(self.now.eta, keep),
            loss=self.now.loss[keep],
            residual=problem.take(self.now.residual, keep),
            curvature=problem.take(self.now.curvature, keep),
            slope=self.now.slope[keep],
        )
        self.problem, self.columns, self.params = problem.select(keep), self.columns[keep], self.params[:, keep]
        self.objective, self.last_step = self.objective[keep], self.last_step[keep]
        self._first_loss = self._first_loss[keep]
        self.predicted, self.failed, self.moving = self.predicted[keep], self.failed[keep], self.moving[keep]
        return kept

    def _worth_shrinking(self) -> bool:
        """Another number of columns is another program to compile: half of a large batch is worth one, a quarter of a
        middling one, and a small batch never.
        """
        work = self.problem.n_rows * (self.problem.n_features + _ELEMENTWISE) * len(self.columns)
        least = 2 if work >= _LARGE else 4
        return work >= _MIDDLING and least * self.n_moving <= len(self.columns)

    def interrupt(self) -> None:
        """Mark whoever still moves as interrupted."""
        self.stop(np.ones_like(self.moving), Result.INTERRUPTED)

    def _store(self) -> None:
        self._all_params[:, self.columns] = self.params
        self._all_loss[self.columns] = self.objective

    def finish(self) -> Trace:
        """Everything, in the order of the problem's neurons."""
        self._store()
        return Trace(
            self._all_params,
            self._all_loss,
            self._result,
            self._n_iter,
            {"passes": self.passes, "hessians": self.hessians_made},
        )
