r"""A line search that costs no matrix product.

Along a direction the linear predictor is :math:`\eta + \alpha X d`; with both arrays kept, a trial step is an
elementwise pass over rows, and its slope comes with it. Every neuron has its own step.

References
----------
Nocedal & Wright (2006), *Numerical Optimization*, 2nd ed., sections 3.1 and 3.5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .._types import BoolArray, FloatArray
from ._core import AbstractProblem, Evaluation

__all__ = ["Line", "search"]

_DECREASE = 1e-4
_TRIALS = 50
_ROUNDING = 1e-14
"""Relative; differences of the loss below this are noise of its summation, and no reason to refuse a step."""


@dataclass(frozen=True)
class Line:
    """Where a search starts, by neuron.

    Attributes
    ----------
    objective, slope
        Penalised objective and its derivative along the direction, shape (neuron,).
    penalty, penalty_slope, penalty_curvature
        Smooth part of the penalty, and its first and second derivative along the direction.
    kinks
        The rest of the penalty after a step, if there is one.
    """

    objective: FloatArray
    slope: FloatArray
    penalty: FloatArray
    penalty_slope: FloatArray
    penalty_curvature: FloatArray
    kinks: Callable[[FloatArray], FloatArray] | None = None

    def penalty_at(self, step: FloatArray) -> FloatArray:
        """Penalty after `step`."""
        smooth = self.penalty + step * (self.penalty_slope + 0.5 * step * self.penalty_curvature)
        return smooth if self.kinks is None else smooth + self.kinks(step)


def search(
    problem: AbstractProblem, eta, direction, line: Line, moving: BoolArray, *, flatness: float | None = None
) -> tuple[FloatArray, Evaluation, FloatArray, BoolArray]:
    """Find for each moving neuron a step that lowers its objective enough.

    Parameters
    ----------
    problem
        Evaluates trial steps.
    eta, direction
        Predictor and its change along the direction, shape (n_rows, neuron).
    line
        Objective and slope at the start.
    moving
        Neurons to search for; the others keep step 0.
    flatness
        If given and a slope at the accepted step is more than this fraction of the first slope, the step is improved
        once by the secant through both slopes.

    Returns
    -------
    step, evaluation, objective, failed
        Steps (0 where none was found), the evaluation there, the penalised objective, and who failed.
    """
    step, trial, objective, failed = _backtrack(problem, eta, direction, line, moving)
    if flatness is None:
        return step, trial, objective, failed
    better = _secant(trial.slope, step, line, flatness)
    if np.array_equal(better, step):
        return step, trial, objective, failed
    second = problem.evaluate(eta, direction, better)
    second_objective = second.loss + line.penalty_at(better)
    worse = ~(second_objective <= objective)
    if worse.any():  # keep the first step where the second is no improvement
        better = np.where(worse, step, better)
        second = problem.evaluate(eta, direction, better)
        second_objective = second.loss + line.penalty_at(better)
    return better, second, second_objective, failed


def _backtrack(problem, eta, direction, line: Line, moving: BoolArray):
    """Halve the step of each neuron until its objective has decreased enough (Armijo)."""
    step = moving.astype(np.float64)
    slack = max(_ROUNDING, problem.rounding) * np.maximum(np.abs(line.objective), np.abs(line.objective - line.penalty))
    for _ in range(_TRIALS):
        trial = problem.evaluate(eta, direction, step)
        objective = trial.loss + line.penalty_at(step)
        # a loss that overflowed is NaN or infinite and compares False
        good = ~moving | (objective <= line.objective + _DECREASE * step * line.slope + slack)
        if good.all():
            return step, trial, objective, ~good
        if np.all(good | (step * np.abs(line.slope) <= slack)):  # shorter steps would show rounding only
            break
        step = np.where(good, step, 0.5 * step)
    step = np.where(good, step, 0.0)
    trial = problem.evaluate(eta, direction, step)
    return step, trial, trial.loss + line.penalty_at(step), ~good


def _secant(loss_slope: FloatArray, step: FloatArray, line: Line, flatness: float) -> FloatArray:
    """Steps where the secant through the slopes at 0 and at `step` crosses zero; `step` itself where that is flat
    enough.
    """
    slope = loss_slope + line.penalty_slope + step * line.penalty_curvature
    bend = line.slope - slope
    steep = (np.abs(slope) > flatness * np.abs(line.slope)) & (bend < 0)
    crossing = step * line.slope / np.where(steep, bend, 1.0)
    return np.where(steep, np.clip(crossing, 0.1 * step, 4.0 * step), step)
