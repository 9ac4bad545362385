"""Correlations between repeats: halves with halves, and pairs."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

from ..._types import FloatArray
from ._pooling import Data, nan_divide

__all__ = ["half_split_ceiling", "pairwise_correlation"]


def half_split_ceiling(data: Data, max_splits: int) -> tuple[FloatArray, FloatArray]:
    """Spearman-Brown root of the mean correlation of halves, and durations, (stimulus, neuron) each."""
    if max_splits < 1:
        msg = f"max_splits must be at least 1, got {max_splits}."
        raise ValueError(msg)

    def ceiling(trials: FloatArray) -> float:
        first = splits(len(trials), max_splits)
        even = trials[: first.shape[1]] - trials[: first.shape[1]].mean(axis=1, keepdims=True)
        products = even @ even.T  # sums of halves correlate by sums of these: no need of their courses
        one, other = first @ products, ~first @ products
        sizes = (one * first).sum(axis=1) * (other * ~first).sum(axis=1)
        tiny = (1e-13 * np.trace(products)) ** 2  # a constant half
        found = nan_divide((one * ~first).sum(axis=1), np.sqrt(np.where(sizes > tiny, sizes, np.nan)))
        rho = float(np.nanmean(found)) if np.isfinite(found).any() else 0.0
        return np.sqrt(2 * rho / (1 + rho)) if rho > 0 else np.nan

    return _each(data, lambda trials, _: ceiling(trials), least=2), data.known.sum(axis=-1).astype(np.float64)


def splits(n_repeats: int, most: int) -> np.ndarray:
    """Ways to take half of the repeats (an odd one is left out), each with its complement once, as rows of bool."""
    even = n_repeats - n_repeats % 2
    half = even // 2
    if comb(even, half) // 2 <= most:
        chosen = [one for one in combinations(range(even), half) if one[0] == 0]
    else:  # the same draw for everyone
        rng = np.random.default_rng(0)
        drawn: set[tuple[int, ...]] = set()
        while len(drawn) < most:
            drawn.add((0, *sorted((1 + rng.permutation(even - 1)[: half - 1]).tolist())))
        chosen = sorted(drawn)
    out = np.zeros((len(chosen), even), dtype=bool)
    np.put_along_axis(out, np.array(chosen), True, axis=1)
    return out


def pairwise_correlation(data: Data, prediction: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
    """Mean correlation of pairs of repeats, or of each with a prediction, and durations, (stimulus, neuron) each."""

    def between(trials: FloatArray, guess: FloatArray) -> float:
        if prediction is not None:
            found = _row_correlation(trials, np.broadcast_to(guess, trials.shape))
        else:
            i, j = np.triu_indices(len(trials), k=1)
            found = _row_correlation(trials[i], trials[j])
        return float(np.nanmean(found)) if np.isfinite(found).any() else np.nan

    least = 2 if prediction is None else 1
    return _each(data, between, least), data.known.sum(axis=-1).astype(np.float64)


def _each(data: Data, measure, least: int) -> FloatArray:
    """`measure` of the repeats that count and the prediction, for each stimulus and neuron."""
    out = np.full(data.n_repeats.shape, np.nan)
    for s, n in zip(*np.nonzero((data.n_repeats >= least) & (data.known.sum(axis=-1) >= 2)), strict=True):
        bins = data.known[s, n]
        rows = data.use[s, n].any(axis=-1)
        out[s, n] = measure(data.trials[s, n][rows][:, bins], data.prediction[s, n][bins])
    return out


def _row_correlation(a: FloatArray, b: FloatArray) -> FloatArray:
    """Correlation of rows, NaN for constant ones."""
    a = a - a.mean(axis=1, keepdims=True)
    b = b - b.mean(axis=1, keepdims=True)
    return nan_divide((a * b).sum(axis=1), np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1)))
