"""Files that are fetched once: what can be read is read, anything else is fetched, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from ..containers._warn import warn_user
from ._download import download
from ._http import RemoteFile

__all__ = ["UNREADABLE", "cached", "replaced", "write_stream"]

Value = TypeVar("Value")

UNREADABLE = (OSError, ValueError, KeyError, IndexError, EOFError, RuntimeError)
"""What readers raise when a file is missing or damaged."""


def cached(path: Path, fetch: Callable[[], Any], write: Callable, read: Callable[[Path], Value], tries: int) -> Value:
    """What `read` makes of a file, which is fetched first if it is missing or damaged.

    Parameters
    ----------
    path : Path
    fetch : callable
        Gives what `write` takes.
    write : callable
        ``write(path, data)``, under a temporary name: the file takes its own when it is complete.
    read : callable
    tries : int
        How often to fetch, in all.

    Raises
    ------
    Exception
        What the last of the tries raised.
    """
    damage = ""
    try:
        return read(path)
    except UNREADABLE as error:
        if path.exists():
            damage = f"{path} is there, but cannot be read ({type(error).__name__}: {error})"
    for left in range(max(tries, 1) - 1, -1, -1):
        try:
            _put(path, fetch(), write)
            return _read_or_remove(path, read)
        except Exception as error:  # whatever a foreign fetch raises: it is raised again in the end
            if left == 0:
                if damage:
                    error.add_note(damage)
                raise
            warn_user(f"fetching {path.name} failed ({type(error).__name__}: {error}); trying again, {left} left.")
    raise AssertionError


def _put(path: Path, data: Any, write: Callable) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if write is write_stream:  # names its own temporary file, which can be resumed
        write(path, data)
        return
    with replaced(path) as temporary:
        write(temporary, data)


def _read_or_remove(path: Path, read: Callable[[Path], Value]) -> Value:
    """Read a file that was just fetched; remove it if it is damaged."""
    try:
        return read(path)
    except UNREADABLE:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, which becomes `path` if the block succeeds and vanishes if it does not."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=f".tmp{path.suffix}")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_stream(path: Path, stream: Iterable[bytes]) -> None:
    """Write bytes as they come, all or nothing; a `RemoteFile` is downloaded with repetitions and resumed."""
    if isinstance(stream, RemoteFile):
        download(stream.url, path, timeout=stream.timeout)
        return
    pieces = [stream] if isinstance(stream, bytes | bytearray) else stream
    with replaced(Path(path)) as temporary, temporary.open("wb") as file:
        for piece in pieces:
            file.write(piece)
