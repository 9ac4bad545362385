"""Signals, spikes and rates against time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EventCollection
from matplotlib.lines import Line2D

from ._inputs import DATA, MODEL_COLORS, QUIET, axes_or_new, spike_trains, start_at_zero, times_and_values, with_unit


def plot_trace(
    series: Any,
    *,
    times: Any = None,
    label: str = "Stimulus",
    unit: str | None = None,
    color: Any = QUIET,
    ax: Axes | None = None,
    **line: Any,
) -> list[Line2D]:
    """Draw a signal against time; the line breaks between epochs.

    Parameters
    ----------
    series
        Tsd or TsdFrame, or an array, shape (time,) or (time, channel).
    times
        Sample times, seconds; needed for an array.
    label, unit
        Of the vertical axis, written ``label (unit)``.
    color
        Of the line; None to cycle through the style's colours.
    ax
        Where to draw. Defaults to new axes.
    **line
        Handed to :meth:`matplotlib.axes.Axes.plot`.

    Returns
    -------
    list of Line2D
        One per channel.

    Raises
    ------
    ValueError
        If an array comes without times.
    """
    t, values = times_and_values(series, times)
    ax = axes_or_new(ax)
    style = {"linewidth": 0.8} | ({} if color is None else {"color": color}) | line
    lines = ax.plot(t, values, **style)
    ax.set_ylabel(with_unit(label, unit))
    ax.set_xlabel("Time (s)")
    ax.margins(x=0)
    return lines


def plot_raster(
    spikes: Any,
    *,
    color: Any = DATA,
    length: float = 0.8,
    ax: Axes | None = None,
) -> list[EventCollection]:
    """Draw one row of ticks per neuron, the first neuron at the bottom.

    Parameters
    ----------
    spikes
        TsGroup, Ts, a mapping from neuron to spike times, a list of arrays, or one array; seconds.
    color
        One colour, or one per neuron.
    length
        Height of a tick, in rows.
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    list of EventCollection
        One per neuron.
    """
    trains = spike_trains(spikes)
    ax = axes_or_new(ax)
    rows = ax.eventplot(
        list(trains.values()),
        lineoffsets=np.arange(len(trains)),
        linelengths=length,
        linewidths=0.7,
        colors=color,
    )
    step = max(1, -(-len(trains) // 10))
    ax.set_yticks(np.arange(len(trains))[::step], [str(key) for key in trains][::step])
    ax.set_ylim(-0.6, len(trains) - 0.4)
    ax.set_ylabel("Neuron")
    ax.set_xlabel("Time (s)")
    ax.tick_params(axis="y", length=0)
    return rows


def plot_firing_rate(
    rate: Any,
    *predicted: Any,
    times: Any = None,
    labels: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> list[Line2D]:
    """Draw a measured firing rate, filled, with the rates that models predict as lines over it.

    Parameters
    ----------
    rate
        Measured rate, Hz: a Tsd, or an array of shape (time,).
    *predicted
        Rates of models, Hz, like `rate`.
    times
        Times of the samples, seconds; needed for arrays.
    labels
        Names of the models in the legend; defaults to ``model``, or ``model 1``, ``model 2`` ...
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    list of Line2D
        The measured rate first, then the models.

    Raises
    ------
    ValueError
        If the number of labels is not the number of models, or an array comes without times.
    """
    labels = model_labels(labels, len(predicted))
    t, values = times_and_values(rate, times, "rate")
    ax = axes_or_new(ax)
    ax.fill_between(t, values.squeeze(), color=DATA, alpha=0.15, linewidth=0)
    lines = ax.plot(t, values.squeeze(), color=DATA, linewidth=1.0, label="measured")
    for number, (model, label) in enumerate(zip(predicted, labels)):
        t_model, model_values = times_and_values(model, times, label)
        color = MODEL_COLORS[number % len(MODEL_COLORS)]
        lines += ax.plot(t_model, model_values.squeeze(), color=color, linewidth=1.4, label=label)
    start_at_zero(ax)
    ax.margins(x=0)
    ax.set_ylabel("Firing rate (Hz)")
    ax.set_xlabel("Time (s)")
    return lines


def model_labels(labels: Sequence[str] | None, n_models: int) -> list[str]:
    """The models' names, checked or made up."""
    if labels is None:
        return ["model"] if n_models == 1 else [f"model {number}" for number in range(1, n_models + 1)]
    if len(labels) != n_models:
        msg = f"labels must name each of the {n_models} models, got {list(labels)}."
        raise ValueError(msg)
    return list(labels)
