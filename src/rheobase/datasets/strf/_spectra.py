"""Agreement of a prediction with a response at each frequency."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._types import ArrayLike, FloatArray
from ._pooling import nan_divide, read, reduced

__all__ = ["coherence", "information"]


def coherence(
    prediction: ArrayLike,
    responses: ArrayLike,
    dt_ms: float,
    *,
    window_ms: float = 500.0,
    max_hz: float = 100.0,
    mask: Any = None,
) -> tuple[FloatArray, FloatArray]:
    """Magnitude-squared coherence of a prediction and the mean over repeats.

    Spectra are averaged over half-overlapping Hann windows of all stimuli, with their means removed. With one window,
    coherence is one whatever the prediction: give it many.

    Parameters
    ----------
    prediction, responses, mask
        As in `correlation`.
    dt_ms : float
        Width of a bin, ms.
    window_ms : float
        Width of the windows, ms; shorter stimuli are left out.
    max_hz : float
        Highest frequency.

    Returns
    -------
    frequencies : ndarray
        Hz, shape (frequency,), without zero.
    coherence : ndarray
        Shape (neuron, frequency), or (frequency,) for one neuron; NaN where there is no window.

    Raises
    ------
    ValueError
        If a window holds fewer than four bins, or shapes do not fit.

    References
    ----------
    Hsu, Borst & Theunissen (2004), *Quantifying variability in neural responses*.
    """
    data = read(prediction, responses, mask)
    n_taps = round(window_ms / dt_ms)
    if n_taps < 4:
        msg = f"window_ms must hold at least 4 bins of {dt_ms:g} ms, got {window_ms!r}."
        raise ValueError(msg)
    taper = np.hanning(n_taps + 2)[1:-1]
    frequencies = np.fft.rfftfreq(n_taps, dt_ms / 1000.0)
    keep = (frequencies > 0) & (frequencies <= max_hz)
    out = np.full((data.psth.shape[1], int(keep.sum())), np.nan)
    for n in range(len(out)):
        pairs = [_windows(data.prediction[s, n], data.psth[s, n], n_taps) for s in range(len(data.psth))]
        both = np.concatenate(pairs, axis=1)
        if both.shape[1] == 0:
            continue
        p, y = np.fft.rfft((both - both.mean(axis=-1, keepdims=True)) * taper, axis=-1)[..., keep]
        cross = np.abs((p.conj() * y).sum(axis=0)) ** 2
        out[n] = nan_divide(cross, (np.abs(p) ** 2).sum(axis=0) * (np.abs(y) ** 2).sum(axis=0))
    return frequencies[keep], (out[0] if data.single else out)


def _windows(prediction: FloatArray, psth: FloatArray, n_taps: int) -> FloatArray:
    """Half-overlapping windows of both, where both are known, shape (2, window, tap)."""
    known = np.flatnonzero(np.isfinite(prediction) & np.isfinite(psth))
    both = np.stack([prediction[known], psth[known]])
    if len(known) < n_taps:
        return np.empty((2, 0, n_taps))
    return np.lib.stride_tricks.sliding_window_view(both, n_taps, axis=1)[:, :: max(n_taps // 2, 1)]


def information(
    prediction: ArrayLike,
    responses: ArrayLike,
    dt_ms: float,
    *,
    window_ms: float = 500.0,
    max_hz: float = 100.0,
    mask: Any = None,
    reduction: str = "none",
) -> FloatArray:
    """Information about a response in a prediction, bits/s: minus the integral of log2(1 - coherence).

    Parameters
    ----------
    prediction, responses, dt_ms, window_ms, max_hz, mask
        As in `coherence`.
    reduction : {"none", "mean", "sum"}
        Over neurons.

    References
    ----------
    Hsu, Borst & Theunissen (2004), *Quantifying variability in neural responses*.
    """
    _, found = coherence(prediction, responses, dt_ms, window_ms=window_ms, max_hz=max_hz, mask=mask)
    step = 1000.0 / (round(window_ms / dt_ms) * dt_ms)
    with np.errstate(divide="ignore"):
        bits = -step * np.log2(np.maximum(1.0 - found, 0.0)).sum(axis=-1)
    return reduced(np.atleast_1d(bits), read(prediction, responses, mask), reduction)
