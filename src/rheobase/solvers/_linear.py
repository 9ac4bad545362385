"""Solving with symmetric matrices that should be positive definite, and telling when they are not."""

from __future__ import annotations

import numpy as np

from .._types import FloatArray

__all__ = ["equilibrated_eigh", "solve_spd"]

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
    from scipy.linalg import lapack

    scale = _unit_diagonal(matrix)
    scaled = matrix * np.outer(scale, scale)
    factor, info = lapack.dpotrf(scaled, lower=1, clean=0)
    if info == 0 and np.isfinite(factor[-1, -1]):
        norm = np.abs(scaled).sum(axis=0).max()
        if lapack.dpocon(factor, norm, uplo="L")[0] > _SINGULAR:
            return scale * lapack.dpotrs(factor, scale * rhs, lower=1)[0], False
    values, vectors = np.linalg.eigh(scaled)
    kept = values > 10 * _SINGULAR * len(values) * values[-1]
    inverse = np.where(kept, 1.0 / np.where(kept, values, 1.0), 0.0)
    return scale * (vectors @ (inverse * (vectors.T @ (scale * rhs)))), True


def _unit_diagonal(matrix: FloatArray) -> FloatArray:
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
