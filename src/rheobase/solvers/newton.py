r"""Exact Newton steps for every neuron at once, each with its own line search and its own end.

Under a penalty with kinks (lasso, group lasso, elastic net) a step goes to the minimum of the quadratic model of the
loss plus the penalty itself: a proximal Newton method, whose zeros are exact and whose last steps are plain Newton's.

For a Poisson GLM with exponential link this is iteratively reweighted least squares. The first step needs one Gram
matrix for all neurons, because the Hessian at a constant predictor is that matrix times a number.

References
----------
Nocedal & Wright (2006), *Numerical Optimization*, 2nd ed., section 3.3; McCullagh & Nelder (1989), section 2.5;
Lee, Sun & Saunders (2014), *Proximal Newton-type methods for minimizing composite functions*.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._types import BoolArray, FloatArray
from . import _sparse_newton
from ._core import AbstractProblem, AbstractSolver, Progress, Result, Trace
from ._sparse_newton import CURVED
from ._state import FLAT_STEP, Batch

__all__ = ["Newton"]


@dataclass(frozen=True)
class Newton(AbstractSolver):
    """Newton's method, batched over neurons.

    Parameters
    ----------
    maxiter
        Iterations at most.
    tol
        Accuracy asked of the coefficients (in units of the features' spread), relative to the largest of them. The
        error left after a full Newton step is a constant times its square; the constant is read from the last two.
    """

    maxiter: int = 100
    tol: float = 1e-8

    def run(self, problem: AbstractProblem, params: FloatArray, progress: Progress) -> Trace:
        """Minimise from `params`, shape (n_features + 1, neuron)."""
        problem.sharpen()  # Hessians cost more than the rounding of a pass saves
        if not problem.penalty.plain:
            return _sparse_newton.run(problem, params, progress, self.maxiter, self.tol)
        batch = Batch(problem, params)
        last, collinear = np.full(problem.n_neurons, np.inf), None
        try:
            while batch.n_moving and batch.iteration < self.maxiter:
                gradient = batch.gradient()
                direction, singular = batch.newton_direction(gradient)
                # singular from the start: the features are; later on: a rate that goes to zero took the curvature
                collinear = singular if collinear is None else collinear
                batch.move(direction, gradient)
                last = self._judge(batch, direction, last, singular, collinear)
                progress.update(batch.n_moving, batch.passes)
                kept = batch.shrink()
                if kept is not None:
                    last, collinear = last[kept], collinear[kept]
        except KeyboardInterrupt:
            batch.interrupt()
        return batch.finish()

    def _judge(
        self, batch: Batch, direction: FloatArray, last: FloatArray, singular: BoolArray, collinear: BoolArray
    ) -> FloatArray:
        """Stop who has arrived; returns how far each neuron went, shape (neuron,)."""
        step = np.abs(direction).max(axis=0)
        left = step**2 * np.maximum(step / last**2, CURVED)
        arrived = np.where(collinear, Result.COLLINEAR, np.where(singular, Result.FLAT, Result.CONVERGED))
        batch.stop((batch.last_step >= 1.0) & (left <= self.tol * batch.size), arrived)
        batch.stop(batch.predicted <= batch.noise, np.where(step <= FLAT_STEP, arrived, Result.FLAT))
        batch.stop(batch.failed, Result.STALLED)
        return np.maximum(batch.last_step * step, 1e-150)  # its square is still a number
