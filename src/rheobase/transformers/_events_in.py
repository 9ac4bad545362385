"""Events as users have them: times, durations, labels and columns; and tensors that carry them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import kind_of
from .._types import FloatArray
from ..containers import IntervalSet

__all__ = ["Events", "read_events"]

STARTS = ("time", "start", "start_time")
"""Columns that say when an event happens, best first."""

ENDS = ("end", "stop", "end_time", "stop_time")
"""Columns that say when it is over, where there is no ``duration``."""

DIMS = ("event", "sample_times", "neuron")
"""Axes of a tensor; a column of that name is called ``event_...``."""


@dataclass(frozen=True)
class Events:
    """Times (s) of events, their labels, and everything else that is known of them."""

    times: FloatArray
    labels: np.ndarray
    columns: dict[str, np.ndarray]

    def durations(self) -> FloatArray:
        """Seconds from start to end of each event.

        Raises
        ------
        ValueError
            If no column tells.
        """
        if "duration" in self.columns:
            return np.asarray(self.columns["duration"], dtype=np.float64)
        for name in ENDS:
            if name in self.columns:
                return np.asarray(self.columns[name], dtype=np.float64) - self.times
        msg = f"events need a column 'duration' (or one of {list(ENDS)}); they have {list(self.columns)}."
        raise ValueError(msg)

    def tensor(self, values: np.ndarray, **axes: Any) -> Any:
        """`values` as a DataArray over events and `axes`, with the columns of the events as coordinates."""
        import xarray as xr

        coords: dict[str, Any] = {"event": self.labels, **axes}
        for name, column in self.columns.items():
            coords[f"event_{name}" if name in DIMS else name] = ("event", column)
        return xr.DataArray(values, dims=("event", *axes), coords=coords)


def read_events(events: Any) -> Events:
    """Events from a table, epochs, a series, or plain times.

    The time of an event is the first of the columns ``time``, ``start`` and ``start_time`` that a table has, and the
    start of an epoch; an array of two columns holds starts and ends.

    Raises
    ------
    TypeError
        If `events` is none of them.
    ValueError
        If a table has no column with times.
    """
    if type(events).__name__ == "DataFrame":
        return _from_table(events)
    if isinstance(events, IntervalSet) or type(events).__name__ == "IntervalSet":
        return _from_epochs(events)
    if type(events).__name__ == "Series":
        times = np.asarray(events, dtype=np.float64)
        return Events(times, events.index.to_numpy(), {"time": times})
    given = getattr(events, "t", events)
    if isinstance(given, np.ndarray | list | tuple | range) and np.ndim(given) == 1:
        times = np.asarray(given, dtype=np.float64)
        return Events(times, np.arange(times.size), {"time": times})
    if isinstance(given, np.ndarray) and given.ndim == 2 and given.shape[1] == 2:
        # what scikit-learn makes of an IntervalSet when it splits it: rows of start and end, in any order
        start, end = given.astype(np.float64).T
        return Events(start, np.arange(start.size), {"time": start, "duration": end - start, "end": end})
    msg = f"events should be a table with a column 'time', an IntervalSet, a Ts or times, got {kind_of(events)}."
    raise TypeError(msg)


def _from_table(table: Any) -> Events:
    found = next((name for name in STARTS if name in table.columns), None)
    if found is None:
        msg = f"events needs a column 'time' (or 'start', 'start_time'), got columns {list(table.columns)}."
        raise ValueError(msg)
    columns = {str(name): np.asarray(table[name]) for name in table.columns}
    return Events(np.asarray(columns[found], dtype=np.float64), table.index.to_numpy(), columns)


def _from_epochs(epochs: Any) -> Events:
    start, end = np.asarray(epochs.start, dtype=np.float64), np.asarray(epochs.end, dtype=np.float64)
    columns: dict[str, np.ndarray] = {"time": start, "duration": end - start, "end": end}
    columns |= {name: np.asarray(epochs.get_info(name)) for name in epochs.metadata_columns}
    return Events(start, np.arange(start.size), columns)
