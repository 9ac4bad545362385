r"""Fits to rows that pass by once: recursive Newton steps, with everything known so far as a parabola.

After each batch the estimate is the minimum of the batch's loss, exactly, plus the parabola of all rows before it, plus
the penalty. That is the full fit for Gaussian responses with the identity link, whatever the batches; for the others
it differs from the full fit by less than its standard error after one pass, because the parabolas are drawn where the
estimate stays.

While a neuron's rows do not yet determine its parameters (fewer rows than features, no spike yet), a prior worth one
spike, or one row, holds it near its mean rate. It is not part of the parabola and vanishes once every direction has
ten times its weight.

References
----------
Ljung & Söderström (1983), *Theory and Practice of Recursive Identification*, section 3; Murphy (2022), *Probabilistic
Machine Learning: Advanced Topics*, sections 8.5 and 10.2 (assumed density filtering and online Laplace).
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from .._types import BoolArray, FloatArray
from .._x64 import enable_x64
from ..design import AbstractDesign
from ..links import AbstractInverseLink
from ..observation_models import AbstractObservationModel
from ..solvers._core import Result, Solution
from ..solvers._penalty import Penalty
from ._descent import Descent
from ._fit import _columns, _padded
from ._past import Frame, Moments, Parabola
from ._problem import GLMProblem
from ._row_problem import RowLoss
from ._rows import RowTerms
from ._rules import Rules
from ._running_dispersion import RunningDispersion
from ._used_rows import RATE_FLOOR, known_rows, row_weights, rows_counted

__all__ = ["Stream"]

_TURNS = 50
"""Largest number of turns between coefficients and dispersion in the first batch."""

_DETERMINED = 10.0
"""Least curvature of every direction, in units of the prior's, at which the prior is let go."""


