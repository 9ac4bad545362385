"""Surrogates: spike trains with some of their structure destroyed at random, and the rest kept.

Every function draws from a generator that the caller names, or from a fresh one; NumPy's global random state is neither
read nor changed. Groups are drawn in one go over their flat store; only the in-place sort (or shuffle) of each unit's
times is a call per unit.
"""

from __future__ import annotations

import itertools
from typing import Any, TypeVar

import numpy as np

from .._arrays import epochs as _epochs
from .._arrays.events import take_runs, unit_runs
from .._errors import kind_of
from .._types import FloatArray, IntArray
from ..containers import IntervalSet, Ts, TsGroup
from ..containers._checks import check_choice, is_integer, is_number
from ..containers._warn import warn_user

__all__ = ["jitter_timestamps", "resample_timestamps", "shift_timestamps", "shuffle_ts_intervals"]

Events = TypeVar("Events", Ts, TsGroup)


def shift_timestamps(
    data: Events,
    min_shift: float = 0.0,
    max_shift: float | None = None,
    mode: str = "drop",
    *,
    rng: np.random.Generator | int | None = None,
    seed: int | None = None,
) -> Events:
    """Move all events of a unit by one random time, each unit by its own.

    Parameters
    ----------
    data : Ts or TsGroup
    min_shift, max_shift : float
        The shift is uniform between them (s); by default between 0 and the length of the time support.
    mode : {"drop", "wrap"}
        What becomes of events beyond the end: they are lost, or come in again at the start of the first epoch. In both
        modes, events that land between epochs are lost.
    rng : numpy.random.Generator or int, optional
        Where random numbers come from, or a seed for it; by default they differ from call to call.
    seed : int, optional
        Another name for a whole number as `rng`.

    Returns
    -------
    same class
        With the same time support and metadata.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If `mode` is unknown, `max_shift` (or, by default, the length of the time support) is below `min_shift`, or both
        `rng` and `seed` are given.

    Examples
    --------
    >>> from rheobase.analysis import shift_timestamps
    >>> from rheobase.containers import IntervalSet, Ts
    >>> ts = Ts([1.0, 2.0, 9.5], time_support=IntervalSet(0, 10))
    >>> shift_timestamps(ts, min_shift=1, max_shift=1, mode="wrap").t
    array([0.5, 2. , 3. ])
    """
    _check_number(min_shift, "min_shift")
    if max_shift is not None:
        _check_number(max_shift, "max_shift")
    check_choice(mode, ("drop", "wrap"), "mode")
    times, offsets = _store(data)
    generator = _generator(rng, seed)
    if isinstance(data, TsGroup) and data._values is not None:
        warn_user("the TsGroup holds signals; only the times of their samples are shifted.")
    support = data.time_support
    largest = _largest_shift(min_shift, max_shift, support)
    shifts = min_shift + (largest - min_shift) * generator.random(offsets.size - 1)
    times = times + np.repeat(shifts, np.diff(offsets))
    if mode == "wrap" and times.size:
        start = support.start[0]
        times -= start
        times %= support.end[-1] - start
        times += start
        _sort_units(times, offsets)
    return _like(data, *_inside(times, offsets, support), support)


def shuffle_ts_intervals(
    ts: Events, *, rng: np.random.Generator | int | None = None, seed: int | None = None
) -> Events:
    """Put the intervals between the events of each unit into random order.

    The first event stays where it is, and so (but for rounding) does the last.

    Parameters
    ----------
    ts : Ts or TsGroup
    rng, seed
        As `shift_timestamps`.

    Returns
    -------
    same class
        Its time support reaches from the first to the last event (of a group: the union over units).

    Raises
    ------
    TypeError
        If `ts` is of the wrong kind.
    ValueError
        If both `rng` and `seed` are given.

    Examples
    --------
    >>> from rheobase.analysis import shuffle_ts_intervals
    >>> from rheobase.containers import Ts
    >>> shuffled = shuffle_ts_intervals(Ts([0.0, 1.0, 3.0, 7.0]), seed=1)
    >>> sorted((shuffled.t[1:] - shuffled.t[:-1]).tolist())
    [1.0, 2.0, 4.0]
    """
    times, offsets = _store(ts)
    generator = _generator(rng, seed)
    out = times.copy()
    for a, b in itertools.pairwise(offsets.tolist()):
        if b - a > 1:
            intervals = times[a + 1 : b] - times[a : b - 1]
            generator.shuffle(intervals)
            np.cumsum(intervals, out=out[a + 1 : b])
            out[a + 1 : b] += times[a]
    return _with_own_support(ts, out, offsets)


def jitter_timestamps(
    ts: Events,
    max_jitter: float | None = None,
    keep_tsupport: bool = False,
    *,
    rng: np.random.Generator | int | None = None,
    seed: int | None = None,
) -> Events:
    """Move every event by a random time of its own.

    Parameters
    ----------
    ts : Ts or TsGroup
    max_jitter : float
        Times are uniform between minus and plus this (s).
    keep_tsupport : bool
        Whether to keep the time support, and lose what lands outside. Otherwise the new one reaches from the first to
        the last event (of a group: the union over units).
    rng, seed
        As `shift_timestamps`.

    Returns
    -------
    same class

    Raises
    ------
    TypeError
        If an argument is of the wrong kind, or `max_jitter` is missing.
    ValueError
        If both `rng` and `seed` are given.

    Examples
    --------
    >>> from rheobase.analysis import jitter_timestamps
    >>> from rheobase.containers import Ts
    >>> jittered = jitter_timestamps(Ts([1.0, 2.0, 3.0]), max_jitter=0.1, seed=0)
    >>> bool(abs(jittered.t - [1, 2, 3]).max() < 0.1)
    True
    """
    times, offsets = _store(ts)
    if max_jitter is None:
        msg = "missing required argument: max_jitter (s)."
        raise TypeError(msg)
    _check_number(max_jitter, "max_jitter")
    jitter = _generator(rng, seed).random(times.size)
    jitter *= 2.0 * max_jitter
    jitter -= max_jitter
    jitter += times
    _sort_units(jitter, offsets)
    if keep_tsupport:
        return _like(ts, *_inside(jitter, offsets, ts.time_support), ts.time_support)
    return _with_own_support(ts, jitter, offsets)


