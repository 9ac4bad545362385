"""NumPy archives (``.npz``) → containers: those written by `obj.save`, by pynapple, and plain ones with the same
names.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from ..containers._save import INFO, INFO_JSON
from ..containers._warn import warn_user

__all__ = ["NPZFile"]

_SAFE_GLOBALS = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
    ("_codecs", "encode"),
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("builtins", "complex"),
    ("builtins", "bytearray"),
    ("builtins", "slice"),
}
"""What a pickle in an archive may ask for: the makings of NumPy arrays, and built-in containers."""

_KEYS_OF_TYPE = (
    ("TsGroup", {"t", "start", "end", "index"}),
    ("TsdFrame", {"t", "d", "start", "end", "columns"}),
    ("Tsd", {"t", "d", "start", "end"}),
    ("Ts", {"t", "start", "end"}),
    ("IntervalSet", {"start", "end"}),
)
"""Arrays that each class needs; an archive without ``type`` is the first whose arrays it has."""


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
        try:
            with zipfile.ZipFile(self.path) as archive:
                names = [Path(name).name if "/" not in name else name for name in archive.namelist()]
        except zipfile.BadZipFile as error:
            msg = f"{self.path} is no NumPy archive, or was cut short ({error}). Was it written by `obj.save`?"
            raise RuntimeError(msg) from error
        self.keys = [name.removesuffix(".npy") for name in names]
        self.type = self._read_type()

    def __repr__(self) -> str:
        return f"NPZFile({self.path.name!r}, type: {self.type})"

    def load(self) -> Any:
        """The container, or the open `numpy.lib.npyio.NpzFile` where the archive holds none.

        Warns
        -----
        UserWarning
            If metadata hold pickled objects other than arrays and built-in containers; these are left out, unread.
        """
        if self.type == "npz":
            return np.load(self.path, allow_pickle=False)
        with zipfile.ZipFile(self.path) as archive:
            arrays = {key: self._read(archive, key) for key in self.keys if key not in ("_metadata", "type")}
            info = self._read_info(archive, arrays)
        return _BUILDERS[self.type](arrays, info)

    def _read_type(self) -> str:
        if "type" in self.keys:
            with zipfile.ZipFile(self.path) as archive:
                kind = str(np.ravel(self._read(archive, "type"))[0])
            return kind if kind in _BUILDERS else "npz"
        known = next((kind for kind, needed in _KEYS_OF_TYPE if needed.issubset(self.keys)), "npz")
        if known != "Tsd":
            return known
        with zipfile.ZipFile(self.path) as archive:
            return {1: "Tsd", 2: "TsdFrame"}.get(self._read(archive, "d").ndim, "TsdTensor")

    def _read(self, archive: zipfile.ZipFile, key: str) -> np.ndarray:
        """One array; object arrays through the restricted unpickler."""
        with archive.open(f"{key}.npy") as member:
            data = member.read()
        stream = io.BytesIO(data)
        version = np.lib.format.read_magic(stream)
        read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in read_header:
            return np.load(io.BytesIO(data), allow_pickle=False)
        shape, _, dtype = read_header[version](stream)
        if not dtype.hasobject:
            return np.load(io.BytesIO(data), allow_pickle=False)
        return np.asarray(_Unpickler(stream).load(), dtype=object).reshape(shape)

    def _read_info(self, archive: zipfile.ZipFile, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Metadata columns in all layouts; what belongs to them is taken out of `arrays`."""
        info: dict[str, Any] = {}
        if "_metadata" in self.keys:
            try:
                info |= self._read(archive, "_metadata").item()
            except pickle.UnpicklingError as error:
                warn_user(f"Metadata of {self.path.name} are left out: {error}")
        for key in list(arrays):
            if key.startswith(INFO_JSON):
                texts = arrays.pop(key)
                column = np.empty(len(texts), dtype=object)
                column[:] = [json.loads(text) for text in texts.tolist()] if len(texts) else []
                info[key.removeprefix(INFO_JSON)] = column
            elif key.startswith(INFO):
                info[key.removeprefix(INFO)] = arrays.pop(key)
        return info


class _Unpickler(pickle.Unpickler):
    """Unpickles NumPy arrays and built-in containers, and refuses all else before it is called."""

    def find_class(self, module: str, name: str) -> Any:
        is_dtype = module == "numpy.dtypes" and name.endswith("DType")
        if (module, name) not in _SAFE_GLOBALS and not is_dtype:
            msg = f"they hold a pickled {module}.{name}; only NumPy arrays and built-in containers are read."
            raise pickle.UnpicklingError(msg)
        return super().find_class(module, name)


def _support(arrays: dict[str, np.ndarray]) -> IntervalSet:
    return IntervalSet(arrays["start"], arrays["end"])


def _ts(arrays: dict, info: dict) -> Ts:
    return Ts(t=arrays["t"], time_support=_support(arrays))


def _tsd(arrays: dict, info: dict) -> Tsd:
    return Tsd(t=arrays["t"], d=arrays["d"], time_support=_support(arrays))


def _tensor(arrays: dict, info: dict) -> TsdTensor:
    return TsdTensor(t=arrays["t"], d=arrays["d"], time_support=_support(arrays))


def _frame(arrays: dict, info: dict) -> TsdFrame:
    columns = arrays.get("columns")
    return TsdFrame(t=arrays["t"], d=arrays["d"], time_support=_support(arrays), columns=columns, metadata=info or None)


def _epochs(arrays: dict, info: dict) -> IntervalSet:
    return IntervalSet(arrays["start"], arrays["end"], metadata=info or None, overlap="keep")


def _group(arrays: dict, info: dict) -> TsGroup:
    """Spikes in order of time, and the key of each, back to unit after unit."""
    unit, times = arrays["index"].astype(np.int64), arrays["t"]
    keys = np.unique(arrays["keys"].astype(np.int64) if "keys" in arrays else unit)
    order = np.lexsort((times, unit))
    offsets = np.searchsorted(unit[order], np.append(keys, np.iinfo(np.int64).max))
    values = arrays["d"][order] if "d" in arrays else None
    used = {"t", "d", "start", "end", "index", "keys"}
    info |= {name: column for name, column in arrays.items() if name not in used and column.shape[:1] == keys.shape}
    group = TsGroup._trusted(times[order], offsets, keys, _support(arrays), None, flat_values=values)
    info.pop("rate", None)
    group.set_info(info)
    return group


_BUILDERS = {
    "Ts": _ts,
    "Tsd": _tsd,
    "TsdTensor": _tensor,
    "TsdFrame": _frame,
    "IntervalSet": _epochs,
    "TsGroup": _group,
}
