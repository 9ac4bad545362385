"""Times: what may be given as times, how they are sorted, and `TsIndex`, the array that holds them.

Times are float64 seconds on the host, always. Seconds pass untouched; milliseconds and microseconds are converted once,
at the door, with the rounding rule of `rheobase._units`.
"""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np

from .._arrays.search import ascends
from .._types import ArrayLike, FloatArray, IntArray
from .._units import from_seconds, to_seconds
from ._warn import warn_unsorted

__all__ = ["TsIndex", "as_numbers", "as_times", "sort_order"]


def as_numbers(values: Any, argument: str = "t") -> FloatArray:
    """`values` as a one-dimensional float64 array; a number becomes an array of one.

    Raises
    ------
    RuntimeError
        If `values` is neither a number nor array-like (text, None, a dictionary).
    ValueError
        If it holds something that is no number, or has more than one dimension.
    """
    if isinstance(values, Number | np.generic):
        values = [values]
    unknown = (
        f"Unknown format for {argument!r}: got {type(values).__name__}. "
        "Give a number, a list, a tuple or anything that numpy can read as an array of numbers."
    )
    if values is None or isinstance(values, str | bytes | dict | set):
        raise RuntimeError(unknown)
    try:
        array = np.asarray(values, dtype=np.float64)
    except TypeError as error:
        raise RuntimeError(unknown) from error
    except ValueError as error:
        msg = f"{argument!r} must hold numbers; numpy could not read it as float64 ({error})."
        raise ValueError(msg) from error
    if array.ndim == 0:
        array = array[None]
    if array.ndim != 1:
        msg = f"{argument!r} must be one-dimensional, got an array of shape {array.shape}."
        raise ValueError(msg)
    return array


def sort_order(t: FloatArray) -> IntArray | None:
    """Positions that sort `t` (stable), or None where it is sorted already.

    NaN counts as unsorted and goes last.
    """
    if ascends(t):
        return None
    return np.argsort(t, kind="stable")


def as_times(
    t: ArrayLike, time_units: str = "s", argument: str = "t", *, warn: bool = True
) -> tuple[FloatArray, IntArray | None]:
    """Times given by a user, as sorted float64 seconds, and the order that sorted them.

    Parameters
    ----------
    t : array_like
        Times in `time_units`, shape (time,), or one number.
    time_units : {"s", "ms", "us"}
    argument : str
        Name of the argument, for messages.
    warn : bool
        Whether to warn when the times have to be sorted.

    Returns
    -------
    times : ndarray of float64
        Sorted seconds; always a copy.
    order : ndarray of int64 or None
        ``times = t[order]``, so that values can travel with their times; None where nothing moved.

    Warns
    -----
    UserWarning
        "timestamps are not sorted".
    """
    t, time_units = _own_unit(t, time_units, argument)
    times = to_seconds(as_numbers(t, argument), time_units)
    order = sort_order(times)
    if order is None:
        return np.array(times, dtype=np.float64), None
    if warn:
        warn_unsorted("timestamps are not sorted; sorting them")
    return times[order], order


def _own_unit(t: Any, time_units: str, argument: str) -> tuple[Any, str]:
    """Numbers and their unit, where times say it themselves: quantities (neo) and time differences do.

    Raises
    ------
    ValueError
        If they are dates.
    """
    if callable(getattr(t, "rescale", None)):
        return np.asarray(t.rescale("s").magnitude), "s"
    dtype = getattr(t, "dtype", None)
    kind = dtype.kind if isinstance(dtype, np.dtype) else ""
    if kind == "m":
        return np.asarray(t) / np.timedelta64(1, "s"), "s"
    if kind == "M":
        msg = (
            f"{argument!r} holds dates, but times are seconds from some start: give t - t[0], or let "
            "rheobase.io.as_container count from the first one."
        )
        raise ValueError(msg)
    return t, time_units


class TsIndex(np.ndarray):
    """Times of a series: a one-dimensional, sorted, read-only float64 array in seconds.

    Slices, masks and `copy` give a `TsIndex` again; arithmetic and anything that could lose the order gives a plain
    array.

    Parameters
    ----------
    t : array_like
        Times in `time_units`, shape (time,). Sorted, with a warning, if they are not.
    time_units : {"s", "ms", "us"}

    Raises
    ------
    ValueError
        If `t` is not one-dimensional, or a unit is unknown.

    Examples
    --------
    >>> from rheobase.containers import TsIndex
    >>> TsIndex([100, 200], time_units="ms")
    TsIndex([0.1, 0.2])
    """

    def __new__(cls, t: ArrayLike, time_units: str = "s") -> TsIndex:
        if isinstance(t, TsIndex) and time_units == "s":
            return t
        times, _ = as_times(t, time_units)
        return cls._trusted(times)

    @classmethod
    def _trusted(cls, t: FloatArray) -> TsIndex:
        """View of `t`, which must be sorted float64 seconds already."""
        return np.asarray(t).view(cls)

    @staticmethod
    def format_timestamps(t: ArrayLike, units: str = "s") -> Any:
        """Times given in `units`, in seconds; ``ms`` and ``us`` are rounded to 9 decimals, seconds stay as they are."""
        return to_seconds(t, units)

    @staticmethod
    def return_timestamps(t: ArrayLike, units: str = "s") -> Any:
        """Seconds in `units`; ``ms`` and ``us`` are rounded to 9 decimals."""
        return from_seconds(t, units)

    @staticmethod
    def sort_timestamps(t: FloatArray, give_warning: bool = True) -> FloatArray:
        """`t`, sorted: the same array if it is, else a sorted copy with (unless told not to) a warning."""
        t = np.asarray(t)
        order = sort_order(t)
        if order is None:
            return t
        if give_warning:
            warn_unsorted("timestamps are not sorted; sorting them")
        return t[order]

    def __getitem__(self, key: Any) -> Any:
        picked = self.values[key]
        keeps_order = isinstance(key, slice) and (key.step is None or key.step > 0)
        if not keeps_order and isinstance(picked, np.ndarray) and picked.ndim == 1:
            keeps_order = sort_order(picked) is None
        return TsIndex._trusted(picked) if keeps_order else picked

    def __setitem__(self, key: Any, value: Any) -> None:
        msg = "TsIndex object is not mutable; build a new series to change times."
        raise RuntimeError(msg)

    def __array_wrap__(self, array: np.ndarray, context: Any = None, return_scalar: bool = False) -> Any:
        return np.asarray(array)[()]

    def __reduce__(self) -> tuple:
        return TsIndex._trusted, (np.array(self.values),)

    @property
    def values(self) -> FloatArray:
        """The same times as a plain array (no copy), seconds, shape (time,)."""
        return self.view(np.ndarray)

    def to_numpy(self) -> FloatArray:
        """The same times as a plain array (no copy), seconds, shape (time,)."""
        return self.values

    def in_units(self, time_units: str = "s") -> FloatArray:
        """The times in `time_units` as a plain array; ``ms`` and ``us`` are rounded to 9 decimals."""
        return from_seconds(self.values, time_units, "time_units")
