"""Where values live, decided by their type: a NumPy array, a JAX array, or something on disk that is read when asked.

There is no global switch. Anything with a shape, a dtype and slices may be the values of a series; whatever is not a
NumPy or JAX array counts as lazy, and is read only through the functions below, as few and as contiguous rows as will
do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._types import IntArray
from . import events as _events

__all__ = ["is_array_like", "is_jax", "is_lazy", "take_rows", "take_runs", "to_numpy"]

JOIN_BYTES = 1 << 15
"""Bytes between two runs that are read rather than skipped: one longer read beats two."""


def is_array_like(values: Any) -> bool:
    """Whether `values` has a shape, a dtype and items."""
    needed = ("shape", "dtype", "ndim", "__getitem__", "__len__")
    return all(hasattr(values, name) for name in needed) and not isinstance(values, np.generic)


def is_jax(values: Any) -> bool:
    """Whether `values` is a JAX array (JAX is not loaded to find out)."""
    return type(values).__module__.partition(".")[0] in ("jax", "jaxlib")


def is_lazy(values: Any) -> bool:
    """Whether `values` are still to be read."""
    return not isinstance(values, np.ndarray) and not is_jax(values)


def to_numpy(values: Any) -> np.ndarray:
    """All of `values` as a NumPy array; no copy where they are one."""
    if isinstance(values, np.ndarray):
        return values
    return np.asarray(values[...] if is_lazy(values) else values)


def take_rows(values: Any, rows: slice | IntArray) -> Any:
    """Rows of `values`: a view or copy as the array type has it, or what had to be read of lazy values.

    Index arrays must be ascending for lazy values.
    """
    if not is_lazy(values):
        return values[rows]
    if isinstance(rows, slice):
        return np.asarray(values[rows])
    return _read_rows(values, np.asarray(rows, dtype=np.int64))


def take_runs(values: Any, first: IntArray, last: IntArray) -> Any:
    """Rows of all runs ``first[i]:last[i]``, in order: a view where they are contiguous, otherwise a copy."""
    if isinstance(values, np.ndarray):
        return _events.take_runs(values, first, last)
    return take_rows(values, _events.run_indices(first, last))


def _read_rows(values: Any, rows: IntArray) -> np.ndarray:
    """Read lazy rows in contiguous blocks."""
    out = np.empty((rows.size, *values.shape[1:]), dtype=values.dtype)
    if rows.size == 0:
        return out
    row_bytes = max(1, out.nbytes // rows.size)
    breaks = np.flatnonzero(np.diff(rows) > 1 + JOIN_BYTES // row_bytes) + 1
    for block in np.split(np.arange(rows.size), breaks):  # one read from disk each
        low = int(rows[block[0]])
        out[block] = np.asarray(values[low : int(rows[block[-1]]) + 1])[rows[block] - low]
    return out
