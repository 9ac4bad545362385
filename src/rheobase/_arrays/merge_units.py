"""All events of a population in order of time.

Units are sorted already, so time is cut into stretches of about as many events each; the events of a stretch are one
run of every unit, are sorted while they lie in the cache, and stretches are worked off on all cores.
"""

from __future__ import annotations

import numpy as np

from .._types import FloatArray, IntArray
from .events import time_order
from .search import segmented_search
from .threads import for_each

__all__ = ["merge_units"]

STRETCH = 1 << 16
"""Events of a stretch, about."""


def merge_units(times: FloatArray, offsets: IntArray, labels: np.ndarray) -> tuple[FloatArray, np.ndarray]:
    """Times of all units, sorted, and the label of the unit of each; events at the same time in the order of units.

    Parameters
    ----------
    times, offsets
        Flat store: ``times[offsets[i]:offsets[i + 1]]`` is unit i, sorted.
    labels
        One per unit.

    Returns
    -------
    times, labels : ndarray, shape (time,)
    """
    cuts = _cuts(times)
    places = np.concatenate(
        (
            offsets[:-1, None],
            segmented_search(times, offsets[:-1, None], offsets[1:, None], cuts, "left"),
            offsets[1:, None],
        ),
        axis=1,
    )
    upto = places.sum(axis=0) - offsets[:-1].sum()  # events before each cut
    out, out_labels = np.empty(times.size), np.empty(times.size, dtype=labels.dtype)

    def fill(i: int) -> None:
        low, high = places[:, i], places[:, i + 1]
        chosen = np.concatenate([times[a:b] for a, b in zip(low.tolist(), high.tolist())])
        order = time_order(chosen)
        rows = slice(upto[i], upto[i + 1])
        np.take(chosen, order, out=out[rows])
        np.take(np.repeat(labels, high - low), order, out=out_labels[rows])

    for_each(fill, range(cuts.size + 1) if offsets.size > 1 else ())
    return out, out_labels


def _cuts(times: FloatArray) -> FloatArray:
    """Times between which there are about `STRETCH` events."""
    n = times.size // STRETCH
    if n < 2:
        return np.empty(0)
    sample = np.sort(times[:: max(1, times.size // (64 * n))])
    return np.unique(sample[np.arange(1, n) * sample.size // n])
