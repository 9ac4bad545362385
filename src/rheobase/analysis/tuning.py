"""Tuning curves: the response of units, or the mean of signals, as a function of one or several features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._arrays import events as _events
from .._arrays import histogram as _histogram
from .._arrays.nearest import Lookup
from .._arrays.resample import as_columns
from .._types import FloatArray, IntArray
from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsGroup
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
) -> xr.DataArray | pd.DataFrame:
    """Firing rate, or mean signal, in bins of features.

    Each event (or data sample) takes the feature values of the closest feature sample of its epoch. Firing rates are
    event counts, divided by the number of feature samples in the bin, times the sampling rate of the features.

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
        If `bins`, `range` or `feature_names` do not fit the features, or a feature with NaN has no range.

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
    _inputs.check_data(data)
    names = _inputs.feature_names(features, feature_names)
    epochs = _inputs.check_support(features, epochs)
    times, values, first, last = features._within(epochs)
    values = as_columns(values)
    edges, even = _inputs.read_bins(values, bins, range)
    fs = _inputs.sampling_rate(times, _events.repeat_runs(first, last), fs)
    codes = _histogram.bin_codes(values, edges, even)
    shape = tuple(edge.size - 1 for edge in edges)
    occupancy = np.bincount(codes[codes >= 0], minlength=int(np.prod(shape))).astype(np.float64)
    attrs: dict[str, Any] = {"occupancy": occupancy.reshape(shape), "bin_edges": edges, "fs": fs}
    target = _Target(Lookup(times, first, last), codes)
    if isinstance(data, TsGroup | Ts):
        units, curves, attrs["rates"] = _event_curves(data, epochs, target, occupancy, None if return_counts else fs)
    else:
        units, curves = _signal_curves(data, epochs, target, occupancy)
    result = _as_array(curves.reshape(len(units), *shape), units, names, edges, attrs)
    return as_frame(result) if return_pandas else result


class _Target(NamedTuple):
    """The features as something to look up: the bin of the sample closest to a time."""

    lookup: Lookup
    codes: IntArray

    def code(self, times: FloatArray, epoch: IntArray | int) -> IntArray:
        """Bin of the feature sample closest to each time, or -1."""
        if self.codes.size == 0:
            return np.full(times.size, -1, dtype=np.int64)
        nearest = self.lookup.find(times, epoch)
        code = self.codes.take(np.maximum(nearest, 0))
        code[nearest < 0] = -1
        return code


def _event_curves(
    data: TsGroup | Ts, epochs: IntervalSet, target: _Target, occupancy: FloatArray, fs: float | None
) -> tuple[np.ndarray, FloatArray, FloatArray]:
    """Keys, counts (or, with `fs`, rates) of shape (unit, bin), and mean rates."""
    if isinstance(data, Ts):
        data = TsGroup._trusted(data.t, np.array([0, len(data)]), np.zeros(1, dtype=np.int64), data.time_support, None)
    elif data._values is not None:
        _inputs.warn_values_unused()
    n_units, n_bins = len(data), occupancy.size
    first, last = data._runs(epochs)
    times = _events.take_runs(data._times, first, last)
    cells = np.zeros(n_units * n_bins + 1, dtype=np.int64)  # the last one for events without a bin
    for rows, run, sizes in _events.run_blocks(last - first):
        code = target.code(times[rows], _events.epoch_of_runs(run, sizes, len(epochs)))
        cell = code + np.repeat(run // max(len(epochs), 1) * n_bins, sizes)
        cell[code < 0] = cells.size - 1
        begin = int(cell.min())
        counted = np.bincount(cell - begin)
        cells[begin : begin + counted.size] += counted
    counts = cells[:-1].reshape(n_units, n_bins)
    with np.errstate(divide="ignore", invalid="ignore"):
        curves = counts.astype(np.float64) if fs is None else counts / occupancy * fs
        rates = (last - first).sum(axis=1) / epochs.tot_length()
    return data.index, curves, rates


def _signal_curves(
    data: Tsd | TsdFrame, epochs: IntervalSet, target: _Target, occupancy: FloatArray
) -> tuple[np.ndarray, np.ndarray]:
    """Columns, and means of shape (column, bin)."""
    times, values, first, last = data._within(epochs)
    code = np.empty(times.size, dtype=np.int64)
    for rows, run, sizes in _events.run_blocks(last - first):
        code[rows] = target.code(times[rows], _events.epoch_of_runs(run, sizes, len(epochs)))
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
