"""How well responses to repeated sounds are predicted, and how well they could be.

All of these take responses as ``neural_collate`` gives them, shape (stimulus, neuron, repeat, time) with NaN where
nothing was recorded, or those of one neuron to one stimulus, shape (repeat, time); predictions have no repeats,
(stimulus, neuron, 1, time) or (time,). What several stimuli give is pooled (correlations of predictions) or averaged
with their durations as weights (powers, ceilings). Nothing to compute from (a constant, one repeat) gives NaN.

>>> from rheobase.datasets.strf import metrics
>>> trials, predicted = [[0, 2, 1, 3], [1, 2, 0, 4]], [0.5, 2, 1, 3]
>>> round(float(metrics.correlation(predicted, trials)), 4), round(float(metrics.signal_power(trials)), 4)
(0.9813, 1.8333)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import did_you_mean
from ..._types import ArrayLike, FloatArray
from ._ceilings import half_split_ceiling, pairwise_correlation
from ._pooling import Powers, nan_divide, over_stimuli, pooled, powers, read, read_trials, reduced
from ._spectra import coherence, information

__all__ = [
    "coherence",
    "correlation",
    "fraction_of_variance_explained",
    "information",
    "mean_squared_error",
    "noise_ceiling",
    "noise_power",
    "normalized_correlation",
    "pennington_score",
    "poisson_loss",
    "predictive_power",
    "signal_power",
    "signal_to_noise",
    "trial_correlation",
]

METHODS = ("schoppe", "hsu")


def correlation(
    prediction: ArrayLike, responses: ArrayLike, *, mask: Any = None, reduction: str = "none"
) -> FloatArray:
    """Correlation of a prediction with the mean over repeats (CC).

    Parameters
    ----------
    prediction : array_like
        Shape (stimulus, neuron, 1, time) or (time,).
    responses : array_like
        Shape (stimulus, neuron, repeat, time) or (repeat, time).
    mask : array_like, optional
        Where responses are known, same shape; by default, where they are not NaN.
    reduction : {"none", "mean", "sum"}
        Over neurons; those with NaN are left out.

    Returns
    -------
    ndarray
        Shape (neuron,); a number for one neuron's (repeat, time), or with a reduction.

    Raises
    ------
    ValueError
        If shapes do not fit.
    """
    data = read(prediction, responses, mask)
    moments = pooled(data)
    return reduced(nan_divide(moments.cov, np.sqrt(moments.var_p * moments.var_y)), data, reduction)


def fraction_of_variance_explained(
    prediction: ArrayLike, responses: ArrayLike, *, mask: Any = None, reduction: str = "none"
) -> FloatArray:
    """One minus squared error over squared deviation of the mean over repeats (FVE, R squared).

    Parameters
    ----------
    prediction, responses, mask, reduction
        As in `correlation`.
    """
    data = read(prediction, responses, mask)
    moments = pooled(data)
    return reduced(1.0 - nan_divide(moments.error, moments.var_y * (moments.n - 1)), data, reduction)


def mean_squared_error(
    prediction: ArrayLike, responses: ArrayLike, *, mask: Any = None, reduction: str = "none"
) -> FloatArray:
    """Mean squared difference from the mean over repeats.

    Parameters
    ----------
    prediction, responses, mask, reduction
        As in `correlation`.
    """
    data = read(prediction, responses, mask)
    moments = pooled(data)
    return reduced(nan_divide(moments.error, moments.n), data, reduction)


def poisson_loss(
    prediction: ArrayLike, responses: ArrayLike, *, log: bool = False, mask: Any = None, reduction: str = "none"
) -> FloatArray:
    """Mean of rate minus count times log rate, over bins, of the mean over repeats.

    Parameters
    ----------
    prediction : array_like
        Expected counts, > 0; their logarithm if `log`.
    responses, mask, reduction
        As in `correlation`.
    log : bool
        The prediction is the logarithm of a rate.
    """
    data = read(prediction, responses, mask)
    known = data.known
    p = np.where(known, data.prediction, 0.0 if log else 1.0)
    rate, log_rate = (np.exp(p), p) if log else (p, np.log(p))
    loss = np.where(known, rate - np.where(known, data.psth, 0.0) * log_rate, 0.0)
    return reduced(nan_divide(loss.sum(axis=(0, 2)), known.sum(axis=(0, 2))), data, reduction)


def signal_power(responses: ArrayLike, *, mask: Any = None, reduction: str = "none") -> FloatArray:
    """Variance over time that repeats share; an unbiased estimate, which may be negative.

    Parameters
    ----------
    responses, mask, reduction
        As in `correlation`.

    References
    ----------
    Sahani & Linden (2003), *How linear are auditory cortical responses?*
    """
    data = read_trials(responses, mask)
    return reduced(_mean_powers(powers(data)).signal, data, reduction)


def noise_power(responses: ArrayLike, *, mask: Any = None, reduction: str = "none") -> FloatArray:
    """Variance over time that repeats do not share.

    Parameters
    ----------
    responses, mask, reduction
        As in `correlation`.
    """
    data = read_trials(responses, mask)
    mean = _mean_powers(powers(data))
    return reduced(mean.total - mean.signal, data, reduction)


def signal_to_noise(responses: ArrayLike, *, mask: Any = None, reduction: str = "none") -> FloatArray:
    """Signal power over noise power; NaN if either is not positive.

    Parameters
    ----------
    responses, mask, reduction
        As in `correlation`.
    """
    data = read_trials(responses, mask)
    mean = _mean_powers(powers(data))
    noise = mean.total - mean.signal
    return reduced(nan_divide(_positive(mean.signal), _positive(noise)), data, reduction)


def noise_ceiling(
    responses: ArrayLike, *, method: str = "schoppe", max_splits: int = 126, mask: Any = None, reduction: str = "none"
) -> FloatArray:
    """Correlation that the true mean response would have with the measured one (CCmax).

    Parameters
    ----------
    responses, mask, reduction
        As in `correlation`.
    method : {"schoppe", "hsu"}
        From signal power, or from correlations of half the repeats with the other half.
    max_splits : int
        Most ways in which repeats are halved.

    Raises
    ------
    ValueError
        For another method.

    References
    ----------
    Hsu, Borst & Theunissen (2004); Schoppe et al. (2016), *Measuring the performance of neural models*.
    """
    data = read_trials(responses, mask)
    if _method(method) == "hsu":
        return reduced(over_stimuli(*half_split_ceiling(data, max_splits)), data, reduction)
    mean = _mean_powers(powers(data))
    return reduced(np.sqrt(nan_divide(_positive(mean.signal), mean.of_mean)), data, reduction)


def normalized_correlation(
    prediction: ArrayLike,
    responses: ArrayLike,
    *,
    method: str = "schoppe",
    max_splits: int = 126,
    mask: Any = None,
    reduction: str = "none",
) -> FloatArray:
    """Correlation with the mean over repeats, relative to what the true mean response would reach (CCnorm).

    A neuron that heard every sound once has no ceiling: its plain correlation is given.

    Parameters
    ----------
    prediction, responses, mask, reduction
        As in `correlation`.
    method, max_splits
        As in `noise_ceiling`.

    References
    ----------
    Schoppe et al. (2016), *Measuring the performance of neural models*, equation 6; Hsu, Borst & Theunissen (2004).
    """
    data = read(prediction, responses, mask)
    moments = pooled(data)
    plain = nan_divide(moments.cov, np.sqrt(moments.var_p * moments.var_y))
    if _method(method) == "hsu":
        normed = nan_divide(plain, over_stimuli(*half_split_ceiling(data, max_splits)))
    else:
        normed = nan_divide(moments.cov, np.sqrt(moments.var_p * _positive(_mean_powers(powers(data)).signal)))
    once = (data.n_repeats <= 1).all(axis=0)
    return reduced(np.where(once, plain, normed), data, reduction)


def trial_correlation(responses: ArrayLike, *, mask: Any = None, reduction: str = "none") -> FloatArray:
    """Mean correlation of pairs of repeats (TTRC).

    Parameters
    ----------
    responses, mask, reduction
        As in `correlation`.
    """
    data = read_trials(responses, mask)
    return reduced(over_stimuli(*pairwise_correlation(data)), data, reduction)


def pennington_score(
    prediction: ArrayLike, responses: ArrayLike, *, mask: Any = None, reduction: str = "none"
) -> FloatArray:
    """Mean correlation of a prediction with each repeat, over the root of that between repeats.

    Parameters
    ----------
    prediction, responses, mask, reduction
        As in `correlation`.

    References
    ----------
    Pennington & David (2023), *A convolutional neural network provides a generalizable model of natural sound coding*.
    """
    data = read(prediction, responses, mask)
    single = over_stimuli(*pairwise_correlation(data, data.prediction))
    between = over_stimuli(*pairwise_correlation(data))
    return reduced(nan_divide(single, np.sqrt(_positive(between))), data, reduction)


def predictive_power(
    prediction: ArrayLike, responses: ArrayLike, *, mask: Any = None, reduction: str = "none"
) -> FloatArray:
    """Variance that a prediction removes from the mean over repeats, over signal power.

    Parameters
    ----------
    prediction, responses, mask, reduction
        As in `correlation`.

    References
    ----------
    Sahani & Linden (2003), *How linear are auditory cortical responses?*
    """
    data = read(prediction, responses, mask)
    found = powers(data)
    left = powers(data, minus=data.prediction)
    usable = np.isfinite(found.signal)
    removed = over_stimuli(np.where(usable, found.of_mean - left.of_mean, np.nan), found.weight)
    return reduced(nan_divide(removed, _positive(_mean_powers(found).signal)), data, reduction)


def _mean_powers(found: Powers) -> Powers:
    """Powers averaged over stimuli with at least two repeats, weighted by duration."""
    usable = np.isfinite(found.signal)
    total, of_mean, signal = (
        over_stimuli(np.where(usable, values, np.nan), found.weight)
        for values in (found.total, found.of_mean, found.signal)
    )
    return Powers(total, of_mean, signal, found.weight.sum(axis=0))


def _positive(values: FloatArray) -> FloatArray:
    return np.where(values > 0, values, np.nan)


def _method(method: str) -> str:
    if method not in METHODS:
        msg = f"method must be 'schoppe' or 'hsu', got {method!r}.{did_you_mean(method, METHODS)}"
        raise ValueError(msg)
    return method
