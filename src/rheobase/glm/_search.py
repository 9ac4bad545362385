"""The search for a strength: data are read once, and every fold and neuron is a column of one batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .._manners import one_bar
from .._types import FloatArray
from .._x64 import enable_x64
from ..design import AbstractDesign
from ..regularizer import AbstractRegularizer, ElasticNet, GroupLasso, Lasso, UnRegularized
from ._cv import CV, CrossValidation, all_past_best, read_strengths
from ._fit import solve
from ._folds import read_folds
from ._penalty import penalty_of
from ._problem import GLMProblem
from ._row_problem import RowLoss
from ._rows import RowTerms
from ._used_rows import UsedRows, known_rows, used_rows

if TYPE_CHECKING:
    from ._base import AbstractGLM

__all__ = ["Search", "read_search"]

_ROW_NUMBERS = 1 << 26
"""Entries of a (row, column) array beyond which the columns are fitted in several batches (half a gigabyte)."""

_SEARCH_TOL = 1e-5
"""Relative accuracy of coefficients while strengths are compared; held-out scores are off by no more."""

_HOPELESS = -1e100
"""Score of a held-out row whose mean overflowed: never the best, and small enough to be squared."""


class Search:
    """Data and model of a search, read once."""

    def __init__(self, model: AbstractGLM, X, design: AbstractDesign, response: FloatArray, terms: RowTerms):
        if isinstance(model.regularizer, UnRegularized):
            msg = "a model without a penalty has no strength to choose; use regularizer='Ridge' or another penalty."
            raise ValueError(msg)
        self.model, self.X = model, X
        self.offset, self.weight = terms.offset, terms.weight
        self.y = response
        self.design = design.standardized(np.isfinite(response).any(axis=1))
        self.rows = self.design.row_mask[: len(response)]
        self.mask = model._mask((design.n_features, response.shape[1]))
        self.bounds = model._bounds((design.n_features, response.shape[1]))
        self.unit = _unit(model)
        self.is_smooth = self.bounds is None and not isinstance(model.regularizer, Lasso | ElasticNet | GroupLasso)

    def fit(self, y, weight, strength, neurons, start, tol=_SEARCH_TOL, used=None):
        """Solution of columns `y` at strengths (column,); `neurons` says whose mask and offset a column takes."""
        model, offset = self.model, self._offset_of(neurons)
        return solve(
            self.design,
            y,
            model.observation_model,
            model.inverse_link_function,
            model.regularizer,
            self.unit,
            solver_name=model.solver_name,
            solver_kwargs={"tol": tol, **model.solver_kwargs},
            feature_mask=None if self.mask is None else self.mask[:, neurons],
            start=start,
            offset=offset,
            sample_weight=weight,
            strength_factor=np.asarray(strength, dtype=np.float64),
            bounds=None if self.bounds is None else self.bounds.select(neurons),
            kin=neurons,
            used=used,
        )

    def used(self, y, weight, neurons) -> UsedRows:
        """What all fits of the same columns know before they start."""
        known = known_rows(y, self._offset_of(neurons), weight)
        return used_rows(self.design, y, known, self.model.observation_model, weight)

    def _offset_of(self, neurons) -> FloatArray | None:
        return self.offset if self.offset is None or self.offset.shape[1] == 1 else self.offset[:, neurons]

    def run(self, settings: CV) -> CrossValidation:
        """Fit and judge every strength in every fold."""
        folds = list(read_folds(settings.cv, self.X, len(self.y)))
        tried = self.strengths(settings.strengths)
        per_batch = max(_ROW_NUMBERS // max(self.y.size, 1), 1)
        batches = [folds[i : i + per_batch] for i in range(0, len(folds), per_batch)]
        may_end = settings.strengths is None and len(batches) == 1
        with one_bar(total=len(tried) * len(batches), desc="strengths", unit="strength") as bar:
            parts = [_judge(self, tried, batch, may_end, bar.update) for batch in batches]
        scores, null, n_test, kept = (np.concatenate(part, axis=-2) for part in zip(*parts))
        return CrossValidation(tried[: len(scores)], scores, null, n_test, kept.mean(axis=1), settings.rule)

    def strengths(self, given) -> FloatArray:
        """Strengths to try, descending, shape (strength, neuron)."""
        tried = read_strengths(given, self.y.shape[1])
        if tried is None:
            top, decades = self._scale()
            tried = top * np.logspace(0, -decades, 15)[:, None]
        return tried

    def _scale(self) -> tuple[FloatArray, float]:
        """A strength for each neuron at which little is left of the coefficients, and how many decades to go down."""
        model, standard = self.model, self.design
        known = np.isfinite(self.y) & self.rows[:, None]
        weights = known / np.maximum(known.sum(axis=0), 1)
        y = np.where(known, self.y, 0.0)
        mean = model.inverse_link_function.inside((weights * y).sum(axis=0))
        shape = (standard.n_features, y.shape[1])
        penalty = penalty_of(model.regularizer, self.unit, shape, standard.scale)
        rows = [np.zeros((standard.n_rows, y.shape[1])) for _ in range(2)]
        rows[0][: len(y)], rows[1][: len(y)] = y, weights
        problem = GLMProblem(
            standard, rows[0], rows[1], RowLoss(model.observation_model, model.inverse_link_function), penalty
        )
        null = np.broadcast_to(model.inverse_link_function.link(mean), rows[0].shape)
        start = problem.evaluate(problem.start(), null, np.ones(y.shape[1]))
        if penalty.norms is not None:
            slope = problem.gradient(start.residual) * penalty.norms.scale[:, None]
            return np.maximum(_steepest(slope, penalty.norms), 1e-12), 3.0
        bend = problem.column_means(start.curvature)  # of a standardised feature
        diagonal = penalty.diagonal()[:-1]
        typical = np.array([np.median(d[d > 0]) if (d > 0).any() else 1.0 for d in diagonal.T])
        return 10.0 * np.maximum(bend, 1e-12) / typical, 7.0


def read_search(model: AbstractGLM, X, y, offset, exposure, sample_weight) -> Search:
    design, response = model._check_data(X, y)
    return Search(model, X, design, response, model._terms(X, response.shape, offset, exposure, sample_weight))


def _judge(
    search: Search, tried: FloatArray, folds, may_end: bool, tell: Callable[[], Any]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Held-out scores of some folds: (strength, fold, neuron), (fold, neuron) twice, and (strength, fold, neuron).

    With `may_end`, weaker strengths than those that were too weak for every neuron are not tried. `tell` is called
    after each strength.
    """
    n_rows, n_neurons = search.y.shape
    n_folds, model = len(folds), search.model.observation_model
    neurons = np.tile(np.arange(n_neurons), n_folds)
    y = np.tile(search.y, n_folds)
    given = np.ones((n_rows, 1)) if search.weight is None else search.weight
    train, test = np.zeros((n_rows, n_folds, n_neurons)), np.zeros((n_rows, n_folds, n_neurons))
    for k, (rows, held_out) in enumerate(folds):
        train[rows, k] = given[rows]
        test[held_out, k] = given[held_out]
    valid = np.isfinite(search.y) & search.rows[:, None]
    if search.offset is not None:
        valid &= np.isfinite(search.offset)
    test *= valid[:, None]
    held_out = [np.flatnonzero(test[:, k].any(axis=1)) for k in range(n_folds)]
    train, total = train.reshape(n_rows, -1), test.sum(axis=0)
    counts = np.where(np.isfinite(search.y), search.y, 0.0)

    def mean_score(mean, scale):
        """Of the mean of the columns of a fold in its held-out rows, ``mean(rows, columns)``."""
        score = np.full((n_folds, n_neurons), np.nan)
        for k, rows in enumerate(held_out):
            columns = slice(k * n_neurons, (k + 1) * n_neurons)
            with np.errstate(over="ignore", invalid="ignore"):
                each = model.log_likelihood_per_sample(counts[rows], mean(rows, columns), scale[columns])
            each = np.maximum(np.nan_to_num(each, nan=_HOPELESS), _HOPELESS)
            weight = test[rows, k]
            score[k] = np.where(weight > 0, weight * each, 0.0).sum(axis=0)
        return score / np.where(total > 0, total, np.nan)

    y, known = np.tile(search.y, n_folds), np.tile(counts, n_folds)
    used = train * np.tile(valid, n_folds)
    average = (used * known).sum(axis=0) / np.maximum(used.sum(axis=0), 1e-300)
    scores, kept, starts, rows_used = [], [], _Starts(search.is_smooth), search.used(y, train, neurons)
    for strength in tried:
        solution = search.fit(y, train, strength[neurons], neurons, starts.next(), used=rows_used)
        starts.note(solution)
        eta = _predictor(search, solution, neurons)
        scale = _dispersion(model, known, lambda eta=eta: _mean(search, eta), used, solution)
        scores.append(mean_score(lambda rows, columns, eta=eta: _mean(search, eta[rows, columns]), scale))
        kept.append(np.count_nonzero(solution.coef, axis=0).reshape(n_folds, n_neurons))
        tell()
        if may_end and all_past_best(scores, total):
            break
    scale = _dispersion(model, known, lambda: average + 0 * known, used, solution)
    null = mean_score(lambda rows, columns: np.broadcast_to(average[columns], (len(rows), n_neurons)), scale)
    return np.array(scores), null, total, np.array(kept)


