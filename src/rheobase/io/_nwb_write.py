"""Containers → objects of an NWB file, one function per kind.

============= ================================================================================================
container     NWB
============= ================================================================================================
`TsGroup`     units table; the time support also as ``obs_intervals``, where that is not long
`IntervalSet` TimeIntervals under ``/intervals``
`Ts`          table with the column ``event_times``, in a processing module
`Tsd` …       TimeSeries in a processing module, with a rate where that gives exactly the same times
============= ================================================================================================

`_nwb_layout` says where what plain NWB does not hold is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .._types import FloatArray
from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from ..containers._base import default_support
from ..containers._lazy import LazyArray
from ._nwb_layout import LABEL, VALUES, columns_note, encoded, support_note

__all__ = ["Writer", "clock", "stored"]

MAX_OBS_INTERVALS = 1_000_000
"""Units times epochs up to which each unit gets a copy of the time support."""

STREAM_BYTES = 1 << 24
"""Samples that take more than this are written in blocks."""

_TAKEN = {"id", "name", "description", "colnames", "columns", "parent", "object_id", "rate"}


class Writer:
    """Adds containers to an open `pynwb.NWBFile`.

    Parameters
    ----------
    nwb : pynwb.NWBFile
    module : str
        Processing module for series and events; made on first use.
    compression : str or None
        Filter for samples and spike times, as h5py names it.
    on_bytes : callable
        Called with the number of bytes whenever a block of samples has been written.
    """

    def __init__(self, nwb: Any, module: str, compression: str | None, on_bytes: Callable[[int], Any]) -> None:
        self.nwb, self._module_name, self._compression, self._on_bytes = nwb, module, compression, on_bytes

    def add(self, name: str, obj: Any, description: str | None = None) -> None:
        """Add one container under `name`; by default it is described by its class and name."""
        description = description or f"{obj.nap_class} {name}"
        if isinstance(obj, TsGroup):
            self._add_group(name, obj, description)
        elif isinstance(obj, IntervalSet):
            self._put_intervals(name, description, obj, info_columns)
        elif isinstance(obj, Ts):
            self._add_events(name, obj, description)
        else:
            self._add_series(name, obj, description)

    # ---- kinds

    def _add_series(self, name: str, series: Tsd | TsdFrame | TsdTensor, description: str) -> None:
        import pynwb

        data, conversion, offset, unit = stored(series.values)
        self._module().add(
            pynwb.TimeSeries(
                name=name,
                data=self.samples(data),
                unit=series._value_unit or unit or pynwb.TimeSeries.DEFAULT_UNIT,
                conversion=conversion,
                offset=offset,
                description=description,
                **clock(series.t),
            )
        )
        if not same_epochs(series.time_support, quiet_support(series.t)):
            self._add_support(name, series.time_support)
        if isinstance(series, TsdFrame):
            self._add_columns(name, series.columns, series._metadata.columns)

    def _add_events(self, name: str, events: Ts, description: str) -> None:
        from hdmf.common import DynamicTable

        columns = [vector("event_times", "Times of the events, s", self.samples(events.t))]
        ids = np.arange(len(events))
        self._module().add(DynamicTable(name=name, description=description, columns=columns, id=ids))
        if not same_epochs(events.time_support, quiet_support(events.t)):
            self._add_support(name, events.time_support)

    def _add_group(self, name: str, group: TsGroup, description: str) -> None:
        from pynwb.misc import Units

        columns = list(ragged("spike_times", "Spike times of each unit, s", self.samples(group._times), group))
        epochs = group.time_support.values
        if 0 < len(group) * len(epochs) <= MAX_OBS_INTERVALS:
            stops = np.arange(1, len(group) + 1) * len(epochs)
            text = "Time support, the same for all units"
            columns += vector_and_index("obs_intervals", text, np.tile(epochs, (len(group), 1)), stops)
        if group._values is not None:
            values, *_ = stored(group._values)
            columns += ragged(VALUES, "Value at each spike time", self.samples(values), group)
        columns += info_columns(group, Units)
        table = Units(name=name, description=description, columns=columns, id=np.asarray(group._keys))
        if name == "units":
            self.nwb.units = table
        else:
            self._module().add(table)
        self._add_support(name, group.time_support)
        if group._columns is not None:
            self._add_columns(name, group._columns, {})

    def _add_support(self, name: str, support: IntervalSet) -> None:
        self._put_intervals(f"{name}_time_support", support_note(name), support, lambda *_: [])

    def _put_intervals(self, name: str, description: str, epochs: IntervalSet, info: Callable) -> None:
        from pynwb.epoch import TimeIntervals

        columns = [
            vector("start_time", "Start of the epoch, s", np.array(epochs.start)),
            vector("stop_time", "End of the epoch, s", np.array(epochs.end)),
            *info(epochs, TimeIntervals),
        ]
        table = TimeIntervals(name=name, description=description, columns=columns, id=np.arange(len(epochs)))
        if name in ("epochs", "trials", "invalid_times"):
            setattr(self.nwb, name, table)
        else:
            self.nwb.add_time_intervals(table)

    def _add_columns(self, name: str, labels: np.ndarray, info: dict[str, np.ndarray]) -> None:
        """Table of the columns of a frame, where they are more than their numbers."""
        from hdmf.common import DynamicTable

        labels = np.asarray(labels)
        if not info and labels.dtype.kind in "iu" and np.array_equal(labels, np.arange(len(labels))):
            return
        columns = as_vectors({LABEL: labels}, set()) + as_vectors(info, {LABEL, *_TAKEN})
        ids = np.arange(len(labels))
        table = DynamicTable(name=f"{name}_columns", description=columns_note(name), columns=columns, id=ids)
        self._module().add(table)

    # ---- parts

    def _module(self) -> Any:
        if self._module_name not in self.nwb.processing:
            return self.nwb.create_processing_module(self._module_name, "Time series and events written by rheobase")
        return self.nwb.processing[self._module_name]

    def samples(self, values: Any) -> Any:
        """Samples as pynwb writes them: small ones as they are, large or lazy ones block by block."""
        from hdmf.backends.hdf5 import H5DataIO

        data = values
        if not isinstance(values, np.ndarray) or isinstance(values, np.memmap) or values.nbytes > STREAM_BYTES:
            data = np.asarray(values[...]) if 0 in values.shape else blocks_of(values, self._on_bytes)
        elif not values.size:
            data = np.array(values)  # a copy: HDF5 objects of no size have no memory to point at
        if self._compression is None or 0 in values.shape:
            return data
        return H5DataIO(data=data, compression=self._compression)


def stored(values: Any) -> tuple[Any, float, float, str | None]:
    """What to store of samples: the numbers, conversion factor, offset and unit."""
    if values.dtype.kind not in "biuf" or values.dtype.itemsize > 8:
        what = "complex numbers" if values.dtype.kind == "c" else f"values of type {values.dtype}"
        msg = (
            f"NWB has no place for {what}. Write np.real(x) and np.imag(x), or x.astype(float), or use obj.save (npz)."
        )
        raise TypeError(msg)
    unit = getattr(values, "unit", None)  # only lazy samples, and those that came from them, have one
    if isinstance(values, LazyArray) and values._scaled and not values._factor.ndim:
        return values.raw, float(values._factor), values._offset, unit
    return values if isinstance(values, LazyArray) else np.asarray(values), 1.0, 0.0, unit


def blocks_of(values: Any, on_bytes: Callable[[int], Any]) -> Any:
    """An iterator over blocks of `values` for pynwb, which never holds them all."""
    from hdmf.data_utils import GenericDataChunkIterator

    class Blocks(GenericDataChunkIterator):
        def _get_data(self, selection: tuple[slice, ...]) -> np.ndarray:
            block = np.asarray(values[selection])
            on_bytes(block.nbytes)
            return block

        def _get_maxshape(self) -> tuple[int, ...]:
            return tuple(values.shape)

        def _get_dtype(self) -> np.dtype:
            return np.dtype(values.dtype)

    return Blocks(buffer_gb=0.1, chunk_mb=4.0)


def clock(t: FloatArray) -> dict[str, Any]:
    """Times as a rate and a start, where these give exactly the same numbers; otherwise as they are."""
    if len(t) > 2 and t[-1] > t[0]:
        for rate in _rates(t):
            head = t[0] + np.arange(min(len(t), 1000)) / rate
            if np.array_equal(head, t[:1000]) and np.array_equal(t[0] + np.arange(len(t)) / rate, t):
                return {"rate": rate, "starting_time": float(t[0])}
    return {"timestamps": np.array(t)}


def _rates(t: FloatArray) -> Iterator[float]:
    mean = (len(t) - 1) / (t[-1] - t[0])
    yield from dict.fromkeys(float(rate) for rate in (round(mean, 6), mean, 1 / (t[1] - t[0])) if 0 < rate < np.inf)


def quiet_support(t: FloatArray) -> IntervalSet:
    """The support that a reader gives these times by itself."""
    return default_support(t) if len(t) == 0 or t[-1] > t[0] else IntervalSet._trusted(np.empty(0), np.empty(0))


def same_epochs(a: IntervalSet, b: IntervalSet) -> bool:
    return np.array_equal(a.start, b.start) and np.array_equal(a.end, b.end)


def info_columns(obj: Any, table_class: type) -> list[Any]:
    """Metadata of a container as columns of an NWB table."""
    info = {name: values for name, values in obj._metadata.columns.items() if name not in obj._protected_info}
    predefined = {column["name"] for column in table_class.__columns__}
    return as_vectors(info, {*predefined, VALUES, *_TAKEN, *dir(table_class)})


def as_vectors(columns: dict[str, np.ndarray], taken: set[str]) -> list[Any]:
    vectors: list[Any] = []
    for name, description, data, index in encoded(columns, taken):
        made = [vector(name, description, data)] if index is None else vector_and_index(name, description, data, index)
        vectors += made
    return vectors


def vector(name: str, description: str, data: Any) -> Any:
    from hdmf.common import VectorData

    return VectorData(name=name, description=description, data=data)


def vector_and_index(name: str, description: str, data: Any, stops: np.ndarray) -> list[Any]:
    from hdmf.common import VectorIndex

    column = vector(name, description, data)
    return [VectorIndex(name=f"{name}_index", data=np.asarray(stops, dtype=np.uint64), target=column), column]


def ragged(name: str, description: str, data: Any, group: TsGroup) -> list[Any]:
    """Ragged column of the flat store of a group."""
    return vector_and_index(name, description, data, group._offsets[1:])
