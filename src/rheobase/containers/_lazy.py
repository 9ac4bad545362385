"""`LazyArray`: an array that stays on disk until part of it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

import numpy as np

from .._types import IntArray

__all__ = ["LazyArray"]

MERGE_BYTES = 4096
"""Rows that lie closer together than this many bytes are read in one go, with what lies between."""


class LazyArray(np.lib.mixins.NDArrayOperatorsMixin):
    """Samples in a file, read when they are indexed, and scaled on the way to physical units.

    Indexing follows NumPy: integers, slices, boolean masks, integer arrays in any order and with repeats, on any axis.
    What comes back is a NumPy array. Only the part that is asked for is read; scattered rows are read in runs.

    Parameters
    ----------
    source : array_like
        An HDF5 or zarr dataset, a memory map or an array: anything with `shape` and `dtype` that can be sliced.
    conversion : float or array_like
        Factor from stored numbers to `unit`; an array has one factor per item of the second axis (channels).
    offset : float
        Added after `conversion`, in `unit`.
    unit : str, optional
        Unit of the values that indexing gives.
    owner : object, optional
        Kept alive as long as this array, so that whatever holds the file open is not collected.

    Attributes
    ----------
    shape : tuple of int
    ndim, size : int
    dtype : numpy.dtype
        Type of the values: that of `source`, or float64 where a conversion or offset is applied.
    unit : str or None
    bytes_read : int
        Bytes read from `source` so far.

    Raises
    ------
    ValueError
        If `conversion` has another length than the second axis; on reading, if the file has been closed.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.containers._lazy import LazyArray
    >>> stored = np.array([0, 10, 20], dtype=np.int16)
    >>> current = LazyArray(stored, conversion=1e-12, unit="A")
    >>> current[1:]
    array([1.e-11, 2.e-11])
    >>> current.bytes_read
    4
    """

    def __init__(
        self, source: Any, conversion: Any = 1.0, offset: float = 0.0, unit: str | None = None, owner: Any = None
    ) -> None:
        self._source, self._owner = source, owner
        self.shape: tuple[int, ...] = tuple(int(n) for n in source.shape)
        self._factor = np.asarray(conversion, dtype=np.float64)
        self._offset = float(offset)
        if self._factor.ndim and (self.ndim < 2 or self._factor.shape != self.shape[1:2]):
            msg = f"conversion has shape {self._factor.shape}, expected one factor per channel of data {self.shape}."
            raise ValueError(msg)
        if self._factor.ndim and np.all(self._factor == self._factor.flat[0]):
            self._factor = self._factor.flat[0]
        self._scaled = bool(np.any(self._factor != 1.0)) or self._offset != 0.0
        self.dtype = np.dtype(np.float64) if self._scaled else np.dtype(source.dtype)
        self.unit = unit
        self.bytes_read = 0

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of samples."""
        return int(np.prod(self.shape))

    @property
    def nbytes(self) -> int:
        """Bytes that all values take in memory."""
        return self.size * self.dtype.itemsize

    @property
    def raw(self) -> LazyArray:
        """The same data as they are stored, without conversion and offset."""
        return LazyArray(self._source, owner=self._owner)

    def __len__(self) -> int:
        if not self.shape:
            msg = "a LazyArray without axes has no length"
            raise TypeError(msg)
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return iter(self[:])

    def __repr__(self) -> str:
        unit = f", unit={self.unit!r}" if self.unit else ""
        return f"LazyArray(shape={self.shape}, dtype={self.dtype}{unit})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            msg = "a LazyArray has to be read, which makes a copy; use np.asarray(lazy)."
            raise ValueError(msg)
        values = self[...]
        return values if dtype is None else values.astype(dtype, copy=False)

    def astype(self, dtype: Any, copy: bool = True) -> np.ndarray:
        """All values, read, as a NumPy array of another type; as `numpy.ndarray.astype`."""
        return np.asarray(self).astype(dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        args = tuple(np.asarray(arg) if isinstance(arg, LazyArray) else arg for arg in args)
        return getattr(ufunc, method)(*args, **kwargs)

    def __reduce__(self) -> NoReturn:
        msg = "data that lie in a file cannot be pickled or copied; load them first with np.asarray(lazy)."
        raise TypeError(msg)

    def __getitem__(self, key: Any) -> Any:
        picks = _plan(key, self.shape)
        axes = [pick for pick in picks if pick.length is not None]
        block = self._read([pick.stored for pick in axes])
        if self._scaled:
            factor = self._factor[axes[1].stored] if self._factor.ndim else self._factor
            factor = factor.reshape((-1,) + (1,) * (block.ndim - 2)) if self._factor.ndim else factor
            block = block.astype(np.float64) * factor
            block += self._offset
        return block[tuple(pick.within for pick in picks)]

    def _read(self, stored: list[slice | IntArray]) -> np.ndarray:
        """Stored numbers at sorted rows (a slice or an array) and slices of the other axes."""
        if not stored:
            return self._fetch(())
        rows, rest = stored[0], tuple(stored[1:])
        if isinstance(rows, slice):
            return self._fetch((rows, *rest))
        parts = [self._fetch((slice(first, last + 1), *rest))[inside] for first, last, inside in self._runs(rows)]
        if not parts:
            return self._fetch((slice(0, 0), *rest))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _runs(self, rows: IntArray) -> Iterator[tuple[int, int, IntArray]]:
        """Runs of sorted rows that are worth one read each: first row, last row, and rows counted from the first."""
        row_bytes = max(int(np.prod(self.shape[1:])) * np.dtype(self._source.dtype).itemsize, 1)
        cuts = np.flatnonzero(np.diff(rows) * row_bytes > max(MERGE_BYTES, row_bytes)) + 1
        for run in np.split(rows, cuts) if rows.size else ():
            yield int(run[0]), int(run[-1]), run - run[0]

    def _fetch(self, key: tuple) -> np.ndarray:
        if _is_closed(self._source):
            msg = (
                "the file that holds these data has been closed. Open it again with load_file, "
                "or load the data before closing it (lazy_loading=False, or np.asarray(values))."
            )
            raise ValueError(msg)
        block = np.asarray(self._source[key])
        self.bytes_read += block.nbytes
        return block


def _is_closed(source: Any) -> bool:
    """Whether `source` is a dataset of an HDF5 file that is no longer open."""
    h5py = sys.modules.get("h5py")  # a dataset cannot exist before its package is loaded
    return h5py is not None and isinstance(source, h5py.Dataset) and not source


class _Pick(NamedTuple):
    """How one item of a key is read.

    `stored` is what to read of the axis (an ascending slice, or sorted rows without repeats), `within` what to take of
    that, and `length` that of the axis, None for a new axis that has nothing to read.
    """

    stored: slice | IntArray
    within: Any
    length: int | None


def _plan(key: Any, shape: tuple[int, ...]) -> list[_Pick]:
    """One `_Pick` per axis and per new axis.

    Raises
    ------
    IndexError
        If the key has too many items, points outside, or is of a type that cannot index.
    """
    items = _expand(key if isinstance(key, tuple) else (key,), len(shape))
    picks = []
    axis = 0
    for item in items:
        if item is None:
            picks.append(_Pick(slice(None), None, None))
            continue
        picks.append(_pick(item, shape[axis], axis))
        axis += 1
    return picks


def _expand(items: tuple, ndim: int) -> list:
    """Key items with masks as integer arrays, and the ellipsis, or what is missing, as full slices."""
    plain: list = []
    for item in items:
        if item is not None and item is not Ellipsis and not isinstance(item, slice | int | np.integer):
            array = np.asarray(item)
            if array.size == 0 and array.dtype != bool:
                array = array.astype(np.int64)
            if array.dtype.kind not in "biu":
                msg = f"arrays used as indices must be of integer or boolean type, got {array.dtype}."
                raise IndexError(msg)
            plain.extend([array] if array.dtype != bool else _mask_positions(array))
        else:
            plain.append(item)
    used = sum(item is not None and item is not Ellipsis for item in plain)
    if used > ndim or sum(item is Ellipsis for item in plain) > 1:
        msg = f"too many indices for an array with {ndim} axes: {used}."
        raise IndexError(msg)
    if not any(item is Ellipsis for item in plain):
        plain.append(Ellipsis)
    at = next(k for k, item in enumerate(plain) if item is Ellipsis)
    return plain[:at] + [slice(None)] * (ndim - used) + plain[at + 1 :]


class _Mask(np.ndarray):
    """Positions that came from a boolean mask, which must have had the length of the axis."""

    mask_length: int


def _mask_positions(mask: np.ndarray) -> list[np.ndarray]:
    positions = []
    for axis, where in enumerate(mask.nonzero()):
        view = where.view(_Mask)
        view.mask_length = mask.shape[axis]
        positions.append(view)
    return positions


def _pick(item: Any, length: int, axis: int) -> _Pick:
    """Plan for one axis."""
    if isinstance(item, slice):
        start, stop, step = item.indices(length)
        count = len(range(start, stop, step))
        if step > 0 or not count:
            return _Pick(
                slice(start, start + max(count - 1, 0) * step + (count > 0), max(step, 1)), slice(None), length
            )
        last = start + (count - 1) * step
        return _Pick(slice(last, start + 1, -step), slice(None, None, -1), length)
    if isinstance(item, _Mask) and item.mask_length != length:
        msg = f"boolean index did not match: axis {axis} has length {length}, the mask {item.mask_length}."
        raise IndexError(msg)
    wanted = np.asarray(item)
    outside = wanted[(wanted < -length) | (wanted >= length)]
    if outside.size:
        msg = f"index {outside.flat[0]} is out of bounds for axis {axis} with size {length}."
        raise IndexError(msg)
    wanted = np.where(wanted < 0, wanted + length, wanted)
    if wanted.ndim == 0:
        return _Pick(slice(int(wanted), int(wanted) + 1), 0, length)
    if axis > 0:  # few columns: read the span that holds them
        first, stop = (int(wanted.min()), int(wanted.max()) + 1) if wanted.size else (0, 0)
        return _Pick(slice(first, stop), wanted - first, length)
    rows, within = np.unique(wanted, return_inverse=True)
    return _Pick(rows, within.reshape(wanted.shape), length)
