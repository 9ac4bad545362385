"""`TsdFrame`: several signals on the same times, in named columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import did_you_mean
from .._types import ArrayLike, FloatArray, IntArray
from . import _select
from ._base import class_for, register
from ._checks import check_epochs
from ._labelled_in import read_data_array
from ._metadata import AbstractWithMetadata, Metadata
from ._pandas import index_in_units
from ._sampled import AbstractSampledSeries, read_values
from ._value_units import with_unit
from .interval_set import IntervalSet

if TYPE_CHECKING:
    import pandas as pd

    from .ts_group import TsGroup

__all__ = ["TsdFrame"]


class TsdFrame(AbstractWithMetadata, AbstractSampledSeries):
    """Several values at each time, such as spike counts of a population; columns have names and metadata.

    Parameters
    ----------
    t : array_like or pandas.DataFrame
        Times, in `time_units`, shape (time,); copied, and sorted (with a warning, values travelling with them) if they
        are not. A DataFrame gives times, values and columns.
    d : array_like, optional
        Values, shape (time, column); one dimension is taken as one column. An ndarray is used as it is, not copied.
    time_units : {"s", "ms", "us"}
    time_support : IntervalSet, optional
        Epochs over which the signals are defined; samples outside are dropped. By default one epoch from the first to
        the last sample.
    columns : array_like, optional
        Names of the columns, one each; 0, 1, … by default.
    load_array : bool
        Whether values that are not a NumPy array (an HDF5 dataset, say) are read now. If not, they stay where they
        are until they are asked for.
    metadata : dict or pandas.DataFrame, optional
        One entry per column, as `set_info`.

    unit : str, optional
        Of the values, such as ``"mV"``; see `unit`.

    Raises
    ------
    AssertionError
        If `d` is missing, has more than two dimensions or is not as long as `t`, or `time_support` no IntervalSet.
    RuntimeError
        If `t` is not numeric.
    ValueError
        If the unit is unknown, or names of columns or metadata do not fit.
    TypeError
        If `load_array` is False and `d` no array.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.containers import TsdFrame
    >>> frame = TsdFrame(t=[0, 1, 2], d=np.arange(6).reshape(3, 2), columns=["x", "y"])
    >>> frame["y"].values
    array([1, 3, 5])
    >>> frame[1:].shape
    (2, 2)
    """

    def __init__(
        self,
        t: ArrayLike | pd.DataFrame,
        d: ArrayLike | None = None,
        time_units: str = "s",
        time_support: IntervalSet | None = None,
        columns: ArrayLike | None = None,
        load_array: bool = True,
        metadata: dict | pd.DataFrame | None = None,
        *,
        unit: str | None = None,
    ) -> None:
        if d is None and type(t).__name__ == "DataFrame":  # pandas need not be loaded to know it
            t, d, columns = np.asarray(t.index), np.asarray(t), np.asarray(t.columns) if columns is None else columns
        elif d is None and type(t).__name__ == "DataArray":
            t, d, time_units, time_support, own, labels, info = read_data_array(t, time_units, time_support)
            unit, metadata = own if unit is None else unit, info if metadata is None else metadata
            columns = labels if columns is None else columns
        unit = getattr(d, "_value_unit", None) if unit is None else unit
        d = read_values(d, load_array, "TsdFrame")
        self._init_sampled(t, d[:, None] if d.ndim == 1 else d, time_units, time_support, load_array, unit)
        columns = columns if columns is None else as_labels(columns)
        self._name_columns(columns, None)
        if columns is not None and len(columns) != self.shape[1]:
            msg = f"columns holds {len(columns)} names, but values have {self.shape[1]} columns: give one name each."
            raise ValueError(msg)
        self.set_info(metadata)

    def _name_columns(self, columns: Any, metadata: Metadata | None) -> None:
        n = self._values.shape[1]
        labels = np.arange(n) if columns is None else as_labels(columns)
        if labels.shape != (n,):
            labels = np.arange(n)
        self._columns = labels
        self._metadata = Metadata(labels) if metadata is None else Metadata._trusted(labels, dict(metadata.columns))

    @classmethod
    def _trusted(
        cls,
        t: FloatArray,
        d: Any,
        time_support: IntervalSet,
        columns: np.ndarray | None = None,
        metadata: Metadata | None = None,
    ) -> TsdFrame:
        """Series from sorted float64 seconds inside the support and as many rows: no check, no copy."""
        series = cls.__new__(cls)
        series._store(t, time_support)
        series._values = d
        series._name_columns(columns, metadata)
        return series

    def _check_values(self, values: Any) -> None:
        if values.ndim != 2:
            msg = f"Data should be 1 or 2 dimensional, got shape {tuple(values.shape)}. Use TsdTensor."
            raise AssertionError(msg)

    def _like(self, t: FloatArray, values: Any, time_support: IntervalSet) -> Any:
        """Series of `values`; names and metadata stay where there are as many columns."""
        if values.ndim == 2 and values.shape[1] == self._columns.size:
            return with_unit(
                TsdFrame._trusted(t, values, time_support, self._columns, self._metadata), self._value_unit
            )
        return with_unit(class_for(values.ndim)._trusted(t, values, time_support), self._value_unit)

    def _part(self, part: _select.Part) -> Any:
        if part.values.ndim != 2:
            return super()._part(part)
        key = part.columns
        labels = self._columns[key] if not (key is None or key is Ellipsis) else self._columns[:0]
        if labels.shape != part.values.shape[1:]:
            return self._like(part.t, part.values, self._support)
        frame = TsdFrame._trusted(part.t, part.values, self._support, labels, self._metadata.take(key))
        return with_unit(frame, self._value_unit)

    def _take_rows(self, positions: IntArray) -> TsdFrame:
        return self._columns_at(positions)

    def _taken_names(self) -> list[str]:
        return [label for label in self._columns.tolist() if isinstance(label, str)]

    def _columns_at(self, positions: Any) -> TsdFrame:
        values = _select.select(self, (slice(None), positions)).values
        columns, metadata = self._columns[positions], self._metadata.take(positions)
        return with_unit(TsdFrame._trusted(self._t, values, self._support, columns, metadata), self._value_unit)

    # ---- columns ---------------------------------------------------------------------------------------------------

    _free_names = ("unit",)

    @property
    def unit(self) -> Any:
        """Unit of the values, as that of other series; or the metadata column of this name, if there is one."""
        return self.get_info("unit") if "unit" in self._metadata else self._value_unit

    @property
    def columns(self) -> pd.Index:
        """Names of the columns."""
        import pandas as pd

        return pd.Index(self._columns)

    @property
    def loc(self) -> _Loc:
        """Columns by name: ``frame.loc["x"]`` is a Tsd, ``frame.loc[["x", "y"]]`` a TsdFrame."""
        return _Loc(self)

    def _positions(self, labels: list[Any]) -> IntArray:
        """Positions of named columns.

        Raises
        ------
        KeyError
            If one does not exist.
        """
        known: dict[Any, int] = {}
        for position, label in enumerate(self._columns.tolist()):
            known.setdefault(label, position)
        labels = [label.item() if isinstance(label, np.generic) else label for label in labels]
        missing = [label for label in labels if label not in known]
        if missing:
            raise KeyError(self._unknown(missing[0]))
        return np.array([known[label] for label in labels], dtype=np.int64)

    def _unknown(self, label: Any) -> str:
        names = [*self._columns.tolist(), *self._metadata.columns]
        return (
            f"{label!r} is neither a column ({self._columns.tolist()}) nor metadata "
            f"({list(self._metadata.columns)}).{did_you_mean(label, names)}"
        )

    def _named(self, key: Any) -> Any:
        """Columns, or else metadata, by name: a Tsd or Series for one name, a TsdFrame or DataFrame for a list."""
        names = [key] if isinstance(key, str) else list(key)
        if not set(names) <= set(self._columns.tolist()) and set(names) <= set(self._metadata.columns):
            return self.get_info(key)
        positions = self._positions(names)
        return self[:, int(positions[0])] if isinstance(key, str) else self._columns_at(positions)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str) or _is_names(key):
            return self._named(key)
        return super().__getitem__(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(key, str) and key not in self._columns.tolist():
            self.set_info({key: value})
        elif isinstance(key, str):
            super().__setitem__((slice(None), int(self._positions([key])[0])), value)
        elif _is_names(key):
            super().__setitem__((slice(None), self._positions(list(key))), value)
        else:
            super().__setitem__(key, value)

    # ---- further methods -------------------------------------------------------------------------------------------

    def find_peaks(
        self, epochs: IntervalSet | None = None, return_prop: bool = False, *args: Any, **kwargs: Any
    ) -> TsGroup:
        """Local maxima of each column, as `Tsd.find_peaks`.

        Returns
        -------
        TsGroup
            Unit i holds the peaks of column i; the metadata column ``columns`` has the names.

        Raises
        ------
        TypeError
            If `epochs` is no IntervalSet.
        """
        from .ts_group import TsGroup

        epochs = self._support if epochs is None else check_epochs(epochs, "epochs")
        peaks = {i: self[:, i].find_peaks(epochs, return_prop, *args, **kwargs) for i in range(self.shape[1])}
        return TsGroup(peaks, time_support=epochs, metadata={"columns": self._columns})

    def as_dataframe(self) -> pd.DataFrame:
        """A pandas DataFrame indexed by time (s)."""
        import pandas as pd

        return pd.DataFrame(self.to_numpy(), index=self._t, columns=self.columns)

    def as_units(self, units: str = "s") -> pd.DataFrame:
        """A pandas DataFrame indexed by time in `units`; microseconds are int64."""
        import pandas as pd

        return pd.DataFrame(self.to_numpy(), index=index_in_units(self._t, units), columns=self.columns)


class _Loc:
    """Columns of a TsdFrame by name."""

    __slots__ = ("_frame",)

    def __init__(self, frame: TsdFrame) -> None:
        self._frame = frame

    def __getitem__(self, key: Any) -> Any:
        frame = self._frame
        several = isinstance(key, list | tuple | np.ndarray) or type(key).__name__ in ("Index", "Series")
        if several and np.asarray(key).dtype == np.bool_:
            return frame._columns_at(np.flatnonzero(np.asarray(key)))
        try:
            positions = frame._positions(list(key) if several else [key])
        except KeyError as error:
            if isinstance(key, str) and key in frame._metadata:
                return frame.get_info(key)
            raise IndexError(error.args[0]) from None
        return frame._columns_at(positions) if several else frame[:, int(positions[0])]

    def __setitem__(self, key: Any, value: Any) -> None:
        several = isinstance(key, list | tuple | np.ndarray)
        positions = self._frame._positions(list(key) if several else [key])
        self._frame[:, positions if several else int(positions[0])] = value


def as_labels(columns: Any) -> np.ndarray:
    """Names of columns as an array; object where they are of several kinds."""
    columns = list(columns)
    if len({isinstance(label, str | bytes) for label in columns}) > 1 or any(isinstance(c, tuple) for c in columns):
        labels = np.empty(len(columns), dtype=object)
        labels[:] = columns
        return labels
    return np.array(columns)


def _is_names(key: Any) -> bool:
    """Whether `key` is a list (or array, or Index) of texts."""
    if isinstance(key, list):
        return bool(key) and all(isinstance(name, str) for name in key)
    if isinstance(key, np.ndarray):
        return key.dtype.kind in "US"
    return type(key).__name__ == "Index" and all(isinstance(name, str) for name in key)


register(2, TsdFrame)
