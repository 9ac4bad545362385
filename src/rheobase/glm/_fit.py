"""From a design and a response to a solution; has never heard of scikit-learn."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from .._types import BoolArray, FloatArray
from ..design import AbstractDesign
from ..links import AbstractInverseLink
from ..observation_models import AbstractObservationModel
from ..solvers._core import Progress, Result, Solution
from ..solvers.registry import make_solver
from ._problem import GLMProblem, RowLoss

__all__ = ["solve"]

RATE_FLOOR = float(np.finfo(np.float64).eps)
"""Mean count per bin given to a neuron without spikes."""


def solve(
    design: AbstractDesign,
    y: FloatArray,
    model: AbstractObservationModel,
    link: AbstractInverseLink,
    penalty_curvature: FloatArray,
    *,
    solver_name: str = "auto",
    solver_kwargs: dict[str, Any] | None = None,
    feature_mask: BoolArray | None = None,
    start: tuple[FloatArray, FloatArray] | None = None,
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
    penalty_curvature
        Ridge strength of each coefficient, in the user's units, shape (n_features, neuron).
    solver_name, solver_kwargs
        See `rheobase.solvers`.
    feature_mask
        Shape (n_features, neuron), False where a coefficient stays zero.
    start
        Coefficients (n_features, neuron) and intercepts (neuron,) to start from.

    Returns
    -------
    Solution
        In the user's units.
    """
    began = time.perf_counter()
    known = np.isfinite(y)
    standard = design.standardized(known.any(axis=1))
    weights = _row_weights(standard, known)
    y = np.where(known, y, 0.0)
    used = weights[: len(y)] > 0
    mean = np.einsum("ij,ij->j", np.broadcast_to(weights[: len(y)], y.shape), y)
    silent = ~np.any((y != 0) & used, axis=0)
    fitted = np.flatnonzero(~silent)
    coef, intercept = np.zeros((design.n_features, y.shape[1])), np.zeros(y.shape[1])
    if silent.any():  # not every link reaches the floor, so it is not asked without need
        intercept[silent] = link.link(np.float64(RATE_FLOOR))
    loss, result = np.zeros(y.shape[1]), np.full(y.shape[1], int(Result.SILENT))
    n_iter = np.zeros(y.shape[1], dtype=np.int64)
    stats: dict[str, Any] = {"solver": None, "reason": "no neuron has spikes", "passes": 0, "hessians": 0}
    if fitted.size:
        shared = weights.shape[1] == 1
        problem = GLMProblem(
            standard,
            _padded(y, standard.n_rows) if fitted.size == y.shape[1] else _padded(y[:, fitted], standard.n_rows),
            weights if shared else np.ascontiguousarray(weights[:, fitted]),
            RowLoss(model, link),
            np.vstack([penalty_curvature[:, fitted] / standard.scale[:, None] ** 2, np.zeros(len(fitted))]),
            None if feature_mask is None else np.vstack([feature_mask[:, fitted], np.ones(len(fitted), dtype=bool)]),
        )
        params = _start(problem, link.link(mean[fitted]), start, fitted)
        solver, reason = make_solver(solver_name, solver_kwargs or {}, standard.n_valid, design.n_features, len(fitted))
        progress = Progress(len(fitted))
        try:
            trace = solver.run(problem, params, progress)
        finally:
            progress.close()
        coef[:, fitted], intercept[fitted] = standard.restore(trace.params[:-1], trace.params[-1])
        loss[fitted], result[fitted], n_iter[fitted] = trace.loss, trace.result, trace.n_iter
        stats = {"solver": getattr(solver, "algorithm", type(solver).__name__), "reason": reason, **trace.stats}
    free = np.full(y.shape[1], design.n_features) if feature_mask is None else feature_mask.sum(axis=0)
    if fitted.size and not penalty_curvature.any():
        free = np.minimum(free, np.linalg.matrix_rank(problem.null_gram()[:-1, :-1], hermitian=True))
    stats["n_parameters"] = free + 1
    stats["n_rows_used"] = np.broadcast_to((weights > 0).sum(axis=0), (y.shape[1],)).copy()
    stats["design"] = repr(design)
    stats["seconds"] = time.perf_counter() - began
    return Solution(coef, intercept, loss, result, n_iter, stats)


def _row_weights(standard, known: BoolArray) -> FloatArray:
    """Weights that sum to one over the rows a neuron uses: one column if all neurons use the same rows."""
    rows = standard.row_mask[: len(known), None] & known
    if known.shape[1] > 1 and np.array_equal(rows.all(axis=1), rows.any(axis=1)):
        rows = rows[:, :1]
    out = np.zeros((standard.n_rows, rows.shape[1]))
    out[: len(rows)] = rows / np.maximum(rows.sum(axis=0), 1)
    return out


def _padded(y: FloatArray, n_rows: int) -> FloatArray:
    out = np.zeros((n_rows, y.shape[1]))
    out[: len(y)] = y
    return out


def _start(problem: GLMProblem, null_intercept: FloatArray, start, fitted) -> FloatArray:
    """Start in standardised units, shape (n_features + 1, neuron): the null model, or the user's start where
    its loss is finite.
    """
    null = np.vstack([np.zeros((problem.n_features, len(fitted))), null_intercept])
    if start is None:
        return null
    params = np.vstack(problem.design.convert(start[0][:, fitted], start[1][fitted]))
    if problem.free is not None:
        params *= problem.free
    loss = problem.evaluate(problem.start(), problem.predictor(params), np.ones(len(fitted))).loss
    return np.where(np.isfinite(loss), params, null)
