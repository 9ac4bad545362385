"""One file from a server: whole or not at all, by one process at a time, resumed where a download broke off.

A download grows under the name ``<file>.part``, locked by the process that fetches it, and takes its own name when
every byte has arrived. What an interrupted process leaves behind is resumed only if the server says that the file is
still the same one: by a strong ETag or a date of change, which is noted in ``<file>.part.json``.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from .._manners import progress_bar
from ._http import (
    ChecksumError,
    DownloadError,
    HTTPStatusError,
    TruncatedError,
    chunks,
    connect,
    is_offline,
    is_transient,
    pause,
)

try:
    import fcntl
except ImportError:  # Windows: no locks, and nothing is resumed by another process
    fcntl = None  # type: ignore[assignment]

__all__ = ["download"]

BIG = 1 << 23
"""Bytes from which a progress bar is shown."""


def download(
    url: str,
    path: Path,
    *,
    timeout: float = 60.0,
    tries: int = 3,
    progress: bool | None = None,
    check: Callable[[Path], None] | None = None,
) -> None:
    """Fetch a file, whole or not at all.

    Parameters
    ----------
    url : str
    path : Path
    timeout : float
        Seconds that the server may be silent.
    tries : int
        How often to ask, counted anew whenever something new has arrived that can be kept.
    progress : bool, optional
        Show a bar; by default for files of 8 MiB or more.
    check : callable, optional
        Looks at the complete file under its temporary name. It takes its own name only if nothing is raised; after a
        `ChecksumError` it is gone.

    Raises
    ------
    ChecksumError
        From `check`.
    DownloadError
        If the server cannot be reached, refuses, or breaks off again and again.
    OSError
        If the file cannot be written.
    """
    before = _mark(path)
    with _part_of(path, timeout) as part:
        if _mark(path) != before:  # while this process waited for the lock, another one has fetched it
            part.drop()
            return
        try:
            _fill(part, url, timeout, tries, progress)
            os.fsync(part.file.fileno())
            if check is not None:
                check(part.path)
        except OSError as error:
            if isinstance(error, ChecksumError) or error.errno == errno.ENOSPC or part.note(url) is None:
                part.drop()  # it is another file, must make room, or cannot be resumed
            raise
        part.path.replace(path)
        part.note_path.unlink(missing_ok=True)


def _mark(path: Path) -> tuple[int, int] | None:
    """What changes when a file is replaced."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return None
    return there.st_ino, there.st_mtime_ns


@dataclass(frozen=True)
class _Part:
    """The growing file, open and ours alone, and the note of what it is a part of."""

    file: IO[bytes]
    path: Path

    @property
    def note_path(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    def size(self) -> int:
        self.file.flush()
        return os.fstat(self.file.fileno()).st_size

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)
        self.note_path.unlink(missing_ok=True)

    def restart(self) -> None:
        """Forget what is there."""
        self.file.seek(0)
        self.file.truncate()
        self.note_path.unlink(missing_ok=True)

    def note(self, url: str) -> dict[str, Any] | None:
        """Length and version of the file that this is a part of; None if they are not known."""
        try:
            found = json.loads(self.note_path.read_text(encoding="utf-8"))
            return found if found["url"] == url and int(found["length"]) > 0 and str(found["version"]) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write_note(self, url: str, headers: Any) -> None:
        """Note what the server says, if that is enough to resume by."""
        etag = headers.get("ETag") or ""
        version = headers.get("Last-Modified") if etag.startswith("W/") else etag or headers.get("Last-Modified")
        length = headers.get("Content-Length") or ""
        if version and length.isdigit():
            text = json.dumps({"url": url, "version": version, "length": int(length)})
            self.note_path.write_text(text, encoding="utf-8")


