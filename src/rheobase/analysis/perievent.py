"""Perievent alignment: spikes, or samples of a signal, around events."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays.align import align
from .._arrays.lags import lag_axis, lags_within, rows_at_lags
from .._arrays.namespace import is_lazy, take_rows, to_numpy
from .._arrays.nearest import nearest
from .._errors import kind_of
from .._types import FloatArray, IntArray
from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from ..containers._base import class_for
from ..containers._metadata import Metadata
from . import _event_inputs as _inputs

__all__ = ["compute_perievent"]


def compute_perievent(
    data: Ts | TsGroup | Tsd | TsdFrame | TsdTensor,
    events: Ts | Tsd | TsdFrame | TsdTensor | IntervalSet,
    window: float | tuple[float, float],
    time_unit: str = "s",
    epochs: IntervalSet | None = None,
) -> TsGroup | dict[int, Any] | TsdFrame | TsdTensor:
    """Align spikes or signals to events.

    Parameters
    ----------
    data : Ts, TsGroup, Tsd, TsdFrame or TsdTensor
        What to align; signals must be sampled evenly.
    events : Ts, Tsd, TsdFrame, TsdTensor or IntervalSet
        Events: the times of a series (its values are not used), or the starts of epochs.
    window : float or (float, float)
        How far to look before and after each event, in `time_unit`; closed at both ends, signs do not matter. One
        number is used on both sides.
    time_unit : {"s", "ms", "us"}
    epochs : IntervalSet, optional
        Events outside are left out; by default the time support of `data`.

    Returns
    -------
    TsGroup, for a Ts
        One member per event, keyed 0, 1, ...: times relative to it (s). Metadata: ``events``, the time of each event
        (s), and those of an IntervalSet of events.
    dict, for a TsGroup
        Key of each unit to what a single unit gives.
    TsdFrame, for a Tsd
        Shape (lag, event), at lags in seconds, as float64. The sample closest to an event is its lag 0; NaN beyond the
        epoch that holds the event.
    TsdTensor, for a TsdFrame or TsdTensor
        Shape (lag, event, ...).

    Raises
    ------
    TypeError
        If `data`, `events` or `epochs` is of the wrong kind.
    RuntimeError
        If `window` or `time_unit` is of the wrong kind, or a signal is not sampled evenly.
    ValueError
        If no event lies in the time support of a signal.

    Examples
    --------
    >>> from rheobase.analysis import compute_perievent
    >>> from rheobase.containers import Ts
    >>> aligned = compute_perievent(Ts([0.5, 1.25, 2.25, 3.5]), Ts([1.0, 3.0]), window=(0.5, 1))
    >>> aligned[0].t
    array([-0.5 ,  0.25])
    >>> aligned["events"].tolist()
    [1.0, 3.0]
    """
    before, after = _inputs.read_window(window, time_unit)
    if not isinstance(data, Ts | TsGroup | _inputs.Signal):
        msg = f"data should be a time series object (Ts, TsGroup, Tsd, TsdFrame or TsdTensor), got {kind_of(data)}."
        raise TypeError(msg)
    times, info = _inputs.event_times(events, _inputs.read_epochs(data, epochs))
    support = IntervalSet(-before, after)
    if isinstance(data, TsGroup) and data._values is not None:
        return {key: _align_signal(unit, times, before, after, support) for key, unit in data.items()}
    if isinstance(data, TsGroup):
        groups = _align_units(data._times, data._offsets, info, before, after, support)
        return dict(zip(data.keys(), groups))
    if isinstance(data, Ts):
        return _align_units(data.t, np.array([0, len(data)]), info, before, after, support)[0]
    return _align_signal(data, times, before, after, support)


def _align_units(
    times: FloatArray,
    offsets: IntArray,
    info: dict[str, np.ndarray],
    before: float,
    after: float,
    support: IntervalSet,
) -> list[TsGroup]:
    """One group per unit of a flat store, whose members are the events; all share one array of relative times."""
    n_events = info["events"].size
    if len(support) == 0:
        times, offsets = times[:0], np.zeros_like(offsets)
    relative, bounds = align(times, offsets, info["events"], before, after)
    keys = np.arange(n_events)
    table = Metadata._trusted(keys, info)
    groups = []
    for unit in range(offsets.size - 1):  # views only
        own = bounds[unit * n_events : (unit + 1) * n_events + 1]
        groups.append(TsGroup._trusted(relative[own[0] : own[-1]], own - own[0], keys, support, table))
    return groups


def _align_signal(data: Any, events: FloatArray, before: float, after: float, support: IntervalSet) -> Any:
    """Samples around each event, as a frame or a tensor."""
    step = _inputs.sampling_step(data, "compute_perievent")
    first, last = data._runs(data.time_support)
    starts, ends = data.time_support.start, data.time_support.end
    begin, stop = np.searchsorted(events, starts, side="left"), np.searchsorted(events, ends, side="right")
    epoch = np.repeat(np.arange(first.size), stop - begin)
    if epoch.size == 0:
        msg = "No overlap between input and epochs: no event lies in the time support of data."
        raise ValueError(msg)
    if not np.isfinite(step):
        msg = f"data holds no two samples of the same epoch, so its sampling step is unknown; got {len(data)} samples."
        raise ValueError(msg)
    queries = events[_rows(begin, stop)]
    rows = nearest(queries, stop - begin, data.t, first, last)
    n_before, n_after = lags_within(before, step, cover=False), lags_within(after, step, cover=False)
    lags = np.clip(lag_axis(n_before, n_after, step), -before, after)  # rounding may put the last lag a hair outside
    low, high = first[epoch], last[epoch]
    values = data.values
    if is_lazy(values):
        values, rows, low, high = _read(values, rows, low, high, n_before, n_after)
    aligned = rows_at_lags(to_numpy(values), rows, low, high, n_before, n_after)
    if len(support) == 0:
        lags, aligned = lags[:0], aligned[:0]
    return class_for(aligned.ndim)._trusted(lags, aligned, support)


def _rows(first: IntArray, last: IntArray) -> IntArray:
    """Rows of all runs, in order."""
    sizes = last - first
    return np.repeat(first - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))


def _read(
    values: Any, rows: IntArray, low: IntArray, high: IntArray, n_before: int, n_after: int
) -> tuple[np.ndarray, IntArray, IntArray, IntArray]:
    """The rows of lazy values that any window sees, and where rows and bounds stand among them."""
    begin, stop = np.maximum(rows - n_before, low), np.minimum(rows + n_after + 1, high)
    some = np.flatnonzero((rows >= 0) & (stop > begin))
    seen = np.zeros(len(values) + 1, dtype=np.int64)
    np.add.at(seen, begin[some], 1)
    np.add.at(seen, stop[some], -1)
    wanted = np.flatnonzero(np.cumsum(seen[:-1]) > 0)
    place = np.searchsorted(wanted, np.stack((rows, begin, stop)))
    place[0, rows < 0] = -1
    return take_rows(values, wanted), place[0], place[1], place[2]
