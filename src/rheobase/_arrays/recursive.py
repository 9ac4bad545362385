"""Recursive filters run forwards and backwards over every epoch, in place and in blocks.

The numbers are those of `scipy.signal.sosfiltfilt` for each epoch on its own: it is continued at both ends by its odd
reflection, and the filter starts in the steady state of its first value. Long epochs go through in pieces that fit the
cache; a piece for another core starts so far ahead that the filter has forgotten where it started. Short epochs of
about one length are filtered side by side.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .._types import FloatArray, IntArray
from .namespace import is_lazy, take_rows, to_numpy
from .threads import for_each, n_threads

__all__ = ["filter_both_ways", "padding"]

BLOCK = 2**17
"""Numbers of a long epoch filtered at once."""

BATCH = 2**15
"""Numbers of short epochs filtered at once."""

FORGOTTEN = 1e-24
"""What is left of the state from which a piece starts where its results begin; rounding is 1e-16."""

ALIKE = 1.25
"""Epochs filtered side by side differ in length by this factor at most."""


def padding(sos: FloatArray) -> int:
    """Samples by which an epoch is continued at each end; it must have more than these."""
    taps = 2 * sos.shape[0] + 1
    return 3 * (taps - int(min(np.count_nonzero(sos[:, 2] == 0), np.count_nonzero(sos[:, 5] == 0))))


def filter_both_ways(sos: FloatArray, values: Any, first: IntArray, last: IntArray, out: np.ndarray) -> None:
    """Filter epochs without phase shift.

    Parameters
    ----------
    sos
        Second-order sections, shape (section, 6).
    values
        Samples, shape (time, channel); lazy arrays are read block by block.
    first, last
        ``values[first[i]:last[i]]`` is epoch i, and longer than ``padding(sos)``.
    out
        Filled in the rows of the epochs; shape (time, channel), a floating or complex type.
    """
    from scipy.signal import sosfilt_zi

    recipe = _Recipe(sos, sosfilt_zi(sos)[:, None], padding(sos), np.result_type(values.dtype, np.float64))
    n_channels = values.shape[1]
    sizes = last - first
    is_long = (sizes + 2 * recipe.pad) * max(n_channels, 1) > BATCH
    for a, b in zip(first[is_long].tolist(), last[is_long].tolist()):
        _filter_long(recipe, values, a, b, out)
    short = np.flatnonzero(~is_long)
    if short.size and is_lazy(values):
        values = to_numpy(values)
    batches = _alike(first[short], sizes[short], n_channels, recipe.pad)
    for_each(lambda batch: _filter_short(recipe, values, batch[0], batch[1], out), batches)


class _Recipe(NamedTuple):
    """Sections, their steady state for a constant 1, the length of the continuation, and the type to compute in."""

    sos: FloatArray
    steady: FloatArray
    pad: int
    dtype: np.dtype

    def run(self, x: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Filter along the first axis from a state, and the state afterwards."""
        from scipy.signal import sosfilt

        return sosfilt(self.sos, x, axis=0, zi=state)

    def start(self, x: np.ndarray) -> np.ndarray:
        """The state in which a constant `x`, shape (channel,), would have left the filter."""
        return self.steady.reshape(-1, 2, *(1,) * x.ndim) * x

    def memory(self) -> int:
        """Samples after which a state is forgotten."""
        from scipy.signal import sos2zpk

        slowest = np.abs(sos2zpk(self.sos)[1]).max()
        return int(np.ceil(np.log(FORGOTTEN) / np.log(slowest))) if 0 < slowest < 1 else np.iinfo(np.int64).max


# ---- epochs longer than a block -----------------------------------------------------------------------------------


