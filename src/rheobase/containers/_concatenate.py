"""Joining and splitting series with NumPy's functions, along time or along channels."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .._arrays import epochs as _epochs
from ._base import AbstractTimeSeries
from ._numpy import find_series, plain
from ._time import sort_order
from ._value_units import common_unit, with_unit
from ._warn import warn_unsorted, warn_user
from .interval_set import IntervalSet

__all__ = ["JOINING", "SPLITTING", "join", "split"]

JOINING = frozenset(("concatenate", "concat", "hstack", "vstack", "dstack", "column_stack", "stack"))
SPLITTING = frozenset(("split", "array_split", "vsplit", "hsplit", "dsplit"))


def join(func: Callable, args: tuple, kwargs: dict) -> Any:
    """`numpy.concatenate` and its kin.

    Raises
    ------
    ValueError
        If series in different units are joined along time.

    Warns
    -----
    UserWarning
        If samples joined along time have to be sorted; if series with different times are joined along another axis,
        where the result is a plain array.
    """
    result = func(*plain(args), **plain(kwargs))
    parts = list(args[0] if args else next(iter(kwargs.values())))
    series = list(find_series(parts))
    if not series or not isinstance(result, np.ndarray):
        return result
    axis = _joined_axis(func.__name__, args, kwargs, series[0].ndim)
    if axis is None:
        return result
    if axis == 0:
        return _join_in_time(series, result) if len(series) == len(parts) else result
    if not all(series[0]._all_aligned(other) for other in series[1:]):
        warn_user("Time indexes and time supports are not all equal between the series. Returning numpy array!")
        return result
    if len(result) != len(series[0]):
        return result
    return _with_labels(series, parts, result)


def _joined_axis(name: str, args: tuple, kwargs: dict, ndim: int) -> int | None:
    """The axis that grows, or None where time is no longer first."""
    given = kwargs.get("axis", args[1] if len(args) > 1 else 0)
    if name in ("concatenate", "concat"):
        return None if given is None else int(given) % ndim
    if name == "stack":
        axis = int(given) % (ndim + 1)
        return axis or None
    if name == "vstack":
        return 0 if ndim > 1 else None
    if name == "hstack":
        return min(1, ndim - 1)
    if name == "column_stack":
        return 1
    return 2 if ndim > 1 else None  # dstack puts a new axis before time of a Tsd


def _join_in_time(series: list[Any], values: np.ndarray) -> Any:
    unit = common_unit(series, "join")
    times = np.concatenate([part.t for part in series])
    order = sort_order(times)
    if order is not None:
        warn_unsorted("timestamps are not sorted; sorting them together with their values")
        times, values = times[order], values[order]
    support = IntervalSet._trusted(*_epochs.union([(p.time_support.start, p.time_support.end) for p in series]))
    return with_unit(series[0]._like(times, values, support), unit)


def _with_labels(series: list[Any], parts: list[Any], values: np.ndarray) -> Any:
    """Series joined along channels; frames keep the names of their columns side by side."""
    first = series[0]
    if values.ndim == 2 and len(series) == len(parts) and all(part.ndim == 2 for part in series):
        labels = np.concatenate([part._columns for part in series])
        result = type(first)._trusted(first.t, values, first.time_support, labels)
    else:
        result = first._like(first.t, values, first.time_support)
    units = {part._value_unit for part in series}
    return with_unit(result, units.pop() if len(units) == 1 else None)


def split(func: Callable, args: tuple, kwargs: dict) -> list[Any]:
    """`numpy.split` and its kin; pieces keep the time support, as slices do."""
    bound = inspect.signature(func).bind(*args, **kwargs).arguments
    series, places = bound["ary"], bound["indices_or_sections"]
    if not isinstance(series, AbstractTimeSeries):
        return func(*plain(args), **plain(kwargs))
    axis = {"vsplit": 0, "hsplit": min(1, series.ndim - 1), "dsplit": 2}.get(func.__name__, bound.get("axis", 0))
    axis = int(axis) % series.ndim
    places = plain(places)
    cut = np.array_split if func.__name__ == "array_split" else np.split
    if axis:
        return [
            series[(slice(None),) * axis + (_as_slice(piece),)] for piece in cut(np.arange(series.shape[axis]), places)
        ]
    pieces = [_as_slice(piece) for piece in cut(np.arange(len(series)), places)]
    return [series._take(piece, series.time_support) for piece in pieces]


def _as_slice(positions: np.ndarray) -> slice:
    return slice(int(positions[0]), int(positions[-1]) + 1) if positions.size else slice(0, 0)
