"""A minute of each neuron: its spikes, its rate, and the rate that was predicted without seeing that minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..._types import FloatArray
from ._tuning import column_names

if TYPE_CHECKING:
    from ..fitted import FittedSession

__all__ = ["SECONDS", "SMOOTHING", "traces"]

SECONDS = 60.0
"""Length of the stretch shown."""

SMOOTHING = 0.25
"""Standard deviation (s) of the Gaussian that both rates are smoothed with."""

_COARSE = 0.5
"""Seconds over which predictions are averaged before stretches are compared."""

_MOST_TICKS = 1500


def traces(fitted: FittedSession, n_points: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """For each neuron the held-out stretch in which its predicted rate changes most, chosen by the prediction alone.

    Parameters
    ----------
    fitted
        The session.
    n_points
        Points of a line.

    Returns
    -------
    windows : list of dict
        The stretches that were chosen: ``start``, ``end`` (s), ``t`` (s from the start, shape (point,)),
        ``covariates``.
    neurons : list of dict
        ``window`` (number of the stretch), ``measured``, ``predicted`` (Hz, shape (point,)), ``spikes`` (s from
        the start). Empty for all neurons without bins of a known width.
    """
    built = fitted.built
    spans = _stretches(fitted)
    if not spans or built.bin_size is None:
        return [], [{} for _ in range(fitted.counts.shape[1])]
    predicted = np.asarray(fitted.predicted.values)
    n_coarse = max(round(_COARSE / built.bin_size), 1)
    changes = np.stack([_variance(predicted[first:stop], n_coarse) for first, stop in spans])
    best = np.argmax(np.where(np.isfinite(changes), changes, -1.0), axis=0)
    chosen = np.unique(best)
    windows, neurons = [], [{} for _ in best]
    for number, span in enumerate(chosen):
        first, stop = spans[span]
        who = np.flatnonzero(best == span)
        rows = np.unique(np.linspace(first, stop - 1, min(n_points, stop - first)).round().astype(int))
        half = built.bin_size / 2
        start, end = float(built.t[first] - half), float(built.t[stop - 1] + half)
        windows.append({"start": start, "end": end, "t": built.t[rows] - start, "covariates": _behaviour(fitted, rows)})
        sd = SMOOTHING / built.bin_size
        rates = [
            _smooth(np.asarray(y.values)[first:stop][:, who], sd)[rows - first] / built.bin_size
            for y in (fitted.counts, fitted.predicted)
        ]
        for column, neuron in enumerate(who):
            spikes = _ticks(fitted, neuron, start, end)
            pair = {"measured": rates[0][:, column], "predicted": rates[1][:, column]}
            neurons[neuron] = {"window": number, "spikes": spikes, **pair}
    return windows, neurons


def _stretches(fitted: FittedSession) -> list[tuple[int, int]]:
    """First and last row (exclusive) of stretches of a minute that are held out and without a break.

    Where no epoch is that long, the longest one.
    """
    t, bin_size = fitted.built.t, fitted.built.bin_size
    if t is None or bin_size is None:
        return []
    length = max(round(SECONDS / bin_size), 1)
    found, longest = [], (0, 0)
    both = fitted.held_out.intersect(fitted.built.time_support)
    for start, end in zip(both.start, both.end):
        first, stop = np.searchsorted(t, [start, end], side="left")
        stop += stop < len(t) and t[stop] <= end
        first, stop = int(first), int(stop)
        longest = max(longest, (first, stop), key=lambda pair: pair[1] - pair[0])
        found += [(row, row + length) for row in range(first, stop - length + 1, max(length // 2, 1))]
    return found or ([longest] if longest[1] > longest[0] else [])


def _variance(values: FloatArray, n_coarse: int) -> FloatArray:
    """Variance over time of means over a few rows, shape (neuron,)."""
    starts = np.arange(0, len(values), n_coarse)
    known = np.isfinite(values)
    sums = np.add.reduceat(np.where(known, values, 0.0), starts, axis=0)
    n = np.add.reduceat(known.astype(np.float64), starts, axis=0)
    means = sums / np.maximum(n, 1.0)
    weight = n / np.maximum(n.sum(axis=0), 1.0)
    centre = (weight * means).sum(axis=0)
    return (weight * (means - centre) ** 2).sum(axis=0)


def _smooth(values: np.ndarray, sd: float) -> FloatArray:
    """Gaussian mean of the rows around each one, over those that are known; NaN where there is none."""
    from scipy.ndimage import gaussian_filter1d

    known = np.isfinite(values)
    if sd < 0.5:
        return np.where(known, values, np.nan)
    top = gaussian_filter1d(np.where(known, values, 0.0).astype(np.float64), sd, axis=0, mode="constant")
    weight = gaussian_filter1d(known.astype(np.float64), sd, axis=0, mode="constant")
    return np.where(known, top / np.maximum(weight, 1e-12), np.nan)


def _behaviour(fitted: FittedSession, rows: np.ndarray) -> list[dict[str, Any]]:
    """What was behind the covariates in these rows, at most three lines each."""
    out = []
    for label, signal in fitted.covariates.items():
        values = np.asarray(signal.values, dtype=np.float64)[rows]
        columns = [values] if values.ndim == 1 else list(values.T[:3])
        named = zip(column_names(label, signal), columns)
        out.append({"label": label, "lines": [{"name": name, "value": x} for name, x in named]})
    return out


def _ticks(fitted: FittedSession, neuron: int, start: float, end: float) -> FloatArray:
    """Spike times of a neuron from the start of a stretch (s); of two that would touch in the picture, one."""
    times = np.asarray(fitted.units[fitted.units.index[neuron]].t)
    times = times[slice(*np.searchsorted(times, [start, end]))]
    step = (end - start) / _MOST_TICKS
    times = times[np.unique(np.floor((times - start) / step), return_index=True)[1]] if times.size else times
    return times - start
