"""From a design and a response to a solution; has never heard of scikit-learn."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays.threads import products_on_one_core
from .._types import BoolArray, FloatArray, IntArray
from ..design import AbstractDesign
from ..design._blockwise import AbstractBlockwise
from ..design._core import AbstractStandardized
from ..design._dense import StandardizedDense
from ..links import AbstractInverseLink
from ..observation_models import AbstractObservationModel
from ..regularizer import AbstractRegularizer
from ..solvers import GramLBFGS, Newton
from ..solvers._core import AbstractSolver, Progress, Result, Solution, Trace
from ..solvers._penalty import Penalty
from ..solvers.registry import make_solver
from ._bounds import Bounds
from ._penalty import penalty_of
from ._problem import GLMProblem
from ._row_problem import AbstractRowProblem, RowLoss
from ._streamed import StreamedProblem
from ._used_rows import UsedRows, known_rows, used_rows
from ._walked import WalkedProblem, rows_of_an_estimate

__all__ = ["solve"]

_LOOK = 1 << 12
"""Rows that are looked at to tell a constant feature from one whose spread is 1."""

_MANY_ROWS = 1 << 18
"""Rows x neurons from which arrays of that shape are not kept, where features are not either: about seven of them, a
gigabyte."""

_MUCH_WORK, _ELEMENTWISE = 5e6, 20
"""Rows x features x neurons of a pass, evaluation of the loss included (as that many features), from which it is walked
through block by block."""

_TURNS, _DISPERSION_TOL = 50, 1e-8
"""Largest number of turns between coefficients and dispersion, and the relative change that ends them."""


def solve(
    design: AbstractDesign,
    y: FloatArray,
    model: AbstractObservationModel,
    link: AbstractInverseLink,
    regularizer: AbstractRegularizer,
    strength: Any = None,
    *,
    solver_name: str = "auto",
    solver_kwargs: dict[str, Any] | None = None,
    feature_mask: BoolArray | None = None,
    start: tuple[FloatArray, FloatArray] | None = None,
    offset: FloatArray | None = None,
    sample_weight: FloatArray | None = None,
    scale: FloatArray | None = None,
    strength_factor: FloatArray | None = None,
    bounds: Bounds | None = None,
    kin: IntArray | None = None,
    used: UsedRows | None = None,
) -> Solution:
    """Fit every neuron on its own optimum.

    Parameters
    ----------
    design
        Features; masked rows are left out.
    y
        Response, shape (n_samples, neuron); a NaN leaves out that row for that neuron.
    model, link
        Observation model and inverse link.
    regularizer, strength
        Penalty on the coefficients in the user's units, and how strong it is.
    solver_name, solver_kwargs
        See `rheobase.solvers`.
    feature_mask
        Shape (n_features, neuron), False where a coefficient stays zero.
    start
        Coefficients (n_features, neuron) and intercepts (neuron,) to start from.
    offset
        Added to the linear predictor, shape (n_samples, 1 or neuron); finite where rows are used.
    sample_weight
        How much each row counts, >= 0, shape (n_samples, 1 or neuron). Only ratios matter.
    scale
        Dispersions to use, shape (neuron,), for observation models whose loss depends on them; if not given, the
        model's own, or else they are estimated with the coefficients.
    strength_factor
        Multiplies the penalty of each neuron, shape (neuron,).
    bounds
        Of the coefficients.
    kin
        Numbers, shape (neuron,): columns with the same one have the same neuron in other rows.
    used
        What `used_rows` found in the same design, response, offset and weights, if they have been fitted before.

    Returns
    -------
    Solution
        In the user's units.
    """
    began = time.perf_counter()
    standard, used = (design.standardized(), used) if used else _look(design, y, model, offset, sample_weight)
    y, mean, silent = used.y, used.mean, used.silent
    fitted = np.flatnonzero(~silent)
    shape = (design.n_features, y.shape[1])
    penalty = penalty_of(regularizer, strength, shape, standard.scale, bounds, strength_factor)
    coef, intercept = np.zeros(shape), np.zeros(y.shape[1])
    if bounds is not None:
        coef = np.clip(coef, bounds.lower, bounds.upper)
    if silent.any():  # not every link reaches the floor, so it is not asked without need
        intercept[silent] = link.link(used.silent_mean[silent])
    loss, result = np.zeros(y.shape[1]), np.full(y.shape[1], int(Result.SILENT))
    n_iter = np.zeros(y.shape[1], dtype=np.int64)
    stats: dict[str, Any] = {"solver": None, "reason": "no neuron has spikes", "passes": 0, "hessians": 0}
    problem = None
    if fitted.size:
        rows = Rows(y, used.weights, offset, feature_mask)
        row_loss, asked = RowLoss(model, link), (solver_name, solver_kwargs or {})
        solver, reason = _solver(asked, standard, row_loss, penalty, feature_mask, fitted)
        problem = _problem(standard, rows, row_loss, penalty, fitted, scale, solver)
        problem.kin = None if kin is None else kin[fitted]
        params = _start(problem, link.link(link.inside(mean[fitted])), start, fitted)
        trace, dispersion = _run(solver, problem, params, mean[fitted], None if scale is None else scale[fitted])
        coef[:, fitted], intercept[fitted] = standard.restore(trace.params[:-1], trace.params[-1])
        if bounds is not None:
            coef[:, fitted] = bounds.select(fitted).keep(coef[:, fitted], trace.params[:-1], problem.penalty.box)
        loss[fitted], result[fitted], n_iter[fitted] = trace.loss, trace.result, trace.n_iter
        scale = np.ones(y.shape[1]) if scale is None else scale.copy()
        scale[fitted] = dispersion
        stats = {"solver": getattr(solver, "algorithm", type(solver).__name__), "reason": reason, **trace.stats}
        stats["streamed"] = isinstance(problem, StreamedProblem)
    stats["constant_features"] = constant_features(standard)
    stats["n_parameters"] = _n_parameters(coef, penalty, _not_at_bounds(feature_mask, coef, bounds), problem)
    stats["dispersion"] = np.ones(y.shape[1]) if scale is None else scale
    stats |= used.counted | {"design": repr(design), "seconds": time.perf_counter() - began}
    return Solution(coef, intercept, loss, result, n_iter, stats)


def constant_features(standard: AbstractStandardized) -> IntArray:
    """Features with one value, not zero, in all rows. (Zero throughout is what a silent sender's past looks like.)"""
    found = np.flatnonzero((standard.scale == 1.0) & (standard.center != 0))
    if found.size:  # a spread of exactly 1 is possible too
        stretches = [values[:, found] for _, values in standard.sample(_LOOK)]
        found = found[~np.concatenate(stretches).any(axis=0)]
    return found


def _look(design: AbstractDesign, y, model, offset, sample_weight) -> tuple[AbstractStandardized, UsedRows]:
    """The standardised design, and what is to be known of its rows."""
    known = known_rows(y, offset, sample_weight)
    standard = design.standardized(known.any(axis=1))
    return standard, used_rows(standard, y, known, model, sample_weight)


def _solver(
    asked: tuple[str, dict[str, Any]],
    standard: AbstractStandardized,
    row_loss: RowLoss,
    penalty: Penalty,
    feature_mask: BoolArray | None,
    fitted: IntArray,
) -> tuple[AbstractSolver, str]:
    """The solver that was asked for (name, options), or one that suits the sizes; and why."""
    n_rows, n_features, n_neurons = standard.n_valid, standard.n_features, len(fitted)
    thin = _walks(standard, n_neurons, row_loss, penalty) and rows_of_an_estimate(n_rows, n_features) > 0
    n_free = _most_free(feature_mask, fitted)
    return make_solver(*asked, n_rows, n_features, n_neurons, n_free=n_free, kinks=not penalty.plain, thin=thin)


@dataclass(frozen=True)
class Rows:
    """What is known of all rows: response (time, neuron), weights and offset; and each neuron's mask of features."""

    y: np.ndarray
    weights: FloatArray
    offset: FloatArray | None
    feature_mask: BoolArray | None


def _problem(
    standard: AbstractStandardized,
    rows: Rows,
    row_loss: RowLoss,
    penalty: Penalty,
    fitted: IntArray,
    scale,
    solver: AbstractSolver,
) -> AbstractRowProblem:
    """The problem of some neurons: one that suits the features and the size."""
    some = fitted.size < rows.y.shape[1]
    kind = _kind(standard, fitted.size, row_loss, penalty, scale, solver)
    streamed = kind is not GLMProblem
    n_rows, y = len(rows.y) if streamed else standard.n_rows, rows.y[:, fitted] if some else rows.y
    free = offset = None
    if rows.feature_mask is not None:
        free = np.vstack([rows.feature_mask[:, fitted], np.ones(len(fitted), dtype=bool)])
    if rows.offset is not None:
        offset = _padded(np.nan_to_num(_columns(rows.offset, fitted)), n_rows)
    return kind(
        standard,
        y if streamed else _padded(y, n_rows),
        _columns(rows.weights, fitted),
        row_loss,
        penalty.select(fitted) if some else penalty,
        free,
        offset,
    )


def _not_at_bounds(feature_mask: BoolArray | None, coef: FloatArray, bounds: Bounds | None) -> BoolArray | None:
    """Which coefficients count as parameters: one at a bound is not free; None if all are."""
    if bounds is None:
        return feature_mask
    inside = ~bounds.active(coef)
    return inside if feature_mask is None else feature_mask & inside


def _kind(
    standard: AbstractStandardized,
    n_neurons: int,
    row_loss: RowLoss,
    penalty: Penalty,
    scale,
    solver: AbstractSolver,
) -> type[Any]:
    """Where features are made block by block and what is kept of every row and neuron would be too much, nothing of
    that size; where they are in memory and block by block is faster, little; else whole arrays.

    A dispersion that is estimated with the coefficients needs the means of all rows.
    """
    model = row_loss.model
    if model.scale_in_loss and scale is None and model.scale is None:
        return GLMProblem
    if isinstance(standard, AbstractBlockwise):
        return StreamedProblem if n_neurons * standard.n_rows >= _MANY_ROWS else GLMProblem
    walks = isinstance(solver, Newton | GramLBFGS) and _walks(standard, n_neurons, row_loss, penalty)
    return WalkedProblem if walks else GLMProblem


def _walks(standard: AbstractStandardized, n_neurons: int, row_loss: RowLoss, penalty: Penalty) -> bool:
    """Whether features are in the host's memory and passes over them are long enough to go block by block."""
    if not isinstance(standard, StandardizedDense) or not standard.is_on_host:
        return False
    parabola = row_loss.model.curvature_is_constant(row_loss.link)  # then steps are few, and one matrix serves all
    work = standard.n_rows * (standard.n_features + _ELEMENTWISE) * n_neurons
    return penalty.plain and not parabola and work >= _MUCH_WORK


def _n_parameters(coef: FloatArray, penalty: Penalty, feature_mask, problem: AbstractRowProblem | None) -> IntArray:
    """With the intercept: coefficients that are not zero under a lasso and its kin, the rank of the features without a
    penalty, and all that are free under any other.
    """
    if penalty.norms is not None:
        return np.count_nonzero(coef if feature_mask is None else coef * feature_mask, axis=0) + 1
    free = np.full(coef.shape[1], coef.shape[0]) if feature_mask is None else feature_mask.sum(axis=0)
    if problem is not None and not penalty.diagonal().any():
        free = np.minimum(free, np.linalg.matrix_rank(problem.null_gram()[:-1, :-1], hermitian=True))
    return free + 1


def _most_free(feature_mask: BoolArray | None, fitted: IntArray) -> int | None:
    """Most features that a neuron may use; None if all."""
    return None if feature_mask is None else int(feature_mask[:, fitted].sum(axis=0).max(initial=0))


def _run(solver, problem: AbstractRowProblem, params: FloatArray, mean: FloatArray, scale) -> tuple:
    """Run the solver, with a progress bar, and cores for whoever needs them.

    Returns
    -------
    trace, dispersion
    """
    progress = Progress(problem.n_neurons)
    own_threads = isinstance(problem, WalkedProblem | StreamedProblem)
    try:
        with products_on_one_core() if own_threads else nullcontext():
            return _turns(solver, problem, params, progress, mean, scale)
    finally:
        progress.close()


def _turns(solver, problem: Any, params: FloatArray, progress: Progress, mean: FloatArray, scale) -> tuple:
    """Run the solver; where the loss depends on a dispersion that nobody gave, in turns with estimating it.

    The two hardly depend on each other (their information is block diagonal), so a few turns are enough.

    Returns
    -------
    trace, dispersion
    """
    model = problem.row_loss.model
    if not model.scale_in_loss:
        return solver.run(problem, params, progress), np.ones(problem.n_neurons)
    fixed = scale if scale is not None else (None if model.scale is None else np.full(problem.n_neurons, model.scale))
    if fixed is not None:
        return solver.run(problem.with_scale(fixed), params, progress), fixed
    weights, y = np.asarray(problem.weights), np.asarray(problem.y)
    found = model.estimate_dispersion(y, np.broadcast_to(mean, y.shape), weights)
    trace = None
    for _ in range(_TURNS):
        turn = solver.run(problem.with_scale(found), params, progress)
        trace = turn if trace is None else _after(trace, turn)
        predicted = problem.mean(trace.params)
        last, found = found, model.estimate_dispersion(y, predicted, weights, found)
        params = trace.params
        if np.all(np.abs(found - last) <= _DISPERSION_TOL * last):
            break
    return trace, found


def _after(first: Trace, second: Trace) -> Trace:
    """The second of two runs, with the work of both."""
    work = {key: first.stats.get(key, 0) + value for key, value in second.stats.items()}
    return Trace(second.params, second.loss, second.result, first.n_iter + second.n_iter, work)


def _columns(rows: FloatArray, which) -> FloatArray:
    """Some columns of an array of shape (row, neuron); one that all neurons share stays as it is."""
    if rows.shape[1] == 1 or len(which) == rows.shape[1]:
        return rows
    return np.ascontiguousarray(rows[:, which])


def _padded(y: np.ndarray, n_rows: int) -> np.ndarray:
    if len(y) == n_rows and y.dtype.kind == "f":
        return y
    out = np.zeros((n_rows, y.shape[1]))
    out[: len(y)] = y
    return out


def _start(problem: AbstractRowProblem, null_intercept: FloatArray, start, fitted) -> FloatArray:
    """Start in standardised units, shape (n_features + 1, neuron): the null model, or the user's start where
    its loss is finite.
    """
    null = np.vstack([np.zeros((problem.n_features, len(fitted))), null_intercept])
    if problem.has_offset:
        null[-1] -= problem.mean_offset()
    if start is None:
        return null
    params = np.vstack(problem.design.convert(start[0][:, fitted], start[1][fitted]))
    if problem.free is not None:
        params *= problem.free
    loss = problem.evaluate(problem.start(), problem.predictor(params), np.ones(len(fitted))).loss
    return np.where(np.isfinite(loss), params, null)
