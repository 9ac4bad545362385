"""A user's own inverse link: what it must show before it is taken, and how it is inverted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._x64 import enable_x64
from ._core import AbstractInverseLink, log_inside, namespace

__all__ = ["CustomInverseLink", "checked"]

_STEPS = np.geomspace(1e-18, 1e18, 145)
_LADDER = np.concatenate([-_STEPS[::-1], [0.0], _STEPS])
"""Predictors between which a custom link is solved."""


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
        if namespace(eta) is np:
            import jax.numpy as jnp

            with enable_x64():
                return np.asarray(self.function(jnp.asarray(eta, dtype=np.float64)), dtype=np.float64)
        return self.function(eta)

    def log(self, eta):
        return log_inside(self(eta))

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


def checked(function: Callable) -> CustomInverseLink:
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
