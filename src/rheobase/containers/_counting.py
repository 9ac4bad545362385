"""Counting the events of one series or of a whole group: the arguments of `count`, then one vectorised pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays.bin_counts import count, count_trials
from .._arrays.bins import bin_edges
from .._arrays.edges import count_epochs
from .._arrays.events import unit_runs
from .._types import FloatArray, IntArray
from ._checks import as_seconds, bin_seconds, check_choice, check_dtype, check_epochs
from .interval_set import IntervalSet

__all__ = ["count_events", "count_events_in_trials"]


def count_events(
    times: FloatArray, offsets: IntArray, ep: IntervalSet, bin_size: Any, time_units: str, dtype: Any
) -> tuple[FloatArray, np.ndarray]:
    """Counts of every unit of a flat store, per bin or (without `bin_size`) per epoch.

    Returns
    -------
    times
        Bin centres or epoch centres, s, shape (bin,).
    counts
        Shape (bin, unit), of `dtype`.
    """
    dtype = check_dtype(dtype)
    if bin_size is None:
        return ep.start + (ep.end - ep.start) / 2, count_epochs(times, offsets, ep.start, ep.end, dtype)
    grid = bin_edges(ep.start, ep.end, bin_seconds(bin_size, time_units))
    first, last = unit_runs(times, offsets, ep.start, grid.last_times(ep.end))
    return grid.centres(), count(times, first, last, grid, dtype)


def count_events_in_trials(
    times: FloatArray,
    offsets: IntArray,
    ep: Any,
    bin_size: Any,
    align: str,
    padding_value: float,
    time_unit: str,
) -> FloatArray:
    """Counts per trial, shape (unit, trial, bin of trial).

    Raises
    ------
    RuntimeError
        If an argument is of the wrong kind.
    """
    check_epochs(ep, "ep", RuntimeError)
    check_choice(time_unit, ("s", "ms", "us"), "time_unit", RuntimeError)
    check_choice(align, ("start", "end"), "align", RuntimeError)
    size = as_seconds(bin_size, time_unit, "bin_size", RuntimeError)
    if not size > 0:
        msg = f"bin_size must be > 0, got {bin_size}."
        raise RuntimeError(msg)
    as_seconds(padding_value, "s", "padding_value", RuntimeError)
    grid = bin_edges(ep.start, ep.end, size)
    first, last = unit_runs(times, offsets, ep.start, grid.last_times(ep.end))
    return count_trials(times, first, last, grid, align, padding_value)
