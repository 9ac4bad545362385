"""Sounds and spike times as they are collected from files, turned into the arrays of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import gcd
from typing import Any

import numpy as np

from ..._types import FloatArray
from ._responses import bin_spikes
from .neural_dataset import NeuralDataset, missing
from .spectrogram import mel_centers, mel_spectrogram, n_frames

__all__ = ["Recording", "SoundOptions"]


@dataclass(frozen=True)
class SoundOptions:
    """How sounds become stimuli."""

    dt_ms: float = 1.0
    n_mels: int = 32
    compression: str = "cubic"
    window_ms: float = 10.0
    return_waveform: bool = False
    audio_fs: int = 24000

    def __post_init__(self) -> None:
        if not (np.isfinite(self.dt_ms) and self.dt_ms > 0):
            msg = f"dt_ms must be a number > 0 (ms), got {self.dt_ms!r}."
            raise ValueError(msg)
        hop = self.audio_fs * self.dt_ms / 1000.0
        if self.return_waveform and abs(hop - round(hop)) > 1e-9:
            msg = (
                f"audio_fs * dt_ms / 1000 must be a whole number of samples, got {hop:g}: take audio_fs=24000 or 32000."
            )
            raise ValueError(msg)

    def stimulus(self, sound: FloatArray, rate: int) -> tuple[np.ndarray, int]:
        """Spectrogram (1, band, time) or waveform (1, time), and the number of bins."""
        n_bins = n_frames(sound.size, rate * self.dt_ms / 1000.0)
        if not self.return_waveform:
            options = {"n_mels": self.n_mels, "window_ms": self.window_ms, "compression": self.compression}
            return mel_spectrogram(sound, rate, self.dt_ms, **options), n_bins  # type: ignore[arg-type]
        from scipy.signal import resample_poly

        if rate != self.audio_fs:
            common = gcd(rate, self.audio_fs)
            sound = resample_poly(sound, self.audio_fs // common, rate // common)
        out = np.zeros((1, n_bins * round(self.audio_fs * self.dt_ms / 1000.0)), dtype=np.float32)
        n = min(sound.size, out.shape[1])
        out[0, :n] = sound[:n]
        return out, n_bins


@dataclass
class Recording:
    """What was read so far: sounds by name, neurons, and spike times (ms) of each pair."""

    options: SoundOptions
    stims: list[np.ndarray] = field(default_factory=list)
    n_bins: list[int] = field(default_factory=list)
    stim_meta: list[dict[str, Any]] = field(default_factory=list)
    nrn_meta: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[tuple[int, int], list[np.ndarray]] = field(default_factory=dict)
    rates: set[int] = field(default_factory=set)
    _number: dict[str, int] = field(default_factory=dict)

    def known(self, name: str) -> int | None:
        """Number of a sound, if it was added."""
        return self._number.get(name)

    def add_sound(self, name: str, sound: FloatArray, rate: int, meta: dict[str, Any]) -> int:
        """Add a sound; gives its number."""
        stim, n_bins = self.options.stimulus(sound, rate)
        self._number[name] = len(self.stims)
        self.stims.append(stim)
        self.n_bins.append(n_bins)
        self.stim_meta.append(meta)
        self.rates.add(rate)
        return self._number[name]

    def add_neuron(self, meta: dict[str, Any]) -> int:
        """Add a neuron; gives its number."""
        self.nrn_meta.append(meta)
        return len(self.nrn_meta) - 1

    def add_trials(self, s: int, n: int, trials_ms: Sequence[FloatArray]) -> None:
        """Add repeats of a pair, silent ones too; more of them may follow."""
        counts = [bin_spikes(times, self.options.dt_ms, self.n_bins[s]) for times in trials_ms]
        self.counts.setdefault((s, n), []).extend(counts)

    def fill(self, ds: NeuralDataset, *, smooth: bool, path: Any) -> None:
        """Initialise a data set with all of it."""
        pairs = [[self.counts.get((s, n)) for n in range(len(self.nrn_meta))] for s in range(len(self.stims))]
        responses = [[np.stack(trials) if trials else missing() for trials in row] for row in pairs]
        centers = None
        if not self.options.return_waveform and len(self.rates) == 1:
            centers = mel_centers(next(iter(self.rates)), self.options.n_mels)
        NeuralDataset.__init__(
            ds,
            self.stims,
            responses,
            self.stim_meta,
            self.nrn_meta,
            dt_ms=self.options.dt_ms,
            frequencies=centers,
            path=path,
        )
        if smooth:
            ds.smooth_responses()
