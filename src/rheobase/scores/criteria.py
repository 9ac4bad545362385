"""Is a larger model worth its parameters: information criteria, and the likelihood-ratio test of nested models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._types import ArrayLike, FloatArray
from ..observation_models import AbstractObservationModel
from ._inputs import Pair, log_probability, read_model, read_pair

__all__ = ["LikelihoodRatio", "aic", "bic", "likelihood_ratio_test"]


@dataclass(frozen=True)
class LikelihoodRatio:
    """Likelihood-ratio test of two nested models; numbers if the response has one axis, else shape (neuron,).

    Attributes
    ----------
    statistic : float or ndarray
        Twice the log-likelihood that the larger model gains, nats.
    p_value : float or ndarray
        Probability of at least such a gain if the smaller model is true.
    n_extra : float or ndarray
        Parameters that the larger model has more.
    """

    statistic: Any
    p_value: Any
    n_extra: Any


def aic(
    y: Any,
    mean: Any,
    n_parameters: ArrayLike,
    observation_model: str | AbstractObservationModel = "Poisson",
    scale: ArrayLike | None = None,
    *,
    sample_weight: ArrayLike | None = None,
) -> Any:
    r"""Akaike's information criterion; of two models of the same data, the lower is expected to predict better.

    Parameters
    ----------
    y, mean, observation_model, scale, sample_weight
        As in `log_likelihood`: the data of the fit.
    n_parameters : float or array_like
        Number of parameters that were fitted, intercept (and dispersion) included, or, for a penalised fit, its
        effective degrees of freedom; shape () or (neuron,).

    Returns
    -------
    float or ndarray
        :math:`2k - 2\ell`, nats; shape (neuron,) if `y` has two axes.

    Raises
    ------
    ValueError
        If shapes do not fit or a number of parameters is negative or not finite.
    TypeError
        If an input is not numeric.

    References
    ----------
    :cite:`akaike_1974`, equation 15

    Examples
    --------
    >>> from rheobase.scores import aic
    >>> round(aic([0, 2, 1], [0.5, 1.5, 1.0], n_parameters=2), 4)
    9.7644
    """
    pair = read_pair(y, mean, sample_weight)
    fit = pair.total(log_probability(read_model(observation_model), scale))
    return pair.public(2.0 * _read_count(n_parameters, pair) - 2.0 * fit)


def bic(
    y: Any,
    mean: Any,
    n_parameters: ArrayLike,
    observation_model: str | AbstractObservationModel = "Poisson",
    scale: ArrayLike | None = None,
    *,
    sample_weight: ArrayLike | None = None,
) -> Any:
    r"""Schwarz's Bayesian information criterion; of two models of the same data, the lower is the more probable.

    Parameters
    ----------
    y, mean, n_parameters, observation_model, scale, sample_weight
        As in `aic`.

    Returns
    -------
    float or ndarray
        :math:`k \ln n - 2\ell`, nats, with n the number of rows that were used (not NaN, weight above 0); shape
        (neuron,) if `y` has two axes.

    Raises
    ------
    ValueError, TypeError
        As in `aic`.

    References
    ----------
    :cite:`schwarz_1978`

    Examples
    --------
    >>> from rheobase.scores import bic
    >>> round(bic([0, 2, 1], [0.5, 1.5, 1.0], n_parameters=2), 4)
    7.9617
    """
    pair = read_pair(y, mean, sample_weight)
    fit = pair.total(log_probability(read_model(observation_model), scale))
    cost = _read_count(n_parameters, pair) * np.log(np.maximum(pair.n_rows(), 1.0))
    return pair.public(cost - 2.0 * fit)


def likelihood_ratio_test(
    y: Any,
    mean: Any,
    smaller_mean: Any,
    n_extra: ArrayLike,
    observation_model: str | AbstractObservationModel = "Poisson",
    scale: ArrayLike | None = None,
    *,
    sample_weight: ArrayLike | None = None,
) -> LikelihoodRatio:
    r"""Test whether the features that a larger model has more are worth anything.

    Both models are fitted to these data by maximum likelihood, without a penalty, and the smaller one is the larger one
    with coefficients held at zero. Only rows that both know count: fit both to the same rows.

    Parameters
    ----------
    y, mean, observation_model, scale, sample_weight
        As in `log_likelihood`; `mean` is that of the larger model, and so is the dispersion.
    smaller_mean : array_like, Tsd or TsdFrame
        Mean of the smaller model, same shape.
    n_extra : float or array_like
        Parameters that the larger model has more, > 0, shape () or (neuron,).

    Returns
    -------
    LikelihoodRatio
        Twice the gain in log-likelihood, and its tail under the chi-squared distribution with `n_extra` degrees of
        freedom.

    Raises
    ------
    ValueError
        If shapes or times do not fit or `n_extra` is not positive.
    TypeError
        If an input is not numeric.

    References
    ----------
    :cite:`mccullagh_1989`, appendix A

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.scores import likelihood_ratio_test
    >>> counts = np.array([2, 1, 3, 9, 8, 10])
    >>> two_rates = np.repeat([2.0, 9.0], 3)
    >>> test = likelihood_ratio_test(counts, two_rates, np.full(6, 5.5), n_extra=1)
    >>> round(test.statistic, 2), round(test.p_value, 4)
    (14.45, 0.0001)
    """
    from scipy.special import chdtrc

    pair, smaller = read_pair(y, mean, sample_weight), read_pair(y, smaller_mean, mean_name="smaller_mean")
    if any((pair.known(rows) & ~np.isfinite(smaller.mean[rows])).any() for rows in pair.blocks()):
        pair = replace(pair, y=np.where(np.isfinite(smaller.mean), pair.y, np.nan))
    extra = _read_count(n_extra, pair, "n_extra")
    if not (extra > 0).all():
        msg = f"n_extra must be > 0, got {n_extra!r}."
        raise ValueError(msg)
    score = log_probability(read_model(observation_model), scale)
    statistic = 2.0 * (pair.total(score) - pair.total(score, smaller.mean))
    p_value = chdtrc(extra, np.maximum(statistic, 0.0))
    return LikelihoodRatio(*(pair.public(value) for value in (statistic, p_value, extra)))


def _read_count(n_parameters: ArrayLike, pair: Pair, name: str = "n_parameters") -> FloatArray:
    count = np.asarray(n_parameters, dtype=np.float64)
    if count.shape not in ((), (1,), (pair.n_neurons,)):
        msg = f"{name} must be a number, or one for each of {pair.n_neurons} neuron(s), got shape {count.shape}."
        raise ValueError(msg)
    if not (np.isfinite(count).all() and (count >= 0).all()):
        msg = f"{name} must be finite and >= 0, got {n_parameters!r}."
        raise ValueError(msg)
    return np.broadcast_to(count, (pair.n_neurons,))
