r"""What is added to the loss: squares of coefficients, quadratic forms, and norms of groups.

.. math:: P_n(w) = \tfrac12 \sum_j d_{jn} w_j^2 + \tfrac12 \sum_m s_{mn}\, w^\top S_m w
    + \sum_g \lambda_{gn} \Big(\sum_{j \in g} (w_j / c_j)^2\Big)^{1/2}

Ridge is the first term, smoothness the second; lasso (groups of one), elastic net and group lasso use the third. The
:math:`c_j` undo the scaling of the features, so that a norm is one of coefficients in the user's units.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .._types import BoolArray, FloatArray, IntArray

__all__ = ["Norms", "Penalty"]


@dataclass(frozen=True)
class Norms:
    """Strengths times norms of groups of coefficients: a penalty with kinks.

    Attributes
    ----------
    member : IntArray
        Group of each parameter, or -1 where there is none; shape (n_features + 1, neuron).
    strength : FloatArray
        Of each group, >= 0, shape (group, neuron).
    scale : FloatArray
        A parameter is divided by this before squares are taken, shape (n_features + 1,).
    """

    member: IntArray
    strength: FloatArray
    scale: FloatArray

    def value(self, params: FloatArray) -> FloatArray:
        """Penalty of each neuron, shape (neuron,)."""
        n_groups, n_neurons = self.strength.shape
        squares = (params / self.scale[:, None]) ** 2
        inside = self.member >= 0
        cells = (self.member * n_neurons + np.arange(n_neurons))[inside]
        sums = np.bincount(cells, squares[inside], n_groups * n_neurons).reshape(n_groups, n_neurons)
        return np.sum(self.strength * np.sqrt(sums), axis=0)

    def awake(self, params: FloatArray, gradient: FloatArray) -> BoolArray:
        """Parameters that are not zero, would not stay so, or belong to no group; shape (n_features + 1, neuron)."""
        n_groups, n_neurons = self.strength.shape
        inside = self.member >= 0
        cells = (self.member * n_neurons + np.arange(n_neurons))[inside]
        slopes = (gradient * self.scale[:, None])[inside]
        steep = np.sqrt(np.bincount(cells, slopes**2, n_groups * n_neurons)) > self.strength.ravel()
        size = np.bincount(cells, np.abs(params[inside]), n_groups * n_neurons)
        out = ~inside
        out[inside] = (steep | (size > 0))[cells]
        return out

    def select(self, columns) -> Norms:
        """The same for some neurons."""
        return replace(self, member=self.member[:, columns], strength=self.strength[:, columns])


@dataclass(frozen=True)
class Penalty:
    """The penalty of every neuron, in the coordinates of the problem.

    Attributes
    ----------
    ridge : FloatArray
        :math:`d`, shape (n_features + 1, neuron), zero for intercepts.
    matrices : FloatArray
        :math:`S`, positive semidefinite, shape (term, n_features + 1, n_features + 1).
    weights : FloatArray
        :math:`s`, shape (term, neuron).
    norms : Norms or None
        The part with kinks.
    """

    ridge: FloatArray
    matrices: FloatArray | None = None
    weights: FloatArray | None = None
    norms: Norms | None = None

    def gradient(self, params: FloatArray) -> FloatArray:
        """Of the smooth part, shape (n_features + 1, neuron)."""
        out = self.ridge * params
        if self.matrices is not None:
            for matrix, weight in zip(self.matrices, self.weights):
                out += weight * (matrix @ params)
        return out

    def smooth(self, params: FloatArray) -> FloatArray:
        """Value of the smooth part, shape (neuron,)."""
        return 0.5 * np.sum(params * self.gradient(params), axis=0)

    def kinks(self, params: FloatArray) -> FloatArray:
        """Value of the part with kinks, shape (neuron,)."""
        return np.zeros(params.shape[1]) if self.norms is None else self.norms.value(params)

    def add_to(self, hessian: FloatArray, columns) -> None:
        """Add the second derivatives of the smooth part to Hessians, shape (column, n_features + 1, n_features + 1)."""
        diagonal = np.arange(hessian.shape[1])
        hessian[:, diagonal, diagonal] += self.ridge[:, columns].T
        if self.matrices is not None:
            for matrix, weight in zip(self.matrices, self.weights[:, columns]):
                hessian += weight[:, None, None] * matrix

    def hessian_of(self, column: int, rows) -> FloatArray:
        """The same for one neuron and some parameters, shape (some, some)."""
        out = np.diag(self.ridge[rows, column])
        if self.matrices is not None:
            for matrix, weight in zip(self.matrices, self.weights[:, column]):
                out += weight * matrix[np.ix_(rows, rows)]
        return out

    def diagonal(self) -> FloatArray:
        """Diagonal of these second derivatives, shape (n_features + 1, neuron)."""
        if self.matrices is None:
            return self.ridge
        return self.ridge + np.einsum("mjj,mn->jn", self.matrices, self.weights)

    def scaled(self, factor: FloatArray) -> Penalty:
        """Every neuron's penalty times a number, shape (neuron,)."""
        return Penalty(
            self.ridge * factor,
            self.matrices,
            None if self.weights is None else self.weights * factor,
            None if self.norms is None else replace(self.norms, strength=self.norms.strength * factor),
        )

    def select(self, columns) -> Penalty:
        """The same for some neurons."""
        return Penalty(
            self.ridge[:, columns],
            self.matrices,
            None if self.weights is None else self.weights[:, columns],
            None if self.norms is None else self.norms.select(columns),
        )