def resample_timestamps(ts: Events, *, rng: np.random.Generator | int | None = None, seed: int | None = None) -> Events:
    """As many events as there are, at times uniform over the time support.

    Parameters
    ----------
    ts, rng, seed
        As `shuffle_ts_intervals`, with its errors.

    Returns
    -------
    same class
        With the same time support, metadata and numbers of events.

    Examples
    --------
    >>> from rheobase.analysis import resample_timestamps
    >>> from rheobase.containers import IntervalSet, Ts
    >>> len(resample_timestamps(Ts([1.0, 2.0], time_support=IntervalSet([0, 8], [2, 9])), seed=3))
    2
    """
    times, offsets = _store(ts)
    support = ts.time_support
    drawn = _generator(rng, seed).random(times.size)
    if times.size and len(support):
        drawn = _uniform(drawn, support)
        _sort_units(drawn, offsets)
    return _like(ts, drawn if len(support) else times, offsets, support)


def _largest_shift(min_shift: float, max_shift: float | None, support: IntervalSet) -> float:
    """`max_shift`, or the length of the support.

    Raises
    ------
    ValueError
        If it is below `min_shift`.
    """
    largest = support.tot_length() if max_shift is None else max_shift
    if largest < min_shift:
        source = " (by default, the length of the time support)" if max_shift is None else ""
        msg = f"max_shift should be >= min_shift (s), got max_shift={largest}{source} and min_shift={min_shift}."
        raise ValueError(msg)
    return float(largest)


def _uniform(fraction: FloatArray, support: IntervalSet) -> FloatArray:
    """Times after which a fraction of the support has passed."""
    if len(support) == 1:
        fraction *= support.end[0] - support.start[0]
        fraction += support.start[0]
        return np.minimum(fraction, support.end[0], out=fraction)
    passed = np.concatenate(([0.0], np.cumsum(support.end - support.start)))
    fraction *= passed[-1]
    epoch = np.searchsorted(passed[1:-1], fraction, side="right")
    fraction += (support.start - passed[:-1])[epoch]
    # rounding must not put an event between epochs
    return np.clip(fraction, support.start[epoch], support.end[epoch], out=fraction)


def _generator(rng: Any, seed: Any) -> np.random.Generator:
    """The generator that `rng` or `seed` stands for."""
    if rng is not None and seed is not None:
        msg = "give rng or seed, not both: seed=7 means the same as rng=7."
        raise ValueError(msg)
    source = seed if rng is None else rng
    if isinstance(source, np.random.Generator) and seed is None:
        return source
    if source is not None and not is_integer(source):
        msg = f"rng should be a whole number or a numpy.random.Generator, seed a whole number; got {source!r}."
        raise TypeError(msg)
    if source is not None and source < 0:
        msg = f"a seed must be >= 0, got {source}."
        raise ValueError(msg)
    return np.random.default_rng(None if source is None else int(source))


def _check_number(value: Any, argument: str) -> None:
    if not is_number(value):
        msg = f"{argument} should be a number (s), got {value!r}."
        raise TypeError(msg)
    if not np.isfinite(value):
        msg = f"{argument} should be finite (s), got {value}."
        raise ValueError(msg)


def _store(data: Any) -> tuple[FloatArray, IntArray]:
    """Times, unit after unit, and where each unit starts.

    Raises
    ------
    TypeError
        If `data` is no Ts or TsGroup.
    """
    if isinstance(data, TsGroup):
        return data._times, data._offsets
    if isinstance(data, Ts):
        return data.t, np.array([0, len(data)])
    msg = f"Invalid input type, should be Ts or TsGroup, got {kind_of(data)}."
    raise TypeError(msg)


def _sort_units(times: FloatArray, offsets: IntArray) -> None:
    """Sort the times of each unit in place."""
    for a, b in itertools.pairwise(offsets.tolist()):
        times[a:b].sort()


def _inside(times: FloatArray, offsets: IntArray, support: IntervalSet) -> tuple[FloatArray, IntArray]:
    """The part of a store that lies in the support."""
    first, last = unit_runs(times, offsets, support.start, support.end)
    sizes = (last - first).sum(axis=1)
    return take_runs(times, first, last), np.concatenate(([0], np.cumsum(sizes)))


def _like(data: Events, times: FloatArray, offsets: IntArray, support: IntervalSet) -> Events:
    """Other times of the same units."""
    if isinstance(data, Ts):
        return Ts._trusted(times, support)
    return TsGroup._trusted(times, offsets, data._keys, support, data._metadata)


def _with_own_support(data: Events, times: FloatArray, offsets: IntArray) -> Events:
    """Other times of the same units, with the support that they span."""
    if isinstance(data, Ts):
        return Ts(times)
    full = np.flatnonzero(np.diff(offsets) > 0)
    starts, ends = times[offsets[full]], times[offsets[full + 1] - 1]
    long = ends > starts
    support = IntervalSet._trusted(*_epochs.union([(starts[long], ends[long])]))
    if len(support) == 0:
        msg = "Union of time supports is empty: no unit has events at two different times."
        raise RuntimeError(msg)
    return _like(data, *_inside(times, offsets, support), support)
