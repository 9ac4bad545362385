"""Counting pairs of events by the lag between them: the engine of all correlograms.

Bin j of the lags around an event at t holds the events in ``[edge_j, edge_{j+1})``, where ``edge_0 = t - half`` and
every later edge is the one before plus the bin size, added up in floating point. Nearly all pairs lie far from an edge:
their bin is one subtraction and one cut to a whole number. The few that lie within rounding of an edge (many, where
times are whole samples) are compared with the edge itself.
"""

from __future__ import annotations

import math
from threading import Lock
from typing import NamedTuple

import numpy as np

from .._types import BoolArray, FloatArray, IntArray
from .threads import for_each, n_threads

__all__ = ["LagBins", "auto_counts", "event_counts", "exact_bins", "lag_bins", "latest"]

BLOCK = 1 << 15
"""Pairs handled at a time, so that intermediate arrays stay in the cache."""

NEAR_ROWS = 1 << 11
"""Rows sorted by length together."""


class LagBins(NamedTuple):
    """An odd number of bins of one size, the middle one around lag zero.

    Attributes
    ----------
    n : int
        Number of bins.
    size : float
        Width, s.
    """

    n: int
    size: float

    @property
    def half(self) -> float:
        """Distance of the outermost edges from zero, s."""
        return self.n / 2 * self.size

    def lags(self) -> FloatArray:
        """Centres, s, shape (lag,); whole multiples of the bin size."""
        return np.arange(-(self.n // 2), self.n // 2 + 1) * self.size

    def slack(self, latest: float, n_units: int = 1) -> float:
        """How far rounding can move a pair relative to an edge, in bins, for times up to `latest`."""
        places = latest / self.size + n_units * (self.n + 1)
        return (self.n + 8) * math.ulp(latest + self.half) / self.size + 8 * math.ulp(places)


def lag_bins(size: float, window: float) -> LagBins:
    """Bins for lags up to `window` on both sides; one more where that makes an even number."""
    n = int(window * 2 // size)
    return LagBins(n + 1 - n % 2, size)


def latest(times: FloatArray, offsets: IntArray | None = None) -> float:
    """Largest magnitude in sorted times, or in a flat store of them."""
    if offsets is not None:
        some = np.flatnonzero(np.diff(offsets))
        times = times[np.concatenate((offsets[some], offsets[some + 1] - 1))]
    elif times.size:
        times = times[[0, -1]]
    return float(np.max(np.abs(times), initial=0.0))


def event_counts(times: FloatArray, first: IntArray, last: IntArray, events: FloatArray, bins: LagBins) -> IntArray:
    """Events of each unit of a flat store by their lag after each of a few sorted `events`; shape (unit, lag).

    Unit i is ``times[first[i]:last[i]]``.
    """
    ends = times[np.concatenate((first, last - 1))[np.tile(last > first, 2)]]
    bound = max(latest(events), float(np.max(np.abs(ends), initial=0.0)))
    counts = np.empty((first.size, bins.n), dtype=np.int64)
    height = max(1, min(BLOCK // (bins.n + 1), -(-first.size // (4 * n_threads()))))

    def fill(begin: int) -> None:
        units = slice(begin, begin + height)
        counts[units] = _around_events(times, first[units], last[units], events, bins, bound)

    for_each(fill, range(0, first.size, height))
    return counts


def _around_events(
    times: FloatArray, first: IntArray, last: IntArray, events: FloatArray, bins: LagBins, bound: float
) -> IntArray:
    """`event_counts` of units whose counts fit the cache; no time is beyond `bound`."""
    n_units = first.size
    slack = bins.slack(bound, n_units)
    low, high = np.empty((2, n_units, events.size), dtype=np.int64)
    starts, stops = events - bins.half, events + (bins.half + slack * bins.size)
    for unit, (a, b) in enumerate(zip(first.tolist(), last.tolist())):  # one C call per unit, in the cache
        low[unit] = np.searchsorted(times[a:b], starts, side="left")
        high[unit] = np.searchsorted(times[a:b], stops, side="right")
    low += first[:, None]
    high += first[:, None]
    origin = starts - np.arange(n_units)[:, None] * ((bins.n + 1) * bins.size) - slack * bins.size
    refs = np.broadcast_to(events, low.shape).reshape(-1)
    counter = _Counter(bins, n_units, slack)
    return counter.count(times, 1 / bins.size, low.reshape(-1), high.reshape(-1), origin.reshape(-1), refs, times)


class _Scratch:
    """Arrays that every block uses again: fresh ones cost more than the arithmetic that fills them."""

    def __init__(self, size: int) -> None:
        self._index = np.empty(size, dtype=np.int64)
        self._cells = np.empty(size, dtype=np.int64)
        self._place = np.empty(size)
        self._whole = np.empty(size)
        self._near = np.empty(size, dtype=bool)

    def views(self, *shape: int) -> tuple[IntArray, FloatArray, FloatArray, BoolArray, IntArray]:
        """Index, place, whole part, mask and cells, of a shape."""
        n = math.prod(shape)
        return (
            self._index[:n].reshape(shape),
            self._place[:n].reshape(shape),
            self._whole[:n].reshape(shape),
            self._near[:n].reshape(shape),
            self._cells[:n].reshape(shape),
        )


def _split(place: FloatArray, whole: FloatArray, near: BoolArray, cells: IntArray, slack: float) -> None:
    """Whole part of each place, as float and as integer, and whether what is left is within rounding of an edge."""
    np.floor(place, out=whole)
    place -= whole
    np.less(place, 2 * slack, out=near)
    np.copyto(cells, whole, casting="unsafe")


class _Counter:
    """Counts the pairs that rows hold, block by block."""

    def __init__(self, bins: LagBins, n_units: int, slack: float) -> None:
        self.bins, self.n_units, self.slack = bins, n_units, slack
        self.counts = np.zeros(n_units * (bins.n + 1) + 1, dtype=np.int64)  # the last cell for what is no pair

    def count(
        self,
        places: FloatArray,
        scale: float,
        low: IntArray,
        high: IntArray,
        origin: FloatArray,
        refs: FloatArray,
        times: FloatArray,
    ) -> IntArray:
        """Counts of shape (unit, lag).

        Row i pairs ``refs[i]`` with ``times[low[i]:high[i]]``; the cell of a pair is the whole part of
        ``(places[k] - origin[i]) * scale``, which counts bins through all units.
        """
        sizes = high - low
        largest = int(sizes.max(initial=0))
        scratch = _Scratch(min(max(BLOCK, largest), sizes.size * largest))
        for begin in range(0, sizes.size, NEAR_ROWS):  # neighbours see the same targets, which stay in the cache
            order = np.argsort(sizes[begin : begin + NEAR_ROWS], kind="stable") + begin
            order = order[np.searchsorted(sizes[order], 1) :]
            while order.size:  # rows of like length side by side make full rectangles
                n_rows = max(1, BLOCK // int(sizes[order[0]]))
                n_rows = max(1, min(n_rows, BLOCK // int(sizes[order[:n_rows][-1]])))
                rows, order = order[:n_rows], order[n_rows:]
                self._block(places, scale, low[rows], sizes[rows], origin[rows], refs[rows], times, scratch)
        return self.counts[:-1].reshape(self.n_units, self.bins.n + 1)[:, :-1]

    def _block(
        self,
        places: FloatArray,
        scale: float,
        low: IntArray,
        sizes: IntArray,
        origin: FloatArray,
        refs: FloatArray,
        times: FloatArray,
        scratch: _Scratch,
    ) -> None:
        """Count the pairs of rows of ascending length, laid out with the rows along the last axis."""
        shortest, longest = int(sizes[0]), int(sizes[-1])
        index, place, whole, near, cells = scratch.views(longest, sizes.size)
        np.add(low, np.arange(longest)[:, None], out=index)
        np.take(places, index, mode="clip", out=place)
        place -= origin
        if scale != 1.0:
            place *= scale
        _split(place, whole, near, cells, self.slack)
        if longest > shortest:
            beyond = np.arange(shortest, longest)[:, None] >= sizes
            cells[shortest:][beyond] = self.counts.size - 1
            near[shortest:] &= ~beyond
        if near.any():
            pair = np.nonzero(near)
            self._resolve(cells[pair], refs[pair[1]], times[index[pair]])
            cells[pair] = self.counts.size - 1
        self._add(cells.reshape(-1))

    def _add(self, cells: IntArray) -> None:
        found = np.bincount(cells)
        self.counts[: found.size] += found

    def _resolve(self, cells: IntArray, refs: FloatArray, times: FloatArray) -> None:
        """Count pairs that lie near an edge, in the bin that the edges say."""
        width = self.bins.n + 1
        number = exact_bins(refs, times, self.bins, self.slack)
        first = cells // width * width
        self._add(np.where(number >= 0, first + np.minimum(number, self.bins.n), self.counts.size - 1))


def exact_bins(refs: FloatArray, times: FloatArray, bins: LagBins, slack: float) -> IntArray:
    """Bin of each pair, as the edges around each of `refs` have it; -1 before the first edge, `bins.n` past the last.

    Edges are added up one by one, since that is where rounding puts them.
    """
    lower = refs - bins.half
    place = (times - lower) / bins.size
    number = np.clip(np.floor(place), -1, bins.n).astype(np.int64)
    edge = np.clip(np.rint(place), 0, bins.n).astype(np.int64)
    close = np.flatnonzero(np.abs(place - edge) <= 2 * slack)
    starts, back = np.unique(lower[close], return_inverse=True)
    by_start = np.argsort(back, kind="stable")
    height = max(1, 8 * BLOCK // (bins.n + 1))
    for begin in range(0, starts.size, height):
        block = starts[begin : begin + height]
        edges = np.full((block.size, bins.n + 1), bins.size)
        edges[:, 0] = block
        np.add.accumulate(edges, axis=1, out=edges)
        a, b = np.searchsorted(back[by_start], (begin, begin + block.size))
        pick = by_start[a:b]
        rows = close[pick]
        number[rows] = edge[rows] - (times[rows] < edges[back[pick] - begin, edge[rows]])
    return number


def auto_counts(times: FloatArray, offsets: IntArray, bins: LagBins) -> IntArray:
    """Pairs of different events of the same unit by their lag, both ways; shape (unit, lag)."""
    slack = bins.slack(latest(times, offsets))
    counts = np.zeros((offsets.size - 1, bins.n + 1), dtype=np.int64)
    lock = Lock()

    def add(piece: tuple[int, int]) -> None:
        units, found = _own_pairs(times, offsets, *piece, bins, slack)
        with lock:
            counts[units] += found

    for_each(add, _pieces(offsets, bins))
    return counts[:, :-1]


def _pieces(offsets: IntArray, bins: LagBins) -> list[tuple[int, int]]:
    """Bounds of events to look at together: whole units, not too many, or parts of a long one."""
    pieces, n_units = [], max(1, BLOCK // (bins.n + 1))
    unit = 0
    while unit < offsets.size - 1:
        begin = int(offsets[unit])
        upto = int(np.searchsorted(offsets, begin + BLOCK, side="right")) - 1
        unit = max(unit + 1, min(upto, unit + n_units))
        stop = int(offsets[unit])
        pieces.extend((a, min(a + BLOCK, stop)) for a in range(begin, stop, BLOCK))
    return pieces


def _own_pairs(
    times: FloatArray, offsets: IntArray, begin: int, stop: int, bins: LagBins, slack: float
) -> tuple[slice, IntArray]:
    """Pairs of some events with later ones of their unit, and the same pairs seen from these.

    Neighbours, next but one, … are looked at until none is close enough. A pair is found once and counted twice, the
    second time in the bin on the other side of zero.
    """
    units = slice(
        int(np.searchsorted(offsets, begin, side="right")) - 1, int(np.searchsorted(offsets, stop - 1, side="right"))
    )
    ahead = times[stop : offsets[units.stop]]
    end = stop + int(np.searchsorted(ahead, times[stop - 1] + bins.half * (1 + 1e-9) + 3 * slack * bins.size, "right"))
    sizes = np.diff(np.clip(offsets[units.start : units.stop + 1], begin, end))
    unit = np.repeat(np.arange(sizes.size), sizes)
    row = np.arange(end - begin) + unit
    store = np.full(row.size + sizes.size, np.inf)  # what follows a unit is far away
    store[row] = times[begin:end]
    width, n_refs = bins.n + 1, stop - begin
    row, base, early = row[:n_refs], unit[:n_refs] * width, times[begin:stop]
    ahead_counts = np.zeros(sizes.size * width, dtype=np.int64)
    exact = np.zeros_like(ahead_counts)
    reach, per_second, middle = bins.n / 2 + 2 * slack, 1 / bins.size, bins.n / 2 + slack
    scratch = _Scratch(n_refs)
    shift = 1
    while row.size:
        index, place, whole, near, cells = scratch.views(row.size)
        np.add(row, shift, out=index)
        np.take(store, index, mode="clip", out=place)
        place -= early
        place *= per_second
        alive = np.flatnonzero(np.less(place, reach, out=near))
        if alive.size < row.size:
            row, base, early, kept = (array.take(alive) for array in (row, base, early, place))
            index, place, whole, near, cells = scratch.views(row.size)
            place[:] = kept
        place += middle
        _split(place, whole, near, cells, slack)
        cells += base
        pair = np.flatnonzero(near)
        if pair.size:
            cells[pair] = base[pair] + bins.n
            _add_exact(exact, base[pair], early[pair], store[row[pair] + shift], bins, slack)
        ahead_counts += np.bincount(cells, minlength=ahead_counts.size)[: ahead_counts.size]
        shift += 1
    found = exact.reshape(-1, width)
    ahead_counts = ahead_counts.reshape(-1, width)[:, :-1]
    found[:, :-1] += ahead_counts
    found[:, :-1] += ahead_counts[:, ::-1]
    return units, found


def _add_exact(
    counts: IntArray, base: IntArray, early: FloatArray, late: FloatArray, bins: LagBins, slack: float
) -> None:
    """Count pairs that lie near an edge, both ways; `base` is where the counts of their units start."""
    for refs, others in ((early, late), (late, early)):
        number = exact_bins(refs, others, bins, slack)
        counts += np.bincount(base + np.where(number < 0, bins.n, number), minlength=counts.size)
