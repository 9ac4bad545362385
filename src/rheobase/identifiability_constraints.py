"""Which columns of a design say something of their own: the others are left out, so that a fit without a penalty has
one answer.

Splines sum to one, so together with an intercept (or with each other) one of their columns is the sum of others. A
penalty makes the answer unique too, and `rheobase.glm` reports collinear columns in ``model.solution_``; leave columns
out where coefficients are to be compared with those of other programs, or read one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._errors import kind_of
from ._types import FloatArray, IntArray
from .basis._core import AbstractBasis
from .containers import TsdFrame

__all__ = ["apply_identifiability_constraints", "apply_identifiability_constraints_by_basis_component"]


def __dir__() -> list[str]:
    return sorted(__all__)


def apply_identifiability_constraints(
    feature_matrix: Any, add_intercept: bool = True, warn_if_float32: bool = True
) -> tuple[Any, IntArray]:
    """Leave out columns that are linear combinations of others, from the left, until all that stay are independent.

    Parameters
    ----------
    feature_matrix : array-like or TsdFrame
        Features, shape (time, feature). Rows with NaN or infinity say nothing about rank, and stay.
    add_intercept : bool, default True
        Whether the model has an intercept: then no combination of columns may be constant.
    warn_if_float32 : bool, default True
        Whether to warn if features come in single precision, in which nearly dependent columns look dependent.

    Returns
    -------
    constrained : numpy.ndarray or TsdFrame
        The columns that stay, as they were; a TsdFrame if a series was given.
    kept_columns : numpy.ndarray
        Their numbers, ascending, to do the same with held-out features: ``X_test[:, kept_columns]``.

    Raises
    ------
    TypeError
        If `feature_matrix` is not numeric.
    ValueError
        If it is not two-dimensional or has no finite row.

    Examples
    --------
    >>> import numpy as np
    >>> import rheobase as rb
    >>> X = rb.basis.BSplineEval(5).compute_features(np.linspace(0, 1, 50))
    >>> constrained, kept = rb.identifiability_constraints.apply_identifiability_constraints(X)
    >>> kept
    array([1, 2, 3, 4])
    """
    values = _read(feature_matrix, warn_if_float32)
    kept = _independent(_finite(values), add_intercept)
    return _take(feature_matrix, values, kept), kept


def apply_identifiability_constraints_by_basis_component(
    basis: AbstractBasis, feature_matrix: Any, add_intercept: bool = True
) -> tuple[Any, IntArray]:
    """The same within each part of a sum of bases, and within each input channel of a part.

    Parameters
    ----------
    basis
        The basis that made the features.
    feature_matrix, add_intercept
        As for `apply_identifiability_constraints`.

    Returns
    -------
    constrained, kept_columns
        As from `apply_identifiability_constraints`.

    Raises
    ------
    TypeError
        If `basis` is none, or `feature_matrix` is not numeric.
    ValueError
        If the number of columns is not that of the basis, or no row is finite.
    """
    if not isinstance(basis, AbstractBasis):
        msg = f"basis must be a basis, such as BSplineEval(5) + BSplineEval(6), got {kind_of(basis)}."
        raise TypeError(msg)
    values = _read(feature_matrix, True)
    finite, numbers = _finite(values), np.arange(values.shape[1])[None]
    kept = []
    for columns in basis.split_by_feature(numbers, axis=1).values():
        for channel in np.asarray(columns).reshape(-1, np.shape(columns)[-1]):
            kept.append(channel[_independent(finite[:, channel], add_intercept)])
    together = np.sort(np.concatenate(kept))
    return _take(feature_matrix, values, together), together


def _read(feature_matrix: Any, warn: bool) -> np.ndarray:
    values = np.asarray(getattr(feature_matrix, "values", feature_matrix))
    if values.dtype.kind not in "biuf":
        msg = f"feature_matrix must be numeric, got {kind_of(feature_matrix)} with dtype {values.dtype}."
        raise TypeError(msg)
    if values.ndim != 2:
        msg = f"feature_matrix must have shape (time, feature), got {values.shape}."
        raise ValueError(msg)
    if warn and values.dtype.kind == "f" and values.dtype.itemsize < 8:
        import warnings

        warnings.warn(
            f"feature_matrix is {values.dtype}: columns that are nearly combinations of others may be left out. Make "
            "the features in float64, or pass warn_if_float32=False.",
            UserWarning,
            stacklevel=3,
        )
    return values


def _finite(values: np.ndarray) -> FloatArray:
    """Rows without NaN and infinity, float64."""
    rows = np.isfinite(values).all(axis=1)
    if not rows.any():
        msg = f"every one of the {len(values)} rows of feature_matrix has a NaN or infinite value."
        raise ValueError(msg)
    return (values if rows.all() else values[rows]).astype(np.float64, copy=False)


def _independent(values: FloatArray, add_intercept: bool) -> IntArray:
    """Numbers of the columns that stay when those which others make up are left out from the left.

    Leaving out from the left what the rest makes up keeps, seen from the right, every column that those to its right do
    not make up. A QR decomposition turns rows into as many as there are columns, then one column after the other is
    compared with what is left of it beside the space of those kept (Gram-Schmidt, twice, to be orthogonal to rounding).
    """
    n = values.shape[1]
    ones = [np.ones((len(values), 1))] if add_intercept else []
    size = np.linalg.norm(values, axis=0)
    scaled = values / np.where(size > 0, size, 1.0)
    triangle = np.linalg.qr(np.hstack([*ones, scaled[:, ::-1]]), mode="r")
    noise = np.finfo(np.float64).eps * max(len(values), n + 1) * np.sqrt(n + 1)
    space, kept = np.zeros((len(triangle), 0)), []
    for position, column in enumerate(triangle.T):
        rest = column - space @ (space.T @ column)
        rest -= space @ (space.T @ rest)
        length = np.linalg.norm(rest)
        if length <= noise * max(np.linalg.norm(column), 1e-300):
            continue
        space = np.column_stack([space, rest / length])
        if position >= len(ones):
            kept.append(n - 1 - (position - len(ones)))
    return np.array(kept[::-1], dtype=np.int64)


def _take(feature_matrix: Any, values: np.ndarray, kept: IntArray) -> Any:
    if isinstance(feature_matrix, TsdFrame):
        return feature_matrix[:, kept]
    return values[:, kept]
