r"""The dispersion of overdispersed counts on a stream: its logarithm, with a running information.

In the first batch coefficients and dispersion are estimated in turns. After it, the likelihood of the rows before
stands as a parabola in :math:`\log\alpha`, as it does for the coefficients, and one turn a batch is enough: the two
hardly depend on each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._types import FloatArray
from ._descent import Descent
from ._problem import GLMProblem

if TYPE_CHECKING:
    from ._stream import Stream

__all__ = ["RunningDispersion"]

_ACCURATE, _STEPS = 1e-8, 30
_STEP = 1e-3
"""Of the differences that stand for derivatives in the logarithm; their error is its square."""

_BOUNDS = (-18.4, 18.4)
"""Logarithms of the dispersions that stand for none, and for one without end."""


class RunningDispersion:
    """The dispersion of the neurons of one batch, for models whose loss depends on it.

    Parameters
    ----------
    stream
        What is known so far, and will be.
    problem, columns, share
        The batch, which neurons of the stream it is of, and its weight.
    center
        Predictors of the null model, shape (neuron,).

    Attributes
    ----------
    problem
        The batch at the dispersions found so far.
    """

    def __init__(self, stream: Stream, problem: GLMProblem, columns, share: FloatArray, center: FloatArray):
        self.stream, self.columns, self.share, self.problem = stream, columns, share, problem
        model = problem.row_loss.model
        self.fixed = not model.scale_in_loss
        if self.fixed:
            return
        n_neurons = len(stream.weight)
        self.fixed = model.scale is not None
        if stream.dispersion is None:
            stream.dispersion = np.full(n_neurons, np.nan if model.scale is None else model.scale)
        found = stream.dispersion[columns]
        self.new = np.isnan(found)
        if self.new.any():
            null = problem.mean(np.vstack([np.zeros((problem.n_features, len(share))), center]))
            found = np.where(self.new, self._estimate(null, None), found)
        self._set(found)

    def settled(self, descent: Descent) -> bool:
        """Estimate it around the new means; whether it is where it was."""
        if self.fixed:
            return True
        mean = self.problem.mean(descent.change.carry(descent.params))
        found = np.where(self.new, self._estimate(mean, self.problem.scale), self._step(mean))
        done = np.abs(found - self.problem.scale) <= _ACCURATE * self.problem.scale
        self._set(found)
        if not np.all(done | ~self.new):
            return False
        self.stream.dispersion[self.columns] = found
        self.stream.information[self.columns] += np.maximum(-self._derivatives(mean, np.log(found))[1], 0.0)
        return True

    def _set(self, scale: FloatArray) -> None:
        self.problem = self.problem.with_scale(scale)

    def _estimate(self, mean: FloatArray, start) -> FloatArray:
        model, weights = self.problem.row_loss.model, self.share * np.asarray(self.problem.weights)
        return model.estimate_dispersion(np.asarray(self.problem.y), mean, weights, start)

    def _step(self, mean: FloatArray) -> FloatArray:
        """Maximum of the likelihood of the batch plus the parabola of the rows before, shape (neuron,)."""
        before = np.log(self.stream.dispersion[self.columns])
        before = np.where(self.new, 0.0, before)
        here, weight = before.copy(), self.stream.information[self.columns]
        for _ in range(_STEPS):
            slope, bend = self._derivatives(mean, here)
            move = (slope - weight * (here - before)) / np.maximum(weight - np.minimum(bend, 0.0), 1e-12)
            there = np.clip(here + np.clip(move, -1.0, 1.0), *_BOUNDS)
            moved, here = np.abs(there - here).max(initial=0.0), there
            if moved <= _ACCURATE:
                break
        return np.exp(here)

    def _derivatives(self, mean: FloatArray, log: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Of the log-likelihood of the batch in the logarithm of the dispersion, each of shape (neuron,)."""
        model, y = self.problem.row_loss.model, np.asarray(self.problem.y)
        weights = self.share * np.asarray(self.problem.weights)
        low, middle, high = (
            np.sum(weights * model.log_likelihood_per_sample(y, mean, np.exp(log + away)), axis=0)
            for away in (-_STEP, 0.0, _STEP)
        )
        return (high - low) / (2 * _STEP), (high - 2 * middle + low) / _STEP**2
