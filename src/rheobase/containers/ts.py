"""`Ts`: times of events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .._arrays import events as _events
from .._types import ArrayLike, FloatArray
from . import _select
from ._base import AbstractTimeSeries, class_for, default_support, read_times
from ._checks import is_number
from ._counting import count_events_in_trials
from ._pandas import index_in_units
from ._time import sort_order
from ._warn import warn_unsorted
from .interval_set import IntervalSet

if TYPE_CHECKING:
    import pandas as pd

    from .tsd import Tsd

__all__ = ["Ts"]


class Ts(AbstractTimeSeries):
    """Times of events, such as the spikes of one neuron.

    Parameters
    ----------
    t : array_like
        Times, in `time_units`, shape (time,). They are copied, and sorted (with a warning) if they are not.
    time_units : {"s", "ms", "us"}
    time_support : IntervalSet, optional
        Epochs over which events could have happened; events outside are dropped. By default one epoch from the first
        to the last event.

    Raises
    ------
    RuntimeError
        If `t` is not numeric.
    AssertionError
        If `time_support` is no IntervalSet.
    ValueError
        If the unit is unknown.

    Examples
    --------
    >>> from rheobase.containers import Ts
    >>> spikes = Ts([100, 200, 450], time_units="ms")
    >>> spikes.t
    array([0.1 , 0.2 , 0.45])
    >>> spikes.count(0.1).values
    array([1, 1, 0, 1])
    """

    def __init__(self, t: ArrayLike, time_units: str = "s", time_support: IntervalSet | None = None) -> None:
        times, _, time_support = read_times(t, time_units, time_support)
        if time_support is None:
            time_support = default_support(times)
        else:
            times = _events.take_runs(times, *_events.runs(times, time_support.start, time_support.end))
        self._store(times, time_support)

    @classmethod
    def _trusted(cls, t: FloatArray, time_support: IntervalSet) -> Ts:
        """Series from sorted float64 seconds inside the support: no check, no copy."""
        series = cls.__new__(cls)
        series._store(t, time_support)
        return series

    def _take(self, rows: Any, time_support: IntervalSet) -> Ts:
        return Ts._trusted(self._t[rows], time_support)

    def __getitem__(self, key: Any) -> Ts:
        key = _select.plain_key(self, key[0] if isinstance(key, tuple) else key)
        times = np.atleast_1d(self._t[key])
        if sort_order(times) is not None:
            warn_unsorted("timestamps are not sorted; sorting them")
            times = np.sort(times)
        return Ts._trusted(times, self._support)

    def __iter__(self) -> Iterator[Ts]:
        return (self[i] for i in range(len(self)))

    def fillna(self, value: float) -> Tsd:
        """A Tsd with the same `value` at each time.

        Raises
        ------
        TypeError
            If `value` is no number.
        """
        if not is_number(value):
            msg = f"value should be a number, got {value!r}."
            raise TypeError(msg)
        return class_for(1)._trusted(self._t, np.full(len(self), value, dtype=np.float64), self._support)

    def trial_count(
        self,
        ep: IntervalSet,
        bin_size: float,
        align: str = "start",
        padding_value: float = np.nan,
        time_unit: str = "s",
    ) -> FloatArray:
        """Count events in bins of each epoch, epochs side by side; the bins are those of `count`.

        Parameters
        ----------
        ep : IntervalSet
            Trials; they may overlap.
        bin_size : float
            Width, in `time_unit`, > 0.
        align : {"start", "end"}
            Which end of a shorter trial stands at the edge.
        padding_value : float
            Fills the rest.
        time_unit : {"s", "ms", "us"}

        Returns
        -------
        ndarray of float64, shape (trial, bin)

        Raises
        ------
        RuntimeError
            If an argument is of the wrong kind.
        """
        offsets = np.array([0, len(self)], dtype=np.int64)
        return count_events_in_trials(self._t, offsets, ep, bin_size, align, padding_value, time_unit)[0]

    def as_series(self) -> pd.Series:
        """The times as the index of an empty (NaN) pandas Series."""
        import pandas as pd

        return pd.Series(index=self._t, dtype="object")

    def as_units(self, units: str = "s") -> pd.Series:
        """As `as_series`, with the index in `units`; microseconds are int64."""
        import pandas as pd

        return pd.Series(index=index_in_units(self._t, units), dtype="object")

    def copy(self) -> Self:
        """A copy that shares no memory with this series."""
        return Ts._trusted(self._t.copy(), self._support)
