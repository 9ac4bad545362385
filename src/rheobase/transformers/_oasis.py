"""Spikes behind a calcium trace: non-negative deconvolution with autoregressive decay.

The model is ``y = b + c + noise``, ``c[t] = g[0] c[t-1] (+ g[1] c[t-2]) + s[t]``, ``s >= 0``. Of all spike trains whose
residual is no smaller than the noise the sparsest is wanted: Friedrich, Zhou & Paninski (2017), "Fast online
deconvolution of calcium imaging data", PLoS Computational Biology 13, e1005423.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .._types import FloatArray, IntArray

__all__ = ["Pools", "autoregression", "deconvolve", "noise_level", "pools"]

Pools = Callable[[FloatArray, FloatArray, float], tuple[FloatArray, IntArray]]
"""Finds pools: see `pools`."""

STEPS = 12
"""Halvings of the interval that holds the strength of the penalty."""

LAGS = 5
"""Lags of the autocovariance, beyond the order, that the decay is estimated from."""

WINDOW, SHIFT = 200, 100
"""Samples solved for at a time, and of these the samples that are kept (second order)."""


def noise_level(y: FloatArray) -> FloatArray:
    """Standard deviation of the noise, from the power between a quarter and half of the sampling rate; per column."""
    from scipy.signal import welch

    frequency, power = welch(y, nperseg=min(256, len(y)), axis=0)
    return np.sqrt(np.mean(power[frequency > 0.25] / 2, axis=0))


def autoregression(y: FloatArray, noise: float, order: int) -> FloatArray:
    """Decay of the calcium, from the autocovariance less that of the noise; roots in (0, 1), shrunk by 0.98."""
    centred = y - y.mean()
    n = min(LAGS + order, y.size - 1)
    covariance = np.array([centred[k:] @ centred[: y.size - k] for k in range(n + 1)]) / y.size
    covariance[0] -= noise**2
    lags = np.arange(1, n + 1)
    design = covariance[np.abs(lags[:, None] - np.arange(1, order + 1))]
    g = np.linalg.lstsq(design, covariance[1:], rcond=None)[0]
    roots = np.roots(np.concatenate(([1.0], -g))).real
    roots = np.concatenate((roots, np.zeros(order - roots.size)))
    roots = np.where(roots > 1, 0.95, np.where(roots < 0, 0.15, roots))
    return -np.poly(0.98 * roots)[1:]


def deconvolve(
    y: FloatArray, order: int, penalty: str, find_pools: Pools | None = None
) -> tuple[FloatArray, FloatArray, float, FloatArray, float]:
    """Calcium, spikes, baseline, decay and strength of the penalty for one trace.

    Parameters
    ----------
    y
        Trace, finite, shape (time,).
    order
        1 or 2.
    penalty
        ``"l0"``: spikes below a size are not allowed (order 1), or left out of a second fit (order 2); ``"l1"``: the
        sum of spikes is held down.
    find_pools
        `pools`, or what gives the same (order 1).

    Returns
    -------
    c, s : ndarray
        Shape (time,).
    b : float
    g : ndarray
        Shape (order,).
    lam : float
        Least size of a spike, or weight of their sum.
    """
    noise = float(noise_level(y))
    g = autoregression(y, noise, order)
    target = noise**2 * y.size
    if order == 2:
        return _second_order(y, g, target, noise, penalty)
    find = find_pools or pools
    top = float(np.ptp(y))
    if penalty == "l0":
        return _sparsest(y, g, lambda x, size: _first_order(x, float(g[0]), 0.0, size, find), target, top)
    reach = top / max(1e-12, 1 - float(g[0]))
    return _sparsest(y, g, lambda x, lam: _first_order(x, float(g[0]), lam, 0.0, find), target, reach)


def _sparsest(
    y: FloatArray, g: FloatArray, solve: Callable[[FloatArray, float], FloatArray], target: float, top: float
) -> tuple[FloatArray, FloatArray, float, FloatArray, float]:
    """The strongest penalty, in ``[0, top]``, that leaves no more than the noise; the baseline follows each fit."""
    b = float(np.percentile(y, 15))

    def fitted(strength: float, b: float) -> tuple[FloatArray, float]:
        for _ in range(2):
            c = solve(y - b, strength)
            b = float(np.mean(y - c))
        return c, b

    low, high = 0.0, top
    c, b = best = fitted(0.0, b)
    for _ in range(STEPS):
        middle = (low + high) / 2
        c, b = fitted(middle, best[1])
        if np.sum((y - b - c) ** 2) <= target:
            low, best = middle, (c, b)
        else:
            high = middle
    c, b = best
    return c, _spikes(c, g), b, g, low


def _spikes(c: FloatArray, g: FloatArray) -> FloatArray:
    """What the decay does not explain; nothing before it has anything to decay from."""
    s = c.copy()
    for lag, weight in enumerate(g, start=1):
        s[lag:] -= weight * c[:-lag]
    s[: g.size] = 0
    s[s < 1e-9 * np.max(c, initial=0.0)] = 0  # rounding within a pool
    return s


def _first_order(y: FloatArray, g: float, lam: float, size: float, find_pools: Pools) -> FloatArray:
    """Calcium that decays by `g`, by pools of samples without a spike between them."""
    shifted = y - lam * (1 - g)
    shifted[-1] -= lam * g
    power = np.power(g, np.arange(y.size + 1))
    value, sizes = find_pools(shifted, power, size)
    since = np.arange(y.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.repeat(np.maximum(value, 0.0), sizes) * power[since]


def pools(y: FloatArray, power: FloatArray, size: float) -> tuple[FloatArray, IntArray]:
    """Value at the start, and length, of each pool.

    A pool is merged into the one before as long as the step between them is smaller than `size`; the stack of pools is
    short work, so it is kept in lists.

    Parameters
    ----------
    y
        Shape (time,).
    power
        Decay after 0, 1, … samples, shape (time + 1,).
    size
        Of the smallest spike.
    """
    powers = power.tolist()
    value: list[float] = []
    weight: list[float] = []
    length: list[int] = []
    for v in y.tolist():
        w, n = 1.0, 1
        while value and v < value[-1] * powers[length[-1]] + size:
            before = length.pop()
            decay, own = powers[before], weight.pop()
            total = own + w * decay * decay
            v = (own * value.pop() + w * decay * v) / total
            w, n = total, n + before
        value.append(v)
        weight.append(w)
        length.append(n)
    return np.array(value), np.array(length)


def _second_order(
    y: FloatArray, g: FloatArray, target: float, noise: float, penalty: str
) -> tuple[FloatArray, FloatArray, float, FloatArray, float]:
    """As `deconvolve`; spikes by non-negative least squares in windows."""
    from scipy.signal import lfilter

    whole = np.zeros(y.size, dtype=bool)
    impulse = np.eye(1, y.size)[0]
    h = lfilter([1.0], np.concatenate(([1.0], -g)), impulse)
    top = float(np.ptp(y)) / max(1e-12, 1 - float(g.sum()))

    def solve(x: FloatArray, lam: float) -> FloatArray:
        return _convolved(_windowed(x - lam * (1 - g.sum()), h, ~whole), h)

    c, _, b, g, lam = _sparsest(y, g, solve, target, top)
    s = _windowed(y - b - lam * (1 - g.sum()), h, ~whole)
    if penalty == "l0":  # a spike that stays below the noise at its peak is none
        s = _windowed(y - b, h, s * h.max() > noise)
        c = _convolved(s, h)
    return c, s, b, g, lam


def _convolved(s: FloatArray, h: FloatArray) -> FloatArray:
    from scipy.signal import fftconvolve

    return fftconvolve(s, h)[: s.size]


def _windowed(y: FloatArray, h: FloatArray, allowed: np.ndarray) -> FloatArray:
    """Spikes, where they are allowed, whose responses `h` fit `y`: one window after the other."""
    from scipy.linalg import toeplitz
    from scipy.optimize import nnls

    rest, s = y.copy(), np.zeros(y.size)
    n = min(WINDOW, y.size)
    responses = toeplitz(h[:n], np.zeros(n))
    tail = h[: int(np.max(np.flatnonzero(h > 1e-9 * h.max()), initial=0)) + 1]
    for begin in range(0, y.size, SHIFT):
        stop = min(begin + n, y.size)
        here = np.flatnonzero(allowed[begin:stop])
        if here.size == 0:
            continue
        found = np.zeros(stop - begin)
        found[here] = nnls(responses[: stop - begin, here], rest[begin:stop], maxiter=20 * n)[0]
        kept = found[:SHIFT]
        s[begin : begin + kept.size] = kept
        seen = np.convolve(kept, tail)[: y.size - begin]
        rest[begin : begin + seen.size] -= seen
    return s
