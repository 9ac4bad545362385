"""NumPy archives (``.npz``) → containers: those written by `obj.save`, by pynapple, and plain ones with the same
names.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from ..containers._save import INFO, INFO_JSON
from ..containers._warn import warn_user
from ._arrays_in import UnsafePickleError, read_npy

__all__ = ["NPZFile"]

_KEYS_OF_TYPE = (
    ("TsGroup", {"t", "start", "end", "index"}),
    ("TsdFrame", {"t", "d", "start", "end", "columns"}),
    ("Tsd", {"t", "d", "start", "end"}),
    ("Ts", {"t", "start", "end"}),
    ("IntervalSet", {"start", "end"}),
)
"""Arrays that each class needs; an archive without ``type`` is the first whose arrays it has."""

_DAMAGE = (
    zipfile.BadZipFile,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    OSError,
    RuntimeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What zip and NumPy raise on files that are damaged."""


MAX_RATIO = 1100
"""How many times smaller than its content zip's own method can make a file, at most."""


class NPZFile:
    """A NumPy archive that holds one container.

    Parameters
    ----------
    path : str or path

    Attributes
    ----------
    path : Path
    name : str
        File name without suffix.
    type : str
        Class of the container, or ``"npz"`` for any other archive.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    RuntimeError
        If it is no NumPy archive.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        self.name = self.path.stem
        with self._open() as archive:
            names = [Path(name).name if "/" not in name else name for name in archive.namelist()]
        self.keys = [name.removesuffix(".npy") for name in names]
        self.type = self._read_type()

    def __repr__(self) -> str:
        return f"NPZFile({self.path.name!r}, type: {self.type})"

    def load(self) -> Any:
        """The container, or the open `numpy.lib.npyio.NpzFile` where the archive holds none.

        Raises
        ------
        RuntimeError
            If the archive is damaged, or its arrays do not make up a container.

        Warns
        -----
        UserWarning
            If metadata hold pickled objects other than arrays and built-in containers; these are left out, unread.
        """
        if self.type == "npz":
            return np.load(self.path, allow_pickle=False)
        with self._open() as archive:
            arrays = {key: self._read(archive, key) for key in self.keys if key not in ("_metadata", "type")}
            info = self._read_info(archive, arrays)
        try:
            return _BUILDERS[self.type](arrays, info)
        except (ValueError, TypeError, KeyError, IndexError, AssertionError, RuntimeError, OverflowError) as error:
            reason = f"it lacks the array {error}" if isinstance(error, KeyError) else str(error)
            msg = f"{self.path} does not hold a whole {self.type}: {reason}"
            raise RuntimeError(msg) from error

    def _read_type(self) -> str:
        if "type" in self.keys:
            with self._open() as archive:
                kind = str(next(iter(np.ravel(self._read(archive, "type"))), ""))
            return kind if kind in _BUILDERS else "npz"
        known = next((kind for kind, needed in _KEYS_OF_TYPE if needed.issubset(self.keys)), "npz")
        if known != "Tsd":
            return known
        with self._open() as archive:
            return {1: "Tsd", 2: "TsdFrame"}.get(self._read(archive, "d").ndim, "TsdTensor")

    @contextlib.contextmanager
    def _open(self) -> Iterator[zipfile.ZipFile]:
        """The archive; whatever zip finds wrong with it as RuntimeError that names the file."""
        try:
            archive = zipfile.ZipFile(self.path)
        except FileNotFoundError:
            raise
        except _DAMAGE as error:
            msg = f"{self.path} is no NumPy archive, or was cut short ({error}). Was it written by `obj.save`?"
            raise RuntimeError(msg) from error
        with archive:
            yield archive

    def _read(self, archive: zipfile.ZipFile, key: str) -> np.ndarray:
        """One array; of object arrays only what is safe."""
        try:
            member = archive.getinfo(f"{key}.npy")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                msg = "it is compressed in a way that NumPy does not use."
                raise ValueError(msg)
            most = MAX_RATIO * min(member.compress_size, self.path.stat().st_size)
            with archive.open(member) as stream:
                return read_npy(stream, min(member.file_size, most))
        except UnsafePickleError:
            raise
        except _DAMAGE as error:
            msg = f"{self.path} is damaged: array {key!r} cannot be read ({type(error).__name__}: {error})"
            raise RuntimeError(msg) from error

    def _read_info(self, archive: zipfile.ZipFile, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Metadata columns in all layouts; what belongs to them is taken out of `arrays`."""
        info: dict[str, Any] = {}
        if "_metadata" in self.keys:
            try:
                info |= _as_columns(self._read(archive, "_metadata"))
            except (UnsafePickleError, ValueError) as error:
                warn_user(f"Metadata of {self.path.name} are left out: {error}")
        for key in list(arrays):
            if key.startswith(INFO_JSON):
                texts = arrays.pop(key)
                column = np.empty(len(texts), dtype=object)
                column[:] = self._from_json(key, texts)
                info[key.removeprefix(INFO_JSON)] = column
            elif key.startswith(INFO):
                info[key.removeprefix(INFO)] = arrays.pop(key)
        return info

    def _from_json(self, key: str, texts: np.ndarray) -> list:
        try:
            return [json.loads(text) for text in texts.tolist()]
        except (ValueError, TypeError, RecursionError) as error:
            msg = f"{self.path} is damaged: metadata {key.removeprefix(INFO_JSON)!r} cannot be read ({error})"
            raise RuntimeError(msg) from error


