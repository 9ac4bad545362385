"""`to_nwb`: containers into an NWB file, from which `load_file` makes equal ones."""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import did_you_mean, kind_of
from .._manners import progress_bar
from .._optional import optional_import
from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from ._nwb_layout import is_note
from ._nwb_write import Writer

__all__ = ["replaced", "to_nwb"]

_KINDS = (Ts, Tsd, TsdFrame, TsdTensor, TsGroup, IntervalSet)
_MODES = ("x", "w", "a")
_NAMES = {"TsGroup": "units", "IntervalSet": "epochs"}
_UNKNOWN_START = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def to_nwb(
    objects: Mapping[str, Any] | Any,
    path: str | os.PathLike,
    *,
    name: str | None = None,
    mode: str = "x",
    session_description: str = "Time series written by rheobase",
    identifier: str | None = None,
    session_start_time: datetime.datetime | None = None,
    module: str = "time_series",
    compression: str | None = None,
    description: Mapping[str, str] | str | None = None,
    progress: bool | None = None,
    **session: Any,
) -> Path:
    """Write containers to an NWB file.

    `load_file` on the result gives equal objects under the same names: values, times, time support, column labels,
    metadata and unit. The file is plain NWB: groups are units tables, epochs are intervals, signals are TimeSeries
    in ``/processing/<module>``. It appears under its name only when it is complete; if writing fails, what was there
    before is untouched.

    Parameters
    ----------
    objects : Ts, Tsd, TsdFrame, TsdTensor, TsGroup, IntervalSet, or a mapping of names to them
        Lazy samples are copied block by block, as they are stored, with their conversion factor.
    path : str or path
        ``.nwb`` is appended where it is missing.
    name : str, optional
        Name of a single object. Defaults to ``units`` for a group, ``epochs`` for an IntervalSet, and the name of the
        class in lower case for others.
    mode : {"x", "w", "a"}
        "x": a new file; "w": replace one that is there; "a": add to it (a copy is made first, so that there is always
        one whole file), or make it.
    session_description, identifier, session_start_time, **session
        As `pynwb.NWBFile` takes them, for a new file. `identifier` defaults to a random one, `session_start_time` to
        1 January 1970, which says that it is not known.
    module : str
        Processing module for signals and events.
    compression : str, optional
        Such as ``"gzip"``, for samples and spike times; none by default.
    description : str, or mapping of names to str, optional
        What to say of a single object, or of each; `NWBFile.description` reads it.
    progress : bool, optional
        Whether to show a progress bar; by default where writing takes more than a second and a terminal shows it.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    TypeError
        If an object is no container, its values are not real numbers, `path` is no path, or a description is no text.
    ValueError
        If a name is empty, has a slash, or stands in the file already; `mode` is unknown; or a description is for no
        object, or says what the file format keeps for itself.
    FileExistsError
        If there is such a file and `mode` is "x".
    FileNotFoundError
        If its folder does not exist.

    Examples
    --------
    >>> import rheobase as rb
    >>> from rheobase.io import to_nwb
    >>> trials = rb.IntervalSet([0, 2], [1, 3], metadata={"choice": ["left", "right"]})
    >>> to_nwb({"trials": trials}, "session.nwb")  # doctest: +SKIP
    >>> rb.load_file("session.nwb")["trials"].choice  # doctest: +SKIP
    """
    pynwb: Any = optional_import("pynwb", needed_for="writing NWB files")
    named = _named(objects, name)
    texts = _texts(description, named)
    target = _target(path, mode)
    new = mode != "a" or not target.exists()
    start = _UNKNOWN_START if session_start_time is None else session_start_time
    about = {"session_description": session_description, "session_start_time": start, **session}
    with (
        replaced(target, copy=not new) as temporary,
        _bar(named, progress) as bar,
        pynwb.NWBHDF5IO(temporary, "w" if new else "r+", load_namespaces=not new) as io,
    ):
        nwb = pynwb.NWBFile(identifier=identifier or str(uuid.uuid4()), **about) if new else _read(io)
        _check_names(named, nwb, target)
        writer = Writer(nwb, module, compression, bar)
        for key, obj in named.items():
            writer.add(key, obj, texts.get(key))
        io.write(nwb)
    return target


def _read(io: Any) -> Any:
    with warnings.catch_warnings():  # who adds to a file cannot help that its layout is an older one
        warnings.simplefilter("ignore", DeprecationWarning)
        return io.read()


