"""Inverse curvature of every neuron: a shared Gram matrix times a number, or a Hessian of its own."""

from __future__ import annotations

import numpy as np

from .._arrays.threads import products_for_each
from .._types import BoolArray, FloatArray
from ._core import AbstractProblem, Evaluation
from ._linear import equilibrated_eigh, spd_inverse, unit_diagonal
from ._state import Batch

__all__ = ["GramMetric"]

_MOST_BENT = 8.0
"""Largest factor by which a coefficient's curvature may differ from the shared metric's."""

_LEAST_BENT = 0.25
"""Logarithm of the smallest factor that is worth it."""

_WORTH_A_THREAD = 1 << 16
"""Entries of Hessians from which they are inverted side by side."""


class GramMetric:
    """The metric of each column of a batch: the shared one until it has a Hessian of its own.

    Attributes
    ----------
    own : BoolArray
        Whose metric is its exact Hessian at some point of its way, shape (neuron,).
    singular, collinear : BoolArray
        Whose own Hessian took a pseudo-inverse, and whose features depend on each other.
    """

    def __init__(self, batch: Batch):
        problem = batch.problem
        n_neurons = problem.n_neurons
        self._batch, self._shared_metric = batch, None
        self._factors: list[tuple | None] = [None] * n_neurons
        self.own, self.singular, self.collinear = (np.zeros(n_neurons, dtype=bool) for _ in range(3))
        if not _is_penalised(problem):
            null = self._shared.null_vectors
            self.collinear[:] = null.shape[1] > 0
            if self.collinear.any() and problem.free is not None:
                self.collinear = _has_null_vector(null, problem.free[:-1])
        if problem.penalty.matrices is not None:
            self._own_at_null(problem)

    @property
    def _shared(self) -> _SharedMetric:
        """Made when somebody first needs it."""
        if self._shared_metric is None:
            self._shared_metric = _SharedMetric(self._batch.problem, self._batch.now)
        return self._shared_metric

    def _own_at_null(self, problem: AbstractProblem) -> None:
        """A metric for each neuron where the penalty is more than a diagonal: the null model's Hessian with all of it.

        The shared one would know the diagonal only, and a strong smoothness is mostly the rest.
        """
        curvature = problem.column_means(self._batch.now.curvature)
        for column in range(problem.n_neurons):
            hessian = (curvature[column] * problem.null_gram())[None]
            problem.penalty.add_to(hessian, [column])
            rows = slice(None) if problem.free is None else np.flatnonzero(problem.free[:, column])
            self._factors[column] = rows, *_scaled_inverse(hessian[0][rows][:, rows])[0]

    def __call__(self, gradient: FloatArray) -> FloatArray:
        """Inverse curvature times a gradient, shape (n_features + 1, neuron)."""
        out, free = np.empty_like(gradient), self._batch.problem.free
        shared = [n for n, factor in enumerate(self._factors) if factor is None]
        if shared:
            out[:, shared] = self._shared.apply(gradient[:, shared], shared)
        for n, factor in enumerate(self._factors):
            if factor is not None:
                rows, scale, inverse = factor
                out[:, n] = 0.0
                out[rows, n] = scale * (inverse @ (scale * gradient[rows, n]))
        return out if free is None else out * free

    def bend(self) -> BoolArray:
        """Give neurons the diagonal of their own Hessian where it is another than the shared one; returns to whom."""
        return self._shared.bend(self._batch.problem, self._batch.now)

    def refresh(self, columns) -> None:
        """Give some columns the exact Hessian at their current point."""
        self.singular[columns] = self._set(columns, self._batch.hessians(columns, rough=True))
        self.own[columns] = True

    def estimate(self, columns) -> None:
        """Give some columns a Hessian at their current point that is estimated from some rows."""
        self._set(columns, self._batch.thin_hessians(columns))
        self.own[columns] = False

    def _set(self, columns, hessians) -> BoolArray:
        """Give some columns the inverse of their Hessians, (parameters, matrix) each; who took a pseudo-inverse."""
        found: dict[int, tuple] = {id(hessian): () for _, hessian in hessians}  # columns may share one
        different = {id(hessian): hessian for _, hessian in hessians}

        def invert(key: int) -> None:
            found[key] = _scaled_inverse(different[key])

        worth = sum(hessian.size for hessian in different.values()) >= _WORTH_A_THREAD
        products_for_each(invert, different, worth=worth)
        for column, (rows, hessian) in zip(columns, hessians, strict=True):
            self._factors[column] = rows, *found[id(hessian)][0]
        return np.array([found[id(hessian)][1] for _, hessian in hessians], dtype=bool)

    def keep(self, kept: BoolArray) -> None:
        """Forget the columns that have left the batch."""
        if self._shared_metric is not None:
            self._shared_metric.keep(kept)
        self._factors = [factor for factor, keep in zip(self._factors, kept, strict=True) if keep]
        self.own, self.singular, self.collinear = self.own[kept], self.singular[kept], self.collinear[kept]


