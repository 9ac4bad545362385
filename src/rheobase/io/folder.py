"""`Folder`: a tree of folders with archives and NWB files, as a dictionary."""

from __future__ import annotations

import datetime
import json
import os
import string
from collections import UserDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .._errors import did_you_mean
from ..containers._warn import warn_user
from .npz import NPZFile
from .nwb import NWBFile

__all__ = ["Folder", "load_folder"]

_NO_SPACE = str.maketrans("", "", string.whitespace)


class Folder(UserDict):
    """What a folder holds: archives (``.npz``), NWB files and folders, by name without suffix and white space.

    ``folder["name"]`` loads an archive, or opens an NWB file, the first time it is asked for, and keeps it. Files that
    cannot be read are named in a warning and left out. Hidden folders are not looked at.

    Parameters
    ----------
    path : str or path

    Attributes
    ----------
    path : Path
    name : str
        Name of the folder.
    npz_files, nwb_files : dict
        `NPZFile` and path of each file.
    subfolds : dict
        `Folder` of each folder inside.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    NotADirectoryError
        If `path` is a file.

    Examples
    --------
    >>> from rheobase.io import Folder
    >>> project = Folder("project")  # doctest: +SKIP
    >>> project["A001"]["epochs"]  # doctest: +SKIP
    >>> project["A001"].save("rem", rem, description="REM sleep, by hand")  # doctest: +SKIP
    """

    def __init__(self, path: str | os.PathLike) -> None:
        super().__init__()
        self.path = Path(path)
        self.name = self.path.name
        if not self.path.exists():
            msg = f"Folder {path} does not exist."
            raise FileNotFoundError(msg)
        self.npz_files: dict[str, NPZFile] = {}
        self.nwb_files: dict[str, Path] = {}
        self.subfolds: dict[str, Folder] = {}
        parents = {parent.resolve() for parent in (self.path, *self.path.absolute().parents)}
        for entry in sorted(self.path.iterdir()):
            if entry.is_dir() and not entry.name.startswith(".") and not _is_link_into(entry, parents):
                self.subfolds[entry.name] = Folder(entry)
            elif entry.is_file() and entry.suffix == ".npz":
                self._add_archive(entry)
            elif entry.is_file() and entry.suffix == ".nwb":
                self.nwb_files[entry.stem.translate(_NO_SPACE)] = entry
        self.data = {**self.npz_files, **self.nwb_files, **self.subfolds}

    def _add_archive(self, path: Path) -> None:
        try:
            self.npz_files[path.stem.translate(_NO_SPACE)] = NPZFile(path)
        except (OSError, RuntimeError) as error:
            warn_user(f"{path.name} is left out: {error}")

    def __getitem__(self, key: str) -> Any:
        """A container, an `NWBFile` or a `Folder`; loaded on first access.

        Raises
        ------
        KeyError
            If there is nothing of that name.
        """
        if key not in self.data:
            near = did_you_mean(key, self.data)
            msg = f"Can't find key {key!r} in folder {self.name}. It holds {list(self.data)}.{near}"
            raise KeyError(msg)
        found = self.data[key]
        if isinstance(found, NPZFile):
            found = self.data[key] = found.load()
        elif isinstance(found, Path):
            found = self.data[key] = NWBFile(found)
        return found

    def __repr__(self) -> str:
        return "\n".join([self.name, *self._lines(deep=False)])

    def __str__(self) -> str:
        return repr(self)

    def _lines(self, deep: bool) -> Iterator[str]:
        """Lines of the tree below this folder."""
        kinds = {name: f"{name}\t|\t{file.type}" for name, file in self.npz_files.items()}
        kinds |= {name: f"{name}\t|\tNWB file" for name in self.nwb_files}
        entries = [
            *((f"{name}/", folder) for name, folder in self.subfolds.items()),
            *((t, None) for t in kinds.values()),
        ]
        for number, (text, folder) in enumerate(entries):
            last = number == len(entries) - 1
            yield f"{'└── ' if last else '├── '}{text}"
            if deep and folder is not None:
                yield from (("    " if last else "│   ") + line for line in folder._lines(deep=True))

    def expand(self) -> None:
        """Print the whole tree."""
        print("\n".join([self.name, *self._lines(deep=True)]))

    @property
    def view(self) -> None:
        """Prints the whole tree."""
        return self.expand()

    def load(self) -> None:
        """Load all archives of this folder (not those of folders inside)."""
        for name in self.npz_files:
            self[name]

    def save(self, name: str, obj: Any, description: str = "") -> None:
        """Write a container to an archive in this folder, and a description beside it.

        An archive of that name is replaced.

        Parameters
        ----------
        name : str
            File name, without suffix.
        obj : Ts, Tsd, TsdFrame, TsdTensor, TsGroup or IntervalSet
        description : str
            Kept with the time of writing in ``<name>.json``.

        Raises
        ------
        ValueError
            If `name` is not the plain name of a file.
        """
        if not isinstance(name, str) or not name or Path(name).name != name:
            msg = f"name must be the name of a file in this folder, without suffix, got {name!r}."
            raise ValueError(msg)
        path = self.path / f"{name}.npz"
        obj.save(path)
        about = {"time": str(datetime.datetime.now()), "info": str(description)}
        self._sidecar(name).write_text(json.dumps(about, indent=2), encoding="utf-8")
        self.npz_files[name] = NPZFile(path)
        self.data[name] = obj

    def metadata(self, name: str) -> None:
        """Print when an archive was written, and the description that was given."""
        print(f"{self.path / name}.npz\n{self._about(name)}")

    def doc(self, name: str) -> None:
        """Print when an archive was written, and the description that was given; the same as `metadata`."""
        self.metadata(name)

    def info(self, name: str) -> None:
        """Print when an archive was written, and the description that was given; the same as `metadata`."""
        self.metadata(name)

    def _sidecar(self, name: str) -> Path:
        return self.path / f"{name}.json"

    def _about(self, name: str) -> str:
        try:
            about = json.loads(self._sidecar(name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return "No metadata"
        except ValueError as error:
            return f"No metadata ({self._sidecar(name).name} is damaged: {error})"
        return "\n".join(f"{key} : {value}" for key, value in about.items()) if isinstance(about, dict) else str(about)


def load_folder(path: str | os.PathLike) -> Folder:
    """Look through a folder and those inside it for archives and NWB files.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Folder
        A dictionary; nothing is loaded before it is asked for.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    NotADirectoryError
        If `path` is a file.
    """
    return Folder(path)


def _is_link_into(entry: Path, parents: set[Path]) -> bool:
    """Whether a folder is a link back to one that it lies in, which would never end."""
    return entry.is_symlink() and entry.resolve() in parents
