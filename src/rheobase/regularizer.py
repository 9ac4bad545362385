r"""Penalties on coefficients.

Objective of a fit: the sum over neurons of the mean over samples of the loss, plus the penalty. Intercepts are never
penalised. A regulariser holds no strength of its own (the model does), except in the spelling of 2024 scripts, where
the solver's name and the strength were given to it; both are kept here as attributes that the model reads.
"""

from __future__ import annotations

import abc
from typing import Any

import numpy as np

from ._errors import did_you_mean, kind_of

__all__ = ["AbstractRegularizer", "Ridge", "UnRegularized", "resolve"]


class AbstractRegularizer(abc.ABC):
    """A penalty on the coefficients of a GLM.

    Parameters
    ----------
    solver_name, solver_kwargs
        2024 spelling; the model uses them where it is given none itself.
    """

    default_strength: float | None
    """Strength used when the user gives none."""

    def __init__(self, solver_name: str | None = None, solver_kwargs: dict[str, Any] | None = None):
        self.solver_name = solver_name
        self.solver_kwargs = solver_kwargs

    @abc.abstractmethod
    def check_strength(self, strength: Any) -> Any:
        """Return the strength as this penalty uses it, or raise what is wrong with it."""

    @abc.abstractmethod
    def curvature(self, strength: Any, shape: tuple[int, int]) -> np.ndarray:
        """Second derivative of the penalty for each coefficient, shape (feature, neuron); the penalty is quadratic."""

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if value is not None)
        return f"{type(self).__name__}({given})"

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return False
        return all(_same(value, vars(other)[name]) for name, value in vars(self).items())

    def __hash__(self) -> int:
        return hash(type(self))


class UnRegularized(AbstractRegularizer):
    """No penalty: maximum likelihood.

    Parameters
    ----------
    solver_name, solver_kwargs
        2024 spelling; the model uses them where it is given none itself.
    """

    default_strength = None

    def check_strength(self, strength):
        """Ignore nothing silently: an unregularised fit has no strength."""
        return None

    def curvature(self, strength, shape):
        """Zero everywhere."""
        return np.zeros(shape)


class Ridge(AbstractRegularizer):
    r"""Half the strength times the squared coefficients: :math:`\tfrac12 \lambda \sum w^2`.

    Parameters
    ----------
    solver_name, solver_kwargs, regularizer_strength
        2024 spelling; the model uses them where it is given none itself.
    """

    default_strength = 1.0

    def __init__(
        self,
        solver_name: str | None = None,
        solver_kwargs: dict[str, Any] | None = None,
        regularizer_strength: float | None = None,
    ):
        super().__init__(solver_name, solver_kwargs)
        self.regularizer_strength = None if regularizer_strength is None else self.check_strength(regularizer_strength)

    def check_strength(self, strength):
        """One number >= 0, or an array of them of the shape of the coefficients.

        Raises
        ------
        TypeError
            If it is not numeric.
        ValueError
            If a value is negative, NaN or infinite.
        """
        if strength is None:
            return self.default_strength
        try:
            values = np.asarray(strength, dtype=np.float64)
        except (TypeError, ValueError) as error:
            msg = f"regularizer_strength must be a number >= 0 or an array of them, got {strength!r}."
            raise TypeError(msg) from error
        if not np.all(np.isfinite(values)) or np.any(values < 0):
            msg = f"regularizer_strength must be finite and >= 0, got {strength!r}. Use 'UnRegularized' for no penalty."
            raise ValueError(msg)
        return float(values) if values.ndim == 0 else values

    def curvature(self, strength, shape):
        """The strength itself, broadcast to (feature, neuron)."""
        values = np.asarray(strength, dtype=np.float64)
        if values.ndim == 1 and values.shape[0] == shape[0]:
            values = values[:, None]
        try:
            return np.broadcast_to(values, shape)
        except ValueError as error:
            msg = (
                f"regularizer_strength has shape {np.shape(strength)}, which does not match the coefficients' {shape}."
            )
            raise ValueError(msg) from error


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    return one == other


BY_NAME: dict[str, type[AbstractRegularizer]] = {"UnRegularized": UnRegularized, "Ridge": Ridge}


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
