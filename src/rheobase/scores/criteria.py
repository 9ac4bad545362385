"""Information criteria: the log-likelihood of the data that a model was fitted to, less what its parameters cost."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._types import ArrayLike, FloatArray
from ..observation_models import AbstractObservationModel
from ._inputs import Pair, log_probability, read_model, read_pair

__all__ = ["aic", "bic"]


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


def _read_count(n_parameters: ArrayLike, pair: Pair) -> FloatArray:
    count = np.asarray(n_parameters, dtype=np.float64)
    if count.shape not in ((), (1,), (pair.n_neurons,)):
        msg = f"n_parameters must be a number, or one for each of {pair.n_neurons} neuron(s), got shape {count.shape}."
        raise ValueError(msg)
    if not (np.isfinite(count).all() and (count >= 0).all()):
        msg = f"n_parameters must be finite and >= 0, got {n_parameters!r}."
        raise ValueError(msg)
    return np.broadcast_to(count, (pair.n_neurons,))
