"""Convolution of long signals with a bank of kernels, in blocks that fit the cache.

The Fourier transform of a block is shared by all kernels, and no temporary grows with the signal. Epochs are laid end
to end with as many zeros between them as a kernel reaches, but only in thought: each block fetches the rows that it
needs. So neither many short epochs nor one long one costs a loop or a copy.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .._types import BoolArray, IntArray
from .namespace import take_rows, to_numpy
from .threads import for_each

__all__ = ["convolve_bank"]

BLOCK_POINTS = 2**15
"""Samples transformed at once, divided by the number of kernels; measured, not critical."""

FEWEST_POINTS = 2**14
"""Samples transformed at once with many kernels."""

RESULT_POINTS = 2**19
"""Results held at once before they are written out (8 MB of complex128), per thread."""

LENGTH_CLASS = 4
"""Kernels whose lengths differ by more than this factor do not share a transform: short ones do with a shorter one."""


def convolve_bank(
    values: np.ndarray, first: IntArray, last: IntArray, kernels: np.ndarray, shift: int, out: np.ndarray
) -> None:
    """Write ``out[t, c, k] = sum_i kernels[i, k] * values[t + shift - i, c]``, epoch by epoch.

    Samples beyond the edges of an epoch count as zeros. A sample that is not finite makes NaN of every result that
    its kernel reaches, and of no other.

    Parameters
    ----------
    values
        Real or complex samples, shape (time, channel); lazy arrays are read block by block.
    first, last
        ``values[first[e]:last[e]]`` are the rows of epoch e; ascending and disjoint.
    kernels
        Real or complex, shape (tap, kernel).
    shift
        Place of a kernel: 0 is causal, ``taps - 1`` anti-causal.
    out
        Filled in the rows of the epochs; shape (time, channel, kernel), of a type that holds the products.
    """
    filled = last > first
    if not filled.any() or not values.shape[1] or not kernels.shape[1]:
        return
    first, last = first[filled], last[filled]
    reach = int((last - first).max()) - 1
    low, high = _extents(kernels, shift, reach)
    for group in _length_classes(high - low):
        a, b = int(low[group].min()), int(high[group].max())
        if b <= a:  # kernels of zeros
            out[:, :, group] = 0
            continue
        columns = slice(None) if group.size == kernels.shape[1] else group
        gap = max(abs(shift - a), abs(shift - b + 1))
        _pass(values, _Layout.of(first, last, gap), kernels[a:b, columns], shift - a, out, columns)


def _extents(kernels: np.ndarray, shift: int, reach: int) -> tuple[IntArray, IntArray]:
    """First tap of each kernel that counts, and one past the last: neither zero nor further than an epoch is long."""
    taps = kernels.shape[0]
    used = kernels != 0
    used[: max(0, shift - reach)] = False
    used[max(0, shift + reach + 1) :] = False
    low = np.argmax(used, axis=0)
    high = taps - np.argmax(used[::-1], axis=0)
    empty = ~used.any(axis=0)
    low[empty] = high[empty] = min(max(shift, 0), taps - 1)
    return low, high


def _length_classes(lengths: IntArray) -> list[IntArray]:
    """Positions of kernels whose lengths are alike, longest first."""
    order = np.argsort(-lengths, kind="stable")
    classes = []
    while order.size:
        alike = lengths[order] * LENGTH_CLASS > lengths[order[0]]
        alike[0] = True
        classes.append(np.sort(order[alike]))
        order = order[~alike]
    return classes


class _Layout(NamedTuple):
    """Epochs on one line, `gap` zeros after each."""

    first: IntArray
    starts: IntArray
    stops: IntArray
    length: int

    @classmethod
    def of(cls, first: IntArray, last: IntArray, gap: int) -> _Layout:
        sizes = last - first
        stops = np.cumsum(sizes + gap) - gap
        return cls(first, stops - sizes, stops, int(stops[-1]))

    def pieces(self, begin: int, end: int) -> tuple[IntArray, IntArray, IntArray]:
        """Epochs that reach into ``[begin, end)`` of the line, and which part of the line each has there."""
        low = int(np.searchsorted(self.stops, begin, side="right"))
        high = int(np.searchsorted(self.starts, end, side="left"))
        epochs = np.arange(low, max(low, high))
        return epochs, np.maximum(self.starts[epochs], begin), np.minimum(self.stops[epochs], end)

    def rows(self, begin: int, end: int) -> tuple[slice | IntArray, slice | IntArray]:
        """Rows of the values in ``[begin, end)`` of the line, and their places from `begin` on."""
        epochs, left, right = self.pieces(begin, end)
        shifts = self.first[epochs] - self.starts[epochs]
        if epochs.size == 1:
            a, b, move = int(left[0]), int(right[0]), int(shifts[0])
            return slice(a + move, b + move), slice(a - begin, b - begin)
        sizes = right - left
        places = np.repeat(left - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))
        return places + np.repeat(shifts, sizes), places - begin


class _Plan(NamedTuple):
    """Segments of `size` points that start `step` apart, `count` of them in a block of `channels` signals."""

    size: int
    step: int
    count: int
    channels: int

    @classmethod
    def of(cls, length: int, taps: int, channels: int, kernels: int) -> _Plan:
        """The size with the least work per row."""
        from scipy.fft import next_fast_len

        whole = next_fast_len(length + taps - 1, real=True)
        sizes = [2**p for p in range(max(7, taps.bit_length()), max(8, taps.bit_length() + 6))]
        size = min(sizes, key=lambda n: n * np.log2(n) / (n - taps + 1))
        size = min(size, whole)
        step = size - taps + 1
        points = max(FEWEST_POINTS, BLOCK_POINTS // kernels)
        together = max(1, min(channels, points // size))
        return cls(size, step, max(1, min(points // (size * together), -(-length // step))), together)


def _pass(
    values: np.ndarray, layout: _Layout, kernels: np.ndarray, shift: int, out: np.ndarray, columns: slice | IntArray
) -> None:
    """Convolve with kernels of about one length."""
    taps, n_kernels = kernels.shape
    n_channels = values.shape[1]
    plan = _Plan.of(layout.length, taps, n_channels, n_kernels)
    transform = _Transform.of(np.dtype(values.dtype).kind == "c" or np.iscomplexobj(kernels), kernels, plan)
    dtype = np.complex128 if np.dtype(values.dtype).kind == "c" else np.float64
    before = taps - 1 - shift  # rows that the first result of a block looks back upon
    width = (plan.count - 1) * plan.step + plan.size
    named = np.arange(n_kernels) if isinstance(columns, slice) else columns

    def block(at: tuple[int, int]) -> None:
        begin, channel = at
        rows, places = layout.rows(begin, min(begin + plan.step * plan.count, layout.length))
        if not isinstance(rows, slice) and rows.size == 0:
            return
        channels = slice(channel, min(channel + plan.channels, n_channels))
        work = _load(values, layout, begin - before, width, channels, dtype)
        bad = _clean(work)
        for some, results in transform.products(work):
            if bad is not None:
                results[_reached(bad, kernels[:, some], results.shape[-1])] = np.nan
            target = columns if isinstance(columns, slice) and results.shape[1] == n_kernels else named[some]
            _write(out, rows, channels, target, results[:, :, places])

    blocks = range(0, layout.length, plan.step * plan.count)
    for_each(block, itertools.product(blocks, range(0, n_channels, plan.channels)))


def _write(
    out: np.ndarray, rows: slice | IntArray, channels: slice, kernels: slice | IntArray, results: np.ndarray
) -> None:
    """Results of shape (channel, kernel, row) to their rows."""
    block = np.moveaxis(results, -1, 0)
    if isinstance(rows, slice) and isinstance(kernels, slice):
        out[rows, channels, kernels] = block
    elif isinstance(rows, slice):
        out[rows, channels][:, :, kernels] = block
    elif isinstance(kernels, slice):
        out[:, channels, kernels][rows] = block
    else:
        out[:, channels][rows[:, None, None], np.arange(block.shape[1])[:, None], kernels] = block


def _load(values: np.ndarray, layout: _Layout, begin: int, width: int, channels: slice, dtype: type) -> np.ndarray:
    """`width` places of the line from `begin` on, shape (channel, place)."""
    rows, places = layout.rows(begin, begin + width)
    picked = to_numpy(take_rows(values, rows))[:, channels]
    work = np.zeros((picked.shape[1], width), dtype=dtype)
    work[:, places] = picked.T
    return work


def _clean(work: np.ndarray) -> BoolArray | None:
    """Set to zero what is not finite, and say where it was."""
    with np.errstate(invalid="ignore", over="ignore"):  # infinities of both signs; the next line looks closer
        if np.isfinite(work.sum()):
            return None
    bad = ~np.isfinite(work)
    work[bad] = 0
    return bad if bad.any() else None


def _reached(bad: BoolArray, kernels: np.ndarray, n: int) -> BoolArray:
    """Results in whose window a flagged sample meets the kernel; shape (channel, kernel, result)."""
    upto = np.zeros((bad.shape[0], bad.shape[1] + 1), dtype=np.int32)
    np.cumsum(bad, axis=1, out=upto[:, 1:])
    used = kernels != 0
    first, last = np.argmax(used, axis=0), kernels.shape[0] - np.argmax(used[::-1], axis=0)
    at = np.arange(n) + kernels.shape[0]
    reached = upto[:, at - first[:, None]] > upto[:, at - last[:, None]]
    return reached & used.any(axis=0)[:, None]


class _Transform(NamedTuple):
    """Products of segments with kernels, by real transforms where nothing is complex."""

    plan: _Plan
    forward: Callable
    backward: Callable
    spectra: np.ndarray
    taps: int

    @classmethod
    def of(cls, is_complex: bool, kernels: np.ndarray, plan: _Plan) -> _Transform:
        from scipy import fft

        forward, backward = (fft.fft, fft.ifft) if is_complex else (fft.rfft, fft.irfft)
        return cls(plan, forward, backward, forward(kernels.T, plan.size, axis=-1), kernels.shape[0])

    def products(self, work: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """For some kernels after the other, the results of a block, shape (channel, kernel, place)."""
        plan, channels = self.plan, work.shape[0]
        strides = (work.strides[0], plan.step * work.itemsize, work.itemsize)
        segments = as_strided(work, (channels, plan.count, plan.size), strides)
        spectrum = self.forward(segments, axis=-1)[:, None]
        group = max(1, RESULT_POINTS // (channels * plan.count * plan.size))
        for begin in range(0, self.spectra.shape[0], group):
            some = slice(begin, begin + group)
            product = spectrum * self.spectra[some, None]
            result = self.backward(product, plan.size, axis=-1, overwrite_x=True)[..., self.taps - 1 :]
            yield some, result.reshape(*result.shape[:2], -1)