def _filter_long(recipe: _Recipe, values: Any, a: int, b: int, out: np.ndarray) -> None:
    """One epoch, in pieces for as many cores as there are."""
    pad = recipe.pad
    read = _Reader(values, recipe.dtype)
    head, tail = read(a, a + pad + 1), read(b - pad - 1, b)
    before, after = 2 * head[0] - head[:0:-1], 2 * tail[-1] - tail[-2::-1]
    block = max(1, BLOCK // values.shape[1])
    edges = _piece_edges(a, b, recipe.memory(), block)
    ahead = int(min(recipe.memory(), b - a))
    # float32 results would lose what the second pass needs
    work = out if out.dtype == recipe.dtype else np.empty((b - a, *out.shape[1:]), dtype=recipe.dtype)
    base = a if work is not out else 0
    ends: dict[int, np.ndarray] = {}

    def forwards(piece: tuple[int, int]) -> None:
        low, high = piece
        if low == a:
            state = recipe.run(before, recipe.start(before[0]))[1]
        else:
            state = _warm(recipe, (read(p, q) for p, q in _blocks(low - ahead, low, block)))
        for p, q in _blocks(low, high, block):
            work[p - base : q - base], state = recipe.run(read(p, q), state)
        if high == b:
            ends["y"] = recipe.run(after, state)[0]

    def backwards(task: tuple[tuple[int, int], np.ndarray | None]) -> None:
        (low, high), beyond = task
        if beyond is None:
            state = recipe.run(ends["y"][::-1], recipe.start(ends["y"][-1]))[1]
        else:
            state = _warm(recipe, (beyond[p:q][::-1] for p, q in reversed(list(_blocks(0, len(beyond), block)))))
        for p, q in reversed(list(_blocks(low, high, block))):
            result, state = recipe.run(work[p - base : q - base][::-1], state)
            out[p:q] = result[::-1]

    pieces = list(itertools.pairwise(edges))
    for_each(forwards, pieces)
    beyond = [work[high - base : high + ahead - base].copy() if high < b else None for _, high in pieces]
    for_each(backwards, zip(pieces, beyond))


class _Reader(NamedTuple):
    """Rows as numbers to compute with."""

    values: Any
    dtype: np.dtype

    def __call__(self, a: int, b: int) -> np.ndarray:
        rows = to_numpy(take_rows(self.values, slice(a, b))).astype(self.dtype, copy=False)
        refuse_nan(rows)
        return rows


def refuse_nan(rows: np.ndarray) -> None:
    """Raise ValueError if a sample is missing."""
    if rows.size and np.isnan(rows.min() if rows.dtype.kind != "c" else rows.sum()) and np.isnan(rows).any():
        msg = (
            "The input signal contains NaN values, which are not supported for filtering: one would spread over its "
            "whole epoch. Remove them with data.dropna(), or fill them first with data.interpolate(...)."
        )
        raise ValueError(msg)


def _piece_edges(a: int, b: int, memory: int, block: int) -> list[int]:
    """Bounds of pieces for the cores; one piece where starting ahead would cost more than it saves."""
    n = min(n_threads(), (b - a) // max(4 * min(memory, b - a), 4 * block, 1))
    return np.linspace(a, b, max(n, 1) + 1).astype(np.int64).tolist()


def _blocks(a: int, b: int, size: int) -> Iterator[tuple[int, int]]:
    return ((p, min(p + size, b)) for p in range(a, b, size))


def _warm(recipe: _Recipe, blocks: Iterator[np.ndarray]) -> np.ndarray:
    """State after some blocks, from the steady state of the first sample."""
    state = None
    for rows in blocks:
        state = recipe.run(rows, recipe.start(rows[0]) if state is None else state)[1]
    assert state is not None
    return state


# ---- short epochs -------------------------------------------------------------------------------------------------


def _alike(first: IntArray, sizes: IntArray, n_channels: int, pad: int) -> list[tuple[IntArray, IntArray]]:
    """Starts and sizes of epochs of about one length, as many as make a block."""
    order = np.argsort(sizes, kind="stable")
    first, sizes = first[order], sizes[order]
    batches, i = [], 0
    while i < sizes.size:
        longest = ALIKE * sizes[i]
        room = max(1, int(BATCH // ((longest + 2 * pad) * max(n_channels, 1))))
        j = min(i + room, int(np.searchsorted(sizes, longest, side="right")))
        batches.append((first[i:j], sizes[i:j]))
        i = j
    return batches


def _filter_short(recipe: _Recipe, values: np.ndarray, first: IntArray, sizes: IntArray, out: np.ndarray) -> None:
    """Epochs side by side: time goes down, epochs and channels across."""
    pad, longest = recipe.pad, int(sizes.max())
    place = np.arange(longest + 2 * pad)[:, None] - pad
    size = sizes[None]
    inside = np.abs(place)  # reflected at the first sample, then at the last
    inside = np.where(inside > size - 1, np.maximum(2 * (size - 1) - inside, 0), inside)
    x = values[inside + first].astype(recipe.dtype, copy=False)
    refuse_nan(x)
    left, right = (place < 0)[..., None], (place > size - 1)[..., None]
    x = np.where(left, 2 * values[first] - x, np.where(right, 2 * values[first + sizes - 1] - x, x))
    y, _ = recipe.run(x, recipe.start(x[0]))
    end = sizes + 2 * pad - 1
    back = np.maximum(end - np.arange(longest + 2 * pad)[:, None], 0)
    flipped = np.take_along_axis(y, back[..., None], axis=0)
    z, _ = recipe.run(flipped, recipe.start(flipped[0]))
    epoch = np.repeat(np.arange(sizes.size), sizes)
    row = np.arange(epoch.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    out[row + first[epoch]] = z[(end - pad)[epoch] - row, epoch]
