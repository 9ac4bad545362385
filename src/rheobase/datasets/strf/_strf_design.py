"""Lagged spectrograms as features, each sound by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._types import FloatArray, IntArray
from .neural_dataset import NeuralDataset

__all__ = ["STRFDesign", "lag_range", "strf_design"]

_MEMORY = 1e9
"""Bytes that features may take before they are made block by block."""


@dataclass(frozen=True)
class STRFDesign:
    """Features and responses of a GLM whose coefficients are receptive fields.

    Attributes
    ----------
    X : ndarray or Convolved
        Feature of band f and lag k of a row: the spectrogram of its sound k bins before; lags run fastest. Shape (row,
        band x lag). Before and after a sound there are zeros.
    y : FloatArray
        Mean count over repeats, NaN where nothing was recorded, shape (row, neuron).
    weight : FloatArray
        Number of repeats, shape (row, neuron).
    stimulus : FloatArray
        Number of the sound of each row in the data set; NaN for rows between sounds, which only an `X` that is made
        block by block has.
    lags : IntArray
        Bins, shape (lag,).
    neurons : list of int
        Numbers of the neurons in the data set.
    dt_ms : float
        Width of a bin, ms.
    """

    X: Any
    y: FloatArray
    weight: FloatArray
    stimulus: FloatArray
    lags: IntArray
    neurons: list[int]
    dt_ms: float

    @property
    def lags_ms(self) -> FloatArray:
        """Lags, ms."""
        return self.lags * self.dt_ms


def lag_range(tmin: float, tmax: float, dt_ms: float) -> IntArray:
    """Lags from `tmin` to `tmax` seconds in bins, both included, rounded outward.

    Raises
    ------
    ValueError
        If there is none.
    """
    if not (np.isfinite(tmin) and np.isfinite(tmax) and tmin <= tmax):
        msg = f"tmin and tmax must be seconds with tmin <= tmax, got {tmin!r} and {tmax!r}."
        raise ValueError(msg)
    first, last = 1000.0 * tmin / dt_ms, 1000.0 * tmax / dt_ms
    return np.arange(np.floor(first + 1e-6), np.ceil(last - 1e-6) + 1).astype(np.int64)


def strf_design(
    ds: NeuralDataset, tmin: float = 0.0, tmax: float = 0.1, *, scale: Any = None, kind: str = "auto"
) -> STRFDesign:
    """Features and responses of the visible stimuli and neurons of a data set.

    Parameters
    ----------
    ds : NeuralDataset
        With spectrograms.
    tmin, tmax : float
        First and last lag, s, both included; positive lags are sound before the response.
    scale : array_like, optional
        What bands are divided by, shape (band,).
    kind : {"auto", "dense", "on the fly"}
        Whether features are held as an array, or made block by block; "auto": an array up to 1 GB.

    Returns
    -------
    STRFDesign

    Raises
    ------
    ValueError
        If nothing is visible, stimuli are waveforms, or `kind` is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.datasets.strf import NeuralDataset, strf_design
    >>> sound = [[[1, 0, 0, 2, 0, 0], [0, 1, 0, 0, 0, 1]]]
    >>> ds = NeuralDataset([sound], [[np.zeros((1, 6))]], dt_ms=5)
    >>> design = strf_design(ds, 0.0, 0.01)
    >>> design.X @ [1, 0.5, 0, 0, 2, -1]
    array([1. , 0.5, 2. , 1. , 1. , 0. ])
    """
    if kind not in ("auto", "dense", "on the fly"):
        msg = f"kind must be 'auto', 'dense' or 'on the fly', got {kind!r}."
        raise ValueError(msg)
    stims, neurons = ds.visible()
    if not stims:
        msg = "no stimulus is visible: reset_stim_selection() and reset_pop_selection() show all of them."
        raise ValueError(msg)
    if ds.stims[0].ndim != 3:
        msg = "receptive fields are made from spectrograms; load the data set with return_waveform=False."
        raise ValueError(msg)
    lags = lag_range(tmin, tmax, ds.dt)
    factor = 1.0 if scale is None else 1.0 / np.asarray(scale, dtype=np.float64)[:, None]
    sounds = [ds.stims[s][0].astype(np.float64) * factor for s in stims]
    before, after = max(int(lags[-1]), 0), max(-int(lags[0]), 0)
    signals = np.concatenate([np.pad(sound, ((0, 0), (before, after))).T for sound in sounds])
    lengths = np.array([sound.shape[1] for sound in sounds])
    last = np.cumsum(lengths + before + after)
    first = last - lengths - before - after
    start = first + before - int(lags[0])
    rows = np.concatenate([np.arange(a, a + n) for a, n in zip(start, lengths, strict=True)])
    y, weight = _responses(ds, stims, neurons, lengths)
    label = np.repeat(np.array(stims, dtype=np.float64), lengths)
    n_bytes = 8.0 * len(rows) * signals.shape[1] * len(lags)
    if kind == "dense" or (kind == "auto" and n_bytes <= _MEMORY):
        X: Any = _lagged(signals, rows, len(lags))
    else:
        X = _convolved(signals, len(lags), first, last)
        y, weight = _spread(y, rows, len(signals), np.nan), _spread(weight, rows, len(signals), 0.0)
        label = _spread(label, rows, len(signals), np.nan)
    return STRFDesign(X, y, weight, label, lags, neurons, ds.dt)


def _convolved(signals: FloatArray, n_lags: int, first: IntArray, last: IntArray) -> Any:
    from ...design import Convolved  # loads JAX

    return Convolved(signals, np.eye(n_lags), causality="causal", shift=False, first=first, last=last)


def _lagged(signals: FloatArray, rows: IntArray, n_lags: int) -> FloatArray:
    """Samples 0, 1, ... before each row, bands slowest, shape (row, band x lag)."""
    windows = np.lib.stride_tricks.sliding_window_view(signals, n_lags, axis=0)
    return windows[rows - n_lags + 1][:, :, ::-1].reshape(len(rows), -1)


def _responses(
    ds: NeuralDataset, stims: Sequence[int], neurons: Sequence[int], lengths: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Mean over repeats, and their number, (row, neuron) each."""
    y = np.full((int(lengths.sum()), len(neurons)), np.nan)
    weight = np.zeros_like(y)
    ends = np.cumsum(lengths)
    for end, length, s in zip(ends, lengths, stims, strict=True):
        for column, n in enumerate(neurons):
            if ds.nrn_masks[s, n]:
                trials = ds.responses[s][n]
                y[end - length : end, column] = trials.mean(axis=0, dtype=np.float64)
                weight[end - length : end, column] = len(trials)
    return y, weight


def _spread(values: FloatArray, rows: IntArray, n_rows: int, empty: float) -> FloatArray:
    out = np.full((n_rows, *values.shape[1:]), empty)
    out[rows] = values
    return out
