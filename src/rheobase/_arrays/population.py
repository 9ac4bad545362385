"""Population activity, block of time by block of time: counts (or signals) of all units, summed over sliding windows.

What decodes a population multiplies every row of activity with a table of tuning curves. Counts are held in the
smallest integers that fit and made float64 one block at a time, so that a product of a block stays in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .._types import FloatArray, IntArray

__all__ = ["Activity", "column_ids", "undecided", "window_bounds"]

CELLS = 1 << 18
"""Numbers in one block (2 MB), whichever is larger: rows by units, or rows by bins."""


class Activity:
    """Rows of activity as float64, in blocks, each row the sum over its window if there is one.

    Parameters
    ----------
    values
        Shape (time, unit), any real dtype.
    window
        Rows ``low[i]:high[i]`` that row i sums over, both ascending; see `window_bounds`.
    """

    def __init__(self, values: np.ndarray, window: tuple[IntArray, IntArray] | None = None) -> None:
        self.values, self.window = values, window
        self.shape = values.shape

    def slices(self, width: int) -> Iterator[slice]:
        """Blocks of rows for products with tables of `width` columns."""
        rows = max(64, CELLS // max(width, self.shape[1], 1))
        if self.window is not None and self.shape[0]:  # the rows around a block should not outnumber its own
            rows = max(rows, 2 * int((self.window[1] - self.window[0]).max()))
        for begin in range(0, self.shape[0], rows):
            yield slice(begin, min(begin + rows, self.shape[0]))

    def block(self, rows: slice) -> FloatArray:
        """Activity of a block of rows, float64, shape (time, unit), laid out in memory as it is."""
        if self.window is None:
            return self.values[rows].astype(np.float64)
        low, high = self.window[0][rows], self.window[1][rows]
        begin = int(low[0])
        sums = np.zeros((self.shape[1], int(high[-1]) - begin + 1))
        # sums of whole numbers are exact, so differences of running sums are, too
        np.cumsum(self.values[begin : int(high[-1])].T, axis=1, out=sums[:, 1:])
        return (_columns(sums, high - begin) - _columns(sums, low - begin)).T

    def take(self, rows: IntArray) -> FloatArray:
        """Activity of some rows, float64, shape (time, unit), row after row in memory."""
        if self.window is None:
            return self.values[rows].astype(np.float64, order="C")
        parts = [self.values[a:b].sum(axis=0) for a, b in zip(self.window[0][rows], self.window[1][rows])]
        return np.array(parts, dtype=np.float64).reshape(rows.size, self.shape[1])


def _columns(table: FloatArray, index: IntArray) -> FloatArray:
    """Columns of a table: a view where they follow each other."""
    if np.all(index[1:] - index[:-1] == 1):
        return table[:, int(index[0]) : int(index[-1]) + 1]
    return table.take(index, axis=1)


def window_bounds(sizes: IntArray, window: int) -> tuple[IntArray, IntArray]:
    """Rows that a centred window of `window` rows covers, cut at the edges of each epoch.

    Parameters
    ----------
    sizes
        Number of rows of each epoch.
    window
        Length; an even one reaches one row further back than ahead.

    Returns
    -------
    low, high
        Row i sums over rows ``low[i]:high[i]``; shape (time,).
    """
    ends = np.cumsum(sizes)
    row = np.arange(int(ends[-1]) if ends.size else 0)
    ahead = (window - 1) // 2
    low = np.maximum(row - (window - 1 - ahead), np.repeat(ends - sizes, sizes))
    return low, np.minimum(row + ahead + 1, np.repeat(ends, sizes))


def column_ids(table: FloatArray) -> IntArray:
    """A number for each column of a table, the same for columns that are identical."""
    rows = np.ascontiguousarray(table.T)
    keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).reshape(-1)
    return np.unique(keys, return_inverse=True)[1].reshape(-1)


def undecided(near: np.ndarray, ids: IntArray) -> IntArray:
    """Rows of a mask of candidates that hold several that differ, given the `column_ids`."""
    rows = np.flatnonzero(np.count_nonzero(near, axis=1) > 1)
    if rows.size == 0:
        return rows
    candidates = np.where(near[rows], ids, -1)
    lowest = np.where(near[rows], ids, ids.size).min(axis=1)
    return rows[candidates.max(axis=1) > lowest]
