r"""What every observation model answers.

A model says how counts (or other responses) scatter around the mean :math:`\mu`. Two kinds of formula live side by
side: those that a fit compiles (`negative_log_likelihood`, on the linear predictor, without constants) and those that
judge it on the host (`log_likelihood`, `deviance`, with constants, in float64).
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any

import numpy as np

from .._errors import did_you_mean
from ..links import AbstractInverseLink

SCORE_TYPES = ("log-likelihood", "pseudo-r2-McFadden", "pseudo-r2-Cohen")

Aggregate = Callable[[Any], Any]


class AbstractObservationModel(abc.ABC):
    """A distribution of the response given its mean."""

    @property
    @abc.abstractmethod
    def default_inverse_link_function(self) -> AbstractInverseLink:
        """Inverse link used when the user names none."""

    @abc.abstractmethod
    def negative_log_likelihood(self, y, eta, link: AbstractInverseLink):
        """Loss that a fit minimises, elementwise, JAX arrays, constants in `y` left out."""

    @abc.abstractmethod
    def log_likelihood_per_sample(self, y: np.ndarray, mean: np.ndarray, scale: Any = 1.0) -> np.ndarray:
        """Log-probability of `y`, elementwise, nats, with every constant."""

    @abc.abstractmethod
    def deviance(self, y: np.ndarray, mean: np.ndarray, scale: Any = 1.0) -> np.ndarray:
        """Unit deviance of `y` under `mean`, elementwise, >= 0."""

    @abc.abstractmethod
    def sample_generator(self, key, predicted_rate, scale: Any = 1.0):
        """Draw a response of the shape of `predicted_rate` with a JAX random `key`."""

    @abc.abstractmethod
    def check_response(self, y: np.ndarray) -> None:
        """Raise a ValueError that says what is wrong if `y` (NaN allowed) cannot come from this model."""

    def estimate_scale(self, y: np.ndarray, mean: np.ndarray, dof_resid: Any) -> Any:
        """Dispersion; 1 for models without one."""
        return np.ones(np.shape(dof_resid))

    def log_likelihood(self, y, predicted_rate, scale: Any = 1.0, aggregate_sample_scores: Aggregate | None = None):
        """Aggregated log-likelihood, nats.

        Parameters
        ----------
        y, predicted_rate
            Response and mean, shape (time,) or (time, neuron).
        scale
            Dispersion.
        aggregate_sample_scores
            Maps per-sample scores to the result; the default sums over neurons the mean over samples.
        """
        scores = self.log_likelihood_per_sample(_host(y), _host(predicted_rate), scale)
        return aggregate(scores, aggregate_sample_scores or sum_of_means)

    def likelihood(self, y, predicted_rate, scale: Any = 1.0, aggregate_sample_scores: Aggregate | None = None):
        """Exponential of `log_likelihood`."""
        return np.exp(self.log_likelihood(y, predicted_rate, scale, aggregate_sample_scores))

    def pseudo_r2(
        self,
        y,
        predicted_rate,
        score_type: str = "pseudo-r2-McFadden",
        scale: Any = 1.0,
        aggregate_sample_scores: Aggregate | None = None,
    ):
        """One minus the ratio of model to null log-likelihoods (McFadden) or deviances (Cohen).

        The null model is the mean of `y` over time, for each neuron.

        Raises
        ------
        NotImplementedError
            If `score_type` is neither ``"pseudo-r2-McFadden"`` nor ``"pseudo-r2-Cohen"``.

        References
        ----------
        McFadden (1974), in *Frontiers in Econometrics*, p. 121; Cohen, Cohen, West & Aiken (2003), *Applied Multiple
        Regression*, 3rd ed., p. 502.
        """
        y, mean = _host(y), _host(predicted_rate)
        null = np.broadcast_to(y.mean(axis=0), y.shape)
        agg = aggregate_sample_scores or sum_of_means
        if score_type == "pseudo-r2-McFadden":
            model = aggregate(self.log_likelihood_per_sample(y, mean, scale), agg)
            return 1.0 - model / aggregate(self.log_likelihood_per_sample(y, null, scale), agg)
        if score_type == "pseudo-r2-Cohen":
            return 1.0 - aggregate(self.deviance(y, mean), agg) / aggregate(self.deviance(y, null), agg)
        raise NotImplementedError(unknown_score(score_type))


def unknown_score(score_type: object) -> str:
    """Message for a score type that nobody knows."""
    names = ", ".join(map(repr, SCORE_TYPES))
    return f"score_type must be one of {names}, got {score_type!r}.{did_you_mean(score_type, SCORE_TYPES)}"


def sum_of_means(scores: np.ndarray):
    """Sum over neurons of the mean over samples."""
    return np.sum(np.mean(scores, axis=0))


def aggregate(scores: np.ndarray, function: Aggregate):
    """Apply a user's aggregation (NumPy or JAX) to per-sample scores, in float64 whatever JAX's global precision."""
    from .._x64 import enable_x64

    with enable_x64():
        result = function(scores)
    return np.asarray(result)[()]


def _host(values) -> np.ndarray:
    return np.asarray(getattr(values, "values", values), dtype=np.float64)
