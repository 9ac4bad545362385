"""What the parameters of a basis may be: one function per kind, value in, clean value or clear error out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from .._errors import SuspiciousDataWarning, did_you_mean
from ..containers._warn import warn_user
from ..convolve._predictor import check_batches, check_causality

__all__ = [
    "check_bounds",
    "check_conv_kwargs",
    "check_count",
    "check_fill",
    "check_number",
    "check_shape",
    "warn_if_outside",
]

_FEW = 20
"""Samples below which nothing is said of bounds."""

_CONV_OPTIONS = ("predictor_causality", "shift", "batch_size_samples", "batch_size_channels", "batch_size_basis")


def check_count(value: Any, name: str, owner: str, at_least: int = 1) -> int:
    """A positive integer, NumPy's included."""
    if isinstance(value, Integral) and not isinstance(value, bool) and value >= at_least:
        return int(value)
    if value is None:
        msg = f"You must provide {name}, a positive integer, to {owner}."
        raise ValueError(msg)
    wanted = "a positive integer" if at_least == 1 else f"an integer >= {at_least}"
    msg = f"`{name}` of {owner} must be {wanted}, got {value!r}."
    if name == "window_size" and isinstance(value, Real) and 0 < value < 1:
        msg += f" It counts samples, not seconds: with 10 ms bins, {value:g} s is window_size={round(value * 100)}."
    raise (ValueError if isinstance(value, Real) else TypeError)(msg)


def check_number(value: Any, name: str, owner: str) -> float:
    """A finite real number."""
    if not isinstance(value, Real) or isinstance(value, bool):
        msg = f"`{name}` of {owner} must be a number, got {value!r}."
        raise TypeError(msg)
    if not math.isfinite(value):
        msg = f"`{name}` of {owner} must be finite, got {value!r}."
        raise ValueError(msg)
    return float(value)


def check_fill(value: Any, owner: str) -> float:
    """A real number, NaN and infinity included."""
    if not isinstance(value, Real) or isinstance(value, bool):
        msg = f"`fill_value` of {owner} must be a number, got {value!r}."
        raise TypeError(msg)
    return float(value)


def check_bounds(value: Any, owner: str) -> tuple[float, float] | None:
    """None, or two finite numbers, the lower one first."""
    if value is None:
        return None
    if np.ndim(value) == 0:
        msg = f"`bounds` of {owner} must be two numbers (low, high) or None, got {value!r}."
        raise TypeError(msg)
    if len(value) != 2:
        msg = f"`bounds` of {owner} must be two numbers (low, high), got {len(value)}: {value!r}."
        raise ValueError(msg)
    try:
        low, high = float(value[0]), float(value[1])
    except (TypeError, ValueError) as error:
        msg = f"Could not convert `bounds` of {owner} to float: {value!r}."
        raise TypeError(msg) from error
    if not (math.isfinite(low) and math.isfinite(high)):
        msg = f"`bounds` of {owner} must be finite, got ({low}, {high})."
        raise ValueError(msg)
    if low >= high:
        msg = f"Invalid bounds ({low}, {high}) of {owner}: the lower bound is greater than or equal to the upper bound."
        raise ValueError(msg)
    return low, high


def check_conv_kwargs(value: Any, owner: str) -> dict[str, Any]:
    """Options of `create_convolutional_predictor`, without `axis`."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        msg = f"`conv_kwargs` of {owner} must be a dict or None, got {value!r}."
        raise TypeError(msg)
    if "axis" in value:
        msg = (
            "Setting the `axis` parameter is not allowed: a basis convolves along the first axis. Transpose the input."
        )
        raise ValueError(msg)
    for key in value:
        if key not in _CONV_OPTIONS:
            hint = did_you_mean(key, _CONV_OPTIONS)
            msg = f"Unrecognized keyword arguments: {key!r}. Allowed are {list(_CONV_OPTIONS)}.{hint}"
            raise ValueError(msg)
    check_causality(value.get("predictor_causality", "causal"), value.get("shift"))
    check_batches(1, *(value.get(key) for key in _CONV_OPTIONS[2:]))
    return dict(value)


def warn_if_outside(basis: Any, samples: Sequence[Any]) -> None:
    """Warn if hardly any sample of an input lies within the bounds of its basis, as with degrees for radians.

    Parameters
    ----------
    basis
        Any basis.
    samples
        One array for each input.
    """
    for x, bounds in zip(samples, basis._bounds_of_inputs(), strict=True):
        if bounds is None or not isinstance(x, np.ndarray) or x.size < _FEW or np.ndim(bounds) != 1:
            continue
        n_known = int(np.count_nonzero(np.isfinite(x)))
        n_inside = int(np.count_nonzero((x >= bounds[0]) & (x <= bounds[1])))
        if 10 * n_inside < n_known:
            found = x[np.isfinite(x)]
            warn_user(
                f"only {n_inside:,} of {n_known:,} samples, which go from {found.min():.6g} to {found.max():.6g}, lie "
                f"within the bounds {bounds[0]:g} to {bounds[1]:g} of {type(basis).__name__}; rows outside are NaN and "
                "are left out of a fit. Are the samples in another unit (degrees for radians, cm for m)? Else give "
                "other bounds, or none.",
                SuspiciousDataWarning,
            )


def check_shape(value: Any) -> tuple[int, ...]:
    """Trailing shape of one input: from a number of channels, a tuple, or an array whose first axis is time."""
    if isinstance(value, tuple):
        if not all(isinstance(n, Integral) and n >= 0 for n in value):
            msg = f"The tuple provided contains non integer values. Tuple: {value}."
            raise ValueError(msg)
        return tuple(int(n) for n in value)
    if isinstance(value, Integral) and not isinstance(value, bool) and value >= 0:
        return () if value == 1 else (int(value),)
    shape = getattr(value, "shape", None)
    if not shape:
        msg = f"Cannot convert {value!r} to a shape: give a number of channels, a tuple, or an array with time first."
        raise ValueError(msg)
    return tuple(shape[1:])
