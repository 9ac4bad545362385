"""Gaussian responses: fluorescence, fields, anything real with noise of one size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..links import Identity
from ._core import AbstractWithInverseLink

__all__ = ["GaussianObservations"]


@dataclass(frozen=True, repr=False)
class GaussianObservations(AbstractWithInverseLink):
    r"""Real responses with one variance: :math:`\log p(y) = -\frac{1}{2}\log 2\pi s - (y - \mu)^2 / 2s`.

    The scale :math:`s` is the variance; a fit estimates it as the residual sum of squares per residual degree of
    freedom. What a fit minimises is the squared error without the half, so that ridge strengths keep their meaning.

    Parameters
    ----------
    inverse_link_function : str, callable or inverse link, optional
        Default inverse link of models with these observations: the identity if not given.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.observation_models import GaussianObservations
    >>> GaussianObservations().deviance(np.array([1.0, -2.0]), np.array([0.0, 1.0]))
    array([1., 9.])

    References
    ----------
    McCullagh & Nelder (1989), *Generalized Linear Models*, 2nd ed., chapter 3.
    """

    canonical = Identity()
    has_dispersion = True
    loss_scale = 0.5

    def negative_log_likelihood(self, y, eta, link, scale=None):
        """Squared error, elementwise."""
        return (y - link(eta)) ** 2

    def log_likelihood_per_sample(self, y, mean, scale=None):
        """Log-density of `y` at `mean` and variance `scale`, elementwise, nats."""
        scale = self._dispersion(scale)
        return -0.5 * (np.log(2.0 * np.pi * scale) + (y - mean) ** 2 / scale)

    def deviance(self, y, mean, scale=None):
        """Squared error per unit of variance, elementwise."""
        return (y - mean) ** 2 / self._dispersion(scale)

    def variance(self, mean, scale=None):
        """The scale, at every mean."""
        return np.broadcast_to(self._dispersion(scale), np.shape(mean))

    def sample_generator(self, key, predicted_rate, scale=None):
        """Draw responses of the shape of `predicted_rate`."""
        import jax
        import jax.numpy as jnp

        noise = jax.random.normal(key, jnp.shape(predicted_rate))
        return predicted_rate + noise * jnp.sqrt(self._dispersion(scale))

    def curvature_is_constant(self, link):
        """With the identity link the loss is quadratic: the fit is closed form."""
        return link == Identity()

    def check_response(self, y):
        """Any real number will do."""
