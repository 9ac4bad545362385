"""Finding the place of a time among sorted times: in many slices at once, or by division where they are even."""

from __future__ import annotations

import numpy as np

from .._types import FloatArray, IntArray

__all__ = ["BLOCK", "ascends", "first_not_before", "is_even", "segmented_search"]

BLOCK = 1 << 15
"""Samples handled at a time where a dozen intermediate arrays would otherwise leave the cache."""


def segmented_search(times: FloatArray, low: IntArray, high: IntArray, needles: FloatArray, side: str) -> IntArray:
    """`numpy.searchsorted` inside many slices of one array at once, by bisection.

    Parameters
    ----------
    times
        Values, sorted within every slice ``times[low:high]``.
    low, high
        Bounds of the slices, broadcast against `needles`.
    needles
        What to look for.
    side : {"left", "right"}
        As in `numpy.searchsorted`.

    Returns
    -------
    IntArray
        Index into `times`, in ``[low, high]``, of the broadcast shape.
    """
    low, size, needles = np.broadcast_arrays(low, high - low, needles)
    shape = low.shape
    low, size, needles = low.reshape(-1).copy(), size.reshape(-1).copy(), needles.reshape(-1)
    compare = np.less if side == "left" else np.less_equal
    for _ in range(int(np.max(size, initial=0)).bit_length()):
        half = size >> 1
        right = compare(times.take(low + half, mode="clip"), needles)
        right &= size > 0
        step = (half + 1) * right
        low += step
        size -= step
        np.copyto(size, half, where=~right)
    return low.reshape(shape)


def ascends(values: FloatArray) -> bool:
    """Whether no value is smaller than the one before; False if there is a NaN, unless it stands alone."""
    return all(
        bool((values[begin + 1 : begin + BLOCK + 1] >= values[begin : begin + BLOCK][: values.size - 1 - begin]).all())
        for begin in range(0, values.size - 1, BLOCK)
    )


def is_even(times: FloatArray) -> bool:
    """Whether sorted times are spaced so evenly that the place of a time is best found by division."""
    n = times.size
    if n < 4 or not times[-1] > times[0]:
        return False
    probe = np.arange(0, n, max(1, n // 256))
    place = (times[probe] - times[0]) * ((n - 1) / (times[-1] - times[0]))
    return bool(np.mean(np.abs(place - probe) < 0.9) > 0.9)


def first_not_before(times: FloatArray, needles: FloatArray) -> IntArray:
    """``numpy.searchsorted(times, needles)``, by division and a check where the times are evenly spaced."""
    n = times.size
    if needles.size < 256 or not is_even(times):
        return np.searchsorted(times, needles)
    out = np.empty(needles.size, dtype=np.int64)
    scale = (n - 1) / (times[-1] - times[0])
    for begin in range(0, needles.size, BLOCK):
        block = needles[begin : begin + BLOCK]
        place = np.clip(np.rint((block - times[0]) * scale), 1, n - 1).astype(np.int64)
        place -= times.take(place - 1) >= block
        place += times.take(place) < block
        last = np.minimum(place, n - 1)
        wrong = (
            (place < 1) | (place > last) | (times.take(last) < block) | (times.take(np.maximum(place - 1, 0)) >= block)
        )
        wrong = np.flatnonzero(wrong)
        if wrong.size:
            place[wrong] = np.searchsorted(times, block[wrong])
        out[begin : begin + BLOCK] = place
    return out
