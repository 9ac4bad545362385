"""Proximal Newton steps, on the features that are in use.

With most coefficients at zero nothing needs the other features but the test that they stay there. So once few are in
use, these are copied side by side, and all products go over the copy; a neuron has arrived when the gradient of all
features agrees. (Active sets: Friedman, Hastie & Tibshirani 2010, *Regularization paths for generalized linear models
via coordinate descent*, section 2.6.)
"""

from __future__ import annotations

import numpy as np

from .._types import BoolArray, FloatArray
from ._core import AbstractProblem, Progress, Result, Trace
from ._proximal import FAR, Directions, awake_parameters
from ._state import FLAT_STEP, Batch

__all__ = ["CURVED", "run"]

CURVED = 10.0
"""Least error left after a full Newton step, divided by the square of the step."""

_NEAR = 1e-3
"""After a shorter step (in units of the features' spread) hardly any feature wakes up that was asleep before it."""


def run(problem: AbstractProblem, params: FloatArray, progress: Progress, maxiter: int, tol: float) -> Trace:
    """Minimise where the penalty has kinks, or parameters have bounds.

    Parameters
    ----------
    problem, params, progress
        As for a solver.
    maxiter, tol
        As of `Newton`.
    """
    fit = _SparseNewton(problem, params, tol)
    try:
        while fit.batch.n_moving and fit.batch.iteration < maxiter:
            fit.step()
            progress.update(fit.batch.n_moving, fit.batch.passes)
            fit.shrink()
    except KeyboardInterrupt:
        fit.batch.interrupt()
    return fit.batch.finish()


class _SparseNewton:
    """The state of a run: a batch whose problem is narrowed to the features in use, and the whole problem."""

    def __init__(self, problem: AbstractProblem, params: FloatArray, tol: float):
        self.whole, self.batch = problem, Batch(problem, params)
        self._tol = tol
        self._directions = Directions(problem.n_neurons)
        self._last = np.full(problem.n_neurons, np.inf)
        self._cold = not np.any(self.batch.params[:-1])
        self._used = np.zeros(problem.n_features, dtype=bool)

    @property
    def _is_narrow(self) -> bool:
        return self.batch.problem is not self.whole

    def step(self) -> None:
        """One step of every moving neuron."""
        batch = self.batch
        last = self._last[batch.moving].max()
        gradient, awake = self._look() if last > _NEAR else self._glance()
        direction = self._directions.find(batch, gradient, awake, far=self._cold and last > FAR)
        age = self._directions.age[batch.columns]
        batch.move(direction, gradient)
        self._cold = self._cold and bool(np.all(batch.last_step >= 1.0))  # else estimates are too wrong here
        far = batch.last_step * np.abs(direction).max(axis=0)
        self._directions.went(batch, far)
        self._judge(direction, age)
        self._last = np.maximum(far, 1e-150)  # its square is still a number

    def _glance(self) -> tuple[FloatArray, BoolArray]:
        """Gradient and who is awake, from the features in use."""
        gradient = self.batch.gradient()
        return gradient, awake_parameters(self.batch.problem, self.batch.params, gradient)

    def _look(self) -> tuple[FloatArray, BoolArray]:
        """The same from all features; the problem is then that of all who are awake.

        On the first steps from nowhere they are not counted: most will sleep after them.
        """
        batch, narrow = self.batch, self.batch.problem
        batch.problem = self.whole
        gradient, awake = self._glance()
        if self.whole.penalty.norms is None or (self._cold and self._last[batch.moving].max() > FAR):
            return gradient, awake
        used = awake[:-1][:, batch.moving].any(axis=1)
        if narrow is self.whole:
            self._used[:] = False
        if np.any(used & ~self._used):
            self._used |= used
            narrow = self.whole.narrowed(np.flatnonzero(self._used))
        batch.problem = self.whole if narrow is None else narrow
        return gradient, awake

    def _judge(self, direction: FloatArray, age: FloatArray) -> None:
        """Stop who has arrived: the error left is a constant times the step times what the Hessian was off by."""
        batch, last = self.batch, self._last
        step = np.abs(direction).max(axis=0)
        off = step + np.where(np.isfinite(age), age, 1.0)
        left = step * off * np.maximum(step / last**2, CURVED)
        near = (batch.last_step >= 1.0) & (left <= self._tol * batch.size)
        flat = batch.predicted <= batch.noise
        agreed = self._agreed((near | flat | batch.failed) & batch.moving)
        batch.stop(near & agreed, Result.CONVERGED)
        batch.stop(flat & agreed, np.where(step <= FLAT_STEP, Result.CONVERGED, Result.FLAT))
        batch.stop(batch.failed & agreed, Result.STALLED)

    def _agreed(self, arrived: BoolArray) -> BoolArray:
        """For whom the features that are not in use agree, shape (neuron,); those that do not are in use from now."""
        if not (self._is_narrow and arrived.any()):
            return arrived
        used = self._used.copy()
        _, awake = self._look()
        return ~(awake[:-1] & ~used[:, None]).any(axis=0)

    def shrink(self) -> None:
        """Let stopped neurons leave a large batch."""
        narrow, kept = self._is_narrow, self.batch.shrink()
        if kept is not None:
            self._last = self._last[kept]
            self.whole = self.whole.select(np.flatnonzero(kept)) if narrow else self.batch.problem
