"""Kernels of a spike density: how one spike is spread over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .._types import FloatArray, IntArray
from ..containers._checks import check_choice, is_number

__all__ = ["DEFAULT_TAU", "Kernel", "make_kernel", "spread"]

DEFAULT_TAU = 0.005
"""Width of a kernel, s, where none is given."""

PAIRS = 1 << 20
"""Pairs of spike and sample that are worked on at a time."""


@dataclass(frozen=True)
class Kernel:
    """Density (1/s) by time since the spike (s), and how far before and after the spike it is not yet zero."""

    density: Callable[[FloatArray], FloatArray]
    before: float
    after: float


def make_kernel(kernel: str, tau: float) -> Kernel:
    """The kernel of that name and width; past its reach the density is below 1e-17 of its peak.

    Raises
    ------
    ValueError
        If the name is unknown, or `tau` not positive.
    """
    check_choice(kernel, ("gaussian", "exponential", "boxcar"), "kernel")
    if not (is_number(tau) and 0 < tau < np.inf):
        msg = f"tau should be a finite number > 0 (s), got {tau!r}."
        raise ValueError(msg)
    tau = float(tau)
    if kernel == "gaussian":
        return Kernel(lambda x: np.exp(-0.5 * (x / tau) ** 2) / (tau * np.sqrt(2 * np.pi)), 9 * tau, 9 * tau)
    if kernel == "exponential":
        return Kernel(lambda x: np.where(x >= 0, np.exp(-np.maximum(x, 0) / tau) / tau, 0.0), 0.0, 40 * tau)
    return Kernel(lambda x: np.where((x >= 0) & (x <= tau), 1 / tau, 0.0), 0.0, tau)


def spread(out: FloatArray, t: FloatArray, samples: FloatArray, kernel: Kernel, base: IntArray, stride: int) -> None:
    """Add, in place, the density of every spike to the samples that it reaches.

    Sample j of spike i stands at ``out[base[i] + j * stride]``.
    """
    slack = 1e-9 * (kernel.before + kernel.after)  # the density decides on the edge of its reach, not a rounded bound
    first = np.searchsorted(samples, t - kernel.before - slack, side="left")
    sizes = np.searchsorted(samples, t + kernel.after + slack, side="right") - first
    upto = np.cumsum(sizes)
    begin = 0
    while begin < t.size:
        done = upto[begin - 1] if begin else 0
        stop = max(begin + 1, int(np.searchsorted(upto, done + PAIRS, side="right")))
        rows = slice(begin, stop)
        spike = np.repeat(np.arange(begin, stop), sizes[rows])
        sample = np.arange(spike.size) - np.repeat(upto[rows] - sizes[rows] - done, sizes[rows]) + first[spike]
        place = base[spike] + sample * stride
        if place.size:
            low, high = int(place.min()), int(place.max()) + 1
            out[low:high] += np.bincount(place - low, kernel.density(samples[sample] - t[spike]), high - low)
        begin = stop
