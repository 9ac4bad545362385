"""Loss, residuals and curvature of a block of rows, on the host, while it is in cache.

By NumPy for models whose derivatives somebody has written down: what XLA makes of a derivative on a CPU goes over the
rows once for each result and is handed from thread to thread. For all others by a compiled program.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from .._arrays.space import Space
from .._types import FloatArray
from .._x64 import enable_x64, on_host

__all__ = ["SHORT", "block_rows", "column_dots", "column_sums", "shared_levels"]

SHORT = 32
"""Columns below which NumPy's loops over them cost more than their work."""

_RUN = 128
"""Rows that are summed in single precision."""


def block_rows(
    row_loss,
    y: np.ndarray,
    eta: FloatArray,
    weights: FloatArray,
    scale: FloatArray,
    size: int,
    space: Space,
    *,
    level: float = np.nan,
    curved: bool = True,
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Weighted loss summed over rows (neuron,), and its weighted derivatives, shape (row, neuron).

    What somebody has written down is computed in the precision of `eta`, what is compiled in double.

    Parameters
    ----------
    row_loss
        Observation model and inverse link.
    y, eta
        Response and predictor, shape (row, neuron).
    weights
        Shape (row, 1 or neuron). What overflows in a row of weight zero does not count.
    scale
        Dispersions, shape (neuron,).
    size
        Rows of most blocks: a shorter one is padded where a program is compiled for that many.
    space
        Where the derivatives are put; they hold until the next call.
    level
        The weight that all these rows share (see `shared_levels`), or NaN: to multiply by a number is faster.
    curved
        Whether the second derivative is asked for.
    """
    value, first, second = (space(name, eta.shape, eta.dtype) for name in ("value", "first", "second"))
    with np.errstate(over="ignore", invalid="ignore"):
        if not row_loss.model.derivatives(y, eta, row_loss.link, (value, first, second)):
            return _compiled(row_loss, y, eta.astype(np.float64, copy=False), weights, scale, size)
        if level > 0:
            total = level * _sum_of_many(value)
            first *= level
            if curved:
                second *= level
        else:
            total = _weighted_sum(weights, value, space)
            if not np.isfinite(total).all():  # an overflow in a row that does not count is none
                for part in (value, first, second):
                    np.copyto(part, 0.0, where=weights <= 0)
                total = _weighted_sum(weights, value, space)
            first *= weights
            if curved:
                second *= weights
    return total, first, second if curved else None


def _weighted_sum(weights: FloatArray, value: FloatArray, space: Space) -> FloatArray:
    return _sum_of_many(np.multiply(weights, value, out=space("products", value.shape, value.dtype)))


def _sum_of_many(rows: FloatArray) -> FloatArray:
    """`column_sums` in double precision of rows that may be in single: of so many terms a loss is the sum that it would
    lose another digit.
    """
    if rows.shape[1] == 1:
        return rows[:, 0].sum(dtype=np.float64)[None]
    if rows.dtype == np.float64 or len(rows) <= _RUN:
        return column_sums(rows).astype(np.float64)
    whole = len(rows) // _RUN * _RUN
    runs = np.ones((1, _RUN), dtype=rows.dtype) @ rows[:whole].reshape(-1, _RUN, rows.shape[1])
    return runs.sum(axis=(0, 1), dtype=np.float64) + column_sums(rows[whole:])


def column_sums(rows: FloatArray) -> FloatArray:
    """Sum over rows, shape (neuron,): a product with ones, for NumPy adds up short rows one by one."""
    return np.ones(len(rows), dtype=rows.dtype) @ rows


def column_dots(first: FloatArray, second: FloatArray, space: Space) -> FloatArray:
    """Sum over rows of products, shape (neuron,)."""
    n_columns = first.shape[1]
    if n_columns == 1:
        return np.array([first[:, 0] @ second[:, 0]])
    if n_columns < SHORT:
        return column_sums(np.multiply(first, second, out=space("products", first.shape, first.dtype)))
    return np.einsum("ij,ij->j", first, second)


def shared_levels(weights: FloatArray, size: int) -> FloatArray:
    """The weight that all rows of a block share, NaN where they differ; one for every `size` rows.

    Parameters
    ----------
    weights
        Shape (row, 1 or neuron).
    """
    starts = np.arange(0, len(weights), size)
    if weights.shape[1] != 1:
        return np.full(len(starts), np.nan)
    lowest, highest = (bound.reduceat(weights[:, 0], starts) for bound in (np.minimum, np.maximum))
    return np.where(lowest == highest, lowest, np.nan)


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
