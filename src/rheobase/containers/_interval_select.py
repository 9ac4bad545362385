"""How epochs of an `IntervalSet` are addressed: by position, by label, and by tag."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import did_you_mean
from .._types import IntArray
from ._metadata import Metadata

if TYPE_CHECKING:
    from .interval_set import IntervalSet

__all__ = ["BOUNDS", "Loc", "row_positions", "tagged_rows", "tags"]

BOUNDS = ("start", "end")
"""Names of the two columns that every IntervalSet has."""

TAG_COLUMNS = ("tags", "label")
"""Metadata columns whose entries name epochs."""


def tags(metadata: Metadata) -> list[str]:
    """Distinct tags, in order of appearance."""
    return list(dict.fromkeys(tag for _, tag in _entries(metadata)))


def tagged_rows(metadata: Metadata, name: str) -> IntArray:
    """Rows that carry the tag `name`, sorted."""
    return np.unique(np.array([row for row, tag in _entries(metadata) if tag == name], dtype=np.int64))


def _entries(metadata: Metadata) -> Iterator[tuple[int, str]]:
    """Row and tag, for each tag of each row; an entry is a text, or a list of texts."""
    for column in TAG_COLUMNS:
        for row, entry in enumerate(metadata.columns.get(column, ())):
            for tag in [entry] if isinstance(entry, str) else np.ravel(np.asarray(entry, dtype=object)):
                if isinstance(tag, str):
                    yield row, str(tag)


def row_positions(key: Any, n: int) -> IntArray:
    """Positions of the rows that a key selects, for every key that numpy takes on one axis.

    Raises
    ------
    IndexError
        If the key cannot index rows, or points outside.
    """
    if key is None:
        msg = "an IntervalSet cannot gain an axis; index np.asarray(epochs) instead."
        raise IndexError(msg)
    if isinstance(key, list) and not key:
        key = np.empty(0, dtype=np.int64)
    if isinstance(key, Integral):
        key = slice(int(key), int(key) + 1 or None) if -n <= key < n else int(key)
    elif not isinstance(key, slice | np.ndarray):
        key = key if key is Ellipsis else np.asarray(key)
    return np.atleast_1d(np.arange(n)[key])


class Loc:
    """Rows and columns of an IntervalSet by label."""

    __slots__ = ("_epochs",)

    def __init__(self, epochs: IntervalSet) -> None:
        self._epochs = epochs

    def __getitem__(self, key: Any) -> Any:
        epochs = self._epochs
        if isinstance(key, tuple) and len(key) == 2:
            rows, columns = key
            if not isinstance(columns, str):
                msg = f"loc takes the name of one column second, got {columns!r}. Known: {self._names()}."
                raise IndexError(msg)
            picked = self[columns]
            return picked[rows] if columns in BOUNDS else picked.loc[rows]
        if isinstance(key, str):
            if key not in self._names():
                msg = f"Unknown label {key!r}. Should be in {self._names()}.{did_you_mean(key, self._names())}"
                raise IndexError(msg)
            return epochs[key] if key in BOUNDS else epochs.get_info(key)
        if isinstance(key, Integral):
            return epochs.values[key]
        if isinstance(key, slice | tuple):
            msg = f"loc takes a row, a list of rows, a name, or a row and a name; got {key!r}. Slice with epochs[a:b]."
            raise IndexError(msg)
        return epochs[key]

    def _names(self) -> list[str]:
        return [*BOUNDS, *self._epochs._metadata.columns]
