"""The Visual Coding Neuropixels recordings of the Allen Institute: a project's cache, and sessions."""

from __future__ import annotations

from ._session_source import EcephysNwbSessionApi
from .session import EcephysSession

__all__ = ["EcephysNwbSessionApi", "EcephysSession"]
