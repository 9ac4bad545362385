"""Responses and predictions of many stimuli, checked, and their first two moments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._types import ArrayLike, BoolArray, FloatArray, IntArray

__all__ = [
    "Data",
    "Moments",
    "Powers",
    "nan_divide",
    "over_stimuli",
    "pooled",
    "powers",
    "read",
    "read_trials",
    "reduced",
]


@dataclass(frozen=True)
class Data:
    """Repeats with zeros where nothing is known, and what is.

    Attributes
    ----------
    trials, use : ndarray
        Values and where they count, shape (stimulus, neuron, repeat, time). A repeat that knows nothing does not
        count, nor does a bin that one of the others does not know.
    known : BoolArray
        Bins that count, shape (stimulus, neuron, time).
    n_repeats : IntArray
        Shape (stimulus, neuron).
    psth, prediction : FloatArray
        Shape (stimulus, neuron, time), NaN where nothing is known.
    single : bool
        Whether it is one neuron's (repeat, time).
    """

    trials: FloatArray
    use: BoolArray
    known: BoolArray
    n_repeats: IntArray
    psth: FloatArray
    prediction: FloatArray
    single: bool


@dataclass(frozen=True)
class Moments:
    """Of a prediction and the mean over repeats, over all stimuli and bins, shape (neuron,) each."""

    n: FloatArray
    cov: FloatArray
    var_p: FloatArray
    var_y: FloatArray
    error: FloatArray


@dataclass(frozen=True)
class Powers:
    """Mean variance of repeats, variance of their mean, and signal power; duration, all (stimulus, neuron)."""

    total: FloatArray
    of_mean: FloatArray
    signal: FloatArray
    weight: FloatArray


def read_trials(responses: ArrayLike, mask: Any = None) -> Data:
    """Responses alone."""
    values = np.asarray(responses, dtype=np.float64)
    single = values.ndim == 2
    values = values[None, None] if single else values
    if values.ndim != 4 or 0 in values.shape:
        msg = (
            f"responses must have shape (stimulus, neuron, repeat, time) or (repeat, time), got {np.shape(responses)}."
        )
        raise ValueError(msg)
    known = ~np.isnan(values)
    if mask is not None:
        given = np.asarray(mask, dtype=bool)
        given = given[None, None] if single and given.ndim == 2 else given
        if given.shape != values.shape:
            msg = f"mask must have the shape of the responses, {values.shape}, got {given.shape}."
            raise ValueError(msg)
        known &= given
    rows = known.any(axis=-1)
    bins = (known | ~rows[..., None]).all(axis=2) & rows.any(axis=2)[..., None]
    use = rows[..., None] & bins[:, :, None]
    trials = np.where(use, values, 0.0)
    n_repeats = rows.sum(axis=2)
    mean = np.where(bins, trials.sum(axis=2) / np.maximum(n_repeats, 1)[..., None], np.nan)
    return Data(trials, use, bins, n_repeats, mean, mean, single)


def read(prediction: ArrayLike, responses: ArrayLike, mask: Any = None) -> Data:
    """Responses, and a prediction for each stimulus and neuron."""
    data = read_trials(responses, mask)
    values = np.asarray(prediction, dtype=np.float64)
    values = values.reshape(1, 1, 1, -1) if data.single and values.ndim in (1, 2) else values
    n_stims, n_neurons, n_bins = data.psth.shape
    if values.shape != (n_stims, n_neurons, 1, n_bins):
        wanted = f"({n_bins},)" if data.single else f"{(n_stims, n_neurons, 1, n_bins)}"
        msg = f"prediction must have shape {wanted} to go with these responses, got {np.shape(prediction)}."
        raise ValueError(msg)
    values = np.where(data.known, values[:, :, 0], np.nan)
    return Data(data.trials, data.use, data.known, data.n_repeats, data.psth, values, data.single)


def pooled(data: Data) -> Moments:
    """Moments over all bins of all stimuli, with n - 1."""
    known = data.known
    n = known.sum(axis=(0, 2)).astype(np.float64)
    p, y = _centred(data.prediction, known, n), _centred(data.psth, known, n)
    error = np.where(known, data.prediction - data.psth, 0.0)
    less = np.where(n > 1, n - 1, np.nan)
    parts = [(a * b).sum(axis=(0, 2)) for a, b in ((p, y), (p, p), (y, y), (error, error))]
    level = [np.abs(np.where(known, one, 0.0)).max(axis=(0, 2)) for one in (data.prediction, data.psth)]
    var_p, var_y = (np.where(part > n * (1e-13 * top) ** 2, part / less, 0.0) for part, top in zip(parts[1:3], level))
    return Moments(n, parts[0] / less, var_p, var_y, parts[3])


def _centred(values: FloatArray, known: BoolArray, n: FloatArray) -> FloatArray:
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=(0, 2)) / np.maximum(n, 1)
    return np.where(known, filled - mean[:, None], 0.0)


def powers(data: Data, minus: FloatArray | None = None) -> Powers:
    """Powers of each stimulus and neuron; NaN with fewer than two repeats or bins (for the signal) or bins (else).

    Parameters
    ----------
    data : Data
    minus : ndarray, optional
        Taken from every repeat first, shape (stimulus, neuron, time).
    """
    n = data.known.sum(axis=-1).astype(np.float64)
    less = np.where(n > 1, n - 1, np.nan)
    trials = data.trials if minus is None else np.where(data.use, data.trials - minus[:, :, None], 0.0)
    means = trials.sum(axis=-1, keepdims=True) / np.maximum(n, 1)[..., None, None]
    deviation = np.where(data.use, trials - means, 0.0)
    repeats = np.where(data.n_repeats > 0, data.n_repeats, np.nan)
    total = np.einsum("bnrt,bnrt->bn", deviation, deviation) / less / repeats
    of_mean = np.square(deviation.sum(axis=2) / repeats[..., None]).sum(axis=-1) / less
    fewer = np.where(data.n_repeats > 1, data.n_repeats - 1.0, np.nan)
    return Powers(total, of_mean, (repeats * of_mean - total) / fewer, n)


def over_stimuli(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Weighted mean over stimuli (stimulus, neuron) without NaN, shape (neuron,)."""
    known = np.isfinite(values)
    total = np.where(known, weights, 0.0).sum(axis=0)
    return nan_divide(np.where(known, values * weights, 0.0).sum(axis=0), total)


def nan_divide(a: FloatArray, b: FloatArray) -> FloatArray:
    """A / b, NaN where b is zero or NaN."""
    usable = np.isfinite(b) & (b != 0)
    return np.where(usable, a / np.where(usable, b, 1.0), np.nan)


def reduced(values: FloatArray, data: Data, reduction: str) -> FloatArray:
    """Of one number for each neuron, what was asked for."""
    if reduction not in ("none", "mean", "sum"):
        msg = f"reduction must be 'none', 'mean' or 'sum', got {reduction!r}."
        raise ValueError(msg)
    if reduction == "none":
        return values[0] if data.single else values
    known = np.isfinite(values)
    if not known.any():
        return np.float64(np.nan)  # type: ignore[return-value]
    return values[known].mean() if reduction == "mean" else values[known].sum()
