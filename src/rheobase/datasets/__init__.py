"""Recordings to work with: simulated ones with a known truth, and public data sets.

What needs JAX is loaded when it is first asked for: looking at a recording costs no compiler.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import allen, strf
from ._fetch_store import cache_folder
from ._http import ChecksumError, DownloadError
from .dandi import fetch_dandi
from .fetching import ExampleRecording, example_recordings, fetch
from .simulated_session import simulate_session

if TYPE_CHECKING:
    from .simulated import SimulatedRecording, SimulatedTruth, simulate_recording, simulated_injected_current

__all__ = [
    "ChecksumError",
    "DownloadError",
    "ExampleRecording",
    "SimulatedRecording",
    "SimulatedTruth",
    "allen",
    "cache_folder",
    "example_recordings",
    "fetch",
    "fetch_dandi",
    "simulate_recording",
    "simulate_session",
    "simulated_injected_current",
    "strf",
]

_LAZY = {
    "SimulatedRecording": "simulated",
    "SimulatedTruth": "simulated",
    "simulate_recording": "simulated",
    "simulated_injected_current": "simulated",
}
"""Name → the module that it is loaded from."""


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        value = getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
        globals()[name] = value  # found by the ordinary lookup from now on
        return value
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg, name=name, obj=importlib.import_module(__name__))


def __dir__() -> list[str]:
    return sorted(__all__)
