"""Folds that respect time: whole epochs, whole trials, or blocks of time with a gap around them.

Neighbouring bins share their past, so bins that are shuffled into folds tell a model what it will be asked
(Roberts et al. 2017). Each function here gives a `Folds`, which goes wherever scikit-learn takes ``cv=``:

>>> import numpy as np
>>> from rheobase.scores import blocked
>>> for train, test in blocked(12, n_folds=3, gap=1).split():
...     print(train, test)
[ 5  6  7  8  9 10 11] [0 1 2 3]
[ 0  1  2  9 10 11] [4 5 6 7]
[0 1 2 3 4 5 6] [ 8  9 10 11]
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np

from .._errors import kind_of
from .._types import ArrayLike, BoolArray, FloatArray, IntArray, TimeSeriesLike
from ..containers import IntervalSet, TsGroup

__all__ = ["Folds", "blocked", "by_epoch", "by_trial"]

_NOWHERE = -1
"""Fold of a row that is neither trained on nor tested."""

_SAME_TIME = 1e-9
"""Seconds by which two distances may differ and still be the same."""


class Folds:
    """Which rows to train on and which to test, fold after fold; a cross-validation generator of scikit-learn.

    Parameters
    ----------
    fold_of_row : array_like of int
        Fold in which a row is tested, 0, 1, ...; -1 for rows that are left out altogether. Shape (time,).
    times : array_like, optional
        Time of each row, sorted, in the unit of `gap`; default: its number.
    gap : float
        Rows this close to a test row, or closer, are not trained on.

    Raises
    ------
    ValueError
        If there are fewer than two folds, one is empty or has nothing left to train on, times do not fit, or `gap` is
        negative.

    Examples
    --------
    >>> from rheobase.scores import Folds
    >>> folds = Folds([0, 0, 1, 1, -1])
    >>> list(folds.split())
    [(array([2, 3]), array([0, 1])), (array([0, 1]), array([2, 3]))]
    """

    def __init__(self, fold_of_row: ArrayLike, times: ArrayLike | None = None, gap: float = 0.0) -> None:
        folds = np.asarray(fold_of_row)
        if folds.ndim != 1 or folds.dtype.kind not in "iu" or folds.size == 0 or folds.min() < _NOWHERE:
            msg = f"fold_of_row must hold one integer >= -1 for each row, got shape {folds.shape}, dtype {folds.dtype}."
            raise ValueError(msg)
        self.fold_of_row: IntArray = folds.astype(np.int64)
        self.times: FloatArray = np.arange(len(folds), dtype=np.float64) if times is None else _sorted_times(times)
        if self.times.shape != folds.shape:
            msg = f"times must have one entry for each of {len(folds)} rows, got shape {self.times.shape}."
            raise ValueError(msg)
        self.gap = _check_gap(gap)
        sizes = np.bincount(self.fold_of_row[self.fold_of_row >= 0])
        if len(sizes) < 2 or (sizes == 0).any():
            msg = f"at least 2 folds with a row each are needed, got rows per fold {sizes.tolist()}."
            raise ValueError(msg)
        self.n_folds = len(sizes)
        for fold in range(self.n_folds if self.gap > 0 else 0):
            if not self._train(fold).any():
                msg = f"fold {fold} leaves no row to train on: the gap of {self.gap:g} is too wide for {sizes.sum()} "
                msg += "rows, or there are too few folds."
                raise ValueError(msg)

    def split(self, X: Any = None, y: Any = None, groups: Any = None) -> Iterator[tuple[IntArray, IntArray]]:
        """Give the rows to train on and the rows to test, sorted, fold after fold.

        Parameters
        ----------
        X : optional
            Features; only their number of rows is looked at.
        y, groups
            Not used; scikit-learn hands them over.

        Raises
        ------
        ValueError
            If `X` has another number of rows than these folds.
        """
        n = len(self.fold_of_row) if X is None else _n_rows(X)
        if n != len(self.fold_of_row):
            msg = f"these folds are for {len(self.fold_of_row)} rows, but X has {n}: make folds from the same X."
            raise ValueError(msg)
        for fold in range(self.n_folds):
            yield np.flatnonzero(self._train(fold)), np.flatnonzero(self.fold_of_row == fold)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Number of folds; the arguments are those of scikit-learn and are not used."""
        return self.n_folds

    def __iter__(self) -> Iterator[tuple[IntArray, IntArray]]:
        return self.split()

    def __len__(self) -> int:
        return self.n_folds

    def __repr__(self) -> str:
        return f"Folds({self.n_folds} folds of {len(self.fold_of_row)} rows, gap={self.gap:g})"

    def _train(self, fold: int) -> BoolArray:
        """Rows of other folds, further than the gap from every test row."""
        test = self.fold_of_row == fold
        train = (self.fold_of_row != _NOWHERE) & ~test
        if self.gap > 0:
            step = np.diff(test.astype(np.int8), prepend=0, append=0)
            first, last = np.flatnonzero(step == 1), np.flatnonzero(step == -1) - 1
            reach = self.gap + _SAME_TIME
            near = np.zeros(len(test) + 1, dtype=np.int64)
            np.add.at(near, np.searchsorted(self.times, self.times[first] - reach, side="left"), 1)
            np.add.at(near, np.searchsorted(self.times, self.times[last] + reach, side="right"), -1)
            train &= np.cumsum(near[:-1]) == 0
        return train


