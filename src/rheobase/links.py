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
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._errors import did_you_mean
from ._x64 import enable_x64

__all__ = ["AbstractInverseLink", "CustomInverseLink", "Exp", "Softplus", "resolve"]


def _namespace(x: Any):
    """``numpy`` for host arrays and numbers, ``jax.numpy`` for anything JAX traces or holds."""
    if isinstance(x, np.ndarray | np.generic | float | int):
        return np
    import jax.numpy as jnp

    return jnp


class AbstractInverseLink(abc.ABC):
    """A strictly increasing map from the linear predictor to the mean."""

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


@dataclass(frozen=True)
class Exp(AbstractInverseLink):
    r""":math:`\mu = e^{\eta}`, the canonical choice for counts."""

    name = "exp"

    def __call__(self, eta):
        return _namespace(eta).exp(eta)

    def log(self, eta):
        return eta

    def link(self, mean):
        return np.log(mean)


@dataclass(frozen=True)
class Softplus(AbstractInverseLink):
    r""":math:`\mu = \log(1 + e^{\eta})`: exponential below zero, linear above."""

    name = "softplus"

    def __call__(self, eta):
        return _namespace(eta).logaddexp(eta, 0.0)

    def log(self, eta):
        xp = _namespace(eta)
        # below -36 softplus(eta) = exp(eta) to float64 rounding, and its logarithm is eta itself
        low = eta < -36.0
        return xp.where(low, eta, xp.log(xp.logaddexp(xp.where(low, 0.0, eta), 0.0)))

    def link(self, mean):
        return mean + np.log(-np.expm1(-mean))


@dataclass(frozen=True)
class CustomInverseLink(AbstractInverseLink):
    """A user's own differentiable, strictly increasing JAX function.

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
            with enable_x64():
                return np.asarray(self.function(np.asarray(eta)), dtype=np.float64)
        return self.function(eta)

    def log(self, eta):
        xp = _namespace(eta)
        return xp.log(self(eta))

    def link(self, mean):
        """Solve ``function(eta) = mean`` by bracketing and bisection (Brent), one value at a time."""
        from scipy.optimize import brentq

        def solve(target: float) -> float:
            low, high = -1.0, 1.0
            for _ in range(60):
                below, above = float(self(np.float64(low))), float(self(np.float64(high)))
                if below <= target <= above:
                    return brentq(lambda eta: float(self(np.float64(eta))) - target, low, high, xtol=1e-12)
                low, high = low * 2 if below > target else low, high * 2 if above < target else high
            msg = f"inverse_link_function {self.name!r} never reaches the mean {target}: is it increasing and onto?"
            raise ValueError(msg)

        return np.vectorize(solve, otypes=[np.float64])(mean)


BY_NAME: dict[str, AbstractInverseLink] = {"exp": Exp(), "softplus": Softplus()}
"""Names that users may write."""


def resolve(
    inverse_link: str | Callable | AbstractInverseLink | None, default: AbstractInverseLink
) -> AbstractInverseLink:
    """Turn what a user wrote into an inverse link.

    Parameters
    ----------
    inverse_link
        None (the observation model's default), a name (``"exp"``, ``"softplus"``; dotted paths such as
        ``"jax.numpy.exp"`` are read by their last part), an `AbstractInverseLink`, or a JAX function.
    default
        What None means.

    Raises
    ------
    ValueError
        For an unknown name.
    TypeError
        For anything that is neither, or a function that does not keep shapes or cannot be differentiated by JAX.
    """
    if inverse_link is None:
        return default
    if isinstance(inverse_link, AbstractInverseLink):
        return inverse_link
    if isinstance(inverse_link, str):
        return _by_name(inverse_link)
    if not callable(inverse_link):
        msg = (
            f"inverse_link_function must be a name ({', '.join(map(repr, BY_NAME))}), a JAX function or an inverse "
            f"link of "
            f"rheobase.links, got {type(inverse_link).__name__}."
        )
        raise TypeError(msg)
    return _known_function(inverse_link) or _checked(inverse_link)


def _by_name(name: str) -> AbstractInverseLink:
    short = name.rpartition(".")[2]
    if short not in BY_NAME:
        msg = (
            f"unknown inverse_link_function {name!r}; known are "
            f"{', '.join(map(repr, BY_NAME))}.{did_you_mean(short, BY_NAME)}"
        )
        raise ValueError(msg)
    return BY_NAME[short]


def _known_function(function: Callable) -> AbstractInverseLink | None:
    """Our exact class for the JAX and NumPy functions that have one."""
    import jax
    import jax.numpy as jnp

    known = {jnp.exp: Exp(), np.exp: Exp(), jax.nn.softplus: Softplus(), jax.lax.exp: Exp()}
    try:
        return known.get(function)
    except TypeError:  # an unhashable callable is nobody we know
        return None


def _checked(function: Callable) -> CustomInverseLink:
    import jax
    import jax.numpy as jnp

    name = getattr(function, "__name__", repr(function))
    try:
        out = function(jnp.array([0.5, 1.0, 1.5]))
        jax.grad(lambda eta: jnp.sum(function(eta)))(jnp.array(1.0))
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
    return CustomInverseLink(function)
