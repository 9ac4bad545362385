"""Tuning to behaviour, measured and predicted, in the same bins of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..._types import FloatArray

if TYPE_CHECKING:
    from ..fitted import FittedSession

__all__ = ["behaviour_of", "column_names", "tuning_of_term"]

_MOST_LEVELS = 12
"""Distinct values up to which a signal has a point for each of them, not bins."""


def tuning_of_term(
    fitted: FittedSession, label: str, bounds: list[tuple[float, float] | None], n_bins: int, n_cells: int
) -> list[dict[str, Any]]:
    """Rates over bins of the behaviour that drives a term.

    Every bin of time in which the prediction is known counts once: spikes, expected spikes and seconds are summed over
    the bins of time in each bin of behaviour, and divided.

    Parameters
    ----------
    fitted
        The session.
    label
        Name of the term.
    bounds
        Range of each input, None for that of the data.
    n_bins, n_cells
        Bins of one signal, and along each of two.

    Returns
    -------
    list of dict
        One for a term of one or two inputs, one for each channel of a frame: ``name``, ``centres`` (an array for each
        input), ``occupancy`` (s, one entry for each bin), ``measured`` and ``predicted`` (Hz, shape (bin, neuron), NaN
        where the behaviour never was).
    """
    _, signal = behaviour_of(fitted, label)
    values = np.asarray(signal.values, dtype=np.float64)
    columns = [values] if values.ndim == 1 else list(values.T)
    names = column_names(label, signal)
    counts, predicted = np.asarray(fitted.counts.values), np.asarray(fitted.predicted.values)
    known = np.isfinite(predicted).all(axis=1)
    groups = [(tuple(columns), "")] if len(bounds) == 2 else [((x,), name) for x, name in zip(columns, names)]
    out = []
    for inputs, name in groups:
        limits = bounds if len(bounds) == len(inputs) else [None] * len(inputs)
        code, centres, exact = _bins(inputs, limits, n_bins if len(inputs) == 1 else n_cells)
        rows = np.flatnonzero(known & (code >= 0))
        order = rows[np.argsort(code[rows], kind="stable")]
        size = int(np.prod([len(c) for c in centres]))
        seconds = np.bincount(code[order], minlength=size) * (fitted.built.bin_size or 1.0)
        rates = [
            _sums(y, order, code, size) / np.where(seconds > 0, seconds, np.nan)[:, None] for y in (counts, predicted)
        ]
        out.append(
            {
                "name": name,
                "centres": centres,
                "levels": exact,
                "occupancy": seconds,
                "measured": rates[0],
                "predicted": rates[1],
            }
        )
    return out


def behaviour_of(fitted: FittedSession, label: str) -> tuple[str, Any] | None:
    """Name and values of the behaviour that drives a term; None for spikes.

    A sum of bases over the columns of a frame has a term for each of them, ``position.position[x]``.
    """
    if label in fitted.covariates:
        return label, fitted.covariates[label]
    for name, signal in fitted.covariates.items():
        if signal.ndim > 1:
            for number, column in enumerate(signal.columns):
                if label == f"{name}.{column}":
                    return name, signal[:, number]
    return None


def column_names(label: str, signal: Any) -> list[str]:
    """Names of the inputs of a term: what stands in the brackets of ``position[x]``, nothing for a vector."""
    if signal.ndim == 1:
        return [""]
    names = [str(name) for name in signal.columns]
    return [n[len(label) + 1 : -1] if n.startswith(f"{label}[") and n.endswith("]") else n for n in names]


def _bins(inputs: tuple[FloatArray, ...], limits: list, n: int) -> tuple[np.ndarray, list[FloatArray], bool]:
    """Number of the bin of each sample (-1 outside), bin centres of each input, and whether they are the values."""
    code, centres, exact = np.zeros(len(inputs[0]), dtype=np.int64), [], len(inputs) == 1
    for x, limit in zip(inputs, limits):
        known = np.isfinite(x)
        levels = np.unique(x[known]) if known.any() else np.zeros(1)
        exact &= levels.size <= _MOST_LEVELS
        if exact:
            centres.append(levels)
            place = np.searchsorted(levels, np.where(known, x, levels[0]))
        else:
            low, high = (levels[0], levels[-1]) if limit is None else limit
            width = ((high - low) or 1.0) / n
            centres.append(low + width * (np.arange(n) + 0.5))
            known &= (x >= low) & (x <= high)
            place = np.minimum((np.where(known, x, low) - low) / width, n - 1).astype(np.int64)
        code = np.where(known & (code >= 0), np.maximum(code, 0) * len(centres[-1]) + place, -1)
    return code, centres, exact


def _sums(y: np.ndarray, order: np.ndarray, code: np.ndarray, size: int) -> FloatArray:
    """Sum of the rows of each code, shape (code, neuron)."""
    out = np.zeros((size, y.shape[1]))
    if order.size:
        sorted_codes = code[order]
        first = np.flatnonzero(np.diff(sorted_codes, prepend=-1))
        out[sorted_codes[first]] = np.add.reduceat(y[order].astype(np.float64, copy=False), first, axis=0)
    return out
