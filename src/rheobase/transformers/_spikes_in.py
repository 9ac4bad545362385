"""Spikes and times as users have them, as plain arrays."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import kind_of
from .._types import FloatArray, IntArray
from ..containers import Ts, TsGroup

__all__ = ["Spikes", "read_spikes", "read_times"]


@dataclass(frozen=True)
class Spikes:
    """All spike times, s, neuron after neuron, each sorted; ``times[offsets[i]:offsets[i + 1]]`` is neuron i."""

    times: FloatArray
    offsets: IntArray
    labels: np.ndarray

    def unit(self) -> IntArray:
        """Number of the neuron of every spike."""
        return np.repeat(np.arange(self.labels.size), np.diff(self.offsets))


def read_spikes(spikes: Any) -> Spikes:
    """Spikes from a table, a group, a mapping or one train.

    Neurons of a table come in sorted order, those of a categorical column in the order of its categories (silent ones
    too), those of a group by key, those of a mapping sorted if they can be. Spikes at NaN, or of no neuron, are no
    spikes.

    Raises
    ------
    TypeError
        If `spikes` is none of them.
    ValueError
        If a table lacks a column.
    """
    if type(spikes).__name__ == "DataFrame":
        return _from_table(spikes)
    if isinstance(spikes, TsGroup):
        return Spikes(spikes._times, spikes._offsets, np.asarray(spikes._keys))
    if isinstance(spikes, Ts):
        return Spikes(spikes.t, np.array([0, len(spikes)]), np.array([0]))
    if isinstance(spikes, Mapping):  # pynapple's TsGroup is one
        return _from_mapping(spikes)
    msg = (
        f"spikes should be a table with columns 'time' and 'neuron', a TsGroup or a dict of times, got "
        f"{kind_of(spikes)}."
    )
    raise TypeError(msg)


def _from_table(table: Any) -> Spikes:
    import pandas as pd

    missing = [name for name in ("time", "neuron") if name not in table.columns]
    if missing:
        msg = f"spikes needs columns 'time' and 'neuron'; {missing} not found among {list(table.columns)}."
        raise ValueError(msg)
    neuron = table["neuron"]
    if isinstance(neuron.dtype, pd.CategoricalDtype):
        codes, labels = neuron.cat.codes.to_numpy(), neuron.cat.categories
    else:
        codes, labels = _factorized(pd, neuron)
    return _sorted_store(np.asarray(table["time"], dtype=np.float64), codes, np.asarray(labels))


def _factorized(pd: Any, neuron: Any) -> tuple[Any, Any]:
    """Codes and sorted labels; in order of appearance where labels cannot be compared."""
    codes, labels = pd.factorize(neuron)
    try:
        order = np.argsort(np.asarray(labels), kind="stable")
    except TypeError:
        return codes, labels
    rank = np.empty(order.size + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(order.size), -1
    return rank[codes], labels.take(order)


def _sorted_store(times: FloatArray, codes: np.ndarray, labels: np.ndarray) -> Spikes:
    known = (codes >= 0) & ~np.isnan(times)
    if not known.all():
        times, codes = times[known], codes[known]
    order = np.lexsort((times, codes))
    sizes = np.bincount(codes, minlength=labels.size)
    return Spikes(times[order], np.concatenate(([0], np.cumsum(sizes))), labels)


def _from_mapping(units: Mapping) -> Spikes:
    keys = list(units.keys())
    with contextlib.suppress(TypeError):  # labels of several kinds have no order but the given one
        keys = sorted(keys)
    trains = [np.asarray(getattr(units[key], "t", units[key]), dtype=np.float64).reshape(-1) for key in keys]
    labels = np.empty(len(keys), dtype=object)
    labels[:] = keys
    if keys and all(isinstance(key, int | np.integer) for key in keys):
        labels = labels.astype(np.int64)
    codes = np.repeat(np.arange(len(keys)), [train.size for train in trains])
    return _sorted_store(np.concatenate([*trains, np.empty(0)]), codes, labels)


def read_times(values: Any, argument: str, least: int = 1) -> FloatArray:
    """Ascending times, at least `least` of them.

    Raises
    ------
    ValueError
        If they are not one-dimensional, finite and ascending, or too few.
    """
    times = np.asarray(values, dtype=np.float64)
    if times.ndim != 1 or times.size < least or not np.isfinite(times).all() or (np.diff(times) < 0).any():
        msg = f"{argument} should be at least {least} finite times in ascending order, s; got {values!r}."
        raise ValueError(msg)
    return times
