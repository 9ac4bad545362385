"""The three products on an array, where it lives: BLAS on the host, compiled JAX on an accelerator.

On a CPU the matrix products of a fit are BLAS calls: BLAS has a symmetric product, which XLA's CPU backend has not, and
a call costs microseconds, without compilation. On an accelerator the same products are jitted functions of device
arrays.
"""

from __future__ import annotations

import abc
from functools import cache

import numpy as np

from .._arrays.threads import n_threads, products_for_each
from .._types import FloatArray
from .._x64 import enable_x64

__all__ = ["AbstractProducts", "HostProducts", "device_products", "products_for"]

_WORTH_A_THREAD = 1e8
"""Rows x features^2 from which Gram matrices, a few milliseconds of work, are shared between cores."""

_BLOCK = 1 << 18
"""Entries of the block of rows that the weighted Gram matrix copies at a time (2 MB)."""


class AbstractProducts(abc.ABC):
    """Products of one (row, feature) array."""

    @abc.abstractmethod
    def matvec(self, coef: FloatArray): ...

    @abc.abstractmethod
    def rmatvec(self, residual) -> FloatArray: ...

    @abc.abstractmethod
    def gram(self, weights) -> FloatArray: ...

    def gram_of(self, weights, features) -> FloatArray:
        """`gram` of one neuron, for some features."""
        return self.gram(weights)[0][np.ix_(features, features)]


class HostProducts(AbstractProducts):
    """Products by BLAS on a C-ordered float64 NumPy array, shape (row, feature)."""

    def __init__(self, x: FloatArray):
        self.x = x

    def matvec(self, coef):
        return self.x @ coef

    def rmatvec(self, residual):
        return self.x.T @ np.asarray(residual)  # residual.T @ x splits badly over busy BLAS threads

    def gram(self, weights):
        return weighted_grams(self.x, np.asarray(weights))

    def gram_of(self, weights, features):
        return weighted_grams(self.x, np.asarray(weights), features)[0]


def weighted_grams(x: FloatArray, weights: FloatArray, features=None) -> FloatArray:
    """``x.T @ diag(weights) @ x`` for each column of nonnegative `weights` and some or all features, columns (or
    stretches of rows of one) side by side on all cores; shape (column, feature, feature).
    """
    n_features, n_columns = x.shape[1] if features is None else len(features), weights.shape[1]
    out = np.zeros((n_columns, n_features, n_features))
    worth = len(x) * n_features**2 * n_columns >= _WORTH_A_THREAD
    n_shares = -(-n_threads() // max(n_columns, 1)) if worth else 1
    cuts = np.linspace(0, len(x), n_shares + 1).astype(int)
    parts = np.zeros((n_shares - 1, *out.shape))  # of the stretches after the first

    def one(piece: tuple[int, int]) -> None:
        column, share = piece
        rows = slice(cuts[share], cuts[share + 1])
        place = out if share == 0 else parts[share - 1]
        place[column] = weighted_gram(x[rows], weights[rows, column], features)

    pieces = [(column, share) for column in range(n_columns) for share in range(n_shares)]
    products_for_each(one, pieces, worth=worth)
    for part in parts:
        out += part
    return out


def weighted_gram(x: FloatArray, weights: FloatArray, features=None) -> FloatArray:
    """``x.T @ diag(weights) @ x`` for nonnegative `weights` and some or all features, by blocks of rows that stay in
    cache.

    NumPy turns ``a.T @ a`` into a symmetric BLAS product. SciPy's would add into its result, but it brings a second
    BLAS with threads of its own, and the two wait for each other.
    """
    n_rows, n_features = len(x), x.shape[1] if features is None else len(features)
    root = np.sqrt(weights)[:, None]
    size = max(_BLOCK // max(n_features, 1), 256)
    buffer = np.empty((min(size, n_rows), n_features))
    total = np.zeros((n_features, n_features))
    for start in range(0, n_rows, size):
        rows = slice(start, start + size)
        chosen = x[rows] if features is None else x[rows].take(features, axis=1)
        if root[start, 0] == root[rows].min() == root[rows].max():
            total += weights[start] * (chosen.T @ chosen)
            continue
        block = np.multiply(chosen, root[rows], out=buffer[: min(size, n_rows - start)])
        total += block.T @ block
    return total


class DeviceProducts(AbstractProducts):
    """Products by jitted JAX functions on a device array, shape (row, feature); coefficients and sums are host
    arrays.
    """

    def __init__(self, x):
        self.x = x

    def matvec(self, coef):
        with enable_x64():
            return _kernels()["matvec"](self.x, coef)

    def rmatvec(self, residual):
        with enable_x64():
            return np.asarray(_kernels()["rmatvec"](self.x, residual))

    def gram(self, weights):
        with enable_x64():
            return np.asarray(_kernels()["gram"](self.x, weights))


def device_products(x: FloatArray) -> DeviceProducts:
    """Products of `x` on JAX's default device, in float64."""
    import jax.numpy as jnp

    with enable_x64():
        return DeviceProducts(jnp.asarray(x, dtype=jnp.float64))


@cache
def _kernels():
    """The jitted products, made once in a process."""
    import jax
    import jax.numpy as jnp

    def gram(x, weights):
        return jax.lax.map(lambda w: (x * w[:, None]).T @ x, weights.T)

    return {
        "matvec": jax.jit(lambda x, coef: jnp.matmul(x, coef, precision="highest")),
        "rmatvec": jax.jit(lambda x, residual: jnp.matmul(x.T, residual, precision="highest")),
        "gram": jax.jit(gram),
    }


def products_for(x: FloatArray) -> AbstractProducts:
    """`HostProducts` where JAX's default device is the CPU, `DeviceProducts` elsewhere."""
    import jax

    return HostProducts(x) if jax.default_backend() == "cpu" else device_products(x)
