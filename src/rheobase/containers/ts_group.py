"""`TsGroup`: several units in one flat store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .._arrays import events as _events
from .._manners import Plotted
from .._types import FloatArray, IntArray
from . import _group_build as _build
from . import _group_select as _groups
from ._base import class_for
from ._checks import check_epochs
from ._clock import warn_of_another_unit
from ._group_events import AbstractUnitEvents
from ._metadata import Metadata
from ._times_held import rate_of
from ._to_others import Exported
from .interval_set import IntervalSet
from .ts import Ts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TsGroup"]


class TsGroup(AbstractUnitEvents, Plotted, Exported):
    """Spike times (or signals) of many units over one time support, with metadata.

    All times lie in one array, unit after unit; ``group[3]`` is a view of it. Every operation is one pass over that
    array, whatever the number of units.

    Parameters
    ----------
    data : dict or iterable
        Units: Ts, Tsd, TsdFrame, or arrays of times (with a warning). Keys of a dict must be whole numbers; an
        iterable is numbered from 0. Units are kept in the order of their keys.
    time_support : IntervalSet, optional
        Epochs over which all units are defined; times outside are dropped. By default the union of their supports.
    time_units : {"s", "ms", "us"}
        Of times given as arrays.
    bypass_check : bool
        Trust that all times lie in `time_support`.
    metadata : dict or pandas.DataFrame, optional
        One entry per unit, in the order in which the units are given; as `set_info`.
    **kwargs
        More metadata (deprecated).

    Raises
    ------
    ValueError
        If a key is no whole number or stands twice, or metadata do not fit.
    RuntimeError
        If there is neither a time support nor anything to take it from.
    TypeError
        If `time_support` is no IntervalSet, or a unit is no series.

    Examples
    --------
    >>> from rheobase.containers import Ts, TsGroup
    >>> group = TsGroup({0: Ts([0.0, 1.0, 4.0]), 5: Ts([0.5, 3.0])}, metadata={"area": ["V1", "CA1"]})
    >>> group[5].t
    array([0.5, 3. ])
    >>> group.count(2.0).values
    array([[2, 1],
           [0, 1]])
    """

    nap_class = "TsGroup"
    _protected_info = ("rate",)

    def __init__(
        self,
        data: Mapping[Any, Any] | Any,
        time_support: IntervalSet | None = None,
        time_units: str = "s",
        bypass_check: bool = False,
        metadata: dict | pd.DataFrame | None = None,
        **kwargs: Any,
    ) -> None:
        if time_support is not None:
            time_support = check_epochs(time_support, "time_support")
        keys, order, units = _build.read_units(data, time_units)
        store = _build.flatten(units)
        support = _build.common_support(units) if time_support is None else time_support
        if time_support is not None and not bypass_check:
            warn_of_another_unit(store[0], support, "the units", len(units))
        if not bypass_check or time_support is None:
            store = _build.restrict(store, support)
        self._set(*store, keys, support, None)
        _build.set_given_info(self, metadata, kwargs, order)

    def _set(
        self,
        times: FloatArray,
        offsets: IntArray,
        values: Any,
        keys: IntArray,
        time_support: IntervalSet,
        metadata: Metadata | None,
        columns: np.ndarray | None = None,
    ) -> None:
        """Hold the store, and compute rates."""
        times = times[:]
        times.flags.writeable = False
        self._times, self._offsets, self._values, self._made = times, offsets, values, {}
        self._keys, self._support, self._columns = np.asarray(keys, dtype=np.int64), time_support, columns
        info = {"rate": np.asarray(rate_of(np.diff(offsets), time_support)).reshape(-1)}
        if metadata is not None:
            info |= {name: column for name, column in metadata.columns.items() if name != "rate"}
        self._metadata = Metadata._trusted(self._keys, info)

    @classmethod
    def _trusted(
        cls,
        flat_times: FloatArray,
        offsets: IntArray,
        keys: IntArray,
        time_support: IntervalSet,
        metadata: Metadata | None,
        flat_values: Any = None,
        columns: np.ndarray | None = None,
    ) -> TsGroup:
        """Group from a flat store that is known to be right: no check, no copy."""
        group = cls.__new__(cls)
        group._set(flat_times, offsets, flat_values, keys, time_support, metadata, columns)
        return group

    def _take_rows(self, positions: Any) -> TsGroup:
        positions = np.unique(np.arange(len(self))[positions])
        rows = _events.run_indices(self._offsets[:-1][positions], self._offsets[1:][positions])
        offsets = _build.offsets_of(np.diff(self._offsets)[positions])
        values = None if self._values is None else self._values[rows]
        metadata = self._metadata.take(positions)
        return TsGroup._trusted(
            self._times[rows], offsets, self._keys[positions], self._support, metadata, values, self._columns
        )

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_made": {}}

    # ---- attributes ------------------------------------------------------------------------------------------------

    @property
    def rates(self) -> FloatArray:
        """Events per second of time support (Hz), shape (unit,)."""
        return self._metadata.columns["rate"].copy()

    @property
    def time_support(self) -> IntervalSet:
        """The epochs over which all units are defined."""
        return self._support

    def __repr__(self) -> str:
        from ._repr import group_table

        return group_table(self).text()

    def __str__(self) -> str:
        from ._repr import group_table

        return group_table(self, max_rows=len(self)).text(width=0)

    def _repr_html_(self) -> str:
        from ._repr import group_table

        return group_table(self).html()

    def _unit(self, position: int) -> Any:
        """One unit, as a view of the store."""
        rows = slice(self._offsets[position], self._offsets[position + 1])
        if self._values is None:
            return Ts._trusted(self._times[rows], self._support)
        values = self._values[rows]
        if values.ndim == 2:
            return class_for(2)._trusted(self._times[rows], values, self._support, self._columns)
        return class_for(values.ndim)._trusted(self._times[rows], values, self._support)

    # ---- merging and out -------------------------------------------------------------------------------------------

    def merge(
        self,
        *tsgroups: TsGroup,
        reset_index: bool = False,
        reset_time_support: bool = False,
        ignore_metadata: bool = False,
    ) -> TsGroup:
        """Units of this group and of others in one group.

        Parameters
        ----------
        *tsgroups : TsGroup
        reset_index : bool
            Number all units from 0. Otherwise keys must differ.
        reset_time_support : bool
            Take the union of the time supports. Otherwise they must be the same.
        ignore_metadata : bool
            Drop metadata. Otherwise all groups must have the same columns.

        Raises
        ------
        TypeError
            If something is no TsGroup.
        ValueError
            If keys overlap, or time supports or metadata columns differ, and no flag allows it.
        """
        return TsGroup.merge_group(
            self,
            *tsgroups,
            reset_index=reset_index,
            reset_time_support=reset_time_support,
            ignore_metadata=ignore_metadata,
        )

    @staticmethod
    def merge_group(
        *tsgroups: TsGroup,
        reset_index: bool = False,
        reset_time_support: bool = False,
        ignore_metadata: bool = False,
    ) -> TsGroup:
        """Units of several groups in one group; arguments and errors as `merge`."""
        return _groups.merge(tsgroups, reset_index, reset_time_support, ignore_metadata)

    def copy(self) -> Self:
        """A copy that shares nothing with this group."""
        values = None if self._values is None else self._values.copy()
        return TsGroup._trusted(
            self._times.copy(),
            self._offsets.copy(),
            self._keys.copy(),
            self._support,
            self._metadata.copy(),
            values,
            self._columns,
        )

    def save(self, filename: Any) -> None:
        """Write to a NumPy archive, from which `load_file` makes the same object; ``.npz`` is appended where it is
        missing.

        Raises
        ------
        RuntimeError
            If the folder does not exist, or `filename` is one.
        """
        from ._save import save

        save(self, filename)
