"""HTTP by the standard library: every answer is checked, short-lived faults are tried again.

Only ``http`` and ``https`` are spoken, also after a redirection.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = [
    "CHUNK",
    "OFFLINE",
    "ChecksumError",
    "DownloadError",
    "HTTPStatusError",
    "MissingFileError",
    "RemoteFile",
    "TruncatedError",
    "chunks",
    "connect",
    "fetch_bytes",
    "is_transient",
    "pause",
]

CHUNK = 1 << 16
"""Bytes that are read at a time."""

PAUSE = 0.5
"""Seconds before the first repetition; doubled before each further one."""

LONGEST_PAUSE = 30.0
"""Seconds; also the most that a server may ask for."""

OFFLINE = "RHEOBASE_OFFLINE"
"""Environment variable: ``1`` forbids every request."""

_PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Answers that may be another one in a moment."""


class DownloadError(OSError):
    """A server could not be reached, or did not give what was asked for."""


class TruncatedError(DownloadError):
    """An answer ended before it was complete."""


class ChecksumError(DownloadError):
    """A file is whole, but not the one that was expected."""


class HTTPStatusError(DownloadError):
    """A server answered, and refused.

    Parameters
    ----------
    url : str
    status : int
    reason : str
    retry_after : str
        What the server says of when to come back.
    """

    def __init__(self, url: str, status: int, reason: str = "", retry_after: str = "") -> None:
        super().__init__(f"{url} answered {status} {reason}.".replace(" .", "."))
        self.url, self.status, self.retry_after = url, status, retry_after


class MissingFileError(HTTPStatusError, ValueError):
    """There is nothing at this address (404 or 410)."""


@dataclass(frozen=True)
class RemoteFile:
    """A file on a server; iterating gives its bytes, and nothing is fetched before.

    Attributes
    ----------
    url : str
    timeout : float
        Seconds that the server may be silent.
    """

    url: str
    timeout: float = 60.0

    def __iter__(self) -> Iterator[bytes]:
        with connect(self.url, timeout=self.timeout) as answer:
            yield from chunks(answer, self.url)


def is_transient(error: BaseException) -> bool:
    """Whether the same request may succeed in a moment."""
    if isinstance(error, HTTPStatusError):
        return error.status in _PASSING
    return isinstance(error, DownloadError)


def pause(attempt: int, error: BaseException | None = None) -> None:
    """Wait before repetition number `attempt` (from 0), or as long as the server asked for."""
    seconds = PAUSE * 2**attempt
    if isinstance(error, HTTPStatusError) and error.retry_after.isdigit():
        seconds = max(seconds, float(error.retry_after))
    time.sleep(min(seconds, LONGEST_PAUSE))


@contextlib.contextmanager
def connect(url: str, *, timeout: float = 60.0, headers: dict[str, str] | None = None, tries: int = 1) -> Iterator[Any]:
    """The answer to a GET, whose status is 200 or 206; closed at the end of the block.

    Parameters
    ----------
    url : str
    timeout : float
        Seconds that the server may be silent.
    headers : dict, optional
    tries : int
        How often to ask, if the server cannot be reached or is busy.

    Raises
    ------
    HTTPStatusError
        If the server refuses.
    DownloadError
        If it cannot be reached, does not answer in time, or requests are switched off.
    """
    for attempt in range(tries):
        try:
            answer = _open(url, timeout, headers or {})
            break
        except DownloadError as error:
            if attempt + 1 == tries or not is_transient(error) or is_offline():
                raise
            pause(attempt, error)
    with answer:
        yield answer


def is_offline() -> bool:
    """Whether requests are switched off."""
    return os.environ.get(OFFLINE, "").strip().lower() in ("1", "true", "yes", "on")


def _open(url: str, timeout: float, headers: dict[str, str]) -> Any:
    if is_offline():
        msg = f"{url} is not in the cache, and requests are switched off ({OFFLINE}={os.environ[OFFLINE]})."
        raise DownloadError(msg)
    asked = {"User-Agent": "rheobase", "Accept-Encoding": "identity"} | headers
    try:
        answer = _opener().open(urllib.request.Request(url, headers=asked), timeout=timeout)
    except urllib.error.HTTPError as error:
        with error:  # it holds the connection
            kind = MissingFileError if error.code in (404, 410) else HTTPStatusError
            refused = kind(url, error.code, str(error.reason), error.headers.get("Retry-After") or "")
        raise refused from error
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        msg = f"{url} cannot be reached: {type(reason).__name__}: {reason}"
        raise DownloadError(msg) from error
    if answer.status not in (200, 206) or answer.headers.get("Content-Encoding", "identity") != "identity":
        with answer:
            said = answer.headers.get("Content-Encoding") or answer.reason
            raise HTTPStatusError(url, answer.status, f"({said}), which was not asked for")
    return answer


def _opener() -> urllib.request.OpenerDirector:
    """Of the schemes that urllib knows, only these two: no answer can lead to a local file."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
    ):
        opener.add_handler(handler())
    return opener


def chunks(answer: Any, url: str) -> Iterator[bytes]:
    """Bytes of an answer, piece by piece.

    Raises
    ------
    TruncatedError
        If there are fewer than the server announced, or the connection broke.
    """
    announced = answer.headers.get("Content-Length")
    received = 0
    while True:
        try:
            piece = answer.read1(CHUNK)
        except (http.client.HTTPException, OSError) as error:
            msg = f"{url} broke off after {received} bytes: {type(error).__name__}: {error}"
            raise TruncatedError(msg) from error
        if not piece:
            break
        received += len(piece)
        yield piece
    if announced is not None and announced.isdigit() and int(announced) != received:
        msg = f"{url} broke off: {received} of {announced} bytes arrived."
        raise TruncatedError(msg)


def fetch_bytes(url: str, *, timeout: float = 60.0, tries: int = 3) -> bytes:
    """A whole answer, asked for again if it breaks off. Raises as `connect` and `chunks`."""
    for attempt in range(tries):
        try:
            with connect(url, timeout=timeout) as answer:
                return b"".join(chunks(answer, url))
        except DownloadError as error:
            if attempt + 1 == tries or not is_transient(error) or is_offline():
                raise
            pause(attempt, error)
    msg = f"tries must be at least 1, got {tries}."
    raise ValueError(msg)
