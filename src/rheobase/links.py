r"""Inverse links: from the linear predictor :math:`\eta` to the mean :math:`\mu`.

Each inverse link is one small final class that holds formulas and no state. The same formula serves NumPy (scores and
predictions on the host) and JAX (compiled fits): the namespace of the argument decides. `resolve` turns what a user
may write (a name, a JAX function, an instance) into one of them.

References
----------
McCullagh & Nelder (1989), *Generalized Linear Models*, 2nd ed., section 2.2.
"""

from __future__ import annotations

import abc
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._errors import did_you_mean, kind_of
from ._x64 import enable_x64

__all__ = [
    "AbstractInverseLink",
    "CustomInverseLink",
    "Exp",
    "Identity",
    "LogSoftmax",
    "Logistic",
    "Probit",
    "Reciprocal",
    "Softplus",
    "resolve",
]


def _namespace(x: Any):
    """``numpy`` for host arrays and numbers, ``jax.numpy`` for anything JAX traces or holds."""
    if isinstance(x, np.ndarray | np.generic | float | int):
        return np
    import jax.numpy as jnp

    return jnp


def _log_inside(value: Any):
    """Logarithm where `value` is positive, minus infinity with slope zero elsewhere."""
    xp = _namespace(value)
    inside = value > 0
    return xp.where(inside, xp.log(xp.where(inside, value, 1.0)), -xp.inf)


def _log1p_exp(eta: Any):
    r""":math:`\log(1 + e^{\eta})`, NumPy or JAX."""
    return np.logaddexp(eta, 0.0) if _namespace(eta) is np else _softplus_for_jax()[0](eta)


@functools.cache
def _softplus_for_jax():
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
        return _log_inside(1.0 - self(eta))

    def inside(self, mean: np.ndarray) -> np.ndarray:
        """`mean` where it lies within `bounds`, a value just inside them elsewhere: somewhere for a fit to start."""
        low, high = self.bounds
        mean = np.where(mean <= low, low + 1e-6, mean)
        return np.where(mean >= high, high - 1e-6, mean)

    def derivative(self, eta: Any) -> Any:
        """Slope of the mean in the predictor at `eta`, elementwise, by JAX."""
        import jax

        if _namespace(eta) is np:
            with enable_x64():
                return np.asarray(self.derivative(jax.numpy.asarray(eta, dtype=np.float64)))
        return jax.jvp(self, (eta,), (jax.numpy.ones_like(eta),))[1]


@dataclass(frozen=True)
class Identity(AbstractInverseLink):
    r""":math:`\mu = \eta`, the canonical choice for Gaussian responses."""

    name = "identity"

    def __call__(self, eta):
        return eta

    def log(self, eta):
        return _log_inside(eta)

    def link(self, mean):
        return mean


@dataclass(frozen=True)
class Exp(AbstractInverseLink):
    r""":math:`\mu = e^{\eta}`, the canonical choice for counts."""

    name = "exp"
    bounds = (0.0, np.inf)
    positive = True

    def __call__(self, eta):
        return _namespace(eta).exp(eta)

    def log(self, eta):
        return eta

    def log_complement(self, eta):
        xp = _namespace(eta)
        inside = eta < 0
        return xp.where(inside, xp.log(-xp.expm1(xp.where(inside, eta, -1.0))), -xp.inf)

    def link(self, mean):
        return np.log(mean)


@dataclass(frozen=True)
class Softplus(AbstractInverseLink):
    r""":math:`\mu = \log(1 + e^{\eta})`: exponential below zero, linear above."""

    name = "softplus"
    bounds = (0.0, np.inf)
    positive = True

    def __call__(self, eta):
        return _log1p_exp(eta)

    def log(self, eta):
        if _namespace(eta) is not np:
            return _softplus_for_jax()[1](eta)
        low = eta < LOW
        return np.where(low, eta, np.log(np.logaddexp(np.where(low, 0.0, eta), 0.0)))

    def link(self, mean):
        return mean + np.log(-np.expm1(-mean))


@dataclass(frozen=True)
class Reciprocal(AbstractInverseLink):
    r""":math:`\mu = 1 / \eta` for :math:`\eta > 0`, the canonical choice for Gamma responses; decreasing."""

    name = "one_over_x"
    bounds = (0.0, np.inf)

    def __call__(self, eta):
        if _namespace(eta) is np:
            with np.errstate(divide="ignore"):
                return np.divide(1.0, eta)
        return 1.0 / eta

    def log(self, eta):
        xp = _namespace(eta)
        inside = eta > 0
        return xp.where(inside, -xp.log(xp.where(inside, eta, 1.0)), -xp.inf)

    def link(self, mean):
        return np.divide(1.0, mean)


