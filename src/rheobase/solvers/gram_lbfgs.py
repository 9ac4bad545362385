r"""Quasi-Newton for populations: one Gram matrix is the first metric of every neuron.

All neurons share the features. With :math:`C = X^\top X / T` (centred), the curvature of neuron n at the null model is
:math:`h_n C + D` (h its mean curvature, D the ridge), so one eigendecomposition of C gives every neuron its inverse.
From that metric a limited-memory BFGS runs on all neurons as columns of the same two products per iteration. After a
few steps the diagonal of every neuron's Hessian, read from a sample of rows, bends the shared metric towards its own. A
neuron that still converges slowly earns a metric of its own: its exact Hessian at the current point, kept for the rest
of its way.

References
----------
Nocedal & Wright (2006), *Numerical Optimization*, 2nd ed., section 7.2 (two-loop recursion).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._arrays.threads import products_for_each
from .._types import BoolArray, FloatArray
from ._core import AbstractProblem, AbstractSolver, Progress, Result, Trace
from ._linear import equilibrated_eigh, spd_inverse, unit_diagonal
from ._state import FLAT_STEP, Batch

__all__ = ["GramLBFGS"]

_HESSIAN_COST = 12.0
"""A Hessian of a neuron costs about n_features / this many iterations of it (two products): measured, BLAS on 2 cores,
100 to 400 features."""

_BEND = 3
"""Iteration before which the shared metric is bent: coefficients are about right by then."""

_FAR = 0.2
"""Relative step above which a Hessian from some rows tells more at the next point than what was learnt so far."""

_MOST_BENT = 8.0
"""Largest factor by which a coefficient's curvature may differ from the shared metric's."""

_LEAST_BENT = 0.25
"""Logarithm of the smallest factor that is worth it."""

_SHARP = 1e-4
"""Relative step from which on a problem that rounds has to be exact."""

_LOOSE = 1e-5
"""Tolerance from which on single precision is enough to the end."""

_WORTH_A_THREAD = 1 << 16
"""Entries of Hessians from which they are inverted side by side."""

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
        metric = _Metric(batch)
        speed = _Speed(batch)
        away = np.full(problem.n_neurons, np.inf)
        try:
            gradient = batch.gradient()
            while batch.n_moving and batch.iteration < self.maxiter:
                if problem.thin_rows:
                    far = (away > _FAR) & batch.moving & ~batch.is_at_null
                    if far.any():
                        metric.estimate(batch, np.flatnonzero(far))
                        memory.forget(far)
                        speed.restart(far)
                elif batch.iteration == _BEND:
                    memory.forget(metric.bend(batch))
                slow = speed.slow(self.tol) & batch.moving
                if slow.any():
                    metric.refresh(batch, np.flatnonzero(slow))
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
                    self._judge(batch, direction, metric, fresh)
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
        near = np.abs(direction).max(axis=0) <= _SHARP * batch.size if self.tol < _LOOSE else np.False_
        return (near | batch.failed | (batch.predicted <= np.maximum(batch.noise, batch.blur))) & batch.moving

    def _judge(self, batch: Batch, direction: FloatArray, metric: _Metric, fresh) -> None:
        """Stop who has arrived: a quasi-Newton step is about the distance that was left."""
        step = np.abs(direction).max(axis=0)
        # the first step from an exact Hessian is a Newton step: what is left is about its square
        left = np.where(fresh, 10.0 * step**2, step)
        # singular from the start: the features are; later on: a rate that goes to zero took the curvature
        late = np.where(metric.singular, Result.FLAT, Result.CONVERGED)
        arrived = np.where(metric.collinear, Result.COLLINEAR, late)
        batch.stop((batch.last_step >= 0.5) & (left <= self.tol * batch.size), arrived)
        batch.stop(batch.predicted <= batch.noise, np.where(step <= FLAT_STEP, arrived, Result.FLAT))
        batch.stop(batch.failed, Result.STALLED)


class _Metric:
    """Inverse curvature of every neuron: shared eigenvectors, or a factor of its own."""

    def __init__(self, batch: Batch):
        problem = batch.problem
        gram = problem.null_gram()[:-1, :-1]
        curvature = problem.column_means(batch.now.curvature)
        ridge = problem.penalty.diagonal()[:-1]  # of a full matrix the memory learns the rest
        strength = ridge.max(axis=0)
        shape = ridge[:, np.argmax(strength)]
        penalised = strength.max() > 0 and shape.min() > 0
        # strengths that differ in more than a factor get the nearest shared metric; the memory corrects it
        self._vectors, values = equilibrated_eigh(gram, shape / shape.max() if penalised else None)
        ratio = strength if penalised else np.zeros_like(strength)
        self._inverse = _inverse(np.maximum(curvature, 1e-300) * values[:, None] + ratio, values)
        self._intercept = 1.0 / np.maximum(curvature, 1e-300)
        self._factors: list[tuple | None] = [None] * problem.n_neurons
        self._exact = np.zeros(problem.n_neurons, dtype=bool)
        self._bent: FloatArray | None = None
        self._values, self._ratio = values, ratio
        self._free = problem.free
        null = values <= 1e-13 * len(values) * values[-1]
        self.collinear = np.full(problem.n_neurons, not penalised and bool(null.any()))
        if self.collinear.any() and self._free is not None:
            self.collinear = _has_null_vector(self._vectors[:, null], self._free[:-1])
        self.singular = np.zeros(problem.n_neurons, dtype=bool)
        if problem.penalty.matrices is not None:
            self._own_at_null(problem, curvature)

    def _own_at_null(self, problem: AbstractProblem, curvature: FloatArray) -> None:
        """A metric for each neuron where the penalty is more than a diagonal: the null model's Hessian with all of it.

        The shared one would know the diagonal only, and a strong smoothness is mostly the rest.
        """
        for column in range(problem.n_neurons):
            hessian = (curvature[column] * problem.null_gram())[None]
            problem.penalty.add_to(hessian, [column])
            rows = slice(None) if self._free is None else np.flatnonzero(self._free[:, column])
            self._set_own(column, rows, hessian[0][rows][:, rows])

    @property
    def own(self):
        """Whose metric is its exact Hessian at some point of its way, shape (neuron,)."""
        return self._exact

    def __call__(self, gradient: FloatArray) -> FloatArray:
        out = np.empty_like(gradient)
        shared = [n for n, factor in enumerate(self._factors) if factor is None]
        if shared:
            bent = 1.0 if self._bent is None else self._bent[:, shared]
            inner = self._vectors.T @ (gradient[:-1, shared] / bent)
            out[:-1, shared] = self._vectors @ (self._inverse[:, shared] * inner) / bent
            out[-1, shared] = self._intercept[shared] * gradient[-1, shared]
        for n, factor in enumerate(self._factors):
            if factor is not None:
                rows, scale, vectors = factor
                out[:, n] = 0.0
                out[rows, n] = scale * (vectors @ (scale * gradient[rows, n]))
        return out if self._free is None else out * self._free

    def bend(self, batch: Batch) -> BoolArray:
        """Give neurons the diagonal of their own Hessian where it is another than the shared one; returns to whom."""
        problem = batch.problem
        if problem.constant_curvature:
            return np.zeros(problem.n_neurons, dtype=bool)
        squares = np.clip(problem.relative_curvature(batch.now.curvature), 1.0 / _MOST_BENT, _MOST_BENT)
        who = np.abs(np.log(squares)).max(axis=0) > _LEAST_BENT
        if who.any():
            curvature = np.maximum(problem.column_means(batch.now.curvature), 1e-300)
            inverse = _inverse(curvature * self._values[:, None] + self._ratio, self._values)
            self._bent = np.where(who, np.sqrt(squares), 1.0)
            self._inverse = np.where(who, inverse, self._inverse)
            self._intercept = np.where(who, 1.0 / curvature, self._intercept)
        return who

    def refresh(self, batch: Batch, columns) -> None:
        """Give some columns the exact Hessian at their current point."""
        self.singular[columns] = self._set_some(columns, batch.hessians(columns))
        self._exact[columns] = True

    def estimate(self, batch: Batch, columns) -> None:
        """Give some columns a Hessian at their current point that is estimated from some rows."""
        self._set_some(columns, batch.thin_hessians(columns))
        self._exact[columns] = False

    def _set_some(self, columns, hessians) -> BoolArray:
        """Give some columns the inverse of their Hessians; who took a pseudo-inverse."""
        singular = np.zeros(len(columns), dtype=bool)

        def one(place: int) -> None:
            singular[place] = self._set_own(columns[place], *hessians[place])

        worth = sum(hessian.size for _, hessian in hessians) >= _WORTH_A_THREAD
        products_for_each(one, range(len(columns)), worth=worth)
        return singular

    def _set_own(self, column: int, rows, hessian: FloatArray) -> bool:
        """Give a column the inverse of a Hessian in some of its parameters; whether it took a pseudo-inverse."""
        factor, singular = _scaled_inverse(hessian)
        self._factors[column] = rows, *factor
        return singular

    def keep(self, kept) -> None:
        self._inverse, self._intercept = self._inverse[:, kept], self._intercept[kept]
        self._ratio, self._exact = self._ratio[..., kept], self._exact[kept]
        self._bent = None if self._bent is None else self._bent[:, kept]
        self._factors = [factor for factor, keep in zip(self._factors, kept) if keep]
        self.singular, self.collinear = self.singular[kept], self.collinear[kept]
        self._free = None if self._free is None else self._free[:, kept]


def _has_null_vector(null: FloatArray, free: BoolArray) -> BoolArray:
    """For each neuron, whether some combination of the null directions (feature, direction) uses free features only."""
    return np.array([np.linalg.matrix_rank(null[~held], tol=1e-6) < null.shape[1] for held in free.T])


def _inverse(curvature: FloatArray, values: FloatArray) -> FloatArray:
    """Elementwise inverse; directions without curvature are not walked."""
    floor = 1e-13 * len(values) * curvature.max(axis=0)
    return np.where(curvature > floor, 1.0 / np.maximum(curvature, 1e-300), 0.0)


def _scaled_inverse(hessian: FloatArray):
    """(scale, inverse of the Hessian scaled to a unit diagonal), and whether a pseudo-inverse was needed."""
    scale = unit_diagonal(hessian)
    scaled = hessian * np.outer(scale, scale)
    inverse = spd_inverse(scaled)
    if inverse is not None:
        return (scale, inverse), False
    values, vectors = np.linalg.eigh(scaled)
    kept = values > 1e-12 * len(values) * values[-1]
    return (scale, (vectors[:, kept] / values[kept]) @ vectors[:, kept].T), True


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

    def apply(self, gradient: FloatArray, metric: _Metric) -> FloatArray:
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
        scale = np.maximum(np.abs(batch.params).max(axis=0), 1e-12)
        self._sizes = [*self._sizes, np.abs(direction).max(axis=0) / scale][-_WATCH - 1 :]
        self._since += 1

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
