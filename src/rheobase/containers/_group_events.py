"""`AbstractUnitEvents`: what is done with the events of all units, in one pass over the flat store."""

from __future__ import annotations

import abc
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
from ._base import check_target, class_for, gather, pair_differences
from ._checks import as_seconds, check_choice, check_epochs, check_intervals, is_number
from ._count_bins import count_any
from ._counting import count_events_in_trials
from ._group_items import AbstractUnits
from ._metadata import Metadata
from .interval_set import IntervalSet

if TYPE_CHECKING:
    from .tsd import Tsd
    from .tsd_frame import TsdFrame

__all__ = ["AbstractUnitEvents"]


class AbstractUnitEvents(AbstractUnits):
    """Units whose events lie in one array, unit after unit, over one time support."""

    _times: FloatArray
    _offsets: IntArray
    _values: Any
    _columns: np.ndarray | None
    _support: IntervalSet

    @classmethod
    @abc.abstractmethod
    def _trusted(
        cls,
        flat_times: FloatArray,
        offsets: IntArray,
        keys: IntArray,
        time_support: IntervalSet,
        metadata: Metadata | None,
        flat_values: Any = None,
        columns: np.ndarray | None = None,
    ) -> Self:
        """Group from a flat store that is known to be right: no check, no copy."""

    def _derive(self, times: FloatArray, offsets: IntArray, time_support: IntervalSet, values: Any = None) -> Self:
        """Group of the same units with other times."""
        columns = self._columns if values is not None else None
        return self._trusted(times, offsets, self._keys, time_support, self._metadata, values, columns)

    def _runs(self, ep: IntervalSet) -> tuple[IntArray, IntArray]:
        return _events.unit_runs(self._times, self._offsets, ep.start, ep.end)

    def _epochs(self, ep: IntervalSet | None, argument: str = "ep") -> IntervalSet:
        return self._support if ep is None else check_epochs(ep, argument)

    def restrict(self, ep: IntervalSet) -> Self:
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

    def exclude(self, ep: IntervalSet) -> Self:
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

    def _take_runs(self, first: IntArray, last: IntArray, time_support: IntervalSet) -> Self:
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

    def value_from(self, tsd: Any, ep: IntervalSet | None = None, mode: str = "closest") -> Self:
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
        low, high = tsd._runs(ep)
        samples = nearest(times, last - first, tsd.t, low, high, mode)
        offsets = _build.offsets_of((last - first).sum(axis=1))
        columns = tsd._columns if tsd.ndim == 2 else None
        values = gather(tsd.values, samples)
        return self._trusted(times, offsets, self._keys, ep, self._metadata, values, columns)

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

    def get(self, start: float, end: float | None = None, time_units: str = "s") -> Self:
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

    def subsample(self, fraction: float, seed: int | None = None) -> Self:
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
