"""A label as a function of time: which of the labelled samples speaks for an instant.

Every sample of a feature speaks for a stretch of its epoch: the instants that it is closest to, or those since it, or
those until it. Stretches of the same label are joined, and what is left is a sorted list of breaks with a label between
each two. Labelling an event is then finding its place among the breaks, and counting the events of a unit per label is
finding the breaks among its events, if they are fewer.
"""

from __future__ import annotations

import itertools

import numpy as np

from .._types import BoolArray, FloatArray, IntArray
from .events import repeat_runs, run_blocks

__all__ = ["MODES", "TimeLabels"]

MODES = ("closest", "before", "after")

NONE = 0
"""What stands for no label; labels are stored one higher."""


class TimeLabels:
    """Labels of instants, given the labels of samples.

    Parameters
    ----------
    times, labels
        Sorted times of the samples of all epochs, s, and their labels (whole numbers; negative for none); shape
        (sample,).
    first, last
        Samples ``first[i]:last[i]`` are those of epoch i; together they are all.
    starts
        Starts of the epochs, s. Only instants inside epochs are asked for.
    mode : {"closest", "before", "after"}
        Whose label an instant takes: the closest sample's (of two equally close ones, the later), the last one's at or
        before it (the first one's of several at that very time), or the first one's at or after it.
    max_distance
        An instant further than this from its sample has no label, s.
    """

    def __init__(
        self,
        times: FloatArray,
        labels: IntArray,
        first: IntArray,
        last: IntArray,
        starts: FloatArray,
        mode: str = "closest",
        max_distance: float = np.inf,
    ) -> None:
        epoch = repeat_runs(first, last)
        stretches = {"closest": _around, "before": _since, "after": _until}[mode]
        begin, stop, chosen = stretches(times, epoch, starts, max_distance)
        if stop.size:
            stop = np.minimum(stop, np.append(begin[1:], np.inf))
            speaks = begin < stop  # not so where the reach ends before the stretch begins
            begin, stop, chosen = begin[speaks], stop[speaks], chosen[speaks]
        # in every epoch nothing speaks until the first stretch begins, and nothing after a stretch has stopped
        breaks = np.concatenate((starts, stop, begin))
        after = np.concatenate((np.zeros(starts.size + stop.size, dtype=np.int64), labels[chosen] + 1))
        order = np.argsort(breaks, kind="stable")  # where a stretch stops as the next begins, the next one counts
        breaks, after = breaks[order], np.maximum(after[order], NONE)
        keep = np.append(breaks[1:] > breaks[:-1], True)[: breaks.size]
        breaks, after = breaks[keep], after[keep]
        keep = after != np.concatenate(([NONE], after[:-1]))[: after.size]
        self.breaks, self.after = breaks[keep], np.concatenate(([NONE], after[keep])).astype(np.int32)
        # made here and not when first needed: units are counted by several threads
        self._grid = _Grid(self.breaks) if self.breaks.size else None

    def find(self, times: FloatArray) -> IntArray:
        """Label of each instant, or -1; `times` in any order."""
        return self._stored(times).astype(np.int64) - 1

    def _stored(self, times: FloatArray) -> np.ndarray:
        """Label of each instant as it is stored: one higher, 0 for none."""
        if self._grid is None:
            return np.zeros(times.shape, dtype=np.int32)
        return self.after[self._grid.place(times)]

    def count(self, times: FloatArray, offsets: IntArray, n_labels: int) -> IntArray:
        """How many events of each unit have each label.

        Parameters
        ----------
        times
            Sorted times of each unit, unit after unit, s.
        offsets
            ``times[offsets[i]:offsets[i + 1]]`` is unit i.
        n_labels
            Labels are smaller than this.

        Returns
        -------
        IntArray, shape (unit, label)
        """
        n_units = offsets.size - 1
        cells = np.zeros((n_units, n_labels + 1), dtype=np.int64)
        if 2 * self.breaks.size * n_units < times.size:  # the breaks among the events of each unit
            for unit, (a, b) in enumerate(itertools.pairwise(offsets.tolist())):
                upto = np.searchsorted(times[a:b], self.breaks, side="left")
                sizes = np.diff(upto, prepend=0, append=b - a)
                cells[unit] = np.bincount(self.after, sizes, n_labels + 1)
            return cells[:, 1:]
        flat = cells.reshape(-1)
        for rows, run, sizes in run_blocks(np.diff(offsets)):
            begin = int(run[0]) * (n_labels + 1)
            counted = np.bincount(self._stored(times[rows]) + np.repeat(run * (n_labels + 1) - begin, sizes))
            flat[begin : begin + counted.size] += counted
        return cells[:, 1:]


