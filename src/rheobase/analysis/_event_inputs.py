"""Checks of what event-related functions are given: windows, events, epochs, and even sampling."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays.lags import even_step, worst_gap
from .._errors import kind_of
from .._types import FloatArray
from .._units import to_seconds
from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from ..containers._checks import check_choice, check_epochs, is_number
from ..containers._metadata import Metadata

__all__ = ["Signal", "check_signal", "event_times", "read_epochs", "read_window", "sampling_step", "small_counts"]

COUNT_TYPES = (np.uint8, np.uint16, np.int64)
"""Types of counts, tried in this order."""

Signal = Tsd | TsdFrame | TsdTensor
"""A series with values."""


def read_window(window: Any, time_unit: Any) -> tuple[float, float]:
    """Seconds before and after an event; signs are dropped.

    Raises
    ------
    RuntimeError
        If the unit is unknown, or `window` is neither a number nor a pair of them.
    """
    check_choice(time_unit, ("s", "ms", "us"), "time_unit", RuntimeError)
    pair = (window, window) if is_number(window) else window
    if isinstance(pair, list | tuple | np.ndarray) and len(pair) == 2 and all(is_number(side) for side in pair):
        before, after = (abs(float(to_seconds(float(side), time_unit))) for side in pair)
        if np.isfinite(before) and np.isfinite(after):
            return before, after
    msg = f"window should be a number or a tuple of 2 numbers (before, after), finite; got {window!r}."
    raise RuntimeError(msg)


def read_epochs(data: Any, epochs: Any) -> IntervalSet:
    """`epochs`, or the time support of `data`.

    Raises
    ------
    TypeError
        If `epochs` is no IntervalSet.
    """
    return data.time_support if epochs is None else check_epochs(epochs, "epochs")


def event_times(events: Any, epochs: IntervalSet) -> tuple[FloatArray, dict[str, np.ndarray]]:
    """Times of the events inside epochs (s, sorted), and what is known of each.

    Events are the times of a series, or the starts of an IntervalSet, whose metadata come along.

    Raises
    ------
    TypeError
        If `events` is something else.
    """
    if isinstance(events, IntervalSet):
        order = np.argsort(events.start, kind="stable")
        table: Metadata | None = events._metadata
        times = events.start[order]
    elif isinstance(events, Ts | Signal):
        order, table, times = None, None, events.t
    else:
        msg = f"events should be a time series object (Ts, Tsd, ...) or an IntervalSet, got {kind_of(events)}."
        raise TypeError(msg)
    rows = _rows_inside(times, epochs)
    info = {"events": times[rows]}
    if table is not None and order is not None:
        columns = table.take(order[rows]).columns
        info |= {name: column for name, column in columns.items() if name not in ("events", "rate")}
    return info["events"], info


def _rows_inside(times: FloatArray, epochs: IntervalSet) -> np.ndarray:
    """Rows of sorted times that lie in any epoch, ascending; epochs may overlap."""
    steps = np.zeros(times.size + 1, dtype=np.int64)
    np.add.at(steps, np.searchsorted(times, epochs.start, side="left"), 1)
    np.add.at(steps, np.searchsorted(times, epochs.end, side="right"), -1)
    return np.flatnonzero(np.cumsum(steps[:-1]) > 0)


def check_signal(data: Any) -> None:
    """Raise TypeError unless `data` is a series with values."""
    if not isinstance(data, Signal):
        msg = f"data should be a continuous time series (Tsd, TsdFrame, or TsdTensor), got {kind_of(data)}."
        if isinstance(data, Ts | TsGroup):
            msg += " Count its events first: data.count(bin_size)."
        raise TypeError(msg)


def sampling_step(data: Any, caller: str) -> float:
    """Distance of neighbouring samples of the same epoch, s.

    Raises
    ------
    RuntimeError
        If samples lie more than 1 % of it beside even times, or epochs differ in it by more than 1 part in 10,000.
    ValueError
        If no epoch holds two samples.
    """
    first, last = data._runs(data.time_support)
    step, regular = even_step(data.t, first, last)
    if not regular:
        time, gap = worst_gap(data.t, first, last, step)
        msg = (
            f"Continuous data must be regularly sampled: samples are {step:.6g} s apart on average, but {gap:.6g} s "
            f"at {time:.6f} s (1 % of a step beside even times is allowed). Bring it to even times before calling "
            f"{caller}: data.interpolate(...) or data.bin_average(bin_size)."
        )
        raise RuntimeError(msg)
    return step


def small_counts(events: Any, bin_size: Any, epochs: IntervalSet, time_units: str = "s") -> Any:
    """``events.count`` in the smallest type that holds what there is."""
    for dtype in COUNT_TYPES[:-1]:
        try:
            return events.count(bin_size, epochs, time_units=time_units, dtype=dtype)
        except OverflowError:  # more events in a bin than this type holds
            continue
    return events.count(bin_size, epochs, time_units=time_units, dtype=COUNT_TYPES[-1])
