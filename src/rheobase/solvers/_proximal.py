"""Directions of a proximal Newton method: to the minimum of the quadratic model plus the kinks inside the bounds.

Curvature is computed only for coefficients that are not zero (or at a bound) or would not stay so, and kept for the
next step where the last one was short.
"""

from __future__ import annotations

import numpy as np

from .._types import BoolArray, FloatArray, IntArray
from ._core import AbstractProblem
from ._kinks import GroupedQuadratic
from ._state import Batch

__all__ = ["FAR", "Directions", "awake_parameters"]

_SHORT = 1e-3
"""After steps as long as this (in units of the features' spread) a Hessian still gives three digits of the next step;
another gradient costs a third of another Hessian."""

_FORCING = 0.02
"""Length of the last Newton step towards the minimum of a model, relative to all; what is left is about its square, and
the model itself is off by more."""

FAR = 0.25
"""After a longer step, or none, a Hessian may be estimated from some of the rows: the step that it leads to ends about
as far off its aim anyway."""

_LEAST_ROWS, _ROWS_EACH = 1 << 12, 48
"""Rows for such an estimate, at least, and for each feature: it is then wrong by about a fifth."""


def awake_parameters(problem: AbstractProblem, params: FloatArray, gradient: FloatArray) -> BoolArray:
    """Parameters that are not held by a kink, a bound or a mask, shape (n_features + 1, neuron)."""
    awake = np.ones(gradient.shape, dtype=bool)
    norms, box = problem.penalty.norms, problem.penalty.box
    pinned = None if box is None else box.pinned(params, gradient)
    if norms is not None:
        awake = norms.awake(params, gradient if pinned is None else np.where(pinned, 0.0, gradient))
    if pinned is not None:
        awake &= ~(pinned if norms is None else pinned & (norms.member < 0))
    return awake if problem.free is None else awake & problem.free


class Directions:
    """The directions of one fit, with the Hessians that are kept between them.

    Parameters
    ----------
    n_neurons
        Of the whole fit.
    """

    def __init__(self, n_neurons: int):
        self._kept: dict[int, tuple[IntArray, FloatArray]] = {}
        self.age = np.full(n_neurons, np.inf)
        """How far each neuron has gone since its Hessian was computed."""

    def find(self, batch: Batch, gradient: FloatArray, awake: BoolArray, far: bool) -> FloatArray:
        """Directions of the moving neurons (zero for the others), shape (n_features + 1, neuron).

        `far`: most of the way is still to go.
        """
        direction = np.zeros_like(gradient)
        columns = np.flatnonzero(batch.moving)
        fresh = [c for c in columns if not self._serves(batch.columns[c], np.flatnonzero(awake[:, c]))]
        hessians = _Hessians(batch, awake, fresh, far)
        for column in columns:
            neuron, rows = batch.columns[column], np.flatnonzero(awake[:, column])
            if column in fresh:
                self._kept[neuron] = rows, hessians.of(column, rows)
                self.age[neuron] = 0.0 if hessians.exact else np.inf
            model = _model(batch, gradient, column, rows, self._kept[neuron][1])
            direction[rows, column] = model - batch.params[rows, column]  # so that zeros are exact
        batch.hessians_made += len(fresh)
        return direction

    def went(self, batch: Batch, far: FloatArray) -> None:
        """Say how far the neurons of the batch went."""
        if not batch.problem.constant_curvature:
            self.age[batch.columns] += far

    def _serves(self, neuron: int, rows: IntArray) -> bool:
        """Whether the Hessian that is kept for a neuron is good enough for the parameters `rows`."""
        return self.age[neuron] <= _SHORT and np.array_equal(self._kept[neuron][0], rows)


def _model(batch: Batch, gradient: FloatArray, column: int, rows: IntArray, hessian: FloatArray) -> FloatArray:
    """The parameters `rows` of one neuron at the minimum, found in the coordinates in which norms are taken."""
    norms, box = batch.problem.penalty.norms, batch.problem.penalty.box
    scale = np.ones(len(rows)) if norms is None else norms.scale[rows]
    model = GroupedQuadratic(
        gradient[rows, column] * scale,
        hessian * np.outer(scale, scale),
        batch.params[rows, column] / scale,
        np.full(len(rows), -1) if norms is None else norms.member[rows, column],
        np.zeros(0) if norms is None else norms.strength[:, column],
        *(() if box is None else (box.lower[rows, column] / scale, box.upper[rows, column] / scale)),
    )
    # of a parabola the model is the whole truth
    return model.solve(0.0 if batch.problem.constant_curvature else _FORCING) * scale


class _Hessians:
    """Hessians of some neurons of a batch where it stands; from few rows, and one matrix for all, where that will do.

    Of a parabola, and where every row has the same curvature, one matrix serves all neurons: worth it if their own
    would take as much work.
    """

    def __init__(self, batch: Batch, awake: BoolArray, columns, far: bool):
        problem, start = batch.problem, batch.iteration == 0 and not np.any(batch.params[:-1])
        self._batch, self._problem, self.exact = batch, problem, True
        rough = None
        if far and not problem.constant_curvature:
            rough = problem.thinned(max(_LEAST_ROWS, _ROWS_EACH * problem.n_features))
        if rough is not None:
            self._problem, self.exact = rough, False
        same = problem.constant_curvature or (start and problem.constant_start)
        sizes = np.count_nonzero(awake[:, columns], axis=0)
        self._shared = same and (problem.penalty.norms is None or 2 * np.sum(sizes**2) >= problem.n_features**2)
        self._bend = problem.column_means(batch.now.curvature) if self._shared else None
        self._sides = None
        if not self._shared and len(columns):
            self._sides = self._problem.gradient(batch.now.curvature)  # one product for all neurons

    def of(self, column: int, rows: IntArray) -> FloatArray:
        """Hessian of one neuron for the parameters `rows`, shape (row, row)."""
        if self._shared:
            hessian = self._bend[column] * self._problem.null_gram()[np.ix_(rows, rows)]
        else:
            hessian = self._problem.hessian_of(self._batch.now.curvature, column, rows, self._sides[:, column])
        hessian += self._batch.problem.penalty.hessian_of(column, rows)
        return hessian
