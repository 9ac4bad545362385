"""Spikes around events as flat arrays, what is known of the events, and rates in bins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes

from .._errors import did_you_mean
from .._types import FloatArray, IntArray
from ._inputs import DATA, MODEL_COLORS, is_group, spike_trains

_ON_EDGE = 1e-9
"""Bins by which a time may miss an edge by rounding and still be on it."""


@dataclass(frozen=True)
class Aligned:
    """Spikes around events: times (s) event after event, the event of each, and how far was looked (s), if known."""

    times: FloatArray
    event: IntArray
    n_events: int
    window: tuple[float, float] | None

    def take(self, events: IntArray) -> Aligned:
        """Some of the events, in this order."""
        position = np.full(self.n_events, -1)
        position[events] = np.arange(events.size)
        kept = np.flatnonzero(position[self.event] >= 0)
        kept = kept[np.argsort(position[self.event[kept]], kind="stable")]  # event after event
        return Aligned(self.times[kept], position[self.event[kept]], events.size, self.window)


def aligned_spikes(aligned: Any, name: str = "aligned") -> Aligned:
    """From a TsGroup with one member per event, a list of arrays, or a mapping to arrays.

    Raises
    ------
    TypeError
        If these are several units, each with its events.
    """
    if is_conditions(aligned):
        keys = list(aligned)
        msg = f"{name} holds several groups of events ({', '.join(map(str, keys[:4]))}, ...): give one, as {name}[key]."
        raise TypeError(msg)
    trains = list(spike_trains(aligned).values())
    event = np.repeat(np.arange(len(trains)), [train.size for train in trains])
    window = None
    if is_group(aligned):
        support = aligned.time_support
        window = (float(np.min(support.start, initial=0.0)), float(np.max(support.end, initial=0.0)))
    return Aligned(np.concatenate([*trains, np.empty(0)]), event, len(trains), window)


def is_conditions(aligned: Any) -> bool:
    """Whether this maps names to groups of events, not events to times."""
    if not isinstance(aligned, Mapping) or is_group(aligned):
        return False
    return any(is_group(one) or isinstance(one, list | tuple) for one in aligned.values())


def column_of(table: Any, column: Any, n_rows: int, name: str) -> np.ndarray:
    """One value per row: a column of the metadata of `table` by its name, or the values themselves.

    Raises
    ------
    ValueError
        If there is no such column, or the values are not as many as the rows.
    """
    if isinstance(column, str):
        known = _columns(table)
        if column not in known:
            near = did_you_mean(column, known)
            msg = f"{name}={column!r} is no column of the metadata, which has {', '.join(known) or 'none'}.{near}"
            raise ValueError(msg)
        column = table[column] if type(table).__name__ == "DataFrame" else table.get_info(column)
    values = np.asarray(column)
    if values.shape != (n_rows,):
        msg = f"{name} must have one entry for each of the {n_rows} rows, got shape {values.shape}."
        raise ValueError(msg)
    return values


def _columns(table: Any) -> list[str]:
    if type(table).__name__ == "DataFrame":
        return [str(one) for one in table.columns]
    return [str(one) for one in getattr(table, "metadata_columns", ())]


def levels(values: np.ndarray) -> tuple[list[Any], IntArray]:
    """Different values, sorted where they can be, and the number of each entry's value."""
    try:
        different, codes = np.unique(values, return_inverse=True)
        return different.tolist(), codes.ravel()
    except TypeError:  # numbers and text, or None: in the order in which they come
        number = {value: k for k, value in enumerate(dict.fromkeys(values.tolist()))}
        return list(number), np.array([number[value] for value in values.tolist()], dtype=np.int64)


def level_colors(n_levels: int, colors: Any = None) -> list[Any]:
    """One colour for each level: those given, that of data for one, the models' for a few, dark to light for many."""
    if colors is not None:
        given = [colors] if isinstance(colors, str) else list(colors)
        return [given[number % len(given)] for number in range(n_levels)]
    if n_levels == 1:
        return [DATA]
    if n_levels <= len(MODEL_COLORS):
        return list(MODEL_COLORS[:n_levels])
    return list(colormaps["viridis"](np.linspace(0.0, 0.88, n_levels)))


def bin_edges(window: tuple[float, float], bin_size: float) -> FloatArray:
    """Edges of the whole bins inside a window, s; the event is one of them.

    Raises
    ------
    ValueError
        If no bin fits.
    """
    if not bin_size > 0:
        msg = f"bin_size must be > 0 s, got {bin_size!r}."
        raise ValueError(msg)
    first, last = np.ceil(window[0] / bin_size - _ON_EDGE), np.floor(window[1] / bin_size + _ON_EDGE)
    if last <= first:
        msg = f"no bin of {bin_size:g} s fits into the window from {window[0]:g} to {window[1]:g} s; take smaller bins."
        raise ValueError(msg)
    return bin_size * np.arange(first, last + 1)


def psth(spikes: Aligned, edges: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean rate over events and its standard error, Hz, shape (bin,) each; the error of a single event is NaN."""
    n_bins, width = edges.size - 1, edges[1] - edges[0]
    bins = np.floor((spikes.times - edges[0]) / width + _ON_EDGE).astype(np.int64)
    inside = (bins >= 0) & (bins < n_bins)
    flat = spikes.event[inside] * n_bins + bins[inside]
    counts = np.bincount(flat, minlength=spikes.n_events * n_bins).reshape(spikes.n_events, n_bins)
    n = spikes.n_events
    mean = counts.sum(axis=0) / max(n, 1)
    error = counts.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full(n_bins, np.nan)
    return mean / width, error / width


def window_of(window: Any, *groups: Aligned) -> tuple[float, float]:
    """The window that was asked for, or the one in which spikes were looked for.

    Raises
    ------
    ValueError
        If neither is known.
    """
    if window is not None:
        low, high = (float(one) for one in window)
        return low, high
    known = [group.window for group in groups if group.window is not None]
    if not known:
        msg = "aligned is made of plain arrays, so its window is unknown: give window=(start, stop), seconds."
        raise ValueError(msg)
    return min(low for low, _ in known), max(high for _, high in known)


def mark_event(ax: Axes, window: tuple[float, float], event: str, color: str = DATA) -> None:
    """A line at time 0, limits, and the label of the horizontal axis."""
    ax.axvline(0.0, color=color, linewidth=0.9, linestyle=(0, (4, 2)), zorder=3)
    ax.set_xlim(*window)
    ax.set_xlabel(f"Time from {event} (s)")
