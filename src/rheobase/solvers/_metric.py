"""Coordinates for first-order methods: those in which the curvature at the null model is the identity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._types import FloatArray
from ._core import AbstractProblem
from ._penalty import Norms

__all__ = ["Metric", "diagonal_metric", "null_height", "whitening_metric"]

_SINGULAR = 1e-13


@dataclass(frozen=True)
class Metric:
    r"""Steps are minus the gradient times this.

    Attributes
    ----------
    root : FloatArray
        Matrices :math:`T`, the metric being :math:`T T^\top`: shape (1, n, n) if all neurons share one, (neuron, n, n)
        if not; or, for a diagonal metric, their entries, shape (n, neuron).
    height : FloatArray
        Mean curvature of the loss at the null model, which divides the metric, shape (neuron,).
    shared : FloatArray or None
        The root without penalties and masks, where neurons have their own.
    """

    root: FloatArray
    height: FloatArray
    shared: FloatArray | None = None

    @property
    def diagonal(self) -> bool:
        """Whether coordinates are only scaled."""
        return self.root.ndim == 2

    @property
    def product(self) -> FloatArray:
        """The metric itself, times the height; in the shape of `root`."""
        return self.root**2 if self.diagonal else self.root @ self.root.transpose(0, 2, 1)

    def apply(self, gradient: FloatArray) -> FloatArray:
        """The metric times a gradient, shape (n, neuron)."""
        root = self.root
        if self.diagonal:
            return root**2 * gradient / self.height
        if len(root) == 1:
            return root[0] @ (root[0].T @ gradient) / self.height
        inner = np.matmul(root.transpose(0, 2, 1), gradient.T[:, :, None])
        return np.matmul(root, inner)[:, :, 0].T / self.height

    def lengths(self, x: FloatArray) -> FloatArray:
        """Squared length of every row of features (and the intercept's one), shape (row, 1 or neuron).

        For a metric of each neuron, that of the metric they would share: no row is longer in their own.
        """
        if self.diagonal:
            return x**2 @ self.root[:-1] ** 2 + self.root[-1] ** 2
        root = self.root[0] if len(self.root) == 1 else self.shared
        return np.sum((x @ root[:-1] + root[-1]) ** 2, axis=1, keepdims=True)

    def step(self, params: FloatArray, gradient: FloatArray, size: FloatArray, norms: Norms | None) -> FloatArray:
        """A step of `size` (neuron,) down the gradient, and the proximal step of `norms`; shape (n, neuron)."""
        out = params - size * self.apply(gradient)
        if norms is None:
            return out
        n_groups, n_neurons = norms.strength.shape
        rows, columns = np.nonzero(norms.member >= 0)
        groups = norms.member[rows, columns]
        cells = groups * n_neurons + columns
        squares = (out / norms.scale[:, None])[rows, columns] ** 2
        norm = np.sqrt(np.bincount(cells, squares, n_groups * n_neurons))[cells]
        steps = (size / self.height * self.root**2 / norms.scale[:, None] ** 2)[rows, columns]
        out[rows, columns] *= np.maximum(1.0 - norms.strength[groups, columns] * steps / np.where(norm > 0, norm, 1), 0)
        return out


def null_height(problem: AbstractProblem, params: FloatArray) -> FloatArray:
    """Mean curvature of the loss at the start of a fit, shape (neuron,)."""
    start = problem.evaluate(problem.start(), problem.predictor(params), np.ones(problem.n_neurons))
    return np.maximum(problem.column_means(start.curvature), 1e-300)


def whitening_metric(problem: AbstractProblem, params: FloatArray) -> Metric:
    """Inverse of the null model's Hessian, penalty included; nothing where there is no curvature.

    One decomposition serves all neurons without a penalty and without a mask.
    """
    height, gram = null_height(problem, params), problem.null_gram()
    if problem.free is None and not problem.penalty.diagonal().any():
        return Metric(_root(gram)[None], height)
    root = np.empty((problem.n_neurons, *gram.shape))
    for n in range(problem.n_neurons):
        everything = np.arange(len(gram))
        rows = everything if problem.free is None else np.flatnonzero(problem.free[:, n])
        curvature = gram[np.ix_(rows, rows)] + problem.penalty.hessian_of(n, rows) / height[n]
        root[n] = 0.0
        root[n][np.ix_(rows, everything[: len(rows)])] = _root(curvature)
    return Metric(root, height, _root(gram))


def diagonal_metric(problem: AbstractProblem, params: FloatArray) -> Metric:
    """One scale for each group of a penalty with norms, so that its proximal step has a closed form.

    Norms are taken of coefficients over `scale`, so steps of a group must be alike in those units: the smallest of its
    members' is safe for all.
    """
    height, norms = null_height(problem, params), problem.penalty.norms
    curvature = np.maximum(np.diagonal(problem.null_gram()), 0.0)[:, None] + problem.penalty.diagonal() / height
    step = 1.0 / np.where(curvature > 0, curvature, 1.0)
    if norms is not None:
        alike = step / norms.scale[:, None] ** 2
        least = np.full((len(norms.strength), problem.n_neurons), np.inf)
        rows, columns = np.nonzero(norms.member >= 0)
        np.minimum.at(least, (norms.member[rows, columns], columns), alike[rows, columns])
        inside = least[norms.member, np.arange(problem.n_neurons)] * norms.scale[:, None] ** 2
        step = np.where(norms.member >= 0, inside, step)
    return Metric(np.sqrt(step if problem.free is None else step * problem.free), height)


def _root(curvature: FloatArray) -> FloatArray:
    """A matrix T with ``T' curvature T = 1`` where there is curvature, and columns of zeros elsewhere."""
    values, vectors = np.linalg.eigh(curvature)
    kept = values > _SINGULAR * len(values) * values[-1]
    return vectors * np.where(kept, 1.0 / np.sqrt(np.where(kept, values, 1.0)), 0.0)
