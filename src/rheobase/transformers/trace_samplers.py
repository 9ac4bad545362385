"""From events to tensors of traces: `PeriEventTraceSampler`, `PeriEventTraceReducer`, `EpochTraceReducer`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._types import ArrayLike, FloatArray
from ._base import AbstractTransformer
from ._events_in import read_events
from ._reduce import reduce_windows
from ._spikes_in import read_times
from ._traces_in import Traces, read_traces

__all__ = ["EpochTraceReducer", "PeriEventTraceReducer", "PeriEventTraceSampler"]


class PeriEventTraceSampler(AbstractTransformer):
    """Events to a tensor of traces at fixed times around each of them, by cubic splines through the samples.

    Parameters
    ----------
    traces : pandas.DataFrame, TsdFrame or Tsd
        Traces, one column per neuron; the index of a table holds times, s, which may not repeat.
    sample_times : array_like
        Times relative to the event, s, shape (time,). Beyond the first and last sample of the traces the spline is
        continued.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase import Tsd
    >>> from rheobase.transformers import PeriEventTraceSampler
    >>> squares = Tsd(np.arange(10.0), np.arange(10.0) ** 2)
    >>> PeriEventTraceSampler(squares, [0, 0.5]).fit_transform([2.0]).values.round(6).ravel().tolist()
    [4.0, 6.25]
    """

    def __init__(self, traces: Any, sample_times: ArrayLike) -> None:
        self.traces = traces
        self.sample_times = sample_times

    def transform(self, X: Any) -> Any:
        """Traces around each event.

        Parameters
        ----------
        X : pandas.DataFrame, IntervalSet, Ts or array_like
            Events, as for `PeriEventSpikeSampler`.

        Returns
        -------
        xarray.DataArray
            Shape (event, sample_times, neuron). NaN next to samples that are NaN.

        Raises
        ------
        ValueError
            If traces hold no sample, or two at the same time.
        """
        events, samples = read_events(X), np.asarray(self.sample_times, dtype=np.float64).reshape(-1)
        traces = read_traces(self.traces)
        at = (events.times[:, None] + samples).reshape(-1)
        values = _spline(traces, at).reshape(events.times.size, samples.size, -1)
        return events.tensor(values, sample_times=samples, neuron=traces.labels)


class PeriEventTraceReducer(AbstractTransformer):
    """Events to a tensor of one number per bin around each of them, such as the mean of a trace.

    Parameters
    ----------
    traces : pandas.DataFrame, TsdFrame or Tsd
        Traces, one column per neuron; the index of a table holds times, s.
    sample_times : array_like
        Edges of bins relative to the event, s, ascending, shape (bin + 1,). Bins are open on the right.
    func : callable or str
        What to compute from the samples of a bin, such as ``np.mean`` or ``"mean"``.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase import Tsd
    >>> from rheobase.transformers import PeriEventTraceReducer
    >>> squares = Tsd(np.arange(10.0), np.arange(10.0) ** 2)
    >>> PeriEventTraceReducer(squares, [0, 2, 4]).fit_transform([2.0]).values.ravel().tolist()
    [6.5, 20.5]
    """

    def __init__(self, traces: Any, sample_times: ArrayLike, func: Callable[..., Any] | str = np.mean) -> None:
        self.traces = traces
        self.sample_times = sample_times
        self.func = func

    def transform(self, X: Any) -> Any:
        """One number per event, bin and neuron.

        Parameters
        ----------
        X : pandas.DataFrame, IntervalSet, Ts or array_like
            Events, as for `PeriEventSpikeSampler`.

        Returns
        -------
        xarray.DataArray
            Shape (event, sample_times, neuron), at left edges; NaN in bins without a sample.

        Raises
        ------
        ValueError
            If `sample_times` are not at least two ascending times, or `func` is unknown.
        """
        events, edges = read_events(X), read_times(self.sample_times, "sample_times", 2)
        traces = read_traces(self.traces)
        place = np.searchsorted(traces.t, events.times[:, None] + edges)
        values = reduce_windows(traces.values, place[:, :-1].reshape(-1), place[:, 1:].reshape(-1), self.func)
        values = values.reshape(events.times.size, edges.size - 1, traces.labels.size)
        return events.tensor(values, sample_times=edges[:-1], neuron=traces.labels)


class EpochTraceReducer(AbstractTransformer):
    """Events with a duration to one number each, such as the mean of a trace from start to end.

    Parameters
    ----------
    traces : pandas.DataFrame, TsdFrame or Tsd
        Traces, one column per neuron; the index of a table holds times, s.
    func : callable or str
        What to compute from the samples of an epoch, such as ``np.mean`` or ``"mean"``.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase import IntervalSet, Tsd
    >>> from rheobase.transformers import EpochTraceReducer
    >>> squares = Tsd(np.arange(10.0), np.arange(10.0) ** 2)
    >>> EpochTraceReducer(squares, np.mean).fit_transform(IntervalSet([2, 6], [4, 7])).values.ravel().tolist()
    [6.5, 36.0]
    """

    def __init__(self, traces: Any, func: Callable[..., Any] | str = np.mean) -> None:
        self.traces = traces
        self.func = func

    def transform(self, X: Any) -> Any:
        """One number per event and neuron, from the samples with ``start <= t < start + duration``.

        Parameters
        ----------
        X : pandas.DataFrame or IntervalSet
            Events with a duration: a table with ``duration`` (or ``end``, ``stop_time``, ...), s; or epochs.

        Returns
        -------
        xarray.DataArray
            Shape (event, neuron); NaN for epochs without a sample.

        Raises
        ------
        ValueError
            If events have no duration, or `func` is unknown.
        """
        events, traces = read_events(X), read_traces(self.traces)
        first = np.searchsorted(traces.t, events.times)
        last = np.searchsorted(traces.t, events.times + events.durations())
        return events.tensor(reduce_windows(traces.values, first, last, self.func), neuron=traces.labels)


def _spline(traces: Traces, at: FloatArray) -> FloatArray:
    """Cubic splines through the samples, at times `at`; shape (at, neuron)."""
    if traces.t.size == 0 or (np.diff(traces.t) == 0).any():
        msg = f"traces need at least one sample, and no two at the same time; got {traces.t.size} samples."
        raise ValueError(msg)
    values = np.asarray(traces.values, dtype=np.float64)
    out = np.full((at.size, values.shape[1]), np.nan)
    known = np.isfinite(values)
    whole, asked = known.all(axis=0), np.isfinite(at)
    if whole.any():
        out[np.ix_(asked, whole)] = _interpolated(traces.t, values[:, whole], at[asked])
    for column in np.flatnonzero(~whole & known.any(axis=0)):
        here = known[:, column]
        right = np.clip(np.searchsorted(traces.t, at, side="left"), 0, here.size - 1)
        exact = traces.t[right] == at
        left = np.where(exact, right, np.maximum(right - 1, 0))
        seen = asked & here[left] & here[right]
        out[seen, column] = _interpolated(traces.t[here], values[here][:, [column]], at[seen])[:, 0]
    return out


def _interpolated(t: FloatArray, values: FloatArray, at: FloatArray) -> FloatArray:
    from scipy.interpolate import make_interp_spline

    return make_interp_spline(t, values, k=min(3, t.size - 1))(at)
