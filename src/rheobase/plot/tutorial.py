"""The composed figures of the injected-current example, under the names that its 2024 script calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .._types import FloatArray
from ..styles import plot_style
from ._filters import basis_colors
from ._inputs import DATA, QUIET, spike_trains, times_and_values
from ._traces import model_labels, plot_firing_rate, plot_trace
from ._tuning import plot_tuning_curve

__all__ = ["current_injection_plot", "plot_current_history_features", "tuning_curve_plot"]


def current_injection_plot(
    current: Any,
    spikes: Any,
    firing_rate: Any,
    *predicted: Any,
    labels: Sequence[str] | None = None,
    stimulus: str = "Current",
    unit: str = "pA",
    zoom: tuple[float, float] | None = None,
    axes: Sequence[Axes] | None = None,
) -> Figure:
    """Draw a stimulus with the spikes it evoked and the firing rate, models over it; at the right, one second of it.

    Parameters
    ----------
    current
        Tsd, in `unit`.
    spikes
        TsGroup or Ts of one neuron.
    firing_rate
        Tsd, Hz.
    *predicted
        Rates of models, Tsd, Hz.
    labels
        Names of the models; defaults to ``model``, or ``model 1``, ``model 2`` ...
    stimulus, unit
        What `current` is, and in which unit.
    zoom
        Start and end of the detail, seconds. Defaults to the second around the highest firing rate.
    axes
        Four axes to draw on: stimulus, rate, detail of the stimulus, detail of the rate. Defaults to a new figure.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If `axes` are not four, or the number of labels is not the number of models.
    """
    labels = model_labels(labels, len(predicted))
    axes = _four_axes() if axes is None else list(axes)
    if len(axes) != 4:
        msg = f"axes must be four (stimulus, rate, and a detail of each), got {len(axes)}."
        raise ValueError(msg)
    start, end = _busiest_second(firing_rate) if zoom is None else zoom
    trains = spike_trains(spikes)
    crowded = max(map(len, trains.values()), default=0) > 300
    for ax_current, ax_rate, thin in ((*axes[:2], crowded), (*axes[2:], False)):
        _current_with_spikes(ax_current, current, trains, f"{stimulus}\n({unit})", thin)
        plot_firing_rate(firing_rate, *predicted, labels=labels, ax=ax_rate)
        ax_current.set_xlabel("")
        ax_current.tick_params(labelbottom=False)
    for ax in axes[:2]:
        ax.axvspan(start, end, color="#E69F00", alpha=0.15, linewidth=0)
    for ax in axes[2:]:
        ax.set_xlim(start, end)
        ax.set_ylabel("")
    axes[2].set_title("detail of the shaded second", color="#B27700", fontsize=9, fontweight="normal")
    axes[1].legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, frameon=False, borderaxespad=0.2)
    return axes[0].figure


def _four_axes() -> list[Axes]:
    import matplotlib.pyplot as plt

    with plt.style.context(plot_style):
        grid = {"width_ratios": [2.2, 1], "height_ratios": [1, 1.2]}
        _, axes = plt.subplots(2, 2, figsize=(10, 4.2), sharex="col", sharey="row", gridspec_kw=grid)
    return list(axes.T.ravel())


def _busiest_second(firing_rate: Any) -> tuple[float, float]:
    t, rate = times_and_values(firing_rate, name="firing_rate")
    peak = t[np.nanargmax(rate.squeeze())]
    start = float(np.clip(peak - 0.5, t[0], max(t[-1] - 1.0, t[0])))
    return start, min(start + 1.0, float(t[-1]))


def _current_with_spikes(ax: Axes, current: Any, trains: dict[Any, FloatArray], ylabel: str, thin: bool) -> None:
    """The stimulus, and the spikes as ticks in a strip above it."""
    _, values = times_and_values(current, name="current")
    low, high = np.nanmin(values), np.nanmax(values)
    height = (high - low) or 1.0
    plot_trace(current, ax=ax, linewidth=0.7)
    offsets = high + height * (0.12 + 0.16 * np.arange(len(trains)))
    width, alpha = (0.4, 0.6) if thin else (0.8, 1.0)
    marks = {"linelengths": 0.13 * height, "linewidths": width, "alpha": alpha, "colors": DATA}
    ax.eventplot(list(trains.values()), lineoffsets=offsets, **marks)
    ax.set_ylim(low - 0.03 * height, offsets[-1] + 0.1 * height)
    ax.set_ylabel(ylabel)


def tuning_curve_plot(
    tuning_curve: Any,
    *,
    label: str = "Injected current",
    unit: str = "pA",
    ax: Axes | None = None,
) -> Figure:
    """Draw a measured tuning curve; models' curves may be added to ``figure.axes[0]``.

    Parameters
    ----------
    tuning_curve
        Rates, Hz, as `plot_tuning_curve` takes them.
    label, unit
        Of the horizontal axis.
    ax
        Where to draw. Defaults to a new figure.

    Returns
    -------
    Figure
    """
    return plot_tuning_curve(tuning_curve, label=label, unit=unit, ax=ax)[0].figure


def plot_current_history_features(
    current: Any,
    features: Any,
    basis: Any,
    window_sec: float,
    *,
    seconds: float = 1.0,
    stimulus: str = "Current",
    unit: str = "pA",
    axes: Sequence[Axes] | None = None,
) -> Figure:
    """Draw what convolution with a basis makes of a signal: each function at the left, its feature at the right.

    Functions and features are each scaled to the same height; the fit will find their amplitudes.

    Parameters
    ----------
    current
        The signal, binned: Tsd, in `unit`.
    features
        TsdFrame, shape (time, basis); its first `window_sec` are NaN and stay empty.
    basis
        The basis that made them.
    window_sec
        Length of its window, seconds.
    seconds
        How much of the signal to draw, from its beginning.
    stimulus, unit
        What `current` is.
    axes
        Three axes: functions, signal, features. Defaults to a new figure.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If `axes` are not three, or `features` has another number of columns than the basis functions.
    """
    functions = np.asarray(basis.evaluate_on_grid(int(basis.window_size))[-1])
    t, values = times_and_values(features, name="features")
    if values.ndim != 2 or values.shape[1] != functions.shape[1]:
        msg = f"features must have shape (time, {functions.shape[1]}), a column per basis function; got {values.shape}."
        raise ValueError(msg)
    axes = _three_axes() if axes is None else list(axes)
    if len(axes) != 3:
        msg = f"axes must be three (functions, signal, features), got {len(axes)}."
        raise ValueError(msg)
    ax_basis, ax_current, ax_features = axes
    shown = slice(*np.searchsorted(t, [t[0], t[0] + seconds]))
    colors = basis_colors(functions.shape[1])
    before = -np.linspace(0, window_sec, len(functions))
    _stack(ax_basis, before, functions, colors)
    _stack(ax_features, t[shown], values[shown], colors)
    t_current, of_current = times_and_values(current, name="current")
    near = slice(*np.searchsorted(t_current, [t[0], t[0] + seconds]))
    ax_current.plot(t_current[near], of_current.squeeze()[near], color=QUIET, linewidth=1.0)
    ax_current.set_ylabel(f"{stimulus}\n({unit})")
    ax_current.tick_params(labelbottom=False)
    ax_current.margins(x=0)
    ax_features.set_xlim(ax_current.get_xlim())
    ax_features.axvspan(t[0], t[0] + window_sec, color=QUIET, alpha=0.15, linewidth=0)
    middle = (t[0] + window_sec / 2, (len(colors) - 1) / 2 + 0.4)
    ax_features.annotate("first window:\nnot defined", middle, ha="center", va="center", fontsize=8, color="#666666")
    ax_basis.set_xlabel("Time before the bin (s)")
    ax_basis.set_title("basis functions", fontsize=10)
    ax_features.set_xlabel("Time (s)")
    ax_features.set_title("features (scaled)", fontsize=10)
    return ax_basis.figure


def _three_axes() -> list[Axes]:
    import matplotlib.pyplot as plt

    with plt.style.context(plot_style):
        layout = [[".", "current"], ["basis", "features"]]
        grid = {"width_ratios": [1, 2.4], "height_ratios": [1, 3.2]}
        _, axes = plt.subplot_mosaic(layout, figsize=(9, 5.2), gridspec_kw=grid)
    return [axes["basis"], axes["current"], axes["features"]]


def _stack(ax: Axes, x: FloatArray, columns: FloatArray, colors: list) -> None:
    """One trace per column, scaled to one row each, the first at the top."""
    low, high = np.nanmin(columns, axis=0), np.nanmax(columns, axis=0)
    scaled = 0.85 * (columns - low) / np.where(high > low, high - low, 1.0)
    rows = np.arange(columns.shape[1])[::-1]
    for row, trace, color in zip(rows, scaled.T, colors):
        ax.plot(x, row + trace, color=color)
        ax.fill_between(x, row, row + trace, color=color, alpha=0.15, linewidth=0)
    ax.set_yticks(rows[::3] + 0.0, [str(number + 1) for number in range(len(rows))][::3])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_ylabel("Basis function")
    ax.set_xlim(x.min(), x.max())
