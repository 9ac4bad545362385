"""`AbstractSampledSeries`: what Tsd, TsdFrame and TsdTensor share — times with a value each."""

from __future__ import annotations

import abc
from typing import Any, Self

import numpy as np

from .._arrays import events as _events
from .._arrays.namespace import is_array_like, is_jax, take_rows, take_runs, to_numpy
from .._types import FloatArray, IntArray
from . import _select
from ._base import AbstractTimeSeries, class_for, default_support, read_times
from ._checks import is_number
from ._numpy import NumpyMethods
from ._signal import AbstractSignal
from ._value_units import check_unit, with_unit
from ._warn import warn_user
from .interval_set import IntervalSet

__all__ = ["AbstractSampledSeries"]


class AbstractSampledSeries(NumpyMethods, AbstractSignal):
    """A series whose samples have values: an array of shape (time, ...), in memory or still on disk."""

    _values: Any
    _unit: str | None = None
    _has_values = True

    def _init_sampled(
        self, t: Any, d: Any, time_units: str, time_support: Any, load_array: bool, unit: str | None
    ) -> None:
        """Read times and values, sort them together, and keep what lies in the support."""
        times, order, time_support = read_times(t, time_units, time_support)
        unit = check_unit(unit if unit is not None else getattr(d, "_value_unit", None))
        values = read_values(d, load_array, type(self).__name__)
        self._check_values(values)
        if times.size != len(values):
            msg = f"Length of values {len(values)} does not match length of index {times.size}."
            raise AssertionError(msg)
        if order is not None:
            values = to_numpy(values)[order]
        if time_support is None:
            time_support = default_support(times)
        else:
            first, last = _events.runs(times, time_support.start, time_support.end)
            if int((last - first).sum()) != times.size:
                times, values = _events.take_runs(times, first, last), take_runs(values, first, last)
        self._store(times, time_support)
        object.__setattr__(self, "_values", values)
        with_unit(self, unit)

    @abc.abstractmethod
    def _check_values(self, values: Any) -> None:
        """Raise if `values` have too few or too many dimensions for this class."""

    @classmethod
    @abc.abstractmethod
    def _trusted(cls, t: FloatArray, d: Any, time_support: IntervalSet) -> Self:
        """Series from sorted times inside the support and as many values: no check, no copy."""

    def _like(self, t: FloatArray, values: Any, time_support: IntervalSet) -> Any:
        """Series of `values`, whose class follows from their dimensions."""
        return with_unit(class_for(values.ndim)._trusted(t, values, time_support), self._value_unit)

    def _take(self, rows: Any, time_support: IntervalSet) -> Self:
        return self._like(self._t[rows], take_rows(self._values, rows), time_support)

    def _take_runs(self, first: IntArray, last: IntArray, time_support: IntervalSet) -> Self:
        values = take_runs(self._values, first, last)
        if isinstance(self._values, np.ndarray) and np.may_share_memory(values, self._values):
            values = values.copy()
        return self._like(_events.take_runs(self._t, first, last), values, time_support)

    def _within(self, ep: IntervalSet) -> tuple[FloatArray, np.ndarray, IntArray, IntArray]:
        """Times and values of the samples inside epochs, and the slice of them that each epoch is."""
        first, last = self._runs(ep)
        stops = np.cumsum(last - first)
        values = to_numpy(take_runs(self._values, first, last))
        return _events.take_runs(self._t, first, last), values, stops - (last - first), stops

    # ---- attributes ------------------------------------------------------------------------------------------------

    @property
    def values(self) -> Any:
        """Samples, shape (time, ...): the array itself, or what stands for it on disk."""
        return self._values

    @property
    def d(self) -> Any:
        """The same as `values`."""
        return self._values

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the values, (time, ...)."""
        return tuple(self._values.shape)

    @property
    def ndim(self) -> int:
        """Number of dimensions of the values."""
        return self._values.ndim

    @property
    def size(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape))

    @property
    def dtype(self) -> np.dtype:
        """Type of the values."""
        return self._values.dtype

    @property
    def unit(self) -> str | None:
        """Unit of the values, such as ``"mV"``, as it was given or stands in the file; None if it is not known.

        Selecting, resampling and smoothing keep it, and so do sums and differences, multiples and averages; two
        different units can neither be added nor compared. Results in another unit have none.
        """
        return self._value_unit

    @property
    def _value_unit(self) -> str | None:
        return self._unit if self._unit is not None else getattr(self._values, "unit", None)

    def as_array(self) -> Any:
        """The same as `values`."""
        return self._values

    def data(self) -> Any:
        """The same as `values`."""
        return self._values

    def to_numpy(self) -> np.ndarray:
        """All values as a NumPy array, read if they are still on disk; no copy where they are one already."""
        return to_numpy(self._values)

    # ---- items -----------------------------------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> Any:
        picked = _select.select(self, key)
        return picked if not isinstance(picked, _select.Part) else self._part(picked)

    def _part(self, part: _select.Part) -> Any:
        """Series from selected rows (and columns)."""
        return with_unit(class_for(part.values.ndim)._trusted(part.t, part.values, self._support), self._value_unit)

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, AbstractSampledSeries):
            value = value.to_numpy()
        self._values[_select.plain_key(self, key)] = value

    def __iter__(self) -> Any:
        return iter(self.to_numpy())

    def __contains__(self, value: Any) -> bool:
        return bool(np.any(self.to_numpy() == value))

    # ---- out -------------------------------------------------------------------------------------------------------

    def copy(self) -> Self:
        """A copy that shares no values with this series; values on disk are read."""
        return self._like(self._t, np.array(self.to_numpy()), self._support)

    def _all_aligned(self, other: AbstractTimeSeries) -> bool:
        """Whether `other` has the same times and the same time support, to 1 ns."""
        return _same(self._t, other._t) and (
            self._support is other._support
            or (_same(self._support.start, other._support.start) and _same(self._support.end, other._support.end))
        )


def _same(a: FloatArray, b: FloatArray) -> bool:
    return a is b or (a.shape == b.shape and bool(np.all(np.abs(a - b) <= 1e-9)))


def read_values(d: Any, load_array: bool, owner: str) -> Any:
    """The values of a series, from whatever was given.

    Raises
    ------
    AssertionError
        If nothing was given.
    TypeError
        If they are to stay as they are (``load_array=False``) and are no array.
    """
    if d is None:
        msg = f"Missing argument d when initializing {owner}."
        raise AssertionError(msg)
    if isinstance(d, AbstractSampledSeries):
        d = d.values
    if isinstance(d, np.ndarray):
        return d if d.ndim else d[None]
    if not load_array:
        if not is_array_like(d):
            msg = f"Data should be array-like (shape, dtype, slices), got {type(d).__name__}. Try load_array=True."
            raise TypeError(msg)
        return d
    if isinstance(d, list | tuple | range) or is_number(d) or isinstance(d, bool | np.generic):
        return np.atleast_1d(np.asarray(d))
    if is_array_like(d) or is_jax(d) or hasattr(d, "__array__"):
        warn_user(f"Converting 'd' to numpy.array. The provided array was of type '{type(d).__name__}'.")
        return np.asarray(d)
    msg = f"Unknown format for d: got {type(d).__name__}. Give a list, a tuple or an array."
    raise RuntimeError(msg)
