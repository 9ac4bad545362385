r"""Minimum of a quadratic plus norms of groups between bounds: the step of a proximal Newton method for one neuron.

.. math:: \min_d\; g^\top d + \tfrac12 d^\top H d + \sum_g \lambda_g \lVert u_g + d_g \rVert,
    \qquad l \le u + d \le h

A group that is not zero is a smooth function of its coefficients, so Newton's method with exact curvature serves all
groups that are not zero at once; what is special is only how a group becomes zero and how it leaves zero. Groups of
one (lasso) stop at zero where their path crosses it; larger groups are tested block by block (a group is zero at the
optimum exactly if its gradient there is within :math:`\lambda_g`). Coefficients at a bound that would leave it are
held, the others take the Newton step, bent at the bounds it meets. Each step lowers the quadratic, and few are needed.

References
----------
Lee, Battle, Raina & Ng (2007), *Efficient sparse coding algorithms* (feature-sign search, groups of one); Yuan & Lin
(2006), *Model selection and estimation in regression with grouped variables* (when a group is zero); Bertsekas (1982),
*Projected Newton methods for optimization problems with simple constraints* (bounds).
"""

from __future__ import annotations

import numpy as np

from .._types import BoolArray, FloatArray, IntArray
from ._linear import solve_spd
from ._penalty import blocked

__all__ = ["GroupedQuadratic", "kkt_residual"]

_STEPS = 200
_ACCURACY = 1e-12
"""Relative; a Newton step below this, in units of the curvature, ends the search."""

_SLACK = 1e-10
"""Relative; a group at zero whose gradient exceeds its strength by less than this stays there."""

_CUSHION = 1e-10
"""Share of the diagonal added to the curvature of a step, so that collinear features have a finite one."""

_SHORTER = np.append(0.5 ** np.arange(1, 12), 0.0)
"""Steps that are tried beside the full one, as shares of it."""

_SHORT = 0.2
"""After a step that was worth less than this share of it, groups go to their own minimum one by one."""

