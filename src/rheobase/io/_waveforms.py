"""Mean waveforms of sorted units, from the wideband recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .._types import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["mean_waveforms"]

BLOCK_BYTES = 1 << 26
"""Of the samples around spikes that are held at once."""


def mean_waveforms(
    recording: Any,
    frequency: float,
    spikes: Mapping[int, FloatArray],
    channels: Mapping[int, list[int]],
    window: tuple[float, float],
    spike_count: int,
    seed: int | None,
) -> tuple[dict[int, pd.DataFrame], pd.Series]:
    """Mean of the recording around the spikes of each unit.

    Parameters
    ----------
    recording : ndarray, shape (time, channel)
        Such as a memory map: only what lies around spikes is read.
    frequency : float
        Its sampling rate, Hz.
    spikes : dict
        Unit → times (s).
    channels : dict
        Unit → channels to take.
    window : (float, float)
        Seconds before and after a spike.
    spike_count : int
        Spikes of each unit, drawn at random; all where there are fewer.
    seed : int, optional
        Of the drawing.

    Returns
    -------
    waveforms : dict of DataFrame
        Unit → shape (time, channel), rows by time from the spike (s); NaN for a unit without spikes.
    largest : pandas.Series
        Unit → number, among its channels, of the one with the lowest value at the spike; -1 without spikes.
    """
    import pandas as pd

    before, after = (round(margin * frequency) for margin in window)
    offsets = np.arange(-before, after)
    rng = np.random.default_rng(seed)
    found, largest = {}, {}
    for unit, times in spikes.items():
        at = np.floor(times * frequency + 1e-6).astype(np.int64)  # times came from whole samples, divided
        at = at[(at >= before) & (at + after <= len(recording))]
        if len(at) > spike_count:
            at = np.sort(rng.choice(at, spike_count, replace=False))
        mean = _mean_around(recording, at, offsets, channels[unit])
        found[unit] = pd.DataFrame(mean, index=offsets / frequency, columns=np.arange(len(channels[unit])))
        largest[unit] = int(mean[before].argmin()) if len(at) and before < len(offsets) and mean.size else -1
    return found, pd.Series(largest, dtype=np.int64)


def _mean_around(recording: Any, at: IntArray, offsets: IntArray, channels: list[int]) -> FloatArray:
    total = np.zeros((len(offsets), len(channels)))
    n = max(1, BLOCK_BYTES // max(1, 8 * total.size))
    for first in range(0, len(at), n):
        rows = at[first : first + n, None] + offsets
        total += recording[rows[..., None], np.asarray(channels)].sum(axis=0, dtype=np.float64)
    return total / len(at) if len(at) else np.full_like(total, np.nan)
