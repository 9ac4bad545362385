"""Metadata: one table of columns that an `IntervalSet`, a `TsdFrame` or a `TsGroup` holds beside its data.

`Metadata` is the table: a dictionary of NumPy arrays, one entry per interval, column or unit. `AbstractWithMetadata`
is the face that the three containers show of it (`set_info`, `get_info`, `groupby`, `obj.location`, …), written once.
"""

from __future__ import annotations

import abc
import inspect
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .._errors import did_you_mean
from .._types import IntArray
from ._columns import as_column, as_mapping, as_series, factorize
from ._warn import warn_user

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AbstractWithMetadata", "Metadata"]


class Metadata:
    """Named columns of equal length, each with its own dtype.

    Parameters
    ----------
    index : array_like
        Label of each row, shape (row,).
    columns : mapping of str to array_like, optional
        Columns, each with one entry per row.

    Raises
    ------
    TypeError, ValueError
        As `set`.
    """

    __slots__ = ("columns", "index")

    def __init__(self, index: Any, columns: Mapping[str, Any] | None = None) -> None:
        self.index: np.ndarray = np.asarray(index)
        self.columns: dict[str, np.ndarray] = {}
        if columns:
            self.set(columns)

    @classmethod
    def _trusted(cls, index: np.ndarray, columns: dict[str, np.ndarray]) -> Metadata:
        table = cls.__new__(cls)
        table.index, table.columns = index, columns
        return table

    def __len__(self) -> int:
        return self.index.shape[0]

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __repr__(self) -> str:
        return f"Metadata({len(self)} rows, columns: {list(self.columns)})"

    def __getstate__(self) -> tuple:
        return self.index, self.columns

    def __setstate__(self, state: tuple) -> None:
        self.index, self.columns = state

    def set(self, metadata: Mapping[str, Any]) -> None:
        """Add or replace columns, in place; nothing changes if one of them does not fit.

        Parameters
        ----------
        metadata : mapping of str to array_like
            List, tuple, array or pandas Series with one entry per row; a single number or text where there is one row.

        Raises
        ------
        TypeError
            If a name is no text, or a value is neither array-like nor (for one row) a scalar.
        ValueError
            If a column has the wrong length, or a Series another index.
        """
        new = {}
        for name, values in metadata.items():
            if not isinstance(name, str):
                msg = f"Invalid metadata type {type(name)}: column names must be strings, got {name!r}."
                raise TypeError(msg)
            new[name] = as_column(values, self.index, name)
        self.columns.update(new)

    def get(self, key: str | list[str]) -> pd.Series | pd.DataFrame:
        """One column as a pandas Series, or several as a DataFrame; copies.

        Raises
        ------
        KeyError
            If a column does not exist.
        TypeError
            If a name is no text.
        """
        if isinstance(key, str):
            (name,) = self._known(key)
            return as_series(self.columns[name], self.index, name)
        return self.restrict(key).to_frame()

    def drop(self, key: str | list[str]) -> Metadata:
        """Table without these columns. Raises as `get`."""
        gone = self._known(key)
        return self._trusted(self.index, {name: self.columns[name] for name in self.columns if name not in gone})

    def restrict(self, key: str | list[str]) -> Metadata:
        """Table with these columns only, in the order of `key`. Raises as `get`."""
        return self._trusted(self.index, {name: self.columns[name] for name in self._known(key)})

    def take(self, positions: Any, index: np.ndarray | None = None) -> Metadata:
        """Rows at `positions` (integers, a slice or a boolean mask), labelled `index` or as they were."""
        columns = {name: values[positions] for name, values in self.columns.items()}
        return self._trusted(self.index[positions] if index is None else index, columns)

    def copy(self) -> Metadata:
        """Table with copies of the columns."""
        return self._trusted(self.index, {name: values.copy() for name, values in self.columns.items()})

    def join(self, other: Metadata) -> Metadata:
        """Columns of both tables, whose rows correspond; a name that stands in both is left out."""
        shared = self.columns.keys() & other.columns.keys()
        both = self.columns | other.columns
        return self._trusted(self.index, {name: both[name] for name in both if name not in shared})

    def to_frame(self) -> pd.DataFrame:
        """All columns as a pandas DataFrame; a copy."""
        import pandas as pd

        columns = {name: as_series(values, self.index, name) for name, values in self.columns.items()}
        return pd.DataFrame(columns, index=self.index, columns=list(columns))

    def groupby(self, by: str | list[str]) -> dict[Hashable, IntArray]:
        """Positions of the rows that share a value of `by`, or a combination of values.

        Returns
        -------
        dict
            Value, or tuple of values, in sorted order, to positions (int64).

        Raises
        ------
        ValueError
            If a column does not exist.
        TypeError
            If a column holds lists or arrays, which cannot name a group.
        """
        names = [by] if isinstance(by, str) else list(by)
        for name in names:
            if name not in self.columns:
                msg = (
                    f"Metadata column '{name}' not found. Metadata columns are {list(self.columns)}."
                    f"{did_you_mean(name, self.columns)}"
                )
                raise ValueError(msg)
        levels, codes = zip(*(factorize(self.columns[name], name) for name in names))
        combos, member = np.unique(np.stack(codes, axis=1), axis=0, return_inverse=True)
        order = np.argsort(member.ravel(), kind="stable")
        groups = np.split(order, np.cumsum(np.bincount(member.ravel(), minlength=len(combos)))[:-1])
        values = [tuple(level[code] for level, code in zip(levels, combo)) for combo in combos]
        return {(value[0] if isinstance(by, str) else value): rows for value, rows in zip(values, groups)}

    def _known(self, key: str | Iterable[str]) -> list[str]:
        """`key` as a list of names that exist."""
        if not isinstance(key, str) and (not isinstance(key, Iterable) or not all(isinstance(k, str) for k in key)):
            msg = f"Invalid metadata column {key!r}: metadata columns are named by strings, here {list(self.columns)}."
            raise TypeError(msg)
        names = [key] if isinstance(key, str) else list(key)
        missing = [name for name in names if name not in self.columns]
        if missing:
            msg = (
                f"Metadata column(s) {missing} not found. Metadata columns are {list(self.columns)}."
                f"{did_you_mean(missing[0], self.columns)}"
            )
            raise KeyError(msg)
        return names


