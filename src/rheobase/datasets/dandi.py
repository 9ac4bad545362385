"""Files of the DANDI archive, by dandiset and path: kept in the cache, or read where they are."""

from __future__ import annotations

import json
import re
import urllib.parse
from pathlib import Path
from typing import Any

from .._errors import did_you_mean
from ..containers._warn import warn_user
from ._fetch_store import as_sha256, cache_folder, intact, stored
from ._http import DownloadError, MissingFileError, fetch_bytes, is_offline

__all__ = ["fetch_dandi"]

API = "https://api.dandiarchive.org/api"


def fetch_dandi(
    dandiset: str | int,
    path: str,
    version: str = "draft",
    *,
    stream: bool = False,
    offline: bool = False,
    progress: bool | None = None,
    timeout: float = 60.0,
    api: str = API,
) -> Path | str:
    """A file of a dandiset, kept in the cache, or its address for reading it where it is.

    The archive is asked where the file is and what its checksum should be. Published versions never change, so one that
    is in the cache is used without asking; of a draft, the newest file is fetched.

    Parameters
    ----------
    dandiset : str or int
        ``"000207"``; also ``"DANDI:000207"`` or 207.
    path : str
        Of the file in the dandiset, ``"sub-4/sub-4_ses-4_ecephys+image.nwb"``.
    version : str
        ``"draft"``, or a published one such as ``"0.220216.0323"``.
    stream : bool
        Download nothing: give the address, of which `rheobase.load_file` reads only what is used.
    offline : bool
        Look in the cache only. The environment variable ``RHEOBASE_OFFLINE=1`` says so for all calls.
    progress : bool, optional
        Show a bar; by default for files of 8 MiB or more.
    timeout : float
        Seconds that a server may be silent.
    api : str
        Of another archive that speaks the same language.

    Returns
    -------
    Path or str
        In `cache_folder`; with `stream`, an address.

    Raises
    ------
    ValueError
        If `dandiset` is no number, `path` leads out of the dandiset or is a folder, or there is no such dandiset,
        version or file; a similar path is named.
    ChecksumError
        If what came is not the archive's file.
    DownloadError
        If a server cannot be reached or refuses, or requests are switched off and the file is not in the cache.

    See Also
    --------
    fetch : Any file with an address.

    Examples
    --------
    >>> import rheobase as rb
    >>> path = "sub-4/sub-4_ses-4_ecephys+image.nwb"
    >>> data = rb.load_file(rb.datasets.fetch_dandi("000207", path, stream=True))  # doctest: +SKIP
    """
    number, parts = _number(dandiset), _parts(path)
    what = f"{'/'.join(parts)} of DANDI:{number}/{version}"
    if not re.fullmatch(r"draft|\d+\.\d+\.\d+", version):
        msg = f"version must be 'draft' or like '0.220216.0323', got {version!r}."
        raise ValueError(msg)
    where = f"{api.rstrip('/')}/dandisets/{number}/versions/{version}"
    archive = re.sub(r"\W+", "_", urllib.parse.urlsplit(api).netloc)
    local = cache_folder().joinpath("dandi", archive, number, version, *parts)
    if stream:
        if offline or is_offline():
            msg = f"{what} is read where it is (stream=True), and requests are switched off."
            raise DownloadError(msg)
        return _address(_asset(where, parts, timeout), what)
    options = {"what": what, "offline": offline, "progress": progress, "timeout": timeout}
    if offline or is_offline() or (version != "draft" and intact(local)):
        return stored(local, where, None, **options)
    try:
        asset = _asset(where, parts, timeout)
    except DownloadError as error:
        if isinstance(error, MissingFileError) or not intact(local):
            raise
        warn_user(f"{error} The copy of {what} in the cache is used; it may not be the newest.")
        return local
    return stored(local, _address(asset, what), as_sha256(asset["digest"].get("dandi:sha2-256")), **options)


