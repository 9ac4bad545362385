"""`AbstractIntervals`: starts and ends side by side, and how epochs are picked from them."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .._arrays import epochs as _epochs
from .._errors import did_you_mean
from .._types import FloatArray, IntArray
from ._interval_select import BOUNDS, Loc, row_positions, tagged_rows, tags
from ._metadata import AbstractWithMetadata, Metadata
from ._repr import interval_table
from ._warn import warn_converting, warn_user

if TYPE_CHECKING:
    from .ts import Ts

__all__ = ["AbstractIntervals", "strictly_increasing"]


class AbstractIntervals(AbstractWithMetadata, np.lib.mixins.NDArrayOperatorsMixin):
    """Closed intervals of positive length, sorted by start and then by end, with metadata."""

    __hash__ = None  # type: ignore[assignment]
    __array_priority__ = 100

    _start: FloatArray
    _end: FloatArray
    _overlaps: bool | None = None
    _covered: Self | None = None

    def _store(self, starts: FloatArray, ends: FloatArray, metadata: Metadata | None) -> None:
        """Hold clean bounds as read-only views."""
        for name, bounds in (("_start", starts), ("_end", ends)):
            view = np.ascontiguousarray(bounds, dtype=np.float64).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)
        self._metadata = Metadata(np.arange(len(starts))) if metadata is None else metadata

    @classmethod
    def _trusted(cls, starts: FloatArray, ends: FloatArray, metadata: Metadata | None = None) -> Self:
        """Epochs from bounds that are known to be sorted and of positive length: no check, no warning, no copy.

        Rows of `metadata` are renumbered from 0.
        """
        epochs = cls.__new__(cls)
        if metadata is not None:
            metadata = Metadata._trusted(np.arange(len(starts)), metadata.columns)
        epochs._store(starts, ends, metadata)
        return epochs

    def _take_rows(self, positions: IntArray) -> Self:
        return self[positions]

    @abc.abstractmethod
    def _take_disordered(self, rows: IntArray) -> Self:
        """Epochs at `rows`, which do not ascend."""

    def _disjoint(self) -> Self:
        """The same time as disjoint epochs: this very object, unless epochs overlap; found once."""
        if not self.has_overlap:
            return self
        if self._covered is None:
            self._covered = type(self)._trusted(*_epochs.union([(self._start, self._end)]))
        return self._covered

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
    def has_overlap(self) -> bool:
        """Whether an instant belongs to several epochs (an end that is the next start is such an instant).

        Only sets made with ``overlap="keep"`` can have some.
        """
        if self._overlaps is None:
            self._overlaps = len(self) > 1 and _epochs.overlap(self._start, self._end)
        return self._overlaps

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

    def __iter__(self) -> Iterator[Self]:
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
        if strictly_increasing(rows):
            return self._trusted(self._start[rows], self._end[rows], self._metadata.take(rows))
        return self._take_disordered(rows)

    def _rows_and_columns(self, key: tuple) -> Any:
        if len(key) > 2:
            msg = f"too many indices for IntervalSet: it is 2-dimensional, got {len(key)} indices."
            raise IndexError(msg)
        if len(key) == 2 and isinstance(key[1], slice) and key[1].indices(2) == (0, 2, 1) and key[0] is not Ellipsis:
            rows = self[row_positions(key[0], len(self))]
            return self._trusted(rows.start, rows.end)
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
        warn_converting()
        return getattr(ufunc, method)(*_plain(args), **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        warn_converting()
        return func(*_plain(args), **{name: _plain(value) for name, value in kwargs.items()})


def strictly_increasing(values: np.ndarray) -> bool:
    """Whether each value is larger than the one before."""
    return bool(np.all(values[1:] > values[:-1]))


def _plain(args: Any) -> Any:
    """Arguments with every IntervalSet, at any depth of lists and tuples, as an array."""
    if isinstance(args, AbstractIntervals):
        return args.values
    if isinstance(args, list | tuple):
        return type(args)(_plain(arg) for arg in args)
    return args
