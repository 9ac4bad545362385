"""`load_file`: one door for all files; the suffix chooses the reader."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._errors import did_you_mean, kind_of
from ..containers._warn import warn_user
from ._nwb_open import is_zarr
from ._remote import is_url, name_of

if TYPE_CHECKING:
    import h5py
    import pynwb

__all__ = ["load_file"]


def load_file(
    path: str | os.PathLike | pynwb.NWBFile | h5py.File, lazy_loading: bool | None = None, *, raw: bool = False
) -> Any:
    """Load a file with time series.

    ========= ===========================================================================================
    suffix    what comes back
    ========= ===========================================================================================
    ``.nwb``  `NWBFile`, a dictionary of what the file holds; nothing is read before it is asked for
    ``.zarr`` the same, of NWB in the Zarr layout (a folder, with any suffix)
    ``.npz``  the container that was written by `obj.save`, here or in pynapple
    ========= ===========================================================================================

    Parameters
    ----------
    path : str, path, pynwb.NWBFile or h5py.File
        A file; the URL of an NWB file (``https://…``, ``s3://…``), of which only what is used is transferred; or an
        NWB file that is open already.
    lazy_loading : bool, optional
        Whether samples stay in the file until they are used. Defaults to True for NWB; archives are always loaded.
    raw : bool
        Leave the samples of an NWB file as they are stored, without conversion factor and offset.

    Returns
    -------
    NWBFile, or a container

    Raises
    ------
    TypeError
        If `path` is neither a path nor an open file.
    FileNotFoundError
        If there is no such file; the message names a similar one in the same folder.
    RuntimeError
        If the suffix is unknown.
    MissingDependencyError
        If a URL or the Zarr layout needs a package that is not installed.

    Examples
    --------
    >>> import rheobase as rb
    >>> data = rb.load_file("recording.nwb")  # doctest: +SKIP
    >>> data["units"]  # doctest: +SKIP
    """
    if is_url(path):
        if name_of(path).lower().endswith(".npz"):
            msg = f"File format not supported: archives are not read from URLs; download {path} first."
            raise RuntimeError(msg)
        return _read_nwb(path, lazy_loading, raw)
    if _is_open_file(path):
        return _read_nwb(path, lazy_loading, raw)
    if not isinstance(path, str | os.PathLike):
        msg = f"path must be a string or a path, or an open pynwb.NWBFile or h5py.File, got {kind_of(path)}."
        raise TypeError(msg)
    path = Path(path)
    if not path.exists():
        msg = f"File {path} does not exist.{_near(path)}"
        raise FileNotFoundError(msg)
    if is_zarr(path):
        return _read_nwb(path, lazy_loading, raw)
    reader = _READERS.get(path.suffix.lower())
    if reader is None or path.is_dir():
        what = "a folder; try load_folder" if path.is_dir() else f"a file with suffix {path.suffix!r}"
        msg = f"File format not supported: {path.name} is {what}. Known suffixes: {', '.join(_READERS)}, .zarr."
        raise RuntimeError(msg)
    return reader(path, lazy_loading, raw)


def _is_open_file(obj: Any) -> bool:
    """Whether `obj` is an open file of a library that is loaded, as it must be where there is such an object."""
    known = (("pynwb", "NWBFile"), ("h5py", "File"))
    return any(isinstance(obj, getattr(sys.modules[name], kind)) for name, kind in known if name in sys.modules)


def _near(path: Path) -> str:
    """A hint at a similar name in the same folder."""
    if not path.parent.is_dir():
        return f" Its folder {path.parent} does not exist either."
    names = sorted(entry.name for entry in path.parent.iterdir())
    known = [name for name in names if Path(name).suffix.lower() in _READERS]
    hint = did_you_mean(path.name, known)
    if not hint and known:
        hint = f" The folder holds {', '.join(known[:5])}{', ...' if len(known) > 5 else ''}."
    return hint


def _read_nwb(path: Any, lazy_loading: bool | None, raw: bool) -> Any:
    from .nwb import NWBFile

    return NWBFile(path, lazy_loading=True if lazy_loading is None else lazy_loading, raw=raw)


def _read_npz(path: Path, lazy_loading: bool | None, raw: bool) -> Any:
    from .npz import NPZFile

    if lazy_loading:
        warn_user("Lazy loading is not supported for npz files; loading the whole file.")
    return NPZFile(path).load()


_READERS = {".nwb": _read_nwb, ".npz": _read_npz}
"""Suffix → reader."""
