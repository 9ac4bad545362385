"""`AbstractTimeSeries`: what every series can do, with or without values. Each method is written here once."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .._arrays import events as _events
from .._arrays.namespace import is_lazy, take_rows
from .._arrays.nearest import nearest
from .._types import ArrayLike, FloatArray, IntArray
from ._checks import as_seconds, check_choice, check_epochs, check_intervals
from ._count_bins import count_any
from ._time import as_times
from ._times_held import AbstractTimes, rate_of
from .interval_set import IntervalSet

if TYPE_CHECKING:
    from pathlib import Path

    from .tsd import Tsd

__all__ = ["AbstractTimeSeries", "class_for", "rate_of", "register"]

_END_MARGIN = 1e-6
"""Seconds added to the ends that `find_support` finds, so that a lone event has a support."""

_BY_DIMENSIONS: dict[int, type] = {}
"""Series class for values of 1, 2 and 3 (or more) dimensions; each class enters itself."""


def register(n_dimensions: int, cls: type) -> None:
    """Make `cls` the class of series whose values have `n_dimensions`."""
    _BY_DIMENSIONS[n_dimensions] = cls


def class_for(n_dimensions: int) -> Any:
    """Tsd, TsdFrame or TsdTensor, for values of 1, 2 or more dimensions."""
    return _BY_DIMENSIONS[min(n_dimensions, 3)]


def default_support(t: FloatArray) -> IntervalSet:
    """One epoch from the first to the last time; empty (with a warning) where that has no duration."""
    if t.size == 0:
        return IntervalSet._trusted(np.empty(0), np.empty(0))
    if t[-1] > t[0]:
        return IntervalSet._trusted(t[:1], t[-1:])
    return IntervalSet(t[0], t[-1])


class AbstractTimeSeries(AbstractTimes):
    """Sorted times and the epochs over which they are defined, and what is made of the times alone."""

    @abc.abstractmethod
    def _take(self, rows: Any, time_support: IntervalSet) -> Self:
        """Samples at `rows` (a slice, ascending positions or a mask), with their values; slices share memory."""

    def _take_runs(self, first: IntArray, last: IntArray, time_support: IntervalSet) -> Self:
        """Samples of all runs ``first[i]:last[i]``, with copies of their values."""
        return self._take(_events.run_indices(first, last), time_support)

    # ---- selection by time -----------------------------------------------------------------------------------------

    def _epochs(self, ep: IntervalSet | None, argument: str = "ep", error: type[Exception] = TypeError) -> IntervalSet:
        """`ep`, or the time support."""
        return self._support if ep is None else check_epochs(ep, argument, error)

    def _runs(self, ep: IntervalSet) -> tuple[IntArray, IntArray]:
        return _events.runs(self._t, ep.start, ep.end)

    def restrict(self, iset: IntervalSet) -> Self:
        """Samples inside epochs, both edges included.

        Parameters
        ----------
        iset : IntervalSet
            Becomes the time support of the result as it is (if epochs overlap, the time that they cover).

        Returns
        -------
        same class
            A copy; columns and metadata are kept.

        Raises
        ------
        TypeError
            If `iset` is no IntervalSet.
        """
        iset = check_epochs(iset, "iset")
        return self._take_runs(*self._runs(iset), iset)

    def exclude(self, iset: IntervalSet) -> Self:
        """Samples outside epochs; the time support loses the epochs.

        Epochs are closed, so samples on their edges go out with them: every sample is either in ``restrict(iset)`` or
        in ``exclude(iset)``, never in both.

        Parameters
        ----------
        iset : IntervalSet

        Returns
        -------
        same class
            A copy; columns and metadata are kept.

        Raises
        ------
        TypeError
            If `iset` is no IntervalSet.
        """
        iset = check_epochs(iset, "iset")
        first, last = self._runs(iset)
        return self._take_runs(np.append(0, last), np.append(first, len(self)), self._support.set_diff(iset))

    def get(self, start: float, end: float | None = None, time_units: str = "s") -> Any:
        """Samples between two times, or the sample closest to one.

        Parameters
        ----------
        start, end : float
            In `time_units`. With both, samples with ``start <= t <= end`` (possibly none), sharing memory with this
            series; the time support stays. With `start` alone, the closest sample, as ``series[i]``; a tie goes to the
            later one.
        time_units : {"s", "ms", "us"}

        Raises
        ------
        ValueError
            If a bound is no number, or `start` > `end`.
        IndexError
            If the closest sample of an empty series is asked for.
        """
        rows = self.get_slice(start, end, time_units)
        if end is not None:
            return self._take(rows, self._support)
        if not len(self):
            msg = f"an empty {self.nap_class} has no closest sample; check len(series) first."
            raise IndexError(msg)
        return self[rows.start]

    def get_slice(self, start: float, end: float | None = None, time_unit: str = "s") -> slice:
        """Positions of the samples that `get` returns, as a slice. Arguments and errors as `get`."""
        low = as_seconds(start, time_unit, "start")
        if end is not None:
            high = as_seconds(end, time_unit, "end")
            if low > high:
                msg = f"'start' should not precede 'end': got start={start} > end={end}."
                raise ValueError(msg)
            return slice(
                int(np.searchsorted(self._t, low, side="left")), int(np.searchsorted(self._t, high, side="right"))
            )
        if not len(self):
            return slice(0, 0)
        place = int(np.clip(np.searchsorted(self._t, low, side="left"), 1, max(len(self) - 1, 1)))
        if place >= len(self) or low - self._t[place - 1] < self._t[place] - low:
            place -= 1
        return slice(place, place + 1)

    def in_interval(self, iset: IntervalSet) -> Tsd:
        """Whether each sample lies inside epochs, both edges included.

        Returns
        -------
        Tsd
            bool, at the times of this series, with its time support.

        Raises
        ------
        TypeError
            If `iset` is no IntervalSet.
        """
        iset = check_epochs(iset, "iset")
        return class_for(1)._trusted(self._t, _events.inside(self._t, iset.start, iset.end), self._support)

    # ---- events ----------------------------------------------------------------------------------------------------

    def count(
        self,
        bin_size: float | None = None,
        ep: IntervalSet | None = None,
        time_units: str = "s",
        dtype: Any = None,
        *,
        bins: ArrayLike | None = None,
        normalize: bool = False,
    ) -> Tsd:
        """Count samples in equal bins inside each epoch, or in whole epochs.

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
            Of the counts; int64 by default.
        bins : array_like, optional
            Edges of bins of any size, in `time_units`, ascending, shape (bin + 1,), instead of `bin_size`. Each bin is
            closed on the left and open on the right, the last one closed. They may span holes between epochs: events
            outside `ep` are not counted.
        normalize : bool
            Whether to divide by the time of each bin that lies in `ep`: events per second (Hz), float64 unless `dtype`
            is another floating type; NaN for bins of which nothing lies in `ep`.

        Returns
        -------
        Tsd
            Counts at bin centres (s), with time support `ep`; with `bins`, from the first to the last edge. Whole
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
        offsets = np.array([0, len(self)], dtype=np.int64)
        times, counts, support = count_any(self._t, offsets, ep, bin_size, time_units, dtype, bins, normalize)
        return class_for(1)._trusted(times, counts[:, 0], support)

    def value_from(self, data: Any, ep: IntervalSet | None = None, mode: str = "closest") -> Any:
        """For each time of this series, a sample of `data` from the same epoch.

        Parameters
        ----------
        data : Tsd, TsdFrame or TsdTensor
        ep : IntervalSet, optional
            By default the time support of `data`. Times outside are left out.
        mode : {"closest", "before", "after"}
            The closest sample (a tie goes to the later one), the last one at or before, or the first at or after.

        Returns
        -------
        class of `data`
            At times of this series, with time support `ep` and the columns and metadata of `data`. Where the epoch has
            no such sample: NaN (integers become float64).

        Raises
        ------
        TypeError
            If `data` has no values or `ep` is no IntervalSet.
        ValueError
            If `mode` is unknown.
        """
        ep, mode = check_target(data, ep, mode)
        first, last = self._runs(ep)
        queries = _events.take_runs(self._t, first, last)
        rows = nearest(queries, last - first, data.t, *data._runs(ep), mode)
        return data._like(queries, gather(data.values, rows), ep)

    def time_diff(self, align: str = "center", epochs: IntervalSet | None = None) -> Tsd:
        """Differences of consecutive times within each epoch.

        Parameters
        ----------
        align : {"center", "start", "end"}
            Whether a difference stands midway between its two times, at the first or at the second.
        epochs : IntervalSet, optional
            By default the time support.

        Returns
        -------
        Tsd
            Differences (s), with time support `epochs`.

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
        times, differences, _ = pair_differences(
            _events.take_runs(self._t, first, last), _events.repeat_runs(first, last), align
        )
        return class_for(1)._trusted(times, differences, epochs)

    def find_support(self, min_gap: float, time_units: str = "s") -> IntervalSet:
        """Epochs in which samples follow each other closely.

        Parameters
        ----------
        min_gap : float
            A new epoch starts where two samples are more than this apart, in `time_units`.
        time_units : {"s", "ms", "us"}

        Returns
        -------
        IntervalSet
            From the first sample of each epoch to 1 microsecond after its last.

        Raises
        ------
        AssertionError
            If `min_gap` is no number.
        """
        first, last = _events.gaps(self._t, as_seconds(min_gap, time_units, "min_gap", AssertionError))
        return IntervalSet(self._t[first], self._t[last] + _END_MARGIN)

    # ---- out -------------------------------------------------------------------------------------------------------

    @abc.abstractmethod
    def copy(self) -> Self:
        """A copy that shares no values with this series."""

    def save(self, filename: str | Path) -> None:
        """Write to a NumPy archive, from which `load_file` makes the same object; ``.npz`` is appended where it is
        missing.

        Raises
        ------
        RuntimeError
            If the folder does not exist, or `filename` is one.
        """
        from ._save import save

        save(self, filename)


def read_times(t: Any, time_units: str, time_support: Any) -> tuple[FloatArray, IntArray | None, IntervalSet | None]:
    """Sorted seconds, the order that sorted them, and the support as disjoint epochs.

    Raises
    ------
    AssertionError
        If `time_support` is given and no IntervalSet.
    """
    if time_support is not None:
        time_support = check_epochs(time_support, "time_support", AssertionError)
    if isinstance(t, AbstractTimeSeries):
        t = t.t
    return *as_times(t, time_units), time_support


def pair_differences(times: FloatArray, group: IntArray, align: str) -> tuple[FloatArray, FloatArray, IntArray]:
    """Differences of neighbours of the same group, where they stand, and the group of each."""
    same = np.flatnonzero(group[1:] == group[:-1])
    differences = times[same + 1] - times[same]
    at = {"start": 0.0, "center": 0.5, "end": 1.0}[align]
    stands = times[same + 1] if align == "end" else times[same] + at * differences
    return stands, differences, group[same]


def check_target(data: Any, ep: Any, mode: Any) -> tuple[IntervalSet, str]:
    """The epochs and the mode of `value_from`, checked."""
    if not (isinstance(data, AbstractTimeSeries) and data._has_values):
        msg = f"First argument should be an instance of Tsd, TsdFrame or TsdTensor, got {type(data).__name__}."
        raise TypeError(msg)
    check_choice(mode, ("closest", "before", "after"), "``mode``")
    return (data.time_support if ep is None else check_epochs(ep)), mode


def gather(values: Any, rows: IntArray) -> np.ndarray:
    """Rows of `values`; NaN for -1, for which integers become float64."""
    if is_lazy(values):  # what is on disk is read in ascending order
        wanted, back = np.unique(np.maximum(rows, 0), return_inverse=True)
        picked = take_rows(values, wanted)[back] if len(values) else np.zeros((rows.size, *values.shape[1:]))
    else:
        picked = values[rows] if len(values) else np.zeros((rows.size, *values.shape[1:]), dtype=values.dtype)
    missing = rows < 0
    if missing.any():
        picked = np.array(
            picked, dtype=np.result_type(picked.dtype, np.float16) if picked.dtype.kind in "fc" else float
        )
        picked[missing] = np.nan
    return picked
