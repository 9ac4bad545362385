r"""Multinomial logistic regression by exact Newton steps: one softmax over classes, a coefficient for each of them.

For a row with features :math:`x_t` of class :math:`y_t` and weight :math:`a_t` (weights sum to one)

.. math:: J(W, b) = -\sum_t a_t \log p_{t y_t} + P(W), \qquad p_{tk} \propto e^{x_t^\top w_k + b_k}

Adding the same vector to every :math:`w_k` changes no probability. Where the penalty is the same for all classes, the
optimum and every Newton step from a centred start sum to zero over classes, so that these directions are given a
curvature of their own: the system is then as regular as the features are.

Row arrays have the shape (class, row), so that what runs over classes runs along memory.

References
----------
McCullagh & Nelder (1989), *Generalized Linear Models*, 2nd ed., section 5.2; Böhning (1992), *Multinomial logistic
regression algorithm*; Nocedal & Wright (2006), *Numerical Optimization*, 2nd ed., section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._types import BoolArray, FloatArray, IntArray
from ..design import AbstractDesign
from ..solvers._core import Result
from ..solvers._linear import solve_spd
from ..solvers._penalty import Penalty
from ..solvers._state import FLAT_STEP

__all__ = ["SoftmaxFit", "SoftmaxProblem", "fit_softmax"]

_CURVED = 10.0
"""Least error left after a full Newton step, divided by the square of the step."""

_DECREASE, _HALVINGS, _ROUNDING = 1e-4, 50, 1e-14
"""Of the line search: share of the slope that a step must gain, trials, and noise of the loss relative to it."""


class SoftmaxProblem:
    """The classes of one neuron over standardised features.

    Parameters
    ----------
    design
        Standardised features.
    labels
        Class of each row, 0 .. K - 1, shape (design.n_rows,); any where the weight is zero.
    weights
        Weights of rows that sum to one, shape (design.n_rows,).
    penalty
        In standardised units, its columns the classes.
    free
        Shape (n_features + 1, class), False where a coefficient is held at zero; None if all are free.
    gram
        Second moments of features and intercept under `weights`, if already known.
    """

    def __init__(
        self,
        design: AbstractDesign,
        labels: IntArray,
        weights: FloatArray,
        penalty: Penalty,
        free: BoolArray | None = None,
        gram: FloatArray | None = None,
    ):
        self.design, self.labels, self.weights, self.penalty = design, labels, weights, penalty
        self.n_classes = penalty.ridge.shape[1]
        self.free = np.ones(penalty.ridge.shape, dtype=bool) if free is None else free
        self._gram = gram
        self._rows = np.arange(design.n_rows)

    @property
    def gram(self) -> FloatArray:
        """Weighted second moments, intercept last, shape (n_features + 1, n_features + 1)."""
        if self._gram is None:
            self._gram = self._grams(self.weights[None])[0]
        return self._gram

    def shiftable(self) -> BoolArray:
        """Features (and the intercept, last) whose coefficients may be centred over classes, shape (n_features + 1,).

        A shift of all classes changes no probability. It costs nothing where nothing is penalised, and is not wanted
        where all classes are penalised alike.
        """
        ridge, all_free = self.penalty.ridge, self.free.all(axis=1)
        alike = bool((self.free == self.free[:, :1]).all() and (ridge == ridge[:, :1]).all())
        if alike:
            return all_free
        unpenalised = ~ridge.any(axis=1)
        if self.penalty.matrices is not None:
            unpenalised &= ~self.penalty.matrices.any(axis=(0, 2))
        return all_free & unpenalised

    def predictor(self, params: FloatArray) -> FloatArray:
        """Linear predictors of `params` (n_features + 1, class), shape (class, row)."""
        eta = np.ascontiguousarray(np.asarray(self.design.matvec(params[:-1])).T)
        eta += params[-1][:, None]
        return eta

    def evaluate(self, eta: FloatArray) -> tuple[float, FloatArray]:
        """Mean loss, and probabilities of shape (class, row), at the predictors `eta`."""
        probability = eta - eta.max(axis=0)
        own = probability[self.labels, self._rows]
        np.exp(probability, out=probability)
        total = probability.sum(axis=0)
        probability /= total
        return float(self.weights @ (np.log(total) - own)), probability

    def gradient(self, probability: FloatArray) -> FloatArray:
        """Gradient of the mean loss, shape (n_features + 1, class)."""
        residual = probability * self.weights
        residual[self.labels, self._rows] -= self.weights
        return np.vstack([self.design.rmatvec(residual.T), residual.sum(axis=1)])

    def hessian(self, probability: FloatArray, constant: bool) -> FloatArray:
        """Second derivatives of the mean loss, shape (class, n_features + 1, class, n_features + 1).

        Blocks of a class with itself follow from the others, because a shift of all classes has no curvature.
        """
        n_classes, size = self.n_classes, self.design.n_features + 1
        out = np.zeros((n_classes, size, n_classes, size))
        for one in range(n_classes - 1):
            if constant:  # probabilities are the same in every row
                pairs = probability[one + 1 :, 0] * probability[one, 0]
                blocks = pairs[:, None, None] * self.gram
            else:
                blocks = self._grams(probability[one + 1 :] * (probability[one] * self.weights))
            for other, block in enumerate(blocks, one + 1):
                out[one, :, other] -= block
                out[other, :, one] -= block
                out[one, :, one] += block
                out[other, :, other] += block
        return out

    def _grams(self, weights: FloatArray) -> FloatArray:
        """Second moments under `weights` (column, row), intercept last."""
        n = self.design.n_features
        out = np.empty((len(weights), n + 1, n + 1))
        out[:, :n, :n] = self.design.gram(weights.T)
        out[:, n, :n] = out[:, :n, n] = np.asarray(self.design.rmatvec(weights.T)).T
        out[:, n, n] = weights.sum(axis=1)
        return out


@dataclass
class SoftmaxFit:
    """Where the steps ended, in the coordinates of the problem.

    Attributes
    ----------
    params : FloatArray
        Shape (n_features + 1, class), intercepts last.
    loss : float
        Penalised mean loss.
    result : Result
    n_iter : int
    stats : dict
        Products over all rows, and Hessians.
    """

    params: FloatArray
    loss: float
    result: Result = Result.MAX_ITERATIONS
    n_iter: int = 0
    stats: dict[str, Any] = field(default_factory=lambda: {"passes": 0, "hessians": 0})


def fit_softmax(problem: SoftmaxProblem, params: FloatArray, maxiter: int = 100, tol: float = 1e-8) -> SoftmaxFit:
    """Minimise from `params`.

    Parameters
    ----------
    problem
        What to minimise.
    params
        Start, shape (n_features + 1, class); centred over classes where that changes nothing.
    maxiter
        Newton steps at most.
    tol
        Accuracy asked of the coefficients (in units of the features' spread), relative to the largest of them.
    """
    shiftable = problem.shiftable()
    params = _centred(params * problem.free, shiftable)
    eta = problem.predictor(params)
    loss, probability = problem.evaluate(eta)
    fit = SoftmaxFit(params, loss + _penalty(problem, params))
    first_loss, last, collinear = abs(loss), np.inf, None
    try:
        for fit.n_iter in range(1, maxiter + 1):
            gradient = (problem.gradient(probability) + problem.penalty.gradient(fit.params)) * problem.free
            hessian = problem.hessian(probability, constant=not fit.params[:-1].any())
            direction, singular = _direction(problem, hessian, gradient, shiftable)
            collinear = singular if collinear is None else collinear
            predicted, noise = -float(np.sum(gradient * direction)), _noise(fit.loss, loss, first_loss)
            step, eta, loss, probability = _search(problem, fit, direction, predicted, eta, loss, probability)
            fit.stats["passes"] += 2
            fit.stats["hessians"] += 1
            result = _judge(fit, direction, step, last, predicted, noise, singular, collinear, tol)
            if result is not None:
                fit.result = result
                break
            last = max(step * np.abs(direction).max(), 1e-150)
    except KeyboardInterrupt:
        fit.result = Result.INTERRUPTED
    fit.params = _centred(fit.params, shiftable)
    return fit


def _penalty(problem: SoftmaxProblem, params: FloatArray) -> float:
    return float(problem.penalty.smooth(params).sum())


def _noise(objective: float, loss: float, first_loss: float) -> float:
    """Changes of the objective below this are rounding."""
    return float(np.finfo(np.float64).eps * max(4 * abs(objective), 4 * abs(loss), first_loss))


def _centred(params: FloatArray, rows: BoolArray) -> FloatArray:
    """`params` less their mean over classes in some rows."""
    return np.where(rows[:, None], params - params.mean(axis=1, keepdims=True), params)


def _direction(
    problem: SoftmaxProblem, hessian: FloatArray, gradient: FloatArray, shiftable: BoolArray
) -> tuple[FloatArray, bool]:
    """The Newton direction, shape (n_features + 1, class), and whether the system is singular."""
    n_classes, size = problem.n_classes, len(gradient)
    own = np.einsum("kjkj->jk", hessian)
    shift = np.where(shiftable, own.mean(axis=1) / n_classes, 0.0)
    features = np.arange(size)
    for one in range(n_classes):
        block = hessian[one, :, one]
        block[features, features] += problem.penalty.ridge[:, one]
        if problem.penalty.matrices is not None:
            block += np.tensordot(problem.penalty.weights[:, one], problem.penalty.matrices, 1)
        for other in range(n_classes):
            hessian[one, features, other, features] += shift
    free = problem.free.T.ravel()
    flat = hessian.reshape(n_classes * size, -1)
    direction = np.zeros(n_classes * size)
    inside = flat if free.all() else flat[np.ix_(free, free)]
    direction[free], singular = solve_spd(inside, -gradient.T.ravel()[free])
    return np.ascontiguousarray(direction.reshape(n_classes, size).T), singular


def _search(problem: SoftmaxProblem, fit: SoftmaxFit, direction, predicted: float, eta, loss: float, probability):
    """Halve the step until the objective has decreased enough (Armijo), and go there; step 0 if it never does.

    Returns
    -------
    step, eta, loss, probability
    """
    change = problem.predictor(direction)
    here, slope = _penalty(problem, fit.params), problem.penalty.gradient(direction)
    linear, square = float(np.sum(slope * fit.params)), float(np.sum(slope * direction))
    slack, step = _ROUNDING * max(abs(fit.loss), abs(loss)), 1.0
    for _ in range(_HALVINGS):
        there = eta + step * change
        with np.errstate(over="ignore", invalid="ignore"):
            trial, found = problem.evaluate(there)
        objective = trial + here + step * (linear + 0.5 * step * square)
        if objective <= fit.loss - _DECREASE * step * predicted + slack:  # False where it overflowed
            fit.params, fit.loss = fit.params + step * direction, objective
            return step, there, trial, found
        step *= 0.5
    return 0.0, eta, loss, probability


def _judge(
    fit: SoftmaxFit,
    direction: FloatArray,
    moved: float,
    last: float,
    predicted: float,
    noise: float,
    singular: bool,
    collinear: bool,
    tol: float,
) -> Result | None:
    """How the fit has ended, or None; the error left after a full step is a constant times its square, which the last
    two steps tell.
    """
    step = float(np.abs(direction).max())
    arrived = Result.COLLINEAR if collinear else (Result.FLAT if singular else Result.CONVERGED)
    size = max(float(np.abs(fit.params[:-1]).max(initial=0.0)), 1e-9)
    if moved >= 1.0 and step**2 * max(step / last**2, _CURVED) <= tol * size:
        return arrived
    if predicted <= noise:
        return arrived if step <= FLAT_STEP else Result.FLAT
    return Result.STALLED if moved == 0.0 else None