class _SharedMetric:
    """One decomposition of the Gram matrix for every neuron, its curvature and its ridge."""

    def __init__(self, problem: AbstractProblem, now: Evaluation):
        gram = problem.null_gram()[:-1, :-1]
        curvature = np.maximum(problem.column_means(now.curvature), 1e-300)
        ridge = problem.penalty.diagonal()[:-1]  # of a full matrix the memory learns the rest
        strength = ridge.max(axis=0)
        shape, penalised = ridge[:, np.argmax(strength)], _is_penalised(problem)
        # strengths that differ in more than a factor get the nearest shared metric; the memory corrects it
        self._vectors, self._values = equilibrated_eigh(gram, shape / shape.max() if penalised else None)
        self._ridge = strength if penalised else np.zeros_like(strength)
        self._inverse = self._inverse_at(curvature)
        self._intercept = 1.0 / curvature
        self._bent: FloatArray | None = None

    @property
    def null_vectors(self) -> FloatArray:
        """Combinations of features that are zero throughout, shape (feature, combination)."""
        return self._vectors[:, self._values <= 1e-13 * len(self._values) * self._values[-1]]

    def apply(self, gradient: FloatArray, columns) -> FloatArray:
        """Inverse curvature times the gradients of some columns."""
        bent = 1.0 if self._bent is None else self._bent[:, columns]
        inner = self._vectors.T @ (gradient[:-1] / bent)
        features = self._vectors @ (self._inverse[:, columns] * inner) / bent
        return np.vstack([features, self._intercept[columns] * gradient[-1]])

    def bend(self, problem: AbstractProblem, now: Evaluation) -> BoolArray:
        """See `GramMetric.bend`."""
        if problem.constant_curvature:
            return np.zeros(problem.n_neurons, dtype=bool)
        squares = np.clip(problem.relative_curvature(now.curvature), 1.0 / _MOST_BENT, _MOST_BENT)
        who = np.abs(np.log(squares)).max(axis=0) > _LEAST_BENT
        if who.any():
            curvature = np.maximum(problem.column_means(now.curvature), 1e-300)
            self._bent = np.where(who, np.sqrt(squares), 1.0)
            self._inverse = np.where(who, self._inverse_at(curvature), self._inverse)
            self._intercept = np.where(who, 1.0 / curvature, self._intercept)
        return who

    def _inverse_at(self, curvature: FloatArray) -> FloatArray:
        """Inverse curvature along the shared directions, shape (feature, neuron); those without any are not walked."""
        along = curvature * self._values[:, None] + self._ridge
        floor = 1e-13 * len(self._values) * along.max(axis=0)
        return np.where(along > floor, 1.0 / np.maximum(along, 1e-300), 0.0)

    def keep(self, kept: BoolArray) -> None:
        """See `GramMetric.keep`."""
        self._inverse, self._intercept = self._inverse[:, kept], self._intercept[kept]
        self._ridge = self._ridge[kept]
        self._bent = None if self._bent is None else self._bent[:, kept]


def _is_penalised(problem: AbstractProblem) -> bool:
    """Whether the strongest ridge of any neuron is one on every coefficient."""
    ridge = problem.penalty.diagonal()[:-1]
    strength = ridge.max(axis=0)
    return strength.max() > 0 and ridge[:, np.argmax(strength)].min() > 0


def _has_null_vector(null: FloatArray, free: BoolArray) -> BoolArray:
    """For each neuron, whether some combination of the null directions (feature, direction) uses free features only."""
    return np.array([np.linalg.matrix_rank(null[~held], tol=1e-6) < null.shape[1] for held in free.T])


def _scaled_inverse(hessian: FloatArray) -> tuple[tuple[FloatArray, FloatArray], bool]:
    """(scale, inverse of the Hessian scaled to a unit diagonal), and whether a pseudo-inverse was needed."""
    scale = unit_diagonal(hessian)
    scaled = hessian * np.outer(scale, scale)
    inverse = spd_inverse(scaled)
    if inverse is not None:
        return (scale, inverse), False
    values, vectors = np.linalg.eigh(scaled)
    kept = values > 1e-12 * len(values) * values[-1]
    return (scale, (vectors[:, kept] / values[kept]) @ vectors[:, kept].T), True
