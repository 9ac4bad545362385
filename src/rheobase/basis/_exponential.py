"""Exponential decays made orthonormal on the samples at which they are asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays.xp import namespace
from .._types import ArrayLike, FloatArray
from ._checks import check_count
from ._leaf import AbstractConvBasis, AbstractEvalBasis

__all__ = ["OrthExponentialConv", "OrthExponentialEval"]


_NOT_FIXED = "Orthogonal exponentials depend on the samples of each call: nothing about them is smooth or rough."


def orthonormal_decays(u: Any, decay_rates: FloatArray) -> Any:
    """Orthonormal columns with the span of ``exp(-rate u)`` over the first axis of `u`, channel by channel.

    They are the left singular vectors of the decays at the samples, so they depend on all the samples of a call. Rates
    that the samples cannot tell apart (relative singular value below machine precision times the larger side) leave
    fewer columns; rows with NaN stay NaN.

    Raises
    ------
    ValueError
        If there are fewer samples than decays.
    """
    xp = namespace(u)
    if u.shape[0] < decay_rates.size:
        msg = (
            "OrthExponential bases require at least as many samples as basis functions, "
            f"got {u.shape[0]} samples and {decay_rates.size} functions."
        )
        raise ValueError(msg)
    rates = xp.asarray(decay_rates.reshape((1,) * u.ndim + (-1,)), dtype=u.dtype)
    decays = xp.exp(-rates * u[..., None])  # (time, ..., basis)
    if xp is not np:
        return _left_vectors(xp.nan_to_num(decays), xp) + 0 * u[..., None]
    channels = decays.reshape(len(u), -1, decay_rates.size)
    vectors = [_orthonormal(channels[:, c]) for c in range(channels.shape[1])]
    kept = min(v.shape[1] for v in vectors)
    return np.stack([v[:, :kept] for v in vectors], axis=1).reshape(*u.shape, kept)


def _orthonormal(decays: FloatArray) -> FloatArray:
    known = ~np.isnan(decays[:, 0])
    left, singular, _ = np.linalg.svd(decays[known], full_matrices=False)
    kept = singular > singular.max(initial=0) * np.finfo(np.float64).eps * max(decays[known].shape)
    vectors = np.full((len(decays), int(kept.sum())), np.nan)
    vectors[known] = left[:, kept]
    return vectors


def _left_vectors(decays: Any, xp: Any) -> Any:
    """All left singular vectors, for JAX, whose shapes cannot depend on the data."""
    left, _, _ = xp.linalg.svd(xp.moveaxis(decays, 0, -2), full_matrices=False)
    return xp.moveaxis(left, -2, 0)


def _check_rates(value: Any, owner: str) -> FloatArray:
    rates = np.array(value, dtype=np.float64)
    if rates.ndim != 1 or not np.all(np.isfinite(rates)):
        msg = f"`decay_rates` of {owner} must be a vector of finite numbers, got {value!r}."
        raise ValueError(msg)
    if np.unique(rates).size < rates.size:
        msg = f"Two or more rates are repeated in {owner}: repeating rates gives linearly dependent functions."
        raise ValueError(msg)
    return rates


def _check_size(values: dict[str, Any], owner: str) -> None:
    n_basis_funcs, rates = values["n_basis_funcs"], values["decay_rates"]
    if rates.size != n_basis_funcs:
        msg = (
            f"The number of basis functions must match the number of decay rates provided to {owner}. "
            f"Number of basis functions: {n_basis_funcs}, number of decay rates: {rates.size}."
        )
        raise ValueError(msg)
    if values.get("window_size", n_basis_funcs) < n_basis_funcs:
        msg = (
            f"{owner} requires at least a window_size as large as the number of basis functions. "
            f"window_size is {values['window_size']}, n_basis_funcs is {n_basis_funcs}."
        )
        raise ValueError(msg)


_CHECKS = {
    "n_basis_funcs": lambda value, owner: check_count(value, "n_basis_funcs", owner),
    "decay_rates": _check_rates,
}


@dataclass(repr=False, eq=False)
class OrthExponentialEval(AbstractEvalBasis):
    """Orthonormalised exponential decays, evaluated at the samples.

    Parameters
    ----------
    n_basis_funcs : int
        Number of functions.
    decay_rates : array_like
        Their rates, all different, shape (n_basis_funcs,), per range of the input.
    bounds : (float, float), optional
        Range of the input; default: smallest and largest sample of each call.
    fill_value : float
        Value of the rows whose samples are out of bounds.
    label : str, optional
        Name; default: the class name.
    """

    n_basis_funcs: int
    decay_rates: ArrayLike
    bounds: tuple[float, float] | None = None
    fill_value: float = math.nan
    label: str | None = None

    _checks = AbstractEvalBasis._checks | _CHECKS

    @classmethod
    def _check_together(cls, values: dict[str, Any]) -> None:
        _check_size(values, cls.__name__)

    def _functions(self, u: Any) -> Any:
        return orthonormal_decays(u, self.decay_rates)

    def _gram(self, order: int) -> FloatArray:
        raise ValueError(_NOT_FIXED)

    def _roughness(self, order: int, kind: str) -> FloatArray:
        raise ValueError(_NOT_FIXED)


@dataclass(repr=False, eq=False)
class OrthExponentialConv(AbstractConvBasis):
    """Orthonormalised exponential decays over a window of lags, convolved with the samples.

    Parameters
    ----------
    n_basis_funcs : int
        Number of functions.
    window_size : int
        Length of the window, samples; at least n_basis_funcs.
    decay_rates : array_like
        Rates of the decays, all different, shape (n_basis_funcs,), per window.
    label : str, optional
        Name; default: the class name.
    conv_kwargs : dict, optional
        Options of `rheobase.convolve.create_convolutional_predictor`, except `axis`.
    """

    n_basis_funcs: int
    window_size: int
    decay_rates: ArrayLike
    label: str | None = None
    conv_kwargs: dict[str, Any] | None = None

    _checks = AbstractConvBasis._checks | _CHECKS

    @classmethod
    def _check_together(cls, values: dict[str, Any]) -> None:
        _check_size(values, cls.__name__)

    def _functions(self, u: Any) -> Any:
        return orthonormal_decays(u, self.decay_rates)

    def _gram(self, order: int) -> FloatArray:
        raise ValueError(_NOT_FIXED)

    def _roughness(self, order: int, kind: str) -> FloatArray:
        raise ValueError(_NOT_FIXED)
