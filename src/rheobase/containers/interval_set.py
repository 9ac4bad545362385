"""`IntervalSet`: sorted, disjoint epochs with metadata."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Number, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from .._arrays import epochs as _epochs
from .._errors import did_you_mean
from .._types import ArrayLike, FloatArray, IntArray
from .._units import check_units, from_seconds, to_seconds
from ._interval_input import read_bounds
from ._interval_select import BOUNDS, Loc, row_positions, tagged_rows, tags
from ._metadata import AbstractWithMetadata, Metadata
from ._repr import interval_table
from ._warn import warn_user

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from .ts import Ts

__all__ = ["IntervalSet"]


class IntervalSet(AbstractWithMetadata, np.lib.mixins.NDArrayOperatorsMixin):
    """Epochs: closed intervals of time, sorted, disjoint and of positive length.

    Whatever is given is made so, with a warning for each thing that had to be done: rows with NaN are dropped; starts
    and ends are sorted, each on their own; epochs without duration or that end before they start are dropped;
    overlapping ones are joined; one that ends exactly at the next start ends 1 microsecond earlier. Metadata survives
    only where each row is still the epoch it was.

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

    Raises
    ------
    RuntimeError
        If `start` or `end` is not numeric at all.
    ValueError
        If no pairs can be read from `start`, or a unit is unknown.
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
    """

    nap_class = "IntervalSet"
    __hash__ = None  # type: ignore[assignment]
    __array_priority__ = 100

    def __init__(
        self,
        start: ArrayLike | IntervalSet | pd.DataFrame,
        end: ArrayLike | None = None,
        time_units: str = "s",
        metadata: dict | pd.DataFrame | None = None,
    ) -> None:
        check_units(time_units)
        if isinstance(start, IntervalSet):
            self._store(start.start, start.end, None)
        else:
            starts, ends, frame_columns = read_bounds(start, end)
            self._metadata = Metadata(np.arange(starts.size))
            self.set_info(frame_columns if frame_columns else metadata)
            self._clean(to_seconds(starts, time_units), to_seconds(ends, time_units), self._metadata)
            return
        self.set_info(metadata)

    def _clean(self, starts: FloatArray, ends: FloatArray, table: Metadata | None) -> None:
        """Clean the bounds with warnings, and keep the metadata that still belongs."""
        table = table if table is not None and table.columns else None
        missing = np.isnan(starts) | np.isnan(ends)
        if missing.any():
            warn_user(f"{missing.sum()} row(s) with NaN start/end time(s) were dropped.")
            starts, ends = starts[~missing], ends[~missing]
            table = table if table is None else table.take(~missing, np.arange(starts.size))
        rows_stand = True
        dropping = " and dropping metadata, which cannot follow unsorted times" if table is not None else ""
        for name, bounds in (("start", starts), ("end", ends)):
            if not _strictly_increasing(bounds):
                rows_stand = False
                warn_user(f"{name} is not sorted. Sorting it{dropping}.")
        result = _epochs.clean(starts.copy(), ends.copy())
        if result.messages:
            warn_user("\n".join(result.messages))
        if table is not None and result.kept is None and rows_stand:
            warn_user("epochs have changed, dropping metadata.")
        self._store(result.starts, result.ends, table if rows_stand and result.kept is not None else None)

    def _store(self, starts: FloatArray, ends: FloatArray, metadata: Metadata | None) -> None:
        """Hold clean bounds as read-only views."""
        for name, bounds in (("_start", starts), ("_end", ends)):
            view = np.ascontiguousarray(bounds, dtype=np.float64).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)
        self._metadata = Metadata(np.arange(len(starts))) if metadata is None else metadata

    @classmethod
    def _trusted(cls, starts: FloatArray, ends: FloatArray, metadata: Metadata | None = None) -> IntervalSet:
        """Epochs from bounds that are known to be clean: no check, no warning, no copy.

        Rows of `metadata` are renumbered from 0.
        """
        epochs = cls.__new__(cls)
        if metadata is not None:
            metadata = Metadata._trusted(np.arange(len(starts)), metadata.columns)
        epochs._store(starts, ends, metadata)
        return epochs

    def _take_rows(self, positions: IntArray) -> IntervalSet:
        return self[positions]

    # ---- attributes ------------------------------------------------------------------------------------------------

    @property
    def start(self) -> FloatArray:
        """Starts (s), shape (epoch,), read-only."""
        return self._start

    @property
    def end(self) -> FloatArray:
        """Ends (s), shape (epoch,), read-only."""
        return self._end

    @property
    def values(self) -> FloatArray:
        """Starts and ends (s), shape (epoch, 2); a copy."""
        return np.column_stack((self._start, self._end))

    @property
    def index(self) -> IntArray:
        """Number of each epoch, 0 to n - 1."""
        return np.arange(len(self))

    @property
    def columns(self) -> np.ndarray:
        """``["start", "end"]``."""
        return np.array(BOUNDS)

    @property
    def shape(self) -> tuple[int, int]:
        """``(n_epochs, 2)``."""
        return len(self), 2

    @property
    def ndim(self) -> int:
        """2."""
        return 2

    @property
    def size(self) -> int:
        """Number of bounds, twice the number of epochs."""
        return 2 * len(self)

    @property
    def starts(self) -> Ts:
        """Starts as a `Ts`; deprecated, use `start`."""
        return self._bound_series("start")

    @property
    def ends(self) -> Ts:
        """Ends as a `Ts`; deprecated, use `end`."""
        return self._bound_series("end")

    def _bound_series(self, name: str) -> Ts:
        from .ts import Ts

        message = f"{name}s is deprecated and will be removed; use `Ts(epochs.{name})`."
        warn_user(message, DeprecationWarning)
        return Ts(t=getattr(self, name), time_support=self)

    @property
    def loc(self) -> Loc:
        """Rows and columns by label: ``loc[i]``, ``loc[[i, j]]``, ``loc[i, "start"]``, ``loc["start"]``,
        ``loc["name"]``.
        """
        return Loc(self)

    def __len__(self) -> int:
        return self._start.size

    def __iter__(self) -> Iterator[IntervalSet]:
        return (self[row] for row in range(len(self)))

    def __repr__(self) -> str:
        return interval_table(self).text()

    def _repr_html_(self) -> str:
        return interval_table(self).html()

    # ---- selection -------------------------------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self._named(key)
        if isinstance(key, tuple):
            return self._rows_and_columns(key)
        if isinstance(key, list) and key and all(isinstance(name, str) for name in key):
            return self.get_info(key)
        rows = row_positions(key, len(self))
        metadata = self._metadata.take(rows)
        if _strictly_increasing(rows):
            return IntervalSet._trusted(self._start[rows], self._end[rows], metadata)
        epochs = IntervalSet.__new__(IntervalSet)
        epochs._clean(self._start[rows], self._end[rows], metadata)
        return epochs

    def _rows_and_columns(self, key: tuple) -> Any:
        if len(key) > 2:
            msg = f"too many indices for IntervalSet: it is 2-dimensional, got {len(key)} indices."
            raise IndexError(msg)
        if len(key) == 2 and isinstance(key[1], slice) and key[1].indices(2) == (0, 2, 1) and key[0] is not Ellipsis:
            return IntervalSet(self[row_positions(key[0], len(self))])
        return self.values[key]

    def _named(self, name: str) -> Any:
        """`start`, `end`, a metadata column, or the epochs that carry a tag, in this order."""
        if name in BOUNDS:
            return getattr(self, name)
        if name in self._metadata:
            return self.get_info(name)
        rows = tagged_rows(self._metadata, name)
        if not rows.size:
            known = [*BOUNDS, *self._metadata.columns, *tags(self._metadata)]
            msg = f"Unknown string argument {name!r}. Should be in {known}.{did_you_mean(name, known)}"
            raise IndexError(msg)
        return self[rows]

    def keys(self) -> list[str]:
        """Names that ``epochs[name]`` understands: the metadata columns, then the tags.

        Tags are the distinct entries of a column called ``tags`` (a text or a list of texts per epoch) or ``label``,
        in order of appearance; ``epochs["Noise 1"]`` gives the epochs that carry this tag, with their metadata.
        """
        columns = list(self._metadata.columns)
        return columns + [tag for tag in tags(self._metadata) if tag not in columns]

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, str) or key in BOUNDS:
            msg = "IntervalSet is immutable. Starts and ends have been already sorted; build a new IntervalSet instead."
            raise RuntimeError(msg)
        self.set_info({key: value})

    # ---- numpy -----------------------------------------------------------------------------------------------------

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            msg = "Starts and ends are kept apart, so an array of both is always a copy; use `np.asarray(epochs)`."
            raise ValueError(msg)
        return self.values if dtype is None else self.values.astype(dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        warn_user("Converting IntervalSet to numpy.array")
        return getattr(ufunc, method)(*_plain(args), **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        warn_user("Converting IntervalSet to numpy.array")
        return func(*_plain(args), **{name: _plain(value) for name, value in kwargs.items()})

    # ---- set algebra -----------------------------------------------------------------------------------------------

    def union(self, a: IntervalSet) -> IntervalSet:
        """Every instant of this set or of `a`.

        Overlapping epochs are joined; touching ones end up 1 microsecond apart, with a warning. Metadata is dropped,
        with a warning.

        Raises
        ------
        TypeError
            If `a` is no IntervalSet.
        """
        _check_set(a, "union")
        self._warn_dropped("union")
        starts, ends = np.concatenate((self._start, a.start)), np.concatenate((self._end, a.end))
        result = _epochs.clean(starts, ends)
        if _epochs.TOUCHING in result.messages:
            warn_user(_epochs.TOUCHING)
        return IntervalSet._trusted(result.starts, result.ends)

    def intersect(self, a: IntervalSet) -> IntervalSet:
        """Every instant of this set that is also in `a`.

        Pieces have positive length. Each carries the metadata of both epochs it comes from, except for columns that
        both sets have.

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

        Raises
        ------
        TypeError
            If `a` is no IntervalSet.
        """
        _check_set(a, "set_diff")
        starts, ends, row = _epochs.difference(self._start, self._end, a.start, a.end)
        return IntervalSet._trusted(starts, ends, self._metadata.take(row))

    def in_interval(self, tsd: Any) -> FloatArray:
        """Number of the epoch that holds each time of a series, both edges included; NaN outside.

        Parameters
        ----------
        tsd : Ts, Tsd, TsdFrame or TsdTensor

        Returns
        -------
        ndarray of float64, shape (time,)
        """
        return _epochs.epoch_number(_times_of(tsd), self._start, self._end)

    # ---- shape of the epochs ---------------------------------------------------------------------------------------

    def drop_short_intervals(self, threshold: float, time_units: str = "s") -> IntervalSet:
        """Epochs strictly longer than `threshold` (in `time_units`), with their metadata."""
        return self[self._end - self._start > _seconds(threshold, time_units, "threshold")]

    def drop_long_intervals(self, threshold: float, time_units: str = "s") -> IntervalSet:
        """Epochs strictly shorter than `threshold` (in `time_units`), with their metadata."""
        return self[self._end - self._start < _seconds(threshold, time_units, "threshold")]

    def merge_close_intervals(self, threshold: float, time_units: str = "s") -> IntervalSet:
        """Join neighbours that lie at most `threshold` (in `time_units`) apart. Metadata is dropped, with a warning."""
        gap = _seconds(threshold, time_units, "threshold")
        self._warn_dropped("merge_close_intervals")
        return IntervalSet._trusted(*_epochs.merge_close(self._start, self._end, gap))

    def split(self, interval_size: float, time_units: str = "s") -> IntervalSet:
        """Cut epochs into pieces of one size.

        Only epochs strictly longer than `interval_size` are cut, into full pieces; what is left over is dropped. Each
        piece ends 1 microsecond before the next would start, and carries the metadata of its epoch.

        Parameters
        ----------
        interval_size : float
            Size of the pieces, in `time_units`, > 0.
        time_units : {"s", "ms", "us"}

        Raises
        ------
        OSError
            If `interval_size` is no number, or not positive.
        """
        if isinstance(interval_size, bool) or not isinstance(interval_size, Real):
            msg = f"Argument interval_size should be of type float or int, got {type(interval_size).__name__}."
            raise OSError(msg)
        size = float(to_seconds(interval_size, time_units))
        if not size > 0:
            msg = f"Argument interval_size should be strictly larger than 0, got {interval_size}."
            raise OSError(msg)
        starts, ends, row = _epochs.split(self._start, self._end, size)
        return IntervalSet._trusted(starts, ends, self._metadata.take(row))

    def tot_length(self, time_units: str = "s") -> np.float64:
        """Summed length of all epochs, in `time_units`."""
        return from_seconds(_epochs.total(self._start, self._end), time_units, "time_units")

    def time_span(self) -> IntervalSet:
        """One epoch from the first start to the last end. Metadata is dropped, with a warning.

        Raises
        ------
        IndexError
            If there is no epoch.
        """
        if not len(self):
            msg = "An empty IntervalSet spans no time; check `len(epochs)` first."
            raise IndexError(msg)
        self._warn_dropped("time_span")
        return IntervalSet._trusted(self._start[:1], self._end[-1:])

    def get_intervals_center(self, alpha: float = 0.5) -> Ts:
        """A time inside each epoch: ``start + alpha * (end - start)``.

        Parameters
        ----------
        alpha : float
            0 for starts, 0.5 for centres, 1 for ends; clipped to [0, 1].

        Returns
        -------
        Ts
            Its time support is this set.

        Raises
        ------
        RuntimeError
            If `alpha` is not a float.
        """
        from .ts import Ts

        if not isinstance(alpha, float | np.floating):
            msg = f"Parameter alpha should be float type, got {type(alpha).__name__}. Write {alpha}. or float(alpha)."
            raise RuntimeError(msg)
        times = self._start + np.clip(alpha, 0, 1) * (self._end - self._start)
        return Ts(t=times, time_support=self)

    def _warn_dropped(self, method: str) -> None:
        if self._metadata.columns:
            warn_user(f"metadata incompatible with {method} method. dropping metadata from result")

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


def _strictly_increasing(values: np.ndarray) -> bool:
    return bool(np.all(values[1:] > values[:-1]))


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


def _seconds(value: Any, time_units: str, argument: str) -> float:
    check_units(time_units)
    if not isinstance(value, Number | np.number):
        msg = f"{argument} must be a number, got {value!r}."
        raise ValueError(msg)
    return float(to_seconds(value, time_units))


def _plain(args: Any) -> Any:
    """Arguments with every IntervalSet, at any depth of lists and tuples, as an array."""
    if isinstance(args, IntervalSet):
        return args.values
    if isinstance(args, list | tuple):
        return type(args)(_plain(arg) for arg in args)
    return args
