r"""Solvers that look at a few rows at a time: SVRG, its proximal kin, and Adam.

All neurons move together, each with a step size of its own, in coordinates in which the null model's curvature is the
identity. After each pass the objective of every neuron is evaluated on all rows: where it rose, the pass is taken back
and the step halved, so a step size that is too long costs passes and not the answer.

References
----------
Johnson & Zhang (2013), *Accelerating stochastic gradient descent using predictive variance reduction*; Xiao & Zhang
(2014), *A proximal stochastic gradient method with progressive variance reduction*; Kingma & Ba (2015), *Adam: a method
for stochastic optimization*; Gower et al. (2019), *SGD: general analysis and improved rates* (how the smoothness that
matters depends on the batch size).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._types import BoolArray, FloatArray
from .._x64 import enable_x64
from ._core import AbstractProblem, AbstractSolver, Progress, Result, Trace
from ._epochs import Moving, Still, adam_epoch, svrg_epoch
from ._metric import Metric, diagonal_metric, whitening_metric

__all__ = ["SVRG", "Adam", "ProxSVRG"]

_REACHABLE = 1e-10
"""Relative; asking for a smaller gradient asks for digits that a sum over rows does not have."""

_ROUNDING = 1e-14
_SHORTEST = 1e-6
"""Share of the first step size at which a neuron gives up."""

_SAFE = 0.8
"""Step size, over one by the smoothness."""


@dataclass(frozen=True)
class SVRG(AbstractSolver):
    """Stochastic gradient descent with variance reduction: linear convergence from small batches.

    Parameters
    ----------
    maxiter
        Passes over the rows at most.
    tol
        Largest entry of a full gradient step, relative to the largest coefficient, in units of the features' spread.
    stepsize
        In coordinates in which the null model's curvature is the identity. None: 0.8 over the smoothness, measured
        before each pass.
    batch_size
        Rows of a step. None: about two for each feature, and at least 64.
    seed, key
        Of the order of the rows: a number, or a JAX random key, which comes first.
    """

    maxiter: int = 500
    tol: float = 1e-8
    stepsize: float | None = None
    batch_size: int | None = None
    seed: int = 0
    key: Any = None

    def run(self, problem: AbstractProblem, params: FloatArray, progress: Progress) -> Trace:
        """Minimise from `params`, shape (n_features + 1, neuron)."""
        return _SVRGPasses(self, problem, params).run(progress)


@dataclass(frozen=True)
class ProxSVRG(AbstractSolver):
    """The same with a proximal step, for penalties with kinks; without any it is `SVRG`.

    Norms of groups shrink by a closed form, in coordinates that are only scaled: correlated features cost passes.

    Parameters
    ----------
    maxiter, tol, stepsize, batch_size, seed, key
        As in `SVRG`.
    """

    maxiter: int = 2000
    tol: float = 1e-8
    stepsize: float | None = None
    batch_size: int | None = None
    seed: int = 0
    key: Any = None

    def run(self, problem: AbstractProblem, params: FloatArray, progress: Progress) -> Trace:
        """Minimise from `params`, shape (n_features + 1, neuron)."""
        return _SVRGPasses(self, problem, params).run(progress)


@dataclass(frozen=True)
class Adam(AbstractSolver):
    """Gradients of small batches, averaged, over the root of their averaged squares.

    Its noise does not vanish by itself, so the step becomes shorter with every pass and is zero after the last. Two
    digits come quickly, about a tenth of a standard error; each further one takes a hundred times as many passes. For
    all digits take another solver.

    Parameters
    ----------
    maxiter
        Passes over the rows, fewer only if `tol` is met.
    batch_size, seed, key
        As in `SVRG`.
    tol
        As in `SVRG`, but larger.
    stepsize
        Of the first pass, in coordinates in which the null model's curvature is the identity.
    beta1, beta2
        Share that the averages of gradients and of their squares keep at each step.
    """

    maxiter: int = 100
    tol: float = 1e-2
    stepsize: float = 0.05
    batch_size: int | None = None
    beta1: float = 0.9
    beta2: float = 0.999
    seed: int = 0
    key: Any = None

    def run(self, problem: AbstractProblem, params: FloatArray, progress: Progress) -> Trace:
        """Minimise from `params`, shape (n_features + 1, neuron)."""
        return _AdamPasses(self, problem, params).run(progress)


class _Passes:
    """What the two methods share: passes, taken back where they lead up, until the full gradient is small."""

    def __init__(self, solver: SVRG | ProxSVRG | Adam, problem: AbstractProblem, params: FloatArray):
        self.solver, self.problem, self.params = solver, problem, params.copy()
        self.kinked = problem.penalty.norms is not None
        self.metric: Metric = (diagonal_metric if self.kinked else whitening_metric)(problem, params)
        if problem.free is not None:
            self.params *= problem.free
        n = problem.n_neurons
        self.factor, self.n_iter = np.ones(n), np.zeros(n, dtype=np.int64)
        self.result = np.full(n, Result.MAX_ITERATIONS)
        self.moving = np.ones(n, dtype=bool)
        self.n_passes = 0
        wanted = solver.batch_size or max(64, 1 << int(np.ceil(np.log2(2 * problem.n_features + 2))))
        self.batch_size = int(min(wanted, problem.n_rows))
        with enable_x64():
            self.key = _key(solver)
            self.still = Still.of(problem, self._compiled_metric(), self.metric.height)

    def run(self, progress: Progress) -> Trace:
        """Pass after pass."""
        tol = max(self.solver.tol, _REACHABLE)
        self.now, self.objective = self._evaluate(self.params)
        try:
            for number in range(self.solver.maxiter + 1):
                self._judge(tol)
                if not self.moving.any() or number == self.solver.maxiter:
                    break
                with enable_x64():
                    self._pass(number)
                progress.update(int(self.moving.sum()), self.n_passes)
        except KeyboardInterrupt:
            self.result[self.moving] = Result.INTERRUPTED
        stats = {"passes": self.n_passes, "hessians": 0, "batch_size": self.batch_size}
        return Trace(self.params, self.objective, self.result, self.n_iter, stats)

    def _evaluate(self, params: FloatArray):
        problem = self.problem
        self.n_passes += 1
        now = problem.evaluate(problem.start(), problem.predictor(params), np.ones(problem.n_neurons))
        return now, now.loss + problem.penalty.smooth(params) + problem.penalty.kinks(params)

    def _judge(self, tol: float) -> None:
        """Full gradient where all neurons are, and who has arrived."""
        self.n_passes += 1
        self.loss_gradient = self.problem.gradient(self.now.residual)
        gradient = self.loss_gradient + self.problem.penalty.gradient(self.params)
        if self.problem.free is not None:
            gradient = gradient * self.problem.free
        unit = np.ones(len(self.factor))
        step = self.metric.step(self.params, gradient, unit, self.problem.penalty.norms) - self.params
        size = np.maximum(np.abs(self.params[:-1]).max(axis=0, initial=0.0), 1e-9)
        arrived = np.abs(step).max(axis=0) <= tol * size
        self._stop(arrived, Result.CONVERGED)
        self._stop(self.factor < _SHORTEST, Result.STALLED)

    def _stop(self, who: BoolArray, how: Result) -> None:
        self.result[who & self.moving] = how
        self.moving &= ~who

    def _pass(self, number: int) -> None:
        import jax

        candidate = np.asarray(self._epoch(jax.random.fold_in(self.key, number)))
        lost = self.moving & ~np.isfinite(candidate).all(axis=0)
        candidate = np.where(self.moving & ~lost, candidate, self.params)
        now, objective = self._evaluate(candidate)
        slack = _ROUNDING * np.maximum(np.abs(self.objective), np.abs(self.now.loss))
        up = lost | ~(objective <= self._ceiling(number) + slack)
        self.n_iter[self.moving] += 1
        self.factor = np.where(up, 0.5 * self.factor, self.factor)
        if up.any():
            candidate = np.where(up, self.params, candidate)
            self._taken_back(up)
            now, objective = self._evaluate(candidate)
        self.params, self.now, self.objective = candidate, now, objective

    def _ceiling(self, number: int) -> FloatArray:
        """Objective above which a pass is taken back, shape (neuron,)."""
        return self.objective

    def _taken_back(self, who: BoolArray) -> None:
        """Forget what a pass that led up has left behind."""

    def _compiled_metric(self) -> FloatArray:
        raise NotImplementedError

    def _epoch(self, key):
        raise NotImplementedError


class _SVRGPasses(_Passes):
    def __init__(self, solver, problem: AbstractProblem, params: FloatArray):
        super().__init__(solver, problem, params)
        self.lengths = self.metric.lengths(np.asarray(problem.features()))
        rng = np.random.default_rng(0)
        self.ahead = self.metric.apply(rng.normal(size=params.shape))

    def _compiled_metric(self) -> FloatArray:
        return self.metric.product

    def _epoch(self, key):
        stepsize = self.factor * self.moving
        stepsize = stepsize * (_SAFE / self._smoothness() if self.solver.stepsize is None else self.solver.stepsize)
        return svrg_epoch()(
            self.still,
            self.params,
            stepsize,
            self.loss_gradient,
            self.now.residual,
            key,
            row_loss=self.problem.row_loss,
            batch_size=self.batch_size,
        )

    def _smoothness(self) -> FloatArray:
        """Largest curvature that a batch sees, in the metric, shape (neuron,): that of all rows, found by power
        iteration, and the part that a row has alone, over the batch size.
        """
        problem, curvature = self.problem, np.asarray(self.now.curvature)
        ahead, size = self.ahead, np.ones(len(self.factor))
        for _ in range(3):
            bent = problem.gradient(curvature * np.asarray(problem.predictor(ahead))) + problem.penalty.gradient(ahead)
            turned = self.metric.apply(bent)
            size = np.linalg.norm(turned, axis=0) / np.maximum(np.linalg.norm(ahead, axis=0), 1e-300)
            ahead = turned / np.maximum(np.linalg.norm(turned, axis=0), 1e-300)
            self.n_passes += 2
        self.ahead = ahead
        alone = curvature * self.lengths
        spread = problem.n_rows * np.sum(alone**2, axis=0) / np.maximum(np.sum(alone, axis=0), 1e-300)
        return 1.1 * size + spread / self.metric.height / self.batch_size


class _AdamPasses(_Passes):
    def __init__(self, solver, problem: AbstractProblem, params: FloatArray):
        super().__init__(solver, problem, params)
        self.averages = Moving.at(self.params)
        self.first, self.left = self.params[-1], 1.0

    def _compiled_metric(self) -> FloatArray:
        return self.metric.root

    def _ceiling(self, number: int) -> FloatArray:
        """A pass may lead up by what the steps to come can mend: not above the start."""
        self.left = 1.0 - (number + 1) / self.solver.maxiter
        if number == 0:
            self.first = self.objective
        return self.first

    def _epoch(self, key):
        solver = self.solver
        stepsize = self.factor * self.moving * solver.stepsize * self.left**2
        start = self.averages._replace(params=self.params)
        found = adam_epoch()(
            self.still,
            start,
            stepsize,
            key,
            solver.beta1,
            solver.beta2,
            row_loss=self.problem.row_loss,
            batch_size=self.batch_size,
        )
        self.averages = Moving(*(np.asarray(part) for part in found))
        return self.averages.params

    def _taken_back(self, who: BoolArray) -> None:
        blank = Moving.at(self.params)
        self.averages = Moving(*(np.where(who, new, old) for new, old in zip(blank, self.averages)))


def _key(solver):
    """The random key that was given, or that of the seed."""
    import jax

    if solver.key is None:
        return jax.random.key(int(solver.seed))
    key = solver.key if isinstance(solver.key, jax.Array) else jax.numpy.asarray(solver.key)
    return key if jax.dtypes.issubdtype(key.dtype, jax.dtypes.prng_key) else jax.random.wrap_key_data(key)
