"""From containers or arrays to what Matplotlib draws, and a place to draw it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .._types import FloatArray, TimeSeriesLike
from ..styles import plot_style

DATA = "#333333"
"""Colour of what was measured."""

MODEL_COLORS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Colours of models, in the order given (Okabe and Ito 2008)."""

QUIET = "#999999"
"""Colour of what is only there for orientation."""


def axes_or_new(ax: Axes | None, figsize: tuple[float, float] = (6.0, 2.6)) -> Axes:
    """`ax`, or the axes of a new figure in rheobase's style."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    with plt.style.context(plot_style):
        return plt.subplots(figsize=figsize)[1]


def start_at_zero(ax: Axes) -> None:
    """Let the vertical axis begin at 0 and hold what is drawn on it, here and on axes that share it.

    ``ax.set_ylim(bottom=0)`` would freeze the top as well: what a second panel adds would be cut off.
    """
    together = ax.get_shared_y_axes().get_siblings(ax)
    top = max(one.dataLim.ymax for one in together)
    if np.isfinite(top) and top > 0:
        ax.set_ylim(0, (1 + ax.margins()[1]) * top)
    else:
        ax.set_ylim(bottom=0)


def times_and_values(series: Any, times: Any = None, name: str = "series") -> tuple[FloatArray, FloatArray]:
    """Times (s) and values of a series, or of an array with its `times`.

    Where one epoch ends and the next begins a NaN is put between them, so that a line drawn through the values breaks.

    Raises
    ------
    ValueError
        If an array comes without times, or with another number of them.
    """
    if isinstance(series, TimeSeriesLike):
        t, values = np.asarray(series.t), np.asarray(series.values)
        before = np.searchsorted(t, np.asarray(series.time_support.start)[1:])
        before = np.unique(before[(before > 0) & (before < t.size)])
        return np.insert(t, before, t[before]), np.insert(values.astype(float), before, np.nan, axis=0)
    values = np.asarray(series, dtype=float)
    if times is None:
        msg = f"{name} is a plain array, so its times are unknown: give times= (seconds), or a Tsd instead."
        raise ValueError(msg)
    t = np.asarray(times, dtype=float)
    if t.shape != values.shape[:1]:
        msg = f"times must have one entry for each of the {len(values)} samples of {name}, got shape {t.shape}."
        raise ValueError(msg)
    return t, values


def spike_trains(spikes: Any) -> dict[Any, FloatArray]:
    """Spike times (s) by neuron, from a TsGroup, one Ts, a mapping, a list of arrays or one array."""
    if isinstance(spikes, Mapping) or is_group(spikes):
        return {key: _train(spikes[key]) for key in list(spikes.keys())}
    if isinstance(spikes, list | tuple):
        return {number: _train(train) for number, train in enumerate(spikes)}
    return {0: _train(spikes)}


def is_group(spikes: Any) -> bool:
    """Whether this is a TsGroup, ours or pynapple's (which is not registered as a Mapping everywhere)."""
    return getattr(spikes, "nap_class", None) == "TsGroup"


def _train(train: Any) -> FloatArray:
    return np.asarray(getattr(train, "t", train), dtype=float)


def with_unit(label: str, unit: str | None) -> str:
    """``label (unit)``, or the label alone."""
    return f"{label} ({unit})" if unit else label
