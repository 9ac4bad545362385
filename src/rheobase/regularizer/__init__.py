"""Penalties on coefficients: none, ridge, smoothness, lasso, elastic net, group lasso."""

from __future__ import annotations

from .._errors import did_you_mean, kind_of
from ._core import AbstractRegularizer
from .group_lasso import GroupLasso
from .smooth import Ridge, Smoothness, UnRegularized
from .sparse import ElasticNet, Lasso

__all__ = [
    "AbstractRegularizer",
    "ElasticNet",
    "GroupLasso",
    "Lasso",
    "Ridge",
    "Smoothness",
    "UnRegularized",
    "resolve",
]

BY_NAME: dict[str, type[AbstractRegularizer]] = {
    "UnRegularized": UnRegularized,
    "Ridge": Ridge,
    "Lasso": Lasso,
    "ElasticNet": ElasticNet,
    "GroupLasso": GroupLasso,
}


def resolve(regularizer: str | AbstractRegularizer | None) -> AbstractRegularizer:
    """Turn a name, an instance or None into a regulariser.

    Parameters
    ----------
    regularizer
        Name of a class (case matters; a dotted path is read by its last part), an instance, or None for no penalty.

    Raises
    ------
    ValueError
        For an unknown name.
    TypeError
        For anything else.
    """
    if regularizer is None:
        return UnRegularized()
    if isinstance(regularizer, AbstractRegularizer):
        return regularizer
    if not isinstance(regularizer, str):
        msg = (
            f"regularizer must be a name ({', '.join(map(repr, BY_NAME))}), None, or an instance of a class in "
            f"rheobase.regularizer, got {kind_of(regularizer)}."
        )
        raise TypeError(msg)
    name = regularizer.rpartition(".")[2]
    if name not in BY_NAME:
        known = ", ".join(map(repr, BY_NAME))
        msg = f"unknown regularizer {regularizer!r}; known are {known}.{did_you_mean(name, BY_NAME)}"
        raise ValueError(msg)
    return BY_NAME[name]()


def __dir__() -> list[str]:
    return sorted(__all__)
