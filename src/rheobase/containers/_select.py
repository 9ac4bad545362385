"""Selecting samples by NumPy keys: what a key picks, and which times go with it."""

from __future__ import annotations

from numbers import Integral
from typing import Any, NamedTuple

import numpy as np

from .._arrays.namespace import is_lazy, take_rows
from .._types import FloatArray
from ._base import AbstractTimeSeries
from ._time import sort_order
from ._warn import warn_unsorted

__all__ = ["Part", "plain_key", "select"]


class Part(NamedTuple):
    """Selected rows of a series: their times, their values, and the key of the second axis (columns)."""

    t: FloatArray
    values: np.ndarray
    columns: Any


def plain_key(series: AbstractTimeSeries, key: Any) -> Any:
    """`key` in NumPy's terms: series and pandas objects become arrays.

    Raises
    ------
    ValueError
        If a series that is not boolean stands in the key.
    IndexError
        If a boolean series has another number of samples.
    """
    if isinstance(key, tuple):
        return tuple(plain_key(series, part) for part in key)
    if isinstance(key, AbstractTimeSeries):
        if not key._has_values or key.dtype != np.bool_:
            msg = (
                f"When indexing with a {key.nap_class}, it must contain boolean values; for times, use restrict or get."
            )
            raise ValueError(msg)
        if len(key) != len(series):
            msg = f"boolean index did not match: the {key.nap_class} has {len(key)} samples, the series {len(series)}."
            raise IndexError(msg)
        return key.to_numpy()
    if isinstance(key, list) and not key:
        return np.empty(0, dtype=np.int64)
    if key is None or key is Ellipsis or isinstance(key, slice | Integral | np.bool_):
        return key
    return np.asarray(key)


def select(series: Any, key: Any) -> Part | Any:
    """What ``series[key]`` picks: a `Part` where every picked value still has its time, plain values otherwise.

    Times that come out of order are sorted again, with their values and a warning.
    """
    key = plain_key(series, key)
    rows, rest = _split(key, series.ndim)
    values = _pick(series._values, key, rows, rest)
    if not _keeps_rows(rows, rest):
        return values
    times = series.t[rows]
    if values.ndim == 0 or len(values) != times.size:
        return values
    columns = rest[0] if rest else slice(None)
    order = sort_order(times) if _may_disorder(rows) else None
    if order is not None:
        warn_unsorted("timestamps are not sorted; sorting them together with their values")
        times, values = times[order], values[order]
    return Part(times, values, columns)


def _split(key: Any, ndim: int) -> tuple[Any, tuple]:
    """The key of the time axis, and the keys of the others; the former is None where there is no such thing."""
    if not isinstance(key, tuple):
        key = (key,)
    if not key:
        return slice(None), ()
    if key[0] is Ellipsis:
        taken = sum(part is not None for part in key[1:])
        if taken >= ndim:
            return _split(key[1:], ndim)
        return slice(None), (*(slice(None),) * (ndim - taken - 1), *key[1:])
    return key[0], key[1:]


def _keeps_rows(rows: Any, rest: tuple) -> bool:
    """Whether the first axis of the result runs over the selected times."""
    if rows is None or isinstance(rows, Integral | np.bool_) or (isinstance(rows, np.ndarray) and rows.ndim != 1):
        return False
    arrays = [part for part in rest if isinstance(part, np.ndarray)]
    if isinstance(rows, slice):
        # index arrays that are apart from each other put their axis first, before time
        places = [i for i, part in enumerate(rest) if isinstance(part, np.ndarray | Integral)]
        apart = len(places) > 1 and places != list(range(places[0], places[-1] + 1))
        return not (arrays and apart)
    return all(part.ndim <= 1 for part in arrays)


def _may_disorder(rows: Any) -> bool:
    if isinstance(rows, slice):
        return rows.step is not None and rows.step < 0
    return isinstance(rows, np.ndarray) and rows.dtype != np.bool_


def _pick(values: Any, key: Any, rows: Any, rest: tuple) -> Any:
    """``values[key]``; of lazy values only the selected rows are read."""
    if not is_lazy(values):
        return values[key]
    simple = all(
        isinstance(part, Integral) or part is Ellipsis or (isinstance(part, slice) and (part.step or 1) > 0)
        for part in (rows, *rest)
    )
    if simple:
        picked = values[key]
        return np.asarray(picked) if np.ndim(picked) else picked
    if isinstance(rows, slice) or (isinstance(rows, np.ndarray) and rows.ndim == 1):
        wanted = np.arange(len(values))[rows]
        unique, back = np.unique(wanted, return_inverse=True)
        read = take_rows(values, unique)
        return read[(back, *rest)] if isinstance(rows, np.ndarray) else read[back][(slice(None), *rest)]
    return np.asarray(values[...])[key]
