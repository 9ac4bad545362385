"""What arguments of series and groups must be, checked once, with messages that name the argument.

NumPy scalars are numbers everywhere. Types of exceptions follow pynapple 0.11, so that scripts that catch them go on
working.
"""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np

from .._errors import did_you_mean, kind_of
from .._units import check_units, to_seconds
from .interval_set import IntervalSet

__all__ = [
    "as_seconds",
    "bin_seconds",
    "check_choice",
    "check_dtype",
    "check_epochs",
    "check_intervals",
    "is_integer",
    "is_number",
    "positive_integer",
]


def is_number(value: Any) -> bool:
    """Whether `value` is a real number of Python or NumPy (a bool is not)."""
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)


def is_integer(value: Any) -> bool:
    """Whether `value` is a whole number of Python or NumPy (a bool is not)."""
    return isinstance(value, Integral) and not isinstance(value, bool | np.bool_)


def as_seconds(value: Any, time_units: str, argument: str, error: type[Exception] = ValueError) -> float:
    """A number given in `time_units`, in seconds.

    Raises
    ------
    error
        If `value` is no number.
    ValueError
        If the unit is unknown.
    """
    check_units(time_units)
    if not is_number(value):
        msg = f"{argument!r} must be an int or a float. Type {type(value)} provided instead!"
        raise error(msg)
    return float(to_seconds(float(value), time_units))


def bin_seconds(bin_size: Any, time_units: str) -> float:
    """A bin size in seconds, positive.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it is not positive and finite, or the unit is unknown.
    """
    check_units(time_units)
    if not is_number(bin_size):
        msg = f"bin_size argument should be float or int, got {type(bin_size).__name__}."
        raise TypeError(msg)
    if not (np.isfinite(bin_size) and bin_size > 0):
        msg = f"bin_size must be a finite number > 0, got {bin_size}."
        raise ValueError(msg)
    return float(to_seconds(float(bin_size), time_units))


def check_intervals(epochs: Any, argument: str = "ep", error: type[Exception] = TypeError) -> IntervalSet:
    """`epochs`, if it is an IntervalSet (ours, or pynapple's); its epochs may overlap.

    Raises
    ------
    error
        If it is anything else.
    """
    if type(epochs).__name__ == "IntervalSet" and type(epochs).__module__.startswith("pynapple."):
        return IntervalSet(np.asarray(epochs.start), np.asarray(epochs.end))
    if not isinstance(epochs, IntervalSet):
        msg = (
            f"{argument} argument should be of type IntervalSet, got {kind_of(epochs)}. "
            "Wrap starts and ends: IntervalSet(start, end)."
        )
        raise error(msg)
    return epochs


def check_epochs(epochs: Any, argument: str = "ep", error: type[Exception] = TypeError) -> IntervalSet:
    """`epochs`, if it is an IntervalSet; the time that it covers, as disjoint epochs, if they overlap.

    Raises
    ------
    error
        If it is anything else.
    """
    return check_intervals(epochs, argument, error)._disjoint()


def check_dtype(dtype: Any) -> np.dtype:
    """A numeric dtype for counts; int64 for None.

    Raises
    ------
    ValueError
        If NumPy does not know it, or it cannot hold counts.
    """
    try:
        result = np.dtype(np.int64 if dtype is None else dtype)
    except TypeError as error:
        msg = f"{dtype!r} is not a valid numpy dtype."
        raise ValueError(msg) from error
    if result.kind not in "biufc":
        msg = f"{dtype!r} is not a valid numpy dtype for counts; use an integer or floating dtype."
        raise ValueError(msg)
    return result


def check_choice(value: Any, options: Iterable[str], argument: str, error: type[Exception] = ValueError) -> str:
    """`value`, if it is one of `options`.

    Raises
    ------
    error
        If it is not.
    """
    options = list(options)
    if not isinstance(value, str) or value not in options:
        known = ", ".join(f'"{option}"' for option in options)
        msg = f"Argument {argument} should be one of {known}; {value!r} provided instead.{did_you_mean(value, options)}"
        raise error(msg)
    return value


def positive_integer(value: Any, argument: str, error: type[Exception] = TypeError) -> int:
    """`value` as a Python int, if it is a whole number > 0.

    Raises
    ------
    error
        If it is not.
    """
    if not is_integer(value) or value <= 0:
        msg = f"Parameter {argument!r} should be of type int and > 0, got {value!r}."
        raise error(msg)
    return int(value)
