"""The flat store of a group: made from units, cut to epochs."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from .._arrays import epochs as _epochs
from .._arrays import events as _events
from .._types import FloatArray, IntArray
from ._base import AbstractTimeSeries
from ._checks import is_number
from ._metadata import Metadata, as_column
from ._warn import warn_user
from .interval_set import IntervalSet
from .ts import Ts

__all__ = ["closer", "common_support", "flatten", "offsets_of", "read_units", "restrict", "set_given_info"]


def offsets_of(sizes: IntArray) -> IntArray:
    """Where each unit starts in a flat store, and where the last one ends."""
    return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))


def read_units(data: Any, time_units: str) -> tuple[IntArray, IntArray, list[AbstractTimeSeries]]:
    """Keys in order, the order that sorted them, and the units as series.

    Raises
    ------
    ValueError
        If a key is no whole number or stands twice.
    TypeError
        If `data` is no dictionary and cannot be iterated over.
    """
    if isinstance(data, AbstractTimeSeries) or not (isinstance(data, Mapping) or hasattr(data, "__iter__")):
        msg = f"data should be a dictionary of units, or a list of them, got {type(data).__name__}."
        raise TypeError(msg)
    pairs = data.items() if hasattr(data, "items") else enumerate(data)
    keys, units = [], []
    for key, unit in pairs:
        keys.append(_as_key(key))
        units.append(_as_unit(unit, time_units))
    keys = np.array(keys, dtype=np.int64)
    if np.unique(keys).size != keys.size:
        msg = f"Two dictionary keys contain the same integer: {sorted(keys.tolist())}."
        raise ValueError(msg)
    order = np.argsort(keys, kind="stable")
    return keys[order], order, [units[i] for i in order]


def _as_key(key: Any) -> int:
    try:
        number = int(key)
        exact = number == float(key)
    except (TypeError, ValueError):
        exact = False
    if not exact:
        msg = f"All keys must have integer value! Got {key!r}. Number units 0, 1, …; names belong into metadata."
        raise ValueError(msg)
    return number


def _as_unit(unit: Any, time_units: str) -> AbstractTimeSeries:
    if isinstance(unit, AbstractTimeSeries):
        return unit
    if isinstance(unit, str | bytes | Mapping) or np.ndim(unit) == 0:
        hint = f" Write [{unit}] for a single time." if is_number(unit) else ""
        msg = f"a unit must be a Ts, a Tsd or an array of times, got {type(unit).__name__}.{hint}"
        raise TypeError(msg)
    warn_user(
        "Elements should not be passed as numpy array. Default time units is seconds when creating the Ts object."
    )
    times = np.asarray(unit)
    if times.size > 1:
        return Ts(times, time_units)
    with warnings.catch_warnings():  # a lone spike has no support of its own, and the group will give it one
        warnings.simplefilter("ignore")
        return Ts(times, time_units)


def flatten(units: list[AbstractTimeSeries]) -> tuple[FloatArray, IntArray, np.ndarray | None]:
    """All times, offsets, and values if any unit has some (NaN for those that have none).

    Raises
    ------
    ValueError
        If values of different units have different shapes.
    """
    offsets = offsets_of(np.array([len(unit) for unit in units], dtype=np.int64))
    times = np.concatenate([unit.t for unit in units]) if units else np.empty(0)
    valued = [unit for unit in units if unit._has_values]
    if not valued:
        return times, offsets, None
    shapes = {unit.shape[1:] for unit in valued}
    if len(shapes) > 1:
        msg = f"units of one group must have values of the same shape, got {sorted(shapes)} after time."
        raise ValueError(msg)
    (shape,) = shapes
    parts = [u.to_numpy() if u._has_values else np.full((len(u), *shape), np.nan) for u in units]
    return times, offsets, np.concatenate(parts)


def common_support(units: list[AbstractTimeSeries]) -> IntervalSet:
    """Union of the supports.

    Raises
    ------
    RuntimeError
        If it is empty.
    """
    bounds = [(unit.time_support.start, unit.time_support.end) for unit in units]
    starts, ends = _epochs.union(bounds)
    if starts.size == 0:
        msg = "Union of time supports is empty. Consider passing a time support as argument."
        raise RuntimeError(msg)
    return IntervalSet._trusted(starts, ends)


def restrict(
    store: tuple[FloatArray, IntArray, np.ndarray | None], support: IntervalSet
) -> tuple[FloatArray, IntArray, np.ndarray | None]:
    """The part of a store that lies in epochs."""
    times, offsets, values = store
    first, last = _events.unit_runs(times, offsets, support.start, support.end)
    kept = None if values is None else _events.take_runs(values, first, last)
    return _events.take_runs(times, first, last), offsets_of((last - first).sum(axis=1)), kept


def set_given_info(group: Any, metadata: Any, more: dict[str, Any], order: IntArray) -> None:
    """Metadata from the constructor, in the order in which units were given."""
    if more:
        warn_user(
            "Passing metadata as keyword arguments is deprecated; use TsGroup(..., metadata={...}).", FutureWarning
        )
    given = metadata.columns if isinstance(metadata, Metadata) else metadata
    if given is None and not more:
        return
    if isinstance(given, Mapping) and not hasattr(given, "index"):
        given = {name: _permuted(values, name, order) for name, values in given.items()}
    group.set_info(given, **{name: _permuted(values, name, order) for name, values in more.items()})


def _permuted(values: Any, name: Any, order: IntArray) -> Any:
    """A column in the order of the sorted keys; pandas objects know their own."""
    labels = getattr(values, "index", None)
    if not isinstance(name, str) or (labels is not None and not callable(labels)):
        return values
    return as_column(values, np.arange(order.size), name)[order]


def closer(times: FloatArray, after: IntArray, lower: IntArray, upper: IntArray, query: float) -> IntArray:
    """Of the first time at or after `query` and the one before it, the closer, per unit; a tie goes to the later."""
    if times.size == 0:
        return after
    before = np.maximum(after - 1, lower)
    last = np.maximum(upper - 1, lower)
    after = np.minimum(after, last)
    top = times.size - 1
    take_before = query - times[np.minimum(before, top)] < np.abs(times[np.minimum(after, top)] - query)
    return np.where(take_before, before, after)
