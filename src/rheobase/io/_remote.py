"""Files behind a URL (http, https, s3, …), read in the pieces that are asked for."""

from __future__ import annotations

import io
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from .._errors import MissingDependencyError

__all__ = ["RemoteFile", "is_url", "name_of", "open_url"]

BLOCK = 1 << 17
"""Bytes of a block; neighbouring blocks are fetched with one request."""

KEPT_BLOCKS = 512
"""Blocks that are kept in memory for the next read."""

_URL = re.compile(r"([a-z][a-z0-9+.\-]+)://", re.IGNORECASE)


def is_url(path: Any) -> bool:
    """Whether a path is a URL."""
    return isinstance(path, str) and _URL.match(path) is not None


def name_of(url: str) -> str:
    """Last part of the path of a URL, without the query."""
    return re.split(r"[?#]", url)[0].rstrip("/").rpartition("/")[2]


def open_url(url: str) -> Any:
    """A file object, opened for reading, whose content stays where it is until it is read.

    Raises
    ------
    MissingDependencyError
        If neither fsspec (with the package for this kind of URL) nor, for http(s), remfile is installed.
    FileNotFoundError
        If there is nothing at `url`.
    OSError
        If the server does not answer, or does not serve parts of files.
    """
    scheme = url.partition("://")[0].lower()
    needed = {"http": "aiohttp", "https": "aiohttp", "s3": "s3fs", "gs": "gcsfs"}.get(scheme)
    try:
        return _open_fsspec(url)
    except ImportError as error:
        if scheme in ("http", "https"):
            try:
                return _open_remfile(url)
            except ImportError:
                pass
        packages = f"fsspec {needed}" if needed else "fsspec"
        other = ", or: pip install remfile" if scheme in ("http", "https") else ""
        msg = f"reading {scheme}:// files needs packages that are not installed. Try: pip install {packages}{other}"
        raise MissingDependencyError(msg, name=error.name or needed or "fsspec") from error
    except ValueError as error:
        msg = f"{url} cannot be opened: {error}."
        raise OSError(msg) from error


def _open_fsspec(url: str) -> RemoteFile:
    from fsspec.core import url_to_fs

    system, path = url_to_fs(url)
    size = system.size(path)
    if size is None:
        msg = f"{url} cannot be read in parts: the server does not say how long it is. Download it first."
        raise OSError(msg)
    return RemoteFile(lambda start, stop: system.cat_file(path, start=start, end=stop), int(size), url)


def _open_remfile(url: str) -> Any:
    import remfile

    return remfile.File(url)


class RemoteFile(io.RawIOBase):
    """A read-only file over a function that fetches a range of bytes; recent blocks are kept.

    Parameters
    ----------
    fetch : callable
        ``fetch(start, stop)`` gives the bytes of that range.
    size : int
        Of the whole file, bytes.
    name : str
        For messages.

    Attributes
    ----------
    bytes_fetched, requests : int
        What has been asked of the server so far.
    """

    def __init__(self, fetch: Callable[[int, int], bytes], size: int, name: str) -> None:
        super().__init__()
        self._fetch, self.size, self.name = fetch, size, name
        self._position = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self.bytes_fetched = self.requests = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Where the next read starts."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the file."""
        self._position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read into `buffer` from where the file stands; number of bytes."""
        view = memoryview(buffer).cast("B")
        stop = min(self._position + len(view), self.size)
        count = max(stop - self._position, 0)
        if count:
            view[:count] = self._range(self._position, stop)
        self._position += count
        return count

    def _range(self, start: int, stop: int) -> bytes:
        """Bytes of a range, which lies in the file."""
        first, last = start // BLOCK, (stop - 1) // BLOCK
        here = {}
        for run in self._missing(range(first, last + 1)):
            data = self._ask(run.start * BLOCK, min(run.stop * BLOCK, self.size))
            here |= {block: data[(block - run.start) * BLOCK :][:BLOCK] for block in run}
        parts = []
        for block in range(first, last + 1):
            part = here.get(block)
            if part is None:
                part = self._blocks[block]
                self._blocks.move_to_end(block)
            parts.append(part)
        for block in list(here)[-KEPT_BLOCKS:]:
            self._blocks[block] = here[block]
        while len(self._blocks) > KEPT_BLOCKS:
            self._blocks.popitem(last=False)
        return b"".join(parts)[start - first * BLOCK : stop - first * BLOCK]

    def _missing(self, blocks: range) -> list[range]:
        """Runs of neighbouring blocks that are not in memory."""
        runs: list[range] = []
        for block in blocks:
            if block in self._blocks:
                continue
            if runs and runs[-1].stop == block:
                runs[-1] = range(runs[-1].start, block + 1)
            else:
                runs.append(range(block, block + 1))
        return runs

    def _ask(self, start: int, stop: int) -> bytes:
        data = self._fetch(start, stop)
        self.requests += 1
        self.bytes_fetched += len(data)
        if len(data) != stop - start:
            msg = (
                f"{self.name}: asked for {stop - start} bytes at {start}, got {len(data)}. "
                "The server does not serve parts of files; download it first."
            )
            raise OSError(msg)
        return data
