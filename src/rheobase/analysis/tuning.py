"""Tuning curves: the response of units, or the mean of signals, as a function of one or several features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._arrays import events as _events
from .._arrays import histogram as _histogram
from .._arrays.labels import TimeLabels
from .._arrays.resample import as_columns
from .._arrays.search import BLOCK
from .._arrays.threads import for_each
from .._types import FloatArray
from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsGroup
from ..containers._clock import warn_of_another_unit
from ..containers._from_others import as_container, is_foreign
from . import _tuning_inputs as _inputs

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["compute_response_per_epoch", "compute_tuning_curves"]


def compute_tuning_curves(
    data: TsGroup | TsdFrame | Ts | Tsd,
    features: Tsd | TsdFrame,
    bins: int | Sequence[int] | Sequence[FloatArray] | FloatArray = 10,
    range: tuple[float, float] | Sequence[tuple[float, float]] | None = None,
    epochs: IntervalSet | None = None,
    fs: float | None = None,
    feature_names: Sequence[str] | None = None,
    return_pandas: bool = False,
    return_counts: bool = False,
    *,
    mode: str = "closest",
    max_distance: float | None = None,
) -> xr.DataArray | pd.DataFrame:
    """Firing rate, or mean signal, in bins of features.

    Each event (or data sample) takes the feature values of one feature sample of its epoch, the closest one. Firing
    rates are event counts, divided by the number of feature samples in the bin, times the sampling rate of the
    features.

    Parameters
    ----------
    data : TsGroup, Ts, Tsd or TsdFrame
        Events, for firing rates; or signals, for their means.
    features : Tsd or TsdFrame
        One feature per column.
    bins : int, sequence of int, array, or sequence of arrays
        Number of bins, for all features or for each; or the edges of each. One array of edges will do for one feature.
    range : tuple or sequence of tuples, optional
        Limits of equal bins: (low, high) for one feature, one such pair per feature otherwise. By default the smallest
        and largest value. The last bin is closed on the right; what lies outside, and NaN, is left out.
    epochs : IntervalSet, optional
        What to use of data and features; by default the time support of the features.
    fs : float, optional
        Sampling rate of the features (Hz); by default one over their mean time difference within epochs.
    feature_names : sequence of str, optional
        By default the columns of the features, or "0".
    return_pandas : bool
        Whether to return a pandas DataFrame, shape (bin, unit); for one feature only.
    return_counts : bool
        Whether to return event counts rather than rates.
    mode : {"closest", "before", "after"}
        Which feature sample an event takes its values from: the closest one, the last one at or before it, or the first
        one at or after it. Events without such a sample in their epoch are left out.
    max_distance : float, optional
        Events further than this (s) from that sample are left out, so that gaps in the tracking do not lend the value
        at their edges to all that happens inside them. By default there is no limit. Occupancy, being a number of
        feature samples, does not change.

    Returns
    -------
    xarray.DataArray, shape (unit, bin of feature 1, bin of feature 2, ...)
        Rates (Hz), counts, or mean signals. Its coordinates are the keys (or columns) and the bin centres. NaN where
        the features never were; 0 where they were, but no data sample fell there. NaN in signals is left out of the
        mean. Attributes: ``occupancy`` (feature samples per bin), ``bin_edges``, ``fs`` and, for events, ``rates``
        (Hz).

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If `bins`, `range` or `feature_names` do not fit the features, a feature with NaN has no range, no sample of
        the features is in `epochs` and there is no `fs`, `mode` is unknown, or `max_distance` negative or NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.analysis import compute_tuning_curves
    >>> from rheobase.containers import IntervalSet, Ts, Tsd
    >>> position = Tsd(t=np.arange(4), d=[0.0, 0.0, 1.0, 1.0])
    >>> spikes = Ts([2.1, 2.2, 2.9], time_support=IntervalSet(0, 3))
    >>> compute_tuning_curves(spikes, position, bins=2).values
    array([[0. , 1.5]])
    """
    data, features, epochs = (as_container(x) if is_foreign(x) else x for x in (data, features, epochs))
    _inputs.check_data(data)
    names = _inputs.feature_names(features, feature_names)
    epochs = _inputs.check_support(features, epochs)
    times, values, first, last = features._within(epochs)
    _inputs.check_samples(times, names, epochs, fs)
    values = as_columns(values)
    edges, even = _inputs.read_bins(values, bins, range)
    fs = _inputs.sampling_rate(times, _events.repeat_runs(first, last), fs)
    reach = _inputs.check_lookup(mode, max_distance)
    codes = _histogram.bin_codes(values, edges, even)
    shape = tuple(edge.size - 1 for edge in edges)
    occupancy = np.bincount(codes[codes >= 0], minlength=int(np.prod(shape))).astype(np.float64)
    attrs: dict[str, Any] = {"occupancy": occupancy.reshape(shape), "bin_edges": edges, "fs": fs}
    labels = TimeLabels(times, codes, first, last, epochs.start, mode, reach)
    if isinstance(data, TsGroup | Ts):
        units, curves, attrs["rates"] = _event_curves(data, epochs, labels, occupancy, None if return_counts else fs)
    else:
        units, curves = _signal_curves(data, epochs, labels, occupancy)
    result = _as_array(curves.reshape(len(units), *shape), units, names, edges, attrs)
    return as_frame(result) if return_pandas else result


def _event_curves(
    data: TsGroup | Ts, epochs: IntervalSet, labels: TimeLabels, occupancy: FloatArray, fs: float | None
) -> tuple[np.ndarray, FloatArray, FloatArray]:
    """Keys, counts (or, with `fs`, rates) of shape (unit, bin), and mean rates."""
    if isinstance(data, Ts):
        data = TsGroup._trusted(data.t, np.array([0, len(data)]), np.zeros(1, dtype=np.int64), data.time_support, None)
    elif data._values is not None:
        _inputs.warn_values_unused()
    warn_of_another_unit(data._times, epochs, "data", len(data))
    first, last = data._runs(epochs)
    sizes = (last - first).sum(axis=1)
    counts = np.empty((sizes.size, occupancy.size), dtype=np.int64)

    def count(units: slice) -> None:
        chosen = _events.take_runs(data._times, first[units], last[units])
        counts[units] = labels.count(chosen, np.concatenate(([0], np.cumsum(sizes[units]))), occupancy.size)

    for_each(count, _events.unit_parts(sizes))
    with np.errstate(divide="ignore", invalid="ignore"):
        curves = counts.astype(np.float64) if fs is None else counts / occupancy * fs
        rates = sizes / epochs.tot_length()
    return data.index, curves, rates


def _signal_curves(
    data: Tsd | TsdFrame, epochs: IntervalSet, labels: TimeLabels, occupancy: FloatArray
) -> tuple[np.ndarray, np.ndarray]:
    """Columns, and means of shape (column, bin)."""
    times, values, _, _ = data._within(epochs)
    code = np.empty(times.size, dtype=np.int64)
    for begin in range(0, times.size, BLOCK):
        code[begin : begin + BLOCK] = labels.find(times[begin : begin + BLOCK])
    sums, numbers = _histogram.sums_by_code(code, as_columns(values), occupancy.size)
    visited = np.bincount(code[code >= 0], minlength=occupancy.size) > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        means = sums / numbers
    means[(occupancy > 0) & ~visited] = 0.0
    return (data._columns if isinstance(data, TsdFrame) else np.zeros(1, dtype=np.int64)), means.T


def _as_array(
    values: np.ndarray, units: np.ndarray, names: list[str], edges: list[FloatArray], attrs: dict[str, Any]
) -> xr.DataArray:
    import xarray as xr

    coords: dict[str, Any] = {"unit": units.astype(object) if units.dtype.kind in "US" else units}
    coords |= {name: edge[:-1] + np.diff(edge) / 2 for name, edge in zip(names, edges)}
    return xr.DataArray(values, coords=coords, dims=["unit", *names], attrs=attrs)


def as_frame(curves: xr.DataArray) -> pd.DataFrame:
    """Curves of one feature as a DataFrame, shape (bin, unit).

    Raises
    ------
    ValueError
        If there are several features.
    """
    if curves.ndim != 2:
        msg = (
            f"Cannot convert arrays with {curves.ndim} dimensions into pandas objects: only tuning curves of one "
            "feature make a table. Use return_pandas=False."
        )
        raise ValueError(msg)
    return curves.to_pandas().T


def compute_response_per_epoch(
    data: TsGroup | TsdFrame | Ts | Tsd, epochs_dict: Mapping[Any, IntervalSet], return_pandas: bool = False
) -> xr.DataArray | pd.DataFrame:
    """Firing rate, or mean signal, in named sets of epochs (conditions).

    Parameters
    ----------
    data : TsGroup, Ts, Tsd or TsdFrame
        Events, for firing rates; or signals, for their means.
    epochs_dict : dict of IntervalSet
    return_pandas : bool
        Whether to return a pandas DataFrame, shape (condition, unit).

    Returns
    -------
    xarray.DataArray, shape (unit, epochs)
        Rates (Hz), or means.

    Raises
    ------
    TypeError
        If `data` is of the wrong kind, or `epochs_dict` no dictionary of IntervalSets, or empty.
    """
    import xarray as xr

    _inputs.check_data(data)
    _inputs.check_conditions(epochs_dict)
    units, columns = _inputs.unit_labels(data), []
    for epochs in epochs_dict.values():
        if isinstance(data, TsGroup | Ts):
            with np.errstate(divide="ignore", invalid="ignore"):
                columns.append(data.count(ep=epochs).values.sum(axis=0) / epochs.tot_length())
        else:
            _, values, _, _ = data._within(epochs)
            columns.append(values.mean(axis=0) if len(values) else np.full(values.shape[1:], np.nan))
    coords = {"unit": units.astype(object) if units.dtype.kind in "US" else units, "epochs": list(epochs_dict)}
    result = xr.DataArray(
        np.stack([np.atleast_1d(column) for column in columns], axis=1), coords=coords, dims=["unit", "epochs"]
    )
    return as_frame(result) if return_pandas else result
