"""Poisson counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .. import links
from ..links import AbstractInverseLink, Exp
from ._core import AbstractObservationModel

_EPS = np.finfo(np.float64).eps


@dataclass(frozen=True)
class PoissonObservations(AbstractObservationModel):
    r"""Counts with variance equal to their mean: :math:`\log p(y) = y \log\mu - \mu - \log y!`.

    Parameters
    ----------
    inverse_link_function : str, callable or inverse link, optional
        Where older scripts give it; today it is an argument of the model. The exponential, canonical for counts, if
        not given.

    References
    ----------
    McCullagh & Nelder (1989), *Generalized Linear Models*, 2nd ed., chapter 6.
    """

    inverse_link_function: str | Callable | AbstractInverseLink | None = None

    def __post_init__(self):
        object.__setattr__(self, "inverse_link_function", links.resolve(self.inverse_link_function, Exp()))

    def __repr__(self) -> str:
        link = self.inverse_link_function
        return "PoissonObservations()" if link == Exp() else f"PoissonObservations(inverse_link_function={link.name!r})"

    @property
    def default_inverse_link_function(self) -> AbstractInverseLink:
        """The one given to the constructor, or the exponential."""
        return self.inverse_link_function

    @property
    def scale(self) -> float:
        """Dispersion; always 1."""
        return 1.0

    def negative_log_likelihood(self, y, eta, link):
        """Mean minus `y` times its logarithm, elementwise; the exponential link never takes a logarithm."""
        return link(eta) - y * link.log(eta)

    def log_likelihood_per_sample(self, y, mean, scale=1.0):
        """Log-probability of counts `y` at `mean`, elementwise, nats; means are floored at 2.2e-16."""
        from scipy.special import gammaln

        mean = np.maximum(mean, _EPS)
        return y * np.log(mean) - mean - gammaln(y + 1.0)

    def deviance(self, y, mean, scale=1.0):
        """Twice the log-likelihood lost against a model with mean `y`, elementwise (McCullagh & Nelder 1989, section
        2.3).
        """
        mean = np.maximum(mean, _EPS)
        return 2.0 * (y * np.log(np.maximum(y / mean, _EPS)) - (y - mean))

    def sample_generator(self, key, predicted_rate, scale=1.0):
        """Draw counts of the shape of `predicted_rate`."""
        import jax

        return jax.random.poisson(key, predicted_rate)

    def check_response(self, y):
        """Counts are finite and not negative; halves and the like are allowed (weighted or averaged counts)."""
        lowest = np.nanmin(y, initial=0.0)
        if lowest < 0:
            msg = (
                f"y must hold counts >= 0 for Poisson observations, but its smallest value is {lowest:g}. "
                "Were rates or z-scored counts given instead of counts?"
            )
            raise ValueError(msg)
