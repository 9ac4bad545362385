"""Splines on equally spaced knots: B-splines, periodic B-splines and M-splines.

Only the `order` functions that are not zero at a sample are computed there, by the recursion of Cox and de Boor
(de Boor 1978, A Practical Guide to Splines, chapter X), and then put into their columns. Knot intervals are closed on
the left; the last one is closed on both sides, so that the right edge belongs to the splines in every precision.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays.xp import namespace
from .._types import FloatArray
from . import _penalty
from ._checks import check_count
from ._leaf import AbstractConvBasis, AbstractEvalBasis

__all__ = ["BSplineConv", "BSplineEval", "CyclicBSplineConv", "CyclicBSplineEval", "MSplineConv", "MSplineEval"]


def open_knots(n_basis_funcs: int, order: int) -> FloatArray:
    """Knots 0 = ... = 0 < ... < 1 = ... = 1, the inner ones equally spaced; n_basis_funcs + order of them."""
    inner = np.linspace(0.0, 1.0, n_basis_funcs - order + 2)
    return np.concatenate([np.zeros(order - 1), inner, np.ones(order - 1)])


def periodic_knots(n_basis_funcs: int, order: int) -> FloatArray:
    """Knots at every 1 / n_basis_funcs, order - 1 of them beyond either end of [0, 1]."""
    return np.arange(1 - order, n_basis_funcs + order) / n_basis_funcs


def nonzero_splines(u: Any, interval: Any, knots: FloatArray, order: int) -> list[Any]:
    """Values of the `order` B-splines that do not vanish on knot interval number `interval`, leftmost first."""
    xp = namespace(u)
    knots = xp.asarray(knots, dtype=u.dtype)
    values = [xp.ones_like(u)]
    for degree in range(1, order):
        left = [u - knots[interval + 1 - j] for j in range(degree, 0, -1)]
        right = [knots[interval + j] - u for j in range(1, degree + 1)]
        share = [value / (r + l) for value, l, r in zip(values, left, right)]
        falling = [s * r for s, r in zip(share, right)]
        rising = [s * l for s, l in zip(share, left)]
        values = [falling[0], *(up + down for up, down in zip(rising, falling[1:])), rising[-1]]
    return values


def b_splines(u: Any, n_basis_funcs: int, order: int) -> Any:
    """B-splines on open knots, shape (..., basis): they sum to 1 on [0, 1] and are NaN outside."""
    xp = namespace(u)
    values = _open_splines(u, n_basis_funcs, order)
    return xp.where(((u >= 0) & (u <= 1))[..., None], values, xp.nan)


def m_splines(u: Any, n_basis_funcs: int, order: int) -> Any:
    """M-splines, B-splines scaled to unit integral over [0, 1] (Ramsay 1988, Statistical Science 3, 425); 0 outside."""
    xp = namespace(u)
    values = _open_splines(u, n_basis_funcs, order) * _row(m_density(n_basis_funcs, order), u)
    values = xp.where(((u >= 0) & (u <= 1))[..., None], values, 0.0)
    return xp.where(xp.isnan(u)[..., None], xp.nan, values)


def m_density(n_basis_funcs: int, order: int) -> FloatArray:
    """What B-splines are multiplied with to have unit integral."""
    knots = open_knots(n_basis_funcs, order)
    return order / (knots[order:] - knots[:-order])


def cyclic_b_splines(u: Any, n_basis_funcs: int, order: int) -> Any:
    """Periodic B-splines with period 1, shape (..., basis): they sum to 1 on [0, 1] and are NaN outside."""
    xp = namespace(u)
    inside = (u >= 0) & (u <= 1)
    u = xp.where(inside, u, 0.0)
    interval = xp.clip(xp.floor(u * n_basis_funcs).astype(np.int32), 0, n_basis_funcs - 1)
    local = nonzero_splines(u, interval + order - 1, periodic_knots(n_basis_funcs, order), order)
    column = _row(np.arange(n_basis_funcs, dtype=np.int32), u)
    values = _place(local, (column - interval[..., None]) % n_basis_funcs)
    return xp.where(inside[..., None], values, xp.nan)


def _open_splines(u: Any, n_basis_funcs: int, order: int) -> Any:
    xp = namespace(u)
    knots = open_knots(n_basis_funcs, order)
    # the inner knots are k / n_inner: no search is needed, and rounding cannot leave the range
    n_inner = n_basis_funcs - order + 1
    step = xp.where(xp.isnan(u), 0.0, xp.clip(u, 0.0, 1.0)) * n_inner
    interval = xp.clip(xp.floor(step).astype(np.int32), 0, n_inner - 1)
    local = nonzero_splines(u, interval + order - 1, knots, order)
    column = _row(np.arange(n_basis_funcs, dtype=np.int32), u)
    return _place(local, column - interval[..., None])


def _place(local: list[Any], position: Any) -> Any:
    """Column c of a row holds ``local[position[c]]``, or 0 where there is no such entry."""
    xp = namespace(*local)
    values = xp.stack(local, axis=-1)
    here = (position >= 0) & (position < len(local))
    return xp.where(here, xp.take_along_axis(values, xp.where(here, position, 0), axis=-1), 0.0)


def _row(vector: np.ndarray, like: Any) -> np.ndarray:
    """`vector` along a new last axis of an array shaped like `like`."""
    return vector.reshape((1,) * like.ndim + (-1,))


def open_gram(n_basis_funcs: int, order: int, derivative: int) -> FloatArray:
    """Integrals over [0, 1] of products of derivatives of B-splines on open knots."""
    _check_derivative(derivative, order)
    slopes = np.eye(n_basis_funcs)
    knots = open_knots(n_basis_funcs, order)
    for k in range(order - 1, order - 1 - derivative, -1):  # de Boor 1978, chapter X, equation (15)
        knots = knots[1:-1]
        slopes = k * np.diff(slopes, axis=0) / (knots[k:] - knots[:-k])[:, None]
    n, k = n_basis_funcs - derivative, order - derivative
    nodes, weights = _penalty.gauss(n - k + 1, k)
    values = b_splines(nodes, n, k) @ slopes
    return (values * weights[:, None]).T @ values


def periodic_gram(n_basis_funcs: int, order: int, derivative: int) -> FloatArray:
    """Integrals over [0, 1] of products of derivatives of periodic B-splines."""
    _check_derivative(derivative, order)
    slopes = np.eye(n_basis_funcs)
    for _ in range(derivative):
        slopes = n_basis_funcs * (np.roll(slopes, -1, axis=0) - slopes)
    nodes, weights = _penalty.gauss(n_basis_funcs, order - derivative)
    values = cyclic_b_splines(nodes, n_basis_funcs, order - derivative) @ slopes
    return (values * weights[:, None]).T @ values


def _check_derivative(derivative: int, order: int) -> None:
    if derivative >= order:
        msg = (
            f"Splines of order {order} have no square-integrable derivative of order {derivative}: "
            "use splines of higher order, or kind='difference'."
        )
        raise ValueError(msg)


def _check_order(value: Any, owner: str) -> int:
    return check_count(value, "order", owner)


def _check_order_of_cycle(value: Any, owner: str) -> int:
    return check_count(value, "order", owner, at_least=2)


def _check_size(values: dict[str, Any], owner: str) -> None:
    if values["order"] > values["n_basis_funcs"]:
        msg = (
            f"{owner} `order` parameter cannot be larger than `n_basis_funcs` parameter, "
            f"got order={values['order']} and n_basis_funcs={values['n_basis_funcs']}."
        )
        raise ValueError(msg)


_SPLINE = {"n_basis_funcs": lambda value, owner: check_count(value, "n_basis_funcs", owner), "order": _check_order}
_CYCLE = _SPLINE | {"order": _check_order_of_cycle}


@dataclass(repr=False, eq=False)
class BSplineEval(AbstractEvalBasis):
    """B-splines, local and summing to 1, evaluated at the samples.

    Parameters
    ----------
    n_basis_funcs : int
        Number of functions, at least `order`.
    order : int
        Order of the splines, degree + 1; 4 is cubic.
    bounds : (float, float), optional
        Range of the input; default: smallest and largest sample of each call.
    fill_value : float
        Value of the rows whose samples are out of bounds.
    label : str, optional
        Name; default: the class name.
    """

    n_basis_funcs: int
    order: int = 4
    bounds: tuple[float, float] | None = None
    fill_value: float = math.nan
    label: str | None = None

    _checks = AbstractEvalBasis._checks | _SPLINE

    @classmethod
    def _check_together(cls, values: dict[str, Any]) -> None:
        _check_size(values, cls.__name__)

    def _functions(self, u: Any) -> Any:
        return b_splines(u, self.n_basis_funcs, self.order)

    def _gram(self, order: int) -> FloatArray:
        return open_gram(self.n_basis_funcs, self.order, order)


@dataclass(repr=False, eq=False)
class BSplineConv(AbstractConvBasis):
    """B-splines, local and summing to 1 over a window of lags, convolved with the samples.

    Parameters
    ----------
    n_basis_funcs : int
        Number of functions, at least `order`.
    window_size : int
        Length of the window, samples.
    order : int
        Order of the splines, degree + 1; 4 is cubic.
    label : str, optional
        Name; default: the class name.
    conv_kwargs : dict, optional
        Options of `rheobase.convolve.create_convolutional_predictor`, except `axis`.
    """

    n_basis_funcs: int
    window_size: int
    order: int = 4
    label: str | None = None
    conv_kwargs: dict[str, Any] | None = None

    _checks = AbstractConvBasis._checks | _SPLINE

    @classmethod
    def _check_together(cls, values: dict[str, Any]) -> None:
        _check_size(values, cls.__name__)

    def _functions(self, u: Any) -> Any:
        return b_splines(u, self.n_basis_funcs, self.order)

    def _gram(self, order: int) -> FloatArray:
        return open_gram(self.n_basis_funcs, self.order, order)


@dataclass(repr=False, eq=False)
class CyclicBSplineEval(AbstractEvalBasis):
    """Periodic B-splines, evaluated at the samples.

    Parameters
    ----------
    n_basis_funcs : int
        Number of functions, at least `order`.
    order : int
        Order of the splines, degree + 1, >= 2; 4 is cubic.
    bounds : (float, float), optional
        The period; default: smallest and largest sample of each call.
    fill_value : float
        Value of the rows whose samples are out of bounds.
    label : str, optional
        Name; default: the class name.
    """

    n_basis_funcs: int
    order: int = 4
    bounds: tuple[float, float] | None = None
    fill_value: float = math.nan
    label: str | None = None

    _checks = AbstractEvalBasis._checks | _CYCLE

    @classmethod
    def _check_together(cls, values: dict[str, Any]) -> None:
        _check_size(values, cls.__name__)

    def _functions(self, u: Any) -> Any:
        return cyclic_b_splines(u, self.n_basis_funcs, self.order)

    def _gram(self, order: int) -> FloatArray:
        return periodic_gram(self.n_basis_funcs, self.order, order)

    def _roughness(self, order: int, kind: str) -> FloatArray:
        if kind == "difference":
            return _penalty.of_coefficients(self.n_basis_funcs, order, periodic=True)
        return self._gram(order)


@dataclass(repr=False, eq=False)
class CyclicBSplineConv(AbstractConvBasis):
    """Periodic B-splines over a window of lags, convolved with the samples.

    Parameters
    ----------
    n_basis_funcs : int
        Number of functions, at least `order`.
    window_size : int
        Length of the window, samples.
    order : int
        Order of the splines, degree + 1, >= 2; 4 is cubic.
    label : str, optional
        Name; default: the class name.
    conv_kwargs : dict, optional
        Options of `rheobase.convolve.create_convolutional_predictor`, except `axis`.
    """

    n_basis_funcs: int
    window_size: int
    order: int = 4
    label: str | None = None
    conv_kwargs: dict[str, Any] | None = None

    _checks = AbstractConvBasis._checks | _CYCLE

    @classmethod
    def _check_together(cls, values: dict[str, Any]) -> None:
        _check_size(values, cls.__name__)

    def _functions(self, u: Any) -> Any:
        return cyclic_b_splines(u, self.n_basis_funcs, self.order)

    def _gram(self, order: int) -> FloatArray:
        return periodic_gram(self.n_basis_funcs, self.order, order)

    def _roughness(self, order: int, kind: str) -> FloatArray:
        if kind == "difference":
            return _penalty.of_coefficients(self.n_basis_funcs, order, periodic=True)
        return self._gram(order)


@dataclass(repr=False, eq=False)
class MSplineEval(AbstractEvalBasis):
    """M-splines, local and of unit integral, evaluated at the samples.

    Parameters
    ----------
    n_basis_funcs : int
        Number of functions, at least `order`.
    order : int
        Order of the splines, degree + 1; 4 is cubic.
    bounds : (float, float), optional
        Range of the input; default: smallest and largest sample of each call.
    fill_value : float
        Value of the rows whose samples are out of bounds.
    label : str, optional
        Name; default: the class name.
    """

    n_basis_funcs: int
    order: int = 4
    bounds: tuple[float, float] | None = None
    fill_value: float = math.nan
    label: str | None = None

    _checks = AbstractEvalBasis._checks | _SPLINE
    is_density = True

    @classmethod
    def _check_together(cls, values: dict[str, Any]) -> None:
        _check_size(values, cls.__name__)

    def _functions(self, u: Any) -> Any:
        return m_splines(u, self.n_basis_funcs, self.order)

    def _gram(self, order: int) -> FloatArray:
        density = m_density(self.n_basis_funcs, self.order)
        return density[:, None] * open_gram(self.n_basis_funcs, self.order, order) * density


@dataclass(repr=False, eq=False)
class MSplineConv(AbstractConvBasis):
    """M-splines, local and of unit integral over a window of lags, convolved with the samples.

    Parameters
    ----------
    n_basis_funcs : int
        Number of functions, at least `order`.
    window_size : int
        Length of the window, samples.
    order : int
        Order of the splines, degree + 1; 4 is cubic.
    label : str, optional
        Name; default: the class name.
    conv_kwargs : dict, optional
        Options of `rheobase.convolve.create_convolutional_predictor`, except `axis`.
    """

    n_basis_funcs: int
    window_size: int
    order: int = 4
    label: str | None = None
    conv_kwargs: dict[str, Any] | None = None

    _checks = AbstractConvBasis._checks | _SPLINE
    is_density = True

    @classmethod
    def _check_together(cls, values: dict[str, Any]) -> None:
        _check_size(values, cls.__name__)

    def _functions(self, u: Any) -> Any:
        return m_splines(u, self.n_basis_funcs, self.order)

    def _gram(self, order: int) -> FloatArray:
        density = m_density(self.n_basis_funcs, self.order)
        return density[:, None] * open_gram(self.n_basis_funcs, self.order, order) * density
