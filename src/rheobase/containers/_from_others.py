"""Series, groups and epochs of other libraries as ours, known by what they can do: none of them is imported.

What a library says of itself is kept: units of time become seconds, epochs the time support, annotations and labels
metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._errors import kind_of
from .._types import FloatArray
from ._base import AbstractTimeSeries, class_for
from ._labelled_in import clock, read_data_array, support_in
from .interval_set import IntervalSet
from .ts import Ts
from .ts_group import TsGroup
from .tsd_frame import TsdFrame

__all__ = ["as_container", "has_no_samples", "is_foreign"]

_TIME_NAMES = ("time", "t", "times", "Time (s)", "Time (ms)", "Time (us)", "timestamps", "index")
"""What a column of times is called, in this order."""

_NAMED_UNITS = {"Time (ms)": "ms", "Time (us)": "us"}

_GIVEN = "an object of pynapple, neo, xarray, pandas or polars, or a sorting or recording of SpikeInterface"


def as_container(x: Any, *, time_units: str = "s", time_support: IntervalSet | None = None) -> Any:
    """Turn a time series, a group or epochs of another library into a container.

    Parameters
    ----------
    x
        One of these, known by what it offers; no library is imported.

        - pynapple: any object, with its support and metadata.
        - neo: a SpikeTrain, Event, Epoch, AnalogSignal or IrregularlySampledSignal, or a list of SpikeTrains.
        - xarray: a DataArray whose first dimension, or the one called ``time``, has times as coordinate; a Dataset
          that `to_xarray` made.
        - pandas: a Series or DataFrame whose index is times: numbers, time differences, or dates, which count from the
          first one. A DataFrame with columns ``start`` and ``end`` becomes epochs.
        - polars, or any table with the Arrow or DataFrame protocol: a column ``time`` (or ``t``, ``timestamps``) and
          others, or ``start`` and ``end``.
        - SpikeInterface: a sorting becomes a group, a recording a TsdFrame.
    time_units : {"s", "ms", "us"}
        Of times that do not say it themselves.
    time_support : IntervalSet, optional
        Epochs of the result; those that `x` knows by default.

    Returns
    -------
    Ts, Tsd, TsdFrame, TsdTensor, TsGroup or IntervalSet
        Containers of this library come back as they are.

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If there are no times in it, or a sorting has several segments.

    Examples
    --------
    >>> import pandas as pd
    >>> from rheobase.io import as_container
    >>> as_container(pd.Series([1.0, 2.0, 4.0], index=pd.to_timedelta([0, 500, 1000], unit="ms"))).t
    array([0. , 0.5, 1. ])
    """
    if isinstance(x, AbstractTimeSeries | TsGroup | IntervalSet):
        return x
    library = type(x).__module__.partition(".")[0]
    kind = type(x).__name__
    if library == "pynapple":
        return _from_pynapple(x)
    if _has(x, "get_unit_ids", "get_unit_spike_train"):
        return _from_sorting(x, time_support)
    if _has(x, "get_channel_ids", "get_traces"):
        return _from_recording(x, time_support)
    if _has(x, "rescale") or (isinstance(x, list | tuple) and len(x) and all(_has(one, "rescale") for one in x)):
        return _from_neo(x, time_support)
    if kind == "DataArray":
        return _from_data_array(x, time_units, time_support)
    if kind == "Dataset" and library == "xarray":
        return _from_dataset(x)
    if kind in ("Series", "DataFrame") and library == "pandas":
        return _from_pandas(x, time_units, time_support)
    if (_has(x, "__arrow_c_stream__") or _has(x, "__dataframe__")) and hasattr(x, "columns"):
        return _from_table(x, time_units, time_support)
    msg = f"x should be {_GIVEN}, got {kind_of(x)}. Arrays have no times: Tsd(t, d), TsdFrame(t, d)."
    raise TypeError(msg)


def is_foreign(x: Any) -> bool:
    """Whether `x` is of a library whose objects always have times: pynapple, neo, SpikeInterface, xarray with them."""
    if isinstance(x, AbstractTimeSeries | TsGroup | IntervalSet):
        return False
    if type(x).__name__ == "DataArray":
        return "time" in x.dims and "time" in x.coords
    several = isinstance(x, list | tuple) and len(x) > 0 and all(_has(one, "rescale") for one in x)
    known = _has(x, "rescale") and getattr(x, "times", None) is not None
    sorted_ = _has(x, "get_unit_ids", "get_unit_spike_train") or _has(x, "get_channel_ids", "get_traces")
    return type(x).__module__.partition(".")[0] == "pynapple" or several or known or sorted_


def has_no_samples(x: Any) -> bool:
    """Whether `x` is events or epochs, ours or pynapple's, of which NumPy makes arrays that mean something else."""
    if isinstance(x, Ts | TsGroup | IntervalSet):
        return True
    kind = type(x)
    return kind.__name__ in ("Ts", "TsGroup", "IntervalSet") and kind.__module__.partition(".")[0] == "pynapple"


