"""Counting pairs of events between all units at once: the engine of cross-correlograms.

Events of all units are sorted together, one stretch of time after the other, so that what an event is paired with is
one run of memory. Times in bins are whole numbers of 32 bits with the unit in the upper ones: one subtraction gives
the unit and the lag of a pair. A pair whose lag lies within rounding of an edge is looked at again in `exact_bins`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from threading import Lock
from typing import NamedTuple

import numpy as np

from .._types import BoolArray, FloatArray, IntArray
from .pairs import LagBins, exact_bins, latest
from .threads import for_each, n_threads

__all__ = ["Units", "between", "within"]

BLOCK = 1 << 16
"""Pairs handled at a time, so that intermediate arrays stay in the cache."""

STRETCH = 1 << 15
"""Events sorted together."""

SAMPLE = 1 << 16
"""Events that tell where to part the time."""

CELLS = 1 << 18
"""Cells of the table that is counted into at a time."""

Found = Callable[[int, slice, IntArray], None]
"""What takes counts of shape (target, lag) of a reference unit with a slice of the target units."""

Near = Callable[[IntArray, FloatArray, IntArray, FloatArray], None]
"""What takes pairs near an edge: reference units, reference times, target units, target times."""


class Units(NamedTuple):
    """A flat store: unit i is ``times[offsets[i]:offsets[i + 1]]``, sorted."""

    times: FloatArray
    offsets: IntArray

    @property
    def n(self) -> int:
        """Number of units."""
        return self.offsets.size - 1

    def places(self, at: FloatArray) -> IntArray:
        """Where in the store the times `at` lie in each unit (ties after them), shape (unit, time)."""
        out = np.empty((self.n, at.size), dtype=np.int64)
        for unit, (a, b) in enumerate(zip(self.offsets[:-1].tolist(), self.offsets[1:].tolist())):
            out[unit] = np.searchsorted(self.times[a:b], at, side="left") + a
        return out


class _Code(NamedTuple):
    """Times as whole numbers: bins, and below them `bits` bits of a bin."""

    bits: int
    width: int
    margin: int
    bins: LagBins

    def of(self, times: FloatArray, origin: float) -> np.ndarray:
        """Times after `origin` as uint32; they wrap around, their differences do not."""
        place = (times - origin) * (1 / self.bins.size)
        whole = np.floor(place)
        place -= whole
        place *= 1 << self.bits
        with np.errstate(invalid="ignore"):  # where times are that large, every pair counts as near
            code = whole.astype(np.int64) << self.bits
            code += np.rint(place, out=place).astype(np.int64)
        return code.astype(np.uint32)


def within(units: Units, bins: LagBins, reverse: bool) -> IntArray:
    """Counts of the later unit of each pair around the earlier one (with `reverse`, the other way).

    Returns
    -------
    ndarray, shape (pair, lag)
        Pairs as `numpy.triu_indices` has them.
    """
    n, half = units.n, bins.n // 2
    counts = np.zeros((n * (n - 1) // 2, bins.n), dtype=np.int64)
    row = np.arange(n) * (2 * n - np.arange(n) - 1) // 2 - np.arange(n) - 1  # the pair (i, j) is row[i] + j

    def near(unit: IntArray, refs: FloatArray, other: IntArray, times: FloatArray) -> None:
        swap = (other < unit) != reverse
        number = exact_bins(np.where(swap, times, refs), np.where(swap, refs, times), bins, slack)
        pick = (other != unit) & (number >= 0) & (number < bins.n)
        low, high = np.minimum(unit, other)[pick], np.maximum(unit, other)[pick]
        np.add.at(counts, (row[low] + high, number[pick]), 1)

    slack = _slack(units, units, bins)
    if n * (half + 2) > CELLS:  # a table of that size is filled piece by piece

        def found_all(unit: int, chunk: slice, table: IntArray) -> None:
            chosen = (
                slice(chunk.start, min(chunk.stop, unit)) if reverse else slice(max(chunk.start, unit + 1), chunk.stop)
            )
            other = np.arange(chosen.start, max(chosen.start, chosen.stop))
            at = row[other] + unit if reverse else row[unit] + other
            counts[at] += table[other - chunk.start]

        def near_all(unit: IntArray, refs: FloatArray, other: IntArray, times: FloatArray) -> None:
            pick = (other < unit) if reverse else (other > unit)
            near(unit[pick], refs[pick], other[pick], times[pick])

        _sweep(units, units, bins, False, found_all, near_all)
        return counts
    tables = np.zeros((n, n, half + 1), dtype=np.int64)  # [unit, later unit, lag]

    def found(unit: int, chunk: slice, table: IntArray) -> None:
        tables[unit] += table

    _sweep(units, units, bins, True, found, near)
    for unit in range(n - 1):
        block = counts[row[unit] + unit + 1 : row[unit] + n]
        ahead, back = tables[unit, unit + 1 :], tables[unit + 1 :, unit]
        if reverse:
            ahead, back = back, ahead
        block[:, half:] += ahead
        block[:, half::-1] += back
    return counts


def between(first: Units, second: Units, bins: LagBins) -> IntArray:
    """Counts of every unit of the second store around every unit of the first; shape (unit, unit, lag)."""
    counts = np.zeros((first.n, second.n, bins.n), dtype=np.int64)
    slack = _slack(first, second, bins)

    def found(unit: int, chunk: slice, table: IntArray) -> None:
        counts[unit, chunk] += table

    def near(unit: IntArray, refs: FloatArray, other: IntArray, times: FloatArray) -> None:
        number = exact_bins(refs, times, bins, slack)
        pick = (number >= 0) & (number < bins.n)
        np.add.at(counts, (unit[pick], other[pick], number[pick]), 1)

    _sweep(first, second, bins, False, found, near)
    return counts


def _slack(first: Units, second: Units, bins: LagBins) -> float:
    return bins.slack(2 * max(latest(first.times, first.offsets), latest(second.times, second.offsets)))


def _sweep(first: Units, second: Units, bins: LagBins, later: bool, found: Found, near: Near) -> None:
    """Walk over time, and over as many target units as have their counts in the cache together.

    With `later`, the two stores are the same one, and every pair of events is met once, from the earlier of the two
    (of the same time, from that of the lower unit); lags are then counted from zero on.
    """
    width = bins.n // 2 + 2 if later else bins.n + 1
    height = max(1, second.n if later else CELLS // width)
    slack = _slack(first, second, bins)
    for start in range(0, second.n, height):
        chunk = slice(start, min(start + height, second.n))
        targets = Units(second.times, second.offsets[chunk.start : chunk.stop + 1])
        bits = max(1, 31 - (targets.n * width).bit_length())
        margin = math.ceil(min(slack * (1 << bits), 1 << bits)) + 2
        code = _Code(bits, width, margin, bins)
        reach = bins.half + slack * bins.size
        stretches = _Stretches(first, targets, code, later, reach)
        lock = Lock()

        def task(index: int, stretches: _Stretches = stretches, lock: Lock = lock, chunk: slice = chunk) -> None:
            stretch = stretches.make(index)
            size = max(BLOCK, stretch.times.size)
            scratch = _Scratch(
                np.empty(size, dtype=np.intp), np.empty(size, dtype=np.uint32), np.empty(size, dtype=bool)
            )
            close = _Close()
            for unit, rows in stretch.references():
                table = _count(stretch, unit, rows, code, scratch, close)  # noqa: B023 (done before the next chunk)
                with lock:
                    found(unit, chunk, table)
                if close.full():
                    close.give(near, chunk.start, lock)
            close.give(near, chunk.start, lock)

        for_each(task, range(stretches.n))


class _Rows(NamedTuple):
    """References of one unit, those with few targets first: times, codes, and runs ``low:high`` of targets."""

    times: FloatArray
    codes: np.ndarray
    low: IntArray
    high: IntArray


class _Stretches:
    """Stretches of time with about the same number of events."""

    def __init__(self, first: Units, second: Units, code: _Code, later: bool, reach: float) -> None:
        self.first, self.second, self.code, self.later, self.reach = first, second, code, later, reach
        stores = (first,) if later else (first, second)
        cuts = _cuts(stores)
        self.n = cuts.size + 1
        self.begins = np.concatenate(([-np.inf], cuts))
        self.ends = np.concatenate((cuts, [np.inf]))
        self.bounds = first.places(np.concatenate((self.begins, [np.inf])))
        self.from_ = second.places(self.begins if later else self.begins - code.bins.half)
        self.to = second.places(np.nextafter(self.ends + reach, np.inf))

    def make(self, index: int) -> _Stretch:
        """Targets of a stretch of time and around it, sorted together."""
        low, high = self.from_[:, index], self.to[:, index]
        pieces = [self.second.times[a:b] for a, b in zip(low.tolist(), high.tolist())]
        times = np.concatenate(pieces) if pieces else np.empty(0)
        unit = np.repeat(np.arange(self.second.n, dtype=np.int32), high - low)
        order = np.argsort(times, kind="stable")  # a merge of sorted runs
        return _Stretch(self, index, times[order], unit[order])


class _Stretch:
    """Targets sorted together: times, units, and both in one code."""

    def __init__(self, parent: _Stretches, index: int, times: FloatArray, unit: np.ndarray) -> None:
        self.parent, self.index, self.times, self.unit = parent, index, times, unit
        self.origin = float(times[0]) if times.size else 0.0
        code = parent.code
        self.codes = code.of(times, self.origin)
        self.shift = np.uint32(
            (code.margin + (1 << (code.bits - 1)) * (1 if parent.later else code.bins.n)) % (1 << 32)
        )
        self.keyed = np.zeros(2 * times.size, dtype=np.uint32)  # no run reaches past the end, however long
        np.left_shift(
            unit.astype(np.uint32) * np.uint32(code.width), np.uint32(code.bits), out=self.keyed[: times.size]
        )
        self.keyed[: times.size] += self.codes

    def references(self) -> Iterator[tuple[int, _Rows]]:
        """The references in this stretch, unit after unit."""
        return self._own() if self.parent.later else self._others()

    def _own(self) -> Iterator[tuple[int, _Rows]]:
        unit = self.unit[: int(np.searchsorted(self.times, self.parent.ends[self.index], side="left"))]
        high = np.searchsorted(self.times, self.times[: unit.size] + self.parent.reach, side="right")
        low = np.arange(1, unit.size + 1)
        rows = np.argsort(unit * np.int64(self.times.size + 1) + (high - low))  # unit after unit, by length
        bounds = np.concatenate(([0], np.cumsum(np.bincount(unit, minlength=self.parent.second.n)))).tolist()
        times, codes, low, high = self.times[rows], self.codes[rows] - self.shift, low[rows], high[rows]
        for i, (a, b) in enumerate(itertools.pairwise(bounds)):
            if a < b:
                yield i, _Rows(times[a:b], codes[a:b], low[a:b], high[a:b])

    def _others(self) -> Iterator[tuple[int, _Rows]]:
        parent = self.parent
        bounds = parent.bounds[:, self.index : self.index + 2].tolist()
        for unit, (a, b) in enumerate(bounds):
            if a < b:
                refs = parent.first.times[a:b]
                low = np.searchsorted(self.times, refs - parent.code.bins.half, side="left")
                high = np.searchsorted(self.times, refs + parent.reach, side="right")
                rows = np.argsort(high - low)
                codes = parent.code.of(refs, self.origin) - self.shift
                yield unit, _Rows(refs[rows], codes[rows], low[rows], high[rows])


def _cuts(stores: tuple[Units, ...]) -> FloatArray:
    """Times that part the events of all stores into stretches of about the same number."""
    total = sum(int(store.offsets[-1] - store.offsets[0]) for store in stores)
    step = max(1, total // SAMPLE)
    sample = np.sort(np.concatenate([s.times[s.offsets[0] : s.offsets[-1] : step] for s in stores]))
    length = max(1, min(STRETCH, max(STRETCH // 16, total // (4 * n_threads()))) // step)
    return np.unique(sample[length::length])


class _Scratch(NamedTuple):
    """Arrays that every block uses again: fresh ones cost more than the arithmetic that fills them."""

    cells: IntArray
    fraction: np.ndarray
    near: BoolArray


class _Close:
    """Pairs near an edge, collected."""

    def __init__(self) -> None:
        self._parts: list[tuple[IntArray, FloatArray, IntArray, FloatArray]] = []

    def add(self, unit: int, refs: FloatArray, other: IntArray, times: FloatArray) -> None:
        self._parts.append((np.full(refs.size, unit), refs, other, times))

    def full(self) -> bool:
        return sum(part[0].size for part in self._parts) > BLOCK

    def give(self, near: Near, start: int, lock: Lock) -> None:
        """Hand them over; target units are counted from `start`."""
        if self._parts:
            unit, refs, other, times = (np.concatenate(part) for part in zip(*self._parts))
            self._parts = []
            with lock:
                near(unit, refs, other + np.int64(start), times)


def _count(stretch: _Stretch, unit: int, rows: _Rows, code: _Code, scratch: _Scratch, close: _Close) -> IntArray:
    """Counts of one reference unit, shape (target, lag), but for pairs near an edge, which go to `close`."""
    n_targets = stretch.parent.second.n
    dump = n_targets * code.width
    counts = np.zeros(dump + 1, dtype=np.int64)
    mask, limit = np.uint32((1 << code.bits) - 1), np.uint32(min(2 * code.margin, 1 << code.bits))
    for part in _rectangles(rows.high - rows.low):
        low, sizes = rows.low[part], (rows.high - rows.low)[part]
        longest = int(sizes[-1])
        place = _runs_of(stretch.keyed, low, longest)
        place -= rows.codes[part, None]
        cells, fraction, near = (array[: place.size].reshape(place.shape) for array in scratch)
        np.right_shift(place, np.uint32(code.bits), out=cells, casting="unsafe")
        np.less(np.bitwise_and(place, mask, out=fraction), limit, out=near)
        cells, pairs = cells.reshape(-1), np.flatnonzero(near)
        cells[_beyond(sizes, longest)] = dump
        if pairs.size:
            row, column = np.divmod(pairs, longest)
            held = column < sizes[row]
            pairs, row, column = pairs[held], row[held], column[held]
            cells[pairs] = dump
            target = low[row] + column
            close.add(unit, rows.times[part][row], stretch.unit[target], stretch.times[target])
        counts += np.bincount(cells, minlength=dump + 1)[: dump + 1]
    return counts[:-1].reshape(n_targets, code.width)[:, :-1]


def _rectangles(sizes: IntArray) -> Iterator[slice]:
    """Slices of ascending sizes that make full rectangles of bounded size; rows of length zero are left out."""
    begin = int(np.searchsorted(sizes, 1))
    while begin < sizes.size:
        n_rows = max(1, BLOCK // int(sizes[begin]))
        n_rows = max(1, min(n_rows, BLOCK // int(sizes[begin : begin + n_rows][-1])))
        yield slice(begin, begin + n_rows)
        begin += n_rows


def _beyond(sizes: IntArray, length: int) -> IntArray:
    """Where rows of a flat table, `length` wide, hold more than their sizes."""
    extra = length - sizes
    ends = np.cumsum(extra)
    index = np.repeat(np.arange(sizes.size) * length + sizes - (ends - extra), extra)
    index += np.arange(index.size)
    return index


def _runs_of(array: np.ndarray, low: IntArray, length: int) -> np.ndarray:
    """Rows ``array[low[i]:low[i] + length]``, each copied as one piece of memory; beyond the end, anything."""
    overlapping = np.ndarray(
        (max(array.size - length + 1, 1),),
        dtype=np.dtype((np.void, length * array.itemsize)),
        buffer=array,
        strides=(array.itemsize,),
    )
    return overlapping[low].view(array.dtype).reshape(low.size, length)
