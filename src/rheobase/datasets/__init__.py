"""Recordings to work with: simulated ones with a known truth, and public data sets."""

from __future__ import annotations

from . import allen
from .simulated import SimulatedRecording, SimulatedTruth, simulate_recording, simulated_injected_current
from .simulated_session import simulate_session

__all__ = [
    "SimulatedRecording",
    "SimulatedTruth",
    "allen",
    "simulate_recording",
    "simulate_session",
    "simulated_injected_current",
]
