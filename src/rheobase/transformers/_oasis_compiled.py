"""Pools of a calcium trace by a compiled loop, for long recordings: the arithmetic of ``_oasis``, done faster."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .._types import FloatArray
from .._x64 import enable_x64, on_host

__all__ = ["pools_compiled"]


def pools_compiled(y: FloatArray, power: FloatArray, size: float) -> tuple[FloatArray, np.ndarray]:
    """Value and length of each pool, as ``_oasis.pools`` gives them.

    Compiled once for each number of samples; other threads run meanwhile.
    """
    with on_host(), enable_x64():
        n, value, length = _compiled()(y, power, float(size))
        top = int(n)
        return np.asarray(value)[:top], np.asarray(length)[:top]


@functools.cache
def _compiled() -> Callable[..., Any]:
    import jax
    import jax.numpy as jnp

    @jax.jit
    def pools(y: Any, power: Any, size: Any) -> Any:
        n = y.shape[0]

        def step(state: Any) -> Any:
            """Put what is in hand onto the stack; merge it with the pool below, or take the next sample."""
            i, top, v, w, k, value, weight, length = state
            value, weight, length = value.at[top].set(v), weight.at[top].set(w), length.at[top].set(k)
            below = jnp.maximum(top - 1, 0)
            own, before = weight[below], length[below]
            decay = power[before]
            merge = (top > 0) & (v < value[below] * decay + size)
            total = own + w * decay * decay
            merged = (own * value[below] + w * decay * v) / total
            return (
                jnp.where(merge, i, i + 1),
                jnp.where(merge, top - 1, top + 1),
                jnp.where(merge, merged, y[jnp.minimum(i, n - 1)]),
                jnp.where(merge, total, 1.0),
                jnp.where(merge, k + before, 1),
                value,
                weight,
                length,
            )

        zero, one = jnp.int64(0), jnp.int64(1)
        stacks = jnp.zeros(n + 1), jnp.zeros(n + 1), jnp.zeros(n + 1, dtype=jnp.int64)
        start = (one, zero, y[0], jnp.float64(1.0), one, *stacks)
        state = jax.lax.while_loop(lambda state: state[0] <= n, step, start)
        return state[1], state[5], state[7]

    return pools
