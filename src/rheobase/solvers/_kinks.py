r"""Minimum of a quadratic plus norms of groups: the step of a proximal Newton method for one neuron.

.. math:: \min_d\; g^\top d + \tfrac12 d^\top H d + \sum_g \lambda_g \lVert u_g + d_g \rVert

A group that is not zero is a smooth function of its coefficients, so Newton's method with exact curvature serves all
groups that are not zero at once; what is special is only how a group becomes zero and how it leaves zero. Groups of
one (lasso) stop at zero where their path crosses it; larger groups are tested block by block (a group is zero at the
optimum exactly if its gradient there is within :math:`\lambda_g`). Each step lowers the quadratic, and few are needed.

References
----------
Lee, Battle, Raina & Ng (2007), *Efficient sparse coding algorithms* (feature-sign search, groups of one); Yuan & Lin
(2006), *Model selection and estimation in regression with grouped variables* (when a group is zero).
"""

from __future__ import annotations

import numpy as np

from .._types import BoolArray, FloatArray, IntArray
from ._linear import solve_spd

__all__ = ["GroupedQuadratic", "kkt_residual"]

_STEPS = 200
_ACCURACY = 1e-12
"""Relative; a Newton step below this, in units of the curvature, ends the search."""

_SLACK = 1e-10
"""Relative; a group at zero whose gradient exceeds its strength by less than this stays there."""

_CUSHION = 1e-10
"""Share of the diagonal added to the curvature of a step, so that collinear features have a finite one."""


