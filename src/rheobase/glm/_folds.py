"""Rows to train on and rows to test, from what the user gave as `cv`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .._errors import kind_of
from .._types import IntArray

__all__ = ["read_folds"]

Fold = tuple[IntArray, IntArray]


def read_folds(cv: Any, X: Any, n_rows: int) -> Iterator[Fold]:
    """Folds of `n_rows` rows.

    Parameters
    ----------
    cv
        Number of contiguous blocks, an object with scikit-learn's ``split``, or pairs (train, test) of row numbers.
    X
        The features, for ``split``.
    n_rows
        How many rows there are.

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If there are fewer than two folds, a fold is empty, its parts overlap or name rows that do not exist.
    """
    folds = list(_folds(cv, X, n_rows))
    if len(folds) < 2:
        msg = f"cv must give at least 2 folds, got {len(folds)}."
        raise ValueError(msg)
    for number, (train, test) in enumerate(folds):
        if train.size == 0 or test.size == 0:
            msg = f"fold {number} of cv has {train.size} rows to train on and {test.size} to test; both need some."
            raise ValueError(msg)
        if min(train.min(), test.min()) < 0 or max(train.max(), test.max()) >= n_rows:
            msg = f"fold {number} of cv names rows beyond the {n_rows} of X."
            raise ValueError(msg)
        if np.intersect1d(train, test).size:
            msg = f"fold {number} of cv tests rows that it was trained on."
            raise ValueError(msg)
        yield train, test


def _folds(cv: Any, X: Any, n_rows: int) -> Iterator[Fold]:
    if isinstance(cv, int | np.integer) and not isinstance(cv, bool):
        if not 2 <= cv <= n_rows:
            msg = f"cv must be a number of folds from 2 to {n_rows} (the rows of X), got {cv}."
            raise ValueError(msg)
        rows = np.arange(n_rows)
        for test in np.array_split(rows, cv):
            yield np.setdiff1d(rows, test, assume_unique=True), test
        return
    split = getattr(cv, "split", None)
    pairs = split(np.empty((n_rows, 0)) if X is None else X) if callable(split) and not isinstance(cv, str) else cv
    if not isinstance(pairs, Iterable) or isinstance(pairs, str):
        msg = f"cv must be a number of folds, pairs (train, test) of rows, or have a method split, got {kind_of(cv)}."
        raise TypeError(msg)
    for train, test in pairs:
        yield _numbers(train), _numbers(test)


def _numbers(rows: Any) -> IntArray:
    array = np.asarray(rows)
    return np.flatnonzero(array) if array.dtype == bool else array.astype(np.int64)
