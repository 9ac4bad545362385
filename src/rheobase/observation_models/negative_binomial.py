"""Counts that scatter more than Poisson's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..links import Exp
from ..links._core import log1p_exp
from ._core import EPS, AbstractObservationModel, check_counts, guarded
from ._dispersion import dispersion

__all__ = ["NegativeBinomialObservations"]


@dataclass(frozen=True)
class NegativeBinomialObservations(AbstractObservationModel):
    r"""Counts with variance :math:`\mu + \alpha\mu^2`: Poisson counts whose rate itself varies as a Gamma variable.

    With :math:`r = 1/\alpha`, :math:`p(y) = \frac{\Gamma(y + r)}{y!\,\Gamma(r)}
    \left(\frac{\mu}{\mu + r}\right)^y \left(\frac{r}{\mu + r}\right)^r`.

    Parameters
    ----------
    scale : float, optional
        Dispersion :math:`\alpha` > 0, kept as it is. If not given, a fit estimates it for each neuron by maximum
        likelihood, and methods called outside a fit take 1.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.observation_models import NegativeBinomialObservations
    >>> model = NegativeBinomialObservations(scale=0.5)
    >>> model.variance(np.array([1.0, 4.0]))
    array([ 1.5, 12. ])
    >>> rng = np.random.default_rng(0)
    >>> counts = rng.negative_binomial(2, 0.25, size=(20_000, 1)).astype(float)
    >>> NegativeBinomialObservations().estimate_dispersion(counts, np.full(counts.shape, 6.0)).round(1)
    array([0.5])

    References
    ----------
    Lawless (1987), Negative binomial and mixed Poisson regression, *Canadian Journal of Statistics* 15, 209-225.
    """

    scale: float | None = None  # type: ignore[assignment]

    canonical = None
    scale_in_loss = True
    silent_values = (0.0,)

    def __post_init__(self):
        if self.scale is None:
            return
        if not isinstance(self.scale, int | float | np.number) or isinstance(self.scale, bool):
            msg = f"scale must be a number > 0, or None to have it estimated, got {self.scale!r}."
            raise TypeError(msg)
        if not 0 < self.scale < np.inf:
            msg = f"scale must be a number > 0, or None to have it estimated, got {self.scale}."
            raise ValueError(msg)
        object.__setattr__(self, "scale", float(self.scale))

    @property
    def default_inverse_link_function(self):
        """The exponential, as for Poisson counts; the canonical link has no use."""
        return Exp()

    def negative_log_likelihood(self, y, eta, link, scale=None):
        """Loss without the constants in `y`, elementwise, from the logarithm of the mean; any size of either."""
        import jax.numpy as jnp

        alpha = jnp.asarray(self._dispersion(scale))

        def formula(log):
            odds = log + jnp.log(alpha)
            return (y + 1.0 / alpha) * log1p_exp(odds) - y * odds

        return guarded(link, eta, formula, jnp.where(y == 0, 0.0, jnp.inf))

    def log_likelihood_per_sample(self, y, mean, scale=None):
        """Log-probability of counts `y` at `mean`, elementwise, nats; means are floored at 2.2e-16."""
        from scipy.special import gammaln

        mean, r = np.maximum(mean, EPS), 1.0 / np.asarray(self._dispersion(scale), dtype=np.float64)
        return _log_rising(r, y) - gammaln(y + 1.0) + y * (np.log(mean) - np.log(mean + r)) - r * np.log1p(mean / r)

    def deviance(self, y, mean, scale=None):
        """Twice the log-likelihood lost against a model with mean `y` and the same dispersion, elementwise."""
        from scipy.special import xlogy

        mean, r = np.maximum(mean, EPS), 1.0 / np.asarray(self._dispersion(scale), dtype=np.float64)
        return 2.0 * (xlogy(y, y / mean) - (y + r) * np.log1p((y - mean) / (mean + r)))

    def variance(self, mean, scale=None):
        """Mean plus dispersion times the squared mean."""
        return mean + self._dispersion(scale) * np.square(mean)

    def sample_generator(self, key, predicted_rate, scale=None):
        """Draw counts of the shape of `predicted_rate`: Poisson counts of Gamma rates."""
        import jax
        import jax.numpy as jnp

        rate_key, count_key = jax.random.split(key)
        alpha = jnp.broadcast_to(self._dispersion(scale), jnp.shape(predicted_rate))
        return jax.random.poisson(count_key, jax.random.gamma(rate_key, 1.0 / alpha) * alpha * predicted_rate)

    def estimate_dispersion(
        self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray | None = None, start: Any = None
    ) -> np.ndarray:
        """Maximum-likelihood dispersion of each neuron at given means, whatever `scale` says.

        Parameters
        ----------
        y, mean
            Counts and their means, shape (time, neuron) or (time,); samples where either is NaN are left out.
        weights
            Weight of each sample, shape of `y` or (time, 1); one each if None.
        start
            Guess, such as the estimate at earlier means.

        Returns
        -------
        dispersion
            Shape (neuron,) or (): 1e-8 where counts scatter no more than Poisson's, 1 for a neuron without spikes.
        """
        y, mean = np.asarray(y, dtype=np.float64), np.asarray(mean, dtype=np.float64)
        if y.ndim == 1:
            weights = None if weights is None else np.reshape(weights, (-1, 1))
            return dispersion(y[:, None], mean[:, None], weights, start)[0]
        return dispersion(y, mean, weights, start)

    def estimate_scale(self, y, mean, dof_resid, weights=None):
        """The dispersion that was given, or else its maximum-likelihood estimate; shape of `dof_resid`."""
        if self.scale is not None:
            return np.full(np.shape(dof_resid), self.scale)
        return np.reshape(self.estimate_dispersion(y, mean, weights), np.shape(dof_resid))

    def check_response(self, y):
        """Counts are finite and not negative."""
        check_counts(y, "NegativeBinomial")


def _log_rising(r, y):
    r"""Logarithm of :math:`\Gamma(y + r) / \Gamma(r)`, by Stirling's series where `r` is large (there the difference
    of logarithms would lose as many digits as `r` has).
    """
    from scipy.special import gammaln

    if np.all(r < 1e3):
        return gammaln(y + r) - gammaln(r)
    tail = (1.0 / (y + r) - 1.0 / r) / 12.0 - (1.0 / (y + r) ** 3 - 1.0 / r**3) / 360.0
    series = (r - 0.5) * np.log1p(y / r) + y * np.log(y + r) - y + tail
    return np.where(r < 1e3, gammaln(y + r) - gammaln(r), series)
