"""Sounds that are made up: songs and calls of harmonic stacks, and noise whose bands wax and wane."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..._types import FloatArray

__all__ = ["call", "modulated_noise", "song"]


def song(rng: np.random.Generator, rate: int, seconds: float = 2.0) -> FloatArray:
    """A motif of four syllables, sung over and over, with short gaps."""
    motif: list[FloatArray] = []
    for _ in range(4):
        gap = np.zeros(int(rate * rng.uniform(0.02, 0.05)))
        motif += [_stack(rng, rate, rng.uniform(0.06, 0.16)), gap]
    once = np.concatenate(motif)
    n = int(rate * seconds)
    return np.tile(once, -(-n // once.size))[:n]


def call(rng: np.random.Generator, rate: int) -> FloatArray:
    """One long harmonic stack between silences."""
    around = np.zeros(int(0.05 * rate))
    return np.concatenate([around, _stack(rng, rate, rng.uniform(0.2, 0.4)), around])


def modulated_noise(
    rng: np.random.Generator, rate: int, seconds: float = 2.0, n_bands: int = 24, fastest_hz: float = 25.0
) -> FloatArray:
    """Noise in bands, each as loud as a slow random course of its own has it."""
    from scipy.fft import irfft, next_fast_len

    n = int(rate * seconds)
    longer = next_fast_len(n, real=True)
    frequencies = np.arange(longer // 2 + 1) * rate / longer
    edges = np.geomspace(200.0, 11000.0, n_bands + 1)
    white = rng.normal(size=(2, frequencies.size)).T @ [1, 1j]
    slow = np.count_nonzero(frequencies < fastest_hz)
    out = np.zeros(n)
    for low, high in pairwise(edges):
        inside = (frequencies >= low) & (frequencies < high)
        carrier = irfft(white * inside / np.sqrt(max(inside.sum(), 1)), longer)[:n]
        course = irfft(rng.normal(size=(2, slow)).T @ [1, 1j], longer)[:n]
        out += carrier * np.exp(0.9 * course / course.std())
    return out / np.abs(out).max()


def _stack(rng: np.random.Generator, rate: int, seconds: float) -> FloatArray:
    """Harmonics of a gliding pitch, some of them louder, with soft edges."""
    n = int(rate * seconds)
    pitch = np.linspace(*rng.uniform(450.0, 950.0, 2), n)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    numbers = np.arange(1, 10)
    formant = np.exp(-0.5 * ((numbers - rng.uniform(2, 7)) / rng.uniform(1, 3)) ** 2)
    return np.hanning(n) ** 0.5 * (formant @ np.sin(numbers[:, None] * phase)) / formant.sum()
