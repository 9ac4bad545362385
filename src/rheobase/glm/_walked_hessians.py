"""Second derivatives from features in memory: sums over rows of features, weighted by curvature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._arrays.threads import products_for_each
from .._types import FloatArray, IntArray
from ..design._dense_walk import DenseWalk
from ..design._products import weighted_grams

__all__ = ["few_hessians", "rough_hessians", "whole_hessians"]

_ROWS = 1 << 16
"""Rows whose curvature is held at a time."""

_ROUGH = 1 << 21
"""Entries that are weighted at a time in single precision (8 MB)."""

Bend = Callable[[int, int, Any], FloatArray]
"""Weighted second derivatives of the loss for some rows and columns: ``bend(start, stop, columns)``."""


def whole_hessians(x: FloatArray, n_rows: int, size: int, bend: Bend, columns: IntArray) -> FloatArray:
    """Shape (column, n_features + 1, n_features + 1), the intercept last.

    Parameters
    ----------
    x
        Features, shape (n_rows or more, n_features).
    n_rows, size
        Rows that there are, and in a block.
    """
    n = x.shape[1]
    hessian = np.zeros((len(columns), n + 1, n + 1))
    for start in range(0, n_rows, _ROWS):
        stop = min(start + _ROWS, n_rows)
        weights = np.empty((stop - start, len(columns)))

        def fill(first: int, start=start, stop=stop, weights=weights):
            last = min(first + size, stop)
            weights[first - start : last - start] = bend(first, last, columns)

        products_for_each(fill, range(start, stop, size))
        hessian[:, :n, :n] += weighted_grams(x[start:stop], weights)
        hessian[:, n, :n] += weights.T @ x[start:stop]
        hessian[:, n, n] += weights.sum(axis=0)
    hessian[:, :n, n] = hessian[:, n, :n]
    return hessian


def few_hessians(walk: DenseWalk, bend: Bend, columns: IntArray, rows: Sequence[IntArray]) -> list[FloatArray]:
    """For each column in some of its parameters (ascending, the intercept last), from blocks of features while they are
    in cache.
    """
    runs, most = [_runs(some[:-1]) for some in rows], max(len(some) for some in rows)

    def work(start: int, stop: int):
        block = walk.open(start, stop)
        weights = bend(start, stop, columns)
        found, space = [], np.empty(len(block) * most)
        for some, pieces, root in zip(rows, runs, np.sqrt(weights).T[..., None], strict=True):
            bent = space[: len(block) * len(some)].reshape(len(block), len(some))
            for here, there in pieces:
                np.multiply(block[:, there], root, out=bent[:, here])
            bent[:, -1:] = root
            found.append(bent.T @ bent)
        return found

    return list(walk.each(work))


def rough_hessians(x: FloatArray, roots: FloatArray, rows: Sequence[IntArray | slice]) -> list[FloatArray]:
    """For each column in some of its parameters (a slice stands for all), in single precision.

    Parameters
    ----------
    x
        Features in single precision, shape (row, n_features).
    roots
        Square roots of the weighted second derivatives, single precision too, shape (row, column).
    """
    out: list[Any] = [None] * len(rows)

    def one(place: int) -> None:
        some = rows[place]
        features = x if isinstance(some, slice) else x[:, some[:-1]]
        n, size = features.shape[1] + 1, max(_ROUGH // (features.shape[1] + 1), 1)
        total, space = np.zeros((n, n)), np.empty((min(size, len(x)), n), dtype=np.float32)
        for start in range(0, len(x), size):
            block = features[start : start + size]
            bent, root = space[: len(block)], roots[start : start + size, place, None]
            np.multiply(block, root, out=bent[:, :-1])
            bent[:, -1:] = root
            total += bent.T @ bent
        out[place] = total

    products_for_each(one, range(len(rows)))
    return out


def _runs(numbers: IntArray) -> list[tuple[slice, slice]]:
    """Ascending numbers as runs without a gap: where they stand, and what they are."""
    starts = np.flatnonzero(np.diff(numbers, prepend=-2) != 1)
    stops = [*starts[1:], len(numbers)]
    return [
        (slice(start, stop), slice(numbers[start], numbers[start] + stop - start))
        for start, stop in zip(starts, stops, strict=True)
    ]
