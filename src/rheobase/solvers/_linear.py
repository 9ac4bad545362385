"""Solving with symmetric matrices that should be positive definite, and telling when they are not."""

from __future__ import annotations

import numpy as np

from .._types import FloatArray

__all__ = ["equilibrated_eigh", "solve_spd", "spd_inverse", "unit_diagonal"]

_SINGULAR = 1e-13
"""Reciprocal condition number (after scaling to a unit diagonal) below which a matrix counts as singular."""


def solve_spd(matrix: FloatArray, rhs: FloatArray) -> tuple[FloatArray, bool]:
    """Solve ``matrix @ x = rhs`` by Cholesky, or for the smallest `x` if the matrix is singular.

    Parameters
    ----------
    matrix
        Shape (n, n), symmetric. Scaled to a unit diagonal first, so that units of features do not matter.
    rhs
        Shape (n,).

    Returns
    -------
    x, singular
        Shape (n,), and whether the pseudo-inverse had to be used.
    """
    scale = unit_diagonal(matrix)
    scaled = matrix * np.outer(scale, scale)
    inverse = spd_inverse(scaled)
    if inverse is not None:
        found = inverse @ (scale * rhs)
        found += inverse @ (scale * rhs - scaled @ found)  # what rounding of the inverse left
        return scale * found, False
    values, vectors = np.linalg.eigh(scaled)
    kept = values > 10 * _SINGULAR * len(values) * values[-1]
    inverse = np.where(kept, 1.0 / np.where(kept, values, 1.0), 0.0)
    return scale * (vectors @ (inverse * (vectors.T @ (scale * rhs)))), True


def spd_inverse(matrix: FloatArray) -> FloatArray | None:
    """Inverse of a symmetric matrix, or None if it is not positive definite, to rounding.

    By NumPy alone: SciPy brings a second BLAS with threads of its own, and the two wait for each other, a tenth of a
    second at a time on a busy machine.
    """
    try:
        np.linalg.cholesky(matrix)
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return None
    condition = np.abs(matrix).sum(axis=0).max(initial=0.0) * np.abs(inverse).sum(axis=0).max(initial=0.0)
    return inverse if condition * _SINGULAR < 1.0 else None  # a NaN compares False


def unit_diagonal(matrix: FloatArray) -> FloatArray:
    """Factors that bring the diagonal to one; a row of zeros keeps its zero, and its solution is zero."""
    diagonal = np.diagonal(matrix)
    positive = diagonal > 0
    return np.where(positive, 1.0 / np.sqrt(np.where(positive, diagonal, 1.0)), 0.0)


def equilibrated_eigh(gram: FloatArray, penalty: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    """Vectors V and values s with ``V' gram V = diag(s)`` and ``V' diag(penalty) V = 1``, or ``V'V = 1`` without a
    penalty.

    With them ``(h gram + c diag(penalty))^-1 = V diag(1 / (h s + c)) V'`` for every h and c: one decomposition serves
    all neurons and all strengths.

    Parameters
    ----------
    gram
        Shape (n, n), symmetric, positive semidefinite.
    penalty
        Shape (n,), > 0, or None.
    """
    if penalty is None:
        values, vectors = np.linalg.eigh(gram)
        return vectors, np.maximum(values, 0.0)
    root = 1.0 / np.sqrt(penalty)
    values, vectors = np.linalg.eigh(gram * np.outer(root, root))
    return root[:, None] * vectors, np.maximum(values, 0.0)