def _number(dandiset: str | int) -> str:
    text = str(dandiset).strip().upper().removeprefix("DANDI:")
    if not re.fullmatch(r"\d{1,6}", text):
        msg = f"dandiset must be a number of up to six digits, got {dandiset!r}."
        raise ValueError(msg)
    return text.zfill(6)


def _parts(path: str) -> list[str]:
    parts = str(path).strip().strip("/").split("/")
    if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
        msg = f"path must be that of a file in the dandiset, folders separated by '/', got {path!r}."
        raise ValueError(msg)
    return parts


# ---- what the archive says -----------------------------------------------------------------------------------------


def _asset(where: str, parts: list[str], timeout: float) -> dict[str, Any]:
    """What the archive knows of a file."""
    path = "/".join(parts)
    try:
        listed = _listed(where, path, timeout)
    except MissingFileError as error:
        msg = f"{where} is not there: no such dandiset, or no such version of it."
        raise ValueError(msg) from error
    chosen = [row for row in listed if row.get("path") == path]
    if not chosen:
        raise ValueError(_no_such_path(where, parts, listed, timeout))
    asset = _json(f"{where}/assets/{urllib.parse.quote(str(chosen[0]['asset_id']))}/", timeout)
    if not isinstance(asset.get("contentUrl"), list) or not isinstance(asset.get("digest"), dict):
        msg = f"{where} says of {path} neither where it is nor what its checksum is."
        raise DownloadError(msg)
    return asset


def _listed(where: str, beginning: str, timeout: float) -> list[dict[str, Any]]:
    """Files whose paths begin so, the first thousand."""
    query = urllib.parse.urlencode({"path": beginning, "order": "path", "page_size": 1000})
    rows = _json(f"{where}/assets/?{query}", timeout).get("results")
    if not isinstance(rows, list):
        msg = f"{where} answered in an unknown form."
        raise DownloadError(msg)
    return [row for row in rows if isinstance(row, dict)]


def _no_such_path(where: str, parts: list[str], listed: list[dict[str, Any]], timeout: float) -> str:
    """What to say: that it is a folder, or what it may have been."""
    path = "/".join(parts)
    inside = [row["path"] for row in listed if str(row.get("path", "")).startswith(f"{path}/")]
    if inside:
        return f"path must be that of a file, {path!r} is a folder that holds {', '.join(inside[:3])}" + (
            ", …" if len(inside) > 3 else "."
        )
    known: list[str] = []
    for depth in range(len(parts) - 1, -1, -1):
        known = [str(row.get("path")) for row in _listed(where, "/".join(parts[:depth]), timeout)]
        if known:
            break
    holds = f" There are {', '.join(known[:3])}{', …' if len(known) > 3 else ''}" if known else " It is empty"
    return f"{where} has no file {path!r}.{did_you_mean(path, known) or holds}"


def _address(asset: dict[str, Any], what: str) -> str:
    """Where the bytes are: the store itself rather than the archive, which would send us there."""
    if any(name.startswith("dandi:dandi-zarr") for name in asset["digest"]):
        msg = f"{what} is a folder in the Zarr layout, which is not fetched; dandi download does it."
        raise ValueError(msg)
    addresses = [url for url in asset["contentUrl"] if re.match(r"https?://", str(url))]
    direct = [url for url in addresses if not url.rstrip("/").endswith("/download")]
    if not addresses:
        msg = f"{what} has no address."
        raise DownloadError(msg)
    return (direct or addresses)[0]


def _json(url: str, timeout: float) -> dict[str, Any]:
    try:
        answer = json.loads(fetch_bytes(url, timeout=timeout))
    except ValueError as error:
        if isinstance(error, MissingFileError):
            raise
        msg = f"{url} did not answer in JSON."
        raise DownloadError(msg) from error
    if not isinstance(answer, dict):
        msg = f"{url} answered in an unknown form."
        raise DownloadError(msg)
    return answer
