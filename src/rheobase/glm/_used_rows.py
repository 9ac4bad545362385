"""Which rows a fit uses, and what is known of the responses in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._types import BoolArray, FloatArray
from ..observation_models import AbstractObservationModel

__all__ = ["RATE_FLOOR", "UsedRows", "known_rows", "row_weights", "rows_counted", "used_rows"]

RATE_FLOOR = float(np.finfo(np.float64).eps)
"""Mean count per bin given to a neuron without spikes."""

_BLOCK = 1 << 16
"""Rows that are looked at together."""


@dataclass(frozen=True)
class UsedRows:
    """What a fit knows before it starts.

    Attributes
    ----------
    y
        Response, finite everywhere, shape (n_samples, neuron).
    weights
        Of rows, as `row_weights` gives them.
    mean
        Weighted mean response, shape (neuron,).
    silent, silent_mean
        As `_silent` gives them.
    counted
        As `rows_counted` gives it.
    """

    y: np.ndarray
    weights: FloatArray
    mean: FloatArray
    silent: BoolArray
    silent_mean: FloatArray
    counted: dict[str, Any]


def used_rows(
    standard, y: np.ndarray, known: BoolArray, model: AbstractObservationModel, sample_weight: FloatArray | None
) -> UsedRows:
    """Go over all rows once.

    Parameters
    ----------
    standard
        Standardised design.
    y
        Response, shape (n_samples, neuron), NaN where there is none.
    known
        As `known_rows` gives it.
    model
        Says which responses are silent.
    sample_weight
        Shape (n_samples, 1 or neuron), or None.
    """
    weights = row_weights(standard, known, sample_weight)
    y = np.where(known, y, 0.0) if y.dtype.kind == "f" else y
    counted = rows_counted(weights, sample_weight, len(y), y.shape[1])
    return UsedRows(y, weights, _weighted_mean(weights, y), *_silent(model, y, weights), counted)


def known_rows(y: FloatArray, offset: FloatArray | None, sample_weight: FloatArray | None) -> BoolArray:
    """Which rows of a neuron have a response, an offset and some weight, shape (n_samples, neuron)."""
    known = np.isfinite(y) if y.dtype.kind == "f" else np.ones((len(y), 1), dtype=bool)
    if offset is not None:
        known = known & np.isfinite(offset)
    if sample_weight is not None:
        known = known & (sample_weight > 0)
    return known


def row_weights(standard, known: BoolArray, sample_weight: FloatArray | None) -> FloatArray:
    """Weights that sum to one over the rows a neuron uses: one column if all neurons use the same rows."""
    rows = standard.row_mask[: len(known), None] & known
    if known.shape[1] > 1 and np.array_equal(rows.all(axis=1), rows.any(axis=1)):
        rows = rows[:, :1]
    counted = rows if sample_weight is None else np.where(rows, sample_weight, 0.0)
    total = counted.sum(axis=0)
    out = np.zeros((standard.n_rows, counted.shape[1]))
    out[: len(rows)] = counted / np.where(total > 0, total, 1.0)
    return out


def rows_counted(
    weights: FloatArray, sample_weight: FloatArray | None, n_samples: int, n_neurons: int
) -> dict[str, Any]:
    """How many rows each neuron used, and how many they count for, shape (neuron,).

    Parameters
    ----------
    weights
        As `row_weights` gives them.
    sample_weight
        As the user gave it, shape (n_samples, 1 or neuron).
    """
    n_rows = np.broadcast_to((weights > 0).sum(axis=0), (n_neurons,)).copy()
    if sample_weight is None:
        return {"n_rows_used": n_rows, "weight_used": n_rows.astype(np.float64)}
    counted = np.where(weights[:n_samples] > 0, sample_weight, 0.0).sum(axis=0)
    return {"n_rows_used": n_rows, "weight_used": np.broadcast_to(counted, (n_neurons,)).copy()}


def _weighted_mean(weights: FloatArray, y: np.ndarray) -> FloatArray:
    """Mean response of each neuron, block by block: nothing is copied whole."""
    mean = np.zeros(y.shape[1])
    for start in range(0, len(y), _BLOCK):
        block, used = y[start : start + _BLOCK], weights[start : min(start + _BLOCK, len(y))]
        mean += np.einsum("ij,ij->j", np.broadcast_to(used, block.shape), block)
    return mean


def _silent(model: AbstractObservationModel, y: np.ndarray, weights: FloatArray) -> tuple[BoolArray, FloatArray]:
    """Neurons whose response is, in every row used, a value that no finite predictor predicts; and their means, as near
    to it as floating point goes.
    """
    silent, mean = np.zeros(y.shape[1], dtype=bool), np.full(y.shape[1], RATE_FLOOR)
    for value in model.silent_values:
        same = np.ones(y.shape[1], dtype=bool)
        for start in range(0, len(y), _BLOCK):
            block, used = y[start : start + _BLOCK], weights[start : min(start + _BLOCK, len(y))] > 0
            same &= ~np.any((block != value) & used, axis=0)
        mean[same] = value + (RATE_FLOOR if value == 0 else -RATE_FLOOR)
        silent |= same
    return silent, mean
