"""Trials as arrays: side by side as they are, or warped to equally many bins."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import warp as _warp
from .._arrays.events import runs
from .._arrays.namespace import is_lazy, take_rows, to_numpy
from .._arrays.resample import as_columns
from .._errors import kind_of
from .._types import IntArray
from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from ..containers._checks import check_choice, check_epochs, is_integer, is_number

__all__ = ["build_tensor", "warp_tensor"]


def build_tensor(
    input: Ts | TsGroup | Tsd | TsdFrame | TsdTensor,
    epochs: IntervalSet,
    bin_size: float | None = None,
    align: str = "start",
    padding_value: float = np.nan,
    time_unit: str = "s",
) -> np.ndarray:
    """Trials side by side: `trial_count` of events, `to_trial_tensor` of signals.

    Parameters
    ----------
    input : Ts, TsGroup, Tsd, TsdFrame or TsdTensor
    epochs : IntervalSet
        Trials; they may overlap.
    bin_size : float
        Width of the bins in which events are counted, in `time_unit`; not used for signals.
    align : {"start", "end"}
        Which end of a shorter trial stands at the edge.
    padding_value : float
        Fills the rest.
    time_unit : {"s", "ms", "us"}

    Returns
    -------
    ndarray
        Shape (trial, time) for a Ts or Tsd, (unit, trial, time) for a TsGroup, (..., trial, time) for others.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    RuntimeError
        If `time_unit` or `align` is unknown, or events come without a `bin_size`.

    Examples
    --------
    >>> from rheobase.analysis import build_tensor
    >>> from rheobase.containers import IntervalSet, Ts
    >>> build_tensor(Ts([0.0, 1.0, 5.0]), IntervalSet([0, 5], [2, 6]), bin_size=1)
    array([[ 1.,  1.],
           [ 1., nan]])
    """
    _check_input(input, epochs)
    for name, text in (("time_unit", time_unit), ("align", align)):
        if not isinstance(text, str):
            msg = f"Invalid type. Parameter {name} must be of type str, got {text!r}."
            raise TypeError(msg)
    if not is_number(padding_value):
        msg = f"Invalid type. Parameter padding_value must be a number, got {padding_value!r}."
        raise TypeError(msg)
    if bin_size is not None and not is_number(bin_size):
        msg = f"Invalid type. Parameter bin_size must be a number, got {bin_size!r}."
        raise TypeError(msg)
    check_choice(time_unit, ("s", "ms", "us"), "time_unit", RuntimeError)
    check_choice(align, ("start", "end"), "align", RuntimeError)
    if not isinstance(input, TsGroup | Ts):
        return input.to_trial_tensor(epochs, align, float(padding_value))
    if bin_size is None:
        msg = "When input is a TsGroup or Ts object, bin_size should be specified: the width of the bins to count in."
        raise RuntimeError(msg)
    return input.trial_count(epochs, bin_size, align, float(padding_value), time_unit)


def warp_tensor(input: Ts | TsGroup | Tsd | TsdFrame | TsdTensor, epochs: IntervalSet, num_bins: int) -> np.ndarray:
    """Trials side by side, each stretched linearly to the same number of bins.

    Events are counted in `num_bins` bins from the start to the end of each trial (closed on the left). A signal with
    `num_bins` samples in a trial is taken as it is; with more, it is averaged in the bins; with fewer, interpolated at
    even times from start to end.

    Parameters
    ----------
    input : Ts, TsGroup, Tsd, TsdFrame or TsdTensor
    epochs : IntervalSet
        Trials; they may overlap.
    num_bins : int

    Returns
    -------
    ndarray of float64
        Shape (trial, bin) for a Ts or Tsd, (unit, trial, bin) for a TsGroup, (..., trial, bin) for others; NaN where
        a trial or a bin has no samples.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    RuntimeError
        If `num_bins` is not positive.

    Examples
    --------
    >>> from rheobase.analysis import warp_tensor
    >>> from rheobase.containers import IntervalSet, Ts
    >>> warp_tensor(Ts([0.0, 1.5, 5.0]), IntervalSet([0, 5], [2, 9]), num_bins=2)
    array([[1., 1.],
           [1., 0.]])
    """
    _check_input(input, epochs)
    if not is_integer(num_bins):
        msg = f"Invalid type. Parameter num_bins must be of type int, got {num_bins!r}."
        raise TypeError(msg)
    if num_bins <= 0:
        msg = f"num_bins should be a positive integer, got {num_bins}."
        raise RuntimeError(msg)
    if isinstance(input, TsGroup):
        return _warp.trial_counts(input._times, input._offsets, epochs.start, epochs.end, int(num_bins))
    if isinstance(input, Ts):
        return _warp.trial_counts(input.t, np.array([0, len(input)]), epochs.start, epochs.end, int(num_bins))[0]
    return _samples(input, epochs, int(num_bins))


def _check_input(input: Any, epochs: Any) -> None:
    if not isinstance(input, Ts | TsGroup | Tsd | TsdFrame | TsdTensor):
        msg = f"Invalid type. Parameter input must be a Ts, Tsd, TsdFrame, TsdTensor or TsGroup, got {kind_of(input)}."
        raise TypeError(msg)
    check_epochs(epochs, "epochs")


def _samples(data: Any, epochs: IntervalSet, n_bins: int) -> np.ndarray:
    first, last = runs(data.t, epochs.start, epochs.end)
    times, values = data.t, data.values
    if is_lazy(values):
        times, values, first, last = _read(times, values, first, last)
    values = to_numpy(values)
    trials = _warp.sampled_trials(times, as_columns(values), first, last, epochs.start, epochs.end, n_bins)
    return np.moveaxis(trials.reshape(len(epochs), n_bins, *values.shape[1:]), (0, 1), (-2, -1))


def _read(
    times: np.ndarray, values: Any, first: IntArray, last: IntArray
) -> tuple[np.ndarray, np.ndarray, IntArray, IntArray]:
    """The rows of lazy values that any trial holds, and where the trials stand among them."""
    steps = np.zeros(times.size + 1, dtype=np.int64)
    np.add.at(steps, first, 1)
    np.add.at(steps, last, -1)
    rows = np.flatnonzero(np.cumsum(steps[:-1]) > 0)
    return times[rows], take_rows(values, rows), np.searchsorted(rows, first), np.searchsorted(rows, last)
