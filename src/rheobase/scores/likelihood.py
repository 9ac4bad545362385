"""How likely a model makes what was seen: log-likelihood, what of the deviance is explained, bits per spike.

Every function takes the response and the mean that a model predicts for it, and gives one number a neuron. A row counts
for a neuron where both are finite: the first bins of a convolution, say, are left out by themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import did_you_mean
from .._types import ArrayLike, FloatArray
from ..observation_models import AbstractObservationModel
from ._inputs import Pair, as_numbers, log_probability, read_model, read_pair

__all__ = ["bits_per_spike", "deviance_explained", "log_likelihood", "pseudo_r2"]

_R2 = ("McFadden", "Cohen")


def log_likelihood(
    y: Any,
    mean: Any,
    observation_model: str | AbstractObservationModel = "Poisson",
    scale: ArrayLike | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    per_neuron: bool = True,
) -> Any:
    r"""Log-probability of a response, summed over time, with every constant.

    Parameters
    ----------
    y : array_like, Tsd or TsdFrame
        Response (counts per bin, say), shape (time,) or (time, neuron).
    mean : array_like, Tsd or TsdFrame
        Predicted mean of each, same shape and unit: what ``model.predict(X)`` gives.
    observation_model : str or observation model
        How responses scatter around their mean.
    scale : float or array_like, optional
        Dispersion, shape () or (neuron,), as in ``model.scale_``; the observation model's own if not given.
    sample_weight : array_like, optional
        How much each row counts, >= 0, shape (time,) or that of `y`.
    per_neuron : bool
        One number a neuron; otherwise their sum.

    Returns
    -------
    float or ndarray
        :math:`\sum_t w_t \log p(y_t \mid \mu_t)`, nats; shape (neuron,) if `y` has two axes. Rows with NaN in `y` or
        `mean` are left out, for each neuron on its own.

    Raises
    ------
    ValueError
        If shapes or times do not fit.
    TypeError
        If an input is not numeric.

    References
    ----------
    :cite:`mccullagh_1989`, section 2.3

    Examples
    --------
    >>> from rheobase.scores import log_likelihood
    >>> round(log_likelihood([0, 2, 1], [0.5, 1.5, 1.0]), 4)
    -2.8822
    """
    pair, model = read_pair(y, mean, sample_weight), read_model(observation_model)
    return _answer(pair, pair.total(log_probability(model, scale)), per_neuron)


def deviance_explained(
    y: Any,
    mean: Any,
    observation_model: str | AbstractObservationModel = "Poisson",
    scale: ArrayLike | None = None,
    *,
    y_train: Any = None,
    null_mean: Any = None,
    sample_weight: ArrayLike | None = None,
    per_neuron: bool = True,
) -> Any:
    r"""Share of the deviance of a constant that a model explains, D².

    Parameters
    ----------
    y, mean, observation_model, scale, sample_weight
        As in `log_likelihood`.
    y_train : array_like, Tsd or TsdFrame, optional
        Response whose mean over time is the constant, shape (time,) or (time, neuron): that of the training data, when
        `y` is held out. Default: `y` itself.
    null_mean : array_like, optional
        The mean of the null model itself, a number for each neuron or an array of the shape of `y` (the prediction of
        a smaller model). Not together with `y_train`.
    per_neuron : bool
        One number a neuron; otherwise one minus the ratio of the summed deviances.

    Returns
    -------
    float or ndarray
        :math:`1 - D(y, \mu) / D(y, \mu_0)`: 1 for a perfect model, 0 for one no better than the constant, negative for
        a worse one; NaN where the constant is perfect. Cohen's pseudo-R².

    Raises
    ------
    ValueError, TypeError
        As in `log_likelihood`; ValueError if both `y_train` and `null_mean` are given.

    References
    ----------
    :cite:`cohen_2003`, p. 502; :cite:`mccullagh_1989`, section 2.3

    Examples
    --------
    >>> from rheobase.scores import deviance_explained
    >>> round(deviance_explained([0, 2, 1, 5], [0.5, 1.5, 1.0, 4.0]), 3)
    0.822
    """
    pair, model = read_pair(y, mean, sample_weight), read_model(observation_model)
    null = _null(pair, y_train, null_mean)

    def deviance(y: FloatArray, mean: FloatArray) -> FloatArray:
        return model.deviance(y, mean, scale)

    return _one_minus_ratio(pair, pair.total(deviance), pair.total(deviance, null), per_neuron)


def pseudo_r2(
    y: Any,
    mean: Any,
    observation_model: str | AbstractObservationModel = "Poisson",
    scale: ArrayLike | None = None,
    *,
    kind: str = "McFadden",
    y_train: Any = None,
    null_mean: Any = None,
    sample_weight: ArrayLike | None = None,
    per_neuron: bool = True,
) -> Any:
    r"""One minus the ratio of a model's log-likelihood, or deviance, to that of a constant.

    Parameters
    ----------
    y, mean, observation_model, scale, sample_weight
        As in `log_likelihood`.
    kind : {"McFadden", "Cohen"}
        Log-likelihoods with all their constants, or deviances (then it is `deviance_explained`). The longer names that
        ``model.score`` takes, ``"pseudo-r2-McFadden"`` and ``"pseudo-r2-Cohen"``, are read too.
    y_train, null_mean, per_neuron
        As in `deviance_explained`.

    Returns
    -------
    float or ndarray
        McFadden: :math:`1 - \ell(\mu) / \ell(\mu_0)`, which stays below 1 even for a perfect model of counts.

    Raises
    ------
    ValueError, TypeError
        As in `deviance_explained`; ValueError for another `kind`.

    References
    ----------
    :cite:`mcfadden_1974`, p. 121; :cite:`cohen_2003`, p. 502

    Examples
    --------
    >>> from rheobase.scores import pseudo_r2
    >>> round(pseudo_r2([0, 2, 1, 5], [0.5, 1.5, 1.0, 4.0]), 3)
    0.403
    """
    name = kind.removeprefix("pseudo-r2-") if isinstance(kind, str) else kind
    if name not in _R2:
        msg = f"kind must be 'McFadden' or 'Cohen', got {kind!r}.{did_you_mean(name, _R2)}"
        raise ValueError(msg)
    if name == "Cohen":
        options = {"y_train": y_train, "null_mean": null_mean, "sample_weight": sample_weight, "per_neuron": per_neuron}
        return deviance_explained(y, mean, observation_model, scale, **options)
    pair, model = read_pair(y, mean, sample_weight), read_model(observation_model)
    score = log_probability(model, scale)
    null = pair.total(score, _null(pair, y_train, null_mean))
    return _one_minus_ratio(pair, pair.total(score), null, per_neuron)


def bits_per_spike(
    y: Any,
    mean: Any,
    observation_model: str | AbstractObservationModel = "Poisson",
    scale: ArrayLike | None = None,
    *,
    y_train: Any = None,
    null_mean: Any = None,
    sample_weight: ArrayLike | None = None,
    per_neuron: bool = True,
) -> Any:
    r"""How much more a model knows of each spike than a constant rate does, in bits.

    Parameters
    ----------
    y, mean, observation_model, scale, sample_weight
        As in `log_likelihood`; `y` holds counts.
    y_train, null_mean
        As in `deviance_explained`. Held-out data want the rate of the training data: the rate of the held-out data
        themselves is something that no model could have known.
    per_neuron : bool
        One number a neuron; otherwise that of all spikes together.

    Returns
    -------
    float or ndarray
        :math:`(\ell(\mu) - \ell(\mu_0)) / (n_{spikes} \ln 2)`; NaN for a neuron without spikes.

    Raises
    ------
    ValueError, TypeError
        As in `deviance_explained`.

    References
    ----------
    :cite:`pillow_2008`, Methods

    Examples
    --------
    >>> from rheobase.scores import bits_per_spike
    >>> round(bits_per_spike([0, 2, 1, 5], [0.5, 1.5, 1.0, 4.0]), 3)
    0.577
    """
    pair, model = read_pair(y, mean, sample_weight), read_model(observation_model)
    score = log_probability(model, scale)
    gain = pair.total(score) - pair.total(score, _null(pair, y_train, null_mean))
    spikes = pair.total(lambda y, mean: y)
    if not per_neuron:
        gain, spikes = gain.sum(keepdims=True), spikes.sum(keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        bits = np.where(spikes > 0, gain / spikes, np.nan) / np.log(2.0)
    return pair.public(bits) if per_neuron else float(bits[0])


def _null(pair: Pair, y_train: Any, null_mean: Any) -> np.ndarray:
    """Mean of the null model: shape (neuron,), or that of the response."""
    if y_train is not None and null_mean is not None:
        msg = "give y_train or null_mean, not both: each of them says what the null model predicts."
        raise ValueError(msg)
    if y_train is not None:
        return _mean_of_training(pair, y_train)
    if null_mean is None:
        return pair.mean_response()
    null = np.asarray(as_numbers(null_mean, "null_mean"), dtype=np.float64)
    if null.ndim == 1 and pair.one_neuron and null.size == pair.n_time:
        null = null[:, None]
    if null.shape not in ((), (1,), (pair.n_neurons,), pair.y.shape):
        msg = f"null_mean must be a number, one for each of {pair.n_neurons} neuron(s), or have the shape of y, got "
        msg += f"shape {null.shape}."
        raise ValueError(msg)
    return null


def _mean_of_training(pair: Pair, y_train: Any) -> FloatArray:
    train = as_numbers(y_train, "y_train")
    if train.ndim != (1 if pair.one_neuron else 2) or train.size == 0 or train[:1].size != pair.n_neurons:
        wanted = "(time,)" if pair.one_neuron else f"(time, {pair.n_neurons})"
        msg = f"y_train must have shape {wanted}, one column for each neuron of y, got {train.shape}."
        raise ValueError(msg)
    return read_pair(train, train).mean_response()


def _answer(pair: Pair, totals: FloatArray, per_neuron: bool) -> Any:
    return pair.public(totals) if per_neuron else float(totals.sum())


def _one_minus_ratio(pair: Pair, model: FloatArray, null: FloatArray, per_neuron: bool) -> Any:
    if not per_neuron:
        model, null = model.sum(keepdims=True), null.sum(keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        r2 = np.where(null != 0, 1.0 - model / null, np.nan)
    return pair.public(r2) if per_neuron else float(r2[0])
