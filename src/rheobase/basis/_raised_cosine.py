"""Raised cosines: overlapping bumps on a linear or a logarithmic axis (Pillow et al. 2005, J. Neurosci. 25, 11003)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays.xp import namespace
from .._types import FloatArray
from . import _penalty
from ._checks import check_count, check_number
from ._leaf import AbstractConvBasis, AbstractEvalBasis

__all__ = ["RaisedCosineLinearConv", "RaisedCosineLinearEval", "RaisedCosineLogConv", "RaisedCosineLogEval"]


def linear_bumps(u: Any, n_basis_funcs: int, width: float, last_peak: float = 1.0) -> Any:
    """Cosine bumps with peaks of height 1 equally spaced on [0, last_peak]; shape (..., basis).

    A bump reaches zero `width` peak distances from its peak; for whole 2 * `width` the inner ones sum to a constant.
    """
    xp = namespace(u)
    spacing = last_peak / (n_basis_funcs - 1)
    peaks = np.linspace(0.0, last_peak, n_basis_funcs).reshape((1,) * u.ndim + (-1,))
    distance = (u[..., None] - xp.asarray(peaks, dtype=u.dtype)) / spacing
    return 0.5 * (1 + xp.cos(xp.clip(np.pi / width * distance, -np.pi, np.pi)))


def log_bumps(u: Any, n_basis_funcs: int, width: float, time_scaling: float, enforce_decay_to_zero: bool) -> Any:
    """Bumps on the axis log(time_scaling u + 1), scaled to [0, 1]: narrow near 0, wide near 1.

    With `enforce_decay_to_zero` the last peaks stand back from the end, so that all bumps are zero at 1.
    """
    xp = namespace(u)
    last_peak = _last_peak(n_basis_funcs, width, enforce_decay_to_zero)
    with np.errstate(invalid="ignore", divide="ignore"):  # far below the bounds there is no logarithm: NaN
        stretched = xp.log(time_scaling * u + 1) / math.log(time_scaling + 1)
    return linear_bumps(stretched, n_basis_funcs, width, last_peak)


def _last_peak(n_basis_funcs: int, width: float, enforce_decay_to_zero: bool) -> float:
    return 1 - width / (n_basis_funcs + width - 1) if enforce_decay_to_zero else 1.0


_NODES = 32
"""Gauss nodes between neighbouring ends of bumps, where all of them are waves: machine precision for any stretch."""


def bump_gram(
    n_basis_funcs: int, width: float, derivative: int, last_peak: float = 1.0, time_scaling: float | None = None
) -> FloatArray:
    """Integrals over u in [0, 1] of products of derivatives of bumps in u.

    With `time_scaling` s, bumps are functions of v = log(s u + 1) / log(s + 1), whose inverse has the slope
    u' = L (s + 1)^v / s with L = log(s + 1), and u'' = L u': a first derivative in u is B' / u', a second one
    (B'' - L B') / u'^2. Without, u is v.

    Raises
    ------
    ValueError
        Above the second derivative: a bump's curvature jumps where it ends.
    """
    if derivative > 2:
        msg = (
            f"Raised cosines have no square-integrable derivative of order {derivative}: use order 1 or 2, or "
            "kind='difference'."
        )
        raise ValueError(msg)
    peaks = np.linspace(0.0, last_peak, n_basis_funcs)
    reach = width * last_peak / (n_basis_funcs - 1)
    edges = np.concatenate([peaks - reach, peaks + reach, [0.0, 1.0]])
    v, weights = _penalty.gauss_between(np.unique(np.clip(edges, 0.0, 1.0)), _NODES)
    slope, bend = np.ones_like(v), 0.0
    if time_scaling is not None:
        bend = math.log1p(time_scaling)
        slope = bend * np.exp(bend * v) / time_scaling
    rate = np.pi / reach
    phase = rate * (v[:, None] - peaks)
    inside = np.abs(phase) < np.pi
    if derivative == 0:
        values = np.where(inside, 0.5 * (1 + np.cos(phase)), 0.0)
    else:
        values = np.where(inside, -0.5 * rate * np.sin(phase), 0.0)
    if derivative == 2:
        values = np.where(inside, -0.5 * rate**2 * np.cos(phase), 0.0) - bend * values
    weights = weights * slope ** (1 - 2 * derivative)
    return values.T @ (weights[:, None] * values)


def _check_width(value: Any, owner: str) -> float:
    width = check_number(value, "width", owner)
    if width <= 1 or 2 * width != round(2 * width):
        msg = (
            f"Invalid raised cosine width of {owner}: it must be strictly greater than 1 and 2*width an integer, "
            f"got width={value!r}. Other widths leave ripples in the sum of the bumps."
        )
        raise ValueError(msg)
    return width


def _check_time_scaling(value: Any, owner: str) -> float:
    scaling = 50.0 if value is None else check_number(value, "time_scaling", owner)
    if scaling <= 0:
        msg = f"Only strictly positive time_scaling are allowed for {owner}, got {value!r}."
        raise ValueError(msg)
    return scaling


_LINEAR = {
    "n_basis_funcs": lambda value, owner: check_count(value, "n_basis_funcs", owner, at_least=2),
    "width": _check_width,
}
_LOG = _LINEAR | {"time_scaling": _check_time_scaling, "enforce_decay_to_zero": lambda value, owner: bool(value)}


@dataclass(repr=False, eq=False)
class RaisedCosineLinearEval(AbstractEvalBasis):
    """Equally spaced raised cosines, evaluated at the samples.

    Parameters
    ----------
    n_basis_funcs : int
        Number of functions, >= 2.
    width : float
        Reach of a bump in peak distances; > 1, and 2 * width whole.
    bounds : (float, float), optional
        Range of the input; default: smallest and largest sample of each call.
    fill_value : float
        Value of the rows whose samples are out of bounds.
    label : str, optional
        Name; default: the class name.
    """

    n_basis_funcs: int
    width: float = 2.0
    bounds: tuple[float, float] | None = None
    fill_value: float = math.nan
    label: str | None = None

    _checks = AbstractEvalBasis._checks | _LINEAR

    def _functions(self, u: Any) -> Any:
        return linear_bumps(u, self.n_basis_funcs, self.width)

    def _gram(self, order: int) -> FloatArray:
        return bump_gram(self.n_basis_funcs, self.width, order)


@dataclass(repr=False, eq=False)
class RaisedCosineLinearConv(AbstractConvBasis):
    """Equally spaced raised cosines over a window of lags, convolved with the samples.

    Parameters
    ----------
    n_basis_funcs : int
        Number of functions, >= 2.
    window_size : int
        Length of the window, samples.
    width : float
        Reach of a bump in peak distances; > 1, and 2 * width whole.
    label : str, optional
        Name; default: the class name.
    conv_kwargs : dict, optional
        Options of `rheobase.convolve.create_convolutional_predictor`, except `axis`.
    """

    n_basis_funcs: int
    window_size: int
    width: float = 2.0
    label: str | None = None
    conv_kwargs: dict[str, Any] | None = None

    _checks = AbstractConvBasis._checks | _LINEAR

    def _functions(self, u: Any) -> Any:
        return linear_bumps(u, self.n_basis_funcs, self.width)

    def _gram(self, order: int) -> FloatArray:
        return bump_gram(self.n_basis_funcs, self.width, order)


@dataclass(repr=False, eq=False)
class RaisedCosineLogEval(AbstractEvalBasis):
    """Log-spaced raised cosines, evaluated at the samples.

    Parameters
    ----------
    n_basis_funcs : int
        Number of functions, >= 2.
    width : float
        Reach of a bump in peak distances; > 1, and 2 * width whole.
    time_scaling : float, optional
        How strongly the axis is stretched near 0, > 0; default 50.
    enforce_decay_to_zero : bool
        Whether all functions vanish at the upper bound.
    bounds : (float, float), optional
        Range of the input; default: smallest and largest sample of each call.
    fill_value : float
        Value of the rows whose samples are out of bounds.
    label : str, optional
        Name; default: the class name.
    """

    n_basis_funcs: int
    width: float = 2.0
    time_scaling: float | None = None
    enforce_decay_to_zero: bool = True
    bounds: tuple[float, float] | None = None
    fill_value: float = math.nan
    label: str | None = None

    _checks = AbstractEvalBasis._checks | _LOG

    def _functions(self, u: Any) -> Any:
        return log_bumps(u, self.n_basis_funcs, self.width, self.time_scaling, self.enforce_decay_to_zero)

    def _gram(self, order: int) -> FloatArray:
        last_peak = _last_peak(self.n_basis_funcs, self.width, self.enforce_decay_to_zero)
        return bump_gram(self.n_basis_funcs, self.width, order, last_peak, self.time_scaling)


@dataclass(repr=False, eq=False)
class RaisedCosineLogConv(AbstractConvBasis):
    """Log-spaced raised cosines over a window of lags, convolved with the samples: fine near 0, coarse far back.

    Parameters
    ----------
    n_basis_funcs : int
        Number of functions, >= 2.
    window_size : int
        Length of the window, samples.
    width : float
        Reach of a bump in peak distances; > 1, and 2 * width whole.
    time_scaling : float, optional
        How strongly the axis is stretched near 0, > 0; default 50.
    enforce_decay_to_zero : bool
        Whether all functions vanish at the oldest lag.
    label : str, optional
        Name; default: the class name.
    conv_kwargs : dict, optional
        Options of `rheobase.convolve.create_convolutional_predictor`, except `axis`.
    """

    n_basis_funcs: int
    window_size: int
    width: float = 2.0
    time_scaling: float | None = None
    enforce_decay_to_zero: bool = True
    label: str | None = None
    conv_kwargs: dict[str, Any] | None = None

    _checks = AbstractConvBasis._checks | _LOG

    def _functions(self, u: Any) -> Any:
        return log_bumps(u, self.n_basis_funcs, self.width, self.time_scaling, self.enforce_decay_to_zero)

    def _gram(self, order: int) -> FloatArray:
        last_peak = _last_peak(self.n_basis_funcs, self.width, self.enforce_decay_to_zero)
        return bump_gram(self.n_basis_funcs, self.width, order, last_peak, self.time_scaling)
