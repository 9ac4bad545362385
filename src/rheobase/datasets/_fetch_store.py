"""Files that are kept, each with a note beside it of what it is.

One code path fetches everything that data sets need, ``_download``: it resumes what broke off, lets one process at a
time write, follows no redirection out of http, and accepts a file whole or not at all. pooch, which does the same job
elsewhere, names the file that it writes at random and forgets it after a failure, so nothing could be resumed or
shared; what is left of it is a checksum and a folder, which are here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from .._optional import optional_import
from ._cache import replaced
from ._download import download
from ._http import OFFLINE, ChecksumError, DownloadError, is_offline

__all__ = ["CACHE", "as_sha256", "cache_folder", "intact", "sha256_of", "stored"]

CACHE = "RHEOBASE_CACHE"
"""Environment variable: the folder that holds what was fetched."""


def cache_folder() -> Path:
    """Folder in which `fetch` and `fetch_dandi` keep files.

    The environment variable ``RHEOBASE_CACHE`` names it; without it, it is the user's folder for caches, as the
    operating system has it (``~/.cache/rheobase`` on Linux).

    Returns
    -------
    Path
        It need not exist.

    Raises
    ------
    MissingDependencyError
        If the variable is not set and the package platformdirs is not installed.

    Examples
    --------
    >>> from rheobase.datasets import cache_folder
    >>> cache_folder().name  # doctest: +SKIP
    'rheobase'
    """
    named = os.environ.get(CACHE, "").strip()
    if named:
        return Path(named).expanduser()
    platformdirs = optional_import("platformdirs", needed_for=f"the folder of fetched files (or set {CACHE})")
    return Path(platformdirs.user_cache_path("rheobase", appauthor=False))


def stored(
    path: Path,
    url: str,
    sha256: str | None,
    *,
    what: str,
    offline: bool = False,
    progress: bool | None = None,
    timeout: float = 60.0,
) -> Path:
    """A file of the cache, fetched if it is missing or not what it should be.

    Parameters
    ----------
    path : Path
    url : str
    sha256 : str or None
        What it should be; None for what it was when it first came.
    what : str
        For messages.
    offline : bool
        Fetch nothing.
    progress : bool, optional
        Show a bar; by default for files of 8 MiB or more.
    timeout : float
        Seconds that the server may be silent.

    Raises
    ------
    ChecksumError
        If the file, in the cache or as it came, is another one. It never takes the place of a good one.
    DownloadError
        If it is not there, and cannot or must not be fetched.
    """
    expected = sha256 or _note(path).get("sha256")
    if path.is_file():
        here = _digest(path)
        if expected is None or here == expected:
            _write_note(path, url, here)
            return path
    if offline or is_offline():
        raise _refused(path, what, offline)
    path.parent.mkdir(parents=True, exist_ok=True)
    seen: list[str] = []

    def check(complete: Path) -> None:
        seen.append(sha256_of(complete))
        if expected is not None and seen[-1] != expected:
            raise ChecksumError(_mismatch(url, path, seen[-1], expected, pinned=sha256 is None))

    download(url, path, timeout=timeout, progress=progress, check=check)
    if not seen:  # another process has fetched it in the meantime
        check(path)
    _write_note(path, url, seen[-1])
    return path


def _refused(path: Path, what: str, offline: bool) -> DownloadError:
    why = "offline=True" if offline else f"{OFFLINE}={os.environ.get(OFFLINE, '')}"
    if path.is_file():
        msg = f"{path} is not {what} as its checksum has it, and requests are switched off ({why})."
        return ChecksumError(msg)
    msg = (
        f"{what} is not in the cache (no file {path}), and requests are switched off ({why}). Fetch it once with a "
        f"network, or set {CACHE} to a folder that holds it."
    )
    return DownloadError(msg)


def _mismatch(url: str, path: Path, found: str, expected: str, pinned: bool) -> str:
    end = (
        "It had the other one when it was first fetched: it has changed. To accept the new file, remove "
        f"{path.name} and {_note_path(path).name} from {path.parent}."
        if pinned
        else "Nothing of it was kept. Check `sha256`, and that the address gives the file and not a page about it."
    )
    return f"{url} has the checksum {found}, expected {expected} (SHA-256). {end}"


# ---- what a file is ------------------------------------------------------------------------------------------------


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def as_sha256(value: Any) -> str | None:
    """A checksum as it is compared: without ``sha256:`` before it, in small letters.

    Raises
    ------
    ValueError
        If it is no SHA-256.
    """
    if value is None:
        return None
    text = str(value).strip().lower().removeprefix("sha256:")
    if not re.fullmatch("[0-9a-f]{64}", text):
        msg = f"sha256 must be 64 hexadecimal digits, got {value!r}."
        raise ValueError(msg)
    return text


def _note_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _note(path: Path) -> dict[str, Any]:
    """What was noted of a file; empty if nothing was, or nothing that makes sense."""
    try:
        found = json.loads(_note_path(path).read_text(encoding="utf-8"))
        as_sha256(found["sha256"])
        return found
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def intact(path: Path) -> bool:
    """Whether a file is there, and is what was noted of it."""
    noted = _note(path).get("sha256")
    return noted is not None and path.is_file() and _digest(path) == noted


def _stamp(path: Path) -> dict[str, int]:
    there = path.stat()
    return {"size": there.st_size, "mtime_ns": there.st_mtime_ns}


def _digest(path: Path) -> str:
    """SHA-256 of a file, as noted if it has not been touched since."""
    note = _note(path)
    return note["sha256"] if note and _stamp(path).items() <= note.items() else sha256_of(path)


def _write_note(path: Path, url: str, sha256: str) -> None:
    """Note what a file is, unless that is noted; a folder that cannot be written to is read all the same."""
    note = {"url": url, "sha256": sha256} | _stamp(path)
    if note.items() <= _note(path).items():
        return
    with contextlib.suppress(OSError), replaced(_note_path(path)) as temporary:
        temporary.write_text(json.dumps(note, indent=1), encoding="utf-8")
