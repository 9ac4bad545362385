"""Opening NWB: HDF5 files on disk, behind a URL or open already, and folders in the Zarr layout."""

from __future__ import annotations

import contextlib
import warnings
import weakref
from pathlib import Path
from typing import Any

from .._errors import kind_of
from .._optional import optional_import
from ._remote import is_url, open_url

__all__ = ["is_zarr", "open_nwb"]

_ZARR_MARKS = (".zgroup", "zarr.json", ".zmetadata")


def open_nwb(source: Any) -> tuple[Any, Any]:
    """Open for reading: what reads, and the `pynwb.NWBFile`.

    Parameters
    ----------
    source : Path, str or h5py.File
        A text is a URL.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError
        If `source` is neither a path nor an open file.
    OSError
        If it is no HDF5 file, or was cut short.
    RuntimeError
        If it is not NWB, or pynwb cannot read it.
    MissingDependencyError
        If a package is missing that a URL or the Zarr layout needs.
    """
    import h5py

    if isinstance(source, h5py.File):
        return _read_hdf5(source, str(source.filename), ours=False)
    if is_url(source):
        return _read_hdf5(_open_hdf5(open_url(source), source), source)
    if not isinstance(source, Path):
        msg = f"file must be a path, a URL, an open pynwb.NWBFile or an open h5py.File, got {kind_of(source)}."
        raise TypeError(msg)
    if not source.exists():
        msg = f"File {source} does not exist."
        raise FileNotFoundError(msg)
    if source.is_dir():
        return _read_zarr(source)
    return _read_hdf5(_open_hdf5(source, source), source)


def is_zarr(path: Path) -> bool:
    """Whether a folder is in the Zarr layout."""
    return path.is_dir() and any((path / mark).exists() for mark in _ZARR_MARKS)


def _open_hdf5(file: Any, label: Path | str) -> Any:
    import h5py

    try:
        return h5py.File(file, "r")
    except (OSError, RuntimeError) as error:  # HDF5 says RuntimeError where a part of the file makes no sense
        msg = f"{label} cannot be read: {_why(label, error)}"
        raise OSError(msg) from error


def _read_hdf5(file: Any, label: Path | str, ours: bool = True) -> tuple[Any, Any]:
    import pynwb

    with contextlib.ExitStack() as on_error:
        if ours:
            on_error.callback(file.close)
        if "nwb_version" not in file.attrs and "nwb_version" not in file:
            msg = f"{label} is an HDF5 file, but not NWB: it has no attribute 'nwb_version'."
            raise RuntimeError(msg)
        with _plain_errors(label):
            io = pynwb.NWBHDF5IO(file=file, mode="r", load_namespaces=True)
            nwb = io.read()
        on_error.pop_all()
    # closed with the last object of the file: lazy samples keep theirs, and through its parents the whole, alive
    if ours:
        weakref.finalize(nwb, file.close)
    return io, nwb


def _read_zarr(path: Path) -> tuple[Any, Any]:
    if not is_zarr(path):
        msg = f"{path} is a folder, and not one in the Zarr layout; load_folder reads folders of files."
        raise RuntimeError(msg)
    hdmf_zarr = optional_import("hdmf_zarr", needed_for="reading NWB in the Zarr layout", install="hdmf-zarr")
    with _plain_errors(path):
        io = hdmf_zarr.NWBZarrIO(str(path), mode="r")
        return io, io.read()


@contextlib.contextmanager
def _plain_errors(label: Path | str) -> Any:
    """What readers raise on files that are damaged, as RuntimeError that names the file."""
    from hdmf.build.errors import BuildError, ConstructError

    with warnings.catch_warnings():
        # who reads a file cannot help that its layout is an older one
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            yield
        except ConstructError as error:
            why = str(error).rpartition("due to: ")[2] or str(error)
            msg = f"{label} is NWB, but pynwb cannot read it: {why[:500]}"
            raise RuntimeError(msg) from error
        except (
            BuildError,
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            AttributeError,
            RuntimeError,
            OSError,
        ) as error:
            msg = f"{label} cannot be read as NWB; it may be damaged. {type(error).__name__}: {str(error)[:500]}"
            raise RuntimeError(msg) from error


def _why(label: Path | str, error: Exception) -> str:
    """What is wrong with a file that HDF5 does not open."""
    size = f"{label.stat().st_size} bytes" if isinstance(label, Path) else "behind a URL"
    text = str(error)
    if "truncated" in text:
        return f"it was cut short ({size} are here); copy or download it again. HDF5 says: {text}."
    if "signature not found" in text:
        return f"it is no HDF5 file, which every NWB file is ({size}). HDF5 says: {text}."
    if "lock" in text:
        return f"another program has it open for writing. HDF5 says: {text}."
    return text
