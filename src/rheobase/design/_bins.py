"""Inputs at different rates, brought to common bins: events are counted, signals averaged or interpolated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays.bins import bin_edges
from .._arrays.events import runs, take_runs
from .._arrays.windows import epoch_slices
from .._errors import TimeSupportError
from .._types import FloatArray, IntArray, TimeSeriesLike
from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from ..containers._checks import bin_seconds, check_intervals
from ..containers._clock import warn_of_another_unit
from ..containers._from_others import as_container as container_of
from ..containers._from_others import is_foreign

__all__ = ["Bins", "Samples", "as_container", "bring", "common_bins", "count_into"]

_SAME_TIME = 1e-9
"""Seconds by which two sample times may differ and still be the same."""

_COUNT_TYPES = (np.uint8, np.uint16, np.uint32)
"""Tried in this order: one byte a bin is enough for most recordings."""

Series = Tsd | TsdFrame | TsdTensor


@dataclass(frozen=True)
class Bins:
    """Where rows stand in time."""

    t: FloatArray
    """Centres, s, shape (time,)."""
    support: IntervalSet
    size: float
    """Width, s."""
    laid: bool
    """Whether they were laid into the support, rather than taken over from a series."""

    @property
    def epochs(self) -> tuple[IntArray, IntArray]:
        """First row of each epoch and one past its last."""
        return epoch_slices(self.t, self.support.start, self.support.end)


@dataclass(frozen=True)
class Samples:
    """One input at the common bins."""

    values: Any
    """Shape (time, ...)."""
    channels: tuple[Any, ...]
    """Labels of what stands along the axes behind time, flattened."""
    note: str
    """What it was and what was done to it."""
    are_events: bool = False


def as_container(x: Any) -> Any:
    """A series or group of another library as ours; everything else as it is.

    Tables of pandas and polars are plain features here: their index need not be times.
    """
    if isinstance(x, Ts | TsGroup | Tsd | TsdFrame | TsdTensor):
        return x
    if is_foreign(x):
        return container_of(x)
    if isinstance(x, TimeSeriesLike):
        kind = {1: Tsd, 2: TsdFrame}.get(len(np.shape(x.values)), TsdTensor)
        args = (np.asarray(x.t, dtype=np.float64), x.values, _support(x))
        if kind is not TsdFrame:
            return kind._trusted(*args)
        columns = getattr(x, "columns", None)
        return kind._trusted(*args, None if columns is None else np.asarray(columns), None)
    if isinstance(x, Mapping) and getattr(x, "time_support", None) is not None:  # a group
        return TsGroup({key: Ts(np.asarray(unit.t)) for key, unit in x.items()}, time_support=_support(x))
    if getattr(x, "time_support", None) is not None and getattr(x, "t", None) is not None:
        return Ts(np.asarray(x.t, dtype=np.float64), time_support=_support(x))
    return x


def common_bins(inputs: dict[str, Any], response: str | None, bin_size: Any, ep: Any) -> Bins | None:
    """Bins on which all inputs are known; None if none of them has times.

    Parameters
    ----------
    inputs
        By name; containers or arrays.
    response
        Name of the one whose samples are the bins, if no `bin_size` is given.
    bin_size
        Width, s.
    ep
        Epochs to keep.

    Raises
    ------
    TypeError
        If `ep` is no IntervalSet or `bin_size` no number.
    ValueError
        If nothing is left in common, no bin fits, or there is nothing to take bins from.
    """
    timed = {name: x for name, x in inputs.items() if getattr(x, "time_support", None) is not None}
    if not timed:
        if bin_size is not None or ep is not None:
            given = "bin_size" if bin_size is not None else "ep"
            msg = f"{given} needs inputs with times, but all are arrays. Make series of them: Tsd(t, d) or TsdFrame."
            raise ValueError(msg)
        return None
    support = _intersection(timed, None if ep is None else check_intervals(ep)._disjoint())
    for name, x in timed.items():
        _warn_of_units(name, x, support)
    if bin_size is not None:
        return _laid(support, bin_seconds(bin_size, "s"))
    sampled = {name: x for name, x in timed.items() if isinstance(x, Series)}
    if not sampled:
        msg = "bin_size is needed to count events; give it in seconds, for instance bin_size=0.01."
        raise ValueError(msg)
    name = response if response in sampled else next(iter(sampled))
    t = _restricted_times(sampled[name], support)
    if t.size < 2:
        msg = f"{name} has {t.size} sample(s) in the common support; give bin_size, in seconds, or longer epochs."
        raise ValueError(msg)
    return Bins(t, support, float(np.median(np.diff(t))), laid=False)


def _warn_of_units(name: str, x: Any, support: IntervalSet) -> None:
    if isinstance(x, TsGroup):
        warn_of_another_unit(x._times, support, name, len(x))
    else:
        warn_of_another_unit(x.t, support, name)


def bring(name: str, x: Any, bins: Bins | None, how: str) -> Samples:
    """One input at the bins.

    Parameters
    ----------
    name
        For messages.
    x
        Container or array.
    bins
        None if no input has times.
    how
        What to do with a signal at other times: "average", "interpolate", "closest", or "auto".

    Raises
    ------
    TimeSupportError
        If events cannot be counted in bins that were taken over from a series.
    ValueError
        If an array has another number of rows than there are bins.
    """
    if isinstance(x, Ts | TsGroup):
        assert bins is not None
        counts = count_into(name, x, bins)
        labels = tuple(x.index.tolist()) if isinstance(x, TsGroup) else ()
        return Samples(counts, labels, f"{type(x).__name__}, counted", are_events=True)
    if not isinstance(x, Series):
        values = _array(x)
        if bins is not None and len(values) != len(bins.t):
            msg = (
                f"{name} is an array of {len(values)} rows, but there are {len(bins.t)} bins. Give it times "
                "(Tsd or TsdFrame), so that it can be brought to the bins."
            )
            raise ValueError(msg)
        return Samples(values, _channels(values, None), "array")
    assert bins is not None
    kind, columns = type(x).__name__, x._columns if isinstance(x, TsdFrame) else None
    first, last = runs(x.t, bins.support.start, bins.support.end)
    times = take_runs(x.t, first, last)
    if times.size == bins.t.size and bool(np.all(np.abs(times - bins.t) <= _SAME_TIME)):
        return Samples(_rows(x.values, first, last), _channels(x, columns), f"{kind}, as it is")
    how = _way(how, x, times.size, bins) if how == "auto" else how
    moved = _moved(x, bins, how)
    verb = {"average": "averaged", "interpolate": "interpolated", "closest": "closest sample"}[how]
    return Samples(np.asarray(moved), _channels(x, columns), f"{kind}, {verb}")


def count_into(name: str, x: Ts | TsGroup, bins: Bins) -> np.ndarray:
    """Counts in the bins, shape (time,) or (time, unit), in the smallest unsigned type that holds them."""
    for dtype in _COUNT_TYPES:
        try:
            counts = x.count(bins.size, bins.support, dtype=dtype)
        except OverflowError:
            continue
        break
    else:
        counts = x.count(bins.size, bins.support)
    if not bins.laid and (
        counts.t.size != bins.t.size or not np.allclose(counts.t, bins.t, rtol=0, atol=0.01 * bins.size)
    ):
        msg = (
            f"{name} holds events, which cannot be counted at the times of the series given with them: bins of "
            f"{bins.size:.6g} s in the common support do not have these samples at their centres. Give bin_size, in "
            f"seconds (bin_size={bins.size:.6g}), and signals are brought to its bins."
        )
        raise TimeSupportError(msg)
    return np.asarray(counts.values)


def _laid(support: IntervalSet, size: float) -> Bins:
    grid = bin_edges(support.start, support.end, size)
    if not grid.n_bins:
        longest = float(np.max(support.end - support.start))
        hint = f" Did you mean milliseconds, bin_size={size / 1000:g}?" if size / 1000 <= longest else ""
        msg = (
            f"no bin of bin_size={size:g} s fits into the common support: its longest epoch lasts {longest:g} s."
            f"{hint or ' Use smaller bins or longer epochs.'}"
        )
        raise ValueError(msg)
    return Bins(grid.centres(), support, size, laid=True)


def _intersection(timed: dict[str, Any], ep: IntervalSet | None) -> IntervalSet:
    """Where all inputs are known, and `ep`."""
    common = ep
    for x in timed.values():
        support = x.time_support._disjoint()
        common = support if common is None or common is support else common.intersect(support)
    if common is None or not len(common):
        spans = [f"{name} {_span(x.time_support)}" for name, x in timed.items()]
        spans += [] if ep is None else [f"ep {_span(ep) if len(ep) else '(it is empty)'}"]
        msg = (
            f"the inputs have no time in common: {', '.join(spans)}. Are all times in seconds of the same clock? "
            "Shift or restrict the series, or give other epochs (ep)."
        )
        raise ValueError(msg)
    return common


def _way(how: str, x: Series, n_samples: int, bins: Bins) -> str:
    """Fast signals are averaged, slow ones interpolated; a slow one of whole numbers keeps them."""
    if n_samples >= 2 * bins.t.size:
        return "average"
    return "interpolate" if x.dtype.kind == "f" else "closest"


def _moved(x: Series, bins: Bins, how: str) -> np.ndarray:
    """A signal at the bins, whose times are not its own."""
    if how == "average" and bins.laid:
        return x.bin_average(bins.size, bins.support).values
    queries = Ts._trusted(bins.t, bins.support)
    if how == "closest":
        return queries.value_from(x, bins.support, "closest").values
    if how == "interpolate":
        return x.interpolate(queries, bins.support).values
    moved = x.bin_average(bins.size, bins.support)
    if moved.t.size == bins.t.size and np.allclose(moved.t, bins.t, rtol=0, atol=0.01 * bins.size):
        return moved.values
    return x.interpolate(queries, bins.support).values


def _restricted_times(x: Series, support: IntervalSet) -> FloatArray:
    return take_runs(x.t, *runs(x.t, support.start, support.end))


def _rows(values: Any, first: IntArray, last: IntArray) -> Any:
    """The samples of the support; what lies in a file stays there if all of it is wanted."""
    if first.size and int(np.sum(last - first)) == len(values):
        return values
    return take_runs(values, first, last)


def _array(x: Any) -> np.ndarray:
    values = np.asarray(x)
    return values[None] if values.ndim == 0 else values


def _channels(x: Any, columns: Any) -> tuple[Any, ...]:
    """Labels of the entries of a row, flattened; none for a vector."""
    shape = tuple(x.shape[1:])
    if columns is not None and len(shape) == 1:
        return tuple(label.item() if isinstance(label, np.generic) else label for label in np.asarray(columns))
    if len(shape) == 1:
        return tuple(range(shape[0]))
    return tuple(np.ndindex(shape)) if shape else ()


def _support(x: Any) -> IntervalSet:
    support = x.time_support
    if isinstance(support, IntervalSet):
        return support
    return IntervalSet._trusted(np.asarray(support.start, dtype=np.float64), np.asarray(support.end, dtype=np.float64))


def _span(support: IntervalSet) -> str:
    if not len(support):
        return "nowhere"
    return f"{support.start[0]:g} to {support.end[-1]:g} s"
