"""Correlograms: rates of spikes at lags around spikes of the same unit, of another unit, or around events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._arrays import events as _events
from .._arrays import pair_tables
from .._arrays import pairs as _pairs
from .._errors import kind_of
from .._types import FloatArray, IntArray
from ..containers import IntervalSet, Ts, Tsd, TsGroup
from ..containers._base import rate_of
from ..containers._checks import as_seconds, check_epochs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compute_autocorrelogram", "compute_crosscorrelogram", "compute_eventcorrelogram"]


def compute_autocorrelogram(
    group: TsGroup,
    binsize: float,
    windowsize: float,
    ep: IntervalSet | None = None,
    norm: bool = True,
    time_units: str = "s",
) -> pd.DataFrame:
    """Rate of each unit at lags around its own spikes.

    Parameters
    ----------
    group : TsGroup
    binsize : float
        Width of the lag bins, in `time_units`, > 0. Bins are closed on the left, and the middle one lies around zero.
    windowsize : float
        Largest lag, in `time_units`.
    ep : IntervalSet, optional
        Which spikes to use; by default all.
    norm : bool
        Whether to divide by the rate of the unit, so that 1 is what chance gives.
    time_units : {"s", "ms", "us"}

    Returns
    -------
    pandas.DataFrame
        Shape (lag, unit): rate (Hz), or multiples of the mean rate; 0 at lag zero. The index holds lags in seconds.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If `binsize` is not positive, `windowsize` negative or a unit unknown.

    References
    ----------
    :cite:`kass_2014`, section 19.3

    Examples
    --------
    >>> from rheobase.analysis import compute_autocorrelogram
    >>> from rheobase.containers import Ts, TsGroup
    >>> group = TsGroup({0: Ts([0.0, 1.0, 3.0])})
    >>> compute_autocorrelogram(group, binsize=1, windowsize=2, norm=False)[0].round(3).tolist()
    [0.333, 0.333, 0.0, 0.333, 0.333]
    """
    check_group(group, "Parameter group must be of type TsGroup")
    bins = _read_bins(binsize, windowsize, time_units, norm)
    group = _restricted(group, ep)
    counts = _pairs.auto_counts(group._times, group._offsets, bins)
    values = _as_rates(counts, np.diff(group._offsets), bins, group.rates if norm else None)
    values[:, bins.n // 2] = 0.0
    return _table(values, bins, group.index)


def compute_crosscorrelogram(
    group: TsGroup | tuple[TsGroup, TsGroup] | list[TsGroup],
    binsize: float,
    windowsize: float,
    ep: IntervalSet | None = None,
    norm: bool = True,
    time_units: str = "s",
    reverse: bool = False,
) -> pd.DataFrame:
    """Rate of one unit at lags around the spikes of another, for pairs of units.

    Parameters
    ----------
    group : TsGroup, or two of them
        Of one group all pairs of different units, the lower key first; of two, every unit of the first with every unit
        of the second.
    binsize, windowsize, ep, time_units
        As in `compute_autocorrelogram`, with its errors.
    norm : bool
        Whether to divide by the rate of the second unit of a pair, so that 1 is what chance gives.
    reverse : bool
        Whether the higher key comes first in the pairs of one group.

    Returns
    -------
    pandas.DataFrame
        Shape (lag, pair): rate of the second unit of the pair (Hz), or multiples of its mean rate, at lags in seconds
        after a spike of the first.

    References
    ----------
    :cite:`kass_2014`, section 19.3

    Examples
    --------
    >>> from rheobase.analysis import compute_crosscorrelogram
    >>> from rheobase.containers import Ts, TsGroup
    >>> group = TsGroup({0: Ts([0.0, 2.0, 4.0]), 1: Ts([1.0, 3.0, 5.0])})
    >>> compute_crosscorrelogram(group, binsize=1, windowsize=1, norm=False)[0, 1].round(3).tolist()
    [0.667, 0.0, 1.0]
    """
    bins = _read_bins(binsize, windowsize, time_units, norm)
    if not isinstance(reverse, bool | np.bool_):
        msg = f"Parameter reverse must be True or False, got {reverse!r}."
        raise TypeError(msg)
    if isinstance(group, tuple | list):
        first, second = _two_groups(group)
        first, second = _restricted(first, ep), _restricted(second, ep)
        counts = pair_tables.between(_units(first), _units(second), bins).reshape(-1, bins.n)
        i, j = (part.reshape(-1) for part in np.indices((len(first), len(second))))
    else:
        check_group(group, "Parameter group must be of type TsGroup or a tuple/list of (TsGroup, TsGroup)")
        first = second = _restricted(group, ep)
        counts = pair_tables.within(_units(first), bins, reverse)
        i, j = np.triu_indices(len(first), 1)
        i, j = (j, i) if reverse else (i, j)
    sizes, rates = np.diff(first._offsets)[i], second.rates[j] if norm else None
    return _table(
        _as_rates(counts, sizes, bins, rates), bins, list(zip(first.index[i].tolist(), second.index[j].tolist()))
    )


def compute_eventcorrelogram(
    group: TsGroup,
    event: Ts | Tsd,
    binsize: float,
    windowsize: float,
    ep: IntervalSet | None = None,
    norm: bool = True,
    time_units: str = "s",
) -> pd.DataFrame:
    """Rate of each unit at lags around events.

    Parameters
    ----------
    group : TsGroup
    event : Ts or Tsd
        Events; values are not used.
    binsize, windowsize, norm, time_units
        As in `compute_autocorrelogram`, with its errors.
    ep : IntervalSet, optional
        Which spikes and events to use; by default the time support of `event`.

    Returns
    -------
    pandas.DataFrame
        Shape (lag, unit): rate (Hz), or multiples of the mean rate; the index holds lags in seconds.

    Examples
    --------
    >>> from rheobase.analysis import compute_eventcorrelogram
    >>> from rheobase.containers import Ts, TsGroup
    >>> group = TsGroup({0: Ts([1.0, 2.0, 6.0])})
    >>> compute_eventcorrelogram(group, Ts([1.0, 5.0]), binsize=1, windowsize=1, norm=False)[0].tolist()
    [0.0, 0.5, 0.5]
    """
    check_group(group, "Parameter group must be of type TsGroup")
    if not isinstance(event, Ts | Tsd):
        msg = f"Invalid type. Parameter event must be of type Ts or Tsd, got {kind_of(event)}."
        raise TypeError(msg)
    bins = _read_bins(binsize, windowsize, time_units, norm)
    ep = event.time_support if ep is None else check_epochs(ep)
    times = event.restrict(ep).t
    first, last = group._runs(ep)
    n_spikes = (last - first).sum(axis=1)
    store = group._times
    if first.shape[1] != 1:  # spikes of one epoch are a slice of each unit; those of several have to be collected
        store, last = _events.take_runs(store, first, last), np.cumsum(n_spikes)[:, None]
        first = last - n_spikes[:, None]
    counts = _pairs.event_counts(store, first[:, 0], last[:, 0], times, bins)
    sizes = np.full(len(group), times.size)
    rates = rate_of(n_spikes, ep) if norm else None
    return _table(_as_rates(counts, sizes, bins, rates), bins, group.index)


def check_group(group: Any, expected: str) -> None:
    """Raise TypeError unless this is a TsGroup."""
    if not isinstance(group, TsGroup):
        msg = f"Invalid type. {expected}, got {kind_of(group)}."
        raise TypeError(msg)


def _two_groups(groups: tuple[TsGroup, ...] | list[TsGroup]) -> tuple[TsGroup, TsGroup]:
    if len(groups) != 2 or not all(isinstance(group, TsGroup) for group in groups):
        kinds = ", ".join(kind_of(group) for group in groups)
        msg = (
            "Invalid type. Parameter group must be of type TsGroup or a tuple/list of (TsGroup, TsGroup), "
            f"got ({kinds})."
        )
        raise TypeError(msg)
    return groups[0], groups[1]


def _read_bins(binsize: Any, windowsize: Any, time_units: Any, norm: Any) -> _pairs.LagBins:
    """Lag bins; raises as the functions of this file."""
    if not isinstance(time_units, str):
        msg = f"Invalid type. Parameter time_units must be of type str, got {kind_of(time_units)}."
        raise TypeError(msg)
    if not isinstance(norm, bool | np.bool_):
        msg = f"Invalid type. Parameter norm must be of type bool, got {norm!r}."
        raise TypeError(msg)
    size = as_seconds(binsize, time_units, "binsize", TypeError)
    window = as_seconds(windowsize, time_units, "windowsize", TypeError)
    if not (np.isfinite(size) and size > 0):
        msg = f"binsize must be a finite number > 0, got {binsize}."
        raise ValueError(msg)
    if not (np.isfinite(window) and window >= 0):
        msg = f"windowsize must be a finite number >= 0, got {windowsize}."
        raise ValueError(msg)
    return _pairs.lag_bins(size, window)


def _restricted(group: TsGroup, ep: Any) -> TsGroup:
    return group if ep is None else group.restrict(check_epochs(ep))


def _units(group: TsGroup) -> pair_tables.Units:
    return pair_tables.Units(group._times, group._offsets)


def _as_rates(counts: IntArray, sizes: IntArray, bins: _pairs.LagBins, rates: FloatArray | None) -> FloatArray:
    """Counts of shape (row, lag) per reference event and second, or relative to `rates`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        values = counts / (sizes * bins.size)[:, None]
        return values if rates is None else values / rates[:, None]


def _table(values: FloatArray, bins: _pairs.LagBins, columns: Any) -> pd.DataFrame:
    import pandas as pd

    if isinstance(columns, list):
        columns = pd.MultiIndex.from_tuples(columns) if columns else pd.RangeIndex(0)
    return pd.DataFrame(values.T, index=bins.lags(), columns=columns)
