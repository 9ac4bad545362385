"""Columns of metadata: what may be given as one, as which array it is kept, and how its values are numbered."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Number
from typing import TYPE_CHECKING, Any

import numpy as np

from .._types import IntArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_column", "as_mapping", "as_series", "factorize"]


def as_column(values: Any, index: np.ndarray, name: str) -> np.ndarray:
    """`values` as a column for the rows `index`: a copy, with the dtype it came with.

    Rows of unequal length (a list of tags per epoch, say) and values of several kinds become an object column.

    Raises
    ------
    TypeError
        If `values` is no column and no scalar for a single row.
    ValueError
        If the length is wrong, or a pandas object has another index.
    """
    labels = getattr(values, "index", None)  # only pandas objects have labels; a list's `index` is a method
    if labels is not None and not callable(labels):
        if not np.array_equal(np.asarray(labels), index):
            msg = f"Metadata index does not match for argument {name}: got {list(labels)}, expected {index.tolist()}."
            raise ValueError(msg)
        values = np.asarray(values)
    if isinstance(values, str | bytes | bool | Number | np.generic) and len(index) == 1:
        values = [values]
    if not isinstance(values, list | tuple | range | np.ndarray):
        msg = (
            f"Cannot set the following metadata: {name!r} is of type {type(values).__name__}. A column is a Series, "
            f"tuple, list or numpy.ndarray with one entry for each of the {len(index)} rows."
        )
        raise TypeError(msg)
    if len(values) != len(index):
        msg = f"input array length {len(values)} of metadata {name!r} does not match metadata length {len(index)}."
        raise ValueError(msg)
    return _to_array(values)


def _to_array(values: list | tuple | range | np.ndarray) -> np.ndarray:
    """A copy of `values` as an array; object where numpy would refuse, or turn numbers into text."""
    if isinstance(values, np.ndarray):
        if values.dtype == object and values.size and all(isinstance(v, str) for v in values.flat):
            return values.astype(str)
        return values.copy()
    kinds = {isinstance(value, str | bytes) for value in values}
    try:
        array = np.array(values)
    except ValueError:  # ragged
        kinds = {True, False}
    if len(kinds) == 2:
        array = np.empty(len(values), dtype=object)
        for row, value in enumerate(values):  # one assignment would broadcast lists of equal length
            array[row] = value
    return array


def as_series(values: np.ndarray, index: np.ndarray, name: str) -> pd.Series:
    """A copy of a column as a pandas Series, one object per row."""
    import pandas as pd

    rows = values.copy() if values.ndim == 1 else list(values.copy())
    dtype = object if values.dtype == object or values.ndim > 1 else None  # pandas would turn None into NaN
    return pd.Series(rows, index=index, name=name, dtype=dtype)


def factorize(values: np.ndarray, name: str) -> tuple[list, IntArray]:
    """Sorted distinct values of a column as Python scalars, and the number of each row's value."""
    if values.ndim > 1:
        msg = f"Metadata column {name!r} has {values.ndim} dimensions and cannot name groups."
        raise TypeError(msg)
    if values.dtype != object:
        levels, codes = np.unique(values, return_inverse=True)
        return levels.tolist(), codes
    try:
        distinct = list(dict.fromkeys(values.tolist()))
    except TypeError as error:
        msg = f"Metadata column {name!r} holds lists or arrays, which cannot name groups."
        raise TypeError(msg) from error
    distinct.sort(key=lambda value: (type(value).__name__, value) if value is not None else ("", 0))
    number = {value: code for code, value in enumerate(distinct)}
    return distinct, np.array([number[value] for value in values.tolist()], dtype=np.int64)


def as_mapping(metadata: Any) -> Mapping[str, Any]:
    """A dictionary or DataFrame as a mapping of columns."""
    if metadata is None:
        return {}
    if isinstance(metadata, Mapping):
        return metadata
    if type(metadata).__name__ == "DataFrame":  # pandas need not be loaded to know it
        return dict(metadata.items())
    msg = (
        f"Metadata with type {type(metadata)} should be passed as a keyword argument, or as a dictionary or DataFrame."
    )
    raise TypeError(msg)
