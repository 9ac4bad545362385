"""Posterior over bins of a feature given the counts of a population of independent Poisson units.

With rates ``f`` (unit, bin), counts ``n`` (time, unit), the time ``T`` they were counted in and a prior ``p``, ::

    log P(x | n) = sum_u n_u log f_u(x) - T sum_u f_u(x) + log p(x) + constant

so a block of time is one matrix product, one row added to all, and a softmax in place.
"""

from __future__ import annotations

import numpy as np

from .._types import FloatArray, IntArray
from .population import Activity, column_ids, undecided

__all__ = ["FLOOR", "Likelihood", "posterior"]

FLOOR = 1e-12
"""Added to rates (Hz) before their logarithm is taken."""

CELLS = 1 << 18
"""Terms summed one by one at a time."""


class Likelihood:
    """What does not depend on the counts.

    Parameters
    ----------
    rates
        Hz, shape (unit, bin). A rate that is NaN, infinite or below -1e-12 is left out of the sums.
    duration
        Time in which counts were made, s.
    prior
        Shape (bin,); scaled to sum 1.
    """

    def __init__(self, rates: FloatArray, duration: float, prior: FloatArray) -> None:
        with np.errstate(divide="ignore", invalid="ignore"):
            self.logs = np.log(rates + FLOOR)  # as they are
            self.log_prior = np.log(prior / prior.sum())
        self.expected = duration * rates
        known = np.isfinite(self.logs) & np.isfinite(rates)
        self.weights = np.where(known, self.logs, 0.0)
        self.means = np.where(known, self.expected, 0.0)
        self.constant = self.log_prior - self.means.sum(axis=0)
        self.regular = not np.isneginf(self.logs).any()
        finite = np.abs(self.log_prior[np.isfinite(self.log_prior)])
        self.largest = float(np.abs(self.weights).max(initial=0.0))
        self.offset = float(finite.max(initial=0.0) + np.abs(self.means).sum(axis=0).max(initial=0.0))

    def log_posterior(self, counts: FloatArray, peak: float, out: FloatArray) -> None:
        """Unnormalised, written to `out`, shape (time, bin); NaN counts take no part, and make `peak` NaN."""
        if not np.isnan(peak):
            np.matmul(counts, self.weights, out=out)
            out += self.constant
            return
        missing = np.isnan(counts)
        np.matmul(np.where(missing, 0.0, counts), self.weights, out=out)
        out -= (~missing).astype(np.float64) @ self.means
        out += self.log_prior

    def log_posterior_by_terms(self, counts: FloatArray) -> FloatArray:
        """The same, term by term: for infinite counts, and for ties, which the order of a sum can break."""
        out = np.empty((len(counts), self.logs.shape[1]))
        logs, expected = np.ascontiguousarray(self.logs.T), np.ascontiguousarray(self.expected.T)
        step = max(1, CELLS // max(logs.size, 1))
        for begin in range(0, len(counts), step):
            with np.errstate(invalid="ignore", over="ignore"):
                terms = counts[begin : begin + step, None, :] * logs
                terms -= expected
                out[begin : begin + step] = np.nansum(terms, axis=-1)
        with np.errstate(invalid="ignore"):
            out += self.log_prior
        return out

    def rounding(self, counts: FloatArray, peak: float) -> float:
        """How far rounding can move a log posterior, if counts are finite."""
        largest = np.nanmax(np.abs(counts), initial=0.0) if np.isnan(peak) else peak
        return 1e-14 + 4e-15 * (counts.shape[1] * largest * self.largest + self.offset)


def posterior(activity: Activity, likelihood: Likelihood) -> tuple[FloatArray, IntArray]:
    """Posterior of every row, and its first largest bin.

    Returns
    -------
    posterior
        Shape (time, bin); rows sum to 1, or are NaN where nothing is possible.
    best
        Shape (time,); -1 for rows of NaN.
    """
    n_bins = likelihood.logs.shape[1]
    out = np.empty((activity.shape[0], n_bins))
    best = np.full(activity.shape[0], -1, dtype=np.int64)
    ids = column_ids(np.vstack([likelihood.weights, likelihood.means, likelihood.constant[None]]))
    for rows in activity.slices(n_bins) if n_bins else ():
        counts, block = activity.block(rows), out[rows]
        peak = max(float(counts.max(initial=0.0)), -float(counts.min(initial=0.0)))
        likelihood.log_posterior(counts, peak, block)
        near, scale = _exponentials(block, likelihood.rounding(counts, peak))
        best[rows] = np.where(near.any(axis=1), near.argmax(axis=1), -1)
        block /= scale
        doubtful = undecided(near, ids) if likelihood.regular else np.arange(len(block))
        if not np.isfinite(scale).all():
            doubtful = np.union1d(doubtful, np.flatnonzero(~np.isfinite(scale)))
        if doubtful.size:
            block[doubtful], best[rows.start + doubtful] = _by_terms(activity, rows.start + doubtful, likelihood)
    return out, best


def _exponentials(block: FloatArray, rounding: float) -> tuple[np.ndarray, FloatArray]:
    """Exponentials in place, scaled to a largest of 1; which of them may be the largest; and their sums."""
    with np.errstate(invalid="ignore"):
        block -= block.max(axis=1, keepdims=True)
        np.exp(block, out=block)
        near = block >= 1.0 - rounding
    return near, block.sum(axis=1, keepdims=True)


def _by_terms(activity: Activity, rows: IntArray, likelihood: Likelihood) -> tuple[FloatArray, IntArray]:
    """Posterior and first largest bin of some rows, summed term by term."""
    block = likelihood.log_posterior_by_terms(activity.take(rows))
    _, scale = _exponentials(block, 0.0)
    block /= scale
    missing = np.isnan(block)
    best = np.where(missing, -np.inf, block).argmax(axis=1)
    best[missing.all(axis=1)] = -1
    return block, best
