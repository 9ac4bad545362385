"""A filled cache folder behind a URL: the public bucket, or any copy of it."""

from __future__ import annotations

import io
import urllib.parse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._http import RemoteFile, fetch_bytes
from ._project_tables import read_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["S3", "EcephysProjectStaticApi"]

S3 = "https://allen-brain-observatory.s3.amazonaws.com/visual-coding-neuropixels/ecephys-cache/"
"""The public copy; anonymous, laid out like a cache folder."""


class EcephysProjectStaticApi:
    """Fetches from a folder on a web server that is laid out like a cache.

    Parameters
    ----------
    url : str
        Of the folder.
    timeout : float
        Seconds that the server may be silent.
    """

    def __init__(self, url: str = S3, timeout: float = 60.0) -> None:
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            msg = f"url must begin with http:// or https://, got {url!r}."
            raise ValueError(msg)
        self.base, self.timeout = url.rstrip("/") + "/", timeout

    def __repr__(self) -> str:
        return f"EcephysProjectStaticApi({self.base!r})"

    def _file(self, place: str) -> RemoteFile:
        return RemoteFile(self.base + urllib.parse.quote(place), self.timeout)

    def _csv(self, place: str, index: str = "id") -> pd.DataFrame:
        return read_table(io.BytesIO(fetch_bytes(self._file(place).url, timeout=self.timeout)), index)

    def get_sessions(self) -> pd.DataFrame:
        """All sessions."""
        return self._csv("sessions.csv")

    def get_probes(self) -> pd.DataFrame:
        """All probes."""
        return self._csv("probes.csv")

    def get_channels(self) -> pd.DataFrame:
        """All channels."""
        return self._csv("channels.csv")

    def get_units(self) -> pd.DataFrame:
        """All units, not filtered."""
        return self._csv("units.csv")

    def get_session_data(self, session_id: int) -> RemoteFile:
        """The NWB file of a session."""
        return self._file(f"session_{int(session_id)}/session_{int(session_id)}.nwb")

    def get_probe_lfp_data(self, probe_id: int) -> RemoteFile:
        """The NWB file of a probe's local fields. ValueError if there is no such probe."""
        probes = self.get_probes()
        if probe_id not in probes.index:
            msg = f"no probe {probe_id} in {self.base}probes.csv."
            raise ValueError(msg)
        return self._file(f"session_{int(probes.loc[probe_id, 'ecephys_session_id'])}/probe_{int(probe_id)}_lfp.nwb")

    def get_natural_movie_template(self, number: int) -> RemoteFile:
        """A natural movie, in NumPy's format."""
        return self._file(f"natural_movie_templates/natural_movie_{int(number)}.h5")

    def get_natural_scene_template(self, number: int) -> RemoteFile:
        """A natural scene, as TIFF."""
        return self._file(f"natural_scene_templates/natural_scene_{int(number)}.tiff")

    def get_unit_analysis_metrics(
        self, unit_ids: Any = None, ecephys_session_ids: Any = None, session_types: Any = None
    ) -> pd.DataFrame:
        """Analysis metrics, from the files of whole session types. ValueError if there is no such session."""
        import pandas as pd

        wanted = None if unit_ids is None else set(_as_list(unit_ids))
        types = None if session_types is None else _as_list(session_types)
        if types is None or ecephys_session_ids is not None:
            sessions = self.get_sessions()
            if ecephys_session_ids is not None:
                ids = _as_list(ecephys_session_ids)
                if not set(ids) <= set(sessions.index):
                    msg = f"no sessions {sorted(set(ids) - set(sessions.index))} in {self.base}sessions.csv."
                    raise ValueError(msg)
                sessions = sessions.loc[ids]
                own = self._units_of(ids)
                wanted = own if wanted is None else wanted & own
            found = sessions["session_type"].unique().tolist()
            types = found if types is None else [name for name in types if name in found]
        tables = [self._csv(f"{name}_analysis_metrics.csv", "ecephys_unit_id") for name in types]
        metrics = pd.concat(tables) if tables else pd.DataFrame(index=pd.Index([], name="ecephys_unit_id"))
        return metrics if wanted is None else metrics[metrics.index.isin(wanted)]

    def _units_of(self, session_ids: list[Any]) -> set[int]:
        probes, channels, units = self.get_probes(), self.get_channels(), self.get_units()
        probes = probes[probes["ecephys_session_id"].isin(session_ids)]
        channels = channels[channels["ecephys_probe_id"].isin(probes.index)]
        return set(units.index[units["ecephys_channel_id"].isin(channels.index)])


def _as_list(values: Any) -> list[Any]:
    return [values] if isinstance(values, str) or not isinstance(values, Iterable) else list(values)
