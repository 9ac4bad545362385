"""Recordings to work with: simulated ones with a known truth."""

from __future__ import annotations

from .simulated import SimulatedRecording, SimulatedTruth, simulate_recording, simulated_injected_current

__all__ = ["SimulatedRecording", "SimulatedTruth", "simulate_recording", "simulated_injected_current"]
