"""`IntervalSet`: epochs with metadata, disjoint unless overlaps are kept, and their set algebra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._arrays import epochs as _epochs
from .._manners import Plotted
from .._types import ArrayLike, FloatArray, IntArray
from .._units import check_units, from_seconds, to_seconds
from ._interval_bounds import strictly_increasing
from ._interval_input import read_bounds
from ._interval_select import BOUNDS
from ._interval_shape import AbstractShapes, check_overlap
from ._metadata import Metadata
from ._to_others import Exported
from ._warn import warn_user

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


__all__ = ["IntervalSet"]


class IntervalSet(AbstractShapes, Plotted, Exported):
    """Epochs: closed intervals of time of positive length, sorted, and disjoint unless told to keep overlaps.

    Whatever is given is made so, with a warning for each thing that had to be done: rows with NaN are dropped; starts
    and ends are sorted, each on their own; epochs without duration or that end before they start are dropped;
    overlapping ones are joined; one that ends exactly at the next start ends 1 microsecond earlier. Metadata survives
    only where each row is still the epoch it was.

    With ``overlap="keep"`` epochs may overlap, touch, lie within each other or stand twice, as trials do: rows are
    sorted by start, then by end, and each keeps its metadata. Such a set plays two parts. Where epochs are rows
    (length, iteration, selection, metadata, `count` without bins, `trial_count`, `to_trial_tensor`, …) each stands for
    itself. Where they say which time is meant (`restrict`, time supports, bins, `union`, `tot_length`, …) the set is
    the time that it covers, once.

    Parameters
    ----------
    start : float, array_like, IntervalSet or pandas.DataFrame
        Starts; or, without `end`: pairs of shape (epoch, 2), one pair, a flat sequence of start, end, start, end, …;
        or another IntervalSet (its metadata is left behind); or a DataFrame with columns ``start`` and ``end``, whose
        other columns become metadata.
    end : float or array_like, optional
        Ends, as many as starts.
    time_units : {"s", "ms", "us"}
        Unit of `start` and `end`.
    metadata : dict or pandas.DataFrame, optional
        Columns with one entry per epoch, as `set_info`.
    overlap : {"merge", "keep"}
        What becomes of epochs that overlap.

    Raises
    ------
    RuntimeError
        If `start` or `end` is not numeric at all.
    ValueError
        If no pairs can be read from `start`, or `time_units` or `overlap` is unknown.
    AssertionError
        If starts and ends are not equally many, or a DataFrame lacks ``start`` or ``end``.

    Examples
    --------
    >>> from rheobase.containers import IntervalSet
    >>> epochs = IntervalSet(start=[0, 10], end=[5, 15], metadata={"label": ["left", "right"]})
    >>> epochs
    index  start  end  label
    -----  -----  ---  -----
    0          0    5  left
    1         10   15  right
    shape: (2, 2), time unit: sec.
    >>> epochs["left"].tot_length()
    np.float64(5.0)
    >>> trials = IntervalSet([0, 3], [4, 6], metadata={"correct": [True, False]}, overlap="keep")
    >>> len(trials), float(trials.tot_length()), len(trials.union())
    (2, 6.0, 1)
    """

    nap_class = "IntervalSet"

    def __init__(
        self,
        start: ArrayLike | IntervalSet | pd.DataFrame,
        end: ArrayLike | None = None,
        time_units: str = "s",
        metadata: dict | pd.DataFrame | None = None,
        *,
        overlap: str = "merge",
    ) -> None:
        check_units(time_units)
        check_overlap(overlap)
        if isinstance(start, IntervalSet):
            starts, ends, frame_columns, time_units = start.start, start.end, None, "s"
        else:
            starts, ends, frame_columns = read_bounds(start, end)
        self._metadata = Metadata(np.arange(starts.size))
        self.set_info(frame_columns if frame_columns else metadata)
        clean = self._clean if overlap == "merge" else self._clean_rows
        clean(to_seconds(starts, time_units), to_seconds(ends, time_units), self._metadata)

    def _clean(self, starts: FloatArray, ends: FloatArray, table: Metadata | None) -> None:
        """Clean the bounds with warnings, and keep the metadata that still belongs."""
        table = table if table is not None and table.columns else None
        starts, ends, table = _without_nan(starts, ends, table)
        rows_stand = True
        dropping = " and dropping metadata, which cannot follow unsorted times" if table is not None else ""
        for name, bounds in (("start", starts), ("end", ends)):
            if not strictly_increasing(bounds):
                rows_stand = False
                warn_user(f"{name} is not sorted. Sorting it{dropping}.")
        result = _epochs.clean(starts.copy(), ends.copy())
        if result.messages:
            warn_user("\n".join(result.messages))
        if table is not None and result.kept is None and rows_stand:
            warn_user("epochs have changed, dropping metadata.")
        self._store(result.starts, result.ends, table if rows_stand and result.kept is not None else None)

    def _clean_rows(self, starts: FloatArray, ends: FloatArray, table: Metadata) -> None:
        """Sort the epochs and drop those without duration, each with its metadata."""
        starts, ends, table = _without_nan(starts, ends, table)
        if np.any(starts[1:] < starts[:-1]):
            warn_user("start is not sorted. Sorting epochs, each with its end and its metadata.")
        result = _epochs.keep(starts, ends)
        if result.messages:
            warn_user("\n".join(result.messages))
        self._store(result.starts, result.ends, table.take(result.kept, np.arange(result.starts.size)))

    def _take_disordered(self, rows: IntArray) -> IntervalSet:
        epochs = IntervalSet.__new__(IntervalSet)
        clean = epochs._clean_rows if self.has_overlap else epochs._clean
        clean(self._start[rows], self._end[rows], self._metadata.take(rows))
        return epochs

    # ---- set algebra -----------------------------------------------------------------------------------------------

    def union(self, *others: IntervalSet) -> IntervalSet:
        """Every instant of this set or of any other, as disjoint epochs.

        Overlapping epochs are joined; touching ones of different sets end up 1 microsecond apart, with a warning.
        Metadata is dropped, with a warning unless there are no others.

        Parameters
        ----------
        *others : IntervalSet
            None, one or many. Without others, the time that this set covers: its own epochs, or those that remain when
            overlapping and touching ones are joined.

        Raises
        ------
        TypeError
            If something is no IntervalSet.
        """
        for other in others:
            _check_set(other, "union")
        sets = [epochs._disjoint() for epochs in (self, *others)]
        if not others:
            return IntervalSet._trusted(sets[0].start, sets[0].end)
        self._warn_dropped("union")
        starts, ends = _epochs.merged([e.start for e in sets]), _epochs.merged([e.end for e in sets])
        result = _epochs.join_sorted(starts, ends)
        if _epochs.TOUCHING in result.messages:
            warn_user(_epochs.TOUCHING)
        return IntervalSet._trusted(result.starts, result.ends)

    def intersect(self, a: IntervalSet) -> IntervalSet:
        """Every instant of this set that is also in `a`.

        Pieces have positive length. Each carries the metadata of both epochs it comes from, except for columns that
        both sets have. Where epochs of a set overlap, there is a piece for each of them.

        Raises
        ------
        TypeError
            If `a` is no IntervalSet.
        """
        _check_set(a, "intersect")
        starts, ends, row, other_row = _epochs.intersect(self._start, self._end, a.start, a.end)
        return IntervalSet._trusted(starts, ends, self._metadata.take(row).join(a._metadata.take(other_row)))

    def set_diff(self, a: IntervalSet) -> IntervalSet:
        """Every instant of this set that is not in `a`, with the metadata of this set; bounds are shared with `a`.

        Where epochs of this set overlap, each of them loses what is in `a`.

        Raises
        ------
        TypeError
            If `a` is no IntervalSet.
        """
        _check_set(a, "set_diff")
        a = a._disjoint()
        starts, ends, row = _epochs.difference(self._start, self._end, a.start, a.end)
        return IntervalSet._trusted(starts, ends, self._metadata.take(row))

    def in_interval(self, tsd: Any) -> FloatArray:
        """Number of the epoch that holds each time of a series, both edges included; NaN outside.

        Where several epochs hold a time, the first of them.

        Parameters
        ----------
        tsd : Ts, Tsd, TsdFrame or TsdTensor

        Returns
        -------
        ndarray of float64, shape (time,)
        """
        return _epochs.epoch_number(_times_of(tsd), self._start, self._end)

    # ---- out -------------------------------------------------------------------------------------------------------

    def as_units(self, units: str = "s") -> pd.DataFrame:
        """Starts and ends in `units` as a pandas DataFrame; microseconds are int64."""
        import pandas as pd

        bounds = from_seconds(self.values, units)
        if units == "us":
            bounds = bounds.astype(np.int64)
        return pd.DataFrame(bounds, index=self.index, columns=list(BOUNDS))

    def as_dataframe(self) -> pd.DataFrame:
        """Starts and ends (s) and metadata as a pandas DataFrame."""
        import pandas as pd

        return pd.concat([pd.DataFrame(self.values, index=self.index, columns=list(BOUNDS)), self.metadata], axis=1)

    def copy(self) -> IntervalSet:
        """A copy whose metadata can be changed on its own."""
        return IntervalSet._trusted(self._start.copy(), self._end.copy(), self._metadata.copy())

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


def _without_nan(
    starts: FloatArray, ends: FloatArray, table: Metadata | None
) -> tuple[FloatArray, FloatArray, Metadata | None]:
    """Bounds without NaN, and the rows of metadata that belong to them."""
    missing = np.isnan(starts) | np.isnan(ends)
    if not missing.any():
        return starts, ends, table
    warn_user(f"{missing.sum()} row(s) with NaN start/end time(s) were dropped.")
    starts, ends = starts[~missing], ends[~missing]
    return starts, ends, table if table is None else table.take(~missing, np.arange(starts.size))


def _check_set(a: Any, method: str) -> None:
    if not isinstance(a, IntervalSet):
        msg = f"{method} takes an IntervalSet, got {type(a).__name__}. Wrap starts and ends: IntervalSet(start, end)."
        raise TypeError(msg)


def _times_of(tsd: Any) -> FloatArray:
    times = getattr(tsd, "t", None)  # any series: ours, or another library's with the same attribute
    if times is None:
        msg = f"in_interval takes a time series (Ts, Tsd, TsdFrame, TsdTensor), got {type(tsd).__name__}."
        raise TypeError(msg)
    return np.asarray(times)
