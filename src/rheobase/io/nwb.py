"""NWB files → containers: `NWBFile` finds what a file holds, and builds an object when it is asked for.

What becomes what is decided in `_nwb_build`; here are the names, the cache and the open file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from .._errors import did_you_mean
from .._manners import PublicNames
from .._optional import optional_import
from ..containers._repr import Table
from ..containers._warn import warn_user
from ._nwb_build import BuildError, build, kind_of, unit_of
from ._nwb_open import open_nwb
from ._remote import is_url, name_of

if TYPE_CHECKING:
    import h5py
    import pynwb

__all__ = ["NWBFile"]

_SECTIONS = (
    "acquisition",
    "stimulus",
    "stimulus_template",
    "processing",
    "intervals",
    "analysis",
    "scratch",
    "lab_meta_data",
)
"""Parts of a file whose name tells objects of one name apart."""


class NWBFile(PublicNames, Mapping):
    """What an NWB file holds, as a dictionary of time series, groups of units and epochs.

    Objects are built on first access and kept. Spike times, timestamps and tables are read then; samples stay in the
    file until they are used, and come out in their unit (`conversion` and `offset` applied).

    A key is the name of an object, with the names of its parents before it where two have one name
    (``"behavior/speed"``); full paths (``"/behavior/Position/xy"``) are understood too.

    Parameters
    ----------
    file : str, path, pynwb.NWBFile or h5py.File
        A file, a URL (``https://…``, ``s3://…``; only what is used is transferred), a folder in the Zarr layout, or
        what is open already.
    lazy_loading : bool
        Whether samples stay in the file until they are used.
    raw : bool
        Leave samples as they are stored, without conversion factor and offset.

    Attributes
    ----------
    nwb : pynwb.NWBFile
        The open file, for all that has no time axis.
    io : pynwb.NWBHDF5IO or None
        What reads it; None where an open `pynwb.NWBFile` was given.
    path : Path, str or None
        Where it is: a URL stays text. None where something open was given.
    name : str

    Raises
    ------
    MissingDependencyError
        If a URL or the Zarr layout needs a package that is not installed.
    FileNotFoundError
        If there is no such file.
    OSError
        If the file is no HDF5 file, or was cut short.
    RuntimeError
        If it is an HDF5 file, but not NWB.

    Examples
    --------
    >>> from rheobase.io import NWBFile
    >>> with NWBFile("recording.nwb") as data:  # doctest: +SKIP
    ...     spikes = data["units"]
    """

    def __init__(
        self, file: str | os.PathLike | pynwb.NWBFile | h5py.File, lazy_loading: bool = True, *, raw: bool = False
    ) -> None:
        pynwb = optional_import("pynwb", needed_for="reading NWB files")
        self.path: Path | str | None = None
        if isinstance(file, pynwb.NWBFile):
            self.io, self.nwb, self.name = None, file, str(file.identifier)
        elif isinstance(file, str | os.PathLike):
            self.path = file if is_url(file) else Path(file)
            self.io, self.nwb = open_nwb(self.path)
            self.name = Path(name_of(file) if is_url(file) else file).stem
        else:
            self.io, self.nwb = open_nwb(file)
            self.name = Path(str(file.filename)).stem
        self._lazy_loading = lazy_loading
        self._raw = raw
        self._closed = False
        self._objects = {key: (obj, kind) for key, obj, kind in _named(self.nwb)}
        self._paths = _aliases(self.nwb, self._objects)
        self._built: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        """The object called `key`, built on first access.

        Raises
        ------
        KeyError
            If the file holds no such object.
        ValueError
            If the file has been closed before the object was built.

        Warns
        -----
        UserWarning
            If the object cannot be built; the pynwb object is returned instead.
        """
        name = self._resolve(key)
        if name not in self._built:
            self._check_open()
            obj, kind = self._objects[name]
            try:
                self._built[name] = build(obj, kind, lazy=self._lazy_loading, raw=self._raw)
            except (BuildError, ValueError, TypeError, KeyError, IndexError) as error:
                warn_user(f"Failed to build {kind} {name!r}: {error} Returning the NWB object for manual inspection.")
                self._built[name] = obj
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._objects)

    def __len__(self) -> int:
        return len(self._objects)

    def __contains__(self, key: object) -> bool:
        return key in self._objects or key in self._paths

    def keys(self) -> list[str]:
        """Names of all objects."""
        return list(self._objects)

    def values(self) -> list[Any]:
        """Objects that have been built, and for the others their kind and identifier; nothing is built."""
        return [self._built.get(key, {"id": obj.object_id, "type": kind}) for key, (obj, kind) in self._objects.items()]

    def items(self) -> list[tuple[str, Any]]:
        """Names, with what `values` gives."""
        return list(zip(self.keys(), self.values(), strict=True))

    def unit(self, key: str) -> str | None:
        """Unit of the samples of an object, as the file states it; None where it has none.

        Raises
        ------
        KeyError
            If the file holds no such object.
        """
        return unit_of(self._objects[self._resolve(key)][0])

    def description(self, key: str) -> str:
        """What the file says of an object.

        Raises
        ------
        KeyError
            If the file holds no such object.
        """
        return str(self._objects[self._resolve(key)][0].description or "")

    def close(self) -> None:
        """Close the file. What has been read stays; lazy samples can no longer be read."""
        if self.io is not None:
            self.io.close()
            self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _table(self) -> Table:
        rows = [[key, kind, unit_of(obj) or ""] for key, (obj, kind) in self._objects.items()]
        return Table(["Keys", "Type", "Unit"], rows, "", [False, False, False], title=self.name)

    def __repr__(self) -> str:
        return f"{self.name}\n{self._table().text()}"

    def _repr_html_(self) -> str:
        return self._table().html()

    def _resolve(self, key: str) -> str:
        if key in self._objects:
            return key
        if key in self._paths:
            return self._paths[key]
        msg = f"Can't find key {key!r} in {self.name}. It holds {self.keys()}.{did_you_mean(key, self.keys())}"
        raise KeyError(msg)

    def _check_open(self) -> None:
        if self._closed:
            msg = f"{self.path} has been closed; open it again with load_file({str(self.path)!r})."
            raise ValueError(msg)


def _parents(obj: Any) -> list[str]:
    """Names of an object and its parents within the file, outermost first."""
    names = []
    while obj is not None and obj.name != "root":
        names.append(obj.name)
        obj = obj.parent
    return names[::-1]


def _section(nwb: Any, obj: Any) -> str:
    """Part of the file in which an object lies, or an empty string."""
    while obj.parent is not None and obj.parent is not nwb:
        obj = obj.parent
    for section in _SECTIONS:
        if any(child is obj for child in (getattr(nwb, section, None) or {}).values()):
            return section
    return "intervals" if obj.neurodata_type == "TimeIntervals" else ""


def _named(nwb: Any) -> list[tuple[str, Any, str]]:
    """Key, object and kind of all that can be built, in the order of the file.

    A key is the shortest end of the path that no other object has. Of two objects with the same path (say, a series
    and a table of epochs that are both called ``ripples``), the last one keeps it, and the others get the section of
    the file in front.
    """
    found = [(obj, kind, _parents(obj)) for obj in nwb.objects.values() if (kind := kind_of(obj))]
    last = {tuple(path): id(obj) for obj, _, path in found}
    paths = [path if last[tuple(path)] == id(obj) else [_section(nwb, obj), *path] for obj, _, path in found]
    depth = [_depth(number, paths) for number in range(len(paths))]
    # at the place of the first of equal paths, where a dictionary that overwrites would have it
    first: dict[tuple[str, ...], int] = {}
    for k, (_, _, path) in enumerate(found):
        first.setdefault(tuple(path), k)
    order = sorted(range(len(found)), key=lambda k: (first[tuple(found[k][2])], -k))
    return [("/".join(paths[k][-depth[k] :]), found[k][0], found[k][1]) for k in order]


def _depth(number: int, paths: list[list[str]]) -> int:
    """How many names, from the end of a path, tell it from all others."""
    path = paths[number]
    others = [other for k, other in enumerate(paths) if k != number]
    for n in range(1, len(path)):
        if not any(other[-n:] == path[-n:] and len(other) >= n for other in others):
            return n
    return len(path)


def _aliases(nwb: Any, objects: dict[str, tuple[Any, str]]) -> dict[str, str]:
    """Full path → key: as the parents are called, and as the groups of the file are."""
    paths = {}
    for key, (obj, _) in objects.items():
        inner = "/".join(_parents(obj))
        section = _section(nwb, obj)
        for path in (f"{section}/{inner}" if section else inner, inner):
            paths.setdefault(path, key)
            paths.setdefault(f"/{path}", key)
    return paths