class Stream:
    """The rows so far, as far as a fit remembers them: memory does not grow with their number.

    Parameters
    ----------
    n_features, n_neurons
        Sizes; 8 bytes x neurons x features squared are kept.
    """

    def __init__(self, n_features: int, n_neurons: int):
        n = n_features + 1
        self.moments, self.past = Moments.none(n_features), Parabola(n, n_neurons)
        self.params = np.zeros((n, n_neurons))
        self.weight, self.n_rows = np.zeros(n_neurons), np.zeros(n_neurons, dtype=np.int64)
        self.response, self.offset, self.pearson = np.zeros(n_neurons), np.zeros(n_neurons), np.zeros(n_neurons)
        self.same: dict[float, BoolArray] = {}
        self.dispersion: FloatArray | None = None
        self.information = np.zeros(n_neurons)
        self.prior, self.arrived = np.zeros(n_neurons), np.ones(n_neurons, dtype=bool)
        self.n_iter, self.n_batches, self.n_hessians = np.zeros(n_neurons, dtype=np.int64), 0, 0
        self.seconds = 0.0
        self.fading, self.solution = False, None
        self.given: tuple[FloatArray, FloatArray] | None = None

    def absorb(
        self, design: AbstractDesign, y: FloatArray, terms: RowTerms, rules: Rules, half_life: float | None
    ) -> Solution:
        """Learn from a batch and forget it.

        Parameters
        ----------
        design, y, terms
            Rows, their response (n_samples, neuron) with NaN where unknown, their offset and weights.
        rules
            The model.
        half_life
            Rows (or sum of weights) after which a row counts half; None for ever.
        """
        began = time.perf_counter()
        known = known_rows(y, terms.offset, terms.weight)
        standard = design.standardized(known.any(axis=1))
        weights = row_weights(standard, known, terms.weight)
        y = np.where(known, y, 0.0)
        counted = rows_counted(weights, terms.weight, len(y), y.shape[1])
        share = counted["weight_used"]
        self.fading |= half_life is not None
        if half_life is not None:
            self._fade(0.5 ** (share / half_life))
        heard = self.silent
        self._count(y, weights, share, counted["n_rows_used"], terms, rules.model)
        self._move_to(standard)
        penalty = rules.penalty(self.moments.frame.scale)
        quiet = ~np.isnan(self.silent)
        for group, learn in ((quiet, False), (~quiet, True)):
            columns = np.flatnonzero(group & (share > 0))
            if not columns.size:
                continue
            problem = _problem(standard, y, weights, terms, rules, columns)
            where = slice(None) if len(columns) == len(share) else columns
            if not learn:
                self._gather(problem, where, share[where])
                continue
            self._wake(problem, np.flatnonzero(~np.isnan(heard) & group & (share > 0)), heard, rules)
            self._learn(problem, where, share[where], rules, penalty)
        self.n_batches += 1
        self.seconds += time.perf_counter() - began
        return self._solution(rules, penalty, design)

    def check(self, n_features: int, n_neurons: int) -> None:
        """Raise a ValueError for a batch of another shape."""
        n, known = self.params.shape
        if (n - 1, known) != (n_features, n_neurons):
            msg = (
                f"a batch must have the {n - 1} features and {known} neuron(s) of those before it, got {n_features} "
                f"and {n_neurons}."
            )
            if n_features != n - 1:  # as scikit-learn says it
                msg = f"X has {n_features} features, but partial_fit is expecting {n - 1} features as input: {msg}"
            raise ValueError(msg)

    # --- what is counted -----------------------------------------------------------------------------------------

    def _fade(self, factor: FloatArray) -> None:
        self.past.fade(factor)
        self.weight, self.response = self.weight * factor, self.response * factor
        self.offset, self.pearson = self.offset * factor, self.pearson * factor

    def _count(self, y, weights, share, n_rows, terms: RowTerms, model: AbstractObservationModel) -> None:
        self.weight = self.weight + share
        self.n_rows = self.n_rows + n_rows
        self.response = self.response + share * np.einsum("ij,ij->j", np.broadcast_to(weights[: len(y)], y.shape), y)
        if terms.offset is not None:
            self.offset = self.offset + share * np.sum(weights[: len(y)] * np.nan_to_num(terms.offset), axis=0)
        used = np.broadcast_to(weights[: len(y)] > 0, y.shape)
        for value in model.silent_values:
            same = ~np.any((y != value) & used, axis=0)
            self.same[value] = self.same.get(value, True) & same

    @property
    def silent(self) -> FloatArray:
        """The value that every response of a neuron had, where there is no finite optimum; NaN elsewhere."""
        out = np.full(len(self.weight), np.nan)
        for value, same in self.same.items():
            out[same & (self.weight > 0)] = value
        return out

    def _move_to(self, standard) -> None:
        """Write what is remembered in the coordinates of all rows, the new ones included."""
        first = self.n_batches == 0
        old = self.moments.frame
        self.moments.add(standard)
        if not first:
            self.past.rewrite(old, self.moments.frame)
            self.params = old.to(self.moments.frame).carry(self.params)

    def _center(self, link: AbstractInverseLink) -> FloatArray:
        """Intercepts of the null model, shape (neuron,); half a spike for a neuron without any."""
        weight = np.maximum(self.weight, 1e-300)
        mean, silent = self.response / weight, self.silent
        half = 0.5 / (weight + 1.0)
        mean = np.where(np.isnan(silent), mean, np.where(silent == 0.0, half, silent - half))
        return link.link(link.inside(mean)) - self.offset / weight

    # --- neurons that have been silent so far --------------------------------------------------------------------

    def _gather(self, problem: GLMProblem, columns, share: FloatArray) -> None:
        """Keep the moments of their rows: where their loss bends is not known before they speak."""
        change = self.moments.frame.to(Frame(problem.design.center, problem.design.scale))
        weights = np.ascontiguousarray(np.broadcast_to(problem.weights, (problem.n_rows, problem.n_neurons)))
        moments = change.pull_hessian(problem.hessian(weights, np.arange(problem.n_neurons)))
        self.past.gather(columns, share[:, None, None] * moments)

    def _wake(self, problem: GLMProblem, columns, heard: FloatArray, rules: Rules) -> None:
        """Draw the parabolas of the silent rows of those that spoke now, at the mean rate that this makes likely."""
        if not columns.size:
            return
        center = self._center(rules.link)[columns]
        params = np.zeros((len(self.params), len(columns)))
        params[-1] = center
        eta = (center + (self.offset / np.maximum(self.weight, 1e-300))[columns])[None]
        value, slope, bend = row_derivatives(problem.row_loss, heard[None, columns], eta)
        self.past.draw(columns, params, value[0], slope[0], bend[0])
        self.params[:, columns] = params
        self.prior[columns] = 1.0  # to be looked at: one spike determines little

    # --- learning ------------------------------------------------------------------------------------------------

    def _learn(self, problem: GLMProblem, columns, share: FloatArray, rules: Rules, penalty: Penalty) -> None:
        """Move the estimates of some neurons, those of the problem, and add its parabola to the past."""
        center = self._center(rules.link)[columns]
        start, fresh = self.params[:, columns].copy(), self.weight[columns] <= share
        start[:, fresh] = 0.0
        start[-1, fresh] = center[fresh]
        if self.given is not None:
            start, self.given = self.moments.frame.convert(*self.given)[:, columns], None
        penalty = penalty.scaled(np.maximum(self.weight, 1e-300))
        penalty = penalty if isinstance(columns, slice) else penalty.select(columns)
        noise = RunningDispersion(self, problem, columns, share, center)
        for _ in range(_TURNS if fresh.any() else 1):
            descent = self._descend(noise.problem, columns, share, rules, penalty, start, center)
            start = descent.params
            if noise.settled(descent):
                break
        self.past.add(
            descent.touched,
            columns,
            share * descent.loss,
            share * descent.slope,
            share[:, None, None] * descent.hessian,
        )
        self.params[:, columns] = descent.params
        self.arrived[columns] = descent.arrived
        self.n_iter[columns] += descent.n_iter
        self.n_hessians += descent.n_hessians
        if rules.model.has_dispersion:
            self._scatter(problem, columns, share, rules.model)

    def _descend(self, problem: GLMProblem, columns, share, rules: Rules, penalty, start, center) -> Descent:
        """To the optimum of batch, past and penalty; with the prior only while it is needed."""
        middle = np.zeros_like(start)
        middle[-1] = center
        change = self.moments.frame.to(Frame(problem.design.center, problem.design.scale))
        free = self._free(rules.mask)[:, columns]
        descent = Descent(problem, change, self.past, columns, share, penalty, free, start, middle)
        if not self.fading and not self.prior[columns].any() and not np.any(self.weight[columns] <= share):
            descent.run(np.zeros(len(share)), np.ones(len(share), dtype=bool))
            return descent
        unit = self._unit(problem, center, rules)
        needed = ~descent.determined(_DETERMINED * unit, with_batch=False)
        descent.run(np.where(needed, unit, 0.0), np.ones(len(share), dtype=bool))
        enough = needed & descent.determined(_DETERMINED * unit, with_batch=True)
        if enough.any():
            before = descent.params.copy()
            descent.run(np.where(needed & ~enough, unit, 0.0), enough)
            descent.take_back(before, ~descent.arrived)
            enough &= descent.arrived
        self.prior[columns] = np.where(needed & ~enough, unit, 0.0)
        return descent

    def _free(self, mask: BoolArray | None) -> BoolArray:
        """Which parameters may move: not masked, and of a feature that is not constant so far."""
        free = np.ones(self.params.shape, dtype=bool)
        free[:-1] = self.moments.varied[:, None]
        if mask is not None:
            free[:-1] &= mask
        return free

    def _unit(self, problem: GLMProblem, center: FloatArray, rules: Rules) -> FloatArray:
        """Curvature of the prior, shape (neuron,): that of one row of the null model, or of as many as have a spike."""
        eta = np.broadcast_to(center, (problem.n_rows, len(center)))
        null = problem.evaluate(problem.start(), eta, np.ones(len(center)))
        unit = np.maximum(problem.column_means(null.curvature), 1e-300)
        if rules.model.has_dispersion:
            return unit
        with enable_x64():
            mean = np.asarray(rules.link(center), dtype=np.float64)
        return unit / np.clip(mean, 1e-300, 1.0)

    def _scatter(self, problem: GLMProblem, columns, share: FloatArray, model: AbstractObservationModel) -> None:
        """Add Pearson's statistic of the batch, at the estimate after it."""
        change = self.moments.frame.to(Frame(problem.design.center, problem.design.scale))
        mean = problem.mean(change.carry(self.params[:, columns]))
        weights = share * np.asarray(problem.weights)
        self.pearson[columns] += model.estimate_scale(np.asarray(problem.y), mean, 1.0, weights)

    # --- what is known -------------------------------------------------------------------------------------------

    def _solution(self, rules: Rules, penalty: Penalty, design: AbstractDesign) -> Solution:
        """The estimate, in the user's units."""
        frame, silent = self.moments.frame, self.silent
        params = self.params.copy()
        quiet = ~np.isnan(silent) | (self.weight == 0)
        params[:-1, quiet] = 0.0
        if quiet.any():
            floor = np.where(silent == 0.0, RATE_FLOOR, silent - RATE_FLOOR)
            params[-1, quiet] = rules.link.link(np.where(np.isnan(silent), RATE_FLOOR, floor))[quiet]
        coef, intercept = frame.restore(params)
        result = np.where(self.prior > 0, Result.COLLINEAR, Result.CONVERGED)
        result = np.where(self.arrived, result, Result.MAX_ITERATIONS)
        weight = np.maximum(self.weight, 1e-300)
        mean_loss = self.past.value(self.params, slice(None)) / weight
        loss = mean_loss + penalty.smooth(self.params) + penalty.kinks(self.params)
        stats: dict[str, Any] = {
            "solver": "stream",
            "reason": f"recursive Newton steps over {self.n_batches} batches",
            "passes": int(self.n_iter.max(initial=0)),
            "hessians": self.n_hessians,
            "n_parameters": self._n_parameters(coef, penalty, rules.mask),
            "n_rows_used": self.n_rows.copy(),
            "weight_used": self.weight.copy(),
            "design": repr(design),
            "seconds": self.seconds,
        }
        stats["dispersion"] = self._scale(rules, stats["weight_used"] - stats["n_parameters"])
        return Solution(coef, intercept, loss, np.where(quiet, Result.SILENT, result), self.n_iter.copy(), stats)

    def _n_parameters(self, coef: FloatArray, penalty: Penalty, mask: BoolArray | None):
        if penalty.norms is not None:
            return np.count_nonzero(coef, axis=0) + 1
        if penalty.diagonal().any():
            return (np.full(coef.shape[1], coef.shape[0]) if mask is None else mask.sum(axis=0)) + 1
        count = self._free(mask).sum(axis=0)
        for n in np.flatnonzero(self.prior > 0):  # collinear so far
            curvature = self.past.hessian[n]
            if curvature[-1, -1] > 0:
                side = curvature[-1, :-1]
                count[n] = np.linalg.matrix_rank(curvature[:-1, :-1] - np.outer(side, side) / curvature[-1, -1]) + 1
        return count

    def _scale(self, rules: Rules, dof: FloatArray) -> FloatArray:
        """Dispersion of each neuron, shape (neuron,)."""
        if self.dispersion is not None:
            return self.dispersion.copy()
        if not rules.model.has_dispersion:
            return np.ones(len(self.weight))
        total = self.pearson
        if rules.model.curvature_is_constant(rules.link):  # then the parabola is the loss, and knows more
            total = 2.0 * rules.model.loss_scale * self.past.value(self.params, slice(None))
        return total / np.maximum(dof, 1.0)


