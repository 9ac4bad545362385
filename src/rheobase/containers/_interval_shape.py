"""`AbstractShapes`: epochs made longer or shorter, joined, cut, dropped by their length, and measured."""

from __future__ import annotations

import abc
from numbers import Number, Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .._arrays import epochs as _epochs
from .._errors import did_you_mean
from .._types import FloatArray
from .._units import check_units, from_seconds, to_seconds
from ._interval_bounds import AbstractIntervals
from ._metadata import Metadata
from ._warn import warn_user

if TYPE_CHECKING:
    from .ts import Ts

__all__ = ["AbstractShapes", "check_overlap"]

OVERLAP_MODES = ("merge", "keep")


class AbstractShapes(AbstractIntervals):
    """Closed intervals, and what is made of each by its own bounds or those of its neighbours."""

    @abc.abstractmethod
    def _clean(self, starts: FloatArray, ends: FloatArray, table: Metadata | None) -> None:
        """Clean the bounds with warnings, and keep the metadata that still belongs."""

    @abc.abstractmethod
    def _clean_rows(self, starts: FloatArray, ends: FloatArray, table: Metadata) -> None:
        """Sort the epochs and drop those without duration, each with its metadata."""

    # ---- shape of the epochs ---------------------------------------------------------------------------------------

    def drop_short_intervals(self, threshold: float, time_units: str = "s") -> Self:
        """Epochs strictly longer than `threshold` (in `time_units`), with their metadata."""
        return self[self._end - self._start > _seconds(threshold, time_units, "threshold")]

    def drop_long_intervals(self, threshold: float, time_units: str = "s") -> Self:
        """Epochs strictly shorter than `threshold` (in `time_units`), with their metadata."""
        return self[self._end - self._start < _seconds(threshold, time_units, "threshold")]

    def expand(
        self, before: float, after: float | None = None, time_units: str = "s", *, overlap: str = "keep"
    ) -> Self:
        """Longer epochs: each starts earlier and ends later.

        Parameters
        ----------
        before, after : float
            How much earlier and later, in `time_units`, >= 0; `after` is `before` unless given.
        time_units : {"s", "ms", "us"}
        overlap : {"keep", "merge"}
            Whether epochs that now overlap stay as they are, with their metadata, or become disjoint, as in
            `IntervalSet`.

        Raises
        ------
        ValueError
            If a length is no number >= 0, or `time_units` or `overlap` is unknown.
        """
        return self._moved(1, before, after, time_units, overlap)

    def shrink(
        self, before: float, after: float | None = None, time_units: str = "s", *, overlap: str = "keep"
    ) -> Self:
        """Shorter epochs: each starts later and ends earlier; those of which nothing is left are dropped.

        Parameters
        ----------
        before, after : float
            How much later and earlier, in `time_units`, >= 0; `after` is `before` unless given.
        time_units : {"s", "ms", "us"}
        overlap : {"keep", "merge"}
            Whether epochs that still overlap stay as they are, with their metadata, or become disjoint, as in
            `IntervalSet`.

        Raises
        ------
        ValueError
            If a length is no number >= 0, or `time_units` or `overlap` is unknown.

        Warns
        -----
        UserWarning
            If epochs are dropped.
        """
        return self._moved(-1, before, after, time_units, overlap)

    def _moved(self, sign: int, before: Any, after: Any, time_units: str, overlap: str) -> Self:
        """Epochs that last longer (`sign` 1) or shorter (-1), where something is left of them."""
        before, after = _margins(before, after, time_units)
        check_overlap(overlap)
        starts, ends = self._start - sign * before, self._end + sign * after
        lasting = np.flatnonzero(ends > starts)
        if lasting.size < len(self):
            warn_user(f"{len(self) - lasting.size} epoch(s) are not longer than what is taken away, and are dropped.")
        epochs = type(self).__new__(type(self))
        clean = epochs._clean if overlap == "merge" else epochs._clean_rows
        clean(starts[lasting], ends[lasting], self._metadata.take(lasting, np.arange(lasting.size)))
        return epochs

    def merge_close_intervals(self, threshold: float, time_units: str = "s") -> Self:
        """Join neighbours that lie at most `threshold` (in `time_units`) apart. Metadata is dropped, with a warning."""
        gap = _seconds(threshold, time_units, "threshold")
        self._warn_dropped("merge_close_intervals")
        covered = self._disjoint()
        return self._trusted(*_epochs.merge_close(covered.start, covered.end, gap))

    def split(self, interval_size: float, time_units: str = "s") -> Self:
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
        return self._trusted(starts, ends, self._metadata.take(row))

    def tot_length(self, time_units: str = "s") -> np.float64:
        """Time that the epochs cover, in `time_units`: their summed length, overlaps counted once."""
        covered = self._disjoint()
        return from_seconds(_epochs.total(covered.start, covered.end), time_units, "time_units")

    def time_span(self) -> Self:
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
        return self._trusted(self._start[:1], self._end.max(keepdims=True))

    def get_intervals_center(self, alpha: float = 0.5) -> Ts:
        """A time inside each epoch: ``start + alpha * (end - start)``.

        Parameters
        ----------
        alpha : float
            0 for starts, 0.5 for centres, 1 for ends; clipped to [0, 1].

        Returns
        -------
        Ts
            In order of time; its time support is what this set covers.

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
        return Ts(t=np.sort(times) if self.has_overlap else times, time_support=self)

    def _warn_dropped(self, method: str) -> None:
        if self._metadata.columns:
            warn_user(f"metadata incompatible with {method} method. dropping metadata from result")


def check_overlap(overlap: Any) -> None:
    """Raise ValueError unless this is a way to treat overlaps."""
    if not isinstance(overlap, str) or overlap not in OVERLAP_MODES:
        msg = f'overlap should be "merge" or "keep", got {overlap!r}.{did_you_mean(overlap, OVERLAP_MODES)}'
        raise ValueError(msg)


def _margins(before: Any, after: Any, time_units: str) -> tuple[float, float]:
    """What to add or take away at both sides, s."""
    margins = _seconds(before, time_units, "before"), _seconds(before if after is None else after, time_units, "after")
    for name, margin in zip(("before", "after"), margins):
        if not (np.isfinite(margin) and margin >= 0):
            msg = (
                f"{name} must be a finite number >= 0, got {margin} s. `expand` makes longer, `shrink` shorter epochs."
            )
            raise ValueError(msg)
    return margins


def _seconds(value: Any, time_units: str, argument: str) -> float:
    check_units(time_units)
    if not isinstance(value, Number | np.number):
        msg = f"{argument} must be a number, got {value!r}."
        raise ValueError(msg)
    return float(to_seconds(value, time_units))
