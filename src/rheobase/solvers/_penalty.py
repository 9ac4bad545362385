r"""What is added to the loss: squares of coefficients, quadratic forms, norms of groups; and where parameters may be.

.. math:: P_n(w) = \tfrac12 \sum_j d_{jn} w_j^2 + \tfrac12 \sum_m s_{mn}\, w^\top S_m w
    + \sum_g \lambda_{gn} \Big(\sum_{j \in g} (w_j / c_j)^2\Big)^{1/2}

Ridge is the first term, smoothness the second; lasso (groups of one), elastic net and group lasso use the third. The
:math:`c_j` undo the scaling of the features, so that a norm is one of coefficients in the user's units.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .._types import BoolArray, FloatArray, IntArray

__all__ = ["Box", "Norms", "Penalty", "blocked"]

_NEAR = 4 * float(np.finfo(np.float64).eps)
"""Relative; a parameter this near to a bound got there by a step that was rounded."""


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
class Box:
    """Bounds of parameters.

    Attributes
    ----------
    lower, upper : FloatArray
        Shape (n_features + 1, neuron), infinite where there is none.
    """

    lower: FloatArray
    upper: FloatArray

    def clip(self, params: FloatArray) -> FloatArray:
        """The nearest parameters inside."""
        return np.clip(params, self.lower, self.upper)

    def snap(self, params: FloatArray, before: FloatArray) -> FloatArray:
        """The same after a step from `before`; whoever is at a bound but for rounding is put there."""
        for bound in (self.lower, self.upper):
            reach = np.where(np.isfinite(bound), _NEAR * np.maximum(np.abs(before), np.abs(bound)), 0.0)
            params = np.where(np.abs(params - bound) <= reach, bound, params)
        return self.clip(params)

    def pinned(self, params: FloatArray, gradient: FloatArray) -> BoolArray:
        """Parameters at a bound that would leave the box to go down."""
        return blocked(params, gradient, self.lower, self.upper)

    def select(self, columns) -> Box:
        """The same for some neurons."""
        return Box(self.lower[:, columns], self.upper[:, columns])


def blocked(values: FloatArray, gradient: FloatArray, lower: FloatArray, upper: FloatArray) -> BoolArray:
    """Where `values` are at a bound and the way down leads out."""
    return ((values <= lower) & (gradient > 0)) | ((values >= upper) & (gradient < 0))


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
    box : Box or None
        Where parameters may be: a penalty of infinity elsewhere.
    """

    ridge: FloatArray
    matrices: FloatArray | None = None
    weights: FloatArray | None = None
    norms: Norms | None = None
    box: Box | None = None

    @property
    def plain(self) -> bool:
        """Whether it is smooth everywhere: no kinks, no bounds."""
        return self.norms is None and self.box is None

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
            self.box,
        )

    def select(self, columns) -> Penalty:
        """The same for some neurons."""
        return Penalty(
            self.ridge[:, columns],
            self.matrices,
            None if self.weights is None else self.weights[:, columns],
            None if self.norms is None else self.norms.select(columns),
            None if self.box is None else self.box.select(columns),
        )
