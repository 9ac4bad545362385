"""`load_file`: one door for all files; the suffix chooses the reader."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .._errors import did_you_mean
from ..containers._warn import warn_user

__all__ = ["load_file"]


def load_file(path: str | os.PathLike, lazy_loading: bool | None = None, *, raw: bool = False) -> Any:
    """Load a file with time series.

    ========= ===========================================================================================
    suffix    what comes back
    ========= ===========================================================================================
    ``.nwb``  `NWBFile`, a dictionary of what the file holds; nothing is read before it is asked for
    ``.npz``  the container that was written by `obj.save`, here or in pynapple
    ========= ===========================================================================================

    Parameters
    ----------
    path : str or path
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
        If `path` is neither a string nor a path.
    FileNotFoundError
        If there is no such file; the message names a similar one in the same folder.
    RuntimeError
        If the suffix is unknown.

    Examples
    --------
    >>> import rheobase as rb
    >>> data = rb.load_file("recording.nwb")  # doctest: +SKIP
    >>> data["units"]  # doctest: +SKIP
    """
    if not isinstance(path, str | os.PathLike):
        msg = f"path must be a string or a path, got {type(path).__name__}."
        raise TypeError(msg)
    path = Path(path)
    reader = _READERS.get(path.suffix.lower())
    if not path.exists():
        msg = f"File {path} does not exist.{_near(path)}"
        raise FileNotFoundError(msg)
    if reader is None or path.is_dir():
        what = "a folder" if path.is_dir() else f"a file with suffix {path.suffix!r}"
        msg = f"File format not supported: {path.name} is {what}. Known suffixes: {', '.join(_READERS)}."
        raise RuntimeError(msg)
    return reader(path, lazy_loading, raw)


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


def _read_nwb(path: Path, lazy_loading: bool | None, raw: bool) -> Any:
    from .nwb import NWBFile

    return NWBFile(path, lazy_loading=True if lazy_loading is None else lazy_loading, raw=raw)


def _read_npz(path: Path, lazy_loading: bool | None, raw: bool) -> Any:
    from .npz import NPZFile

    if lazy_loading:
        warn_user("Lazy loading is not supported for npz files; loading the whole file.")
    return NPZFile(path).load()


_READERS = {".nwb": _read_nwb, ".npz": _read_npz}
"""Suffix → reader."""
