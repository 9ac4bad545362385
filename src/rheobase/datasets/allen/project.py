"""`EcephysProjectCache`: the Visual Coding Neuropixels project in a folder that fills as it is used."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ...io._allen_lfp import AllenLFPFile
from .._cache import write_stream
from ._fetch import EcephysProjectApi, EcephysProjectFixedApi
from ._manifest import Manifest
from ._project_core import AbstractProjectTables
from ._session_source import EcephysNwbSessionApi
from ._static import S3, EcephysProjectStaticApi
from ._warehouse import EcephysProjectWarehouseApi
from .session import EcephysSession

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EcephysProjectCache"]


class EcephysProjectCache(AbstractProjectTables):
    """Tables, sessions and stimuli of the project; what is asked for is fetched once and kept in a folder.

    Nothing is fetched when the object is made. A file that is missing or damaged is fetched; it takes its name only
    when it is complete, and an interrupted download is resumed where the server allows it. With the environment
    variable ``RHEOBASE_OFFLINE=1`` nothing is fetched, as with `fixed`.

    Parameters
    ----------
    fetch_api : EcephysProjectApi, optional
        Where to fetch from; by default the warehouse.
    fetch_tries : int
        How often to fetch a file, in all, before giving up.
    stream_writer : callable, optional
        ``stream_writer(path, stream)`` writes what `fetch_api` gives for a file: by default an iterable of bytes.
    manifest : path-like, optional
        JSON file that names the files of the cache; made if there is none. By default
        ``ecephys_project_manifest.json`` in the working directory. The data stand in its folder.
    version : str, optional
        Version that the manifest must have.
    cache : bool
        Accepted for AllenSDK's sake; everything is kept.

    Raises
    ------
    ManifestVersionError
        If the manifest is of another version.

    Examples
    --------
    >>> import tempfile
    >>> from rheobase.datasets.allen import EcephysProjectCache
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = EcephysProjectCache.fixed(manifest=f"{folder}/manifest.json")
    ...     cache.get_session_table()
    Traceback (most recent call last):
        ...
    rheobase.datasets.allen._fetch.MissingDataError: missing data: the table of sessions is not in this cache, ...
    """

    def __init__(
        self,
        fetch_api: EcephysProjectApi | None = None,
        fetch_tries: int = 2,
        stream_writer: Callable[[Path, Any], None] | None = None,
        manifest: str | os.PathLike | None = None,
        version: str | None = None,
        cache: bool = True,
    ) -> None:
        self.manifest = Manifest(manifest or "ecephys_project_manifest.json", version or self.MANIFEST_VERSION)
        self.fetch_api = EcephysProjectWarehouseApi() if fetch_api is None else fetch_api
        self.fetch_tries, self.cache = fetch_tries, cache
        self.stream_writer = write_stream if stream_writer is None else stream_writer

    def __repr__(self) -> str:
        return f"EcephysProjectCache({str(self.manifest.path)!r}, fetching from {self.fetch_api!r})"

    # ---- where data come from --------------------------------------------------------------------------------------

    @classmethod
    def from_warehouse(
        cls,
        scheme: str | None = None,
        host: str | None = None,
        asynchronous: bool = False,
        manifest: str | os.PathLike | None = None,
        version: str | None = None,
        cache: bool = True,
        fetch_tries: int = 2,
        timeout: float = 60.0,
    ) -> EcephysProjectCache:
        """Fetch from the Allen Institute's data warehouse.

        Parameters
        ----------
        scheme, host : str, optional
            Of another server (``"http"``, ``"127.0.0.1:8123"``); used if both are given.
        asynchronous : bool
            Accepted for AllenSDK's sake; there is one way of fetching.
        manifest, version, cache, fetch_tries
            As the class.
        timeout : float
            Seconds that the server may be silent; a download may take as long as it needs.
        """
        server = {"scheme": scheme, "host": host} if scheme and host else {}
        api = EcephysProjectWarehouseApi(**server, timeout=timeout)
        return cls(api, fetch_tries, manifest=manifest, version=version, cache=cache)

    @classmethod
    def from_s3(
        cls,
        url: str = S3,
        manifest: str | os.PathLike | None = None,
        version: str | None = None,
        fetch_tries: int = 2,
        timeout: float = 60.0,
    ) -> EcephysProjectCache:
        """Fetch from the project's public bucket, or from any web server with a copy of it.

        Parameters
        ----------
        url : str
            Of the folder that holds ``sessions.csv``.
        manifest, version, fetch_tries
            As the class.
        timeout : float
            Seconds that the server may be silent.
        """
        return cls(EcephysProjectStaticApi(url, timeout), fetch_tries, manifest=manifest, version=version)

    @classmethod
    def from_lims(cls, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: LIMS is the Allen Institute's internal database.

        Parameters
        ----------
        *args, **kwargs
            Those of AllenSDK; not looked at.

        Raises
        ------
        NotImplementedError
            Always.
        """
        msg = (
            "from_lims reads the Allen Institute's internal database, which can only be reached from inside the "
            "institute, and is not supported; the released data come from from_warehouse or from_s3."
        )
        raise NotImplementedError(msg)

    @classmethod
    def fixed(cls, manifest: str | os.PathLike | None = None, version: str | None = None) -> EcephysProjectCache:
        """Fetch nothing: what is in the cache is there, all else raises `MissingDataError`.

        Parameters
        ----------
        manifest, version
            As the class.
        """
        return cls(EcephysProjectFixedApi(), 1, manifest=manifest, version=version)

    def get_cache_path(self, file_name: str | os.PathLike | None, manifest_key: str, *args: Any) -> Path:
        """Path of a file of the cache, whether it is there or not.

        Parameters
        ----------
        file_name : path-like, optional
            Returned as it is, if given.
        manifest_key : str
        *args
            What the name needs: ids or names, in order.

        Raises
        ------
        KeyError, ValueError
            If there is no such key, the arguments do not fit, or the manifest leads out of its folder.
        """
        return self.manifest.file(manifest_key, *args) if file_name is None else Path(file_name)

    def manifest_dataframe(self) -> pd.DataFrame:
        """Type and spec of every entry of the manifest."""
        return self.manifest.dataframe()

    # ---- sessions --------------------------------------------------------------------------------------------------

    def get_session_data(
        self, session_id: int, filter_by_validity: bool = True, **unit_filter_kwargs: Any
    ) -> EcephysSession:
        """One session, whose file is fetched if it is not there.

        Parameters
        ----------
        session_id : int
        filter_by_validity : bool
        **unit_filter_kwargs
            As `get_units`, and ``filter_out_of_brain_units``.

        Raises
        ------
        ValueError
            If there is no such session.
        """
        options = {"filter_by_validity": filter_by_validity, **unit_filter_kwargs}
        metrics = partial(self.get_unit_analysis_metrics_for_session, session_id, annotate=False)

        def read(path: Path) -> EcephysSession:
            api = EcephysNwbSessionApi(
                path,
                probe_lfp_paths=_ProbeFiles(self, session_id),
                additional_unit_metrics=metrics,
                external_channel_columns=partial(self._channel_columns, session_id),
                **options,
            )
            return EcephysSession(api, test=True)

        fetch = partial(self.fetch_api.get_session_data, session_id)
        return self._cached(self.SESSION_NWB_KEY, (session_id, session_id), fetch, self.stream_writer, read)

    def _channel_columns(self, session_id: int) -> pd.DataFrame:
        """What the project knows better of the channels of a session than its file."""
        channels = self.get_channels()
        names = (
            "ecephys_structure_id",
            "ecephys_structure_acronym",
            "anterior_posterior_ccf_coordinate",
            "dorsal_ventral_ccf_coordinate",
            "left_right_ccf_coordinate",
        )
        own = channels["ecephys_session_id"] == session_id
        return channels.loc[own, [name for name in names if name in channels]]

    def _lfp_path(self, session_id: int, probe_id: int) -> Path:
        """The file of a probe's local fields, fetched if it is not there."""

        def read(path: Path) -> Path:
            AllenLFPFile(path).identifier()
            return path

        fetch = partial(self.fetch_api.get_probe_lfp_data, probe_id)
        return self._cached(self.PROBE_LFP_NWB_KEY, (session_id, probe_id), fetch, self.stream_writer, read)

    # ---- stimuli ---------------------------------------------------------------------------------------------------

    def get_natural_movie_template(self, number: int) -> np.ndarray:
        """A natural movie: uint8, shape (frame, row, column).

        Parameters
        ----------
        number : int

        Raises
        ------
        ValueError
            If there is none of this number.
        """
        fetch = partial(self.fetch_api.get_natural_movie_template, number)
        return self._cached(self.NATURAL_MOVIE_KEY, (number,), fetch, self.stream_writer, _read_movie)

    def get_natural_scene_template(self, number: int) -> np.ndarray:
        """A natural scene, shape (row, column); scene -1 of the presentations is a blank screen and has none.

        Parameters
        ----------
        number : int

        Raises
        ------
        ValueError
            If there is none of this number.
        """
        fetch = partial(self.fetch_api.get_natural_scene_template, int(number))
        return self._cached(self.NATURAL_SCENE_KEY, (number,), fetch, self.stream_writer, _read_scene)


class _ProbeFiles(Mapping):
    """Probes of a session, and a function that gives the file of each; the table of probes is read when asked for."""

    def __init__(self, cache: EcephysProjectCache, session_id: int) -> None:
        self._cache, self._session_id = cache, session_id
        self._ids: list[int] | None = None

    def _known(self) -> list[int]:
        if self._ids is None:
            probes = self._cache.get_probes()
            self._ids = probes.index[probes["ecephys_session_id"] == self._session_id].tolist()
        return self._ids

    def __getitem__(self, probe_id: int) -> Callable[[], Path]:
        if probe_id not in self._known():
            raise KeyError(probe_id)
        return partial(self._cache._lfp_path, self._session_id, probe_id)

    def __iter__(self) -> Iterator[int]:
        return iter(self._known())

    def __len__(self) -> int:
        return len(self._known())


def _read_movie(path: Path) -> np.ndarray:
    return np.load(path, allow_pickle=False)


def _read_scene(path: Path) -> np.ndarray:
    from PIL import Image

    with Image.open(path) as image:
        return np.array(image)
