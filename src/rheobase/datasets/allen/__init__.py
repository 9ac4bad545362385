"""The Visual Coding Neuropixels recordings of the Allen Institute: a project's cache, and sessions."""

from __future__ import annotations

from .._cache import write_stream as write_from_stream
from ._fetch import EcephysProjectApi, EcephysProjectFixedApi, MissingDataError
from ._manifest import ManifestVersionError
from ._session_source import EcephysNwbSessionApi
from ._static import EcephysProjectStaticApi
from ._warehouse import EcephysProjectWarehouseApi, RmaRequestError
from .project import EcephysProjectCache
from .session import EcephysSession

__all__ = [
    "EcephysNwbSessionApi",
    "EcephysProjectApi",
    "EcephysProjectCache",
    "EcephysProjectFixedApi",
    "EcephysProjectStaticApi",
    "EcephysProjectWarehouseApi",
    "EcephysSession",
    "ManifestVersionError",
    "MissingDataError",
    "RmaRequestError",
    "write_from_stream",
]


def __dir__() -> list[str]:
    return sorted(__all__)
