"""Set algebra on epochs, given as two float64 arrays of starts and ends.

Epochs are sorted, disjoint and of positive length once `clean` has seen them; every other function here counts on it
and keeps it so, unless it says that epochs may overlap (those that `keep` has seen). No function loops over epochs:
everything is sorting, `searchsorted` and running sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .._types import BoolArray, FloatArray, IntArray

TOUCH_GAP = 1e-6
"""Seconds taken from an epoch that ends exactly where the next one starts, so that no instant belongs to both."""

NO_DURATION = "Some epochs have no duration"
END_FIRST = "Some ends precede the relative start. Dropping them! Were starts and ends given in this order?"
OVERLAP = "Some starts precede the previous end. Joining them! Pass overlap='keep' for trials that may overlap."
TOUCHING = "Some starts and ends are equal. Removing 1 microsecond!"

Pieces = tuple[FloatArray, FloatArray, IntArray]


class CleanResult(NamedTuple):
    """What `clean` returns.

    Attributes
    ----------
    starts, ends : ndarray of float64, shape (epoch,)
        Sorted, disjoint, each of positive length (s).
    kept : ndarray of int64, shape (epoch,), or None
        Row of the input that each epoch is, or None where rows were re-paired, dropped or joined, so that nothing said
        of a row can be said of an epoch any more.
    messages : tuple of str
        What had to be done, one sentence each, in the order in which users see them.
    """

    starts: FloatArray
    ends: FloatArray
    kept: IntArray | None
    messages: tuple[str, ...]


def clean(starts: FloatArray, ends: FloatArray) -> CleanResult:
    """Make sorted, disjoint epochs of positive length from any two equally long arrays without NaN.

    Starts and ends are sorted, each on their own. Then, in this order: epochs that end before they start and epochs
    without duration are dropped, overlapping ones are joined, and an epoch that ends exactly at the next start ends 1
    microsecond earlier.

    Because both arrays are sorted, an epoch overlaps its chain exactly when its start lies before the previous end,
    and a chain ends with its last end; so the sequential rule is one comparison of neighbours.

    Parameters
    ----------
    starts, ends : ndarray of float64, shape (epoch,)
        Seconds.

    Returns
    -------
    CleanResult
    """
    sorted_starts, sorted_ends = in_order(starts), in_order(ends)
    result = join_sorted(sorted_starts, sorted_ends)
    rows_are_epochs = sorted_starts is starts and sorted_ends is ends
    return result if rows_are_epochs else result._replace(kept=None)


def keep(starts: FloatArray, ends: FloatArray) -> CleanResult:
    """Make sorted epochs of positive length, which may overlap, from pairs of starts and ends without NaN.

    Pairs that end before they start or have no duration are dropped; all others stay as they are, sorted by start, then
    by end.

    Parameters
    ----------
    starts, ends : ndarray of float64, shape (epoch,)
        Seconds.

    Returns
    -------
    CleanResult
        Its `kept` is never None.
    """
    messages = [NO_DURATION] if np.any(ends == starts) else []
    messages += [END_FIRST] if np.any(ends < starts) else []
    rows = np.flatnonzero(ends > starts)
    rows = rows[by_start(starts[rows], ends[rows])]
    return CleanResult(starts[rows], ends[rows], rows, tuple(messages))


def by_start(starts: FloatArray, ends: FloatArray) -> IntArray | slice:
    """Positions that sort epochs by start, then by end; a slice of all where they are sorted."""
    later = starts[1:] > starts[:-1]
    if later.all() or np.all(later | ((starts[1:] == starts[:-1]) & (ends[1:] >= ends[:-1]))):
        return slice(None)
    return np.lexsort((ends, starts))


def overlap(starts: FloatArray, ends: FloatArray) -> bool:
    """Whether an instant belongs to several epochs, sorted by start; they are closed, so touching is overlapping."""
    return bool(np.any(starts[1:] <= ends[:-1]))  # a later one that overlaps starts no earlier than the next one


def in_order(values: FloatArray) -> FloatArray:
    """`values`, sorted; the same array where they never decrease."""
    if np.all(values[1:] >= values[:-1]):
        return values
    return np.sort(values)


def join_sorted(starts: FloatArray, ends: FloatArray) -> CleanResult:
    """`clean` for starts and ends that are sorted already."""
    n = starts.size
    valid = ends > starts
    s, e, touches, messages = starts, ends, None, []
    if not valid.all():
        # a row that is dropped here cannot sit inside a chain: its start is at or past every earlier end
        messages += [NO_DURATION] if np.any(ends == starts) else []
        messages += [END_FIRST] if np.any(ends < starts) else []
        s, e, touches = s[valid], e[valid], _with(ends[:-1] == starts[1:], last=False)[valid]
    apart = s[1:] >= e[:-1]
    if not apart.all():
        messages.append(OVERLAP)
        last = _with(apart, last=True)
        s, e = s.compress(_with(apart, first=True)), e.compress(last)
        touches = touches if touches is None else touches[last]
    if touches is None:
        touches = _with(e[:-1] == s[1:], last=False)[: s.size]
    if touches.any():
        messages.append(TOUCHING)
        e = np.where(touches, e - TOUCH_GAP, e)
        long_enough = e > s
        if not long_enough.all():
            messages.insert(0, NO_DURATION)
            s, e = s[long_enough], e[long_enough]
    return CleanResult(s, e, np.arange(n) if s.size == n else None, tuple(dict.fromkeys(messages)))


def _with(flags: BoolArray, **more: bool) -> BoolArray:
    """`flags` with one more at an end: ``first=`` or ``last=``."""
    out = np.empty(flags.size + 1, dtype=bool)
    begin = "first" in more
    out[begin : begin + flags.size] = flags
    out[0 if begin else -1] = more["first" if begin else "last"]
    return out


def merged(runs: Sequence[FloatArray]) -> FloatArray:
    """All numbers of several sorted arrays, sorted."""
    out = np.concatenate(runs)
    out.sort(kind="stable")  # merges runs that are sorted already
    return out


def union(sets: Sequence[tuple[FloatArray, FloatArray]]) -> tuple[FloatArray, FloatArray]:
    """Every instant that lies in at least one of the sets; touching epochs are joined.

    Parameters
    ----------
    sets : sequence of (starts, ends)
        Clean epochs, seconds.

    Returns
    -------
    starts, ends : ndarray of float64, shape (epoch,)
    """
    if not sets:
        return np.empty(0), np.empty(0)
    s, e = (merged(bounds) for bounds in zip(*sets))
    if not s.size:
        return s, e
    # with both sorted, k+1 starts have come and k+1 ends have gone exactly where nothing covers the gap
    gap = s[1:] > e[:-1]
    return s.compress(_with(gap, first=True)), e.compress(_with(gap, last=True))


def intersect(
    starts: FloatArray, ends: FloatArray, other_starts: FloatArray, other_ends: FloatArray
) -> tuple[FloatArray, FloatArray, IntArray, IntArray]:
    """Pieces of positive length that lie in both sets, and which epochs they come from.

    Parameters
    ----------
    starts, ends, other_starts, other_ends : ndarray of float64
        Two sets, seconds, sorted by start. Their epochs may overlap; there is a piece for each pair of epochs that
        share time.

    Returns
    -------
    starts, ends : ndarray of float64, shape (piece,)
    row, other_row : ndarray of int64, shape (piece,)
        Epoch of the first and of the second set that holds the piece.
    """
    reach = np.maximum.accumulate(other_ends)  # the ends themselves, unless epochs are nested
    first = np.searchsorted(reach, starts, side="right")
    stop = np.searchsorted(other_starts, ends, side="left")
    counts = np.maximum(stop - first, 0)
    row = np.repeat(np.arange(starts.size), counts)
    other_row = ranges(first, counts)
    s = np.maximum(starts[row], other_starts[other_row])
    e = np.minimum(ends[row], other_ends[other_row])
    if not np.all(e > s):
        real = np.flatnonzero(e > s)
        s, e, row, other_row = s[real], e[real], row[real], other_row[real]
    order = by_start(s, e)
    return s[order], e[order], row[order], other_row[order]


def difference(starts: FloatArray, ends: FloatArray, other_starts: FloatArray, other_ends: FloatArray) -> Pieces:
    """Pieces of the first set (whose epochs may overlap) that lie outside the second; bounds are shared.

    Returns
    -------
    starts, ends : ndarray of float64, shape (piece,)
    row : ndarray of int64, shape (piece,)
        Epoch of the first set that holds the piece.
    """
    gap_starts, gap_ends = np.append(-np.inf, other_ends), np.append(other_starts, np.inf)
    s, e, row, _ = intersect(starts, ends, gap_starts, gap_ends)
    return s, e, row


def merge_close(starts: FloatArray, ends: FloatArray, gap: float) -> tuple[FloatArray, FloatArray]:
    """Join neighbours that lie at most `gap` seconds apart."""
    if not starts.size:
        return starts, ends
    apart = starts[1:] - ends[:-1] > gap
    return starts.compress(_with(apart, first=True)), ends.compress(_with(apart, last=True))


def split(starts: FloatArray, ends: FloatArray, size: float) -> Pieces:
    """Cut every epoch (they may overlap) longer than `size` seconds into pieces of that size, without the remainder.

    The size is rounded to 1 ns. Piece k of an epoch starts at ``start + k * size`` (rounded to 1 ns) and ends 1
    microsecond before ``start + (k + 1) * size``.

    Returns
    -------
    starts, ends : ndarray of float64, shape (piece,)
    row : ndarray of int64, shape (piece,)
        Epoch that was cut.
    """
    size = round(size, 9)
    long_rows = np.flatnonzero(ends - starts > size)
    s, e = starts[long_rows], ends[long_rows]
    # one candidate edge too many is harmless (it is filtered); one too few would lose a piece
    n_edges = np.floor((e - s) / size).astype(np.int64) + 2
    owner = np.repeat(np.arange(s.size), n_edges)
    step = ranges(np.zeros(s.size, np.int64), n_edges)
    # the step as numpy.arange takes it, rounded to the spacing of floats near the start
    edges = np.round(s[owner] + step * ((s + size) - s)[owner], 9)
    closes = (owner[1:] == owner[:-1]) & (edges[1:] <= np.round(e, 9)[owner[1:]])
    s, e, row = edges[:-1][closes], edges[1:][closes] - TOUCH_GAP, long_rows[owner[:-1][closes]]
    order = by_start(s, e)
    return s[order], e[order], row[order]


def epoch_number(times: FloatArray, starts: FloatArray, ends: FloatArray) -> FloatArray:
    """Number of the epoch that holds each of sorted times, closed at both edges, as float; NaN outside all of them.

    Where epochs overlap, the first of those that hold a time.
    """
    first = np.searchsorted(times, starts, side="left")
    last = np.searchsorted(times, ends, side="right")
    if np.any(last[:-1] > first[1:]):
        # sorted by start, an epoch is the first to hold what lies past the ends of all epochs before it
        last = np.maximum.accumulate(last)
        first[1:] = np.maximum(first[1:], last[:-1])
    edges = np.zeros(2 * starts.size + 2, dtype=np.int64)
    edges[1:-1:2], edges[2:-1:2] = first, last
    edges[-1] = times.size
    number = np.full(2 * starts.size + 1, np.nan)  # outside, first epoch, outside, second epoch, …
    number[1::2] = np.arange(starts.size)
    return np.repeat(number, np.diff(edges))


def total(starts: FloatArray, ends: FloatArray) -> np.float64:
    """Summed length of the epochs, seconds."""
    return np.sum(ends - starts, dtype=np.float64)


def ranges(first: IntArray, counts: IntArray) -> IntArray:
    """``first[0], first[0] + 1, … (counts[0] of them), first[1], …`` in one array."""
    before = np.cumsum(counts) - counts
    return np.arange(counts.sum()) - np.repeat(before - first, counts)
