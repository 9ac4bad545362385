"""How rough a function is: quadratic forms of its coefficients."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

from .._types import FloatArray
from .._x64 import enable_x64

__all__ = ["by_differences", "gauss", "gauss_between", "of_coefficients", "side_by_side"]

_POINTS = {1: 8192, 2: 8192, 3: 1024}
"""Intervals of the grid on which functions without a closed form are differentiated and integrated, by order: rounding
errors grow with the order-th power of their number.
"""

_FEW_POINTS = 256
"""The same for all higher orders."""


def of_coefficients(n: int, order: int, periodic: bool = False) -> FloatArray:
    """Sum of squared differences of neighbouring coefficients, as a matrix (n, n)."""
    differences = np.eye(n)
    for _ in range(order):
        differences = np.roll(differences, -1, axis=0) - differences if periodic else np.diff(differences, axis=0)
    return differences.T @ differences


def gauss(n_intervals: int, n_nodes: int) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes and weights in `n_intervals` equal parts of [0, 1]; exact to degree 2 n_nodes - 1."""
    return gauss_between(np.arange(n_intervals + 1) / n_intervals, n_nodes)


def gauss_between(edges: FloatArray, n_nodes: int) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes and weights in each part between neighbouring `edges`."""
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    widths = np.diff(edges)[:, None]
    return (edges[:-1, None] + widths * (nodes + 1) / 2).ravel(), (widths * weights / 2).ravel()


def by_differences(functions: Callable[[FloatArray], Any], n_basis_funcs: int, order: int) -> FloatArray:
    """Integral over [0, 1] of products of derivatives, from central differences on a fine grid.

    The grid ends at 0 and 1; where a difference would reach beyond, its neighbours are continued in a straight line.
    Error: the grid step, relative, where the derivative jumps; its square elsewhere.
    """
    if n_basis_funcs == 0:
        return np.zeros((0, 0))
    n = _POINTS.get(order, _FEW_POINTS)
    # functions written in JAX must not lose half of the digits before they are subtracted
    with enable_x64() if "jax" in sys.modules else nullcontext():
        values = np.asarray(functions(np.linspace(0, 1, n + 1)), dtype=np.float64)
    slopes = np.diff(values, n=order, axis=0) * float(n) ** order
    for _ in range(order // 2):
        slopes = np.vstack([2 * slopes[0] - slopes[1], slopes, 2 * slopes[-1] - slopes[-2]])
    weights = np.full((len(slopes), 1), 1 / n)  # midpoints for odd orders, the grid itself for even ones
    if order % 2 == 0:
        weights[[0, -1]] /= 2
    return slopes.T @ (weights * slopes)


def side_by_side(first: FloatArray, second: FloatArray) -> FloatArray:
    """Block-diagonal matrix of the two."""
    n, m = len(first), len(second)
    whole = np.zeros((n + m, n + m))
    whole[:n, :n], whole[n:, n:] = first, second
    return whole
