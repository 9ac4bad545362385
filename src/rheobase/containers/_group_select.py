"""Picking, grouping and merging the units of a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._arrays import epochs as _epochs
from .._errors import did_you_mean
from .._types import FloatArray, IntArray
from ._group_build import offsets_of
from ._metadata import Metadata
from .interval_set import IntervalSet

if TYPE_CHECKING:
    from .ts_group import TsGroup

__all__ = ["beyond", "by_interval", "merge", "numbers", "positions", "random_rows"]

_OPERATIONS = {">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal}


def positions(group: TsGroup, key: Any) -> IntArray:
    """Where the units named by a list of keys, or by a mask, stand.

    Raises
    ------
    KeyError
        If a key does not exist.
    IndexError
        If a mask has another length than the group, or more dimensions.
    TypeError
        If `key` is no list of keys.
    """
    if not hasattr(key, "__iter__"):
        raise KeyError(group._unknown(key))
    keys = np.asarray(list(key) if not hasattr(key, "dtype") else key)
    if keys.dtype == np.bool_:
        if keys.shape != (len(group),):
            msg = f"boolean index has shape {keys.shape}, but the group has {len(group)} units."
            raise IndexError(msg)
        return np.flatnonzero(keys)
    if keys.size == 0:
        return np.empty(0, dtype=np.int64)
    if keys.ndim != 1:
        msg = f"units are named by a one-dimensional list of keys, got shape {keys.shape}."
        raise IndexError(msg)
    wanted = keys.tolist()
    missing = [k for k in wanted if k not in group]
    if missing:
        raise KeyError(group._unknown(missing))
    return np.searchsorted(group._keys, np.array(wanted, dtype=np.int64))


def numbers(group: TsGroup, args: tuple) -> FloatArray:
    """One number per unit, as `to_tsd` takes them. Raises as it."""
    if not args:
        return group._keys.astype(np.float64)
    if len(args) > 1:
        msg = f"to_tsd takes one argument at most, got {len(args)}."
        raise RuntimeError(msg)
    (given,) = args
    if isinstance(given, str):
        if given not in group._metadata:
            hint = did_you_mean(given, group._metadata.columns)
            msg = f"Key {given} not in metadata of TsGroup, which has {list(group._metadata.columns)}.{hint}"
            raise RuntimeError(msg)
        given = group._metadata.columns[given]
    labels = getattr(given, "index", None)
    if labels is not None and not callable(labels) and not np.array_equal(np.asarray(labels), group._keys):
        msg = f"Index of the Series is not the same as the keys of the group: {list(labels)}, not {group.keys()}."
        raise RuntimeError(msg)
    if not isinstance(given, list | tuple | np.ndarray) and labels is None:
        msg = f"Unknown argument format {type(given).__name__}: give a metadata name, or one number per unit."
        raise RuntimeError(msg)
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"the values of a Tsd are numbers; these are not: {error}."
        raise RuntimeError(msg) from error
    if values.shape != (len(group),):
        msg = f"Values is not the same length: got shape {values.shape} for {len(group)} units."
        raise RuntimeError(msg)
    return values


def random_rows(offsets: IntArray, fraction: float, seed: Any) -> tuple[IntArray, IntArray]:
    """Rows of the store that stay, ascending, and how many of each unit."""
    sizes = np.diff(offsets)
    kept = np.rint(sizes * fraction).astype(np.int64)
    unit = np.repeat(np.arange(sizes.size), sizes)
    lots = np.zeros(unit.size)
    drawing = np.repeat(kept > 0, sizes)  # units that keep nothing draw no lots
    lots[drawing] = np.random.default_rng(seed).random(np.count_nonzero(drawing))
    order = np.lexsort((lots, unit))  # units stay together; within one, events in the order of their lots
    rank = np.arange(order.size) - np.repeat(offsets[:-1], sizes)
    return np.sort(order[rank < np.repeat(kept, sizes)]), kept


def _column(group: TsGroup, key: str) -> np.ndarray:
    group.get_info(key)  # raises KeyError, with what there is
    return group._metadata.columns[key]


def beyond(group: TsGroup, key: str, thr: float, op: str) -> IntArray:
    """Positions of the units that pass, as `TsGroup.getby_threshold`. Raises as it."""
    if op not in _OPERATIONS:
        msg = f"Operation {op} not recognized. Use one of {list(_OPERATIONS)}."
        raise RuntimeError(msg)
    return np.flatnonzero(_OPERATIONS[op](_column(group, key), thr))


def by_interval(group: TsGroup, key: str, bins: Any) -> tuple[list[IntArray], np.ndarray]:
    """Positions of the units in each interval that has any, and the centres of these."""
    edges = np.asarray(bins, dtype=np.float64)
    number = np.digitize(_column(group, key), edges) - 1
    present = np.unique(number[(number >= 0) & (number < edges.size - 1)])
    centres = edges[:-1] + np.diff(edges) / 2
    return [np.flatnonzero(number == i) for i in present], centres[present]


def merge(groups: Sequence[TsGroup], reset_index: bool, reset_time_support: bool, ignore_metadata: bool) -> TsGroup:
    """Units of several groups in one, as `TsGroup.merge`. Raises as it."""
    from .ts_group import TsGroup

    for position, group in enumerate(groups):
        if not isinstance(group, TsGroup):
            msg = f"Passed variable at position {position} is not a TsGroup, but a {type(group).__name__}."
            raise TypeError(msg)
    if not groups:
        msg = "merge_group needs at least one TsGroup."
        raise ValueError(msg)
    if len(groups) == 1:
        return groups[0]
    support = _merged_support(groups, reset_time_support)
    keys = _merged_keys(groups, reset_index)
    table = None if ignore_metadata else _merged_metadata(groups)
    sizes = np.concatenate([np.diff(g._offsets) for g in groups])
    times = np.concatenate([g._times for g in groups])
    values = _merged_values(groups)
    merged = TsGroup._trusted(times, offsets_of(sizes), keys, support, table, values, groups[0]._columns)
    return _sorted_by_key(merged)


def _merged_support(groups: Sequence[TsGroup], reset: bool) -> IntervalSet:
    first = groups[0].time_support
    if reset:
        return IntervalSet._trusted(*_epochs.union([(g.time_support.start, g.time_support.end) for g in groups]))
    for group in groups[1:]:
        other = group.time_support
        if len(other) != len(first) or not np.allclose(other.values, first.values, rtol=0, atol=1e-9):
            msg = "Time supports are not the same across TsGroup. Set `reset_time_support=True` to take their union."
            raise ValueError(msg)
    return first


def _merged_keys(groups: Sequence[TsGroup], reset: bool) -> IntArray:
    keys = np.concatenate([g._keys for g in groups])
    if reset:
        return np.arange(keys.size)
    unique, counts = np.unique(keys, return_counts=True)
    if np.any(counts > 1):
        msg = (
            f"TsGroup indices {unique[counts > 1].tolist()} stand in several groups. Set `reset_index=True` to number "
            "all units from 0."
        )
        raise ValueError(msg)
    return keys


def _merged_metadata(groups: Sequence[TsGroup]) -> Metadata:
    names = set(groups[0]._metadata.columns)
    for position, group in enumerate(groups[1:], start=1):
        if set(group._metadata.columns) != names:
            msg = (
                f"TsGroup at position {position} has different metadata columns from previous TsGroup objects: "
                f"{sorted(group._metadata.columns)}, not {sorted(names)}. Set `ignore_metadata=True` to drop metadata."
            )
            raise ValueError(msg)
    columns = {
        name: np.concatenate([group._metadata.columns[name] for group in groups])
        for name in groups[0]._metadata.columns
    }
    return Metadata._trusted(np.arange(sum(len(g) for g in groups)), columns)


def _merged_values(groups: Sequence[TsGroup]) -> np.ndarray | None:
    """Values of all units; NaN for groups that have none."""
    valued = [g._values for g in groups if g._values is not None]
    if not valued:
        return None
    shapes = {values.shape[1:] for values in valued}
    if len(shapes) > 1:
        msg = f"units of one group must have values of the same shape, got {sorted(shapes)} after time."
        raise ValueError(msg)
    (shape,) = shapes
    return np.concatenate(
        [np.full((g._times.size, *shape), np.nan) if g._values is None else g._values for g in groups]
    )


def _sorted_by_key(group: TsGroup) -> TsGroup:
    """The same units in the order of their keys."""
    from .ts_group import TsGroup

    if np.all(np.diff(group._keys) > 0):
        return group
    order = np.argsort(group._keys)
    sizes = np.diff(group._offsets)
    starts = group._offsets[:-1]
    rows = np.repeat(starts[order] - offsets_of(sizes[order])[:-1], sizes[order]) + np.arange(int(sizes.sum()))
    values = None if group._values is None else group._values[rows]
    return TsGroup._trusted(
        group._times[rows],
        offsets_of(sizes[order]),
        group._keys[order],
        group.time_support,
        group._metadata.take(order),
        values,
        group._columns,
    )
