"""The pass over a block of rows by NumPy, for models whose derivatives somebody has written down.

What XLA makes of a derivative on a CPU goes over the rows once for each result and is handed from thread to thread;
here a block stays in the cache of its core until it is done with. Nothing is compiled.
"""

from __future__ import annotations

import numpy as np

from .._types import FloatArray

__all__ = ["are_written_down", "weighted_rows"]


def are_written_down(row_loss) -> bool:
    """Whether the model has its derivatives in closed form."""
    nothing = np.zeros((0, 1))
    return row_loss.model.derivatives(nothing, nothing, row_loss.link) is not None


def weighted_rows(row_loss, y, eta: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weighted loss summed over rows (neuron,), and its weighted derivatives, shape (row, neuron).

    Parameters
    ----------
    row_loss
        Observation model and inverse link.
    y, eta
        Response and predictor, shape (row, neuron); the predictor may be overwritten.
    weights
        Shape (row, 1 or neuron). What overflows in a row of weight zero does not count.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        value, first, second = row_loss.model.derivatives(y, eta, row_loss.link)
        used = weights > 0
        if not used.all():
            for part in (value, first, second):
                np.copyto(part, 0.0, where=~used)
        total = weights[:, 0] @ value if weights.shape[1] == 1 else np.einsum("ij,ij->j", weights, value)
        first *= weights
        second *= weights
    return total, first, second
