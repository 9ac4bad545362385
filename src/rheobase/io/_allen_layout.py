"""HDF5 files in the layout of the Allen Institute's recordings, read as plain arrays without building NWB objects.

Nothing of a file is read before it is asked for, no object of the NWB schema is built (files carry types of an
extension that stock pynwb does not know, and a table of units with waveforms would be read whole), and no file stays
open between two reads.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .._types import IntArray
from ._nwb_open import _open_hdf5

__all__ = ["as_text", "field", "offsets_of", "opened", "read_table", "read_values", "text_list"]


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The file, open for reading; closed at the end of the block.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OSError
        If it is no HDF5 file, or was cut short.
    """
    if not path.exists():
        msg = f"File {path} does not exist."
        raise FileNotFoundError(msg)
    with _open_hdf5(path, path) as file:
        yield file


def as_text(value: Any) -> str:
    """A text as HDF5 gives it: str, bytes, or an array that holds one."""
    if isinstance(value, np.ndarray):
        value = value.reshape(-1)[0] if value.size else ""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def field(group: Any, name: str, default: Any = None) -> Any:
    """Attribute or dataset `name` of a group (extensions have stored the same field as either), or `default`."""
    if group is None:
        return default
    if name in group.attrs:
        found = group.attrs[name]
    elif name in group:
        found = read_values(group[name])
    else:
        return default
    if isinstance(found, np.ndarray) and found.ndim == 0:
        found = found[()]
    return as_text(found) if isinstance(found, bytes) else found


def read_values(dataset: Any) -> np.ndarray:
    """All of a dataset; texts as str, in an array of objects."""
    import h5py

    if h5py.check_string_dtype(dataset.dtype) is not None:
        return np.asarray(dataset.asstr()[()], dtype=object)
    return np.asarray(dataset[()])


def offsets_of(index: Any) -> IntArray:
    """Offsets of a ragged column, shape (row + 1,), from the ends that NWB stores."""
    return np.concatenate(([0], np.asarray(index[()], dtype=np.int64)))


def text_list(values: Any) -> list[str]:
    """A flat list of texts."""
    return [as_text(value) for value in np.ravel(values)]


def read_table(group: Any, leave_out: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Columns of a DynamicTable, ``id`` first; ragged ones as lists, references left out.

    Parameters
    ----------
    group : h5py.Group
    leave_out : tuple of str
        Columns that are not read.

    Returns
    -------
    dict of str to ndarray
        Shape (row,) or (row, ...); a ragged column holds one list per row.
    """
    listed = text_list(group.attrs["colnames"]) if "colnames" in group.attrs else []
    names = [name for name in listed if name in group] or _columns_there(group)
    table = {"id": np.asarray(group["id"][()], dtype=np.int64)} if "id" in group else {}
    for name in names:
        if name not in leave_out and name != "id":
            column = _read_column(group, name)
            if column is not None:
                table[name] = column
    return table


def _columns_there(group: Any) -> list[str]:
    """Columns of a table that does not list them."""
    return [name for name in group if not (name.endswith("_index") and name.removesuffix("_index") in group)]


def _read_column(group: Any, name: str) -> np.ndarray | None:
    import h5py

    column = group[name]
    if column.dtype.kind == "V" or h5py.check_ref_dtype(column.dtype) is not None:
        return None
    values = read_values(column)
    if f"{name}_index" not in group:
        return values
    offsets = offsets_of(group[f"{name}_index"])
    ragged = np.empty(offsets.size - 1, dtype=object)
    for row in range(ragged.size):
        ragged[row] = values[offsets[row] : offsets[row + 1]].tolist()
    return ragged
