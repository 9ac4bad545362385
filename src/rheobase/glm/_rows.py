"""What a row has beside its features: an offset of its predictor, and how much it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._types import FloatArray
from ._inputs import check_same_rows, numeric

__all__ = ["RowTerms", "read_rows"]


@dataclass(frozen=True)
class RowTerms:
    """Offset of the linear predictor and weight of each row, shape (time, 1 or neuron), or None."""

    offset: FloatArray | None = None
    weight: FloatArray | None = None


def read_rows(X: Any, n_rows: int, n_neurons: int, *, offset=None, exposure=None, sample_weight=None) -> RowTerms:
    """Read what the user gave beside features and response.

    Parameters
    ----------
    X
        The features; if they are a series, series among the terms must have the same times.
    n_rows, n_neurons
        Shape that the terms must have, or (n_rows,) for all neurons alike.
    offset
        Added to the linear predictor.
    exposure
        Multiplies the mean under an exponential link: its logarithm is added to the offset. > 0.
    sample_weight
        How much a row counts, >= 0.

    Raises
    ------
    TypeError
        If a term is not numeric.
    ValueError
        If its shape does not fit, an exposure is not positive, or a weight is negative or all are zero.
    """
    added = _term("offset", offset, X, n_rows, n_neurons)
    shown = _term("exposure", exposure, X, n_rows, n_neurons)
    if shown is not None:
        if np.any(shown <= 0):
            msg = (
                f"exposure must be > 0 (how long, or how much, each row was observed), but its smallest value is "
                f"{np.nanmin(shown):g}. To leave rows out use sample_weight=0 or NaN."
            )
            raise ValueError(msg)
        added = np.log(shown) if added is None else added + np.log(shown)
    weight = _term("sample_weight", sample_weight, X, n_rows, n_neurons)
    if weight is not None:
        if np.any(weight < 0) or np.isinf(weight).any():
            least, most = np.nanmin(weight), np.nanmax(weight)
            msg = f"sample_weight must be finite and >= 0, but ranges from {least:g} to {most:g}."
            raise ValueError(msg)
        if not np.any(weight > 0, axis=0).all():
            msg = "sample_weight is zero (or NaN) in every row, so nothing is left to fit."
            raise ValueError(msg)
        weight = np.nan_to_num(weight)
    return RowTerms(added, weight)


def _term(name: str, values: Any, X: Any, n_rows: int, n_neurons: int) -> FloatArray | None:
    """A term as float64, shape (time, 1) or (time, neuron)."""
    if values is None:
        return None
    array = numeric(values, name).astype(np.float64, copy=False)
    if array.ndim == 0:
        return np.full((n_rows, 1), float(array))
    check_same_rows(X, values, n_rows, len(array), ("X", name))
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or array.shape[1] not in (1, n_neurons):
        wanted = "(time,)" if n_neurons == 1 else f"(time,) or (time, {n_neurons})"
        msg = f"{name} must have shape {wanted}, got {np.shape(values)}."
        raise ValueError(msg)
    return array
