"""`AbstractUnits`: the dictionary that a group looks like, and selection of units by key, mask or metadata."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from .._errors import did_you_mean
from .._types import IntArray
from . import _group_select as _groups
from ._checks import is_integer
from ._metadata import AbstractWithMetadata

__all__ = ["AbstractUnits"]


class AbstractUnits(AbstractWithMetadata):
    """Units named by whole numbers, in ascending order, with metadata; `keys`, `values` and `items` are lists."""

    _keys: IntArray
    _made: dict[int, Any]
    """Units that were asked for, by key."""

    @abc.abstractmethod
    def _unit(self, position: int) -> Any:
        """The unit at `position`."""

    @property
    def index(self) -> IntArray:
        """Keys of the units, ascending."""
        return self._keys

    def keys(self) -> list[int]:
        """Keys of the units, ascending."""
        return self._keys.tolist()

    def values(self) -> list[Any]:
        """The units, in the order of their keys."""
        return [self._unit(position) for position in range(len(self))]

    def items(self) -> list[tuple[int, Any]]:
        """Keys and units, in the order of the keys."""
        return list(zip(self.keys(), self.values()))

    def __len__(self) -> int:
        return self._keys.size

    def __iter__(self) -> Iterator[int]:
        return iter(self.keys())

    def __contains__(self, key: object) -> bool:
        return is_integer(key) and self._position(key) is not None

    # ---- items -----------------------------------------------------------------------------------------------------

    def _position(self, key: Any) -> int | None:
        """Where the unit `key` stands, or None."""
        position = int(np.searchsorted(self._keys, key))
        return position if position < len(self) and self._keys[position] == key else None

    def __getitem__(self, key: Any) -> Any:
        if type(key) is int and key in self._made:
            return self._made[key]
        if is_integer(key) or (isinstance(key, float) and key.is_integer()):
            position = self._position(key)
            if position is None:
                raise KeyError(self._unknown(key))
            return self._made.setdefault(int(key), self._unit(position))
        if isinstance(key, str) or (isinstance(key, list) and key and all(isinstance(k, str) for k in key)):
            return self._info(key)
        if isinstance(key, slice):
            msg = f"units are named by keys, which cannot be sliced; give a list of keys out of {_shown(self.keys())}."
            raise TypeError(msg)
        return self._take_rows(_groups.positions(self, key))

    def _info(self, key: str | list[str]) -> Any:
        missing = [name for name in ([key] if isinstance(key, str) else key) if name not in self._metadata]
        if missing:
            hint = did_you_mean(missing[0], self._metadata.columns)
            if missing[0].isdecimal() and self._position(int(missing[0])) is not None:
                hint = f" Keys of units are integers: write group[{missing[0]}]."
            msg = f"Key {missing[0]} not in group index or metadata {list(self._metadata.columns)}.{hint}"
            raise KeyError(msg)
        return self.get_info(key)

    def _unknown(self, key: Any) -> str:
        return f"Key {key} not in group index. Keys are {_shown(self.keys())}."

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, str):
            msg = "TsGroup object is not mutable: units cannot be set. Build a new group, or merge two."
            raise TypeError(msg)
        self.set_info({key: value})

    # ---- selection by metadata -------------------------------------------------------------------------------------

    def getby_threshold(self, key: str, thr: float, op: str = ">") -> Self:
        """Units whose metadata `key` is beyond `thr`.

        Parameters
        ----------
        key : str
            Metadata column.
        thr : float
        op : {">", "<", ">=", "<="}

        Raises
        ------
        RuntimeError
            If `op` is unknown.
        KeyError
            If there is no such column.
        """
        return self._take_rows(_groups.beyond(self, key, thr, op))

    def getby_intervals(self, key: str, bins: Any) -> tuple[list[Self], np.ndarray]:
        """Units grouped by the interval that metadata `key` falls in.

        Parameters
        ----------
        key : str
            Metadata column.
        bins : array_like
            Edges of the intervals, ascending; an interval is closed on the left.

        Returns
        -------
        groups : list of TsGroup
            One per interval that holds units.
        centres : ndarray
            Centres of these intervals.

        Raises
        ------
        KeyError
            If there is no such column.
        """
        parts, centres = _groups.by_interval(self, key, bins)
        return [self._take_rows(part) for part in parts], centres

    def getby_category(self, key: str) -> dict[Any, Self]:
        """Units grouped by the value of metadata `key`.

        Raises
        ------
        ValueError
            If there is no such column.
        """
        return {value: self._take_rows(rows) for value, rows in self._metadata.groupby(key).items()}


def _shown(keys: list[int]) -> str:
    """A list of keys, shortened."""
    return str(keys) if len(keys) <= 20 else f"[{', '.join(map(str, keys[:10]))}, ..., {keys[-1]}]"
