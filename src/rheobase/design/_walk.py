"""One pass over all rows of a design, block by block and side by side on all cores.

A pass turns coefficients into the predictor of each block, lets the caller turn this into residuals, and sums features
times residuals, all while the block is in cache. Nothing as long as the recording is made.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any

import numpy as np

from .._arrays.threads import n_threads, products_for_each
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
    shares : int
        Pieces of a pass for each core that are summed apart: more of them wait less for a slow core, and take more
        memory.
    """

    n_samples: int
    block_rows: int
    shares: int = 1

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

        Steps that are tried may overflow; whoever asked sees it by the sums.
        Each share of the rows is summed by itself and shares are summed in order, so that a run can be repeated to the
        last digit.
        """
        starts = range(0, self.n_samples, self.block_rows)
        n_shares = max(min(self.shares * n_threads(), len(starts)), 1)
        edges = np.linspace(0, len(starts), n_shares + 1).astype(int)
        sums: list[list[Any]] = [[] for _ in range(n_shares)]

        def one(share: int) -> None:
            with np.errstate(over="ignore", invalid="ignore"):
                for start in starts[edges[share] : edges[share + 1]]:
                    _add(sums[share], work(start, min(start + self.block_rows, self.n_samples)))

        products_for_each(one, range(n_shares))
        total = sums[0]
        with np.errstate(over="ignore", invalid="ignore"):
            for parts in sums[1:]:
                _add(total, parts)
        return tuple(total)


def _add(total: list[Any], parts) -> None:
    if not total:
        total.extend(part.astype(_WIDE.get(part.dtype.char, part.dtype)) for part in parts)
        return
    for whole, part in zip(total, parts, strict=True):
        whole += part


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
