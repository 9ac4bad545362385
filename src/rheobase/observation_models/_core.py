r"""What every observation model answers.

A model says how counts (or other responses) scatter around the mean :math:`\mu`. Two kinds of formula live side by
side: those that a fit compiles (`negative_log_likelihood`, on the linear predictor, without constants) and those that
judge it on the host (`log_likelihood`, `deviance`, with constants, in float64).
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import links
from .._errors import did_you_mean
from ..links import AbstractInverseLink
from ..links._core import namespace

SCORE_TYPES = ("log-likelihood", "pseudo-r2-McFadden", "pseudo-r2-Cohen")

EPS = float(np.finfo(np.float64).eps)
"""Floor of means that must be positive, and distance that probabilities keep from zero and one."""

Aggregate = Callable[[Any], Any]


class AbstractObservationModel(abc.ABC):
    r"""A distribution of the response given its mean.

    Write one's own by giving a subclass the seven methods below that are abstract, and making it a frozen dataclass:
    compiled fits are kept by model, so a model must be hashable and must not change. `negative_log_likelihood` sees JAX
    arrays and has to be twice differentiable; the others see NumPy arrays.

    Examples
    --------
    Waiting times that scatter exponentially, :math:`\log p(y) = -\log\mu - y / \mu`:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from rheobase import links
    >>> from rheobase.observation_models import AbstractObservationModel
    >>> @dataclass(frozen=True)
    ... class ExponentialObservations(AbstractObservationModel):
    ...     canonical = links.Reciprocal()
    ...     default_inverse_link_function = links.Exp()
    ...
    ...     def negative_log_likelihood(self, y, eta, link, scale=None):
    ...         import jax.numpy as jnp
    ...
    ...         return y * jnp.exp(-link.log(eta)) + link.log(eta)
    ...
    ...     def log_likelihood_per_sample(self, y, mean, scale=None):
    ...         return -np.log(mean) - y / mean
    ...
    ...     def deviance(self, y, mean, scale=None):
    ...         return 2 * (y / mean - 1 - np.log(y / mean))
    ...
    ...     def variance(self, mean, scale=None):
    ...         return mean**2
    ...
    ...     def sample_generator(self, key, predicted_rate, scale=None):
    ...         import jax
    ...
    ...         return jax.random.exponential(key, np.shape(predicted_rate)) * predicted_rate
    ...
    ...     def check_response(self, y):
    ...         if np.nanmin(y, initial=1.0) <= 0:
    ...             raise ValueError("y must hold waiting times > 0.")
    >>> model = ExponentialObservations()
    >>> float(model.log_likelihood(np.array([1.0, 2.0]), np.array([1.0, 1.0])))
    -1.5
    >>> from rheobase.glm import GLM
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> waits = np.random.default_rng(0).exponential(np.exp(1 + X[:, 0]))
    >>> GLM(observation_model=model).fit(X, waits).intercept_.shape
    (1,)
    """

    has_dispersion: bool = False
    """Whether `estimate_scale` measures a dispersion that the mean does not depend on."""

    scale_in_loss: bool = False
    """Whether the dispersion changes the best mean, so that a fit must hand it to `negative_log_likelihood`."""

    loss_scale: float = 1.0
    """Dispersion at which the loss is minus the log-likelihood: the log-likelihood's curvature at another is the
    loss's times `loss_scale` over it.
    """

    silent_values: tuple[float, ...] = ()
    """Responses that, repeated at every sample, drive the predictor to minus or plus infinity."""

    n_categories: int | None = None
    """Number of classes of a categorical model; None for a response that is one number."""

    @property
    @abc.abstractmethod
    def default_inverse_link_function(self) -> AbstractInverseLink:
        """Inverse link used when the user names none."""

    @property
    @abc.abstractmethod
    def canonical(self) -> AbstractInverseLink | None:
        """Inverse link whose loss is linear in `y` times the predictor; None if it has no class here."""

    @abc.abstractmethod
    def negative_log_likelihood(self, y, eta, link: AbstractInverseLink, scale: Any = None):
        """Loss that a fit minimises, elementwise, JAX arrays, constants in `y` left out.

        Parameters
        ----------
        y, eta
            Response and linear predictor, shape (time, neuron).
        link
            Inverse link.
        scale
            Dispersion, a number or shape (neuron,), for models with `scale_in_loss`; None means the model's own.
        """

    def derivatives(self, y: np.ndarray, eta: np.ndarray, link: AbstractInverseLink, out: tuple) -> bool:
        """The loss and its first and second derivative in the predictor, elementwise, by NumPy, for large fits on a
        CPU. The default, False, says that nobody has written them down, so that JAX finds them.

        Parameters
        ----------
        y, eta, link
            As in `negative_log_likelihood`; in single or double precision.
        out
            Three arrays of the shape and dtype of `eta`, to put the results into.

        Returns
        -------
        bool
            Whether they are there.
        """
        return False

    @abc.abstractmethod
    def log_likelihood_per_sample(self, y: np.ndarray, mean: np.ndarray, scale: Any = None) -> np.ndarray:
        """Log-probability of `y`, elementwise, nats, with every constant."""

    @abc.abstractmethod
    def deviance(self, y: np.ndarray, mean: np.ndarray, scale: Any = None) -> np.ndarray:
        """Unit deviance of `y` under `mean`, elementwise, >= 0."""

    @abc.abstractmethod
    def variance(self, mean: np.ndarray, scale: Any = None) -> np.ndarray:
        """Variance of the response at `mean`, elementwise."""

    @abc.abstractmethod
    def sample_generator(self, key, predicted_rate, scale: Any = None):
        """Draw a response of the shape of `predicted_rate` with a JAX random `key`."""

    @abc.abstractmethod
    def check_response(self, y: np.ndarray) -> None:
        """Raise a ValueError that says what is wrong if `y` (NaN allowed) cannot come from this model."""

    @property
    def scale(self) -> float | None:
        """Dispersion that the model itself knows: one, unless it says otherwise."""
        return 1.0

    @property
    def needs_silent_check(self) -> bool:
        """Whether some constant response has no finite optimum."""
        return bool(self.silent_values)

    def curvature_is_constant(self, link: AbstractInverseLink) -> bool:
        """Whether the loss is quadratic in the predictor, so that one Newton step is the whole fit."""
        return False

    def estimate_scale(self, y: np.ndarray, mean: np.ndarray, dof_resid: Any, weights: np.ndarray | None = None) -> Any:
        r"""Dispersion of each neuron: Pearson's :math:`\sum w (y - \mu)^2 / V(\mu)` per residual degree of freedom.

        Parameters
        ----------
        y, mean
            Response and its mean, shape (time, neuron) or (time,); samples where either is NaN are left out.
        dof_resid
            Residual degrees of freedom, shape (neuron,).
        weights
            Weight of each sample, shape of `y` or (time, 1); one each if None.

        Returns
        -------
        scale
            Shape of `dof_resid`; ones for a model without a dispersion.

        References
        ----------
        McCullagh & Nelder (1989), *Generalized Linear Models*, 2nd ed., section 4.5.
        """
        if not self.has_dispersion:
            return np.ones(np.shape(dof_resid))
        pearson = (y - mean) ** 2 / self.variance(mean, 1.0)
        if weights is not None:
            pearson = pearson * weights
        return np.nansum(pearson, axis=0) / dof_resid

    def null_mean(self, y: np.ndarray) -> np.ndarray:
        """Mean of `y` over time, at every sample: the model without features."""
        return np.broadcast_to(y.mean(axis=0), y.shape)

    def log_likelihood(self, y, predicted_rate, scale: Any = None, aggregate_sample_scores: Aggregate | None = None):
        """Aggregated log-likelihood, nats.

        Parameters
        ----------
        y, predicted_rate
            Response and mean, shape (time,) or (time, neuron).
        scale
            Dispersion; the model's own if None.
        aggregate_sample_scores
            Maps per-sample scores to the result; the default sums over neurons the mean over samples.
        """
        scores = self.log_likelihood_per_sample(_host(y), _host(predicted_rate), scale)
        return aggregate(scores, aggregate_sample_scores or sum_of_means)

    def likelihood(self, y, predicted_rate, scale: Any = None, aggregate_sample_scores: Aggregate | None = None):
        """Exponential of `log_likelihood`."""
        return np.exp(self.log_likelihood(y, predicted_rate, scale, aggregate_sample_scores))

    def pseudo_r2(
        self,
        y,
        predicted_rate,
        score_type: str = "pseudo-r2-McFadden",
        scale: Any = None,
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
        null = self.null_mean(y)
        agg = aggregate_sample_scores or sum_of_means
        if score_type == "pseudo-r2-McFadden":
            model = aggregate(self.log_likelihood_per_sample(y, mean, scale), agg)
            return 1.0 - model / aggregate(self.log_likelihood_per_sample(y, null, scale), agg)
        if score_type == "pseudo-r2-Cohen":
            unit = scale if self.scale_in_loss else None  # a mere factor would weigh neurons against each other
            return 1.0 - aggregate(self.deviance(y, mean, unit), agg) / aggregate(self.deviance(y, null, unit), agg)
        raise NotImplementedError(unknown_score(score_type))

    def _dispersion(self, scale: Any) -> Any:
        """`scale`, or the model's own where None is given, or one where that is unknown."""
        if scale is None:
            scale = self.scale
        return 1.0 if scale is None else scale


