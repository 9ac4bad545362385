r"""Exact Newton steps for every neuron at once, each with its own line search and its own end.

For a Poisson GLM with exponential link this is iteratively reweighted least squares. The first step needs one Gram
matrix for all neurons, because the Hessian at a constant predictor is that matrix times a number.

References
----------
Nocedal & Wright (2006), *Numerical Optimization*, 2nd ed., section 3.3; McCullagh & Nelder (1989), section 2.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._types import FloatArray
from ._core import AbstractProblem, AbstractSolver, Progress, Result, Trace
from ._state import Batch

__all__ = ["Newton"]


@dataclass(frozen=True)
class Newton(AbstractSolver):
    """Newton's method, batched over neurons.

    Parameters
    ----------
    maxiter
        Iterations at most.
    tol
        Relative accuracy asked of the coefficients (in units of the features' spread). The error after a Newton step
        is about the square of the step, so a neuron stops once a full step was smaller than the square root of this.
    """

    maxiter: int = 100
    tol: float = 1e-8

    def run(self, problem: AbstractProblem, params: FloatArray, progress: Progress) -> Trace:
        """Minimise from `params`, shape (n_features + 1, neuron)."""
        batch = Batch(problem, params)
        try:
            while batch.n_moving and batch.iteration < self.maxiter:
                self._step(batch)
                progress.update(batch.n_moving, batch.passes)
                batch.shrink()
        except KeyboardInterrupt:
            batch.interrupt()
        return batch.finish()

    def _step(self, batch: Batch) -> None:
        gradient = batch.gradient()
        direction, singular = batch.newton_direction(gradient)
        batch.move(direction, gradient)
        size = np.abs(direction).max(axis=0) / np.maximum(np.abs(batch.params).max(axis=0), 1e-12)
        small = (batch.last_step >= 1.0) & (size <= np.sqrt(self.tol))
        batch.stop(small, np.where(singular, Result.COLLINEAR, Result.CONVERGED))
        batch.stop(batch.predicted <= batch.noise, np.where(size <= np.sqrt(self.tol), Result.CONVERGED, Result.FLAT))
        batch.stop(batch.failed, Result.STALLED)
