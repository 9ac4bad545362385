"""Receptive fields of low rank: a few profiles along frequency, each with its own course in time."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._types import FloatArray

__all__ = ["low_rank_fit"]

TURNS = 100
"""Most turns; each one lowers the loss."""

SETTLED = 1e-6
"""Relative change of a field at which turns end."""


def low_rank_fit(
    model: Any, features: FloatArray, y: FloatArray, weight: FloatArray, start: FloatArray, rank: int
) -> tuple[FloatArray, float]:
    """The field of one neuron, of at most `rank`, that lowers the loss of a ridge GLM; and its intercept.

    Profiles along frequency and along lag are fitted in turn, each with the other held orthonormal, so that the size of
    the free one is that of the field and the penalty stays the same.

    Parameters
    ----------
    model : GLM
        With its penalty; it is fitted anew again and again.
    features : ndarray
        Shape (row, band, lag).
    y, weight : ndarray
        Mean responses and repeats, shape (row,), where there are any.
    start : ndarray
        Field to start from, shape (band, lag).
    rank : int

    Notes
    -----
    The loss has no single minimum: what is found depends on the start, which is the field without a limit on its rank.
    """
    along_lag = np.linalg.svd(start, full_matrices=False)[2][:rank].T
    field, intercept = start, 0.0
    for _ in range(TURNS):
        before = field
        seen = features @ along_lag  # (row, band, rank)
        model.fit(seen.reshape(len(y), -1), y, sample_weight=weight)
        along_band = np.linalg.qr(model.coef_.reshape(-1, along_lag.shape[1]))[0]
        heard = np.einsum("tfl,fr->trl", features, along_band, optimize=True)
        model.fit(heard.reshape(len(y), -1), y, sample_weight=weight)
        courses = model.coef_.reshape(along_band.shape[1], -1)
        field, intercept = along_band @ courses, float(model.intercept_[0])
        along_lag = np.linalg.qr(courses.T)[0]
        if np.abs(field - before).max() <= SETTLED * max(np.abs(field).max(), 1e-300):
            break
    return field, intercept