class _Starts:
    """Where to start at the next strength: where the last fit ended, or, where coefficients are a smooth function of
    the strength, a step further, as much longer or shorter than the last as that was than the one before (Aitken).
    """

    def __init__(self, is_smooth: bool):
        self._is_smooth = is_smooth
        self._last: FloatArray | None = None
        self._steps: list[FloatArray] = []

    def note(self, solution) -> None:
        found = np.vstack([solution.coef, solution.intercept])
        if self._last is not None:
            self._steps = [*self._steps, found - self._last][-2:]
        self._last = found

    def next(self) -> tuple[FloatArray, FloatArray] | None:
        """Coefficients and intercepts, or None before the first fit."""
        found = self._last
        if found is None:
            return None
        if self._is_smooth and len(self._steps) == 2:
            before, last = self._steps
            size = np.sum(before**2, axis=0)
            ratio = np.sum(before * last, axis=0) / np.where(size > 0, size, 1.0)
            found = found + np.clip(ratio, 0.0, 2.0) * last
        return found[:-1], found[-1]


def _predictor(search: Search, solution, neurons) -> FloatArray:
    """Of every column in all rows, those that are held out and those that are not."""
    eta = search.design.matvec(solution.coef * search.design.scale[:, None])[: len(search.y)]
    eta = eta + solution.intercept + search.design.center @ solution.coef
    offset = search._offset_of(neurons)
    return eta if offset is None else eta + offset