_CORNERS = 64
"""Corners of the path of a step that are looked at, the nearest first."""


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
    lower, upper
        Bounds of the coefficients, shape (n,); none by default.
    """

    def __init__(
        self,
        gradient: FloatArray,
        hessian: FloatArray,
        point: FloatArray,
        member: IntArray,
        strength: FloatArray,
        lower: FloatArray | None = None,
        upper: FloatArray | None = None,
    ):
        self.gradient, self.hessian, self.point = gradient, hessian, point
        penalised = np.append(strength, 0.0)[member] > 0  # the last stands for no group
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
        self.bounded = lower is not None and upper is not None
        self._spectra: dict[int, tuple[FloatArray, FloatArray]] = {}
        self._length, self._direction = 1.0, np.zeros(point.size)
        self.lower = np.full(point.size, -np.inf) if lower is None else lower
        self.upper = np.full(point.size, np.inf) if upper is None else upper
        self._several = self.size > 1
        if self._several.any():
            self._same = (self.group[:, None] == self.group) & np.append(self._several, False)[self.group]
            self._own = np.where(self._same, hessian, 0.0)

    def solve(self, forcing: float = 0.0) -> FloatArray:
        """The point at the minimum, shape (n,); zeros and bounds are exact.

        Parameters
        ----------
        forcing
            A Newton step shorter than this, relative to the way from the start, ends the search too. Who will compute
            the quadratic anew needs no more digits than it has.
        """
        value = np.clip(self.point, self.lower, self.upper)
        slope = self.gradient + self.hessian @ (value - self.point)
        held = blocked(value, self._gradient(value, slope), self.lower, self.upper)
        tried: set[bytes] = set()
        for _ in range(max(_STEPS, 4 * value.size if self.bounded else 0)):
            value, slope = self._leave_or_enter(value, slope)
            if self._length < _SHORT:
                value, slope = self._one_by_one(value, slope)
            active = self._active(value)
            if self.bounded:
                held &= self._at_bound(value)
                active &= ~held
            value_next, largest = self._newton(value, slope, active)
            slope = self.gradient + self.hessian @ (value_next - self.point)
            gone = np.max(np.abs(value_next - self.point) * np.sqrt(self.diagonal), initial=0.0)
            settled = largest <= max(_ACCURACY * self._scale(value_next), forcing * gone)
            value = value_next
            met = self._meeting(value, active)  # held until the others are where they should be
            held |= met
            if settled and not met.any():
                let_go = held & self._leaving(value, slope)
                if not let_go.any() and not self._violating(value, slope).any():
                    break
                held &= ~let_go
            state = value.tobytes() + held.tobytes() + bytes([int(self._length < _SHORT)])
            if state in tried:  # rounding moves it no more
                break
            tried.add(state)
        return value

    # --- bounds ------------------------------------------------------------------------------------------------

    def _at_bound(self, value: FloatArray) -> BoolArray:
        return (value <= self.lower) | (value >= self.upper)

    def _meeting(self, value: FloatArray, active: BoolArray) -> BoolArray:
        """Which of the active coefficients the last step led to a bound, or along it."""
        if not self.bounded:
            return np.zeros(value.size, dtype=bool)
        return active & blocked(value, -self._direction, self.lower, self.upper)

    def _leaving(self, value: FloatArray, slope: FloatArray) -> BoolArray:
        """Which coefficients would go down away from their bound, by more than rounding."""
        if not self.bounded:
            return np.zeros(value.size, dtype=bool)
        gradient = self._gradient(value, slope)
        steep = np.abs(gradient) > _ACCURACY * self._scale(value) * np.sqrt(self.diagonal)
        return self._active(value) & steep & ~blocked(value, gradient, self.lower, self.upper)

    def _open(self, value: FloatArray, slope: FloatArray, rows=slice(None)) -> FloatArray:
        """The slope of coefficients `rows`, without what leads out of the bounds."""
        if not self.bounded:
            return slope
        return np.where(blocked(value, slope, self.lower[rows], self.upper[rows]), 0.0, slope)

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
        return zero & (self._norms(self._open(value, slope)) > self.strength * (1 + _SLACK) + noise)

    def _leave_or_enter(self, value: FloatArray, slope: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Groups of several are set to zero where that is their optimum; groups at zero that want to move, do."""
        for g in np.flatnonzero(self._may_leave(value, slope)):
            rows = self.members[g]
            if np.any((self.lower[rows] > 0) | (self.upper[rows] < 0)):
                continue
            block = self.hessian[np.ix_(rows, rows)]
            without = self._open(np.zeros(rows.size), slope[rows] - block @ value[rows], rows)
            if np.sqrt(without @ without) <= self.strength[g]:  # others that have left may have changed that
                slope = slope - self.hessian[:, rows] @ value[rows]
                value[rows] = 0.0
        violating = np.flatnonzero(self._violating(value, slope))
        for g in violating[np.argsort(-(self._norms(self._open(value, slope)) / self.strength)[violating])]:
            rows = self.members[g]
            pull = self._open(value[rows], slope[rows], rows)
            length = np.sqrt(pull @ pull)
            if length <= self.strength[g]:  # another group that has moved since explains it
                continue
            bend = self.diagonal[rows].sum()  # at least the largest eigenvalue of the block
            move = -(1.0 - self.strength[g] / length) / bend * pull
            move = np.clip(move, self.lower[rows], self.upper[rows])
            value[rows] = move
            slope = slope + self.hessian[:, rows] @ move
        return value, slope

    def _may_leave(self, value: FloatArray, slope: FloatArray) -> BoolArray:
        """Which groups of several, not zero, would have their optimum at zero if no other group left first."""
        if not self._several.any():
            return self._several
        without = self._open(np.zeros(value.size), slope - self._own @ value)
        leave = self._several & (self._norms(without) <= self.strength)
        return leave & (self._norms(value) > 0) if leave.any() else leave

    def _one_by_one(self, value: FloatArray, slope: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Every group that is not zero at its own minimum, or lower: the way around a kink that Newton's steps miss."""
        value = value.copy()
        for g in np.flatnonzero((self._norms(value) > 0) & (self.size > 1)):
            rows = self.members[g]
            new = self._alone(g, value[rows], slope[rows])
            slope = slope + self.hessian[:, rows] @ (new - value[rows])
            value[rows] = new
        return value, slope

    def _alone(self, g: int, value: FloatArray, slope: FloatArray) -> FloatArray:
        """Minimum over one group, the others held; where that lies out of bounds, a step towards it."""
        rows = self.members[g]
        total = slope + self.strength[g] * value / np.sqrt(value @ value)
        held = blocked(value, total, self.lower[rows], self.upper[rows])
        if np.any(value[held]):  # the norm is that of the others no more
            step = 1.0 / self.diagonal[rows].sum()
            return _nearest(value - step * slope, step * self.strength[g], self.lower[rows], self.upper[rows])
        bend, vectors = self._spectrum(g, held)
        pull = vectors.T @ slope[~held] - bend * (vectors.T @ value[~held])
        aim = np.zeros_like(value)
        if np.sqrt(pull @ pull) > self.strength[g]:
            aim[~held] = -vectors @ _shrunk(pull, bend, float(self.strength[g]))
        if not self.bounded:
            return aim
        wall = np.where(aim > value, self.upper[rows], self.lower[rows])
        beyond = (aim > self.upper[rows]) | (aim < self.lower[rows])
        share = np.min((wall - value)[beyond] / (aim - value)[beyond], initial=1.0)
        return np.clip(value + share * (aim - value), self.lower[rows], self.upper[rows])

    def _spectrum(self, g: int, held: BoolArray) -> tuple[FloatArray, FloatArray]:
        """Eigenvalues and vectors of a group's block without the `held`, kept for whole groups."""
        if not held.any() and g in self._spectra:
            return self._spectra[g]
        rows = self.members[g][~held]
        values, vectors = np.linalg.eigh(self.hessian[np.ix_(rows, rows)])
        found = np.maximum(values, 0.0), vectors
        if not held.any():
            self._spectra[g] = found
        return found

    # --- Newton's method where it is smooth ----------------------------------------------------------------------

    def _newton(self, value: FloatArray, slope: FloatArray, active: BoolArray) -> tuple[FloatArray, float]:
        """One step of the active coefficients, and its largest entry in units of the curvature."""
        gradient = self._gradient(value, slope)
        rows, self._direction = np.flatnonzero(active), np.zeros_like(value)
        if rows.size == 0:
            return value, 0.0
        inside, diagonal = np.ix_(rows, rows), np.arange(rows.size)
        gradient, curvature = gradient[rows], self.hessian[inside]
        if self._several.any():
            norms = self._norms(value)
            alive = self._several & (norms > 0)
            each = np.append(np.divide(1.0, norms, out=np.zeros_like(norms), where=alive), 0.0)[self.group[rows]]
            bend = each * np.append(self.strength, 0.0)[self.group[rows]]
            unit = np.sqrt(bend) * each * value[rows]
            curvature -= self._same[inside] * np.outer(unit, unit)
            curvature[diagonal, diagonal] += bend
        curvature[diagonal, diagonal] *= 1.0 + _CUSHION
        step, _ = solve_spd(curvature, -gradient)
        self._direction[rows] = step
        return self._along(value, slope, self._direction), float(np.max(np.abs(step) * np.sqrt(self.diagonal[rows])))

    def _gradient(self, value: FloatArray, slope: FloatArray) -> FloatArray:
        """Of everything, for coefficients of groups that are not zero, shape (n,)."""
        norms = np.append(self._norms(value), 0.0)
        alive = norms[self.group] > 0
        out = slope.copy()
        out[alive] += self.strength[self.group[alive]] * value[alive] / norms[self.group[alive]]
        return out

    def _along(self, value: FloatArray, slope: FloatArray, direction: FloatArray) -> FloatArray:
        """The lowest of the full step, some shorter ones and those at which a group of one reaches zero."""
        if self.bounded:
            return self._along_bent(value, slope, direction)
        single = np.append(self.size == 1, False)[self.group]
        crosses = single & (value != 0) & (value * (value + direction) < 0)
        where = -value[crosses] / direction[crosses]
        lengths = np.concatenate(([1.0], where, _SHORTER))
        linear, bend = slope @ direction, direction @ (self.hessian @ direction)
        heights = lengths * linear + 0.5 * lengths**2 * bend
        heights += self._norms_along(value, direction, lengths) @ self.strength
        best = int(np.argmin(heights))
        self._length = lengths[best]
        out = value + lengths[best] * direction
        # who reaches zero here stays there: rounding would leave a trace
        out[np.flatnonzero(crosses)[where == lengths[best]]] = 0.0
        return out

    def _along_bent(self, value: FloatArray, slope: FloatArray, direction: FloatArray) -> FloatArray:
        """The same on the path that is bent where it meets a bound."""
        single = np.append(self.size == 1, False)[self.group]
        crosses = single & (value != 0) & (value * (value + direction) < 0)
        wall = np.where(direction > 0, self.upper, self.lower)
        moving = (direction != 0) & (value != wall)
        meets, zeros = np.full(value.size, np.inf), np.full(value.size, np.inf)
        with np.errstate(over="ignore"):
            meets[moving] = (wall - value)[moving] / direction[moving]
        zeros[crosses] = -value[crosses] / direction[crosses]
        corners = np.append(meets, zeros)
        corners = np.sort(corners[(corners > 0) & (corners < 1)])[:_CORNERS]
        lengths = np.concatenate(([1.0], corners, _SHORTER))
        ends = np.clip(value + lengths[:, None] * direction, self.lower, self.upper)
        moves = ends - value
        heights = moves @ slope + 0.5 * np.einsum("li,li->l", moves @ self.hessian, moves)
        inside = self.group >= 0
        groups = (np.arange(len(lengths))[:, None] * self.n_groups + self.group[inside]).ravel()
        sums = np.bincount(groups, (ends[:, inside] ** 2).ravel(), len(lengths) * self.n_groups)
        heights += np.sqrt(sums).reshape(len(lengths), self.n_groups) @ self.strength
        best = int(np.argmin(heights))
        self._length = lengths[best]
        # who reaches zero or a bound here stays there: rounding would leave a trace
        out = np.where(meets == lengths[best], wall, ends[best])
        out[zeros == lengths[best]] = 0.0
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


def _shrunk(pull: FloatArray, bend: FloatArray, strength: float) -> FloatArray:
    r"""The x for which ``bend * x + strength * x / |x| = pull``, where ``|pull| > strength > 0``.

    Its length r solves :math:`\sum_i (p_i / (r b_i + \lambda))^2 = 1`; Newton's steps for the root of one over the
    square root of that sum come from below and do not pass it.
    """
    length = 0.0
    for _ in range(100):
        parts = pull / (length * bend + strength)
        size = np.sqrt(parts @ parts)
        fall = parts @ (parts * bend / (length * bend + strength))
        step = (size - 1.0) * size**2 / max(fall, 1e-300)
        length += step
        if not step > 1e-15 * length:
            break
    return length * pull / (length * bend + strength)


def _nearest(target: FloatArray, strength: float, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Minimum of ``|x - target|^2 / 2 + strength |x|`` between bounds, by bisection for the length of x."""
    low, high = 0.0, float(np.sqrt(np.sum(np.clip(target, lower, upper) ** 2)))
    for _ in range(100):
        middle = 0.5 * (low + high)
        x = np.clip(target * (middle / (middle + strength)), lower, upper)
        low, high = (middle, high) if x @ x > middle**2 else (low, middle)
    return np.clip(target * (high / (high + strength)), lower, upper) if high > 0 else np.clip(0.0, lower, upper)


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
