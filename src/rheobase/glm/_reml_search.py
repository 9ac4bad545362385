r"""The choice of strengths by restricted likelihood, in turns with the fit.

At the optimum :math:`\hat\beta(s)` the loss of a neuron is replaced by its quadratic (`_laplace`), whose restricted
likelihood is maximised over all strengths without another look at the rows; then the coefficients follow. The curvature
of a loss changes with the coefficients, and they with the strengths: with the leverage
:math:`h_t = x_t^\top (H + P)^{-1} x_t`

.. math:: \frac{\partial}{\partial\rho_j} \tfrac12 \log|H(\hat\beta(\rho))|
    = \tfrac12 \sum_t h_t\, \ell'''_t\, x_t^\top \frac{\partial\hat\beta}{\partial\rho_j}, \qquad
    \frac{\partial\hat\beta}{\partial\rho_j} = -s_j (H + P)^{-1} S_j \hat\beta

is added to the slope, so that where the turns end the gradient of Laplace's restricted likelihood is zero, not that of
its quadratic stand-in.

References
----------
Wood (2011), *Fast stable restricted maximum likelihood and marginal likelihood estimation of semiparametric generalized
linear models*; Wood & Fasiolo (2017), *A generalized Fellner-Schall method for smoothing parameter optimization*
(alternating with the fit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._types import FloatArray
from ..design import AbstractDesign
from ..solvers._core import Result, Solution
from ._laplace import AbstractModel
from ._reml import REML, RestrictedLikelihood
from ._reml_problem import RemlProblem, Sight
from ._rows import RowTerms

if TYPE_CHECKING:
    from ._base import AbstractGLM

__all__ = ["choose_strengths"]

_RANGE = 16.0
"""How far a log-strength may go from where penalty and data weigh the same: seven decades either way."""

_FIRST = np.arange(-12.0, 12.1, 1.5)
"""Shifts of all log-strengths that are looked at before the first search, for there may be several valleys."""

_TRUST = 2.0
"""Longest change of a log-strength between two fits, once the coefficients are near."""

_STEPS, _LONGEST, _HALVINGS = 60, 4.0, 20
"""Newton steps over one quadratic, the longest change of a log-strength in a step, and how often it is halved."""


def choose_strengths(
    model: AbstractGLM, design: AbstractDesign, response: FloatArray, terms: RowTerms, settings: REML, start=None
) -> tuple[RestrictedLikelihood, tuple[FloatArray, FloatArray] | None]:
    """Strengths of all terms and neurons.

    Parameters
    ----------
    model
        Observation model, link, quadratic penalty, solver.
    design, response, terms
        The data, as `AbstractGLM._check_data` and `_terms` give them.
    settings
        When to stop.
    start
        Coefficients (n_features, neuron) and intercepts (neuron,) to start from.

    Returns
    -------
    found
        The strengths and how they were found.
    start
        Coefficients and intercepts at these strengths; None if features are collinear, for the answer should not depend
        on the way here.

    Raises
    ------
    ValueError
        If the model has no penalty, or one with kinks.
    """
    problem = RemlProblem(model, design, response, terms)
    turns = _Turns(problem, settings)
    for turn in range(int(settings.maxiter)):
        solution = problem.fit(np.exp(turns.rho), start)
        start = turns.take(solution, turn)
        if not turns.moving.any():
            break
    unique = not np.any(solution.result == Result.COLLINEAR)
    return turns.result(solution), (solution.coef, solution.intercept) if unique else None


class _Turns:
    """Where the strengths of all neurons are, and who still moves."""

    def __init__(self, problem: RemlProblem, settings: REML):
        self._problem, self._settings = problem, settings
        self.rho = problem.middle.copy()
        n_terms, n_neurons = self.rho.shape
        self._judged = self.rho.copy()
        self.moving = np.ones(n_neurons, dtype=bool)
        self._last, self._damp = np.full(n_neurons, np.inf), np.ones(n_neurons)
        self._gradient, self._term_dof = np.full((2, n_terms, n_neurons), np.nan)
        self._dof, self._height, self._kappa = np.full((3, n_neurons), np.nan)
        self._n_iter = np.zeros(n_neurons, dtype=np.int64)

    def take(self, solution: Solution, turn: int) -> tuple[FloatArray, FloatArray]:
        """Judge the strengths of a fit, and move to better ones; returns coefficients and intercepts to start from."""
        params = self._problem.standard(solution)
        self.moving &= solution.result != Result.SILENT
        neurons = np.flatnonzero(self.moving)
        self._judged[:, neurons] = self.rho[:, neurons]
        self._n_iter[neurons] = turn + 1
        for n, sight, tilt in self._problem.sights(solution, np.exp(self.rho), neurons, tilted=turn > 0):
            low, high = self._problem.middle[:, n] - _RANGE, self._problem.middle[:, n] + _RANGE
            slope = sight.model(self.rho[:, n]).gradient + tilt
            self._note(n, sight, slope)
            if turn == 0:
                first = _lowest(sight.model, self.rho[:, n])
                self._move(n, _minimise(sight.model, first, tilt, low, high, self._settings.tol), turn)
            elif np.abs(_inward(self.rho[:, n], slope, low, high)).max() <= self._settings.tol:
                self.moving[n] = False
            else:
                near = np.maximum(low, self.rho[:, n] - _TRUST), np.minimum(high, self.rho[:, n] + _TRUST)
                self._move(n, _minimise(sight.model, self.rho[:, n], tilt, *near, 0.1 * self._settings.tol), turn)
                params[self._problem.rows(n), n] += sight.step_to(np.exp(self.rho[:, n]))
        return self._problem.design.restore(params[:-1], params[-1])

    def _move(self, n: int, ahead: FloatArray, turn: int) -> None:
        change = ahead - self.rho[:, n]
        far = float(np.abs(change).max())
        if turn > 2 and far > 0.7 * self._last[n] and far < _TRUST:  # back and forth: not so far
            self._damp[n] = max(0.5 * self._damp[n], 0.1)
        self._last[n] = far
        self.rho[:, n] += self._damp[n] * change

    def _note(self, n: int, sight: Sight, slope: FloatArray) -> None:
        """Keep what the result will tell of a neuron."""
        problem, rows = self._problem, self._problem.rows(n)
        prior, kappa, shares = sight.model.prior(self.rho[:, n]).value, sight.kappa, sight.shares()
        self._gradient[:, n], self._kappa[n] = slope, kappa / sight.total
        self._dof[n] = problem.dof[n] = shares.sum()
        seen = np.diagonal(problem.matrices, axis1=1, axis2=2)[:, rows[:-1]] > 0
        self._term_dof[:, n] = seen @ shares[:-1]
        spread = np.sum(np.log(problem.design.scale[rows[:-1]]))  # determinants in the user's units
        self._height[n] = kappa * sight.penalty + 0.5 * (sight.factor.logdet - prior) + spread
        self._height[n] += 0.5 * sight.unseen() * np.log(kappa / (2.0 * np.pi))

    def result(self, solution: Solution) -> RestrictedLikelihood:
        """What was found, with the log-likelihood of the last fit."""
        problem, family = self._problem, self._problem.model.observation_model
        dispersion = solution.stats["dispersion"]
        if family.has_dispersion:
            dispersion = family.loss_scale / self._kappa
        weight = 1.0 if problem.terms.weight is None else problem.terms.weight
        mean, known = problem.mean(solution), problem.known
        each = family.log_likelihood_per_sample(np.where(known, problem.y, 1.0), np.where(known, mean, 1.0), dispersion)
        score = self._height - np.where(known, weight * each, 0.0).sum(axis=0)
        found = self._judged, self._gradient, self._n_iter
        return RestrictedLikelihood(
            np.exp(found[0]), score, self._dof, self._term_dof, dispersion, *found[1:], ~self.moving
        )


def _inward(rho: FloatArray, slope: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """The slope, zero where it leads out of the range."""
    return np.where(((rho <= low) & (slope > 0)) | ((rho >= high) & (slope < 0)), 0.0, slope)


def _lowest(model: AbstractModel, rho: FloatArray) -> FloatArray:
    """The best of some shifts of all log-strengths together."""
    heights = [model.value(rho + shift) for shift in _FIRST]
    return rho + _FIRST[int(np.argmin(heights))]


def _minimise(model: AbstractModel, rho: FloatArray, tilt: FloatArray, low, high, tol: float) -> FloatArray:
    """Log-strengths between `low` and `high` that minimise the model plus ``tilt @ rho``, by Newton's method."""
    rho = np.clip(rho, low, high)
    now = model(rho)
    for _ in range(_STEPS):
        slope = _inward(rho, now.gradient + tilt, low, high)
        if np.abs(slope).max() <= tol:
            break
        free = slope != 0
        values, vectors = np.linalg.eigh(now.hessian[np.ix_(free, free)])
        bend = np.maximum(np.abs(values), 1e-3 * np.abs(slope).max())  # downhill, whatever the curvature
        step = np.zeros_like(rho)
        step[free] = -vectors @ (vectors.T @ slope[free] / bend)
        step *= min(1.0, _LONGEST / np.abs(step).max())
        for _ in range(_HALVINGS):
            ahead = np.clip(rho + step, low, high)
            height = model.value(ahead) - now.value + tilt @ (ahead - rho)
            if height <= 1e-4 * slope @ (ahead - rho) + 1e-13 * abs(now.value):
                break
            step *= 0.5
        else:
            break
        rho, now = ahead, model(ahead)
    return rho
