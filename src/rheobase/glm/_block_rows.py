"""Loss, residuals and curvature of a block of rows, on the host, while it is in cache.

By NumPy for models whose derivatives somebody has written down: what XLA makes of a derivative on a CPU goes over the
rows once for each result and is handed from thread to thread. For all others by a compiled program.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from .._types import FloatArray
from .._x64 import enable_x64, on_host

__all__ = ["block_rows", "column_dots"]


def block_rows(
    row_loss, y: np.ndarray, eta: FloatArray, weights: FloatArray, scale: FloatArray, size: int, *, curved: bool = True
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Weighted loss summed over rows (neuron,), and its weighted derivatives, shape (row, neuron).

    Parameters
    ----------
    row_loss
        Observation model and inverse link.
    y, eta
        Response and predictor, shape (row, neuron); the predictor may be overwritten.
    weights
        Shape (row, 1 or neuron). What overflows in a row of weight zero does not count.
    scale
        Dispersions, shape (neuron,).
    size
        Rows of most blocks: a shorter one is padded where a program is compiled for that many.
    curved
        Whether the second derivative is asked for.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        found = row_loss.model.derivatives(y, eta, row_loss.link)
        if found is None:
            return _compiled(row_loss, y, eta, weights, scale, size)
        value, first, second = found
        total = _weighted_sum(weights, value)
        if not np.isfinite(total).all():  # an overflow in a row that does not count is none
            for part in found:
                np.copyto(part, 0.0, where=weights <= 0)
            total = _weighted_sum(weights, value)
        first *= weights
        if curved:
            second *= weights
    return total, first, second if curved else None


def _weighted_sum(weights: FloatArray, value: FloatArray) -> FloatArray:
    return weights[:, 0] @ value if weights.shape[1] == 1 else column_dots(weights, value)


def column_dots(first: FloatArray, second: FloatArray) -> FloatArray:
    """Sum over rows of products, shape (neuron,)."""
    if first.shape[1] == 1:  # one neuron: einsum would take the rows one by one
        return np.array([first[:, 0] @ second[:, 0]])
    return np.einsum("ij,ij->j", first, second)


def _compiled(row_loss, y, eta: FloatArray, weights: FloatArray, scale: FloatArray, size: int):
    parts, n_rows = (eta, y, weights), len(eta)
    if n_rows < size:
        parts = tuple(np.concatenate([part, np.zeros((size - n_rows, part.shape[1]), part.dtype)]) for part in parts)
    with enable_x64(), on_host():
        loss, residual, curvature = (np.array(part) for part in _program()(*parts, scale, row_loss=row_loss))
    return loss, residual[:n_rows], curvature[:n_rows]


@cache
def _program():
    """The compiled pass over the rows of a block."""
    import jax
    import jax.numpy as jnp

    def evaluate(eta, y, weights, scale, *, row_loss):
        ones = jnp.ones_like(eta)

        def value_and_slope(eta):
            value, pullback = jax.vjp(lambda eta: row_loss(y.astype(eta.dtype), eta, scale), eta)
            return value, pullback(ones)[0]

        (value, first), (_, second) = jax.jvp(value_and_slope, (eta,), (ones,))
        used = weights > 0  # an overflow in a row that does not count is none
        loss = jnp.where(used, weights * value, 0.0).sum(axis=0)
        residual = jnp.where(used, weights * first, 0.0)
        return loss, residual, jnp.where(used, weights * jnp.maximum(second, 0.0), 0.0)

    return jax.jit(evaluate, static_argnames=("row_loss",))
