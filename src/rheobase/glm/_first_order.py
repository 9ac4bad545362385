"""Single steps of first-order solvers on a batch: what `update` does for those who ask for such a solver by name."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._types import BoolArray, FloatArray
from ..design import AbstractDesign
from ..solvers._core import Result, Solution
from ..solvers._metric import Metric, diagonal_metric, whitening_metric
from ..solvers._penalty import Penalty
from ._fit import _padded
from ._past import Frame
from ._problem import GLMProblem
from ._row_problem import RowLoss
from ._rows import RowTerms
from ._rules import Rules
from ._used_rows import known_rows, row_weights, rows_counted

__all__ = ["FIRST_ORDER", "FirstOrderState", "batch_problem", "begin", "first_order_step"]

FIRST_ORDER = ("GradientDescent", "ProximalGradient[jaxopt]", "SVRG", "ProxSVRG", "Adam")
"""Names of the solvers that have steps of their own here; all others look at all rows at once."""

_SAFE = 0.5
"""A step that is chosen, over one by the smoothness."""


@dataclass
class FirstOrderState:
    """Where a first-order solver stands between two batches; parameters have shape (n_features + 1, neuron).

    Attributes
    ----------
    algorithm
        Its name.
    iter_num
        Steps so far.
    reference_point, full_grad_at_reference_point
        Of SVRG: where the full gradient was taken, and that gradient; both may be set anew.
    """

    algorithm: str
    frame: Frame
    metric: Metric
    free: BoolArray
    stepsize: float | None
    smoothness: FloatArray
    options: dict[str, Any]
    iter_num: int = 0
    momentum: float = 1.0
    velocity: FloatArray | None = None
    first: Any = 0.0
    second: Any = 0.0
    reference_point: FloatArray | None = None
    full_grad_at_reference_point: FloatArray | None = field(default=None, repr=False)

    def gradient_of(self, problem: GLMProblem, params: FloatArray) -> FloatArray:
        """Gradient of the loss of a batch in the state's coordinates, shape (n_features + 1, neuron)."""
        change = self.frame.to(Frame(problem.design.center, problem.design.scale))
        return change.pull_gradient(problem.gradient(self.evaluate(problem, params).residual)) * self.free

    def evaluate(self, problem: GLMProblem, params: FloatArray):
        """The loss of a batch, with its derivatives in the predictor."""
        change = self.frame.to(Frame(problem.design.center, problem.design.scale))
        eta = problem.predictor(change.carry(params))
        return problem.evaluate(problem.start(), eta, np.ones(problem.n_neurons))

    def step(self, problem: GLMProblem, penalty: Penalty, params: FloatArray) -> FloatArray:
        """One step on a batch, shape (n_features + 1, neuron)."""
        self.iter_num += 1
        with np.errstate(over="ignore", invalid="ignore"):  # a step too long is told by what it leads to
            return _STEPS[self.algorithm.partition("[")[0]](self, problem, penalty, params)

    def scaled_penalty(self, rules: Rules) -> Penalty:
        """The penalty in the state's coordinates."""
        return rules.penalty(self.frame.scale)

    def size(self, problem: GLMProblem) -> FloatArray:
        """The step size that was given, or one that is safe for a batch of so many rows, shape (neuron,)."""
        if self.stepsize is not None:
            return np.full(problem.n_neurons, self.stepsize)
        rows = max(problem.design.n_valid, 1)
        return _SAFE / (self.smoothness * (1.0 + 2.0 * (problem.n_features + 1) / rows))


