"""Checks that functions of sampled signals share."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._types import IntArray
from ..containers import Tsd, TsdFrame, TsdTensor
from ..containers._checks import is_number
from ..containers._warn import warn_user

__all__ = ["check_fs", "check_positive", "is_flag", "own_runs", "warn_short"]


def own_runs(data: Tsd | TsdFrame | TsdTensor) -> tuple[IntArray, IntArray]:
    """Rows of each epoch of the time support, those without rows left out.

    A lone sample, whose support has no duration, is an epoch of its own.
    """
    first, last = data._runs(data.time_support)
    filled = last > first
    first, last = first[filled], last[filled]
    if int((last - first).sum()) != len(data):
        return np.zeros(1, dtype=np.int64), np.full(1, len(data))
    return first, last


def check_fs(fs: Any, data: Any, error: type[Exception]) -> float:
    """`fs`, or the rate of `data` (Hz).

    Raises
    ------
    error
        If `fs` is no number.
    ValueError
        If it is not positive and finite, or the rate of `data` is not.
    """
    if fs is None:
        rate = float(data.rate)
        if not (np.isfinite(rate) and rate > 0):
            msg = f"the rate of this {data.nap_class} is {rate} Hz: its support has no duration or no samples. Set fs."
            raise ValueError(msg)
        return rate
    kind = "Invalid value for 'fs'. Parameter 'fs' should be of type float or int (Hz)"
    return _positive(fs, error, kind, "fs should be finite and > 0 Hz")


def check_positive(value: Any, argument: str) -> float:
    """A finite number > 0.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it is not positive and finite.
    """
    return _positive(value, TypeError, f"{argument} must be a float or int", f"{argument} must be a positive number")


def _positive(value: Any, error: type[Exception], wrong_kind: str, wrong_value: str) -> float:
    """A finite number > 0; otherwise `error` or ValueError, with a message of its own each."""
    if not is_number(value):
        msg = f"{wrong_kind}, got {value!r}."
        raise error(msg)
    if not (np.isfinite(value) and value > 0):
        msg = f"{wrong_value}, got {value}."
        raise ValueError(msg)
    return float(value)


def is_flag(value: Any, argument: str) -> bool:
    """A bool.

    Raises
    ------
    TypeError
        If it is none.
    """
    if not isinstance(value, bool | np.bool_):
        msg = f"Invalid type. Parameter {argument} must be of type bool, got {value!r}."
        raise TypeError(msg)
    return bool(value)


def warn_short(first: IntArray, last: IntArray, taps: int) -> None:
    """Say how many epochs have fewer samples than a kernel has taps."""
    short = int(np.count_nonzero(last - first < taps))
    if short:
        warn_user(
            f"Kernel size ({taps} samples) is larger than the number of samples in {short} of {first.size} epoch(s); "
            "every result there is affected by the edges."
        )
