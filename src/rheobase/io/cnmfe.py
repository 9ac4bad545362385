"""Calcium traces and spatial footprints as CNMF-E (MATLAB), Inscopix and Minian write them."""

from __future__ import annotations

import csv
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from .._optional import optional_import
from ..containers import TsdFrame
from ..containers._warn import warn_user

__all__ = ["read_inscopix", "read_matlab", "read_minian"]

DEFAULT_RATE = 30.0
"""Frames per second where a file does not say."""

_RATES = ("Fs", "fs", "frame_rate", "framerate", "sampling_rate")

_DAMAGE = (
    ValueError,
    TypeError,
    NotImplementedError,
    OSError,
    IndexError,
    KeyError,
    EOFError,
    MemoryError,
    OverflowError,
)
"""What SciPy raises of files that are no MATLAB files, or cut short."""

Found = tuple[np.ndarray | None, TsdFrame, float]


def read_matlab(folder: Path) -> Found:
    """Footprints, traces and frame rate of the ``.mat`` file that CNMF-E's ``save_neurons`` wrote.

    Raises
    ------
    RuntimeError
        If there is no such file, or no variable in it has the traces ``C``.
    """
    for path in sorted(folder.glob("*.mat")):
        fields = _matlab_fields(path)
        if fields is None:
            continue
        C = np.atleast_2d(fields["C"])
        rate = next(
            (float(np.ravel(fields[name])[0]) for name in _RATES if np.size(fields.get(name, ()))), DEFAULT_RATE
        )
        return fields.get("A"), _frame(C.T, rate), rate
    msg = f"{folder} holds no .mat file with traces C, as save_neurons of CNMF-E writes it."
    raise RuntimeError(msg)


def _matlab_fields(path: Path) -> dict[str, np.ndarray] | None:
    """Numbers of the variable that has traces; None if there is none."""
    import h5py
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    if h5py.is_hdf5(path):  # MATLAB 7.3
        with h5py.File(path, "r") as file:
            groups = [file, *(item for item in file.values() if isinstance(item, h5py.Group))]
            group = next((group for group in groups if isinstance(group.get("C"), h5py.Dataset)), None)
            if group is None:
                return None
            fields = {name: _from_hdf5(group.get(name)) for name in ("A", "C", *_RATES)}
            return {name: values for name, values in fields.items() if values is not None}
    try:
        content = loadmat(path, squeeze_me=True, struct_as_record=True)
    except (MatReadError, zlib.error, struct.error, *_DAMAGE) as error:
        msg = f"{path} is no MATLAB file, or damaged ({error})."
        raise RuntimeError(msg) from error
    for variable in (content, *content.values()):
        names = (
            variable.keys() if isinstance(variable, dict) else getattr(getattr(variable, "dtype", None), "names", None)
        )
        if names and "C" in names:
            fields = {name: _dense(variable[name]) for name in ("A", "C", *_RATES) if name in names}
            return {name: values for name, values in fields.items() if values is not None}
    return None


def _from_hdf5(item: Any) -> np.ndarray | None:
    """A matrix of a MATLAB 7.3 file, whose axes lie the other way round; sparse ones are three arrays in a group."""
    import h5py
    from scipy.sparse import csc_matrix

    if isinstance(item, h5py.Dataset):
        return np.asarray(item).T
    if not isinstance(item, h5py.Group) or "MATLAB_sparse" not in item.attrs or "jc" not in item:
        return None
    stops = np.asarray(item["jc"], dtype=np.int64)
    data, rows = (np.asarray(item[name]) if name in item else np.empty(0) for name in ("data", "ir"))
    return csc_matrix(
        (data, rows.astype(np.int64), stops), (int(item.attrs["MATLAB_sparse"]), len(stops) - 1)
    ).toarray()


def _dense(values: Any) -> np.ndarray | None:
    """A field of a MATLAB structure as an array of numbers; None if it is none."""
    values = values.item() if isinstance(values, np.ndarray) and values.dtype == object and values.size == 1 else values
    values = values.toarray() if not isinstance(values, np.ndarray) and hasattr(values, "toarray") else values
    array = np.asarray(values)
    return array if array.dtype.kind in "biuf" else None


def read_inscopix(folder: Path) -> Found:
    """Footprints, traces and frame rate of ``*_traces.csv`` and the ``.tiff`` files beside it.

    Traces of cells that were rejected are left out.

    Raises
    ------
    RuntimeError
        If there is no such file, or it is damaged.
    """
    path = next(iter(sorted(folder.glob("*_traces.csv")) or sorted(folder.glob("*.csv"))), None)
    if path is None:
        msg = f"{folder} holds no *_traces.csv."
        raise RuntimeError(msg)
    with open(path, newline="", encoding="utf-8", errors="replace") as file:
        rows = [row for row in csv.reader(file) if row]
    names = [name.strip() for name in rows[0][1:]] if rows else []
    has_status = len(rows) > 1 and "status" in rows[1][0].lower()
    status = [entry.strip().lower() for entry in rows[1][1:]] if has_status else ["accepted"] * len(names)
    try:
        table = np.array([[float(entry or "nan") for entry in row] for row in rows[1 + has_status :]])
        times, values = table[:, 0], table[:, 1:]
    except (ValueError, IndexError) as error:
        msg = f"{path} holds more than numbers below its header, or nothing ({error})."
        raise RuntimeError(msg) from error
    keep = [k for k, word in enumerate(status) if word != "rejected"]
    step = float(np.median(np.diff(times))) if len(times) > 1 else 1 / DEFAULT_RATE
    frame = TsdFrame(t=times, d=values[:, keep], metadata={"name": [names[k] for k in keep]} if keep else None)
    return _footprints(folder, [names[k] for k in keep]), frame, 1 / step


def _footprints(folder: Path, names: list[str]) -> np.ndarray | None:
    """Images of the cells, shape (cell, height, width); None where they are missing, or cannot be read."""
    files = sorted(folder.glob("*.tif*"))
    if not files:
        return None
    try:
        tifffile = optional_import("tifffile", needed_for="reading spatial footprints")
    except ImportError as error:
        warn_user(f"A is None: {error}")
        return None
    by_name = {name: next((f for f in files if f.stem.endswith(name)), None) for name in names}
    chosen = [file for file in by_name.values() if file is not None]
    return np.array([tifffile.imread(file) for file in (chosen if len(chosen) == len(names) else files)])


def read_minian(folder: Path) -> Found:
    """Footprints, traces and frame rate of the ``minian`` folder (Zarr) of a session.

    Raises
    ------
    RuntimeError
        If there are no traces.
    MissingDependencyError
        If the package zarr is not installed.
    """
    stores = {
        name: next((p for p in (folder / "minian" / f"{name}.zarr", folder / f"{name}.zarr") if p.is_dir()), None)
        for name in "AC"
    }
    if stores["C"] is None:
        msg = f"{folder} holds no minian/C.zarr."
        raise RuntimeError(msg)
    zarr = optional_import("zarr", needed_for="reading the output of Minian")
    C = np.asarray(zarr.open(str(stores["C"]), mode="r")["C"][:])  # (unit, frame)
    A = None if stores["A"] is None else np.asarray(zarr.open(str(stores["A"]), mode="r")["A"][:])
    return A, _frame(C.T, DEFAULT_RATE), DEFAULT_RATE


def _frame(values: np.ndarray, rate: float) -> TsdFrame:
    return TsdFrame(t=np.arange(len(values)) / rate, d=np.ascontiguousarray(values))