def _fill(part: _Part, url: str, timeout: float, tries: int, progress: bool | None) -> None:
    """Fetch until the file is complete, as long as there is hope."""
    failures, most = 0, part.size()
    while True:
        try:
            _fetch_rest(part, url, timeout, progress)
            return
        except DownloadError as error:
            resumable = part.note(url) is not None
            failures = 0 if resumable and part.size() > most else failures + 1
            most = max(most, part.size())
            hopeless = not is_transient(error) or (isinstance(error, TruncatedError) and not resumable)
            if hopeless or failures >= tries or is_offline():
                raise
            pause(failures, error)


def _fetch_rest(part: _Part, url: str, timeout: float, progress: bool | None) -> None:
    """One request, for what is missing."""
    note, here = part.note(url), part.size()
    if here and (note is None or here > note["length"]):
        part.restart()
        note, here = None, 0
    if note is not None and here == note["length"]:
        return
    headers = {"Range": f"bytes={here}-", "If-Range": note["version"]} if here and note is not None else {}
    try:
        with connect(url, timeout=timeout, headers=headers) as answer:
            total = _place(part, url, answer, here)
            _pour(part, url, answer, total, progress)
    except HTTPStatusError as error:
        if error.status != 416 or not here:
            raise
        part.restart()
        msg = f"{url} is no longer the file of which {here} bytes are here."
        raise DownloadError(msg) from error


def _place(part: _Part, url: str, answer: Any, here: int) -> int | None:
    """Go to where the answer begins; bytes of the whole file, if the server says."""
    if answer.status == 206:
        span = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.headers.get("Content-Range", ""))
        note = part.note(url)
        if not span or int(span[1]) != here or (note is not None and int(span[3]) != note["length"]):
            part.restart()
            msg = f"{url} gave another part than the one that was asked for."
            raise DownloadError(msg)
        part.file.seek(here)
        return int(span[3])
    part.restart()
    part.write_note(url, answer.headers)
    length = answer.headers.get("Content-Length") or ""
    return int(length) if length.isdigit() else None


def _pour(part: _Part, url: str, answer: Any, total: int | None, progress: bool | None) -> None:
    shown = (total or 0) >= BIG if progress is None else progress
    with _bar(part, total, shown) as update:
        for piece in chunks(answer, url):
            part.file.write(piece)
            update(len(piece))
    if total is not None and part.size() != total:
        msg = f"{url} broke off: {part.size()} of {total} bytes are here."
        raise TruncatedError(msg)


@contextlib.contextmanager
def _bar(part: _Part, total: int | None, shown: bool) -> Iterator[Any]:
    if not shown:
        yield lambda _: None
        return
    name = part.path.name.removesuffix(".part")
    with progress_bar()(total=total, initial=part.file.tell(), unit="B", unit_scale=True, desc=name) as bar:
        yield bar.update


# ---- one writer at a time ------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _part_of(path: Path, timeout: float) -> Iterator[_Part]:
    """The growing file; a private one if there are no locks, or its owner has not moved for `timeout` seconds."""
    shared = path.with_name(f"{path.name}.part")
    file = None if fcntl is None else _locked(shared, timeout)
    if file is not None:
        with file:
            yield _Part(file, shared)
        return
    private = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    with os.fdopen(os.open(private, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666), "r+b") as file:
        part = _Part(file, private)
        try:
            yield part
        finally:
            part.drop()


def _locked(part: Path, timeout: float) -> IO[bytes] | None:
    """The file, open and locked; None if another process holds it and does nothing."""
    size, since = -1, time.monotonic()
    while True:
        file = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(file.fileno()), part.stat()):
                return file
        except BlockingIOError:
            now = os.fstat(file.fileno()).st_size
            if now != size:
                size, since = now, time.monotonic()
        except FileNotFoundError:
            since = time.monotonic()  # its owner has just given it another name
        except OSError:  # a file system without locks
            file.close()
            part.unlink(missing_ok=True)
            return None
        file.close()
        if time.monotonic() - since > timeout:
            return None
        time.sleep(0.05)