def _has(x: Any, *names: str) -> bool:
    return not isinstance(x, type) and all(callable(getattr(x, name, None)) for name in names)


def _series(t: Any, values: Any, time_support: Any, columns: Any = None, **more: Any) -> Any:
    """Series of the class that suits the dimensions of `values`."""
    values = np.asarray(values)
    cls = class_for(values.ndim)
    if cls is TsdFrame:
        more["columns"] = columns
    else:
        more.pop("metadata", None)
    return cls(t, values, time_support=time_support, **more)


# ---- pynapple ------------------------------------------------------------------------------------------------------


def _from_pynapple(x: Any) -> Any:
    kind = type(x).__name__
    if kind == "IntervalSet":
        return IntervalSet(np.asarray(x.start), np.asarray(x.end), metadata=_columns_of(x.metadata))
    support = IntervalSet(np.asarray(x.time_support.start), np.asarray(x.time_support.end))
    if kind == "TsGroup":
        info = _columns_of(x.metadata)
        info.pop("rate", None)
        units = {key: _from_pynapple(unit) for key, unit in x.items()}
        return TsGroup(units, time_support=support, metadata=info)
    if kind == "Ts":
        return Ts(np.asarray(x.t), time_support=support)
    more = {"metadata": _columns_of(x.metadata)} if kind == "TsdFrame" else {}
    return _series(np.asarray(x.t), x.values, support, getattr(x, "columns", None), **more)


def _columns_of(frame: Any) -> dict[str, Any]:
    return {str(name): np.asarray(frame[name]) for name in frame.columns}


# ---- neo -----------------------------------------------------------------------------------------------------------


def _from_neo(x: Any, time_support: Any) -> Any:
    if isinstance(x, list | tuple):
        units = [_from_neo(train, None) for train in x]
        info: dict[str, Any] = {}
        for name in dict.fromkeys(key for train in x for key in train.annotations):
            info["neo_rate" if name == "rate" else str(name)] = [train.annotations.get(name) for train in x]
        names = [getattr(train, "name", None) for train in x]
        info |= {"neo_name": names} if any(names) else {}
        return TsGroup(dict(enumerate(units)), time_support=time_support, metadata=info)
    kind = type(x).__name__
    times = _seconds(x.times)
    if kind == "Epoch":
        labels = {"label": np.asarray(x.labels)} if len(x.labels) == len(times) else {}
        order = np.argsort(times, kind="stable")
        labels = {name: values[order] for name, values in labels.items()}
        starts, ends = times[order], (times + _seconds(x.durations))[order]
        return IntervalSet(starts, ends, metadata=labels, overlap="keep")
    if time_support is None and getattr(x, "t_stop", None) is not None:
        start, stop = float(_seconds(x.t_start)), float(_seconds(x.t_stop))
        time_support = IntervalSet(start, stop) if stop > start else None
    if kind in ("SpikeTrain", "Event"):
        return Ts(np.sort(times), time_support=time_support)
    values = np.asarray(x.magnitude)
    unit = str(x.units.dimensionality)
    names = getattr(x, "array_annotations", {}).get("channel_names")
    if values.shape[1] == 1:
        return _series(times, values[:, 0], time_support, unit=unit)
    return _series(times, values, time_support, None if names is None else np.asarray(names), unit=unit)


def _seconds(quantity: Any) -> np.ndarray:
    return np.asarray(quantity.rescale("s").magnitude, dtype=np.float64)


# ---- xarray --------------------------------------------------------------------------------------------------------


def _from_data_array(x: Any, time_units: str, time_support: Any) -> Any:
    found = read_data_array(x, time_units, time_support)
    more = {"time_units": found.time_units, "unit": found.unit, "metadata": found.metadata}
    return _series(found.t, found.values, found.time_support, found.columns, **more)


def _from_dataset(x: Any) -> Any:
    """What `to_xarray` makes of events, groups and epochs."""
    if {"start", "end"} <= set(x.data_vars):
        info = {str(name): np.asarray(x[name].values) for name in x.data_vars if name not in ("start", "end")}
        return IntervalSet(x["start"].values, x["end"].values, metadata=info, overlap="keep")
    support = support_in(x.attrs)
    if "spike_unit" in x.data_vars:
        keys = np.asarray(x["unit"].values)
        info = {str(name): np.asarray(x[name].values) for name in x.data_vars if x[name].dims == ("unit",)}
        info.pop("rate", None)
        return _group(np.asarray(x["spike_time"].values), np.asarray(x["spike_unit"].values), keys, support, info)
    if "spike_time" in x.data_vars:
        return Ts(x["spike_time"].values, time_support=support)
    msg = f"a Dataset needs start and end, or spike_time; it has {list(x.data_vars)}. Take one of its DataArrays."
    raise ValueError(msg)


