"""Containers as NumPy archives (``.npz``): what `obj.save(filename)` writes; `rheobase.io.npz` reads it.

Each archive holds ``type`` (the name of the class), ``start`` and ``end`` (the time support) and plain arrays; the
names are pynapple's, which reads archives without metadata. Metadata columns are arrays called ``_metadata.<name>``,
and those that are no plain arrays (lists of tags, say) are JSON texts called ``_metadata_json.<name>``. Nothing is
pickled.
"""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from .._arrays.events import time_order
from .._arrays.merge_units import merge_units
from .._errors import did_you_mean
from ._metadata import Metadata
from ._warn import warn_user

__all__ = ["save", "to_arrays"]

INFO = "_metadata."
INFO_JSON = "_metadata_json."


def save(obj: Any, filename: str | os.PathLike) -> None:
    """Write a container to a NumPy archive.

    Parameters
    ----------
    obj : Ts, Tsd, TsdFrame, TsdTensor, TsGroup or IntervalSet
    filename : str or path
        ``.npz`` is appended where it is missing.

    Raises
    ------
    TypeError
        If `filename` is no path.
    RuntimeError
        If the folder does not exist, or `filename` is a folder.
    """
    path = npz_path(filename)
    arrays = to_arrays(obj)
    with zipfile.ZipFile(path, "w", allowZip64=True) as archive:  # np.savez would pickle what it cannot write
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def npz_path(filename: str | os.PathLike) -> Path:
    """`filename` with the suffix ``.npz``, in a folder that exists. Raises as `save`."""
    if not isinstance(filename, str | os.PathLike):
        msg = f"Invalid type for filename: give a string or a path, got {type(filename).__name__}."
        raise TypeError(msg)
    path = Path(filename)
    if path.is_dir():
        msg = f"Invalid filename input. {path} is directory; give the name of a file in it."
        raise RuntimeError(msg)
    folder = path.parent
    if not folder.exists():
        near = did_you_mean(folder.name, (f.name for f in folder.parent.iterdir())) if folder.parent.is_dir() else ""
        msg = f"Path {folder} does not exist; make the folder first.{near}"
        raise RuntimeError(msg)
    return path if path.suffix == ".npz" else path.with_name(path.name + ".npz")


def to_arrays(obj: Any) -> dict[str, np.ndarray]:
    """The arrays, by name, that an archive of `obj` holds."""
    kind = obj.nap_class
    support = obj if kind == "IntervalSet" else obj.time_support
    arrays = {"type": np.array([kind]), "start": np.array(support.start), "end": np.array(support.end)}
    if kind == "TsGroup":
        arrays |= _group_arrays(obj)
    elif kind != "IntervalSet":
        arrays["t"] = np.asarray(obj.t)
        if kind != "Ts":
            arrays["d"] = np.asarray(obj.values)
            arrays |= {"unit": np.array([obj._value_unit])} if obj._value_unit else {}
    if kind == "TsdFrame":
        arrays["columns"] = _plain(np.asarray(obj.columns), "column labels")
    if kind in ("IntervalSet", "TsdFrame", "TsGroup"):
        arrays |= _info_arrays(obj._metadata, leave_out=obj._protected_info)
    return arrays


def _group_arrays(group: Any) -> dict[str, np.ndarray]:
    """All spikes in order of time, and the key of the unit of each."""
    times, keys = merge_units(group._times, group._offsets, group._keys)
    arrays = {"t": times, "index": keys, "keys": np.asarray(group._keys)}
    if group._values is not None:
        arrays["d"] = np.asarray(group._values)[time_order(group._times)]
    return arrays


def _info_arrays(metadata: Metadata, leave_out: tuple[str, ...]) -> dict[str, np.ndarray]:
    arrays = {}
    for name, values in metadata.columns.items():
        if name in leave_out:
            continue
        if values.dtype != object:
            arrays[INFO + name] = values
            continue
        try:
            arrays[INFO_JSON + name] = np.array([json.dumps(_builtin(value)) for value in values])
        except TypeError:
            warn_user(f"Metadata column {name!r} holds more than numbers, texts and lists; it is not saved.")
    return arrays


def _builtin(value: Any) -> Any:
    """NumPy values inside lists as Python ones, which JSON knows."""
    if isinstance(value, np.ndarray | np.generic):
        return _builtin(value.tolist())
    if isinstance(value, list | tuple):
        return [_builtin(item) for item in value]
    if isinstance(value, bytes):
        return value.decode()
    return value


def _plain(labels: np.ndarray, what: str) -> np.ndarray:
    """Labels as numbers or text."""
    if labels.dtype != object:
        return labels
    if not all(isinstance(label, str) for label in labels.tolist()):
        warn_user(f"The {what} are of several types; they are saved as text.")
    return labels.astype(str)
