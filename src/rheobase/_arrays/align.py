"""Times of many units around many events, in one pass over the flat store."""

from __future__ import annotations

import numpy as np

from .._types import FloatArray, IntArray
from .events import run_blocks, unit_runs
from .search import segmented_search

__all__ = ["align"]


def align(
    times: FloatArray, offsets: IntArray, events: FloatArray, before: float, after: float
) -> tuple[FloatArray, IntArray]:
    """Times relative to each event, within ``[-before, after]``, for every unit.

    Parameters
    ----------
    times
        Flat store: all times, unit after unit, s.
    offsets
        ``times[offsets[i]:offsets[i + 1]]`` is unit i; shape (unit + 1,).
    events
        Sorted event times, s, shape (event,).
    before, after
        Window, s, >= 0; closed at both ends.

    Returns
    -------
    relative
        Relative times, s, event after event within a unit, unit after unit.
    bounds
        ``relative[bounds[i]:bounds[i + 1]]`` belongs to unit ``i // n_events`` and event ``i % n_events``.
    """
    first, last = unit_runs(times, offsets, events - before, events + after)
    _trim(times, first, last, events, before, after)
    first, sizes = first.reshape(-1), (last - first).reshape(-1)
    bounds = np.zeros(sizes.size + 1, dtype=np.int64)
    np.cumsum(sizes, out=bounds[1:])
    shift = first - bounds[:-1]
    relative = np.empty(int(bounds[-1]))
    for rows, run, counts in run_blocks(sizes):
        index = np.repeat(shift[run], counts)
        index += np.arange(rows.start, rows.stop)
        out = relative[rows]
        np.take(times, index, out=out, mode="clip")
        out -= np.repeat(events.take(run % events.size), counts)
    return relative, bounds


def _trim(times: FloatArray, first: IntArray, last: IntArray, events: FloatArray, before: float, after: float) -> None:
    """Leave out, in place, times whose rounded distance to the event is a hair beyond the window.

    Such times can only stand at the two ends of a run, so the ends are looked at until they are inside.
    """
    if times.size == 0 or first.size == 0:
        return
    early = late = np.ones(first.shape, dtype=bool)
    while early.any() or late.any():
        early = (last > first) & (times.take(first, mode="clip") - events < -before)
        if early.any():
            a, b = first[early], last[early]
            first[early] = segmented_search(times, a, b, times[a], "right")
        late = (last > first) & (times.take(last - 1, mode="clip") - events > after)
        if late.any():
            a, b = first[late], last[late]
            last[late] = segmented_search(times, a, b, times[b - 1], "left")
