r"""Quasi-Newton for populations: one Gram matrix is the first metric of every neuron.

All neurons share the features. With :math:`C = X^\top X / T` (centred), the curvature of neuron n at the null model is
:math:`h_n C + D` (h its mean curvature, D the ridge), so one eigendecomposition of C gives every neuron its inverse.
From that metric a limited-memory BFGS runs on all neurons as columns of the same two products per iteration. Where so
many rows say enough, each neuron that is far from its optimum gets its Hessian estimated from as many as cost about a
pass; elsewhere, after a few steps, the diagonal of every neuron's Hessian, read from a sample of rows, bends the shared
metric towards its own. A neuron that still converges slowly earns a metric of its own: its exact Hessian at the current
point, kept for the rest of its way.

References
----------
Nocedal & Wright (2006), *Numerical Optimization*, 2nd ed., section 7.2 (two-loop recursion).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._types import BoolArray, FloatArray
from ._core import AbstractProblem, AbstractSolver, Progress, Result, Trace
from ._gram_metric import GramMetric
from ._state import FLAT_STEP, Batch

__all__ = ["GramLBFGS"]

_HESSIAN_COST = 12.0
"""A Hessian of a neuron costs about n_features / this many iterations of it (two products): measured, BLAS on 2 cores,
100 to 400 features."""

_BEND = 3
"""Iteration before which the shared metric is bent: coefficients are about right by then."""

_FAR = 0.2
"""Relative step above which a Hessian from some rows tells more at the next point than what was learnt so far."""

_DOUBT = 3.0
"""What is left after a step is taken to be so many times what the last steps' ratios say."""

_SHARP = 1e-4
"""Relative step from which on a problem that rounds has to be exact."""

_LOOSE = 1e-5
"""Tolerance from which on single precision is enough to the end."""

_WATCH = 5
"""Iterations over which a neuron's speed is judged."""


@dataclass(frozen=True)
class GramLBFGS(AbstractSolver):
    """Limited-memory BFGS from the metric of the null model, with exact Hessians for the neurons that need them.

    Parameters
    ----------
    maxiter
        Iterations at most.
    tol
        Relative accuracy asked of the coefficients (in units of the features' spread).
    memory
        Pairs of steps and gradient changes kept.
    """

    maxiter: int = 1000
    tol: float = 1e-8
    memory: int = 10

    def run(self, problem: AbstractProblem, params: FloatArray, progress: Progress) -> Trace:
        """Minimise from `params`, shape (n_features + 1, neuron)."""
        batch = Batch(problem, params)
        memory = _Memory(self.memory)
        metric = GramMetric(batch)
        speed = _Speed(batch)
        away = np.full(problem.n_neurons, np.inf)
        try:
            gradient = batch.gradient()
            while batch.n_moving and batch.iteration < self.maxiter:
                if problem.thin_rows:
                    far = (away > _FAR) & batch.moving & ~batch.is_at_null
                    if far.any():
                        metric.estimate(np.flatnonzero(far))
                        memory.forget(far)
                        speed.restart(far)
                elif batch.iteration == _BEND:
                    memory.forget(metric.bend())
                slow = speed.slow(self.tol) & batch.moving
                if slow.any():
                    metric.refresh(np.flatnonzero(slow))
                    memory.forget(slow)
                    speed.restart(slow)
                direction = -memory.apply(gradient, metric)
                fresh = metric.own & memory.empty()
                moved = batch.move(direction, gradient, flatness=0.5)
                new_gradient = batch.gradient()
                memory.add(moved, new_gradient - gradient)
                gradient = new_gradient
                near = self._near(batch, direction)
                if near.any() and batch.sharpen(near):
                    gradient = batch.gradient()
                else:
                    self._judge(batch, direction, metric, fresh, speed.contraction(batch, direction))
                speed.note(batch, direction)
                away = np.abs(direction).max(axis=0) / batch.size
                progress.update(batch.n_moving, batch.passes)
                kept = batch.shrink()
                if kept is not None:
                    gradient, away = gradient[:, kept], away[kept]
                    for part in (memory, metric, speed):
                        part.keep(kept)
        except KeyboardInterrupt:
            batch.interrupt()
        return batch.finish()

    def _near(self, batch: Batch, direction: FloatArray) -> BoolArray:
        """Which moving neurons are so near their optimum, or their search so lost, that rounding matters."""
        near = batch.failed | (batch.predicted <= batch.noise)
        if self.tol < _LOOSE:
            near |= (np.abs(direction).max(axis=0) <= _SHARP * batch.size) | (batch.predicted <= batch.blur)
        return near & batch.moving

    def _judge(self, batch: Batch, direction: FloatArray, metric: GramMetric, fresh, contraction: FloatArray) -> None:
        """Stop who has arrived: a quasi-Newton step is about the distance that was left before it."""
        step = np.abs(direction).max(axis=0)
        # the first step from an exact Hessian is a Newton step: what is left is about its square
        left = np.where(fresh, 10.0 * step**2, _DOUBT * contraction * step)
        # singular from the start: the features are; later on: a rate that goes to zero took the curvature
        late = np.where(metric.singular, Result.FLAT, Result.CONVERGED)
        arrived = np.where(metric.collinear, Result.COLLINEAR, late)
        batch.stop((batch.last_step >= 0.5) & (left <= self.tol * batch.size), arrived)
        batch.stop(batch.predicted <= batch.noise, np.where(step <= FLAT_STEP, arrived, Result.FLAT))
        batch.stop(batch.failed, Result.STALLED)


