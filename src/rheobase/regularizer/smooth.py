r"""Penalties without kinks: none, ridge, and smoothness."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import kind_of
from .._types import FloatArray
from ..basis._core import AbstractBasis
from ._core import AbstractRegularizer, Forms, check_number, check_terms, over_coefficients, spread_terms

__all__ = ["Ridge", "Smoothness", "UnRegularized"]


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


class Ridge(AbstractRegularizer):
    r"""Half the strength times the squared coefficients: :math:`\tfrac12 \lambda \sum w^2`.

    Parameters
    ----------
    solver_name, solver_kwargs, regularizer_strength
        2024 spelling; the model uses them where it is given none itself.
    """

    def __init__(
        self,
        solver_name: str | None = None,
        solver_kwargs: dict[str, Any] | None = None,
        regularizer_strength: float | None = None,
    ):
        super().__init__(solver_name, solver_kwargs)
        self.regularizer_strength = None if regularizer_strength is None else self.check_strength(regularizer_strength)

    def curvature(self, strength, shape):
        """The strength itself, broadcast to (feature, neuron)."""
        return over_coefficients(strength, shape)

    def terms(self, shape):
        """The identity."""
        return np.eye(shape[0])[None], np.zeros(shape)


class Smoothness(AbstractRegularizer):
    r"""Roughness of a filter or tuning curve: :math:`\tfrac12 \sum_m \lambda_m w^\top S_m w`.

    With differences of neighbouring coefficients this is the penalty of P-splines, with derivatives of the curve that
    of smoothing splines. What :math:`S` cannot see (a constant or a line, say) is not penalised; add `ridge` where the
    data leave that open.

    Parameters
    ----------
    penalty : basis, array or list of arrays
        A basis (its ``penalty_matrix`` is taken), one matrix of shape (feature, feature), or one for each term.
    order : int, default 2
        Order of the differences or derivatives, if `penalty` is a basis.
    kind : {"difference", "derivative"}
        What is squared, if `penalty` is a basis.
    ridge : float, default 0.0
        Strength of a ridge on top, for all coefficients.
    separate : bool or "channels", default False
        If `penalty` is a basis: one term for all its features (False), one for each part of a sum of bases (True), or
        one for each channel of each part, such as the filter of one neuron on another ("channels").

    Raises
    ------
    TypeError
        If `penalty` is neither a basis nor numeric.
    ValueError
        If a matrix is not square, symmetric and positive semidefinite, or they differ in size.

    Notes
    -----
    The model's ``regularizer_strength`` is one number, one for each term, shape (term,), or for each term and neuron,
    shape (term, neuron); ``"reml"`` finds each of them. A basis that has seen its inputs (`compute_features` or
    `set_input_shape`) has a block for each channel; otherwise one channel is assumed.

    References
    ----------
    Eilers & Marx (1996), *Flexible smoothing with B-splines and penalties*; Wood (2017), *Generalized Additive Models*,
    2nd ed., section 5.3.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.regularizer import Smoothness
    >>> second = np.diff(np.eye(8), n=2, axis=0)
    >>> Smoothness(second.T @ second)
    Smoothness(penalty=<array of shape (1, 8, 8)>, ridge=0.0)

    A strength for each of two tuning curves:

    >>> from rheobase.basis import BSplineEval, CyclicBSplineEval
    >>> Smoothness(BSplineEval(8) + CyclicBSplineEval(6), separate=True)
    Smoothness(penalty=<array of shape (2, 14, 14)>, ridge=0.0)
    """

    def __init__(
        self,
        penalty,
        order: int = 2,
        kind: str = "difference",
        ridge: float = 0.0,
        separate: bool | str = False,
    ):
        super().__init__()
        if not (isinstance(separate, bool | np.bool_) or separate == "channels"):
            msg = f"separate must be False, True or 'channels', got {separate!r}."
            raise ValueError(msg)
        if isinstance(penalty, AbstractBasis):
            penalty = _of_basis(penalty, order, kind, separate)
        elif separate:
            msg = "separate is for bases; give a list of matrices, one for each term, instead."
            raise ValueError(msg)
        self.penalty = _read_forms(penalty)
        self.ridge = check_number(ridge, 0.0, "ridge")

    def check_strength(self, strength):
        """One number >= 0, or an array of shape (term,), (1, neuron) or (term, neuron)."""
        return check_terms(check_number(strength, self.default_strength), len(self.penalty), "terms")

    def curvature(self, strength, shape):
        """The ridge on top."""
        return over_coefficients(self.ridge, shape)

    def forms(self, strength, shape):
        """The matrices with their strengths."""
        if self.penalty.shape[1] != shape[0]:
            msg = (
                f"the penalty is of {self.penalty.shape[1]} coefficients, but there are {shape[0]} features. Build it "
                "from the basis that made the features."
            )
            raise ValueError(msg)
        return Forms(self.penalty, spread_terms(strength, len(self.penalty), shape[1]))

    def terms(self, shape):
        """The matrices, and the ridge on top."""
        return self.forms(1.0, shape).matrices, self.curvature(1.0, shape)


def _of_basis(basis: AbstractBasis, order: int, kind: str, separate: bool | str) -> FloatArray:
    """Penalties of the parts of a basis where their features are, shape (term, feature, feature)."""
    parts = list(basis.components())
    sizes = [part.basis.n_basis_funcs for part in parts]
    if basis.n_output_features is not None:
        features = basis.split_by_feature(np.zeros((1, basis.n_output_features)))
        sizes = [features[part.label].size for part in parts]
    matrices, start = [], 0
    for part, size in zip(parts, sizes):
        n, rough = part.basis.n_basis_funcs, part.basis.penalty_matrix(order=order, kind=kind)
        placed = np.zeros((size // n, sum(sizes), sum(sizes)))
        for channel, matrix in enumerate(placed):
            rows = slice(start + channel * n, start + (channel + 1) * n)
            matrix[rows, rows] = rough
        matrices.append(placed if separate == "channels" else placed.sum(axis=0, keepdims=True))
        start += size
    every = np.concatenate(matrices)
    return every if separate else every.sum(axis=0, keepdims=True)


def _read_forms(penalty: Any) -> FloatArray:
    """Matrices of shape (term, feature, feature), checked."""
    try:
        matrices = np.asarray(penalty, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"penalty must be a basis, a square array or a list of them of one size, got {kind_of(penalty)}."
        raise TypeError(msg) from error
    matrices = matrices[None] if matrices.ndim == 2 else matrices
    if matrices.ndim != 3 or matrices.shape[1] != matrices.shape[2] or matrices.size == 0:
        msg = f"penalty must have shape (feature, feature) or (term, feature, feature), got {matrices.shape}."
        raise ValueError(msg)
    if not np.isfinite(matrices).all():
        msg = "penalty holds NaN or infinity."
        raise ValueError(msg)
    largest = np.abs(matrices).max(axis=(1, 2))
    if (np.abs(matrices - matrices.transpose(0, 2, 1)).max(axis=(1, 2)) > 1e-10 * largest).any():
        msg = "penalty must be symmetric; pass (S + S.T) / 2."
        raise ValueError(msg)
    lowest = np.linalg.eigvalsh(matrices)[:, 0]
    if (lowest < -1e-10 * largest).any():
        msg = f"penalty must be positive semidefinite, but its smallest eigenvalue is {lowest.min():.3g}."
        raise ValueError(msg)
    return matrices
