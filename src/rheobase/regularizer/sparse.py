r"""Penalties that set coefficients to exactly zero, one by one: lasso and elastic net."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._core import KINKED_SOLVERS, AbstractRegularizer, Groups, check_number, over_coefficients

__all__ = ["ElasticNet", "Lasso"]


class Lasso(AbstractRegularizer):
    r"""Strength times the absolute values of the coefficients: :math:`\lambda \sum |w|`.

    Parameters
    ----------
    solver_name, solver_kwargs, regularizer_strength
        2024 spelling; the model uses them where it is given none itself.

    References
    ----------
    Tibshirani (1996), *Regression shrinkage and selection via the lasso*.
    """

    allowed_solvers = KINKED_SOLVERS

    def __init__(
        self,
        solver_name: str | None = None,
        solver_kwargs: dict[str, Any] | None = None,
        regularizer_strength: float | None = None,
    ):
        super().__init__(solver_name, solver_kwargs)
        self.regularizer_strength = None if regularizer_strength is None else self.check_strength(regularizer_strength)

    def groups(self, strength, shape):
        """Every coefficient is a group of its own."""
        return _alone(over_coefficients(strength, shape))


class ElasticNet(AbstractRegularizer):
    r"""Lasso and ridge mixed: :math:`\lambda \sum \big(\rho |w| + \tfrac12 (1 - \rho) w^2\big)`.

    Parameters
    ----------
    solver_name, solver_kwargs, regularizer_strength
        2024 spelling; the model uses them where it is given none itself.

    Notes
    -----
    The model's ``regularizer_strength`` is a pair (:math:`\lambda`, :math:`\rho`), or :math:`\lambda` alone with
    :math:`\rho` = 0.5; each a number or an array of the shape of the coefficients, :math:`0 < \rho \le 1`.

    References
    ----------
    Zou & Hastie (2005), *Regularization and variable selection via the elastic net*.
    """

    allowed_solvers = KINKED_SOLVERS

    def __init__(
        self,
        solver_name: str | None = None,
        solver_kwargs: dict[str, Any] | None = None,
        regularizer_strength: Any = None,
    ):
        super().__init__(solver_name, solver_kwargs)
        self.regularizer_strength = None if regularizer_strength is None else self.check_strength(regularizer_strength)

    def check_strength(self, strength):
        """A pair (strength, ratio); the ratio is 0.5 if only a strength is given.

        Raises
        ------
        TypeError
            If a part is not numeric.
        ValueError
            If the strength is negative, the ratio outside (0, 1], or a value is not finite.
        """
        pair = strength if isinstance(strength, tuple) else (strength, None)
        if len(pair) != 2:
            msg = f"regularizer_strength must be a number or a pair (strength, ratio), got {len(pair)} values."
            raise ValueError(msg)
        ratio = check_number(pair[1], 0.5, "the ratio of an elastic net")
        if np.any(np.asarray(ratio) <= 0) or np.any(np.asarray(ratio) > 1):
            msg = (
                f"the ratio of an elastic net must lie in (0, 1], got {pair[1]!r}: 1 is the lasso, and for 0 use "
                "regularizer='Ridge'."
            )
            raise ValueError(msg)
        return check_number(pair[0], self.default_strength), ratio

    def curvature(self, strength, shape):
        """The ridge part."""
        value, ratio = (over_coefficients(part, shape) for part in strength)
        return value * (1.0 - ratio)

    def groups(self, strength, shape):
        """The lasso part."""
        value, ratio = (over_coefficients(part, shape) for part in strength)
        return _alone(value * ratio)


def _alone(strength) -> Groups:
    """Every coefficient in a group of its own, strengths of shape (feature, neuron)."""
    return Groups(np.broadcast_to(np.arange(len(strength))[:, None], strength.shape), strength)