class AbstractWithMetadata(abc.ABC):
    """What a container that holds a `Metadata` table shows of it.

    A final class keeps the table in `_metadata`, and says in `_take_rows` how a part of itself is made.
    """

    _metadata: Metadata
    _protected_info: tuple[str, ...] = ()
    """Columns that the class computes itself and that a user can neither set nor drop."""

    _free_names: tuple[str, ...] = ()
    """Attributes of the class that give way to metadata of the same name."""

    @abc.abstractmethod
    def _take_rows(self, positions: IntArray) -> Self:
        """The part of this object that belongs to the metadata rows at `positions`."""

    def _taken_names(self) -> Iterable[str]:
        """Names that metadata may not have because items of the data are called so."""
        return ()

    @property
    def metadata(self) -> pd.DataFrame:
        """All metadata as a pandas DataFrame; a copy."""
        return self._metadata.to_frame()

    @property
    def metadata_columns(self) -> list[str]:
        """Names of the metadata columns."""
        return list(self._metadata.columns)

    @property
    def metadata_index(self) -> np.ndarray:
        """Label of each metadata row."""
        return self._metadata.index

    def set_info(self, metadata: Mapping[str, Any] | pd.DataFrame | None = None, **columns: Any) -> None:
        """Add or replace metadata columns, in place.

        Parameters
        ----------
        metadata : dict or pandas.DataFrame, optional
            Columns by name; the index of a DataFrame must equal `metadata_index`.
        **columns
            Columns by name: list, tuple, array or Series with one entry per row, or a scalar where there is one row.

        Raises
        ------
        TypeError
            If `metadata` is neither a dictionary nor a DataFrame, a name is no text, or a value cannot be a column.
        ValueError
            If a length or index does not match, or a name is taken.

        Warns
        -----
        UserWarning
            If a name cannot be used as an attribute.
        """
        new = {**as_mapping(metadata), **columns}
        for name in new:
            self._check_info_name(name)
        self._metadata.set(new)

    def get_info(self, key: str | list[str]) -> pd.Series | pd.DataFrame:
        """One metadata column as a Series, or several as a DataFrame; copies.

        Raises
        ------
        KeyError
            If a column does not exist.
        TypeError
            If a name is no text.
        """
        return self._metadata.get(key)

    def drop_info(self, key: str | list[str]) -> None:
        """Remove metadata columns, in place.

        Raises
        ------
        KeyError, TypeError
            As `get_info`.
        ValueError
            If the class computes the column itself.
        """
        remaining = self._metadata.drop(key)
        protected = [name for name in self._protected_info if name not in remaining and name in self._metadata]
        if protected:
            msg = f"Cannot drop {protected[0]!r}: {type(self).__name__} computes it."
            raise ValueError(msg)
        self._metadata = remaining

    def restrict_info(self, key: str | list[str]) -> None:
        """Keep only these metadata columns, in place. Raises as `get_info`."""
        wanted = {*self._metadata.restrict(key).columns, *self._protected_info}
        self._metadata = self._metadata.restrict([name for name in self._metadata.columns if name in wanted])

    def groupby(self, by: str | list[str], get_group: Any = None) -> dict[Any, np.ndarray] | Self:
        """Group rows that share metadata.

        Parameters
        ----------
        by : str or list of str
            Metadata columns.
        get_group : optional
            A value of `by`, or a tuple of values: return this group instead of the dictionary.

        Returns
        -------
        dict or an object of this class
            Value, or tuple of values, to the labels (`metadata_index`) of its rows; or the part of this object in
            `get_group`.

        Raises
        ------
        ValueError
            If a column or the group does not exist.
        """
        groups = self._metadata.groupby(by)
        if get_group is None:
            return {value: self.metadata_index[rows] for value, rows in groups.items()}
        if get_group not in groups:
            hint = did_you_mean(get_group, groups)
            msg = f"Group {get_group!r} not found in metadata groups. Groups are {list(groups)}.{hint}"
            raise ValueError(msg)
        return self._take_rows(groups[get_group])

    def groupby_apply(
        self, by: str | list[str], func: Callable, input_key: str | None = None, **func_kwargs: Any
    ) -> dict[Any, Any]:
        """Apply `func` to each group of rows that share metadata.

        Parameters
        ----------
        by : str or list of str
            Metadata columns.
        func : callable
            Takes the part of this object in a group.
        input_key : str, optional
            Name of the parameter that takes it; by default the first one.
        **func_kwargs
            Handed to `func`.

        Returns
        -------
        dict
            Value, or tuple of values, of `by` to what `func` returned.

        Raises
        ------
        TypeError
            If `input_key` is no text.
        KeyError
            If `func` has no such parameter.
        ValueError
            If a column does not exist.
        """
        if input_key is not None and not isinstance(input_key, str):
            msg = f"input_key must be a string, got {type(input_key).__name__}."
            raise TypeError(msg)
        if input_key is not None and input_key not in inspect.signature(func).parameters:
            msg = f"{func} does not have input parameter {input_key}."
            raise KeyError(msg)
        results = {}
        for value, rows in self._metadata.groupby(by).items():
            part = self._take_rows(rows)
            results[value] = (
                func(part, **func_kwargs) if input_key is None else func(**{input_key: part}, **func_kwargs)
            )
        return results

    def __getattr__(self, name: str) -> Any:
        # only metadata columns; looked up in __dict__ because an object that is being unpickled has no table yet
        table = self.__dict__.get("_metadata")
        if table is not None and name in table:
            return table.get(name)
        msg = f"{type(self).__name__!r} object has no attribute {name!r}"
        raise AttributeError(
            msg + ("." + did_you_mean(name, table.columns) if table is not None else ""), name=name, obj=self
        )

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        elif _is_attribute(type(self), name) and name not in self._free_names:
            msg = (
                f"Cannot set attribute {name!r}; {type(self).__name__} is immutable. "
                f"Use 'set_info()' to set {name!r} as metadata."
            )
            raise AttributeError(msg)
        else:
            self.set_info({name: value})

    def __dir__(self) -> list[str]:
        names = super().__dir__()
        table = self.__dict__.get("_metadata")
        return [*names, *(name for name in (table.columns if table is not None else ()) if name.isidentifier())]

    def _check_info_name(self, name: Any) -> None:
        """Refuse a name that metadata cannot have, and warn of one that is no attribute."""
        if not isinstance(name, str):
            msg = f"Invalid metadata type {type(name)}: metadata column names must be strings, got {name!r}."
            raise TypeError(msg)
        if name in self._protected_info:
            msg = f"Cannot set metadata {name!r}: {type(self).__name__} computes it."
            raise ValueError(msg)
        if name in self._taken_names():
            msg = f"Metadata name {name!r} is the name of a data column of this {type(self).__name__}; choose another."
            raise ValueError(msg)
        problem = None
        if _is_attribute(type(self), name) and name not in self._free_names:
            problem = (
                "overlaps with an existing attribute, and cannot be accessed as an attribute or key. Use 'get_info()'"
            )
        elif name[:1].isdigit():
            problem = "starts with a number, and cannot be accessed as an attribute. Use 'get_info()' or key indexing"
        elif not name.isidentifier():
            problem = (
                "contains a special character, and cannot be accessed as an attribute. Use 'get_info()' or key indexing"
            )
        if problem is not None:
            warn_user(f"Metadata name {name!r} {problem} to reach it.")


def _is_attribute(cls: type, name: str) -> bool:
    """Whether instances of `cls` have `name` by their class."""
    return any(name in parent.__dict__ for parent in cls.__mro__)