@dataclass(frozen=True)
class AbstractWithInverseLink(AbstractObservationModel):
    """A model whose constructor takes an inverse link, as in older scripts.

    Parameters
    ----------
    inverse_link_function : str, callable or inverse link, optional
        Where older scripts give it; today it is an argument of the model. The family's usual one if not given.
    """

    inverse_link_function: str | Callable | AbstractInverseLink | None = None

    def __post_init__(self):
        object.__setattr__(self, "inverse_link_function", links.resolve(self.inverse_link_function, self.canonical))

    def __repr__(self) -> str:
        link = self.inverse_link_function
        given = "" if link == self.canonical else f"inverse_link_function={link.name!r}"
        return f"{type(self).__name__}({given})"

    @property
    def default_inverse_link_function(self) -> AbstractInverseLink:
        """The one given to the constructor, or the canonical one."""
        return self.inverse_link_function


def times_log(y, log):
    """`y` times `log`, zero where `y` is, even at minus infinity; NumPy or JAX."""
    xp = namespace(log)
    return xp.where(y == 0, 0.0, y * log)


def guarded(link: AbstractInverseLink, eta, formula: Callable[[Any], Any], outside):
    """`formula` of the logarithm of the mean at `eta`, and `outside` where the mean is not positive."""
    log = link.log(eta)
    if link.positive:
        return formula(log)
    xp = namespace(eta)
    inside = log > -xp.inf
    return xp.where(inside, formula(xp.where(inside, log, 0.0)), outside)


def check_counts(y: np.ndarray, family: str) -> None:
    """Counts are finite and not negative; halves and the like are allowed (weighted or averaged counts)."""
    lowest = np.nanmin(y, initial=0.0)
    if lowest < 0:
        msg = (
            f"y must hold counts >= 0 for {family} observations, but its smallest value is {lowest:g}. "
            "Were rates or z-scored counts given instead of counts?"
        )
        raise ValueError(msg)


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
