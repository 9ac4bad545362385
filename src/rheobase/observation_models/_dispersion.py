r"""Dispersion of overdispersed counts by maximum likelihood.

For counts with mean :math:`\mu` and variance :math:`\mu + \alpha\mu^2` the profile log-likelihood of
:math:`r = 1/\alpha` has the slope

.. math:: \ell'(r) = \sum_t w_t
    \left[\psi(y_t + r) - \psi(r) - \log(1 + \mu_t/r) + \frac{\mu_t - y_t}{\mu_t + r}\right].

Its root is found by Newton steps in :math:`\log r` inside a bracket that shrinks, all neurons at once. The digamma
differences of whole counts are the sum :math:`\sum_{j<y} 1/(r + j)`, so that part needs only a table of how many
samples exceed each count; the rest is one pass over time.

References
----------
Lawless (1987), Negative binomial and mixed Poisson regression, *Canadian Journal of Statistics* 15, section 3.
"""

from __future__ import annotations

import numpy as np

from .._types import FloatArray

__all__ = ["dispersion"]

SMALLEST = 1e-8
"""Dispersion that stands for none: counts that scatter no more than Poisson's."""

LARGEST = 1e8

TABLE_UP_TO = 4096
"""Largest count that is tabulated; beyond it (or for counts that are not whole) the digamma function is evaluated."""

BLOCK = 1 << 16
"""Samples held as temporaries at a time, over all neurons."""


def dispersion(y: FloatArray, mean: FloatArray, weights: FloatArray | None, start: FloatArray | None) -> FloatArray:
    """Maximum-likelihood dispersion of each neuron, between 1e-8 and 1e8.

    Parameters
    ----------
    y, mean
        Counts and their means, shape (time, neuron); samples where either is NaN are left out.
    weights
        Weight of each sample, shape (time, neuron) or (time, 1); one each if None.
    start
        Guess, shape (neuron,).

    Returns
    -------
    dispersion
        Shape (neuron,): 1e-8 where counts scatter no more than Poisson's, 1 for a neuron without spikes.
    """
    known = np.isfinite(y) & np.isfinite(mean)
    weights = np.ones((len(y), 1)) if weights is None else weights
    if not known.all():
        weights, y, mean = np.where(known, weights, 0.0), np.where(known, y, 0.0), np.where(known, mean, 1.0)
    mean = np.maximum(mean, np.finfo(np.float64).tiny)
    total = np.einsum("tn,tn->n", weights, y)
    excess = np.einsum("tn,tn->n", weights, (y - mean) ** 2 - y)  # twice the slope in alpha at alpha = 0
    out = np.where(total > 0, SMALLEST, 1.0)
    active = np.flatnonzero((total > 0) & (excess > 0))
    if active.size:
        guess = excess / np.einsum("tn,tn->n", weights, mean**2) if start is None else np.asarray(start)
        guess = np.clip(np.broadcast_to(guess, total.shape)[active], 1e-3, 1e3)
        profile = _Profile(
            *(rows if active.size == rows.shape[1] else _columns(rows, active) for rows in (y, mean, weights))
        )
        out[active] = 1.0 / np.exp(_root(profile, -np.log(guess)))
    return np.clip(out, SMALLEST, LARGEST)


class _Profile:
    """Slope and curvature of the profile log-likelihood in log r."""

    def __init__(self, y: FloatArray, mean: FloatArray, weights: FloatArray):
        self.y, self.mean, self.weights = y, mean, weights
        top = y.max()
        whole = top <= TABLE_UP_TO and bool(np.all(y == np.floor(y)))
        self.above = _weight_above(y, weights, int(top)) if whole else None
        self.rows = max(1, BLOCK // y.shape[1])

    def __call__(self, log_r: FloatArray, columns) -> tuple[FloatArray, FloatArray]:
        r = np.exp(log_r)
        slope, bend = self._counts(r, columns)
        for first in range(0, len(self.y), self.rows):
            rows = slice(first, first + self.rows)
            y, mean, weights = (_columns(part[rows], columns) for part in (self.y, self.mean, self.weights))
            gap = (mean - y) / (mean + r)
            slope += np.einsum("tn,tn->n", weights, gap - np.log1p(mean / r))
            bend += np.einsum("tn,tn->n", weights, (mean / r - gap) / (mean + r))
        return r * slope, r**2 * bend + r * slope

    def _counts(self, r: FloatArray, columns) -> tuple[FloatArray, FloatArray]:
        """Part that depends on the counts alone: digamma and trigamma differences."""
        if self.above is not None:
            inverse = 1.0 / (r + np.arange(len(self.above))[:, None])
            above = self.above[:, columns]
            return (above * inverse).sum(axis=0), -(above * inverse**2).sum(axis=0)
        from scipy.special import digamma, zeta

        y, weights = _columns(self.y, columns), _columns(self.weights, columns)
        return (
            np.einsum("tn,tn->n", weights, digamma(y + r) - digamma(r)),
            np.einsum("tn,tn->n", weights, zeta(2.0, y + r) - zeta(2.0, r)),  # the trigamma function
        )


def _columns(rows: FloatArray, columns) -> FloatArray:
    """`columns` of an array (time, neuron), or the one column that all neurons share."""
    return rows if rows.shape[1] == 1 else rows[:, columns]


def _weight_above(y: FloatArray, weights: FloatArray, top: int) -> FloatArray:
    """Weight of the samples whose count exceeds j, shape (top, neuron)."""
    n = y.shape[1]
    cells = y.astype(np.int64) * n + np.arange(n)
    table = np.bincount(
        cells.ravel(), weights=np.broadcast_to(weights, y.shape).ravel(), minlength=(top + 1) * n
    ).reshape(top + 1, n)
    return table[::-1].cumsum(axis=0)[::-1][1:]


def _root(profile: _Profile, log_r: FloatArray) -> FloatArray:
    """Newton steps in a bracket, until they are smaller than 1e-10."""
    log_r = log_r.copy()
    low, high = np.full_like(log_r, np.log(1.0 / LARGEST)), np.full_like(log_r, np.log(1.0 / SMALLEST))
    columns = np.arange(len(log_r))
    for _ in range(100):
        at = log_r[columns]
        slope, bend = profile(at, columns)
        rising = slope > 0
        low[columns], high[columns] = np.where(rising, at, low[columns]), np.where(rising, high[columns], at)
        with np.errstate(divide="ignore", invalid="ignore"):
            ahead = at - slope / bend
        inside = (bend < 0) & (ahead > low[columns]) & (ahead < high[columns])
        ahead = np.where(inside, ahead, 0.5 * (low[columns] + high[columns]))
        log_r[columns] = ahead
        columns = columns[np.abs(ahead - at) > 1e-10]
        if not columns.size:
            break
    return log_r