class _Grid:
    """Places among sorted breaks, by a grid of equal cells that knows how many breaks lie before each cell."""

    def __init__(self, breaks: FloatArray) -> None:
        self.breaks = np.append(breaks, np.inf)
        span = breaks[-1] - breaks[0]
        step = float(np.median(np.diff(breaks))) if breaks.size > 1 else 0.0  # breaks that were joined leave holes
        self.n = min(int(span / step) + 2, 2 * breaks.size) if step > 1e-9 * span else breaks.size
        # a span of next to nothing (one sample at zero, looked up at that very time) is one cell
        self.scale = 1.0 / max(step, span / (self.n - 1)) if span > 1e-200 else 0.0
        self.origin = breaks[0] - step / 2  # even breaks lie amid their cells
        inside = np.bincount(self._cell(breaks), minlength=self.n)
        self.before = (np.cumsum(inside) - inside).astype(np.int32)  # small tables stay in the cache
        self.next_break = self.breaks[self.before]
        self.crowded: BoolArray | None = inside > 1 if (inside > 1).any() else None

    def _cell(self, times: FloatArray) -> IntArray:
        """Cell of each time; never decreases with time, whatever the rounding."""
        place = times - self.origin
        place *= self.scale
        np.clip(place, 0, self.n - 1, out=place)
        return place.astype(np.int64)

    def place(self, times: FloatArray) -> IntArray:
        """``numpy.searchsorted(breaks, times, side="right")``."""
        cell = self._cell(times)
        place = self.before[cell]
        place += self.next_break[cell] <= times
        if self.crowded is not None:
            crowd = np.flatnonzero(self.crowded.take(cell))
            if crowd.size:
                place[crowd] = np.searchsorted(self.breaks, times[crowd], side="right")
        return place


Stretches = tuple[FloatArray, FloatArray, IntArray]


def _around(times: FloatArray, epoch: IntArray, starts: FloatArray, reach: float) -> Stretches:
    """Where the stretch of each sample begins and stops when instants take the closest one; and which samples count."""
    keep = np.append((times[1:] > times[:-1]) | (epoch[1:] != epoch[:-1]), True)[: times.size]
    chosen = np.flatnonzero(keep)  # the last of several at the same time
    times, epoch = times[chosen], epoch[chosen]
    begin = starts[epoch]
    same = epoch[1:] == epoch[:-1]
    begin[1:][same] = _midway(times[:-1][same], times[1:][same])
    if reach == np.inf:
        return begin, np.empty(0), chosen
    return np.maximum(begin, _first_within(times, reach)), _first_beyond(times, reach), chosen


def _since(times: FloatArray, epoch: IntArray, starts: FloatArray, reach: float) -> Stretches:
    """The same when instants take the last sample at or before them."""
    new = np.append(True, (times[1:] > times[:-1]) | (epoch[1:] != epoch[:-1]))[: times.size]
    final = np.append(new[1:], True)[: times.size]
    chosen = np.flatnonzero(new | final)
    begin = np.where(new, times, np.nextafter(times, np.inf))[chosen]
    return begin, np.empty(0) if reach == np.inf else _first_beyond(times[chosen], reach), chosen


def _until(times: FloatArray, epoch: IntArray, starts: FloatArray, reach: float) -> Stretches:
    """The same when instants take the first sample at or after them."""
    new = np.append(True, (times[1:] > times[:-1]) | (epoch[1:] != epoch[:-1]))[: times.size]
    chosen = np.flatnonzero(new)
    times, epoch = times[chosen], epoch[chosen]
    begin, stop = starts[epoch], np.nextafter(times, np.inf)
    same = epoch[1:] == epoch[:-1]
    begin[1:][same] = stop[:-1][same]
    return (begin if reach == np.inf else np.maximum(begin, _first_within(times, reach))), stop, chosen


def _midway(before: FloatArray, after: FloatArray) -> FloatArray:
    """First instant that is not closer to `before` than to `after`, as the two differences are rounded."""
    return _first(before + (after - before) / 2, lambda x: after - x <= x - before)


def _first_within(times: FloatArray, reach: float) -> FloatArray:
    return _first(times - reach, lambda x: times - x <= reach)


def _first_beyond(times: FloatArray, reach: float) -> FloatArray:
    return _first(times + reach, lambda x: x - times > reach)


def _first(guess: FloatArray, holds) -> FloatArray:
    """The smallest numbers for which something holds, from a guess that rounding has moved by a few steps at most."""
    for _ in range(4):
        lower = np.nextafter(guess, -np.inf)
        guess = np.where(holds(lower), lower, guess)
    for _ in range(4):
        guess = np.where(holds(guess), guess, np.nextafter(guess, np.inf))
    return guess
