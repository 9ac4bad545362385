"""How well the coefficients of each term are known together, so that curves made of them get intervals.

``model.inference`` gives the covariance of all coefficients of a neuron. For a population in which each neuron listens
to itself alone that is a few numbers in a large matrix of zeros, for each neuron; here only what a neuron is free to
use is computed, and only the blocks of single channels are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._arrays.threads import products_for_each
from .._types import FloatArray, IntArray
from ..design import BuiltDesign, Term
from ..glm._inference import _strength
from ..glm._penalty import penalty_of
from ..solvers._penalty import Penalty

if TYPE_CHECKING:
    from ..glm import PopulationGLM

__all__ = ["Covariances", "term_covariances"]

_MOST_PRODUCTS = 4e12
"""Multiplications beyond which there are no intervals (some minutes on a laptop)."""


@dataclass(frozen=True)
class Covariances:
    """How well coefficients are known: those of each channel of a term together, and each by itself."""

    terms: dict[str, FloatArray]
    """By name of the term, shape (neuron, channel, function, function), zero for what a neuron is not free to use;
    empty where nothing is known."""
    standard_errors: FloatArray
    """Of coefficients, then of the intercept, shape (column + 1, neuron); NaN where held at zero or not known."""
    reason: str = ""
    """Why nothing is known."""

    @classmethod
    def blank(cls, built: BuiltDesign, n_neurons: int, reason: str = "") -> Covariances:
        """To be filled by `put`, unless there is a reason not to."""
        shapes = {} if reason else {term.label: _rows(term) for term in built.terms}
        terms = {label: np.zeros((n_neurons, *rows.shape, rows.shape[1])) for label, rows in shapes.items()}
        return cls(terms, np.full((built.X.n_features + 1, n_neurons), np.nan), reason)

    def put(self, built: BuiltDesign, neuron: int, columns: IntArray, covariance: FloatArray) -> None:
        """Keep what is needed of the covariance of a neuron's free `columns` and, last, its intercept."""
        known = np.append(columns, built.X.n_features)
        self.standard_errors[known, neuron] = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
        place = np.full(built.X.n_features, -1)
        place[columns] = np.arange(len(columns))
        for term in built.terms:
            own = place[_rows(term)]
            i, j = own[:, :, None], own[:, None, :]
            self.terms[term.label][neuron] = np.where((i < 0) | (j < 0), 0.0, covariance[i, j])


def _rows(term: Term) -> IntArray:
    """Columns of the design that belong to a term, shape (channel, function)."""
    return term.columns.start + np.arange(term.n_columns).reshape(-1, term.n_functions)


def term_covariances(model: PopulationGLM, built: BuiltDesign, counts: Any) -> Covariances:
    """Covariance of the coefficients of each channel, with the penalty as a prior.

    Parameters
    ----------
    model
        Fitted to `built` and `counts`.
    built
        The features.
    counts
        The response at the same bins.
    """
    coef = np.asarray(model.coef_)
    strength, factor = _strength(model)
    penalty = penalty_of(model.regularizer, strength, coef.shape, np.ones(len(coef)))
    if penalty.norms is not None:
        reason = f"standard errors after selection by {type(model.regularizer).__name__} would be too small"
        return Covariances.blank(built, coef.shape[1], reason)
    penalty = penalty if factor is None else penalty.scaled(factor)
    free = np.ones(coef.shape, dtype=bool) if model.feature_mask is None else np.asarray(model.feature_mask, dtype=bool)
    if built.X.n_rows * float((free.sum(axis=0).astype(float) ** 2).sum()) > _MOST_PRODUCTS:
        return Covariances.blank(built, coef.shape[1], "the covariances of so many coefficients would take too long")
    weights, n_rows = _weights(model, built, counts)
    # the penalty stands beside a mean of losses, the information is a sum of log-likelihoods
    n_rows = n_rows * model.observation_model.loss_scale / np.asarray(model.scale_)
    sums = np.vstack([np.asarray(built.X.rmatvec(weights)), weights.sum(axis=0)])
    out = Covariances.blank(built, coef.shape[1])

    def one(neuron: int) -> None:
        columns = np.flatnonzero(free[:, neuron])
        weight, total, rows = weights[:, [neuron]], sums[:, neuron], n_rows[neuron]
        out.put(built, neuron, columns, _covariance(built, weight, total, penalty, rows, neuron, columns))

    products_for_each(one, range(coef.shape[1]))
    return out


def _weights(model: PopulationGLM, built: BuiltDesign, counts: Any) -> tuple[FloatArray, FloatArray]:
    """What each bin says about the linear predictor, shape (row, neuron), and the number of bins, shape (neuron,)."""
    mean, response = np.asarray(model.predict(built.X)), np.asarray(counts.values)
    known = np.isfinite(response) & np.isfinite(mean)
    mean = np.where(known, mean, 0.5)
    link = model.inverse_link_function
    with np.errstate(divide="ignore"):  # a mean of zero is at the end of the domain, with a slope of zero
        slope = link.derivative(link.link(mean))
    out = np.zeros((built.X.n_rows, mean.shape[1]))
    variance = np.maximum(model.observation_model.variance(mean, model.scale_), 1e-300)
    out[: len(mean)] = np.where(known, slope**2 / variance, 0.0)
    return out, known.sum(axis=0).astype(np.float64)


def _covariance(
    built: BuiltDesign,
    weight: FloatArray,
    sums: FloatArray,
    penalty: Penalty,
    n_rows: float,
    neuron: int,
    free: IntArray,
) -> FloatArray:
    """Covariance of one neuron's free coefficients and, last, its intercept."""
    n = len(free)
    whole = np.empty((n + 1, n + 1))
    whole[:n, :n] = built.X.gram_of(weight, free)
    rows = np.append(free, built.X.n_features)
    whole[:, n] = whole[n] = sums[rows]
    bend = np.diag(penalty.ridge[rows, neuron])
    if penalty.matrices is not None:
        bend += np.tensordot(penalty.weights[:, neuron], penalty.matrices[:, rows[:, None], rows], axes=1)
    whole += bend * n_rows
    size = 1.0 / np.sqrt(np.maximum(np.diagonal(whole), 1e-300))
    return np.linalg.pinv(whole * np.outer(size, size), rcond=1e-12, hermitian=True) * np.outer(size, size)
