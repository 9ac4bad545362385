"""How well the coefficients of each term are known together, so that curves made of them get intervals.

``model.inference`` gives the covariance of all coefficients of a neuron. For a population in which each neuron listens
to itself alone that is a few numbers in a large matrix of zeros, for each neuron; here only what a neuron is free to
use is computed, and only the blocks of single channels are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from ..._arrays.threads import for_each
from ..._types import FloatArray, IntArray
from ...design import BuiltDesign
from ...glm._inference import _strength
from ...glm._penalty import penalty_of
from ...solvers._penalty import Penalty

if TYPE_CHECKING:
    from ...glm import PopulationGLM

__all__ = ["term_covariances"]

_MOST_PRODUCTS = 4e12
"""Multiplications beyond which there are no intervals (some minutes on a laptop)."""


def term_covariances(model: PopulationGLM, built: BuiltDesign, counts: Any) -> tuple[dict[str, FloatArray], str]:
    """Covariance of the coefficients of each channel, with the penalty as a prior, and why there is none.

    Parameters
    ----------
    model
        Fitted to `built` and `counts`.
    built
        The features.
    counts
        The response at the same bins.

    Returns
    -------
    covariances : dict
        By name of the term, shape (neuron, channel, function, function), zero for what a neuron is not free to use;
        empty without intervals.
    reason : str
        Empty with them.
    """
    coef = np.asarray(model.coef_)
    strength, factor = _strength(model)
    penalty = penalty_of(model.regularizer, strength, coef.shape, np.ones(len(coef)))
    if penalty.norms is not None:
        return {}, f"standard errors after selection by {type(model.regularizer).__name__} would be too small"
    penalty = penalty if factor is None else penalty.scaled(factor)
    free = np.ones(coef.shape, dtype=bool) if model.feature_mask is None else np.asarray(model.feature_mask, dtype=bool)
    if built.X.n_rows * float((free.sum(axis=0).astype(float) ** 2).sum()) > _MOST_PRODUCTS:
        return {}, "the covariances of so many coefficients would take too long"
    weights, n_rows = _weights(model, built, counts)
    # the penalty stands beside a mean of losses, the information is a sum of log-likelihoods
    n_rows = n_rows * model.observation_model.loss_scale / np.asarray(model.scale_)
    places = {term.label: np.arange(term.n_columns).reshape(-1, term.n_functions) for term in built.terms}
    found = {label: np.zeros((coef.shape[1], *rows.shape, rows.shape[1])) for label, rows in places.items()}
    sums = np.vstack([np.asarray(built.X.rmatvec(weights)), weights.sum(axis=0)])

    def one(neuron: int) -> None:
        parts = np.flatnonzero(free[:, neuron])
        covariance = _covariance(built, weights[:, [neuron]], sums[:, neuron], penalty, n_rows[neuron], neuron, parts)
        for term in built.terms:
            rows = places[term.label] + term.columns.start
            found[term.label][neuron] = covariance(rows[:, :, None], rows[:, None, :])

    with threadpool_limits(1, user_api="blas"):
        for_each(one, range(coef.shape[1]))
    return found, ""


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
) -> Callable[[IntArray, IntArray], FloatArray]:
    """A function of rows and columns that gives entries of one neuron's covariance."""
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
    inverse = np.linalg.pinv(whole * np.outer(size, size), rcond=1e-12, hermitian=True) * np.outer(size, size)
    place = np.full(built.X.n_features, -1)
    place[free] = np.arange(n)

    def entries(i: IntArray, j: IntArray) -> FloatArray:
        held = (place[i] < 0) | (place[j] < 0)
        return np.where(held, 0.0, inverse[place[i], place[j]])

    return entries
