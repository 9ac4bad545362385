"""The search for a classifier's strength: every fold starts where it ended at the strength before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._types import FloatArray, IntArray
from ..design import AbstractDesign
from ..regularizer import UnRegularized
from ._classify import solve_classes
from ._cv import CV, CrossValidation, all_past_best, read_strengths
from ._folds import read_folds
from ._penalty import penalty_of
from ._used_rows import row_weights

if TYPE_CHECKING:
    from ._classifier import AbstractClassifier

__all__ = ["search_classes"]

_SEARCH_TOL = 1e-5
"""Relative accuracy of coefficients while strengths are compared."""

_FIRST, _DECADES, _STEPS = 10.0, 7.0, 15
"""Largest strength over the curvature of a feature in the null model, and how far down in how many steps."""


def search_classes(
    model: AbstractClassifier,
    X,
    design: AbstractDesign,
    index: IntArray,
    sample_weight: FloatArray | None,
    settings: CV,
) -> CrossValidation:
    """Judge strengths by the labels of held-out rows.

    Parameters
    ----------
    model
        Classifier with a penalty; it is not changed.
    X
        What the user gave, for folds that ask for it.
    design, index, sample_weight
        Features; class of each row (-1: none), shape (time, neuron); weights, shape (time, 1 or neuron).
    settings
        Strengths, folds and rule.

    Raises
    ------
    ValueError
        If the model has no penalty, strengths are not > 0, or folds do not fit.
    """
    if isinstance(model.regularizer, UnRegularized):
        msg = "a model without a penalty has no strength to choose; use regularizer='Ridge' or Smoothness(...)."
        raise ValueError(msg)
    standard = design.standardized((index >= 0).any(axis=1))
    given = np.ones((len(index), 1)) if sample_weight is None else sample_weight
    tried = read_strengths(settings.strengths, index.shape[1])
    if tried is None:
        tried = _range(model, standard, index, given)
    folds = list(read_folds(settings.cv, X, len(index)))
    scores = np.empty((len(tried), len(folds), index.shape[1]))
    null, n_test = np.empty(scores.shape[1:]), np.empty(scores.shape[1:])
    valid = (index >= 0) & standard.row_mask[: len(index), None]
    parts, starts = [], [None] * len(folds)
    for k, (train, test) in enumerate(folds):
        used, held = np.zeros((len(index), 1)), np.zeros((len(index), 1))
        used[train], held[test] = 1.0, 1.0
        parts.append((used * given, held * given * valid))
        n_test[k] = parts[k][1].sum(axis=0)
        null[k] = _mean(_null(index, parts[k][0] * valid, model.n_classes), index, parts[k][1])
    n_tried = 0
    for strength in tried:
        for k, (used, held) in enumerate(parts):
            solution = solve_classes(
                standard,
                index,
                model.n_classes,
                model.regularizer,
                1.0,
                strength_factor=strength,
                feature_mask=model._mask((design.n_features, index.shape[1], model.n_classes)),
                start=starts[k],
                sample_weight=used,
                **{"tol": _SEARCH_TOL, **model._newton_options()},
            )
            starts[k] = (solution.coef, solution.intercept)
            scores[n_tried, k] = _mean(_log_proba(standard, solution, len(index)), index, held)
        n_tried += 1
        if settings.strengths is None and all_past_best(list(scores[:n_tried]), n_test):
            break
    tried, scores = tried[:n_tried], scores[:n_tried]
    size = int(np.prod(solution.coef.shape[::2]))
    n_parameters = np.full(tried.shape, float(size))  # of a ridge, none is ever zero
    return CrossValidation(tried, scores, null, n_test, n_parameters, settings.rule)


def _range(model: AbstractClassifier, standard, index: IntArray, given: FloatArray) -> FloatArray:
    """Strengths to try, descending, shape (strength, neuron): from one that leaves next to nothing."""
    weights = row_weights(standard, index >= 0, given)[: len(index)]
    top = np.empty(index.shape[1])
    shape = (standard.n_features, model.n_classes)
    diagonal = penalty_of(model.regularizer, 1.0, shape, standard.scale).diagonal()[:-1]
    typical = np.median(diagonal[diagonal > 0]) if (diagonal > 0).any() else 1.0
    for n in range(index.shape[1]):
        row = weights[:, min(n, weights.shape[1] - 1)]
        share = np.bincount(np.maximum(index[:, n], 0), row, model.n_classes)
        top[n] = _FIRST * max(float(np.max(share * (1 - share))), 1e-12) / typical
    return top * np.logspace(0, -_DECADES, _STEPS)[:, None]


def _log_proba(standard, solution, n_rows: int) -> FloatArray:
    """Log-probabilities of standardised features under coefficients in their own units, (time, neuron, class)."""
    n_features, n_neurons, n_classes = solution.coef.shape
    flat = solution.coef.reshape(n_features, -1)
    eta = np.asarray(standard.matvec(flat * standard.scale[:, None]))[:n_rows] + standard.center @ flat
    eta = eta.reshape(n_rows, n_neurons, n_classes) + solution.intercept
    eta -= eta.max(axis=-1, keepdims=True)
    return eta - np.log(np.exp(eta).sum(axis=-1, keepdims=True))


def _null(index: IntArray, used: FloatArray, n_classes: int) -> FloatArray:
    """Log-frequencies of the classes in the rows trained on, shape (1, neuron, class)."""
    share = np.stack([np.sum(used * (index == k), axis=0) for k in range(n_classes)], axis=-1)
    return np.log(np.maximum(share / np.maximum(share.sum(axis=-1, keepdims=True), 1e-300), 1e-16))[None]


def _mean(log: FloatArray, index: IntArray, weight: FloatArray) -> FloatArray:
    """Weighted mean over rows of the log-probability of the label, shape (neuron,)."""
    log = np.broadcast_to(log, (*index.shape, log.shape[-1]))
    own = np.take_along_axis(log, np.maximum(index, 0)[..., None], axis=-1)[..., 0]
    total = weight.sum(axis=0)
    return np.where(weight > 0, weight * own, 0.0).sum(axis=0) / np.where(total > 0, total, np.nan)
