"""The manifest of a cache folder: which file stands where, and that none stands outside."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._errors import did_you_mean
from ...containers._warn import warn_user
from .._cache import replaced

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ENTRIES", "Manifest", "ManifestVersionError"]

ENTRIES = (
    ("BASEDIR", "dir", ".", None),
    ("sessions", "file", "sessions.csv", "BASEDIR"),
    ("probes", "file", "probes.csv", "BASEDIR"),
    ("channels", "file", "channels.csv", "BASEDIR"),
    ("units", "file", "units.csv", "BASEDIR"),
    ("session_data", "dir", "session_%d", "BASEDIR"),
    ("session_nwb", "file", "session_%d.nwb", "session_data"),
    ("session_analysis_metrics", "file", "session_%d_analysis_metrics.csv", "session_data"),
    ("probe_lfp_nwb", "file", "probe_%d_lfp.nwb", "session_data"),
    ("movie_dir", "dir", "natural_movie_templates", "BASEDIR"),
    ("typewise_analysis_metrics", "file", "%s_analysis_metrics.csv", "BASEDIR"),
    ("natural_movie", "file", "natural_movie_%d.h5", "movie_dir"),
    ("natural_scene_dir", "dir", "natural_scene_templates", "BASEDIR"),
    ("natural_scene", "file", "natural_scene_%d.tiff", "natural_scene_dir"),
)
"""Key, kind, name, and key of the folder, in the order in which they are written."""

_FIELD = re.compile(r"%(.?)")


class ManifestVersionError(Exception):
    """A manifest is of another version than the one that is expected.

    Attributes
    ----------
    version, found_version : str or None
        Expected, and found in the file.
    outdated : bool or None
        Whether the one that was found comes first in the alphabet; None if they cannot be compared.
    """

    def __init__(self, message: str, version: Any, found_version: Any) -> None:
        super().__init__(message)
        self.version, self.found_version = version, found_version
        comparable = isinstance(version, str) and isinstance(found_version, str)
        self.outdated = found_version < version if comparable else None


class Manifest:
    """Names of the files of a cache, read from a JSON file, or written to it if there is none.

    Parameters
    ----------
    path : path-like
        The manifest; the files stand in its folder.
    version : str
        That the file must have.

    Raises
    ------
    ManifestVersionError
        If the file has another version, or none.
    ValueError
        If the file is no manifest.
    """

    def __init__(self, path: str | os.PathLike, version: str) -> None:
        self.path = Path(path).expanduser().absolute()
        if not self.path.exists():
            self._write(version)
        self.entries = self._read(version)

    def _write(self, version: str) -> None:
        rows: list[dict[str, str]] = [{"type": "manifest_version", "value": version}]
        for key, kind, spec, parent in ENTRIES:
            rows.append({"key": key, "type": kind, "spec": spec} | ({"parent_key": parent} if parent else {}))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(self.path) as temporary:
            temporary.write_text(json.dumps({"manifest": rows}, indent=2), encoding="utf-8")

    def _read(self, version: str) -> dict[str, dict[str, str]]:
        try:
            rows = json.loads(self.path.read_text(encoding="utf-8"))["manifest"]
            found = next((row.get("value") for row in rows if row.get("type") == "manifest_version"), None)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            msg = f"{self.path} is no manifest of a cache ({type(error).__name__}: {error}); move it away or delete it."
            raise ValueError(msg) from error
        if found != version:
            msg = (
                f"{self.path} is a manifest of version {found!r}, {version!r} is expected. Delete it, and it will be "
                "built anew; files of data may have been replaced since, so consider fetching them again."
            )
            raise ManifestVersionError(msg, version, found)
        entries = {}
        for row in rows:
            if row.get("type") in ("dir", "file") and "key" in row and "spec" in row:
                entries[row["key"]] = row
            elif row.get("type") != "manifest_version":
                warn_user(f"{self.path}: an entry of type {row.get('type')!r} is left out.")
        return entries

    @property
    def folder(self) -> Path:
        """Folder of the manifest."""
        return self.path.parent

    def file(self, key: str, *arguments: Any) -> Path:
        """Path of a file, with numbers and names filled in, in order.

        Raises
        ------
        KeyError
            If there is no such key.
        ValueError
            If the arguments do not fit, or the manifest or an argument leads out of the folder of the manifest.
        """
        specs, left = [], list(arguments)
        for row in self._chain(key):
            specs.append(self._filled(row, left))
        if left:
            msg = f"{key!r} takes fewer arguments than {list(arguments)}."
            raise ValueError(msg)
        folder = os.path.normpath(self.folder)
        place = os.path.normpath(os.path.join(folder, *specs))
        if os.path.commonpath([folder, place]) != folder or place == folder:
            msg = (
                f"{self.path} puts {key!r} at {place}, outside of its folder; nothing is read or written there. "
                "Move the manifest into the folder of the data, with '.' as the spec of BASEDIR."
            )
            raise ValueError(msg)
        return Path(place)

    def _chain(self, key: str) -> list[dict[str, str]]:
        """Entries from the root to `key`."""
        chain: list[dict[str, str]] = []
        step: str | None = key
        while step is not None:
            if step not in self.entries or len(chain) > len(self.entries):
                known = list(self.entries)
                msg = f"no usable entry {step!r} in {self.path}; there are {known}.{did_you_mean(step, known)}"
                raise KeyError(msg)
            chain.insert(0, self.entries[step])
            step = self.entries[step].get("parent_key")
        return chain

    def _filled(self, row: dict[str, str], arguments: list[Any]) -> str:
        """A name with its fields filled from the front of `arguments`; an argument is no path."""

        def fill(field: re.Match[str]) -> str:
            if field[1] not in ("d", "s") or not arguments:
                msg = f"{self.path}: {row['spec']!r} of {row['key']!r} cannot be filled (with {arguments})."
                raise ValueError(msg)
            value = arguments.pop(0)
            text = f"{int(value)}" if field[1] == "d" else str(value)
            if not text or text in (".", "..") or re.search(r"[/\\:\x00]", text):
                msg = f"{text!r} cannot be part of the name of a file."
                raise ValueError(msg)
            return text

        return _FIELD.sub(fill, str(row["spec"]).replace("\x00", ""))

    def dataframe(self) -> pd.DataFrame:
        """Type and spec of every entry, indexed by key."""
        import pandas as pd

        rows = {name: [entry[name] for entry in self.entries.values()] for name in ("type", "spec")}
        return pd.DataFrame(rows, index=pd.Index(list(self.entries), name="key"))
