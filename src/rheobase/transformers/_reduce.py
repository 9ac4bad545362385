"""One number from many: reducing functions as users write them, and applying them to many windows at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .._errors import did_you_mean, kind_of
from .._types import FloatArray, IntArray

__all__ = ["over_axis", "reduce_windows"]

NAMES = ("max", "mean", "median", "min", "std", "sum", "var")
"""NumPy's functions that may be given by name."""

SAMPLES = 1 << 20
"""Values that are gathered at a time."""


def over_axis(func: Any) -> Callable[..., Any]:
    """`func` as something that is called with an array and ``axis=``.

    A function without an argument `axis` is applied to one stretch of values after the other.

    Raises
    ------
    TypeError
        If `func` is neither a function nor a name.
    ValueError
        If the name is unknown.
    """
    if isinstance(func, str):
        if func not in NAMES:
            msg = f"func should be a function or one of {list(NAMES)}, got {func!r}.{did_you_mean(func, NAMES)}"
            raise ValueError(msg)
        return getattr(np, func)
    if not callable(func):
        msg = f"func should be a function such as np.mean, got {kind_of(func)}."
        raise TypeError(msg)
    if _takes_axis(func):
        return func
    return lambda values, axis: np.apply_along_axis(func, axis, values)


def _takes_axis(func: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(func).parameters
    except ValueError:  # some built-in functions tell nothing
        return False
    return "axis" in parameters


def reduce_windows(values: np.ndarray, first: IntArray, last: IntArray, func: Any) -> FloatArray:
    """`func` of the rows ``values[first[i]:last[i]]`` of each column; NaN where a window is empty.

    Windows of one length are reduced together: on evenly sampled traces there are one or two lengths.

    Returns
    -------
    FloatArray
        Shape (window, column).
    """
    reduce = over_axis(func)
    sizes = last - first
    out = np.full((sizes.size, values.shape[1]), np.nan)
    for size in np.unique(sizes[sizes > 0]).tolist():
        windows = np.flatnonzero(sizes == size)
        step = max(1, SAMPLES // max(1, size * values.shape[1]))
        for begin in range(0, windows.size, step):
            some = windows[begin : begin + step]
            out[some] = reduce(values[first[some, None] + np.arange(size)], axis=1)
    return out