def _as_columns(array: np.ndarray) -> dict[str, Any]:
    columns = array.item() if array.size == 1 else None
    if not isinstance(columns, dict):
        msg = "they are no dictionary of columns."
        raise ValueError(msg)
    return columns


def _support(arrays: dict[str, np.ndarray]) -> IntervalSet:
    return IntervalSet(arrays["start"], arrays["end"])


def _unit(arrays: dict[str, np.ndarray]) -> str | None:
    """Unit of the values, where one was saved."""
    return str(arrays["unit"].reshape(-1)[0]) if arrays.get("unit") is not None and arrays["unit"].size else None


def _ts(arrays: dict, info: dict) -> Ts:
    return Ts(t=arrays["t"], time_support=_support(arrays))


def _tsd(arrays: dict, info: dict) -> Tsd:
    return Tsd(t=arrays["t"], d=arrays["d"], time_support=_support(arrays), unit=_unit(arrays))


def _tensor(arrays: dict, info: dict) -> TsdTensor:
    return TsdTensor(t=arrays["t"], d=arrays["d"], time_support=_support(arrays), unit=_unit(arrays))


def _frame(arrays: dict, info: dict) -> TsdFrame:
    given = {"columns": arrays.get("columns"), "metadata": info or None, "unit": _unit(arrays)}
    return TsdFrame(t=arrays["t"], d=arrays["d"], time_support=_support(arrays), **given)


def _epochs(arrays: dict, info: dict) -> IntervalSet:
    return IntervalSet(arrays["start"], arrays["end"], metadata=info or None, overlap="keep")


def _group(arrays: dict, info: dict) -> TsGroup:
    """Spikes in order of time, and the key of each, back to unit after unit."""
    unit = arrays.pop("index").astype(np.int64, copy=False)
    keys = np.unique(arrays["keys"].astype(np.int64) if "keys" in arrays else unit)
    order = _by_unit(np.searchsorted(keys, unit).astype(np.uint16 if keys.size < 1 << 16 else np.int64), arrays["t"])
    offsets = np.searchsorted(unit, np.append(keys, np.iinfo(np.int64).max), sorter=order)
    del unit
    times = arrays.pop("t")[order]
    values = arrays["d"][order] if "d" in arrays else None
    del order
    used = {"t", "d", "start", "end", "index", "keys"}
    info |= {name: column for name, column in arrays.items() if name not in used and column.shape[:1] == keys.shape}
    group = TsGroup._trusted(times, offsets, keys, _support(arrays), None, flat_values=values)
    info.pop("rate", None)
    group.set_info(info)
    return group


def _by_unit(unit: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Positions that sort by unit, then by time."""
    in_order = unit.shape == times.shape and bool(np.all(times[1:] >= times[:-1]))
    return np.argsort(unit, kind="stable") if in_order else np.lexsort((times, unit))


_BUILDERS = {
    "Ts": _ts,
    "Tsd": _tsd,
    "TsdTensor": _tensor,
    "TsdFrame": _frame,
    "IntervalSet": _epochs,
    "TsGroup": _group,
}
