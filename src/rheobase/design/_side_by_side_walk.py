"""One pass over designs side by side: each part walks in its own way, over the same blocks of rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._spectral import SpectralWalk
from ._walk import AbstractWalk

__all__ = ["SideBySideWalk"]


class SideBySideWalk(AbstractWalk):
    """The walks of several parts as one.

    Parameters
    ----------
    walks
        One for each part.
    columns
        Which features each part has.
    """

    def __init__(self, walks: list[AbstractWalk], columns: tuple[slice, ...]):
        self._walks, self._columns = walks, columns
        self.n_samples = walks[0].n_samples
        self.block_rows = _common_rows(walks)
        self._shapes: list[tuple[int, ...]] = []

    def sharpened(self):
        sharp = [walk.sharpened() for walk in self._walks]
        if all(new is old for new, old in zip(sharp, self._walks, strict=True)):
            return self
        return SideBySideWalk(sharp, self._columns)

    def plan(self, coef):
        parts = zip(self._walks, self._columns, strict=True)
        return [walk.plan(np.ascontiguousarray(coef[columns])) for walk, columns in parts]

    def open(self, start, stop):
        return [walk.open(start, stop) for walk in self._walks]

    def predictor(self, block, plan):
        parts = [walk.predictor(*part) for walk, *part in zip(self._walks, block, plan, strict=True)]
        out = np.zeros((max(map(len, parts)), parts[0].shape[1]))
        for part in parts:  # some are longer than the block by rows that do not count
            out[: len(part)] += part
        return out

    def collect(self, block, residual):
        parts = [walk.collect(part, residual) for walk, part in zip(self._walks, block, strict=True)]
        self._shapes = [part.shape for part in parts]  # the same in every block
        return np.concatenate([part.ravel() for part in parts]).astype(_double(parts), copy=False)

    def finish(self, total):
        sizes = np.cumsum([int(np.prod(shape)) for shape in self._shapes])[:-1]
        parts: list[Any] = []
        for walk, part, shape in zip(self._walks, np.split(total, sizes), self._shapes, strict=True):
            form = part.reshape(shape)
            parts.append(walk.finish(form if isinstance(walk, SpectralWalk) else form.real))
        return np.concatenate(parts)


def _common_rows(walks: list[AbstractWalk]) -> int:
    """Rows of a block: few enough for every part, and whole stretches of the first that works in stretches."""
    least = min(walk.block_rows for walk in walks)
    step = next((walk.step for walk in walks if isinstance(walk, SpectralWalk)), 1)
    return max(least // step, 1) * step


def _double(parts: list[np.ndarray]) -> type:
    return np.complex128 if any(part.dtype.kind == "c" for part in parts) else np.float64
