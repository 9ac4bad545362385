"""From what a user may write (a name, a function, an instance) to an inverse link."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .._errors import did_you_mean, kind_of
from ._core import AbstractInverseLink
from ._custom import checked
from ._formulas import Exp, Identity, Logistic, LogSoftmax, Probit, Reciprocal, Softplus

__all__ = ["ALIASES", "BY_NAME", "resolve"]

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
    return _known_function(inverse_link) or checked(inverse_link)


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