def _problem(standard, y, weights, terms: RowTerms, rules: Rules, columns) -> GLMProblem:
    """A batch as a solver sees it, for some of its neurons, without a penalty."""
    offset = None if terms.offset is None else np.nan_to_num(_columns(terms.offset, columns))
    return GLMProblem(
        standard,
        _padded(_columns(y, columns), standard.n_rows) if y.shape[1] > 1 else _padded(y, standard.n_rows),
        _columns(weights, columns),
        RowLoss(rules.model, rules.link),
        Penalty(np.zeros((standard.n_features + 1, len(columns)))),
        offset=None if offset is None else _padded(offset, standard.n_rows),
    )


def row_derivatives(row_loss: RowLoss, y: FloatArray, eta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Loss of rows and its first and second derivative in the predictor, each of the shape of `eta`."""
    import jax

    with enable_x64():
        y, eta = jax.numpy.asarray(y), jax.numpy.asarray(eta)
        ones = jax.numpy.ones_like(eta)

        def slope(eta):
            return jax.vjp(lambda eta: row_loss(y, eta), eta)[1](ones)[0]

        first, second = jax.jvp(slope, (eta,), (ones,))
        return np.asarray(row_loss(y, eta)), np.asarray(first), np.maximum(np.asarray(second), 0.0)
