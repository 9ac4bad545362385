"""Spikes of a population around many events, in one pass over the flat store and in pieces of bounded size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .._arrays.events import run_blocks, unit_runs
from .._types import FloatArray, IntArray
from ._kernels import Kernel, spread
from ._spikes_in import Spikes

__all__ = ["bin_of", "counts_around", "densities_around"]

CELLS = 1 << 20
"""Cells of the tensor, and spikes, that are worked on at a time."""


def counts_around(spikes: Spikes, events: FloatArray, edges: FloatArray) -> FloatArray:
    """Spikes per event, bin and neuron; NaN for an event whose time is NaN.

    Bins are ``[event + edges[i], event + edges[i + 1])``, the last one closed.

    Returns
    -------
    FloatArray
        Shape (event, edge - 1, neuron).
    """
    n_bins, n_units = edges.size - 1, spikes.labels.size
    out = np.empty((events.size, n_bins, n_units))
    for rows in _event_blocks(events, n_bins * n_units):
        at = events[rows]
        first, last = unit_runs(spikes.times, spikes.offsets, at + edges[0], at + edges[-1])
        counts = np.zeros(at.size * n_bins * n_units, dtype=np.int64)
        for t, event, unit in _near(spikes.times, first, last):
            bins = bin_of(t, at[event], edges)
            counts += np.bincount((event * n_bins + bins) * n_units + unit, minlength=counts.size)
        out[rows] = counts.reshape(at.size, n_bins, n_units)
    out[np.isnan(events)] = np.nan
    return out


def densities_around(spikes: Spikes, events: FloatArray, samples: FloatArray, kernel: Kernel) -> FloatArray:
    """Spike density (1/s) at each event + sample, of shape (event, sample, neuron); NaN where an event has no time."""
    n_samples, n_units = samples.size, spikes.labels.size
    out = np.empty((events.size, n_samples, n_units))
    early, late = samples[0] - kernel.after, samples[-1] + kernel.before
    for rows in _event_blocks(events, n_samples * n_units):
        at = events[rows]
        first, last = unit_runs(spikes.times, spikes.offsets, at + early, at + late)
        density = np.zeros(at.size * n_samples * n_units)
        for t, event, unit in _near(spikes.times, first, last):
            spread(density, t - at[event], samples, kernel, event * n_samples * n_units + unit, n_units)
        out[rows] = density.reshape(at.size, n_samples, n_units)
    out[np.isnan(events)] = np.nan
    return out


def bin_of(t: FloatArray, event: FloatArray, edges: FloatArray) -> IntArray:
    """Bin of each spike, which lies between the first and the last edge of its event.

    Spikes are compared with ``event + edges``, as rounded: a difference of times may fall on the other side.
    """
    last = edges.size - 2
    bins = np.clip(np.searchsorted(edges, t - event, side="right") - 1, 0, last)
    while True:
        up = (bins < last) & (t >= event + edges[np.minimum(bins + 1, last + 1)])
        down = (bins > 0) & (t < event + edges[bins]) & ~up
        if not (up.any() or down.any()):
            return bins
        bins += up
        bins -= down


def _event_blocks(events: FloatArray, cells: int) -> Iterator[IntArray]:
    """Events in order of time, so many at once that their cells are few."""
    order = np.argsort(events, kind="stable")
    size = max(1, CELLS // max(1, cells))
    for begin in range(0, order.size, size):
        yield order[begin : begin + size]


def _near(times: FloatArray, first: IntArray, last: IntArray) -> Iterator[tuple[FloatArray, IntArray, IntArray]]:
    """Times, events and units of the spikes of all runs, whose bounds have shape (unit, event), in pieces."""
    n_events = first.shape[1]
    first, sizes = first.reshape(-1), np.maximum(last - first, 0).reshape(-1)
    shift = first - (np.cumsum(sizes) - sizes)
    for rows, run, counts in run_blocks(sizes, CELLS):
        index = np.repeat(shift[run], counts)
        index += np.arange(rows.start, rows.stop)
        of = np.repeat(run, counts)
        yield times[index], of % n_events, of // n_events
