"""From a design and the classes of its rows to a solution, neuron by neuron."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from .._types import BoolArray, FloatArray, IntArray
from ..design import AbstractDesign
from ..observation_models._core import EPS
from ..regularizer import AbstractRegularizer, Smoothness
from ..solvers._core import Progress, Result, Solution
from ..solvers._penalty import Penalty
from ._penalty import penalty_of
from ._softmax import SoftmaxProblem, fit_softmax
from ._used_rows import row_weights, rows_counted

__all__ = ["penalty_of_neuron", "problem_of_neuron", "solve_classes"]


def solve_classes(
    design: AbstractDesign,
    labels: IntArray,
    n_classes: int,
    regularizer: AbstractRegularizer,
    strength: Any = None,
    *,
    feature_mask: BoolArray | None = None,
    start: tuple[FloatArray, FloatArray] | None = None,
    sample_weight: FloatArray | None = None,
    strength_factor: FloatArray | None = None,
    maxiter: int = 100,
    tol: float = 1e-8,
) -> Solution:
    """Fit every neuron on its own optimum.

    Parameters
    ----------
    design
        Features; masked rows are left out.
    labels
        Class of each row, 0 .. K - 1, shape (n_samples, neuron); -1 leaves out that row for that neuron.
    n_classes
        K.
    regularizer, strength
        Penalty on the coefficients in the user's units, and how strong it is; an array strength has the shape of the
        coefficients or of its first axes.
    feature_mask
        Shape (n_features, neuron, class), False where a coefficient stays zero.
    start
        Coefficients (n_features, neuron, class) and intercepts (neuron, class) to start from.
    sample_weight
        How much each row counts, >= 0, shape (n_samples, 1 or neuron).
    strength_factor
        What the strength is multiplied by, shape (neuron,).
    maxiter, tol
        See `fit_softmax`.

    Returns
    -------
    Solution
        In the user's units, with the classes as a last axis of coefficients (n_features, neuron, class) and intercepts
        (neuron, class). ``stats["absent"]`` tells which classes a neuron never showed, shape (neuron, class).
    """
    began = time.perf_counter()
    known = labels >= 0
    counted = known if sample_weight is None else known & (sample_weight > 0)
    standard = design.standardized(counted.any(axis=1))
    weights = row_weights(standard, counted, sample_weight)
    n_features, n_neurons = design.n_features, labels.shape[1]
    coef, intercept = np.zeros((n_features, n_neurons, n_classes)), np.zeros((n_neurons, n_classes))
    loss, result, n_iter = np.zeros(n_neurons), np.zeros(n_neurons, dtype=np.int64), np.zeros(n_neurons, dtype=np.int64)
    absent = np.zeros(intercept.shape, dtype=bool)
    stats: dict[str, Any] = {"solver": "Newton", "reason": "classes are fitted by exact steps", "passes": 0}
    stats["hessians"], n_parameters, gram = 0, np.zeros(n_neurons), None
    progress, interrupted = Progress(n_neurons), False
    try:
        for n in range(n_neurons):
            row = weights[:, min(n, weights.shape[1] - 1)]
            frequency = np.bincount(_padded(labels[:, n], standard.n_rows), row, n_classes)
            absent[n], here = frequency <= 0, np.flatnonzero(frequency > 0)
            if len(here) < 2:
                intercept[n], result[n] = _with_floor(np.zeros(len(here)), frequency), Result.SILENT
                continue
            penalty = penalty_of_neuron(regularizer, strength, strength_factor, n, (n_features, n_classes), standard)
            mask, known_gram = None if feature_mask is None else feature_mask[:, n], gram
            if weights.shape[1] > 1:
                known_gram = None
            problem = problem_of_neuron(standard, labels[:, n], row, here, penalty, mask, known_gram)
            begin = _start(problem, frequency[here], None if start is None else (start[0][:, n], start[1][n]), here)
            fit = fit_softmax(problem, begin, 0 if interrupted else maxiter, tol)
            interrupted |= fit.result == Result.INTERRUPTED
            gram = problem.gram
            coef[:, n, here], found = standard.restore(fit.params[:-1], fit.params[-1])
            intercept[n] = _with_floor(found, frequency)
            loss[n], n_iter[n] = fit.loss, fit.n_iter
            result[n] = Result.INTERRUPTED if interrupted else fit.result
            stats["passes"] += fit.stats["passes"]
            stats["hessians"] += fit.stats["hessians"]
            n_parameters[n] = _count(problem, n_classes - len(here))
            progress.update(n_neurons - n - 1, stats["passes"])
    finally:
        progress.close()
    stats |= {"absent": absent, "n_parameters": n_parameters, "dispersion": np.ones(n_neurons)}
    stats |= rows_counted(weights, sample_weight, len(labels), n_neurons)
    stats["design"], stats["seconds"] = repr(design), time.perf_counter() - began
    return Solution(coef, intercept, loss, result, n_iter, stats)


def penalty_of_neuron(
    regularizer: AbstractRegularizer, strength: Any, factor: FloatArray | None, n: int, shape: tuple[int, int], standard
) -> Penalty:
    """Penalty on the coefficients (feature, class) of neuron `n`, in standardised units."""
    own = None if factor is None else np.full(shape[1], factor[n])
    return penalty_of(regularizer, _of_neuron(strength, regularizer, n), shape, standard.scale, factor=own)


def problem_of_neuron(
    standard, labels: IntArray, row: FloatArray, here: IntArray, penalty: Penalty, mask: BoolArray | None, gram=None
) -> SoftmaxProblem:
    """What is minimised for one neuron.

    Parameters
    ----------
    standard
        Standardised features.
    labels
        Class of each row, shape (n_samples,), any where it does not count.
    row
        Weights that sum to one, shape (standard.n_rows,).
    here
        Classes that have rows.
    penalty, mask
        Over all classes: (n_features + 1, class) and (n_features, class).
    gram
        As for `SoftmaxProblem`.
    """
    number = np.minimum(_padded(labels, standard.n_rows), here[-1])  # rows that do not count may be of any class
    free = _free(None if mask is None else mask[:, here], (standard.n_features, len(here)))
    return SoftmaxProblem(standard, np.searchsorted(here, number), row, penalty.select(here), free, gram)


def _padded(labels: IntArray, n_rows: int) -> IntArray:
    """Classes of all rows of a problem: any class in rows that do not count."""
    number = np.zeros(n_rows, dtype=np.int64)
    number[: len(labels)] = np.maximum(labels, 0)
    return number


def _free(mask: BoolArray | None, shape: tuple[int, int]) -> BoolArray:
    """Which parameters (feature and intercept, class) may move."""
    free = np.ones((shape[0] + 1, shape[1]), dtype=bool)
    if mask is not None:
        free[:-1] = mask
    return free


def _of_neuron(strength: Any, regularizer: AbstractRegularizer, n: int) -> Any:
    """The part of a strength that belongs to a neuron: over (feature, neuron, class), or (term, neuron)."""
    if isinstance(regularizer, Smoothness):
        return strength[:, n] if np.ndim(strength) == 2 else strength
    return strength[:, n] if np.ndim(strength) == 3 else strength


def _start(problem: SoftmaxProblem, frequency: FloatArray, start, here: IntArray) -> FloatArray:
    """Start in standardised units, shape (n_features + 1, class): the frequencies, or the user's start where its loss
    is finite.
    """
    log = np.log(frequency)
    null = np.vstack([np.zeros((problem.design.n_features, len(here))), log - log.mean()])
    if start is None:
        return null
    params = np.vstack(problem.design.convert(start[0][:, here], start[1][here])) * problem.free
    with np.errstate(over="ignore", invalid="ignore"):
        loss, _ = problem.evaluate(problem.predictor(params))
        loss += float(problem.penalty.smooth(params).sum())
    return params if np.isfinite(loss) else null


def _with_floor(found: FloatArray, frequency: FloatArray) -> FloatArray:
    """Intercepts of all classes, centred; one that never was has, about, the smallest probability there is."""
    here = frequency > 0
    out = np.zeros(len(frequency))
    out[here] = found
    if here.any() and not here.all():
        out[~here] = found.mean() + np.log(EPS) - np.log(frequency[here]).mean()
    return out - out.mean()


def _count(problem: SoftmaxProblem, n_absent: int) -> int:
    """Parameters of a neuron: one class is free to be the reference wherever all are."""
    free, n_classes = problem.free[:-1], problem.n_classes + n_absent
    if free.all() and not problem.penalty.diagonal().any():
        return (int(np.linalg.matrix_rank(problem.gram[:-1, :-1], hermitian=True)) + 1) * (n_classes - 1)
    spare = np.where(free.all(axis=1), 1, 0)
    return int(free.sum() - spare.sum()) + free.shape[0] * n_absent + n_classes - 1
