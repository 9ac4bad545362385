"""Complex Morlet wavelets at several frequencies, all cut from one finely sampled mother."""

from __future__ import annotations

import numpy as np

from .._types import FloatArray

__all__ = ["morlet_bank"]

HALF_WIDTH = 8.0
"""The mother wavelet reaches from minus to plus this; units in which it oscillates `window_length` times per 1."""


def morlet_bank(
    freqs: FloatArray, fs: float, gaussian_width: float, window_length: float, precision: int
) -> tuple[np.ndarray, FloatArray]:
    """Wavelets and their times.

    The mother ``(pi b)^(-1/4) exp(-x^2 / b) exp(2 pi i w x)`` (b `gaussian_width`, w `window_length`) is sampled at
    ``2 ** precision`` points. Each wavelet takes the next of them for each of its own samples.

    Returns
    -------
    bank : ndarray of complex128, shape (tap, frequency)
        Reversed in time, as a convolution wants them, and centred.
    times : ndarray of float64, shape (tap,)
        s, around 0.
    """
    x = np.linspace(-HALF_WIDTH, HALF_WIDTH, 2**precision)
    scale = (np.pi * gaussian_width) ** -0.25
    mother = scale * np.exp(-(x**2) / gaussian_width) * np.exp(-2j * np.pi * window_length * x)
    wavelets = [_at_scale(mother, x, window_length / (freq / fs)) for freq in freqs.tolist()]
    lengths = np.array([wavelet.size for wavelet in wavelets])
    longest = int(np.argmax(lengths))
    bank = np.zeros((int(lengths[longest]), freqs.size), dtype=np.complex128)
    for i, wavelet in enumerate(wavelets):
        begin = (len(bank) - wavelet.size) // 2
        bank[begin : begin + wavelet.size, i] = wavelet
    half = HALF_WIDTH * window_length / freqs[longest]
    return bank, np.linspace(-half, half, len(bank))


def _at_scale(mother: np.ndarray, x: FloatArray, samples_per_unit: float) -> np.ndarray:
    """The mother wavelet at the sampling rate of the signal."""
    n_steps = samples_per_unit * (x[-1] - x[0]) + 1
    place = np.ceil(np.arange(n_steps) / (samples_per_unit * (x[1] - x[0]))).astype(np.int64)
    return mother[place[place < mother.size]][::-1]
