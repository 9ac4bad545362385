"""Predictions and scores of designs that make their features block by block: nothing of shape (row, feature) is held,
and for scores that are summed nothing of shape (row, neuron) either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._types import BoolArray, FloatArray
from .._x64 import enable_x64
from ..design._blockwise import AbstractBlockwise

__all__ = ["BlockMean", "Summed", "mean_by_blocks", "sums_by_blocks", "total_of"]


def total_of(aggregate: Callable[..., Any]) -> str | None:
    """``"mean"`` or ``"sum"`` if `aggregate` is NumPy's or JAX's function of that name, which sums suffice for."""
    module, name = str(getattr(aggregate, "__module__", "")), str(getattr(aggregate, "__name__", ""))
    return name if name in {"mean", "sum"} and module.partition(".")[0] in {"numpy", "jax"} else None


class BlockMean:
    """From the features of a block of rows to means.

    Parameters
    ----------
    coef, intercept
        Shapes (n_features, neuron) and (neuron,).
    offset
        Shape (n_samples, 1 or neuron), or None.
    link
        From linear predictors to means.
    """

    def __init__(self, coef: FloatArray, intercept: FloatArray, offset: FloatArray | None, link: Callable[[Any], Any]):
        self.coef, self.intercept, self.offset, self.link = coef, intercept, offset, link

    def __call__(self, block: FloatArray, rows: slice) -> FloatArray:
        """Means, shape (row, neuron)."""
        eta = block @ self.coef
        eta += self.intercept
        if self.offset is not None:
            eta += self.offset[rows]
        with enable_x64():
            return np.asarray(self.link(eta), dtype=np.float64)


def mean_by_blocks(design: AbstractBlockwise, mean: BlockMean) -> FloatArray:
    """Mean response, shape (n_samples, neuron), NaN on masked rows; the result is the only array of its shape."""
    out = np.empty((design.n_samples, mean.coef.shape[1]))
    for rows, block in design.blocks():
        out[rows] = mean(block, rows)
    out[~design.row_mask[: design.n_samples]] = np.nan
    return out


class Summed:
    """Sums of scores over the rows that count.

    Parameters
    ----------
    response
        Shape (n_samples, neuron), any dtype.
    weight
        Row weights, shape (n_samples, 1 or neuron), or None.
    """

    def __init__(self, response: np.ndarray, weight: FloatArray | None):
        self.response, self.weight = response, weight
        self.used = np.ones(len(response), dtype=bool)
        self.scores = np.zeros(response.shape[1])

    def add(self, rows: slice, used: BoolArray, scores: FloatArray) -> None:
        """Add the scores (row, neuron) of a block; `used` says which of its rows they belong to."""
        if self.weight is not None:
            scores = scores * self.weight[rows][used]
        self.scores += scores.sum(axis=0)
        self.used[rows] = used

    def null_mean(self) -> FloatArray:
        """Mean response over the rows that count, shape (1, neuron)."""
        if self.weight is None:
            return self.response[self.used].mean(axis=0, dtype=np.float64)[None]
        weight = np.broadcast_to(self.weight, self.response.shape)[self.used]
        return np.average(self.response[self.used], axis=0, weights=weight)[None]

    def result(self, kind: str) -> float:
        """Mean or sum over rows and neurons, weights scaled to a mean of one."""
        n_rows = int(self.used.sum())
        if not n_rows:
            return float("nan") if kind == "mean" else 0.0
        scores = self.scores
        if self.weight is not None:
            scores = scores / self.weight[self.used].mean(axis=0)
        return float(scores.sum()) / (n_rows * len(scores) if kind == "mean" else 1)


def sums_by_blocks(
    design: AbstractBlockwise, summed: Summed, mean: BlockMean, score: Callable[..., Any]
) -> tuple[Summed, Summed]:
    """Sums of ``score(response, mean)`` of the model, then of a constant mean.

    Parameters
    ----------
    design, summed
        Features, and where sums go.
    mean
        The model.
    score
        Of responses and means, both (row, neuron).
    """
    for rows, block in design.blocks():
        y, found = summed.response[rows].astype(np.float64), mean(block, rows)
        used = design.row_mask[rows] & np.isfinite(y).all(axis=1) & np.isfinite(found).all(axis=1)
        if summed.weight is not None:
            used &= (summed.weight[rows] > 0).any(axis=1)
        summed.add(rows, used, np.asarray(score(y[used], found[used])))
    null = Summed(summed.response, summed.weight)
    constant = summed.null_mean()
    for start in range(0, len(summed.response), design.block_rows):
        rows = slice(start, start + design.block_rows)
        used = summed.used[rows]
        y = summed.response[rows][used].astype(np.float64)
        null.add(rows, used, np.asarray(score(y, np.broadcast_to(constant, y.shape))))
    return summed, null
