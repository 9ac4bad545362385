"""Events of a population inside many epochs: a mask, a byte for each event, then one copy of what it keeps.

Both are made a few units at a time, on all cores, so that nothing but the mask and the result is large.
"""

from __future__ import annotations

import numpy as np

from .._types import BoolArray, FloatArray, IntArray
from .events import unit_parts
from .threads import for_each

__all__ = ["take_masked", "unit_mask"]


def unit_mask(times: FloatArray, offsets: IntArray, starts: FloatArray, ends: FloatArray) -> tuple[BoolArray, IntArray]:
    """Which events of a flat store lie in an epoch, both edges included.

    Parameters
    ----------
    times
        All times, unit after unit, each unit sorted, s.
    offsets
        ``times[offsets[i]:offsets[i + 1]]`` is unit i; shape (unit + 1,).
    starts, ends
        Bounds of sorted, disjoint epochs, s, shape (epoch,).

    Returns
    -------
    mask : shape (time,)
    kept : shape (unit + 1,)
        Offsets of the units among the events that lie in an epoch.
    """
    mask = np.zeros(times.size, dtype=bool)
    sizes = np.zeros(offsets.size, dtype=np.int64)
    bounds = np.stack((starts, np.nextafter(ends, np.inf)), axis=1).reshape(-1)
    flags = np.zeros(bounds.size + 1, dtype=bool)  # outside, in the first epoch, outside, in the second, …
    flags[1::2] = True
    at = offsets.tolist()

    def fill(units: slice) -> None:
        edges = np.zeros(bounds.size + 2, dtype=np.int64)
        for unit in range(units.start, units.stop):
            events = slice(at[unit], at[unit + 1])
            edges[1:-1] = np.searchsorted(times[events], bounds)
            edges[-1] = events.stop - events.start
            lengths = edges[1:] - edges[:-1]
            sizes[unit + 1] = lengths[1::2].sum()
            mask[events] = np.repeat(flags, lengths)

    for_each(fill, unit_parts(np.diff(offsets)))
    return mask, np.cumsum(sizes)


def take_masked(array: np.ndarray, mask: BoolArray, offsets: IntArray, kept: IntArray) -> np.ndarray:
    """Rows of `array`, one per event, where `mask` holds; `offsets` and `kept` as `unit_mask` takes and gives them."""
    out = np.empty((int(kept[-1]), *array.shape[1:]), dtype=array.dtype)

    def fill(units: slice) -> None:
        rows = slice(offsets[units.start], offsets[units.stop])
        out[kept[units.start] : kept[units.stop]] = array[rows][mask[rows]]

    for_each(fill, unit_parts(np.diff(offsets)))
    return out