def begin(
    name: str, options: dict[str, Any], defaults: dict[str, Any], problem: GLMProblem, penalty_at: Callable, start
) -> FirstOrderState:
    """The state before the first step.

    Parameters
    ----------
    name, options, defaults
        Of the solver: as given, and what it takes. A step size that is given counts in the user's units, as a plain
        gradient step does; one that is not is chosen in coordinates in which the curvature of the null model is the
        identity.
    problem
        The rows to begin with, without a penalty.
    penalty_at
        Penalty from the scale of the features.
    start
        Coefficients (feature, neuron) and intercepts (neuron,).
    """
    n, n_neurons = problem.n_features + 1, problem.n_neurons
    free = np.ones((n, n_neurons), dtype=bool) if problem.free is None else problem.free
    given = options.get("stepsize") or None
    if given is not None:
        frame = Frame(np.zeros(n - 1), np.ones(n - 1))
        metric, smoothness = Metric(free.astype(np.float64), np.ones(n_neurons)), np.ones(n_neurons)
    else:
        frame = Frame(problem.design.center, problem.design.scale)
        problem.penalty = penalty_at(frame.scale)
        here = frame.convert(*start) * free
        null = np.zeros((n, n_neurons))
        null[-1] = here[-1]
        kinked = problem.penalty.norms is not None
        metric = (diagonal_metric if kinked else whitening_metric)(problem, null)
        smoothness = np.maximum(_largest(problem, metric, null), _largest(problem, metric, here))
    # momentum is the default where plain steps are asked for, and amplifies the noise of batches where they are not
    settings = {**defaults, "acceleration": given is not None, **options}
    state = FirstOrderState(name, frame, metric, free, given, smoothness, settings)
    if name in ("SVRG", "ProxSVRG"):
        state.reference_point = frame.convert(*start) * free
        state.full_grad_at_reference_point = state.gradient_of(problem, state.reference_point)
    return state


def batch_problem(design: AbstractDesign, y: FloatArray, terms: RowTerms, rules: Rules) -> GLMProblem:
    """A batch as a solver sees it, without its penalty; a neuron without rows in it has no weight."""
    known = known_rows(y, terms.offset, terms.weight)
    standard = design.standardized(known.any(axis=1))
    mask = rules.mask
    free = None if mask is None else np.vstack([mask, np.ones(mask.shape[1], dtype=bool)])
    return GLMProblem(
        standard,
        _padded(np.where(known, y, 0.0), standard.n_rows),
        row_weights(standard, known, terms.weight),
        RowLoss(rules.model, rules.link),
        Penalty(np.zeros((design.n_features + 1, y.shape[1]))),
        free,
    )


def first_order_step(
    state: FirstOrderState, design: AbstractDesign, y: FloatArray, terms: RowTerms, rules: Rules, start
) -> Solution:
    """One step from `start`, coefficients (feature, neuron) and intercepts (neuron,); the state moves along."""
    began, model = time.perf_counter(), rules.model
    problem = batch_problem(design, y, terms, rules)
    change = state.frame.to(Frame(problem.design.center, problem.design.scale))
    params, weights = state.frame.convert(*start) * state.free, np.asarray(problem.weights)
    if model.scale_in_loss:
        mean = problem.mean(change.carry(params))
        found = model.estimate_dispersion(np.asarray(problem.y), mean, weights) if model.scale is None else model.scale
        problem = problem.with_scale(np.broadcast_to(np.asarray(found, dtype=np.float64), (y.shape[1],)))
    penalty = state.scaled_penalty(rules)
    new = state.step(problem, penalty, params)
    if not np.isfinite(new).all():
        msg = (
            f"the step of {state.algorithm!r} led to NaN or infinite parameters. Give a smaller stepsize among "
            "solver_kwargs, or none, to have it chosen."
        )
        raise ValueError(msg)
    coef, intercept = state.frame.restore(new)
    loss = state.evaluate(problem, new).loss + penalty.smooth(new) + penalty.kinks(new)
    n_free = np.count_nonzero(coef, axis=0) if penalty.norms is not None else state.free[:-1].sum(axis=0)
    stats = {
        "solver": state.algorithm,
        "reason": "asked for by name",
        "passes": state.iter_num,
        "hessians": 0,
        "n_parameters": n_free + 1,
        **rows_counted(weights, terms.weight, len(y), y.shape[1]),
        "design": repr(design),
        "seconds": time.perf_counter() - began,
    }
    stats["dispersion"] = problem.scale
    if model.has_dispersion:
        dof = np.maximum(1.0 - stats["n_parameters"] / np.maximum(stats["weight_used"], 1.0), 1e-3)
        mean = problem.mean(change.carry(new))
        stats["dispersion"] = model.estimate_scale(np.asarray(problem.y), mean, dof, weights)
    n_neurons = y.shape[1]
    result = np.full(n_neurons, int(Result.MAX_ITERATIONS))
    return Solution(coef, intercept, loss, result, np.full(n_neurons, state.iter_num), stats)


