r"""How strong a penalty should be: paths of strengths, and cross-validation in which they are judged.

All folds and neurons of a strength are columns of one batch over the same features, and each strength starts where the
one before it ended, so a search of many fits costs little more than a few.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from .._types import FloatArray
from ._cv import CV, CrossValidation
from ._search import read_search

if TYPE_CHECKING:
    from ._base import AbstractGLM

__all__ = ["cross_validate", "regularization_path"]


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
    >>> found.log_likelihood.shape[1:], bool(found.gain.max() > 0)
    ((5, 1), True)
    """
    return read_search(model, X, y, offset, exposure, sample_weight).run(CV(strengths, cv, rule))


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
    search = read_search(model, X, y, offset, exposure, sample_weight)
    tried = search.strengths(strengths)
    coefs, intercepts, start = [], [], None
    for strength in tried:
        solution = search.fit(search.y, search.weight, strength, np.arange(len(strength)), start, tol=1e-8)
        start = (solution.coef, solution.intercept)
        coefs.append(solution.coef)
        intercepts.append(solution.intercept)
    return tried, np.array(coefs), np.array(intercepts)
