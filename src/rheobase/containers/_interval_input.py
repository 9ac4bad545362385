"""What may be given as intervals: starts and ends, pairs, flat sequences, pandas DataFrames."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._types import FloatArray
from ._interval_select import BOUNDS
from ._time import as_numbers
from ._warn import warn_user

__all__ = ["read_bounds"]


def read_bounds(start: Any, end: Any) -> tuple[FloatArray, FloatArray, dict[str, Any] | None]:
    """Starts, ends and (from a DataFrame) metadata columns, in whatever form they were given."""
    if type(start).__name__ == "DataFrame":  # pandas need not be loaded to know it
        return _read_frame(start)
    if end is None:
        start, end = _read_pairs(start)
    starts, ends = as_numbers(start, "start"), as_numbers(end, "end")
    if starts.size != ends.size:
        msg = f"Starts and ends are not of the same length: got {starts.size} and {ends.size}."
        raise AssertionError(msg)
    return starts, ends, None


def _read_frame(frame: Any) -> tuple[FloatArray, FloatArray, dict[str, Any]]:
    missing = [name for name in BOUNDS if name not in frame.columns]
    if missing:
        msg = f"A DataFrame must contain columns 'start' and 'end'; {missing} missing in {list(frame.columns)}."
        raise AssertionError(msg)
    if not frame["start"].is_monotonic_increasing:
        warn_user("DataFrame is not sorted by start times. Sorting it.")
        frame = frame.sort_values("start", kind="stable")
    metadata = {name: np.asarray(frame[name]) for name in frame.columns if name not in BOUNDS}
    return frame["start"].to_numpy(np.float64), frame["end"].to_numpy(np.float64), metadata


def _read_pairs(pairs: Any) -> tuple[FloatArray, FloatArray]:
    """Starts and ends from an (n, 2) array, a list of pairs, one pair, or a flat sequence of 2 n numbers."""
    try:
        array = np.asarray(pairs, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"Unable to interpret the input ({error}). Please provide a list of start-end pairs, or starts and ends."
        raise ValueError(msg) from error
    if array.shape == (0, 2):
        return array[:, 0], array[:, 1]
    flat = array.ndim == 1 and array.size and array.size % 2 == 0
    if not flat and (array.ndim != 2 or array.shape[1] != 2):
        msg = (
            f"Unable to interpret the input of shape {array.shape}. Please provide a list of start-end pairs, "
            "shape (n, 2), or starts and ends."
        )
        raise ValueError(msg)
    array = array.reshape(-1, 2)
    return array[:, 0], array[:, 1]