@dataclass(frozen=True)
class Logistic(AbstractInverseLink):
    r""":math:`\mu = 1 / (1 + e^{-\eta})`, the canonical choice for zeros and ones."""

    name = "logistic"
    bounds = (0.0, 1.0)
    positive = True

    def __call__(self, eta):
        if _namespace(eta) is np:
            from scipy.special import expit
        else:
            from jax.scipy.special import expit
        return expit(eta)

    def log(self, eta):
        return -_log1p_exp(-eta)

    def log_complement(self, eta):
        return -_log1p_exp(eta)

    def link(self, mean):
        from scipy.special import logit

        return logit(mean)


@dataclass(frozen=True)
class Probit(AbstractInverseLink):
    r""":math:`\mu = \Phi(\eta)`, the standard normal distribution function: an ideal observer's noise for choices."""

    name = "norm_cdf"
    bounds = (0.0, 1.0)
    positive = True

    def __call__(self, eta):
        if _namespace(eta) is np:
            from scipy.special import ndtr
        else:
            from jax.scipy.special import ndtr
        return ndtr(eta)

    def log(self, eta):
        if _namespace(eta) is np:
            from scipy.special import log_ndtr

            return log_ndtr(eta)
        from jax.scipy.special import log_ndtr

        return log_ndtr(eta, series_order=12)  # the default, 3, jumps by 4e-9 at -20, where the tail's series begins

    def log_complement(self, eta):
        return self.log(-eta)

    def link(self, mean):
        from scipy.special import ndtri

        return ndtri(mean)


@dataclass(frozen=True)
class LogSoftmax(AbstractInverseLink):
    r""":math:`\mu_k = \eta_k - \log\sum_j e^{\eta_j}` along the last axis.

    What travels as the mean of a categorical response is the logarithm of its probabilities, which never underflow.
    """

    name = "log_softmax"
    bounds = (-np.inf, 0.0)

    def __call__(self, eta):
        if _namespace(eta) is np:
            from scipy.special import log_softmax
        else:
            from jax.nn import log_softmax
        return log_softmax(eta, axis=-1)

    def log(self, eta):
        """The log-probabilities, as `__call__`."""
        return self(eta)

    def link(self, mean):
        """Log-probabilities `mean` (..., category) less their average: the one predictor of many that sums to zero."""
        return mean - np.mean(mean, axis=-1, keepdims=True)


@dataclass(frozen=True)
class CustomInverseLink(AbstractInverseLink):
    """A user's own differentiable, monotone JAX function.

    Parameters
    ----------
    function
        Maps an array of linear predictors to means, elementwise.
    """

    function: Callable[[Any], Any]

    @property
    def name(self) -> str:
        """Name of the function."""
        return getattr(self.function, "__name__", repr(self.function))

    def __call__(self, eta):
        if _namespace(eta) is np:
            import jax.numpy as jnp

            with enable_x64():
                return np.asarray(self.function(jnp.asarray(eta, dtype=np.float64)), dtype=np.float64)
        return self.function(eta)

    def log(self, eta):
        return _log_inside(self(eta))

    def link(self, mean):
        """Solve ``function(eta) = mean`` by Brent's method on the bracket nearest to zero, one value at a time."""
        return np.vectorize(self._solve, otypes=[np.float64])(mean)

    def _solve(self, target: float) -> float:
        from scipy.optimize import brentq

        def miss(eta: float) -> float:
            return float(self(np.float64(eta))) - target

        values = self(_LADDER) - target
        below, above = values[:-1], values[1:]
        finite = np.isfinite(below) & np.isfinite(above)
        crossings = np.flatnonzero(finite & (np.sign(below) * np.sign(above) <= 0))
        for i in crossings[np.argsort(np.abs(_LADDER[crossings]), kind="stable")]:
            root = brentq(miss, _LADDER[i], _LADDER[i + 1], xtol=1e-30)
            if abs(miss(root)) <= 1e-6 * max(1.0, abs(target)):  # a pole changes sign too, but does not come close
                return root
        msg = f"inverse_link_function {self.name!r} never reaches the mean {target}: is it monotone and onto?"
        raise ValueError(msg)


_STEPS = np.geomspace(1e-18, 1e18, 145)
_LADDER = np.concatenate([-_STEPS[::-1], [0.0], _STEPS])
"""Predictors between which a custom link is solved."""

BY_NAME: dict[str, AbstractInverseLink] = {
    "exp": Exp(),
    "softplus": Softplus(),
    "identity": Identity(),
    "logistic": Logistic(),
    "norm_cdf": Probit(),
    "one_over_x": Reciprocal(),
    "log_softmax": LogSoftmax(),
}
"""Names that users may write."""

