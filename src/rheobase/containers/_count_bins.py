"""Every form of `count`: equal bins inside epochs, bins between given edges, whole epochs; as counts or as rates."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import bins as _bins
from .._arrays.edges import count_between, covered_time
from .._arrays.events import take_runs, unit_runs
from .._types import FloatArray, IntArray
from .._units import check_units, to_seconds
from ._checks import bin_seconds, check_dtype
from ._counting import count_events
from .interval_set import IntervalSet

__all__ = ["count_any"]

Counts = tuple[FloatArray, np.ndarray, IntervalSet]


def count_any(
    times: FloatArray,
    offsets: IntArray,
    ep: IntervalSet,
    bin_size: Any,
    time_units: str,
    dtype: Any,
    bins: Any = None,
    normalize: bool = False,
) -> Counts:
    """Counts, or rates, of every unit of a flat store; arguments and errors as `Ts.count`.

    Returns
    -------
    times
        s, shape (bin,) or (epoch,).
    counts
        Shape (bin, unit).
    support
        Disjoint epochs in which all `times` lie.
    """
    if bins is not None and bin_size is not None:
        msg = f"give bin_size or bins, not both; got bin_size={bin_size!r} beside edges of bins."
        raise ValueError(msg)
    if not isinstance(normalize, bool | np.bool_):
        msg = f"normalize should be a bool, got {normalize!r}."
        raise TypeError(msg)
    rate_type = _rate_type(dtype) if normalize else None
    counted_as = np.int64 if normalize else dtype
    if bins is not None:
        counts, valid = _count_between(times, offsets, ep._disjoint(), bins, time_units, counted_as)
    elif bin_size is not None:
        counts, valid = _count_equal(times, offsets, ep._disjoint(), bin_size, time_units, counted_as, normalize)
    else:
        counts, valid = _count_whole(times, offsets, ep, time_units, counted_as)
    if rate_type is None:
        return counts
    stamps, numbers, support = counts
    rates = np.empty(numbers.shape, dtype=rate_type, order="F")
    np.divide(numbers, np.where(valid > 0, valid, np.nan)[:, None], out=rates, casting="same_kind")
    return stamps, rates, support


def _rate_type(dtype: Any) -> np.dtype:
    """Floating type of rates."""
    found = check_dtype(np.float64 if dtype is None else dtype)
    if found.kind != "f":
        msg = f"rates (normalize=True) need a floating dtype, got {found}; leave dtype out for float64."
        raise ValueError(msg)
    return found


def _count_whole(
    times: FloatArray, offsets: IntArray, ep: IntervalSet, time_units: str, dtype: Any
) -> tuple[Counts, FloatArray]:
    check_units(time_units)
    centres, counts = count_events(times, offsets, ep, None, time_units, dtype)
    stamps = ep.start if ep.has_overlap else centres  # centres of overlapping epochs need not ascend with their starts
    return (stamps, counts, ep._disjoint()), ep.end - ep.start


def _count_equal(
    times: FloatArray, offsets: IntArray, ep: IntervalSet, bin_size: Any, time_units: str, dtype: Any, valid: bool
) -> tuple[Counts, FloatArray]:
    centres, counts = count_events(times, offsets, ep, bin_size, time_units, dtype)
    if not valid:
        return (centres, counts, ep), np.empty(0)
    grid = _bins.bin_edges(ep.start, ep.end, bin_seconds(bin_size, time_units))
    length = np.full(grid.n_bins, grid.size)
    some = np.flatnonzero(grid.sizes > 0)
    lasts = grid.offsets[1:][some] - 1  # only the last bin of an epoch may reach beyond it
    left = grid.left(grid.sizes[some] - 1, some)
    length[lasts] = np.minimum(grid.left(grid.sizes[some], some), ep.end[some]) - left
    return (centres, counts, ep), length


def _count_between(
    times: FloatArray, offsets: IntArray, ep: IntervalSet, bins: Any, time_units: str, dtype: Any
) -> tuple[Counts, FloatArray]:
    edges = read_edges(bins, time_units)
    first, last = unit_runs(times, offsets, ep.start, ep.end)
    chosen = take_runs(times, first, last)
    sizes = np.concatenate(([0], np.cumsum((last - first).sum(axis=1), dtype=np.int64)))
    counts = count_between(chosen, sizes, edges, check_dtype(dtype))
    support = IntervalSet._trusted(edges[:1], edges[-1:])
    return (edges[:-1] + np.diff(edges) / 2, counts, support), covered_time(edges, ep.start, ep.end)


def read_edges(bins: Any, time_units: str) -> FloatArray:
    """Edges of bins, s.

    Raises
    ------
    TypeError
        If they are no numbers.
    ValueError
        If there are fewer than two, they do not ascend or are not finite, or the unit is unknown.
    """
    check_units(time_units)
    try:
        edges = np.asarray(bins, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"bins should be edges of bins, numbers in {time_units}, got {bins!r}."
        raise TypeError(msg) from error
    edges = to_seconds(edges, time_units)
    if edges.ndim != 1 or edges.size < 2 or not np.isfinite(edges).all() or not np.all(np.diff(edges) > 0):
        msg = (
            f"bins should be at least two ascending, finite edges, got shape {edges.shape}: {np.array2string(edges)}. "
            "For bins of one size use bin_size."
        )
        raise ValueError(msg)
    return edges
