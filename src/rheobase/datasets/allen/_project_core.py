"""The tables of a project's cache: sessions, probes, channels, units, analysis metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from .._cache import cached
from . import _project_tables as _tables
from ._fetch import EcephysProjectApi
from ._manifest import Manifest
from ._tables import UnitFilter

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AbstractProjectTables"]

_OF_SESSIONS = (
    "date_of_acquisition",
    "published_at",
    "specimen_id",
    "session_type",
    "isi_experiment_id",
    "age_in_days",
    "sex",
    "genotype",
    "has_nwb",
)


class AbstractProjectTables:
    """Tables of a project, read from the files of its cache at every call, and fetched if these are missing."""

    fetch_api: EcephysProjectApi
    fetch_tries: int
    manifest: Manifest

    SESSIONS_KEY = "sessions"
    PROBES_KEY = "probes"
    CHANNELS_KEY = "channels"
    UNITS_KEY = "units"
    SESSION_DIR_KEY = "session_data"
    SESSION_NWB_KEY = "session_nwb"
    PROBE_LFP_NWB_KEY = "probe_lfp_nwb"
    NATURAL_MOVIE_DIR_KEY = "movie_dir"
    NATURAL_MOVIE_KEY = "natural_movie"
    NATURAL_SCENE_DIR_KEY = "natural_scene_dir"
    NATURAL_SCENE_KEY = "natural_scene"
    SESSION_ANALYSIS_METRICS_KEY = "session_analysis_metrics"
    TYPEWISE_ANALYSIS_METRICS_KEY = "typewise_analysis_metrics"
    MANIFEST_VERSION = "0.3.0"

    SUPPRESS_FROM_UNITS = (
        "air_channel_index",
        "surface_channel_index",
        "has_nwb",
        "lfp_temporal_subsampling_factor",
        "epoch_name_quality_metrics",
        "epoch_name_waveform_metrics",
        "isi_experiment_id",
    )
    SUPPRESS_FROM_PROBES = (
        "air_channel_index",
        "surface_channel_index",
        *_OF_SESSIONS,
        "lfp_temporal_subsampling_factor",
    )
    SUPPRESS_FROM_CHANNELS = (*SUPPRESS_FROM_PROBES, "name")
    SUPPRESS_FROM_SESSION_TABLE = ("has_nwb", "isi_experiment_id", "date_of_acquisition")

    def _cached(self, key: str, args: tuple, fetch: Callable[[], Any], write: Callable, read: Callable) -> Any:
        return cached(self.manifest.file(key, *args), fetch, write, read, self.fetch_tries)

    def _table(self, key: str, fetch: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        return self._cached(key, (), fetch, _tables.write_table, _tables.read_table)

    def _sessions(self) -> pd.DataFrame:
        return _tables.parsed_sessions(self._table(self.SESSIONS_KEY, self.fetch_api.get_sessions))

    def _units(self, options: dict[str, Any]) -> pd.DataFrame:
        keep = UnitFilter.of(options)
        return _tables.filtered_units(self._table(self.UNITS_KEY, self.fetch_api.get_units), keep)

    def _joined(self, options: dict[str, Any] | None = None) -> tuple[pd.DataFrame, ...]:
        """Sessions, and probes, channels and filtered units, each with the columns of what they belong to."""
        sessions, units = self._sessions(), self._units(options or {})
        channels = self._table(self.CHANNELS_KEY, self.fetch_api.get_channels)
        probes = _tables.scaled_probes(self._table(self.PROBES_KEY, self.fetch_api.get_probes))
        probes = _tables.annotated(probes, sessions, "ecephys_session_id", ("_probe", "_session"))
        channels = _tables.annotated(channels, probes, "ecephys_probe_id", ("_channel", "_probe"))
        units = _tables.annotated(units, channels, "ecephys_channel_id", ("_unit", "_channel"))
        return sessions, probes, channels, units

    # ---- public ----------------------------------------------------------------------------------------------------

    def get_session_table(self, suppress: Iterable[str] | None = None) -> pd.DataFrame:
        """Sessions, with numbers of units (that pass the filters), channels and probes, and structures.

        Parameters
        ----------
        suppress : iterable of str, optional
            Columns to hide; by default `SUPPRESS_FROM_SESSION_TABLE`.
        """
        table = _tables.hide(self._counted_sessions(), suppress, self.SUPPRESS_FROM_SESSION_TABLE)
        return table.rename(columns={"genotype": "full_genotype"})

    def _counted_sessions(self) -> pd.DataFrame:
        sessions, probes, channels, units = self._joined()
        for owned, name in ((units, "unit_count"), (channels, "channel_count"), (probes, "probe_count")):
            _tables.add_counts(sessions, owned, "ecephys_session_id", name)
        _tables.add_structures(sessions, channels, "ecephys_session_id")
        return sessions

    def get_sessions(self, suppress: Iterable[str] | None = None) -> pd.DataFrame:
        """`get_session_table` as it was first called, with ``genotype`` and ``structure_acronyms``.

        Parameters
        ----------
        suppress : iterable of str, optional
            Columns to hide; by default ``has_nwb``.
        """
        table = self._counted_sessions().rename(columns={"ecephys_structure_acronyms": "structure_acronyms"})
        return _tables.hide(table, suppress, ("has_nwb",))

    def get_probes(self, suppress: Iterable[str] | None = None) -> pd.DataFrame:
        """Probes, with numbers of units and channels, and structures.

        Parameters
        ----------
        suppress : iterable of str, optional
            Columns to hide; by default `SUPPRESS_FROM_PROBES`.
        """
        _, probes, channels, units = self._joined()
        _tables.add_counts(probes, units, "ecephys_probe_id", "unit_count")
        _tables.add_counts(probes, channels, "ecephys_probe_id", "channel_count")
        _tables.add_structures(probes, channels, "ecephys_probe_id")
        return _tables.hide(probes, suppress, self.SUPPRESS_FROM_PROBES)

    def get_channels(self, suppress: Iterable[str] | None = None) -> pd.DataFrame:
        """Channels, with their probes, and the number of units that peak on each.

        Parameters
        ----------
        suppress : iterable of str, optional
            Columns to hide; by default `SUPPRESS_FROM_CHANNELS`.
        """
        *_, channels, units = self._joined()
        _tables.add_counts(channels, units, "ecephys_channel_id", "unit_count")
        return _tables.hide(channels, suppress, self.SUPPRESS_FROM_CHANNELS).rename(columns={"name": "probe_name"})

    def get_units(
        self, suppress: Iterable[str] | None = None, filter_by_validity: bool = True, **unit_filter_kwargs: Any
    ) -> pd.DataFrame:
        """Units, with their channels, probes and sessions.

        Parameters
        ----------
        suppress : iterable of str, optional
            Columns to hide; by default `SUPPRESS_FROM_UNITS`.
        filter_by_validity : bool
            Keep only units of good quality.
        **unit_filter_kwargs
            ``amplitude_cutoff_maximum`` (0.1), ``presence_ratio_minimum`` (0.95), ``isi_violations_maximum`` (0.5):
            inclusive; None is no limit, but a missing metric fails all the same.

        Raises
        ------
        TypeError
            If there is a keyword of another name.
        """
        *_, units = self._joined({"filter_by_validity": filter_by_validity, **unit_filter_kwargs})
        return _tables.hide(units, suppress, self.SUPPRESS_FROM_UNITS)

    def _values(self, name: str, table: pd.DataFrame) -> list[Any]:
        return table[name].unique().tolist()

    def get_all_session_types(self, **session_kwargs: Any) -> list[str]:
        """Kinds of sessions. Keywords as `get_session_table`."""
        return self._values("session_type", self.get_session_table(**session_kwargs))

    def get_all_full_genotypes(self, **session_kwargs: Any) -> list[str]:
        """Genotypes. Keywords as `get_session_table`."""
        return self._values("full_genotype", self.get_session_table(**session_kwargs))

    def get_all_genotypes(self, **session_kwargs: Any) -> list[str]:
        """`get_all_full_genotypes` as it was first called."""
        return self.get_all_full_genotypes(**session_kwargs)

    def get_all_ages(self, **session_kwargs: Any) -> list[float]:
        """Ages, days. Keywords as `get_session_table`."""
        return self._values("age_in_days", self.get_session_table(**session_kwargs))

    def get_all_sexes(self, **session_kwargs: Any) -> list[str]:
        """Sexes. Keywords as `get_session_table`."""
        return self._values("sex", self.get_session_table(**session_kwargs))

    def get_structure_acronyms(self, **channel_kwargs: Any) -> list[str]:
        """Structures in which channels lie; NaN is out of brain. Keywords as `get_channels`."""
        return self._values("ecephys_structure_acronym", self.get_channels(**channel_kwargs))

    def get_all_recorded_structures(self, **channel_kwargs: Any) -> list[str]:
        """`get_structure_acronyms` as it was first called."""
        return self.get_structure_acronyms(**channel_kwargs)

    # ---- analysis metrics ------------------------------------------------------------------------------------------

    def get_unit_analysis_metrics_for_session(
        self, session_id: int, annotate: bool = True, filter_by_validity: bool = True, **unit_filter_kwargs: Any
    ) -> pd.DataFrame:
        """What was computed of each unit of a session: preferred stimuli, selectivities, latencies, ...

        Parameters
        ----------
        session_id : int
        annotate : bool
            Join with `get_units`, so that only units that pass the filters remain.
        filter_by_validity, **unit_filter_kwargs
            As `get_units`.
        """
        fetch = partial(self.fetch_api.get_unit_analysis_metrics, ecephys_session_ids=[session_id])
        metrics = self._metrics(self.SESSION_ANALYSIS_METRICS_KEY, (session_id, session_id), fetch)
        if not annotate:
            return metrics
        units = self.get_units(filter_by_validity=filter_by_validity, **unit_filter_kwargs)
        return _with_metrics(units[units["ecephys_session_id"] == session_id], metrics)

    def get_unit_analysis_metrics_by_session_type(
        self, session_type: str, annotate: bool = True, filter_by_validity: bool = True, **unit_filter_kwargs: Any
    ) -> pd.DataFrame:
        """`get_unit_analysis_metrics_for_session` of all sessions of one kind.

        Parameters
        ----------
        session_type : str
        annotate, filter_by_validity, **unit_filter_kwargs
            As there.

        Raises
        ------
        ValueError
            If there is no such kind.
        """
        known = self.get_all_session_types()
        if session_type not in known:
            msg = f"unrecognized session type: {session_type!r}. Available types: {known}"
            raise ValueError(msg)
        fetch = partial(self.fetch_api.get_unit_analysis_metrics, session_types=[session_type])
        metrics = self._metrics(self.TYPEWISE_ANALYSIS_METRICS_KEY, (session_type,), fetch)
        if not annotate:
            return metrics
        return _with_metrics(self.get_units(filter_by_validity=filter_by_validity, **unit_filter_kwargs), metrics)

    def _metrics(self, key: str, args: tuple, fetch: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        return self._cached(key, args, fetch, _tables.write_table, _tables.read_metrics)


def _with_metrics(units: pd.DataFrame, metrics: pd.DataFrame) -> pd.DataFrame:
    joined = units.merge(metrics, left_index=True, right_index=True, how="inner")
    return joined.rename_axis(index="ecephys_unit_id")
