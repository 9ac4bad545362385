"""A group from times and the unit of each, as sorters write them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._types import FloatArray, IntArray
from ..containers import IntervalSet, TsGroup

__all__ = ["group_of"]


def group_of(
    times: FloatArray, unit: IntArray, keys: IntArray, support: IntervalSet | None, info: dict[str, Any]
) -> TsGroup:
    """Group of units from flat times.

    Parameters
    ----------
    times : ndarray
        Shape (spike,), s, in any order.
    unit : ndarray
        Key of the unit of each spike.
    keys : ndarray
        Sorted keys of all units; spikes of others are left out.
    support : IntervalSet, optional
        Time support; from the first to the last spike by default.
    info : dict
        Metadata, one entry per unit.
    """
    known = np.isin(unit, keys)
    times, unit = np.asarray(times, dtype=np.float64)[known], unit[known]
    order = np.lexsort((times, unit))
    times = times[order]
    offsets = np.searchsorted(unit[order], np.append(keys, np.iinfo(np.int64).max))
    if support is None:
        some = times.size and times.max() > times.min()
        support = IntervalSet(times.min(), times.max()) if some else IntervalSet([], [])
    group = TsGroup._trusted(times, offsets, keys, support, None)
    group.set_info(info)
    return group.restrict(support)
