"""One pass over all rows of a design, block by block and side by side on all cores.

A pass turns coefficients into the predictor of each block, lets the caller turn this into residuals, and sums features
times residuals, all while the block is in cache. Nothing as long as the recording is made.
"""

from __future__ import annotations

import abc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from .._arrays.threads import for_each, n_threads
from .._types import FloatArray

__all__ = ["AbstractWalk", "FeatureWalk"]


class AbstractWalk(abc.ABC):
    """How a design is walked through.

    Attributes
    ----------
    n_samples : int
        Rows there are.
    block_rows : int
        Rows in a block; the last one may be shorter.
    """

    n_samples: int
    block_rows: int

    @abc.abstractmethod
    def plan(self, coef: FloatArray) -> Any:
        """What `predictor` needs of the coefficients (feature, neuron); made once in a pass."""

    @abc.abstractmethod
    def open(self, start: int, stop: int) -> Any:
        """What is to be known of a block of samples."""

    @abc.abstractmethod
    def predictor(self, block: Any, plan: Any) -> FloatArray:
        """Features of the block times coefficients, float64, shape (rows, neuron); any number in rows that do not
        count.
        """

    @abc.abstractmethod
    def collect(self, block: Any, residual: FloatArray) -> Any:
        """Sum over the rows of the block of features times `residual` (rows, neuron), in the walk's own form."""

    @abc.abstractmethod
    def finish(self, total: Any) -> FloatArray:
        """Sums of `collect` over blocks, as an array of shape (feature, neuron)."""

    def sharpened(self) -> AbstractWalk:
        """The same walk in double precision; itself if it is."""
        return self

    def each(self, work: Callable[[int, int], Any]) -> Any:
        """Call ``work(start, stop)`` for every block, on all cores, and return the sum of the arrays, or of the tuples
        of arrays, that it gives.
        """
        total: list[Any] = []
        lock = threading.Lock()

        def one(start: int) -> None:
            parts = work(start, min(start + self.block_rows, self.n_samples))
            with lock:
                if not total:
                    total.extend(part.astype(_WIDE.get(part.dtype.char, part.dtype)) for part in parts)
                    return
                for whole, part in zip(total, parts):
                    whole += part

        from threadpoolctl import threadpool_limits

        starts = range(0, self.n_samples, self.block_rows)
        if n_threads() == 1 or len(starts) == 1:
            for start in starts:
                one(start)
        else:  # blocks are worked on side by side, so products within them must not be
            with threadpool_limits(1, user_api="blas"):
                for_each(one, starts)
        return tuple(total)


_WIDE = {"f": np.float64, "F": np.complex128}
"""Sums over blocks are kept in double precision."""


class FeatureWalk(AbstractWalk):
    """A walk over features that are made, or read, block by block.

    Parameters
    ----------
    design
        Gives them by ``take(start, stop)``; its `row_mask` tells which rows count.
    block_rows
        Rows in a block.
    """

    def __init__(self, design, block_rows: int):
        self._design, self.n_samples, self.block_rows = design, design.n_samples, block_rows

    def plan(self, coef):
        return np.ascontiguousarray(coef)

    def open(self, start, stop):
        block, used = self._design.take(start, stop), self._design.row_mask[start:stop]
        if not used.all():
            block[~used] = 0.0
        return block

    def predictor(self, block, plan):
        return block @ plan

    def collect(self, block, residual):
        return residual.T @ block

    def finish(self, total):
        return total.T
