"""What an object of an NWB file becomes, and how it is made.

============================================  =================================================================
NWB                                           container
============================================  =================================================================
table with a ragged column of times (units)   `TsGroup`, keys are row ids
TimeIntervals (epochs, trials)                `IntervalSet`
table with columns ``*_times``                `Ts`, or a dictionary of `Ts` where there are several
AnnotationSeries                              `Ts`
any other TimeSeries                          `Tsd`, `TsdFrame` or `TsdTensor`, by its number of axes
============================================  =================================================================

Spike times of all units are read in one piece and stay in one array. Ragged columns become metadata with one array per
row. Tables that `to_nwb` wrote to go with another object (its time support, its columns) are read with that object.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import epochs as _epochs
from .._types import FloatArray, IntArray
from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from ..containers._lazy import LazyArray
from ..containers._metadata import Metadata
from ..containers._time import sort_order
from ..containers._value_units import with_unit
from ..containers._warn import warn_user
from ._nwb_layout import LABEL, MARK, VALUES, columns_note, decoded, is_note, support_note

__all__ = ["BuildError", "build", "kind_of", "unit_of"]

MAX_COLUMN_ITEMS = 1_000_000
"""A metadata column with more numbers than this (waveforms, masks) stays in the file."""

_AXES = {2: ["x", "y"], 3: ["x", "y", "z"]}
_SERIES = {1: "Tsd", 2: "TsdFrame"}


class BuildError(Exception):
    """An object of a file does not have what its kind needs."""


def kind_of(obj: Any) -> str | None:
    """Container that an object of a file becomes, or None."""
    import pynwb
    from hdmf.common import DynamicTable

    if isinstance(obj, DynamicTable) and is_note(obj.description):
        return None
    if isinstance(obj, pynwb.epoch.TimeIntervals):
        return "IntervalSet"
    if isinstance(obj, DynamicTable):
        names = [column.name for column in obj.columns]
        if any(name.endswith("_times_index") for name in names):
            return "TsGroup"
        return "Ts" if any(name.endswith("_times") for name in names) else None
    if isinstance(obj, pynwb.misc.AnnotationSeries):
        return "Ts"
    if isinstance(obj, pynwb.base.TimeSeries) and obj.data is not None:
        ndim = len(np.shape(obj.data))
        return _SERIES.get(ndim, "TsdTensor") if ndim else None
    return None


def unit_of(obj: Any) -> str | None:
    """Unit of the samples of a TimeSeries; None for other objects and where the file leaves it empty."""
    import pynwb

    if not isinstance(obj, pynwb.base.TimeSeries) or isinstance(obj, pynwb.misc.AnnotationSeries):
        return None
    return None if obj.unit in ("", pynwb.TimeSeries.DEFAULT_UNIT) else obj.unit


def build(obj: Any, kind: str, *, lazy: bool, raw: bool) -> Any:
    """Make the container that `kind_of` promised.

    Parameters
    ----------
    obj : pynwb or hdmf object
    kind : str
    lazy : bool
        Leave samples in the file.
    raw : bool
        Leave out conversion and offset.

    Raises
    ------
    BuildError, ValueError
        If the object is not complete, or does not fit together.
    """
    import pynwb

    if kind == "TsGroup":
        return _group(obj)
    if kind == "IntervalSet":
        return _intervals(obj)
    if isinstance(obj, pynwb.misc.AnnotationSeries):
        return Ts(t=_read(obj.timestamps))
    return _event_columns(obj) if kind == "Ts" else _series(obj, lazy=lazy, raw=raw)


# ---- series


def _series(obj: Any, *, lazy: bool, raw: bool) -> Tsd | TsdFrame | TsdTensor:
    values: Any = _samples(obj, raw=raw)
    times = _timestamps(obj, len(values))
    if len(times) != len(values):
        msg = f"it has {len(times)} timestamps for {len(values)} samples."
        raise BuildError(msg)
    unit, order = values.unit, sort_order(times)
    if order is not None:
        warn_user(f"timestamps of {obj.name!r} are not sorted; sorting them and their samples")
        times, values = times[order], values[:][order]
    elif not lazy:
        values = values[:]
    support = _own_support(obj)
    if support is None:
        support = IntervalSet(times[0], times[-1]) if len(times) else IntervalSet([], [])
    if values.ndim == 1:
        return with_unit(Tsd._trusted(times, values, support), unit)
    if values.ndim > 2:
        return with_unit(TsdTensor._trusted(times, values, support), unit)
    columns, metadata = _columns(obj, values.shape[1])
    return with_unit(TsdFrame._trusted(times, values, support, columns, metadata), unit)


def _samples(obj: Any, *, raw: bool) -> LazyArray:
    """Samples of a series, in its unit unless `raw`."""
    stored = obj.data
    source = stored if hasattr(stored, "dtype") and hasattr(stored, "shape") else np.asarray(stored)
    if raw:
        return LazyArray(source, owner=obj)
    factor = 1.0 if obj.conversion is None else float(obj.conversion)
    per_channel = getattr(obj, "channel_conversion", None)  # only an ElectricalSeries has it
    if per_channel is not None:
        factor = factor * _read(per_channel)
    return LazyArray(source, conversion=factor, offset=obj.offset or 0.0, unit=unit_of(obj), owner=obj)


def _timestamps(obj: Any, n: int) -> FloatArray:
    """Times of the samples (s): as written, or from the time of the first and the rate (Hz)."""
    if obj.timestamps is not None:
        return _read(obj.timestamps).astype(np.float64, copy=False)
    if not obj.rate:
        msg = "it has neither timestamps nor a rate."
        raise BuildError(msg)
    return (obj.starting_time or 0.0) + np.arange(n) / obj.rate


def _columns(obj: Any, n: int) -> tuple[np.ndarray | None, Metadata | None]:
    """Names of the columns of a two-dimensional series, and what the file says of each."""
    import pynwb

    own = _own_columns(obj)
    if own is not None:
        return own
    if isinstance(obj, pynwb.behavior.SpatialSeries) and n in _AXES:
        return np.array(_AXES[n]), None
    region = None
    if isinstance(obj, pynwb.ecephys.ElectricalSeries):
        region = obj.electrodes
    elif isinstance(obj, pynwb.ophys.RoiResponseSeries):
        region = obj.rois
    if region is None:
        return None, None
    rows = _read(region).astype(np.int64).ravel()
    if len(rows) != n:
        msg = f"it has {n} columns, and its table region {len(rows)} rows."
        raise BuildError(msg)
    labels = _read(region.table.id)[rows]
    return labels, Metadata(labels, _pointed_columns(region.table, rows))


# ---- tables that go with an object


def _own_support(obj: Any) -> IntervalSet | None:
    """Time support that `to_nwb` wrote for an object."""
    nwb = obj.get_ancestor("NWBFile")
    table = None if nwb is None or nwb.intervals is None else nwb.intervals.get(f"{obj.name}_time_support")
    if table is None or table.description != support_note(obj.name):
        return None
    return IntervalSet(_read(table["start_time"]), _read(table["stop_time"]))


def _own_columns(obj: Any) -> tuple[np.ndarray, Metadata] | None:
    """Labels and metadata of the columns of an object that `to_nwb` wrote."""
    modules = getattr(obj.get_ancestor("NWBFile"), "processing", None) or {}
    tables = (module.data_interfaces.get(f"{obj.name}_columns") for module in modules.values())
    table = next((t for t in tables if t is not None and t.description == columns_note(obj.name)), None)
    if table is None:
        return None
    info = _table_columns(table, leave_out=())
    labels = info.pop(LABEL)
    return labels, Metadata(labels, info)


# ---- tables


def _group(table: Any) -> TsGroup:
    """Units: spike times in one piece, and everything else as metadata."""
    index = next(column for column in table.columns if column.name.endswith("_times_index"))
    times = _read(index.target).astype(np.float64, copy=False)
    offsets = np.concatenate(([0], _read(index).astype(np.int64)))
    keys = _read(table.id).astype(np.int64)
    if len(np.unique(keys)) < len(keys):
        msg = "two rows of the table have one id."
        raise BuildError(msg)
    support = _own_support(table)
    leave_out = (index.name, index.target.name) if support is None else (index.target.name, "obs_intervals", VALUES)
    columns = _table_columns(table, leave_out)
    columns.pop("rate", None)
    if support is not None:
        return _own_group(table, times, offsets, keys, support, columns)
    times, offsets, columns, keys = _by_key(times, offsets, columns, keys)
    times = _sorted_within(times, offsets)
    group = TsGroup._trusted(times, offsets, keys, _support(times, offsets), None)
    group.set_info(columns)
    return group.restrict(group.time_support)


def _own_group(
    table: Any, times: FloatArray, offsets: IntArray, keys: IntArray, support: IntervalSet, columns: dict
) -> TsGroup:
    """A group that `to_nwb` wrote: its units are in order, and their support and values are known."""
    if np.any(np.diff(keys) <= 0) or not np.isin(np.flatnonzero(np.diff(times) < 0) + 1, offsets).all():
        msg = "its units or spike times have been changed since and are not sorted."
        raise BuildError(msg)
    values = _read(table[VALUES].target) if VALUES in table.colnames else None
    labels = _own_columns(table)
    if labels is None and values is not None and values.ndim == 2:
        labels = np.arange(values.shape[1]), None
    group = TsGroup._trusted(
        times, offsets, keys, support, None, flat_values=values, columns=None if labels is None else labels[0]
    )
    group.set_info(columns)
    return group.restrict(support)


def _by_key(times: FloatArray, offsets: IntArray, columns: dict, keys: IntArray) -> tuple:
    """Units in the order of their keys."""
    order = sort_order(keys)
    if order is None:
        return times, offsets, columns, keys
    counts = np.diff(offsets)[order]
    flat = _epochs.ranges(offsets[:-1][order], counts)
    new_offsets = np.concatenate(([0], np.cumsum(counts)))
    return times[flat], new_offsets, {name: values[order] for name, values in columns.items()}, keys[order]


def _sorted_within(times: FloatArray, offsets: IntArray) -> FloatArray:
    """Times, sorted within each unit."""
    steps_back = np.flatnonzero(times[1:] < times[:-1]) + 1
    if np.isin(steps_back, offsets).all():
        return times
    warn_user("timestamps are not sorted; sorting the spikes of each unit")
    unit = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return times[np.lexsort((times, unit))]


def _support(times: FloatArray, offsets: IntArray) -> IntervalSet:
    """Union of the spans from first to last spike of each unit that has two different ones."""
    some = np.diff(offsets) > 0
    first, last = times[offsets[:-1][some]], times[offsets[1:][some] - 1]
    spans = last > first
    first, last = first[spans], last[spans]
    if not first.size:
        msg = "no unit has two different spike times, so the group has no time support."
        raise BuildError(msg)
    return IntervalSet._trusted(*_epochs.union([(first, last)]))


def _intervals(table: Any) -> IntervalSet:
    """Epochs, or trials: rows that overlap or stand in any order keep their bounds and metadata."""
    starts, ends = _read(table["start_time"]), _read(table["stop_time"])
    columns = _table_columns(table, leave_out=("start_time", "stop_time", "timeseries", "timeseries_index"))
    is_own = table.description == f"IntervalSet {table.name}"
    overlap = "merge" if _is_disjoint(starts, ends, may_touch=not is_own) else "keep"
    epochs = IntervalSet(start=starts, end=ends, metadata=columns or None, overlap=overlap)
    if len(epochs) < len(starts):
        warn_user(
            f"{len(starts) - len(epochs)} of the {len(starts)} rows of {table.name!r} have no start, no end or no "
            "duration, and are left out; `.nwb` still holds them."
        )
    return epochs


def _is_disjoint(starts: FloatArray, ends: FloatArray, may_touch: bool) -> bool:
    """Whether rows are in order, have a duration and do not overlap."""
    if not (ends > starts).all():
        return False
    after = starts[1:] >= ends[:-1] if may_touch else starts[1:] > ends[:-1]
    return bool(after.all())


def _event_columns(table: Any) -> Ts | dict[str, Ts]:
    support = _own_support(table)
    series = {
        column.name: Ts(t=_read(column), time_support=support)
        for column in table.columns
        if column.name.endswith("_times")
    }
    return next(iter(series.values())) if len(series) == 1 else series


def _table_columns(table: Any, leave_out: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Columns of a table as metadata columns; what cannot be one is named in a warning.

    Where names clash, the table's own columns come before those of an electrode group, and these before those of
    electrodes.
    """
    own: dict[str, np.ndarray] = {}
    group: dict[str, np.ndarray] = {}
    pointed: dict[str, np.ndarray] = {}
    skipped = []
    indexed = {column.target.name for column in table.columns if _is_index(column)}
    for column in table.columns:
        name = column.target.name if _is_index(column) else column.name
        if column.name in indexed or name in leave_out or name not in table.colnames:
            continue
        if isinstance(column.description, str) and column.description.startswith(MARK):
            own.update([decoded(column.description, _read(column))])
            continue
        found = _column(name, column)
        if found is None:
            skipped.append(name)
        elif name == "electrode_group" and "location" in found:
            group = found
        elif set(found) != {name}:
            pointed |= found
        else:
            own |= found
    if skipped:
        warn_user(f"Columns {skipped} of {table.name!r} are too large or too odd for metadata; read them from `.nwb`.")
    return own | {k: v for k, v in (pointed | group).items() if k not in own}


