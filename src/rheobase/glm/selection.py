r"""How strong a penalty should be: paths of strengths, and cross-validation in which they are judged.

All folds and neurons of a strength are columns of one batch over the same features, and each strength starts where the
one before it ended, so a search of many fits costs little more than a few.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import did_you_mean
from .._types import FloatArray, IntArray
from ..design import AbstractDesign
from ..regularizer import AbstractRegularizer, ElasticNet, UnRegularized
from ._fit import solve
from ._folds import read_folds
from ._penalty import penalty_of
from ._problem import GLMProblem, RowLoss
from ._rows import RowTerms

if TYPE_CHECKING:
    from ._base import AbstractGLM

__all__ = ["CV", "CrossValidation", "cross_validate", "regularization_path"]

RULES = ("best", "1se")

_ROW_NUMBERS = 1 << 26
"""Entries of a (row, column) array beyond which the columns are fitted in several batches (half a gigabyte)."""


_SEARCH_TOL = 1e-5
"""Relative accuracy of coefficients while strengths are compared; held-out scores are off by no more."""


@dataclass(frozen=True)
class CV:
    """Settings of a search for the strength, to be passed as ``regularizer_strength``.

    Parameters
    ----------
    strengths : array-like, optional
        Strengths to try, > 0, shape (strength,) or (strength, neuron). If not given, 15 of them for each neuron, from
        one that leaves next to nothing down by seven decades (a lasso and its kin: three decades).
    cv : int or iterable, default 5
        Number of folds (contiguous blocks of time), or pairs of rows to train on and rows to test, such as
        `rheobase.scores.by_epoch` gives.
    rule : {"best", "1se"}
        Take the strength that predicts held-out rows best, or the largest within one standard error of it.
    """

    strengths: Any = None
    cv: Any = 5
    rule: str = "best"

    def __post_init__(self):
        if self.rule not in RULES:
            msg = (
                f"rule must be one of {', '.join(map(repr, RULES))}, got {self.rule!r}.{did_you_mean(self.rule, RULES)}"
            )
            raise ValueError(msg)


@dataclass(frozen=True, repr=False)
class CrossValidation:
    """What a search for the strength found.

    Attributes
    ----------
    strengths : FloatArray
        Descending, shape (strength, neuron).
    log_likelihood : FloatArray
        Of held-out rows, mean over them, nats, shape (strength, fold, neuron).
    null_log_likelihood : FloatArray
        Of the mean of the rows trained on, shape (fold, neuron).
    n_test : FloatArray
        Held-out rows (or their weights), shape (fold, neuron).
    n_parameters : FloatArray
        Coefficients that are not zero, mean over folds, shape (strength, neuron).
    rule : str
        How `best` was taken.
    """

    strengths: FloatArray
    log_likelihood: FloatArray
    null_log_likelihood: FloatArray
    n_test: FloatArray
    n_parameters: FloatArray
    rule: str = "best"

    @property
    def mean(self) -> FloatArray:
        """Held-out log-likelihood over all folds, shape (strength, neuron)."""
        return _weighted_mean(self.log_likelihood, self.n_test)

    @property
    def standard_error(self) -> FloatArray:
        """Of `mean`, from the scatter between folds, shape (strength, neuron)."""
        n_folds = self.log_likelihood.shape[1]
        return self.log_likelihood.std(axis=1, ddof=1) / np.sqrt(n_folds)

    @property
    def gain(self) -> FloatArray:
        """Held-out log-likelihood gained over a constant rate, mean over rows, nats, shape (strength, neuron)."""
        return self.mean - _weighted_mean(self.null_log_likelihood[None], self.n_test)

    @property
    def best(self) -> IntArray:
        """Number of the strength taken for each neuron, shape (neuron,)."""
        mean = self.mean
        found = mean.argmax(axis=0)
        if self.rule == "best":
            return found
        columns = np.arange(mean.shape[1])
        # the difference to the best, fold by fold, scatters less than either
        apart = self.log_likelihood[found, :, columns].T[None] - self.log_likelihood
        error = apart.std(axis=1, ddof=1) / np.sqrt(apart.shape[1])
        return np.argmax(mean[found, columns] - mean <= error, axis=0)  # strengths descend: the first is the largest

    @property
    def best_strength(self) -> FloatArray:
        """Strength taken for each neuron, shape (neuron,)."""
        return self.strengths[self.best, np.arange(self.strengths.shape[1])]

    def to_frame(self):
        """One row for each strength and neuron, as a pandas.DataFrame."""
        import pandas as pd

        n_strengths, n_neurons = self.strengths.shape
        return pd.DataFrame(
            {
                "neuron": np.tile(np.arange(n_neurons), n_strengths),
                "strength": self.strengths.ravel(),
                "log_likelihood": self.mean.ravel(),
                "standard_error": self.standard_error.ravel(),
                "gain": self.gain.ravel(),
                "n_parameters": self.n_parameters.ravel(),
                "best": (np.arange(n_strengths)[:, None] == self.best).ravel(),
            }
        )

    def __repr__(self) -> str:
        n_strengths, n_folds, n_neurons = self.log_likelihood.shape
        taken = self.best_strength
        edges = int(np.count_nonzero((self.best == 0) | (self.best == n_strengths - 1)))
        note = f"\n{edges} at an end of the range that was tried" if edges else ""
        return (
            f"CrossValidation({n_strengths} strengths x {n_folds} folds x {n_neurons} neurons, best strengths "
            f"{taken.min():.3g} to {taken.max():.3g}){note}"
        )


def cross_validate(
    model: AbstractGLM,
    X,
    y,
    strengths=None,
    cv: int | Iterable = 5,
    *,
    rule: str = "best",
    offset=None,
    exposure=None,
    sample_weight=None,
) -> CrossValidation:
    """Judge strengths of a model's penalty by the rows that were held out.

    Parameters
    ----------
    model : GLM or PopulationGLM
        Observation model, link, penalty and solver; it is not changed.
    X, y
        As in `fit`.
    strengths, cv, rule
        As in `CV`.
    offset, exposure, sample_weight
        As in `fit`.

    Returns
    -------
    CrossValidation

    Raises
    ------
    ValueError
        If the model has no penalty, a strength is not > 0, or folds do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.glm import GLM, cross_validate
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 20))
    >>> y = rng.poisson(np.exp(0.5 * X[:, 0]))
    >>> found = cross_validate(GLM(regularizer="Lasso"), X, y)
    >>> found.log_likelihood.shape, bool(found.gain.max() > 0)
    ((15, 5, 1), True)
    """
    return _read(model, X, y, offset, exposure, sample_weight).run(CV(strengths, cv, rule))


def regularization_path(
    model: AbstractGLM, X, y, strengths=None, *, offset=None, exposure=None, sample_weight=None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Coefficients for many strengths, each fit started from the one before.

    Parameters
    ----------
    model, X, y, offset, exposure, sample_weight
        As in `cross_validate`.
    strengths : array-like, optional
        As in `CV`.

    Returns
    -------
    strengths : FloatArray
        Descending, shape (strength, neuron).
    coef : FloatArray
        Shape (strength, feature, neuron).
    intercept : FloatArray
        Shape (strength, neuron).
    """
    search = _read(model, X, y, offset, exposure, sample_weight)
    tried = search.strengths(strengths)
    coefs, intercepts, start = [], [], None
    for strength in tried:
        solution = search.fit(search.y, search.weight, strength, np.arange(len(strength)), start, tol=1e-8)
        start = (solution.coef, solution.intercept)
        coefs.append(solution.coef)
        intercepts.append(solution.intercept)
    return tried, np.array(coefs), np.array(intercepts)


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
        self.unit = _unit(model)

    def fit(self, y, weight, strength, neurons, start, tol=_SEARCH_TOL):
        """Solution of columns `y` at strengths (column,); `neurons` says whose mask and offset a column takes."""
        model, offset = self.model, self.offset
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
            offset=offset if offset is None or offset.shape[1] == 1 else offset[:, neurons],
            sample_weight=weight,
            strength_factor=np.asarray(strength, dtype=np.float64),
        )

    def run(self, settings: CV) -> CrossValidation:
        """Fit and judge every strength in every fold."""
        folds = list(read_folds(settings.cv, self.X, len(self.y)))
        tried = self.strengths(settings.strengths)
        per_batch = max(_ROW_NUMBERS // max(self.y.size, 1), 1)
        parts = [_judge(self, tried, folds[i : i + per_batch]) for i in range(0, len(folds), per_batch)]
        scores, null, n_test, kept = (np.concatenate(part, axis=-2) for part in zip(*parts))
        return CrossValidation(tried, scores, null, n_test, kept.mean(axis=1), settings.rule)

    def strengths(self, given) -> FloatArray:
        """Strengths to try, descending, shape (strength, neuron)."""
        n_neurons = self.y.shape[1]
        if given is None:
            top, decades = self._scale()
            return top * np.logspace(0, -decades, 15)[:, None]
        values = np.atleast_1d(np.asarray(given, dtype=np.float64))
        values = values[:, None] if values.ndim == 1 else values
        if values.ndim != 2 or values.size == 0 or values.shape[1] not in (1, n_neurons):
            msg = f"strengths must have shape (strength,) or (strength, {n_neurons}), got {np.shape(given)}."
            raise ValueError(msg)
        if not (np.isfinite(values).all() and np.all(values > 0)):
            msg = f"strengths must be finite and > 0, but their smallest is {np.nanmin(values):g}."
            raise ValueError(msg)
        return -np.sort(-np.broadcast_to(values, (len(values), n_neurons)), axis=0)

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


def _read(model: AbstractGLM, X, y, offset, exposure, sample_weight) -> Search:
    design, response = model._check_data(X, y)
    return Search(model, X, design, response, model._terms(X, response.shape, offset, exposure, sample_weight))


def _judge(search: Search, tried: FloatArray, folds) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Held-out scores of some folds: (strength, fold, neuron), (fold, neuron) twice, and (strength, fold, neuron)."""
    n_rows, n_neurons = search.y.shape
    n_folds, model = len(folds), search.model.observation_model
    neurons = np.tile(np.arange(n_neurons), n_folds)
    y = np.tile(search.y, n_folds)
    given = np.ones((n_rows, 1)) if search.weight is None else search.weight
    train, test = np.zeros((n_rows, n_folds, n_neurons)), np.zeros((n_rows, n_folds, n_neurons))
    for k, (rows, held_out) in enumerate(folds):
        train[rows, k] = given[rows]
        test[held_out, k] = given[held_out]
    test *= (np.isfinite(search.y) & search.rows[:, None])[:, None]
    train, test = train.reshape(n_rows, -1), test.reshape(n_rows, -1)
    total = test.sum(axis=0)
    known = np.where(np.isfinite(y), y, 0.0)
    shape = (n_folds, n_neurons)

    def mean_score(mean, scale):
        each = model.log_likelihood_per_sample(known, mean, scale)
        return (np.where(test > 0, test * each, 0.0).sum(axis=0) / np.where(total > 0, total, np.nan)).reshape(shape)

    used = train * (np.isfinite(y) & search.rows[:, None])
    average = (used * known).sum(axis=0) / np.maximum(used.sum(axis=0), 1e-300)
    scores, kept, start = [], [], None
    for strength in tried:
        solution = search.fit(y, train, strength[neurons], neurons, start)
        start = (solution.coef, solution.intercept)
        mean = _mean(search, solution, neurons)
        scale = _dispersion(model, known, mean, used, solution)
        scores.append(mean_score(mean, scale))
        kept.append(np.count_nonzero(solution.coef, axis=0).reshape(shape))
    null = mean_score(np.broadcast_to(average, y.shape), _dispersion(model, known, average + 0 * known, used, solution))
    return np.array(scores), null, total.reshape(shape), np.array(kept)


def _mean(search: Search, solution, neurons) -> FloatArray:
    from .._x64 import enable_x64

    eta = search.design.matvec(solution.coef * search.design.scale[:, None])[: len(search.y)]
    eta = eta + solution.intercept + search.design.center @ solution.coef
    if search.offset is not None:
        eta = eta + (search.offset if search.offset.shape[1] == 1 else search.offset[:, neurons])
    with enable_x64():
        return np.asarray(search.model.inverse_link_function(eta), dtype=np.float64)


def _dispersion(model, y: FloatArray, mean: FloatArray, weights: FloatArray, solution) -> FloatArray:
    """Of every column, from the rows trained on."""
    if not model.has_dispersion:
        return solution.stats["dispersion"]
    dof = np.maximum(weights.sum(axis=0) - solution.stats["n_parameters"], 1.0)
    return np.asarray(model.estimate_scale(y, mean, dof, weights))


def _weighted_mean(scores: FloatArray, weights: FloatArray) -> FloatArray:
    """Mean over folds of scores (strength, fold, neuron); folds without a row do not count."""
    some = np.where(weights > 0, weights, 0.0)
    return np.sum(np.where(some > 0, scores * some, 0.0), axis=1) / some.sum(axis=0)


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