class _Memory:
    """Recent steps and gradient changes of all neurons, and the two-loop recursion over them."""

    def __init__(self, size: int):
        self._size = size
        self._pairs: list[tuple[FloatArray, FloatArray, FloatArray]] = []

    def add(self, step: FloatArray, change: FloatArray) -> None:
        """Keep a pair where it shows positive curvature; elsewhere it counts for nothing."""
        inner = np.sum(step * change, axis=0)
        floor = 1e-12 * np.sqrt(np.sum(step**2, axis=0) * np.sum(change**2, axis=0))
        rho = np.where(inner > floor, 1.0 / np.where(inner > floor, inner, 1.0), 0.0)
        self._pairs = [*self._pairs, (step, change, rho)][-self._size :]

    def apply(self, gradient: FloatArray, metric: GramMetric) -> FloatArray:
        """Approximate inverse Hessian times `gradient`."""
        q = gradient.copy()
        alphas = []
        for step, change, rho in reversed(self._pairs):
            alphas.append(rho * np.sum(step * q, axis=0))
            q -= alphas[-1] * change
        out = metric(q)
        for (step, change, rho), alpha in zip(self._pairs, reversed(alphas)):
            out += step * (alpha - rho * np.sum(change * out, axis=0))
        return out

    def empty(self):
        """Who has no pair that counts, shape (neuron,); True for all before the first pair."""
        return np.all([rho == 0 for _, _, rho in self._pairs], axis=0) if self._pairs else np.True_

    def forget(self, who) -> None:
        """Drop the pairs of some neurons."""
        self._pairs = [(step, change, np.where(who, 0.0, rho)) for step, change, rho in self._pairs]

    def keep(self, kept) -> None:
        self._pairs = [(step[:, kept], change[:, kept], rho[kept]) for step, change, rho in self._pairs]


class _Speed:
    """How fast each neuron comes down, and who would gain from an exact Hessian."""

    def __init__(self, batch: Batch):
        self._n_features = batch.problem.n_features
        self._sizes: list[FloatArray] = []
        self._since = np.zeros(batch.problem.n_neurons, dtype=np.int64)

    def note(self, batch: Batch, direction: FloatArray) -> None:
        self._sizes = [*self._sizes, _relative(batch, direction)][-_WATCH - 1 :]
        self._since += 1

    def contraction(self, batch: Batch, direction: FloatArray) -> FloatArray:
        """The larger of the last two ratios of successive steps, at most one over `_DOUBT`, shape (neuron,)."""
        if len(self._sizes) < 2:
            return np.full(direction.shape[1], 1.0 / _DOUBT)
        before, last, now = *self._sizes[-2:], _relative(batch, direction)
        ratio = np.maximum(now / np.maximum(last, 1e-300), last / np.maximum(before, 1e-300))
        return np.minimum(ratio, 1.0 / _DOUBT)

    def slow(self, tol: float):
        """True where the iterations still to come would cost more than a Hessian and the few after it."""
        if len(self._sizes) <= _WATCH:
            return np.zeros_like(self._since, dtype=bool)
        first, last = self._sizes[0], self._sizes[-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.log(np.maximum(first, 1e-300) / np.maximum(last, 1e-300)) / _WATCH
            left = np.log(np.maximum(last, tol) / tol) / np.maximum(rate, 1e-3)
        return (self._since > _WATCH) & (left > self._n_features / _HESSIAN_COST + _WATCH)

    def restart(self, who) -> None:
        self._since = np.where(who, 0, self._since)

    def keep(self, kept) -> None:
        self._sizes = [sizes[kept] for sizes in self._sizes]
        self._since = self._since[kept]


def _relative(batch: Batch, direction: FloatArray) -> FloatArray:
    """Largest entry of a direction relative to that of the parameters, shape (neuron,)."""
    return np.abs(direction).max(axis=0) / np.maximum(np.abs(batch.params).max(axis=0), 1e-12)