def by_epoch(X: Any, epochs: Any = None, n_folds: int | None = None, *, gap: float = 0.0) -> Folds:
    """Folds of whole epochs.

    Parameters
    ----------
    X : series or array_like
        A series with the rows of the design, or their times (s), sorted, shape (time,).
    epochs : IntervalSet, optional
        Disjoint epochs; rows outside all of them are neither trained on nor tested, epochs without rows are passed
        over. Default: the time support of `X`.
    n_folds : int, optional
        Number of folds, >= 2. Epochs go, longest first, to the fold with the fewest rows so far. Default: a fold for
        each epoch.
    gap : float
        Rows this close in time to a test row are not trained on either (s): the memory of history filters.

    Returns
    -------
    Folds

    Raises
    ------
    ValueError
        If there are fewer epochs with rows than folds, or fewer than two, epochs overlap, or times are not sorted.
    TypeError
        If `epochs` are missing for plain times.

    References
    ----------
    :cite:`roberts_2017`

    Examples
    --------
    >>> import rheobase as rb
    >>> from rheobase.scores import by_epoch
    >>> counts = rb.Tsd([0.5, 1.5, 10.5, 20.5], [0, 1, 0, 2], time_support=rb.IntervalSet([0, 10, 20], [2, 11, 21]))
    >>> by_epoch(counts, n_folds=2).fold_of_row
    array([0, 0, 1, 1])
    """
    times = _times_of(X)
    if epochs is None:
        if not isinstance(X, TimeSeriesLike):
            msg = "by_epoch needs epochs (an IntervalSet) when X is an array of times."
            raise TypeError(msg)
        epochs = X.time_support
    starts, ends = np.asarray(epochs.start, dtype=np.float64), np.asarray(epochs.end, dtype=np.float64)
    if (starts[1:] < ends[:-1]).any():
        msg = (
            "epochs overlap, so that a row would be in several folds; use epochs.merge_close_intervals(0) or by_trial."
        )
        raise ValueError(msg)
    if len(starts) == 0:
        msg = "epochs must hold at least two epochs, got none."
        raise ValueError(msg)
    epoch = np.searchsorted(starts, times, side="right") - 1
    epoch[(epoch < 0) | (times > ends[epoch])] = _NOWHERE
    return Folds(_balanced(epoch, n_folds, "epochs"), times, gap)


def by_trial(trials: Any, n_folds: int | None = None, *, gap: float = 0.0) -> Folds:
    """Folds of whole trials, or of any other label that rows share: stimulus, day, lap.

    Parameters
    ----------
    trials : array_like or Tsd
        Label of the trial of each row, shape (time,): integers, strings, or numbers with NaN for rows that belong to
        no trial and are left out.
    n_folds : int, optional
        Number of folds, >= 2. Trials go, longest first, to the fold with the fewest rows so far. Default: a fold for
        each trial.
    gap : float
        Rows this close to a test row are not trained on either; seconds if `trials` is a series, else rows.

    Returns
    -------
    Folds

    Raises
    ------
    ValueError
        If there are fewer trials than folds, or fewer than two.

    References
    ----------
    :cite:`roberts_2017`

    Examples
    --------
    >>> from rheobase.scores import by_trial
    >>> by_trial(["a", "a", "b", "b", "a", "c"], n_folds=2).fold_of_row
    array([0, 0, 1, 1, 0, 1])
    """
    series = isinstance(trials, TimeSeriesLike)
    labels = np.asarray(trials.values if series else trials)
    if labels.ndim != 1 or labels.size == 0:
        msg = f"trials must hold one label for each row, shape (time,), got shape {labels.shape}."
        raise ValueError(msg)
    known = ~np.isnan(labels) if labels.dtype.kind == "f" else np.ones(len(labels), dtype=bool)
    number = np.full(len(labels), _NOWHERE, dtype=np.int64)
    _, first, inverse = np.unique(labels[known], return_index=True, return_inverse=True)
    order = np.empty(len(first), dtype=np.int64)
    order[np.argsort(first)] = np.arange(len(first))  # trials are numbered as they come
    number[known] = order[inverse]
    return Folds(_balanced(number, n_folds, "trials"), _times_of(trials) if series else None, gap)