def _group(times: FloatArray, owner: np.ndarray, keys: np.ndarray, support: Any, info: Mapping[str, Any]) -> TsGroup:
    units = {int(key): Ts(times[owner == key], time_support=support) for key in keys}
    return TsGroup(units, time_support=support, metadata=info)


# ---- tables --------------------------------------------------------------------------------------------------------


def _from_pandas(x: Any, time_units: str, time_support: Any) -> Any:
    if type(x).__name__ == "DataFrame" and {"start", "end"} <= set(x.columns):
        return IntervalSet(x.reset_index(drop=True), time_units=time_units, overlap="keep")
    support = support_in(x.attrs) if time_support is None else time_support
    if type(x).__name__ == "DataFrame" and list(x.columns) == ["time", "unit"]:  # a group that to_pandas made
        info = {name: np.asarray(values) for name, values in x.attrs.get("metadata", {}).items()}
        keys = np.asarray(x.attrs.get("units", np.unique(x["unit"])))
        return _group(np.asarray(x["time"], dtype=np.float64), np.asarray(x["unit"]), keys, support, info)
    index = np.asarray(x.index)
    if index.dtype.kind not in "biufmM":
        msg = f"the index of a pandas {type(x).__name__} should be times, got {index.dtype}. Try x.set_index('time')."
        raise ValueError(msg)
    times, units = clock(index, _NAMED_UNITS.get(x.index.name, time_units))
    if type(x).__name__ == "Series" and x.dtype == object and x.isna().all():
        return Ts(times, units, support)
    columns = np.asarray(x.columns) if type(x).__name__ == "DataFrame" else None
    info = x.attrs.get("metadata")
    return _series(times, x.to_numpy(), support, columns, time_units=units, unit=x.attrs.get("unit"), metadata=info)


def _from_table(x: Any, time_units: str, time_support: Any) -> Any:
    """A table of named columns, each of which knows how to become an array."""
    names = list(getattr(x, "column_names", x.columns))
    if {"start", "end"} <= set(names):
        columns = {name: _array(x[name]) for name in names}
        starts, ends = columns.pop("start"), columns.pop("end")
        return IntervalSet(starts, ends, time_units=time_units, metadata=columns, overlap="keep")
    time = next((name for name in _TIME_NAMES if name in names), None)
    if time is None:
        msg = f"a table needs a column of times, called 'time'; its columns are {names}."
        raise ValueError(msg)
    times, units = clock(_array(x[time]), _NAMED_UNITS.get(time, time_units))
    rest = [name for name in names if name != time]
    if not rest:
        return Ts(times, units, time_support)
    values = np.stack([_array(x[name]) for name in rest], axis=1)
    values = values[:, 0] if len(rest) == 1 else values
    return _series(times, values, time_support, np.asarray(rest), time_units=units)


def _array(column: Any) -> np.ndarray:
    return np.asarray(column.to_numpy() if _has(column, "to_numpy") else column)


# ---- SpikeInterface ------------------------------------------------------------------------------------------------


def _from_sorting(x: Any, time_support: Any) -> TsGroup:
    _one_segment(x, "sorting")
    rate = float(x.get_sampling_frequency())
    ids = list(x.get_unit_ids())
    trains = [np.asarray(x.get_unit_spike_train(unit), dtype=np.float64) / rate for unit in ids]
    whole = [isinstance(unit, int | np.integer) for unit in ids]
    keys = [int(unit) for unit in ids] if all(whole) else list(range(len(ids)))
    last = max((float(train[-1]) for train in trains if train.size), default=0.0)
    if time_support is None:
        time_support = IntervalSet(0.0, last + 1.0 / rate)
    info: dict[str, Any] = {} if all(whole) else {"unit_id": np.asarray([str(unit) for unit in ids])}
    if _has(x, "get_property_keys", "get_property"):
        info |= {str(name): np.asarray(x.get_property(name)) for name in x.get_property_keys()}
    info["sorting_rate"] = info.pop("rate") if "rate" in info else None
    info = {name: values for name, values in info.items() if values is not None}
    units = {key: Ts(train, time_support=time_support) for key, train in zip(keys, trains, strict=True)}
    return TsGroup(units, time_support=time_support, metadata=info)


def _from_recording(x: Any, time_support: Any) -> TsdFrame:
    _one_segment(x, "recording")
    values = np.asarray(x.get_traces())
    times = np.arange(len(values)) / float(x.get_sampling_frequency())
    return TsdFrame(times, values, time_support=time_support, columns=np.asarray(list(x.get_channel_ids())))


def _one_segment(x: Any, kind: str) -> None:
    n = x.get_num_segments() if _has(x, "get_num_segments") else 1
    if n != 1:
        msg = f"the {kind} has {n} segments, whose distance in time is not known; take one: x.select_segments([0])."
        raise ValueError(msg)