def _largest(problem: GLMProblem, metric: Metric, params: FloatArray) -> FloatArray:
    """Largest curvature of the objective at `params`, in a metric, shape (neuron,)."""
    now = problem.evaluate(problem.start(), problem.predictor(params), np.ones(problem.n_neurons))
    hessian = problem.hessian(now.curvature, np.arange(problem.n_neurons))
    problem.penalty.add_to(hessian, np.arange(problem.n_neurons))
    roots = metric.root.T[:, :, None] * np.eye(len(params)) if metric.diagonal else metric.root
    return np.linalg.eigvalsh(roots.transpose(0, 2, 1) @ hessian @ roots)[:, -1] / metric.height


def _descend(state: FirstOrderState, problem: GLMProblem, penalty: Penalty, params: FloatArray) -> FloatArray:
    """Gradient descent, accelerated if asked for (Nesterov 1983; Beck & Teboulle 2009 with norms)."""
    point = params if state.velocity is None else state.velocity
    gradient = state.gradient_of(problem, point) + penalty.gradient(point)
    new = state.metric.step(point, gradient, state.size(problem), penalty.norms)
    if state.options.get("acceleration"):
        momentum = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * state.momentum**2))
        state.velocity = new + (state.momentum - 1.0) / momentum * (new - params)
        state.momentum = momentum
    return new


def _reduce_variance(state: FirstOrderState, problem: GLMProblem, penalty: Penalty, params: FloatArray) -> FloatArray:
    """SVRG: the batch's gradient, corrected by how it differs from the full one at the reference point."""
    here, there = (state.gradient_of(problem, point) for point in (params, state.reference_point))
    gradient = here - there + state.full_grad_at_reference_point + penalty.gradient(params)
    return state.metric.step(params, gradient, state.size(problem), penalty.norms)


def _adapt(state: FirstOrderState, problem: GLMProblem, penalty: Penalty, params: FloatArray) -> FloatArray:
    """Adam."""
    beta1, beta2 = state.options["beta1"], state.options["beta2"]
    root, height = state.metric.root, state.metric.height
    gradient = (state.gradient_of(problem, params) + penalty.gradient(params)) / height
    gradient = _times(root, gradient, transpose=True)
    state.first = beta1 * state.first + (1 - beta1) * gradient
    state.second = beta2 * state.second + (1 - beta2) * gradient**2
    mean, square = state.first / (1 - beta1**state.iter_num), state.second / (1 - beta2**state.iter_num)
    size = state.options["stepsize"]
    return params - size * _times(root, mean / (np.sqrt(square) + 1e-8), transpose=False)


def _times(root: FloatArray, values: FloatArray, *, transpose: bool) -> FloatArray:
    if root.ndim == 2:
        return root * values
    root = root.transpose(0, 2, 1) if transpose else root
    return root[0] @ values if len(root) == 1 else np.matmul(root, values.T[:, :, None])[:, :, 0].T


_STEPS = {
    "GradientDescent": _descend,
    "ProximalGradient": _descend,
    "SVRG": _reduce_variance,
    "ProxSVRG": _reduce_variance,
    "Adam": _adapt,
}