def blocked(X: Any, n_folds: int = 5, *, gap: float = 0.0, n_blocks: int = 1) -> Folds:
    """Folds of contiguous blocks of time, with a gap on both sides of each test block.

    Parameters
    ----------
    X : int, array_like or series
        Number of rows, or what has them.
    n_folds : int
        Number of folds, >= 2.
    gap : float
        Rows this close to a test row, or closer, are not trained on; seconds for series, rows otherwise. Give it the
        length of the longest window of history, and of what the recording itself remembers.
    n_blocks : int
        Blocks in each fold, >= 1. Blocks of different folds take turns, so that slow drift is in all of them.

    Returns
    -------
    Folds

    Raises
    ------
    ValueError
        If there are fewer rows than blocks, or the gap leaves nothing to train on.

    References
    ----------
    :cite:`roberts_2017`

    Examples
    --------
    >>> from rheobase.scores import blocked
    >>> blocked(8, n_folds=2, n_blocks=2).fold_of_row
    array([0, 0, 1, 1, 0, 0, 1, 1])
    """
    times = None
    if isinstance(X, Integral) and not isinstance(X, bool):
        n_rows = int(X)
    elif isinstance(X, TimeSeriesLike):
        times = _times_of(X)
        n_rows = len(times)
    else:
        n_rows = _n_rows(X)
    n_folds, n_blocks = _check_count(n_folds, "n_folds", 2), _check_count(n_blocks, "n_blocks", 1)
    if n_rows < n_folds * n_blocks:
        msg = f"{n_rows} rows cannot be cut into {n_folds * n_blocks} blocks (n_folds * n_blocks)."
        raise ValueError(msg)
    block = np.arange(n_rows) * (n_folds * n_blocks) // n_rows
    return Folds(block % n_folds, times, gap)


def _balanced(unit: IntArray, n_folds: int | None, what: str) -> IntArray:
    """Fold of each row when whole units (-1 for none) are dealt out, longest first, to the smallest fold."""
    sizes = np.bincount(unit[unit >= 0])
    used = np.flatnonzero(sizes)
    n_folds = len(used) if n_folds is None else _check_count(n_folds, "n_folds", 2)
    if len(used) < max(n_folds, 2):
        msg = f"{len(used)} {what} with rows cannot be dealt out to {max(n_folds, 2)} folds."
        raise ValueError(msg)
    fold_of_unit = np.full(len(sizes) + 1, _NOWHERE, dtype=np.int64)  # the last entry is what -1 picks
    if n_folds == len(used):
        fold_of_unit[used] = np.arange(n_folds)
        return fold_of_unit[unit]
    heap = [(0, fold) for fold in range(n_folds)]
    for one in used[np.argsort(-sizes[used], kind="stable")]:
        filled, fold = heapq.heappop(heap)
        fold_of_unit[one] = fold
        heapq.heappush(heap, (filled + int(sizes[one]), fold))
    return fold_of_unit[unit]


def _n_rows(X: Any) -> int:
    """Number of rows of an array, data frame, series or design."""
    shape = np.shape(X)
    if not shape:
        msg = f"rows are needed to make folds, got {type(X).__name__}."
        raise TypeError(msg)
    return int(shape[0])


def _times_of(X: Any) -> FloatArray:
    if isinstance(X, TsGroup | IntervalSet):
        msg = f"folds are made of rows, got {kind_of(X)}. Count events in bins first: spikes.count(bin_size, ep)."
        raise TypeError(msg)
    return _sorted_times(X.t if isinstance(X, TimeSeriesLike) else X)


def _sorted_times(times: Any) -> FloatArray:
    t = np.asarray(times, dtype=np.float64)
    if t.ndim != 1 or t.size == 0 or not np.isfinite(t).all() or (np.diff(t) < 0).any():
        msg = f"times must be finite and sorted, shape (time,), got {kind_of(times)} of shape {t.shape}."
        raise ValueError(msg)
    return t


def _check_gap(gap: Any) -> float:
    if not (np.isscalar(gap) and np.isfinite(gap) and gap >= 0):
        msg = f"gap must be a number >= 0, got {gap!r}."
        raise ValueError(msg)
    return float(gap)


def _check_count(value: Any, name: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        msg = f"{name} must be an integer, got {value!r}."
        raise TypeError(msg)
    if value < least:
        msg = f"{name} must be at least {least}, got {value}."
        raise ValueError(msg)
    return int(value)
