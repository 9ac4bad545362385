"""Poisson counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..links import Exp
from ._core import EPS, AbstractWithInverseLink, check_counts, times_log

__all__ = ["PoissonObservations"]


@dataclass(frozen=True, repr=False)
class PoissonObservations(AbstractWithInverseLink):
    r"""Counts with variance equal to their mean: :math:`\log p(y) = y \log\mu - \mu - \log y!`.

    Parameters
    ----------
    inverse_link_function : str, callable or inverse link, optional
        Where older scripts give it; today it is an argument of the model. The exponential, canonical for counts, if
        not given.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.observation_models import PoissonObservations
    >>> PoissonObservations().deviance(np.array([0.0, 2.0]), np.array([1.5, 2.0]))
    array([3., 0.])

    References
    ----------
    McCullagh & Nelder (1989), *Generalized Linear Models*, 2nd ed., chapter 6.
    """

    canonical = Exp()
    silent_values = (0.0,)

    def negative_log_likelihood(self, y, eta, link, scale=None):
        """Mean minus `y` times its logarithm, elementwise; the exponential link never takes a logarithm."""
        if link.positive:
            return link(eta) - y * link.log(eta)
        import jax.numpy as jnp

        mean = link(eta)
        return jnp.where(mean > 0, mean, 0.0) - times_log(y, link.log(eta))

    def derivatives(self, y, eta, link, out):
        """For the exponential link; a subclass may have another loss, and is asked for its own."""
        if link != Exp() or type(self) is not PoissonObservations:
            return False
        value, first, mean = out
        np.exp(eta, out=mean)
        np.multiply(y, eta, out=value)
        np.subtract(mean, value, out=value)
        np.subtract(mean, y, out=first)
        return True

    def log_likelihood_per_sample(self, y, mean, scale=None):
        """Log-probability of counts `y` at `mean`, elementwise, nats; means are floored at 2.2e-16."""
        mean = np.maximum(mean, EPS)
        out = y * np.log(mean)
        out -= mean
        out -= log_factorial(y)
        return out

    def deviance(self, y, mean, scale=None):
        """Twice the log-likelihood lost against a model with mean `y`, elementwise (McCullagh & Nelder 1989, section
        2.3).
        """
        mean = np.maximum(mean, EPS)
        return 2.0 * (y * np.log(np.maximum(y / mean, EPS)) - (y - mean))

    def variance(self, mean, scale=None):
        """The mean itself."""
        return mean

    def sample_generator(self, key, predicted_rate, scale=None):
        """Draw counts of the shape of `predicted_rate`."""
        import jax

        return jax.random.poisson(key, predicted_rate)

    def check_response(self, y):
        """Counts are finite and not negative; halves and the like are allowed (weighted or averaged counts)."""
        check_counts(y, "Poisson")


_TABLE = 1 << 12
"""Counts below this are looked up."""


def log_factorial(y: np.ndarray) -> np.ndarray:
    """Logarithm of the factorial (gamma function of y + 1), elementwise; from a table where all are small counts."""
    from scipy.special import gammaln

    y = np.asarray(y)
    if y.size > _TABLE and y.min() >= 0 and y.max() < _TABLE:
        number = y.astype(np.intp)
        if np.array_equal(number, y):
            return gammaln(np.arange(1.0, number.max() + 2.0))[number]
    return gammaln(y + 1.0)