class GroupedQuadratic:
    """The problem above for one neuron.

    Parameters
    ----------
    gradient, hessian
        Of the smooth part at `point`, shapes (n,) and (n, n).
    point
        Where the step starts, shape (n,).
    member
        Group of each coefficient, -1 for none, shape (n,).
    strength
        Of each group, >= 0, shape (group,).
    """

    def __init__(self, gradient: FloatArray, hessian: FloatArray, point: FloatArray, member: IntArray, strength):
        self.gradient, self.hessian, self.point = gradient, hessian, point
        penalised = (member >= 0) & (np.asarray(strength)[np.maximum(member, 0)] > 0)
        _, group = np.unique(np.where(penalised, member, -1), return_inverse=True)
        first = 0 if penalised.all() else 1  # the lowest label stands for no penalty
        self.group = group - first
        self.n_groups = int(self.group.max(initial=-1)) + 1
        order = np.argsort(self.group, kind="stable")
        ends = np.searchsorted(self.group[order], np.arange(self.n_groups + 1))
        self.members = [order[ends[g] : ends[g + 1]] for g in range(self.n_groups)]
        self.size = np.diff(ends)
        self.strength = np.array([strength[member[rows[0]]] for rows in self.members])
        self.diagonal = np.maximum(np.diagonal(hessian), 1e-300)

    def solve(self) -> FloatArray:
        """The point at the minimum, shape (n,); zeros are exact."""
        value, slope = self.point.copy(), self.gradient.copy()
        tried: set[bytes] = set()
        for _ in range(_STEPS):
            value, slope = self._leave_or_enter(value, slope)
            active = self._active(value)
            value_next, largest = self._newton(value, slope, active)
            slope = self.gradient + self.hessian @ (value_next - self.point)
            settled = largest <= _ACCURACY * self._scale(value_next)
            value = value_next
            if settled and not self._violating(value, slope).any():
                break
            state = value.tobytes()
            if state in tried:  # rounding moves it no more
                break
            tried.add(state)
        return value

    # --- groups ------------------------------------------------------------------------------------------------

    def _norms(self, values: FloatArray) -> FloatArray:
        """Norm of each group, shape (group,)."""
        inside = self.group >= 0
        return np.sqrt(np.bincount(self.group[inside], values[inside] ** 2, self.n_groups))

    def _active(self, value: FloatArray) -> BoolArray:
        """Which coefficients are free or belong to a group that is not zero."""
        alive = np.append(self._norms(value) > 0, True)  # the last stands for group -1
        return alive[self.group]

    def _violating(self, value: FloatArray, slope: FloatArray) -> BoolArray:
        """Which groups are zero and should not be."""
        noise = 1e-14 * np.abs(self.gradient).max(initial=0.0)
        zero = self._norms(value) == 0
        return zero & (self._norms(slope) > self.strength * (1 + _SLACK) + noise)

    def _leave_or_enter(self, value: FloatArray, slope: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Groups of several are set to zero where that is their optimum; groups at zero that want to move, do."""
        norms = self._norms(value)
        for g in np.flatnonzero((norms > 0) & (self.size > 1)):
            rows = self.members[g]
            block = self.hessian[np.ix_(rows, rows)]
            without = slope[rows] - block @ value[rows]
            if np.sqrt(without @ without) <= self.strength[g]:
                slope = slope - self.hessian[:, rows] @ value[rows]
                value[rows] = 0.0
        violating = np.flatnonzero(self._violating(value, slope))
        for g in violating[np.argsort(-(self._norms(slope) / self.strength)[violating])]:
            rows = self.members[g]
            length = np.sqrt(slope[rows] @ slope[rows])
            if length <= self.strength[g]:  # another group that has moved since explains it
                continue
            bend = self.diagonal[rows].sum()  # at least the largest eigenvalue of the block
            move = -(1.0 - self.strength[g] / length) / bend * slope[rows]
            value[rows] = move
            slope = slope + self.hessian[:, rows] @ move
        return value, slope

    # --- Newton's method where it is smooth ----------------------------------------------------------------------

    def _newton(self, value: FloatArray, slope: FloatArray, active: BoolArray) -> tuple[FloatArray, float]:
        """One step of the active coefficients, and its largest entry in units of the curvature."""
        rows = np.flatnonzero(active)
        if rows.size == 0:
            return value, 0.0
        gradient, curvature = slope[rows].copy(), self.hessian[np.ix_(rows, rows)].copy()
        place = np.full(value.size, -1)
        place[rows] = np.arange(rows.size)
        single = np.append(self.size == 1, False)[self.group[rows]]
        gradient[single] += self.strength[self.group[rows[single]]] * np.sign(value[rows[single]])
        for g in np.flatnonzero((self.size > 1) & (self._norms(value) > 0)):
            here = place[self.members[g]]
            length = np.sqrt(np.sum(value[self.members[g]] ** 2))
            unit = value[self.members[g]] / length
            gradient[here] += self.strength[g] * unit
            bend = self.strength[g] / length
            curvature[np.ix_(here, here)] += bend * (np.eye(here.size) - np.outer(unit, unit))
        diagonal = np.arange(rows.size)
        curvature[diagonal, diagonal] *= 1.0 + _CUSHION
        step, _ = solve_spd(curvature, -gradient)
        direction = np.zeros_like(value)
        direction[rows] = step
        return self._along(value, slope, direction), float(np.max(np.abs(step) * np.sqrt(self.diagonal[rows])))

    def _along(self, value: FloatArray, slope: FloatArray, direction: FloatArray) -> FloatArray:
        """The lowest of the full step, some shorter ones and those at which a group of one reaches zero."""
        single = np.append(self.size == 1, False)[self.group]
        crosses = single & (value != 0) & (value * (value + direction) < 0)
        where = -value[crosses] / direction[crosses]
        lengths = np.concatenate(([1.0], where, 0.5 ** np.arange(1, 12)))
        linear, bend = slope @ direction, direction @ (self.hessian @ direction)
        heights = lengths * linear + 0.5 * lengths**2 * bend
        heights += self._norms_along(value, direction, lengths) @ self.strength
        best = int(np.argmin(heights))
        out = value + lengths[best] * direction
        # who reaches zero here stays there: rounding would leave a trace
        out[np.flatnonzero(crosses)[where == lengths[best]]] = 0.0
        return out

    def _norms_along(self, value: FloatArray, direction: FloatArray, lengths: FloatArray) -> FloatArray:
        """Norms of the groups after each step length, shape (length, group)."""
        inside = self.group >= 0
        groups = self.group[inside]
        squares = np.bincount(groups, value[inside] ** 2, self.n_groups)
        mixed = np.bincount(groups, value[inside] * direction[inside], self.n_groups)
        moved = np.bincount(groups, direction[inside] ** 2, self.n_groups)
        length = lengths[:, None]
        return np.sqrt(np.maximum(squares + 2 * length * mixed + length**2 * moved, 0.0))

    def _scale(self, value: FloatArray) -> float:
        return max(float(np.max(np.abs(value) * np.sqrt(self.diagonal), initial=0.0)), 1e-9)


def kkt_residual(gradient: FloatArray, params: FloatArray, member: IntArray, strength: FloatArray) -> FloatArray:
    """How far each coefficient is from the optimality conditions, shape (n,).

    Parameters
    ----------
    gradient
        Of the smooth part, shape (n,).
    params
        Coefficients, shape (n,).
    member, strength
        As in `GroupedQuadratic`.

    Returns
    -------
    FloatArray
        ``|gradient + strength * w_g / |w_g||`` where a group is not zero; where it is, what its gradient has beyond the
        strength.
    """
    out = np.abs(gradient)
    for g in range(strength.size):
        rows = np.flatnonzero(member == g)
        length = np.sqrt(np.sum(params[rows] ** 2))
        if length > 0:
            out[rows] = np.abs(gradient[rows] + strength[g] * params[rows] / length)
        elif rows.size:
            steep = np.sqrt(np.sum(gradient[rows] ** 2))
            out[rows] *= max(1.0 - strength[g] / steep, 0.0) if steep > 0 else 0.0
    return out
