"""What every inverse link can do, and what formulas for NumPy and JAX share."""

from __future__ import annotations

import abc
import functools
from typing import Any

import numpy as np

from .._x64 import enable_x64

__all__ = ["LOW", "AbstractInverseLink", "log1p_exp", "log_inside", "namespace", "softplus_for_jax"]


def namespace(x: Any):
    """``numpy`` for host arrays and numbers, ``jax.numpy`` for anything JAX traces or holds."""
    if isinstance(x, np.ndarray | np.generic | float | int):
        return np
    import jax.numpy as jnp

    return jnp


def log_inside(value: Any):
    """Logarithm where `value` is positive, minus infinity with slope zero elsewhere."""
    xp = namespace(value)
    inside = value > 0
    return xp.where(inside, xp.log(xp.where(inside, value, 1.0)), -xp.inf)


def log1p_exp(eta: Any):
    r""":math:`\log(1 + e^{\eta})`, NumPy or JAX."""
    return np.logaddexp(eta, 0.0) if namespace(eta) is np else softplus_for_jax()[0](eta)


@functools.cache
def softplus_for_jax():
    """The softplus function and its logarithm, with derivatives written down: a fit needs two of each at every sample,
    and those that JAX would derive cost two to four times as much.
    """
    import jax
    import jax.numpy as jnp

    @jax.custom_jvp
    def softplus(eta):
        return jnp.maximum(eta, 0.0) + jnp.log1p(jnp.exp(-jnp.abs(eta)))

    @jax.custom_jvp
    def log_softplus(eta):
        low = eta < LOW
        return jnp.where(low, eta, jnp.log(jnp.where(low, 1.0, softplus(eta))))

    @jax.custom_jvp
    def slope(eta):
        low = eta < LOW
        return jnp.where(low, 1.0, jax.lax.logistic(eta) / jnp.where(low, 1.0, softplus(eta)))

    softplus.defjvps(lambda tangent, out, eta: jax.lax.logistic(eta) * tangent)
    log_softplus.defjvps(lambda tangent, out, eta: slope(eta) * tangent)
    slope.defjvps(lambda tangent, out, eta: out * (1.0 - jax.lax.logistic(eta) - out) * tangent)
    return softplus, log_softplus


LOW = -36.0
"""Below it softplus(eta) is exp(eta) to float64 rounding, and its logarithm is eta itself."""


class AbstractInverseLink(abc.ABC):
    """A monotone map from the linear predictor to the mean.

    Outside its domain (the reciprocal of a negative predictor, a probability above one) `log` and `log_complement` are
    minus infinity with slope zero, never NaN, so that a likelihood there is a wall that a line search steps back from.
    """

    bounds: tuple[float, float] = (-np.inf, np.inf)
    """Open interval that means lie in."""

    positive: bool = False
    """Whether the mean is positive at every predictor, so that `log` is finite everywhere."""

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """Short name, as users write it."""

    @abc.abstractmethod
    def __call__(self, eta: Any) -> Any:
        """Mean at linear predictor `eta`, elementwise, same shape."""

    @abc.abstractmethod
    def log(self, eta: Any) -> Any:
        """Logarithm of the mean at `eta`, elementwise, exact where the mean itself underflows."""

    @abc.abstractmethod
    def link(self, mean: np.ndarray) -> np.ndarray:
        """Linear predictor at which the mean is `mean` (host arrays), elementwise."""

    def log_complement(self, eta: Any) -> Any:
        """Logarithm of one minus the mean at `eta`, elementwise: of a zero, where the mean is a probability."""
        return log_inside(1.0 - self(eta))

    def inside(self, mean: np.ndarray) -> np.ndarray:
        """`mean` where it lies within `bounds`, a value just inside them elsewhere: somewhere for a fit to start."""
        low, high = self.bounds
        mean = np.where(mean <= low, low + 1e-6, mean)
        return np.where(mean >= high, high - 1e-6, mean)

    def derivative(self, eta: Any) -> Any:
        """Slope of the mean in the predictor at `eta`, elementwise, by JAX."""
        import jax

        if namespace(eta) is np:
            with enable_x64():
                return np.asarray(self.derivative(jax.numpy.asarray(eta, dtype=np.float64)))
        return jax.jvp(self, (eta,), (jax.numpy.ones_like(eta),))[1]