def _column(name: str, column: Any) -> dict[str, np.ndarray] | None:
    """Metadata columns that one column of a table gives, or None where it stays in the file."""
    from hdmf.common import DynamicTableRegion
    from pynwb.ecephys import ElectrodeGroup

    if _is_index(column):
        return _ragged(name, column)
    if isinstance(column, DynamicTableRegion):
        return _pointed_columns(column.table, _read(column).astype(np.int64))
    if np.prod(np.shape(column.data)) > MAX_COLUMN_ITEMS:
        return None
    values = _read(column)
    if name == "electrode_group" and all(isinstance(group, ElectrodeGroup) for group in values):
        return {name: np.array([group.name for group in values]), "location": np.array([g.location for g in values])}
    if values.dtype == object and not all(isinstance(value, str | bytes | float | int) for value in values.flat):
        return None
    return {name: _text(values)}


def _ragged(name: str, index: Any) -> dict[str, np.ndarray] | None:
    """One array per row, without reading more than the flat column and its index."""
    from hdmf.common import DynamicTableRegion

    target = index.target
    if _is_index(target) or np.prod(np.shape(target.data)) > MAX_COLUMN_ITEMS:
        return None
    flat, stops = _read(target), _read(index).astype(np.int64)
    if isinstance(target, DynamicTableRegion):
        flat = flat.astype(np.int64)
        if np.array_equal(stops, np.arange(1, len(stops) + 1)):
            return _pointed_columns(target.table, flat)
        flat = _read(target.table.id)[flat]
    parts = np.split(_text(flat), stops[:-1])
    column = np.empty(len(stops), dtype=object)
    for row, part in enumerate(parts):
        column[row] = part.tolist() if part.ndim == 1 else part
    return {name: column}


def _pointed_columns(table: Any, rows: IntArray) -> dict[str, np.ndarray]:
    """Columns of numbers and texts of a table that another one points to, at some of its rows."""
    columns = {}
    indexed = {column.target.name for column in table.columns if _is_index(column)}
    for column in table.columns:
        if _is_index(column) or column.name in indexed or len(np.shape(column.data)) != 1:
            continue
        values = _read(column)
        if values.dtype != object or all(isinstance(value, str | bytes) for value in values):
            columns[column.name] = _text(values[rows])
    return columns


def _is_index(column: Any) -> bool:
    from hdmf.common import VectorIndex

    return isinstance(column, VectorIndex)


def _read(column: Any) -> np.ndarray:
    """All of a column or dataset, in memory."""
    from hdmf.container import Data

    data = column.data if isinstance(column, Data) else column
    return np.asarray(data[:])


def _text(values: np.ndarray) -> np.ndarray:
    """Texts of an object array as a text array; anything else as it is."""
    if values.dtype != object or not values.size:
        return values
    if all(isinstance(value, str) for value in values.flat):
        return values.astype(str)
    if all(isinstance(value, bytes) for value in values.flat):
        return np.array([value.decode(errors="replace") for value in values.flat]).reshape(values.shape)
    return values
