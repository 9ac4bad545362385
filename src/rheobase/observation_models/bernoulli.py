"""Zeros and ones: choices, licks, bins so short that they hold one spike or none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..links import Logistic, Probit
from ..links._core import log1p_exp
from ._core import EPS, AbstractWithInverseLink, times_log

__all__ = ["BernoulliObservations"]


@dataclass(frozen=True, repr=False)
class BernoulliObservations(AbstractWithInverseLink):
    r"""Zeros and ones: :math:`\log p(y) = y \log\mu + (1 - y)\log(1 - \mu)`.

    Parameters
    ----------
    inverse_link_function : str, callable or inverse link, optional
        Where older scripts give it; today it is an argument of the model. The logistic function, canonical here, if
        not given; ``"norm_cdf"`` makes a probit model.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.observation_models import BernoulliObservations
    >>> round(float(BernoulliObservations().log_likelihood(np.array([0.0, 1.0]), np.array([0.5, 0.5]))), 4)
    -0.6931

    References
    ----------
    McCullagh & Nelder (1989), *Generalized Linear Models*, 2nd ed., chapter 4.
    """

    canonical = Logistic()
    silent_values = (0.0, 1.0)

    def negative_log_likelihood(self, y, eta, link, scale=None):
        """Minus the log-probability, elementwise, from logarithms that no probability near zero or one spoils.

        A link whose mean leaves (0, 1) costs nothing where the mean is on the side of `y`, infinity where it is not.
        """
        import jax.numpy as jnp

        if link == Logistic():
            return log1p_exp(eta) - y * eta
        if link == Probit():  # symmetric: one tail instead of two
            return -link.log((2.0 * y - 1.0) * eta)
        log, log_complement = link.log(eta), link.log_complement(eta)
        if link.bounds == (0.0, 1.0):
            return -y * log - (1.0 - y) * log_complement
        return -times_log(y, jnp.minimum(log, 0.0)) - times_log(1.0 - y, jnp.minimum(log_complement, 0.0))

    def derivatives(self, y, eta, link, out):
        """For the logistic link; a subclass may have another loss, and is asked for its own."""
        if link != Logistic() or type(self) is not BernoulliObservations:
            return False
        value, first, small = out
        np.abs(eta, out=small)
        np.exp(np.negative(small, out=small), out=small)
        np.log1p(small, out=value)
        value += np.maximum(eta, 0.0, out=first)
        value -= np.multiply(y, eta, out=first)
        share = 1.0 / (1.0 + small)
        np.multiply(small, share, out=small)
        np.copyto(first, small)
        np.copyto(first, share, where=eta >= 0)
        first -= y
        small *= share
        return True

    def log_likelihood_per_sample(self, y, mean, scale=None):
        """Log-probability of `y` at `mean`, elementwise, nats; means keep 2.2e-16 away from zero and one."""
        from scipy.special import xlog1py, xlogy

        mean = np.clip(mean, EPS, 1.0 - EPS)
        return xlogy(y, mean) + xlog1py(1.0 - y, -mean)

    def deviance(self, y, mean, scale=None):
        """Twice the log-likelihood lost against a model with mean `y`, elementwise (McCullagh & Nelder 1989, section
        4.4).
        """
        from scipy.special import xlogy

        mean = np.clip(mean, EPS, 1.0 - EPS)
        return 2.0 * (xlogy(y, y / mean) + xlogy(1.0 - y, (1.0 - y) / (1.0 - mean)))

    def variance(self, mean, scale=None):
        """Mean times one minus the mean."""
        return mean * (1.0 - mean)

    def sample_generator(self, key, predicted_rate, scale=None):
        """Draw True with probability `predicted_rate`."""
        import jax

        return jax.random.bernoulli(key, predicted_rate)

    def check_response(self, y):
        """Responses are zero or one."""
        strange = (y != 0) & (y != 1) & ~np.isnan(y)
        if strange.any():
            msg = (
                f"y must hold zeros and ones for Bernoulli observations, but holds {y[strange][0]:g}. For counts, say "
                'y > 0, or observation_model="Poisson"; for more than two classes see ClassifierGLM.'
            )
            raise ValueError(msg)