ALIASES = {
    "expit": "logistic",
    "sigmoid": "logistic",
    "logit": "logistic",
    "probit": "norm_cdf",
    "norm.cdf": "norm_cdf",
    "ndtr": "norm_cdf",
    "reciprocal": "one_over_x",
    "inverse": "one_over_x",
}
"""Other spellings of the same names."""


def resolve(
    inverse_link: str | Callable | AbstractInverseLink | None, default: AbstractInverseLink
) -> AbstractInverseLink:
    """Turn what a user wrote into an inverse link.

    Parameters
    ----------
    inverse_link
        None (the observation model's default), a name (``"exp"``, ``"softplus"``, ``"identity"``, ``"logistic"``,
        ``"norm_cdf"``, ``"one_over_x"``, ``"log_softmax"`` and their usual synonyms; dotted paths such as
        ``"jax.numpy.exp"`` are read by their last part), an `AbstractInverseLink`, or a JAX function.
    default
        What None means.

    Raises
    ------
    ValueError
        For an unknown name, or a function that is not finite around one.
    TypeError
        For anything that is neither, or a function that does not act elementwise or cannot be differentiated by JAX.
    """
    if inverse_link is None:
        return default
    if isinstance(inverse_link, AbstractInverseLink):
        return inverse_link
    if isinstance(inverse_link, str):
        return _by_name(inverse_link)
    if not callable(inverse_link) or isinstance(inverse_link, type):
        msg = (
            f"inverse_link_function must be a name ({', '.join(map(repr, BY_NAME))}), a JAX function or an inverse "
            f"link of rheobase.links, got {kind_of(inverse_link)}."
        )
        raise TypeError(msg)
    return _known_function(inverse_link) or _checked(inverse_link)


def _by_name(name: str) -> AbstractInverseLink:
    path = name.removesuffix(".cdf") + "_cdf" if name.endswith("norm.cdf") else name
    short = path.rpartition(".")[2]
    short = ALIASES.get(short, short)
    if short not in BY_NAME:
        msg = (
            f"unknown inverse_link_function {name!r}; known are "
            f"{', '.join(map(repr, BY_NAME))}.{did_you_mean(short, [*BY_NAME, *ALIASES])}"
        )
        raise ValueError(msg)
    return BY_NAME[short]


def _known_function(function: Callable) -> AbstractInverseLink | None:
    """Our exact class for the JAX, NumPy and SciPy functions that have one."""
    import jax
    import jax.numpy as jnp
    import scipy.special

    known = {
        jnp.exp: Exp(),
        np.exp: Exp(),
        jax.lax.exp: Exp(),
        jax.nn.softplus: Softplus(),
        jax.nn.sigmoid: Logistic(),
        jax.lax.logistic: Logistic(),
        jax.scipy.special.expit: Logistic(),
        scipy.special.expit: Logistic(),
        jax.scipy.stats.norm.cdf: Probit(),
        jax.scipy.special.ndtr: Probit(),
        scipy.special.ndtr: Probit(),
        jnp.reciprocal: Reciprocal(),
        np.reciprocal: Reciprocal(),
        jax.nn.log_softmax: LogSoftmax(),
    }
    try:
        return known.get(function)
    except TypeError:  # an unhashable callable is nobody we know
        return None


def _checked(function: Callable) -> CustomInverseLink:
    """A user's function, once it has shown that it acts elementwise, is finite and can be differentiated."""
    import jax
    import jax.numpy as jnp

    name = getattr(function, "__name__", repr(function))
    probe = jnp.array([0.5, 1.0, 1.5])
    try:
        out = function(probe)
        slope = jax.grad(lambda eta: jnp.sum(function(eta)))(1.0)
        alone = function(probe[2:])
    except (TypeError, ValueError, AttributeError) as error:
        msg = (
            f"inverse_link_function {name!r} must map JAX arrays elementwise and be differentiable by jax.grad: {error}"
        )
        raise TypeError(msg) from error
    if not isinstance(out, jax.Array) or out.shape != (3,):
        msg = (
            f"inverse_link_function {name!r} must return a JAX array of the shape it was given (write it with "
            f"jax.numpy)."
        )
        raise TypeError(msg)
    if not (np.isfinite(out).all() and np.isfinite(slope)):
        msg = (
            f"inverse_link_function {name!r} must be finite and have a finite slope, but maps (0.5, 1, 1.5) to "
            f"{np.asarray(out).tolist()} with slope {float(slope):g} at 1."
        )
        raise ValueError(msg)
    if np.shape(alone) != (1,) or not np.allclose(out[2:], alone, rtol=1e-4):
        msg = (
            f"inverse_link_function {name!r} must map JAX arrays elementwise: its value at 1.5 depends on the other "
            "elements of the array."
        )
        raise TypeError(msg)
    return CustomInverseLink(function)
