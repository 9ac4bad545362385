"""Features that stay in a file: rows are read block by block, used and forgotten."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from .._types import BoolArray
from ._blockwise import AbstractBlockwise
from ._convolved import _epochs
from ._core import bucket

__all__ = ["Chunked", "aligned"]

_MOST_BYTES = 1 << 28
"""Largest block of features that is made so that a chunk of a file is read once (256 MB)."""


class Chunked(AbstractBlockwise):
    """Features in a file, or in anything that can be sliced, of which a few rows at a time are in memory.

    Parameters
    ----------
    source : array-like
        Shape (time, feature) or (time,), real: a NumPy memory map, an HDF5 or zarr dataset, the values of a series that
        was loaded lazily; anything with ``shape``, ``dtype`` and slices of rows.
    first, last : array-like of int, optional
        Rows to use, as half-open ranges (epochs), sorted and disjoint; they become the rows of the design, one range
        after the other. Default: all.

    Raises
    ------
    TypeError
        If `source` has no shape or dtype, or does not hold real numbers.
    ValueError
        If it has other than one or two dimensions, or ranges do not fit.

    Notes
    -----
    Blocks are made of whole chunks of the file where it has any. Every pass of a fit reads the file once: see
    `docs/how_to_fit_big_data.md` for how many that are, and when it pays to load the data instead. Integers are known
    to be finite; other types are read once more, to find rows with NaN or infinity.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.design import Chunked
    >>> Chunked(np.zeros((10_000, 3), dtype=np.int16), first=[0, 5_000], last=[1_000, 6_000])
    Chunked(2,000 rows x 3 features, 0 rows masked)
    """

    def __init__(self, source: Any, *, first=None, last=None):
        shape, dtype = _check_source(source)
        self.source = source
        self.first, self.last = _epochs(first, last, shape[0])
        stops = np.cumsum(self.last - self.first)
        self._stops, self._starts = stops, stops - (self.last - self.first)
        self.n_samples = int(stops[-1]) if stops.size else 0
        self.n_features = shape[1] if len(shape) == 2 else 1
        self.n_rows = bucket(self.n_samples)
        self._always_finite = dtype.kind in "biu"
        chunks = getattr(source, "chunks", None)  # of HDF5 and zarr
        self.chunk_rows = int(chunks[0]) if isinstance(chunks, tuple) and isinstance(chunks[0], int) else 1

    @property
    def block_rows(self):
        """Rows that are read at a time: about 16 MB of features, in whole chunks of the file."""
        return aligned(super().block_rows, self.chunk_rows, 8 * self.n_features)

    @cached_property
    def row_mask(self) -> BoolArray:
        """Shape (n_rows,), True where the row may be used; found when it is first asked for."""
        if not self._always_finite:
            return self.finite_rows()
        mask = np.zeros(self.n_rows, dtype=bool)
        mask[: self.n_samples] = True
        return mask

    def take(self, start, stop):
        out = np.empty((stop - start, self.n_features))
        some = np.flatnonzero((self._starts < stop) & (self._stops > start) & (self._stops > self._starts))
        for run in some:  # one read for each epoch in the block
            low, high = max(start, self._starts[run]), min(stop, self._stops[run])
            begin = int(self.first[run] + low - self._starts[run])
            rows = np.asarray(self.source[begin : begin + int(high - low)])
            out[low - start : high - start] = rows if rows.ndim == 2 else rows[:, None]
        return out


def aligned(rows: int, chunk: int, row_bytes: int) -> int:
    """Number of rows near `rows` that is whole chunks, so that no chunk is read twice, unless chunks are huge."""
    if chunk <= rows:
        return rows - rows % chunk
    return chunk if chunk * row_bytes <= _MOST_BYTES else rows


def _check_source(source: Any) -> tuple[tuple[int, ...], np.dtype]:
    shape, dtype = getattr(source, "shape", None), getattr(source, "dtype", None)
    if shape is None or dtype is None:
        msg = (
            f"source must have a shape, a dtype and slices of rows (a memory map, an HDF5 or zarr dataset), got "
            f"{type(source).__name__}."
        )
        raise TypeError(msg)
    if len(shape) not in (1, 2):
        msg = f"source must have shape (time, feature) or (time,), got {tuple(shape)}."
        raise ValueError(msg)
    if np.dtype(dtype).kind not in "biuf":
        msg = f"source must hold real numbers, got dtype {dtype}."
        raise TypeError(msg)
    return tuple(int(n) for n in shape), np.dtype(dtype)
