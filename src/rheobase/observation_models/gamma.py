"""Gamma responses: positive, skewed, with a spread that grows in proportion to the mean, as calcium transients have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..links import Reciprocal
from ._core import EPS, AbstractWithInverseLink, guarded

__all__ = ["GammaObservations"]


@dataclass(frozen=True, repr=False)
class GammaObservations(AbstractWithInverseLink):
    r"""Positive responses with standard deviation proportional to their mean.

    With shape :math:`k = 1 / s`, where :math:`s` is the scale,
    :math:`\log p(y) = (k - 1)\log y + k\log k - \log\Gamma(k) - k(y / \mu + \log\mu)`: mean :math:`\mu`, variance
    :math:`s\mu^2`. A fit estimates the scale by Pearson's statistic.

    Parameters
    ----------
    inverse_link_function : str, callable or inverse link, optional
        Where older scripts give it; today it is an argument of the model. The reciprocal, canonical here, if not
        given; ``"exp"`` and ``"softplus"`` keep the mean positive by themselves.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.observation_models import GammaObservations
    >>> model = GammaObservations(inverse_link_function="exp")
    >>> model.variance(np.array([1.0, 3.0]), scale=0.5)
    array([0.5, 4.5])

    References
    ----------
    McCullagh & Nelder (1989), *Generalized Linear Models*, 2nd ed., chapter 8.
    """

    canonical = Reciprocal()
    has_dispersion = True

    def negative_log_likelihood(self, y, eta, link, scale=None):
        """`y` over the mean plus the mean's logarithm, elementwise; infinite where the mean is not positive."""
        import jax.numpy as jnp

        if link == Reciprocal():
            inside = eta > 0
            eta = jnp.where(inside, eta, 1.0)
            return jnp.where(inside, y * eta - jnp.log(eta), jnp.inf)
        return guarded(link, eta, lambda log: y * jnp.exp(-log) + log, jnp.inf)

    def log_likelihood_per_sample(self, y, mean, scale=None):
        """Log-density of `y` at `mean`, elementwise, nats; means are floored at 2.2e-16."""
        from scipy.special import gammaln

        mean, shape = np.maximum(mean, EPS), 1.0 / self._dispersion(scale)
        return (shape - 1.0) * np.log(y) + shape * np.log(shape) - gammaln(shape) - shape * (y / mean + np.log(mean))

    def deviance(self, y, mean, scale=None):
        """Twice the log-likelihood lost against a model with mean `y`, elementwise (McCullagh & Nelder 1989, section
        8.3).
        """
        ratio = y / np.maximum(mean, EPS)
        return 2.0 * (ratio - 1.0 - np.log(ratio)) / self._dispersion(scale)

    def variance(self, mean, scale=None):
        """Scale times the squared mean."""
        return self._dispersion(scale) * np.square(mean)

    def sample_generator(self, key, predicted_rate, scale=None):
        """Draw responses of the shape of `predicted_rate`, with the variance of the model."""
        import jax
        import jax.numpy as jnp

        scale = jnp.broadcast_to(self._dispersion(scale), jnp.shape(predicted_rate))
        return jax.random.gamma(key, 1.0 / scale) * scale * predicted_rate

    def check_response(self, y):
        """Responses are positive: the density of a zero is zero or infinite."""
        lowest = np.nanmin(y, initial=np.inf)
        if lowest <= 0:
            msg = (
                f"y must hold values > 0 for Gamma observations, but its smallest value is {lowest:g}. Shift a trace "
                "that touches zero up by a small constant, or use Gaussian observations."
            )
            raise ValueError(msg)
