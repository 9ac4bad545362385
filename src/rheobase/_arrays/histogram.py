"""Binning values (not times) in one or several dimensions, with the edges of `numpy.histogramdd`.

A value belongs to the bin whose left edge it reaches; the last bin is closed on the right as well. Evenly spaced
edges are found by arithmetic, with a look at the edges themselves where rounding could decide.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._types import FloatArray, IntArray

__all__ = ["BLOCK", "bin_codes", "even_edges", "sums_by_code"]

BLOCK = 1 << 18
"""Values binned at a time, so that intermediate arrays stay in the cache."""


def even_edges(values: FloatArray, n_bins: int, limits: tuple[float, float] | None) -> FloatArray:
    """Edges of `n_bins` equal bins between `limits`, or between the smallest and largest of `values`.

    Raises
    ------
    ValueError
        If there are no limits and the values are not all finite.
    """
    if limits is None:
        limits = (np.min(values), np.max(values)) if values.size else (0.0, 1.0)
        if not np.all(np.isfinite(limits)):
            msg = (
                f"autodetected range of [{limits[0]}, {limits[1]}] is not finite: the feature holds NaN or infinite "
                "values. Give range=(low, high), or drop them with dropna()."
            )
            raise ValueError(msg)
    low, high = limits
    if low == high:  # as numpy.histogram does for a constant
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, n_bins + 1)


def bin_codes(values: np.ndarray, edges: Sequence[FloatArray], even: Sequence[bool]) -> IntArray:
    """Number of the joint bin of each row, or -1 for rows outside or with NaN.

    Parameters
    ----------
    values
        Shape (row, dimension).
    edges
        Ascending edges of each dimension.
    even
        Whether the edges of a dimension are evenly spaced.

    Returns
    -------
    IntArray, shape (row,)
        Bins are numbered in C order: the last dimension varies fastest.
    """
    codes = np.zeros(len(values), dtype=np.int64)
    for begin in range(0, len(values), BLOCK):
        block = slice(begin, begin + BLOCK)
        outside = np.zeros(codes[block].size, dtype=bool)
        for dimension, (edge, regular) in enumerate(zip(edges, even)):
            x = np.asarray(values[block, dimension], dtype=np.float64)
            number, beyond = _even_bins(x, edge) if regular else _any_bins(x, edge)
            codes[block] = codes[block] * (edge.size - 1) + number
            outside |= beyond
        codes[block][outside] = -1
    return codes


def _any_bins(x: FloatArray, edges: FloatArray) -> tuple[IntArray, np.ndarray]:
    number = np.searchsorted(edges, x, side="right") - 1
    number[x == edges[-1]] -= 1
    outside = (number < 0) | (number >= edges.size - 1)
    return np.clip(number, 0, edges.size - 2), outside


def _even_bins(x: FloatArray, edges: FloatArray) -> tuple[IntArray, np.ndarray]:
    n_bins = edges.size - 1
    outside = ~((x >= edges[0]) & (x <= edges[-1]))  # NaN is outside, too
    place = np.where(outside, 0.0, (x - edges[0]) * (n_bins / (edges[-1] - edges[0])))
    number = np.minimum(place.astype(np.int64), n_bins - 1)
    place -= number
    slack = 1e-9 + 4e-16 * n_bins * (abs(edges[0]) + abs(edges[-1])) / (edges[-1] - edges[0])
    near = np.flatnonzero((place < slack) | (place > 1 - slack))
    if near.size:  # the edges decide, as they are
        close = x[near]
        found = np.searchsorted(edges, close, side="right") - 1
        number[near] = np.clip(np.where(outside[near], 0, found), 0, n_bins - 1)
    return number, outside


def sums_by_code(codes: IntArray, values: np.ndarray, n_codes: int) -> tuple[np.ndarray, np.ndarray]:
    """Sum and number of the values of each column that share a code; NaN and negative codes are left out.

    Parameters
    ----------
    codes
        Shape (row,).
    values
        Shape (row, column).
    n_codes
        Codes are smaller than this.

    Returns
    -------
    sums, numbers
        float64 (or complex128) and int64, shape (code, column).
    """
    n_columns = values.shape[1]
    sums = np.zeros((n_codes, n_columns), dtype=np.result_type(values.dtype, np.float64))
    numbers = np.zeros((n_codes, n_columns), dtype=np.int64)
    rows = np.flatnonzero(codes >= 0)
    step = max(1, 4 * BLOCK // max(n_columns, 1))
    for begin in range(0, rows.size, step):
        block = rows[begin : begin + step]
        part = values[block]
        cell = (codes[block, None] * n_columns + np.arange(n_columns)).reshape(-1)
        flat = part.reshape(-1)
        valid = ~np.isnan(flat)
        if not valid.all():
            cell, flat = cell[valid], flat[valid]
        numbers += np.bincount(cell, minlength=n_codes * n_columns).reshape(n_codes, n_columns)
        sums += _weighted(cell, flat, n_codes * n_columns).reshape(n_codes, n_columns)
    return sums, numbers


def _weighted(cells: IntArray, weights: np.ndarray, n: int) -> np.ndarray:
    if np.iscomplexobj(weights):
        return np.bincount(cells, weights.real, n) + 1j * np.bincount(cells, weights.imag, n)
    return np.bincount(cells, weights, n)
