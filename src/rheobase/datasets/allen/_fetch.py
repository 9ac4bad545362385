"""What a source of a project's data is, and the one that has none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EcephysProjectApi", "EcephysProjectFixedApi", "MissingDataError"]


class MissingDataError(ValueError):
    """Something is not in the cache, and nothing may be fetched."""


class EcephysProjectApi(Protocol):
    """Where `EcephysProjectCache` fetches from: tables indexed by ``id``, files as streams of bytes."""

    def get_sessions(self) -> pd.DataFrame:
        """All sessions."""

    def get_probes(self) -> pd.DataFrame:
        """All probes."""

    def get_channels(self) -> pd.DataFrame:
        """All channels."""

    def get_units(self) -> pd.DataFrame:
        """All units, not filtered."""

    def get_session_data(self, session_id: int) -> Iterable[bytes]:
        """The NWB file of a session."""

    def get_probe_lfp_data(self, probe_id: int) -> Iterable[bytes]:
        """The NWB file of a probe's local fields."""

    def get_natural_movie_template(self, number: int) -> Iterable[bytes]:
        """A natural movie, in NumPy's format."""

    def get_natural_scene_template(self, number: int) -> Iterable[bytes]:
        """A natural scene, as TIFF."""

    def get_unit_analysis_metrics(
        self, unit_ids: Any = None, ecephys_session_ids: Any = None, session_types: Any = None
    ) -> pd.DataFrame:
        """Analysis metrics, indexed by ``ecephys_unit_id``."""


class EcephysProjectFixedApi:
    """Fetches nothing: what is not in the cache is missing.

    Raises
    ------
    MissingDataError
        From every method, naming what is missing.
    """

    def __repr__(self) -> str:
        return "EcephysProjectFixedApi()"

    def get_sessions(self) -> NoReturn:
        """Refuse."""
        _missing("the table of sessions")

    def get_probes(self) -> NoReturn:
        """Refuse."""
        _missing("the table of probes")

    def get_channels(self) -> NoReturn:
        """Refuse."""
        _missing("the table of channels")

    def get_units(self) -> NoReturn:
        """Refuse."""
        _missing("the table of units")

    def get_session_data(self, session_id: int) -> NoReturn:
        """Refuse."""
        _missing(f"the data of session {session_id}")

    def get_probe_lfp_data(self, probe_id: int) -> NoReturn:
        """Refuse."""
        _missing(f"the local field potentials of probe {probe_id}")

    def get_natural_movie_template(self, number: int) -> NoReturn:
        """Refuse."""
        _missing(f"the template of natural movie {number}")

    def get_natural_scene_template(self, number: int) -> NoReturn:
        """Refuse."""
        _missing(f"the template of natural scene {number}")

    def get_unit_analysis_metrics(
        self, unit_ids: Any = None, ecephys_session_ids: Any = None, session_types: Any = None
    ) -> NoReturn:
        """Refuse."""
        asked = {"units": unit_ids, "sessions": ecephys_session_ids, "session types": session_types}
        of = ", ".join(f"{name} {value}" for name, value in asked.items() if value is not None)
        _missing(f"the analysis metrics of {of or 'all units'}")


def _missing(what: str) -> NoReturn:
    msg = (
        f"missing data: {what} is not in this cache, which is fixed: nothing is fetched. Use from_warehouse or from_s3."
    )
    raise MissingDataError(msg)