def _mean(search: Search, eta: FloatArray) -> FloatArray:
    with enable_x64(), np.errstate(over="ignore"):
        return np.asarray(search.model.inverse_link_function(eta), dtype=np.float64)


def _dispersion(model, y: FloatArray, mean: Callable[[], FloatArray], weights: FloatArray, solution) -> FloatArray:
    """Of every column, from the rows trained on."""
    if not model.has_dispersion:
        return solution.stats["dispersion"]
    dof = np.maximum(weights.sum(axis=0) - solution.stats["n_parameters"], 1.0)
    return np.asarray(model.estimate_scale(y, mean(), dof, weights))


def _unit(model: AbstractGLM) -> Any:
    """The strength that is multiplied by those tried: one, with the ratio of an elastic net."""
    regularizer: AbstractRegularizer = model.regularizer
    if not isinstance(regularizer, ElasticNet):
        return 1.0
    given = model._strength
    return (1.0, given[1]) if isinstance(given, tuple) else regularizer.check_strength(1.0)


def _steepest(slope: FloatArray, norms) -> FloatArray:
    """Smallest factor of the strengths at which every group is zero, shape (neuron,)."""
    n_groups, n_neurons = norms.strength.shape
    inside = norms.member >= 0
    cells = (norms.member * n_neurons + np.arange(n_neurons))[inside]
    length = np.sqrt(np.bincount(cells, slope[inside] ** 2, n_groups * n_neurons)).reshape(n_groups, n_neurons)
    some = norms.strength > 0
    return np.where(some, length / np.where(some, norms.strength, 1.0), 0.0).max(axis=0)
