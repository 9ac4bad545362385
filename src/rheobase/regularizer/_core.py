r"""What every penalty on coefficients answers.

Objective of a fit: the sum over neurons of the mean over samples of the loss, plus the penalty. Intercepts are never
penalised. A regulariser holds no strength of its own (the model does), except in the spelling of 2024 scripts, where
the solver's name and the strength were given to it; both are kept here as attributes that the model reads.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._manners import PublicNames
from .._types import FloatArray, IntArray
from ..containers._repr import Table

__all__ = ["AbstractRegularizer", "Forms", "Groups", "check_number", "over_coefficients"]

KINKED_SOLVERS = ("auto", "Newton", "ProximalGradient", "ProxSVRG")
SMOOTH_SOLVERS = (*KINKED_SOLVERS, "GramLBFGS", "LBFGS", "GradientDescent", "BFGS", "NonlinearCG", "SVRG", "Adam")


class Forms(NamedTuple):
    r"""Quadratic forms :math:`\tfrac12 \sum_m s_{mn} w^\top S_m w`.

    Attributes
    ----------
    matrices
        Positive semidefinite, shape (term, feature, feature).
    strength
        Shape (term, 1) or (term, neuron).
    """

    matrices: FloatArray
    strength: FloatArray


class Groups(NamedTuple):
    r"""Norms of groups, :math:`\sum_g \lambda_{gn} \lVert w_{gn} \rVert_2`.

    Attributes
    ----------
    member
        Group of each coefficient, -1 for none, shape (feature, neuron).
    strength
        Shape (group, 1) or (group, neuron).
    """

    member: IntArray
    strength: FloatArray


def check_terms(checked: Any, n_terms: int, kind: str) -> Any:
    """A strength that is one number, or has the shape (term,), (1, neuron) or (term, neuron); a ValueError if not."""
    shape = np.shape(checked)
    if shape in ((), (n_terms,)) or (len(shape) == 2 and shape[0] in (1, n_terms)):
        return checked
    msg = (
        f"regularizer_strength must be one number, one for each of the {n_terms} {kind}, or an array of shape "
        f"(1, neuron) or ({n_terms}, neuron), got an array of shape {shape}."
    )
    raise ValueError(msg)


def spread_terms(strength: Any, n_terms: int, n_neurons: int) -> FloatArray:
    """The same as an array of shape (term, neuron).

    Raises
    ------
    ValueError
        If it has another number of neurons.
    """
    values = np.asarray(strength, dtype=np.float64)
    if values.ndim == 2 and values.shape[1] not in (1, n_neurons):
        msg = f"regularizer_strength has shape {values.shape}, but there are {n_neurons} neurons."
        raise ValueError(msg)
    return np.broadcast_to(values[:, None] if values.ndim == 1 else values, (n_terms, n_neurons))


class AbstractRegularizer(PublicNames):
    """A penalty on the coefficients of a GLM.

    Parameters
    ----------
    solver_name, solver_kwargs
        2024 spelling; the model uses them where it is given none itself.
    """

    default_strength: float | None = 1.0
    """Strength used when the user gives none."""

    allowed_solvers: tuple[str, ...] = SMOOTH_SOLVERS
    """Algorithms that can minimise it, without their backends."""

    default_solver: str = "auto"
    """Solver used when the user names none."""

    def __init__(self, solver_name: str | None = None, solver_kwargs: dict[str, Any] | None = None):
        self.solver_name = solver_name
        self.solver_kwargs = solver_kwargs

    @classmethod
    def allow_solver(cls, name: str) -> bool:
        """Whether the algorithm `name` (with or without its backend) can minimise this penalty."""
        return name.partition("[")[0] in cls.allowed_solvers

    def check_strength(self, strength: Any) -> Any:
        """Return the strength as this penalty uses it, or raise what is wrong with it.

        Parameters
        ----------
        strength
            One number >= 0, or an array of them of the shape of the coefficients; None for the default.

        Raises
        ------
        TypeError
            If it is not numeric.
        ValueError
            If a value is negative, NaN or infinite.
        """
        return check_number(strength, self.default_strength)

    def curvature(self, strength: Any, shape: tuple[int, int]) -> FloatArray:
        """Weight of half the square of each coefficient, shape (feature, neuron)."""
        return np.zeros(shape)

    def forms(self, strength: Any, shape: tuple[int, int]) -> Forms | None:
        """Quadratic forms in the coefficients, if the penalty has any."""
        return None

    def groups(self, strength: Any, shape: tuple[int, int]) -> Groups | None:
        """Norms of groups of coefficients, if the penalty has any."""
        return None

    def terms(self, shape: tuple[int, int]) -> tuple[FloatArray, FloatArray] | None:
        """Quadratic forms that have a strength each, and the curvature that has none; None for any other penalty.

        Parameters
        ----------
        shape
            (feature, neuron).

        Returns
        -------
        matrices, fixed : FloatArray
            Shapes (term, feature, feature) and (feature, neuron).
        """
        return None

    def __repr__(self) -> str:
        given = ", ".join(
            f"{name.lstrip('_')}={_shown(value)}" for name, value in vars(self).items() if value is not None
        )
        return f"{type(self).__name__}({given})"

    def _repr_html_(self) -> str:
        rows = [[name.lstrip("_"), _shown(value)] for name, value in vars(self).items() if value is not None]
        strength = "none" if self.default_strength is None else f"{self.default_strength:g}"
        rows += [["strength, if the model has none", strength], ["solvers", ", ".join(self.allowed_solvers)]]
        summary = (type(self).__doc__ or "").partition("\n")[0].replace("`", "")
        summary = "" if ":math:" in summary else summary
        return Table(["parameter", "value"], rows, summary, [False, False], title=type(self).__name__).html()

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return False
        return all(_same(value, vars(other)[name]) for name, value in vars(self).items())

    def __hash__(self) -> int:
        return hash(type(self))


def check_number(strength: Any, default: float | None, name: str = "regularizer_strength") -> Any:
    """A finite number >= 0 as float, or an array of them; `default` for None.

    Raises
    ------
    TypeError
        If it is not numeric.
    ValueError
        If a value is negative, NaN or infinite.
    """
    if strength is None:
        return default
    try:
        values = np.asarray(strength, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"{name} must be a number >= 0 or an array of them, got {strength!r}."
        raise TypeError(msg) from error
    if not np.all(np.isfinite(values)) or np.any(values < 0):
        msg = f"{name} must be finite and >= 0, got {strength!r}. Use 'UnRegularized' for no penalty."
        raise ValueError(msg)
    return float(values) if values.ndim == 0 else values


def over_coefficients(strength: Any, shape: tuple[int, int]) -> FloatArray:
    """A strength broadcast to (feature, neuron); one of shape (feature,) is shared by the neurons.

    Raises
    ------
    ValueError
        If its shape does not fit.
    """
    values = np.asarray(strength, dtype=np.float64)
    if values.ndim == 1 and values.shape[0] == shape[0]:
        values = values[:, None]
    try:
        return np.broadcast_to(values, shape)
    except ValueError as error:
        msg = f"regularizer_strength has shape {np.shape(strength)}, which does not match the coefficients' {shape}."
        raise ValueError(msg) from error


def _shown(value: Any) -> str:
    return f"<array of shape {value.shape}>" if isinstance(value, np.ndarray) else repr(value)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    return one == other
