"""Example recordings, and any file with an address: fetched once, checked, and read from the cache from then on."""

from __future__ import annotations

import hashlib
import os
import re
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from .._errors import did_you_mean, kind_of
from ._fetch_store import as_sha256, cache_folder, stored

__all__ = ["ExampleRecording", "example_recordings", "fetch"]


@dataclass(frozen=True)
class ExampleRecording:
    """A recording that `fetch` knows by name.

    Attributes
    ----------
    name : str
        Of the file.
    url : str
    sha256 : str
    about : str
        What it holds.
    source : str
        Whose it is.
    """

    name: str
    url: str
    sha256: str
    about: str
    source: str


_OSF = "https://osf.io/download/{}/"

_GROSMARK = "Grosmark and Buzsáki (2016)"

_EXAMPLES = (
    ExampleRecording(
        "A0670-221213.nwb",
        _OSF.format("sbnaw"),
        "8587dd6dde107504bd4a17a68ce8fb934fcbcccc337e653f31484611ee51f50a",
        "calcium imaging in the postsubiculum of a freely moving mouse, with its head direction",
        "Peyrache lab",
    ),
    ExampleRecording(
        "A2929-200711.nwb",
        _OSF.format("y7zwd"),
        "f698d7319efa5dfeb18fb5fe718ec1a84fdf96b85a158177849a759cd5e396fe",
        "units in the anterodorsal thalamus and postsubiculum of a mouse, awake and asleep",
        "Peyrache lab",
    ),
    ExampleRecording(
        "Achilles_10252013.nwb",
        _OSF.format("hu5ma"),
        "42857015aad4c2f7f6f3d4022611a69bc86d714cf465183ce30955731e614990",
        "units in the hippocampus of a rat on a linear track, with its position",
        _GROSMARK,
    ),
    ExampleRecording(
        "Achilles_10252013_EEG.nwb",
        _OSF.format("2dfvp"),
        "a97a69d231e7e91c07e24890225f8fe4636bac054de50345551f32fc46b9efdd",
        "the same, with the local field of one channel at 1250 Hz",
        _GROSMARK,
    ),
    ExampleRecording(
        "Mouse32-140822.nwb",
        _OSF.format("jb2gd"),
        "1a919a033305b8f58b5c3e217577256183b14ed5b436d9c70989dee6dafe0f35",
        "head-direction cells in the anterodorsal thalamus and postsubiculum of a mouse",
        "Peyrache et al. (2015)",
    ),
    ExampleRecording(
        "allen_478498617.nwb",
        _OSF.format("vf2nj"),
        "262393d7485a5b39cc80fb55011dcf21f86133f13d088e35439c2559fd4b49fa",
        "a neuron of mouse visual cortex in whole-cell current clamp, driven by noise and steps",
        "Allen Cell Types Database",
    ),
    ExampleRecording(
        "m691l1.nwb",
        _OSF.format("xesdm"),
        "1990d8d95a70a29af95dade51e60ffae7a176f6207e80dbf9ccefaf418fe22b6",
        "units in the primary visual cortex of a macaque that sees white noise",
        "Movshon lab",
    ),
)


def example_recordings() -> dict[str, ExampleRecording]:
    """Recordings that `fetch` knows by name.

    Addresses and checksums are those of the example files of NeMoS 0.2.8, which pynapple's tutorials use too.

    Returns
    -------
    dict
        By name.

    Examples
    --------
    >>> from rheobase.datasets import example_recordings
    >>> list(example_recordings())[-2:]
    ['allen_478498617.nwb', 'm691l1.nwb']
    >>> example_recordings()["Mouse32-140822.nwb"].source
    'Peyrache et al. (2015)'
    """
    return {example.name: example for example in _EXAMPLES}


def fetch(
    name: str,
    sha256: str | None = None,
    *,
    offline: bool = False,
    progress: bool | None = None,
    filename: str | None = None,
    timeout: float = 60.0,
) -> Path:
    """A file from the network, fetched once and kept in the cache.

    What broke off is resumed, by the next call too. A file is checked before it takes its name, and again whenever it
    has been touched since. What comes without a checksum is noted with the one it has, and must keep it.

    Parameters
    ----------
    name : str
        One of `example_recordings`, or the address of any file (``https://…``).
    sha256 : str, optional
        SHA-256 that the file must have. Examples have theirs.
    offline : bool
        Look in the cache only. The environment variable ``RHEOBASE_OFFLINE=1`` says so for all calls.
    progress : bool, optional
        Show a bar; by default for files of 8 MiB or more.
    filename : str, optional
        What to call the file of an address; by default as the address ends. `rheobase.load_file` goes by the suffix.
    timeout : float
        Seconds that the server may be silent.

    Returns
    -------
    Path
        In `cache_folder`.

    Raises
    ------
    ValueError
        If there is no example of that name, or `sha256` is no SHA-256.
    ChecksumError
        If the file is another one than expected.
    DownloadError
        If the server cannot be reached, refuses, or breaks off again and again; or if requests are switched off and the
        file is not in the cache.

    See Also
    --------
    fetch_dandi : A file of a dandiset.

    Examples
    --------
    >>> import rheobase as rb
    >>> data = rb.load_file(rb.datasets.fetch("Mouse32-140822.nwb"))  # doctest: +SKIP
    """
    if not isinstance(name, str):
        msg = f"name must be the name of an example or an address, got {kind_of(name)}."
        raise TypeError(msg)
    given = as_sha256(sha256)
    if re.match(r"https?://[^/]", name, re.IGNORECASE):
        url, expected = name, given
        mark = hashlib.sha256(name.encode()).hexdigest()[:12]
        path = cache_folder() / "files" / mark / _file_name(name, filename)
    else:
        example = _example(name, filename)
        url, expected = example.url, given or example.sha256
        path = cache_folder() / "examples" / example.name
    return stored(path, url, expected, what=name, offline=offline, progress=progress, timeout=timeout)


def _example(name: str, filename: str | None) -> ExampleRecording:
    known = example_recordings()
    if name not in known:
        end = (
            " Files on this machine need no fetching: hand them to rheobase.load_file."
            if os.path.exists(name)
            else did_you_mean(name, known)
        )
        msg = f"name must be an example ({', '.join(known)}) or an address (https://…), got {name!r}.{end}"
        raise ValueError(msg)
    if filename is not None:
        msg = f"filename is for addresses; the example {name} keeps its name, got {filename!r}."
        raise ValueError(msg)
    return known[name]


def _file_name(url: str, filename: str | None) -> str:
    """Name in the cache: one that cannot leave its folder."""
    if filename is None:
        last = urllib.parse.unquote(urllib.parse.urlsplit(url).path).rstrip("/").rpartition("/")[2]
        return re.sub(r"[^\w.+=@,-]", "_", last).lstrip(".")[-120:] or "file"
    if not filename or filename != Path(filename).name or filename.startswith(".") or "\\" in filename:
        msg = f"filename must be a plain name, without folders and without a dot in front, got {filename!r}."
        raise ValueError(msg)
    return filename