def _named(objects: Any, name: str | None) -> dict[str, Any]:
    """Names and objects, checked."""
    if isinstance(objects, _KINDS):
        named = {_NAMES.get(objects.nap_class, objects.nap_class.lower()) if name is None else name: objects}
    elif isinstance(objects, Mapping):
        if name is not None:
            msg = "name is for a single object; in a mapping the keys are the names."
            raise ValueError(msg)
        named = {key: objects[key] for key in objects}
    else:
        msg = f"objects must be a container or a mapping of names to containers, got {kind_of(objects)}."
        raise TypeError(msg)
    if not named:
        msg = "objects is empty: there is nothing to write. Give a container, or a mapping of names to containers."
        raise ValueError(msg)
    for key, obj in named.items():
        if not isinstance(obj, _KINDS):
            msg = f"object {key!r} is of type {kind_of(obj)}; NWB takes {', '.join(kind.__name__ for kind in _KINDS)}."
            raise TypeError(msg)
        if not isinstance(key, str) or not key or "/" in key or ":" in key or key in (".", ".."):
            msg = f"names of objects must be texts without '/' and ':', got {key!r}."
            raise ValueError(msg)
    return named


def _texts(description: Any, named: dict[str, Any]) -> dict[str, str]:
    """Descriptions by name, checked; empty ones are left out."""
    if isinstance(description, str):
        if len(named) > 1:
            msg = f"description is one text for {len(named)} objects; give a mapping of names to texts."
            raise ValueError(msg)
        description = dict.fromkeys(named, description)
    if description is not None and not isinstance(description, Mapping):
        msg = f"description must be a text or a mapping of names to texts, got {kind_of(description)}."
        raise TypeError(msg)
    texts = {key: text for key, text in (description or {}).items() if text}
    for key, text in texts.items():
        if key not in named:
            msg = f"description names {key!r}, which is no object; there are {list(named)}.{did_you_mean(key, named)}"
            raise ValueError(msg)
        if not isinstance(text, str):
            msg = f"description of {key!r} must be a text, got {kind_of(text)}."
            raise TypeError(msg)
        if is_note(text):
            msg = f"description of {key!r} is one that rheobase itself writes ({text!r}); say it in other words."
            raise ValueError(msg)
    return texts


def _target(path: Any, mode: str) -> Path:
    if not isinstance(path, str | os.PathLike):
        msg = f"path must be a string or a path, got {type(path).__name__}."
        raise TypeError(msg)
    if mode not in _MODES:
        msg = f"mode must be one of {_MODES}, got {mode!r}.{did_you_mean(mode, _MODES)}"
        raise ValueError(msg)
    target = Path(path)
    target = target if target.suffix == ".nwb" else target.with_name(target.name + ".nwb")
    if not target.parent.is_dir():
        msg = f"Folder {target.parent} does not exist; make it first."
        raise FileNotFoundError(msg)
    if mode == "x" and target.exists():
        msg = f"{target} exists. Use mode='a' to add to it, or mode='w' to replace it."
        raise FileExistsError(msg)
    return target


@contextlib.contextmanager
def replaced(target: Path, copy: bool = True) -> Iterator[Path]:
    """A file beside `target` (a copy of it, or empty), which takes its place at the end, or goes if something fails."""
    handle, temporary = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=".nwb", dir=target.parent)
    os.close(handle)
    try:
        if copy:
            shutil.copyfile(target, temporary)
            shutil.copymode(target, temporary)
        else:
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(temporary, 0o666 & ~mask)
        yield Path(temporary)
        os.replace(temporary, target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


@contextlib.contextmanager
def _bar(named: dict[str, Any], progress: bool | None) -> Iterator[Any]:
    """A function of the bytes written, which moves a progress bar."""
    total = sum(_size(obj) for obj in named.values())
    hidden = None if progress is None else not progress
    options = {"unit": "B", "unit_scale": True, "desc": "Writing NWB", "delay": 0.0 if progress else 1.0}
    with progress_bar()(total=total, disable=hidden, **options) as bar:
        yield bar.update


def _size(obj: Any) -> int:
    values = obj._values if isinstance(obj, TsGroup) else None if isinstance(obj, Ts | IntervalSet) else obj.values
    return 0 if values is None else int(np.prod(values.shape)) * np.dtype(values.dtype).itemsize


def _check_names(named: dict[str, Any], nwb: Any, target: Path) -> None:
    """Refuse names that stand in the file already, or would stand there twice."""
    there = {obj.name for obj in nwb.objects.values()}
    helpers = {f"{key}_{what}" for key in named for what in ("time_support", "columns")}
    clash = sorted((named.keys() & there) | (named.keys() & helpers))
    if clash:
        msg = f"{target.name} has, or would get, objects called {clash} twice; choose other names."
        raise ValueError(msg)
