"""One picture of a population fit: what was recorded, what the model says, how well, and what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .._types import FloatArray
from ..styles import plot_style
from ._filters import plot_coupling_map, plot_filter
from ._inputs import DATA, MODEL_COLORS, QUIET, spike_trains, with_unit
from ._scores import plot_scores
from ._traces import plot_firing_rate, plot_raster, plot_trace

__all__ = ["FilterSet", "Tuning", "plot_population_fit"]

_PANELS = {
    "s": "stimulus",
    "r": "spikes",
    "f": "rate",
    "c": "map",
    "b": "scores",
    "1": "driver",
    "2": "history",
    "3": "pairs",
}
_HEIGHTS = {"s": 0.5, "r": 1.25, "f": 1.0, "2": 1.25}


def _layout(n_neurons: int, has_stimulus: bool, has_driver: bool) -> str:
    """Mosaic with a place for what there is: no map for one neuron, no stimulus for spikes alone.

    Panels share the edges of three columns of four; where they do not, the constrained layout gives up.
    """
    if n_neurons == 1:
        rows = ["s" * 12, "r" * 12, "f" * 12, "11112222bbbb" if has_driver else "22222222bbbb"]
    elif has_driver:
        rows = ["s" * 8 + "c" * 4, "r" * 8 + "c" * 4, "f" * 8 + "b" * 4, "111122223333"]
    else:
        rows = ["s" * 8 + "c" * 4, "r" * 8 + "c" * 4, "f" * 8 + "c" * 4, "22223333bbbb"]
    return "\n".join(rows if has_stimulus else rows[1:])


class FilterSet(NamedTuple):
    """Fitted filters with the true ones, where these are known."""

    lags: FloatArray
    """Seconds, shape (lag,)."""
    fitted: FloatArray
    """Shape (lag, neuron) for a stimulus, (lag, receiver, sender) for couplings."""
    truth: FloatArray | None = None
    """Same shape as `fitted`."""


class Tuning(NamedTuple):
    """Mean rates over bins of a covariate."""

    centres: FloatArray
    """Shape (bin,)."""
    measured: FloatArray
    """Hz, shape (bin, neuron)."""
    predicted: FloatArray
    """Hz, shape (bin, neuron)."""
    label: str | None = None
    """What `centres` are, where that is not the whole stimulus."""


def plot_population_fit(
    *,
    spikes: Any,
    window: tuple[float, float],
    rate: Any,
    predicted: Mapping[str, Any],
    rate_of: Any,
    scores: Mapping[str, FloatArray],
    couplings: FilterSet,
    strength: FloatArray,
    shown: Sequence[int],
    stimulus: Any = None,
    stimulus_label: str = "Stimulus",
    stimulus_unit: str | None = None,
    stimulus_filters: FilterSet | None = None,
    tuning: Tuning | None = None,
    strength_label: str = "Extra spikes per sender spike",
    score_name: str = "Pseudo-R² (held out)",
    title: str | None = None,
    figure: Figure | None = None,
) -> Figure:
    """Draw a population fit on one page.

    At the top the stimulus, the spikes and one neuron's rate over a stretch of time; beside them the map of couplings
    and the scores; below, the filters of a few neurons.

    Parameters
    ----------
    spikes
        TsGroup or anything `plot_raster` takes.
    window
        Start and end of the stretch, seconds.
    rate
        Measured rate of one neuron, Tsd in Hz.
    predicted
        Model's name to its rate, Tsd in Hz.
    rate_of
        Name of that neuron.
    scores
        Model's name to its scores, shape (neuron,).
    couplings
        History and coupling filters on the log rate, shape (lag, receiver, sender); drawn as gains, their exponential.
    strength, strength_label
        What the map shows, shape (receiver, sender), and its name.
    shown
        Positions of the neurons whose filters are drawn, at most five.
    stimulus, stimulus_label, stimulus_unit
        Tsd or TsdFrame, with its name and unit. Left out where there is none.
    stimulus_filters
        Shape (lag, neuron).
    tuning
        Drawn in place of stimulus filters.
    score_name
        Label of the scores' axis.
    title
        Of the figure.
    figure
        Empty figure to draw on. Defaults to a new one.

    Returns
    -------
    Figure
        Its axes are labelled ``stimulus``, ``spikes``, ``rate``, ``map``, ``scores``, and those below ``filters 1``
        to ``3``.
    """
    with rc_context(fname=plot_style):
        layout = _layout(len(strength), stimulus is not None, stimulus_filters is not None or tuning is not None)
        heights = [
            0.35 if len(strength) == 1 and row[0] == "r" else _HEIGHTS.get(row[0], 1.25) for row in layout.split()
        ]
        figure = Figure(figsize=(11.0, 2.0 * sum(heights)), layout="constrained") if figure is None else figure
        axes = figure.subplot_mosaic(layout, gridspec_kw={"height_ratios": heights})
        for key, panel in axes.items():
            panel.set_label(_PANELS[key])
        names = _names(spikes, len(strength))
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        if stimulus is not None:
            _stimulus(axes["s"], stimulus, window, stimulus_label, stimulus_unit)
        _time_course(axes, spikes, window, rate, predicted, rate_of)
        if "c" in axes:
            plot_coupling_map(strength, labels=names, colorbar=strength_label, ax=axes["c"])
            axes["c"].set_title("Couplings")
        plot_scores(scores, labels=names, ylabel=score_name, ax=axes["b"])
        if len(names) > 1:
            _legend(axes["b"])
        if "1" in axes:
            _driver(axes["1"], names, shown, stimulus_filters, tuning, stimulus_label, stimulus_unit)
        _gains(axes, names, shown, couplings, strength)
    return figure


def _stimulus(ax: Axes, stimulus: Any, window: tuple[float, float], label: str, unit: str | None) -> None:
    """The stimulus, or the channels of a behaviour, above the raster."""
    plot_trace(stimulus, color=None if np.ndim(stimulus.values) > 1 else QUIET, ax=ax)
    ax.set_ylabel(f"{label}\n({unit})" if unit else label)
    ax.set_xlabel("")
    _limit_to_window(ax, [stimulus], window)


def _names(spikes: Any, n_neurons: int) -> list[str]:
    keys = list(spike_trains(spikes))
    return [str(key) for key in keys] if len(keys) == n_neurons else [str(key) for key in range(n_neurons)]


def _time_course(
    axes: dict[str, Axes],
    spikes: Any,
    window: tuple[float, float],
    rate: Any,
    predicted: Mapping[str, Any],
    rate_of: Any,
) -> None:
    """Raster above the rate of one neuron, on the same stretch of time."""
    rows = plot_raster(spikes, ax=axes["r"])
    for row, name in zip(rows, _names(spikes, len(rows))):
        if name == str(rate_of) and len(rows) > 1:
            row.set_color(MODEL_COLORS[0])
    axes["r"].set_xlabel("")
    plot_firing_rate(rate, *predicted.values(), labels=list(predicted), ax=axes["f"])
    _limit_to_window(axes["f"], [rate, *predicted.values()], window)
    axes["f"].set_ylim(bottom=0)
    axes["f"].set_ylabel(f"Rate of\nneuron {rate_of} (Hz)")
    _legend(axes["f"])
    for ax in (axes[key] for key in "sr" if key in axes):
        ax.set_xlim(*window)
        ax.tick_params(labelbottom=False)


def _legend(ax: Axes) -> None:
    """Legend in one line above the axes, where it hides nothing."""
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=4, frameon=False, borderaxespad=0, columnspacing=1.2)


def _limit_to_window(ax: Axes, series: Sequence[Any], window: tuple[float, float]) -> None:
    """Limits from what is seen, not from the whole recording."""
    seen = []
    for one in series:
        inside = (np.asarray(one.t) >= window[0]) & (np.asarray(one.t) <= window[1])
        seen.append(np.asarray(one.values, dtype=float)[inside].ravel())
    seen = np.concatenate(seen)
    seen = seen[np.isfinite(seen)]
    if seen.size and seen.max() > seen.min():
        margin = 0.06 * (seen.max() - seen.min())
        ax.set_ylim(seen.min() - margin, seen.max() + margin)
    ax.set_xlim(*window)


def _driver(
    ax: Axes,
    names: list[str],
    shown: Sequence[int],
    filters: FilterSet | None,
    tuning: Tuning | None,
    label: str,
    unit: str | None,
) -> None:
    """What drives the neurons from outside: filters of a stimulus, or tuning to a behaviour, or nothing."""
    if filters is not None:
        columns = [(f"neuron {names[n]}", filters.fitted[:, n], _take(filters.truth, np.s_[:, n])) for n in shown]
        ylabel = f"Effect on log rate per {unit}" if unit else "Effect on log rate"
        _panel(ax, filters.lags, columns, f"{label} filters", ylabel, 0.0)
    if tuning is not None:
        for n, color in zip(shown, MODEL_COLORS[1:]):
            ax.plot(tuning.centres, tuning.measured[:, n], "o", color=color, markersize=3)
            ax.plot(tuning.centres, tuning.predicted[:, n], color=color, label=f"neuron {names[n]}")
        ax.set_ylim(bottom=0)
        ax.set_xlabel(with_unit(tuning.label or label, unit))
        ax.set_ylabel("Firing rate (Hz)")
        ax.set_title("Tuning (dots: measured)")
        ax.legend(frameon=False, fontsize=8)


def _gains(axes: dict[str, Axes], names: list[str], shown: Sequence[int], couplings: FilterSet, strength) -> None:
    """Own history of the neurons shown, and the couplings that matter most, as factors on the rate."""
    fitted, truth = np.exp(couplings.fitted), None if couplings.truth is None else np.exp(couplings.truth)
    own = [(f"neuron {names[n]}", fitted[:, n, n], _take(truth, np.s_[:, n, n])) for n in shown]
    _panel(axes["2"], couplings.lags, own, "After its own spike", "Factor on the rate", 1.0)
    pairs = _strongest_pairs(np.asarray(strength), len(shown))
    across = [(f"{names[j]} → {names[i]}", fitted[:, i, j], _take(truth, np.s_[:, i, j])) for i, j in pairs]
    if "3" in axes:
        _panel(axes["3"], couplings.lags, across, "After another's spike", "Factor on the rate", 1.0)
        axes["3"].get_legend().set_title("sender → receiver", {"size": 8})


def _panel(ax: Axes, lags: FloatArray, columns: list, title: str, ylabel: str, reference: float) -> None:
    """A few filters on one axes, the truth dashed, with one legend entry for all of it."""
    handles = []
    for (name, values, truth), color in zip(columns, MODEL_COLORS[1:]):
        options = {"label": name, "ylabel": ylabel, "color": color, "reference": reference}
        handles.append(plot_filter(values, lags=lags, truth=truth, ax=ax, **options)[0])
    if columns[0][2] is not None:
        handles.append(Line2D([], [], color=DATA, linewidth=1.0, linestyle=(0, (4, 2)), label="truth"))
    ax.legend(handles=handles, frameon=False, fontsize=8, loc="best", handlelength=1.4, labelspacing=0.25)
    ax.set_title(title)


def _strongest_pairs(strength: FloatArray, n_pairs: int) -> list[tuple[int, int]]:
    """(receiver, sender) of the strongest couplings between different neurons, excitation and inhibition in turn."""
    off = ~np.eye(len(strength), dtype=bool)
    receivers, senders = np.nonzero(off)
    order = np.argsort(strength[off])
    alternating = np.stack([order[::-1], order], axis=1).ravel()[: min(n_pairs, order.size)]
    return [(int(receivers[k]), int(senders[k])) for k in dict.fromkeys(alternating)]


def _take(array: FloatArray | None, index) -> FloatArray | None:
    return None if array is None else array[index]
