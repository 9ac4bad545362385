"""Where a data set lies, and how it comes there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..._types import FloatArray
from ...containers._warn import warn_user

__all__ = ["Fetch", "locate", "one_of", "read_wav"]

Fetch = Callable[..., Any]
"""``fetch(dataset, files, folder, username, password)``: put the files of a data set, unpacked, into a folder."""


def locate(
    dataset: str,
    path: Any,
    needed: Sequence[str],
    *,
    download: bool = False,
    fetch: Fetch | None = None,
    username: str | None = None,
    password: str | None = None,
    files: Sequence[str] = (),
) -> Path:
    """The folder of a data set, fetched if that was asked for and it is not there.

    Parameters
    ----------
    dataset : str
        Its short name, say "aa-4".
    path : path, optional
        The folder. Default: the name of the data set in ``$RHEOBASE_DATA_DIR``, ``$DEEPSTRF_DATA_DIR`` or
        ``~/.cache/rheobase``, the first that is set.
    needed : sequence of str
        What must lie in the folder.
    download : bool
        Fetch what is missing.
    fetch : callable, optional
        How: ``fetch(dataset, files, folder, username, password)``.
    username, password : str, optional
        Of a CRCNS account; ``$CRCNS_USERNAME`` and ``$CRCNS_PASSWORD`` by default. They are handed on and not kept.
    files : sequence of str
        Archives that hold what is needed.

    Raises
    ------
    FileNotFoundError
        If something is missing and may not, or cannot, be fetched.
    ValueError
        If a download has no credentials or no way to go.
    """
    folder = _default(dataset) if path is None else Path(path).expanduser()
    missing = [name for name in needed if not (folder / name).exists()]
    if missing and download:
        user = os.environ.get("CRCNS_USERNAME") if username is None else username
        secret = os.environ.get("CRCNS_PASSWORD") if password is None else password
        if fetch is None:
            msg = (
                f"{dataset} is not in {folder}, and there is no built-in way to fetch it. Download "
                f"{', '.join(files)} from https://crcns.org/data-sets/aa/{dataset} (free account), unpack there, or "
                "pass fetch=, a function of (dataset, files, folder, username, password)."
            )
            raise ValueError(msg)
        if not user or not secret:
            msg = "a download needs a CRCNS account: pass username= and password=, or set $CRCNS_USERNAME and "
            msg += "$CRCNS_PASSWORD."
            raise ValueError(msg)
        folder.mkdir(parents=True, exist_ok=True)
        fetch(dataset, list(files), folder, user, secret)
        missing = [name for name in needed if not (folder / name).exists()]
    if missing:
        msg = f"{', '.join(missing)} missing in {folder}. Give the folder in which {dataset} was unpacked as path=, "
        msg += "or download=True."
        raise FileNotFoundError(msg)
    return folder


def _default(dataset: str) -> Path:
    for variable in ("RHEOBASE_DATA_DIR", "DEEPSTRF_DATA_DIR"):
        if os.environ.get(variable):
            return Path(os.environ[variable]) / dataset.replace("-", "").upper()
    return Path.home() / ".cache" / "rheobase" / dataset.replace("-", "").upper()


def one_of(given: Any, options: Sequence[str], name: str) -> tuple[str, ...]:
    """What the user chose among `options`: "all", one of them, or several."""
    several = tuple(options) if isinstance(given, str) and given == "all" else given
    chosen = (several,) if isinstance(several, str) else tuple(several)
    wrong = [one for one in chosen if one not in options]
    if wrong or not chosen:
        msg = f"{name} must be 'all' or some of {', '.join(map(repr, options))}, got {given!r}."
        raise ValueError(msg)
    return chosen


def read_wav(path: Path) -> tuple[FloatArray, int]:
    """Sound of a WAV file, mean of its channels, full scale at one, and its sampling rate (Hz)."""
    from scipy.io import wavfile

    if not path.exists():
        msg = f"the sound {path} is missing."
        raise FileNotFoundError(msg)
    import warnings

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", wavfile.WavFileWarning)
        rate, samples = wavfile.read(path)
    for warning in caught:
        if "not understood" not in str(warning.message):  # chunks beside the sound are of no interest
            warn_user(f"{path.name}: {warning.message}")
    sound = samples.astype(np.float64)
    if samples.dtype.kind == "u":
        sound = (sound - 128.0) / 128.0
    elif samples.dtype.kind == "i":
        sound /= float(np.iinfo(samples.dtype).max) + 1.0
    return (sound if sound.ndim == 1 else sound.mean(axis=1)), int(rate)
