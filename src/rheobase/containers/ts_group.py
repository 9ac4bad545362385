"""`TsGroup`: several units in one flat store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .._arrays import events as _events
from .._arrays.merge_units import merge_units
from .._arrays.nearest import nearest
from .._arrays.search import segmented_search
from .._arrays.unit_mask import take_masked, unit_mask
from .._types import ArrayLike, FloatArray, IntArray
from . import _group_build as _build
from . import _group_select as _groups
from ._base import check_target, class_for, gather, pair_differences, rate_of
from ._checks import as_seconds, check_choice, check_epochs, check_intervals, is_number
from ._count_bins import count_any
from ._counting import count_events_in_trials
from ._group_items import AbstractUnits
from ._metadata import Metadata
from .interval_set import IntervalSet
from .ts import Ts

if TYPE_CHECKING:
    import pandas as pd

    from .tsd import Tsd
    from .tsd_frame import TsdFrame

__all__ = ["TsGroup"]


class TsGroup(AbstractUnits):
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
        self._times, self._offsets, self._values = times, offsets, values
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

    def _derive(self, times: FloatArray, offsets: IntArray, time_support: IntervalSet, values: Any = None) -> TsGroup:
        """Group of the same units with other times."""
        columns = self._columns if values is not None else None
        return TsGroup._trusted(times, offsets, self._keys, time_support, self._metadata, values, columns)

    def _take_rows(self, positions: Any) -> TsGroup:
        positions = np.unique(np.arange(len(self))[positions])
        rows = _events.run_indices(self._offsets[:-1][positions], self._offsets[1:][positions])
        offsets = _build.offsets_of(np.diff(self._offsets)[positions])
        values = None if self._values is None else self._values[rows]
        metadata = self._metadata.take(positions)
        return TsGroup._trusted(
            self._times[rows], offsets, self._keys[positions], self._support, metadata, values, self._columns
        )

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

    # ---- one pass over the store -----------------------------------------------------------------------------------

    def _runs(self, ep: IntervalSet) -> tuple[IntArray, IntArray]:
        return _events.unit_runs(self._times, self._offsets, ep.start, ep.end)

    def _epochs(self, ep: IntervalSet | None, argument: str = "ep") -> IntervalSet:
        return self._support if ep is None else check_epochs(ep, argument)

    def restrict(self, ep: IntervalSet) -> TsGroup:
        """Events inside epochs, both edges included; rates are those over the epochs.

        Parameters
        ----------
        ep : IntervalSet
            Becomes the time support of the result as it is (if epochs overlap, the time that they cover).

        Raises
        ------
        TypeError
            If `ep` is no IntervalSet.
        """
        ep = check_epochs(ep)
        if len(ep) <= _events.MANY_EPOCHS:
            return self._take_runs(*self._runs(ep), ep)
        mask, kept = unit_mask(self._times, self._offsets, ep.start, ep.end)
        times, values = (
            None if rows is None else take_masked(rows, mask, self._offsets, kept)
            for rows in (self._times, self._values)
        )
        return self._derive(times, kept, ep, values)

    def exclude(self, ep: IntervalSet) -> TsGroup:
        """Events outside epochs; the time support loses the epochs, and rates are those over what is left.

        Epochs are closed, so events on their edges go out with them: every event is either in ``restrict(ep)`` or in
        ``exclude(ep)``, never in both.

        Raises
        ------
        TypeError
            If `ep` is no IntervalSet.
        """
        ep = check_epochs(ep)
        first, last = self._runs(ep)
        return self._take_runs(
            np.column_stack((self._offsets[:-1], last)),
            np.column_stack((first, self._offsets[1:])),
            self._support.set_diff(ep),
        )

    def _take_runs(self, first: IntArray, last: IntArray, time_support: IntervalSet) -> TsGroup:
        """Events of all runs ``first[unit, i]:last[unit, i]``, with copies of their values."""
        values = None
        if self._values is not None:
            values = _events.take_runs(self._values, first, last)
            values = values.copy() if np.may_share_memory(values, self._values) else values
        times = _events.take_runs(self._times, first, last)
        return self._derive(times, _build.offsets_of((last - first).sum(axis=1)), time_support, values)

    def count(
        self,
        bin_size: float | None = None,
        ep: IntervalSet | None = None,
        time_units: str = "s",
        dtype: Any = None,
        *,
        bins: ArrayLike | None = None,
        normalize: bool = False,
    ) -> TsdFrame:
        """Count the events of every unit in equal bins inside each epoch, or in whole epochs.

        Bins start at the start of each epoch and are closed on the left; edges are rounded to 1 ns. A bin is kept
        while its centre is not beyond the end of the epoch: a last, partial bin stays if at least half of it fits.

        Parameters
        ----------
        bin_size : float, optional
            Width, in `time_units`, > 0. Without it, one count per epoch (both edges included), in the order of `ep`.
        ep : IntervalSet, optional
            Where to count; by default the time support.
        time_units : {"s", "ms", "us"}
        dtype : optional
            Of the counts; int64 by default. A small one (``"uint8"``) saves memory and time.
        bins : array_like, optional
            Edges of bins of any size, in `time_units`, ascending, shape (bin + 1,), instead of `bin_size`. Each bin is
            closed on the left and open on the right, the last one closed. They may span holes between epochs: events
            outside `ep` are not counted.
        normalize : bool
            Whether to divide by the time of each bin that lies in `ep`: events per second (Hz), float64 unless `dtype`
            is another floating type; NaN for bins of which nothing lies in `ep`.

        Returns
        -------
        TsdFrame
            Counts, shape (bin, unit), at bin centres (s); columns are keys, with the metadata of the units. Whole
            epochs stand at their centres, or at their starts if epochs overlap.

        Raises
        ------
        TypeError
            If `bin_size` or `bins` are no numbers, `ep` no IntervalSet or `normalize` no bool.
        ValueError
            If `bin_size` is not positive, `bins` do not ascend, both are given, or a unit or `dtype` is unknown.
        OverflowError
            If a bin holds more events than `dtype` can count.
        """
        ep = self._support if ep is None else check_intervals(ep)
        store = (self._times, self._offsets)
        times, counts, support = count_any(*store, ep, bin_size, time_units, dtype, bins, normalize)
        return class_for(2)._trusted(times, counts, support, self._keys, self._metadata.drop("rate"))

    def trial_count(
        self,
        ep: IntervalSet,
        bin_size: float,
        align: str = "start",
        padding_value: float = np.nan,
        time_unit: str = "s",
    ) -> FloatArray:
        """Count events in bins of each epoch, epochs side by side; the bins are those of `count`.

        Parameters
        ----------
        ep : IntervalSet
            Trials; they may overlap.
        bin_size : float
            Width, in `time_unit`, > 0.
        align : {"start", "end"}
            Which end of a shorter trial stands at the edge.
        padding_value : float
            Fills the rest.
        time_unit : {"s", "ms", "us"}

        Returns
        -------
        ndarray of float64, shape (unit, trial, bin)

        Raises
        ------
        RuntimeError
            If an argument is of the wrong kind.
        """
        return count_events_in_trials(self._times, self._offsets, ep, bin_size, align, padding_value, time_unit)

    def value_from(self, tsd: Any, ep: IntervalSet | None = None, mode: str = "closest") -> TsGroup:
        """For each event of every unit, a sample of `tsd` from the same epoch.

        Parameters
        ----------
        tsd : Tsd, TsdFrame or TsdTensor
        ep : IntervalSet, optional
            By default the time support of `tsd`. Events outside are left out.
        mode : {"closest", "before", "after"}
            The closest sample (a tie goes to the later one), the last one at or before, or the first at or after.

        Returns
        -------
        TsGroup
            Of Tsd, TsdFrame or TsdTensor; NaN where the epoch has no such sample (integers become float64).

        Raises
        ------
        TypeError
            If `tsd` has no values or `ep` is no IntervalSet.
        ValueError
            If `mode` is unknown.
        """
        ep, mode = check_target(tsd, ep, mode)
        first, last = self._runs(ep)
        times = _events.take_runs(self._times, first, last)
        samples = nearest(times, last - first, tsd.t, *tsd._runs(ep), mode)
        offsets = _build.offsets_of((last - first).sum(axis=1))
        columns = tsd._columns if tsd.ndim == 2 else None
        values = gather(tsd.values, samples)
        return TsGroup._trusted(times, offsets, self._keys, ep, self._metadata, values, columns)

    def time_diff(self, align: str = "center", epochs: IntervalSet | None = None) -> dict[int, Tsd]:
        """Differences of consecutive times of each unit, within each epoch.

        Parameters
        ----------
        align : {"center", "start", "end"}
            Whether a difference stands midway between its two times, at the first or at the second.
        epochs : IntervalSet, optional
            By default the time support.

        Returns
        -------
        dict
            Key to Tsd of differences (s).

        Raises
        ------
        RuntimeError
            If `align` is unknown.
        TypeError
            If `epochs` is no IntervalSet.
        """
        check_choice(align, ("start", "center", "end"), "align", RuntimeError)
        epochs = self._epochs(epochs, "epochs")
        first, last = self._runs(epochs)
        run = _events.repeat_runs(first, last)
        times, differences, run = pair_differences(_events.take_runs(self._times, first, last), run, align)
        bounds = np.searchsorted(run, np.arange(len(self) + 1) * max(first.shape[1], 1))
        return {
            key: class_for(1)._trusted(times[a:b], differences[a:b], epochs)
            for key, a, b in zip(self.keys(), bounds[:-1], bounds[1:])
        }

    def get(self, start: float, end: float | None = None, time_units: str = "s") -> TsGroup:
        """Events of each unit between two times, or the one closest to a time; the time support stays.

        Parameters
        ----------
        start, end : float
            In `time_units`. With both, events with ``start <= t <= end``; with `start` alone, the closest event of
            each unit that has any (a tie goes to the later one).
        time_units : {"s", "ms", "us"}

        Raises
        ------
        ValueError
            If a bound is no number, or `start` > `end`.
        """
        low = as_seconds(start, time_units, "start")
        high = low if end is None else as_seconds(end, time_units, "end")
        if low > high:
            msg = f"'start' should not precede 'end': got start={start} > end={end}."
            raise ValueError(msg)
        lower, upper = self._offsets[:-1], self._offsets[1:]
        first = segmented_search(self._times, lower, upper, np.float64(low), "left")
        if end is None:
            first = _build.closer(self._times, first, lower, upper, low)
            last = np.where(upper > lower, first + 1, first)
        else:
            last = segmented_search(self._times, lower, upper, np.float64(high), "right")
        rows = _events.run_indices(first, last)
        values = None if self._values is None else self._values[rows]
        return self._derive(self._times[rows], _build.offsets_of(last - first), self._support, values)

    def to_tsd(self, *args: Any) -> Tsd:
        """All events as one signal, in order of time.

        Parameters
        ----------
        *args
            What stands at the events of a unit: nothing for its key, the name of a metadata column, or one number per
            unit as a list, array or Series.

        Returns
        -------
        Tsd
            float64.

        Raises
        ------
        RuntimeError
            If there are not as many numbers as units, the index of a Series differs, or there is no such column.
        """
        times, values = merge_units(self._times, self._offsets, _groups.numbers(self, args))
        return class_for(1)._trusted(times, values, self._support)

    def subsample(self, fraction: float, seed: int | None = None) -> TsGroup:
        """A random part of the events of each unit, without repeats.

        Parameters
        ----------
        fraction : float
            Part of the events to keep, in [0, 1]; each unit keeps ``round(n * fraction)``.
        seed : int, optional
            Of `numpy.random.default_rng`.

        Raises
        ------
        TypeError
            If `fraction` is no number.
        ValueError
            If `fraction` lies outside [0, 1].
        """
        if not is_number(fraction):
            msg = f"fraction should be a number, got {fraction!r}."
            raise TypeError(msg)
        if not 0 <= fraction <= 1:
            msg = f"fraction should lie between 0 and 1, got {fraction}."
            raise ValueError(msg)
        rows, sizes = _groups.random_rows(self._offsets, float(fraction), seed)
        values = None if self._values is None else self._values[rows]
        return self._derive(self._times[rows], _build.offsets_of(sizes), self._support, values)

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
