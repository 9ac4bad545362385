"""Averages of signals around events: event- and spike-triggered averages."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays.lags import held_means, lag_axis, lagged_sums, lags_within
from .._arrays.namespace import take_runs, to_numpy
from .._arrays.resample import as_columns
from .._arrays.search import first_not_before
from .._errors import kind_of
from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from ..containers._base import class_for, default_support
from ..containers._checks import bin_seconds
from . import _event_inputs as _inputs

__all__ = ["compute_event_triggered_average", "compute_spike_triggered_average"]

_DECIMALS = 9
"""Bins lie on whole nanoseconds, as those of `count`."""


def compute_event_triggered_average(
    data: Tsd | TsdFrame | TsdTensor,
    events: Ts | Tsd | TsdFrame | TsdTensor | TsGroup | IntervalSet,
    binsize: float,
    window: float | tuple[float, float] = 0,
    time_unit: str = "s",
    epochs: IntervalSet | None = None,
) -> TsdFrame | TsdTensor:
    r"""Mean of signals at lags around events.

    Events are counted in bins, signals averaged in the same bins (a bin without samples holds the last one of its
    epoch), and for every lag :math:`l`

    .. math:: A_l = \frac{\sum_b c_b \, x_{b + l}}{\sum_b c_b}

    where both bins lie in the same epoch; lags that leave it add zero.

    Parameters
    ----------
    data : Tsd, TsdFrame or TsdTensor
        Signals, sampled evenly. Bins with NaN in any channel add zero.
    events : Ts, Tsd, TsdFrame, TsdTensor, TsGroup or IntervalSet
        Events: times of a series, of each unit of a group, or the starts of epochs.
    binsize : float
        Width of the bins, in `time_unit`, > 0.
    window : float or (float, float)
        How far to look before and after, in `time_unit`; lags go on until they cover it. Signs do not matter.
    time_unit : {"s", "ms", "us"}
    epochs : IntervalSet, optional
        What to use of data and events; by default the time support of `data`.

    Returns
    -------
    TsdFrame, for a Tsd
        Shape (lag, unit), at lags in seconds; columns are the keys of a group.
    TsdTensor, for a TsdFrame or TsdTensor
        Shape (lag, unit, ...).
        Units without events are zero.

    Raises
    ------
    RuntimeError
        If `window` or `time_unit` is of the wrong kind, or `data` is not sampled evenly.
    TypeError
        If `data`, `events`, `binsize` or `epochs` is of the wrong kind.
    ValueError
        If `binsize` is not positive.

    References
    ----------
    :cite:`kass_2014`, section 19.3

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.analysis import compute_event_triggered_average
    >>> from rheobase.containers import Ts, Tsd
    >>> signal = Tsd(t=np.arange(6), d=[0.0, 0.0, 1.0, 3.0, 0.0, 0.0])
    >>> compute_event_triggered_average(signal, Ts([2.0, 3.0]), binsize=1, window=1).values[:, 0]
    array([0.5, 2. , 1.5])
    """
    before, after = _inputs.read_window(window, time_unit)
    _inputs.check_signal(data)
    epochs = _inputs.read_epochs(data, epochs)
    if isinstance(events, IntervalSet):
        times, _ = _inputs.event_times(events, epochs)
        events = Ts._trusted(times, epochs)
    if not isinstance(events, Ts | Tsd | TsdFrame | TsdTensor | TsGroup):
        msg = f"events should be a time series object or an IntervalSet, got {kind_of(events)}."
        raise TypeError(msg)
    _inputs.sampling_step(data, "compute_event_triggered_average")
    size = bin_seconds(binsize, time_unit)
    n_before, n_after = lags_within(before, size, cover=True), lags_within(after, size, cover=True)
    means = _averages(data, _inputs.small_counts(events, size, epochs), size, epochs, n_before, n_after)
    lags = lag_axis(n_before, n_after, size)
    if means.ndim == 2 and isinstance(events, TsGroup):
        return TsdFrame._trusted(lags, means, _span(lags), events.index)
    return class_for(means.ndim)._trusted(lags, means, _span(lags))


def _span(lags: np.ndarray) -> IntervalSet:
    """Support of a lag axis, from its first to its last lag; a lone lag has none."""
    return default_support(lags if lags.size > 1 else lags[:0])


def _averages(data: Any, counts: Any, size: float, epochs: IntervalSet, n_before: int, n_after: int) -> np.ndarray:
    """Averages, shape (lag, unit, ...)."""
    lefts = np.round(counts.t - size / 2, _DECIMALS)
    rights = np.round(lefts + size, _DECIMALS)
    begin, stop = counts._runs(epochs)
    epoch = np.repeat(np.arange(begin.size), stop - begin)
    first, last = data._runs(epochs)
    upto = np.cumsum(last - first)
    shift = (upto - last)[epoch]  # from a row of the data to its row among those that are used
    low, high = first[epoch], last[epoch]
    begins = np.clip(first_not_before(data.t, lefts), low, high) + shift
    stops = np.clip(first_not_before(data.t, rights), low, high) + shift
    values = as_columns(to_numpy(take_runs(data.values, first, last)))
    signal = held_means(values, low + shift, begins, stops)
    numbers = counts.values if counts.values.ndim == 2 else counts.values[:, None]
    sums = lagged_sums(numbers, signal, epoch, n_before, n_after)
    n_events = numbers.sum(axis=0)
    means = sums / np.where(n_events > 0, n_events, 1)[:, None]
    return means.reshape(*means.shape[:2], *data.shape[1:])


def compute_spike_triggered_average(
    data: Tsd | TsdFrame | TsdTensor,
    spikes: Ts | Tsd | TsdFrame | TsdTensor | TsGroup | IntervalSet,
    binsize: float,
    window: float | tuple[float, float] = 0,
    time_unit: str = "s",
    epochs: IntervalSet | None = None,
) -> TsdFrame | TsdTensor:
    """Mean of signals at lags around spikes: `compute_event_triggered_average` with spikes as events.

    Parameters
    ----------
    data : Tsd, TsdFrame or TsdTensor
    spikes : Ts, TsGroup, Tsd, TsdFrame, TsdTensor or IntervalSet
    binsize, window, time_unit, epochs
        As there; so are the result and the errors.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.analysis import compute_spike_triggered_average
    >>> from rheobase.containers import Ts, Tsd
    >>> stimulus = Tsd(t=np.arange(6), d=[0.0, 0.0, 1.0, 3.0, 0.0, 0.0])
    >>> compute_spike_triggered_average(stimulus, Ts([2.5, 3.0]), binsize=1, window=(1, 0)).values[:, 0]
    array([0.5, 2. ])
    """
    return compute_event_triggered_average(data, spikes, binsize, window, time_unit, epochs)
