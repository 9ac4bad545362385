"""Newton's method on the loss of one batch plus a parabola, a penalty and, if need be, a prior."""

from __future__ import annotations

import numpy as np

from .._types import BoolArray, FloatArray
from ..solvers._kinks import GroupedQuadratic
from ..solvers._linear import solve_spd
from ..solvers._penalty import Penalty
from ..solvers.line_search import Line, search
from ._past import Change, Parabola
from ._problem import GLMProblem

__all__ = ["Descent"]

_STEPS = 60
_SMALL, _NOISE = 1e-8, 1e-4
"""Squared length of a step, in squared standard errors, after which the next would be rounding; and below which a line
search that finds nothing better has met rounding."""


class Descent:
    """Every neuron on its way to the minimum, in the coordinates of the past.

    Parameters
    ----------
    problem
        The batch, without a penalty.
    change
        From the coordinates of the past to those of the batch.
    past, columns
        Parabolas, and which of them are those of the problem's neurons.
    share
        Weight of the batch, shape (neuron,).
    penalty
        Of these neurons, times the weight of all rows so far.
    free
        Shape (n_features + 1, neuron), False where a coefficient is held at zero.
    start, center
        Where to start, and where a prior pulls to, shape (n_features + 1, neuron).
    """

    def __init__(
        self,
        problem: GLMProblem,
        change: Change,
        past: Parabola,
        columns,
        share: FloatArray,
        penalty: Penalty,
        free: BoolArray,
        start: FloatArray,
        center: FloatArray,
    ):
        self.problem, self.change, self.past, self.columns = problem, change, past, columns
        self.share, self.penalty, self.free, self.center = share, penalty, free, center
        self.params = start * free
        n, n_neurons = start.shape
        self.arrived, self.n_iter = np.zeros(n_neurons, dtype=bool), np.zeros(n_neurons, dtype=np.int64)
        self.touched, self.slope = self.params.copy(), np.zeros((n, n_neurons))
        self.hessian, self.loss = np.zeros((n_neurons, n, n)), np.zeros(n_neurons)
        self.prior = np.zeros(n_neurons)
        self.n_hessians = 0

    def run(self, prior: FloatArray, moving: BoolArray) -> None:
        """Descend from where it is; `prior` is the curvature of the pull to the center, shape (neuron,)."""
        self.prior, moving = prior, moving.copy()
        self.arrived[moving] = False
        now = self._evaluate()
        for _ in range(_STEPS):
            if not moving.any():
                return
            direction, length = self._direction(now, np.flatnonzero(moving))
            line = self._line(now, direction)
            step, now, _, failed = search(self.problem, now.eta, self._predictor(direction), line, moving)
            self.params = self.params + step * direction
            self.n_iter[moving] += 1
            near = ((step >= 1.0) & (length <= _SMALL)) | (failed & (length <= _NOISE))
            near |= self.problem.constant_curvature & ~failed
            self.arrived |= moving & near
            moving &= ~(near | failed)

    def take_back(self, params: FloatArray, who: BoolArray) -> None:
        """Put some neurons back where they were."""
        self.params[:, who] = params[:, who]

    def determined(self, least: FloatArray, *, with_batch: bool) -> BoolArray:
        """Whose curvature is more than `least` in every direction, penalty included, shape (neuron,)."""
        from scipy.linalg import lapack

        out = np.zeros(len(self.share), dtype=bool)
        curvature = self.past.hessian[self.columns]
        for n in range(len(out)):
            rows = np.flatnonzero(self.free[:, n])
            here = curvature[n] + self.share[n] * self.hessian[n] if with_batch else curvature[n]
            here = here[np.ix_(rows, rows)] + self.penalty.hessian_of(n, rows)
            here[np.diag_indices(len(rows))] -= least[n]
            out[n] = here.diagonal().min() > 0 and lapack.dpotrf(here, lower=1)[1] == 0
        return out

    # --- the batch, and everything else in units of its weight --------------------------------------------------

    def _predictor(self, params: FloatArray):
        return self.problem.predictor(self.change.carry(params))

    def _evaluate(self):
        """The batch at the current parameters, which come nearer to the center where the loss overflows there."""
        zero, once = self.problem.start(), np.ones(len(self.share))
        for _ in range(_STEPS):
            now = self.problem.evaluate(zero, self._predictor(self.params), once)
            lost = ~np.isfinite(now.loss)
            if not lost.any():
                break
            self.params = np.where(lost, self.center + 0.5 * (self.params - self.center), self.params)
        return now

    def _rest_gradient(self, params: FloatArray) -> FloatArray:
        pull = self.prior * (params - self.center)
        return (self.past.gradient(params, self.columns) + self.penalty.gradient(params) + pull) / self.share

    def _rest(self, params: FloatArray) -> FloatArray:
        pull = 0.5 * self.prior * np.sum((params - self.center) ** 2, axis=0)
        return (self.past.value(params, self.columns) + self.penalty.smooth(params) + pull) / self.share

    def _kinks(self, params: FloatArray) -> FloatArray:
        return self.penalty.kinks(params) / self.share

    def _direction(self, now, which) -> tuple[FloatArray, FloatArray]:
        """Newton steps of some neurons (zero for the others), and their squared lengths in the curvature."""
        slope = self.change.pull_gradient(self.problem.gradient(now.residual))
        bends = self.change.pull_hessian(self.problem.hessian(now.curvature, which))
        self.n_hessians += len(which)
        self.touched[:, which], self.slope[:, which] = self.params[:, which], slope[:, which]
        self.hessian[which], self.loss[which] = bends, now.loss[which]
        self.gradient = (slope + self._rest_gradient(self.params)) * self.free
        direction, length = np.zeros_like(slope), np.zeros(len(self.share))
        past = self.past.hessian[self.columns]
        for n, bend in zip(which, bends):
            rows = np.flatnonzero(self.free[:, n])
            inside = np.ix_(rows, rows)
            hessian = bend[inside] + (past[n][inside] + self.penalty.hessian_of(n, rows)) / self.share[n]
            hessian[np.diag_indices(len(rows))] += self.prior[n] / self.share[n]
            move = self._step(self.gradient[rows, n], hessian, rows, n)
            direction[rows, n] = move
            length[n] = self.share[n] * (move @ hessian @ move)
        return direction, length

    def _step(self, gradient: FloatArray, hessian: FloatArray, rows, n: int) -> FloatArray:
        """To the minimum of the quadratic model plus the kinks."""
        norms = self.penalty.norms
        if norms is None:
            return solve_spd(hessian, -gradient)[0]
        scale, here = norms.scale[rows], self.params[rows, n]
        model = GroupedQuadratic(
            gradient * scale,
            hessian * np.outer(scale, scale),
            here / scale,
            norms.member[rows, n],
            norms.strength[:, n] / self.share[n],
        )
        return model.solve() * scale - here

    def _line(self, now, direction: FloatArray) -> Line:
        params, slope = self.params, self._rest_gradient(self.params)
        rest, bend = self._rest(params), self._rest_gradient(params + direction) - slope
        kinks = self._kinks(params)
        change = self._kinks(params + direction) - kinks
        return Line(
            objective=now.loss + rest + kinks,
            slope=np.sum(self.gradient * direction, axis=0) + change,
            penalty=rest,
            penalty_slope=np.sum(slope * direction, axis=0),
            penalty_curvature=np.sum(bend * direction, axis=0),
            kinks=lambda step: self._kinks(params + step * direction),
        )
