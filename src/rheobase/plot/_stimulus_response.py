"""A sound and what one neuron made of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .._types import FloatArray
from ..datasets.strf import NeuralDataset
from ..styles import plot_style
from ._inputs import DATA, start_at_zero
from ._maps import draw_bands

__all__ = ["plot_stimulus_response"]

_LABEL_KEYS = ("type", "class")
"""What is said of a stimulus above it."""


def plot_stimulus_response(
    dataset: NeuralDataset, stim: int, neuron: int, *, title: str | None = None, axes: Any = None
) -> Figure:
    """Draw the spectrogram of a sound, the repeats of a neuron's response and their mean rate, one below the other.

    Bin k of the data set lies between k and k + 1 bin widths in all of them. Spikes of repeats are ticks, or shades of
    grey where responses were smoothed.

    Parameters
    ----------
    dataset
        Recording; its selection does not matter.
    stim, neuron
        Numbers of the stimulus and of the neuron.
    title
        Defaults to number, type and class of the stimulus.
    axes
        Three axes, from the top. Defaults to new ones that share their time. On given axes horizontal labels are
        written only below, vertical ones on each.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If the neuron did not hear the stimulus, or `axes` are not three.
    IndexError
        If there is no such stimulus or neuron.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase import plot
    >>> from rheobase.datasets.strf import NeuralDataset
    >>> heard = np.array([[0, 1, 0, 2], [0, 1, 0, 0]])
    >>> ds = NeuralDataset([np.ones((1, 3, 4))], [[heard]], [{"type": "song"}], dt_ms=5)
    >>> sound, repeats, rate = plot.plot_stimulus_response(ds, 0, 0).axes
    >>> rate.lines[0].get_ydata().tolist()
    [0.0, 200.0, 0.0, 200.0]
    """
    trials = _response(dataset, stim, neuron)
    axes = _three(axes)
    edges = np.arange(trials.shape[1] + 1) * dataset.dt / 1000.0
    _sound(axes[0], dataset, stim, edges)
    axes[0].set_title(_title(dataset, stim) if title is None else title, loc="left")
    _repeats(axes[1], trials, edges, smoothed=dataset.smoothed_ms is not None)
    _rate(axes[2], trials, edges)
    for ax in axes:
        ax.set_xlim(edges[0], edges[-1])
    for ax in axes[:2]:
        ax.tick_params(axis="x", labelbottom=False)
    axes[2].set_xlabel("Time (s)")
    return axes[0].figure


def _response(dataset: NeuralDataset, stim: int, neuron: int) -> FloatArray:
    """Responses, shape (repeat, time)."""
    n_stims, n_neurons = dataset.nrn_masks.shape
    for name, number, n in (("stim", stim, n_stims), ("neuron", neuron, n_neurons)):
        if not -n <= number < n:
            msg = f"{name} must be a number from 0 to {n - 1}, got {number!r}."
            raise IndexError(msg)
    if not dataset.nrn_masks[stim, neuron]:
        heard = np.flatnonzero(dataset.nrn_masks[:, neuron])[:10].tolist()
        msg = (
            f"neuron {neuron} did not hear stimulus {stim}; it heard {heard} ..."
            if heard
            else (f"neuron {neuron} heard no stimulus.")
        )
        raise ValueError(msg)
    return np.asarray(dataset.responses[stim][neuron], dtype=float)


def _three(axes: Any) -> list[Axes]:
    if axes is not None:
        given = list(np.ravel(axes))
        if len(given) != 3:
            msg = f"axes must be three (sound, repeats, rate), got {len(given)}."
            raise ValueError(msg)
        return given
    import matplotlib.pyplot as plt

    with plt.style.context(plot_style):
        figure, new = plt.subplots(3, figsize=(5.2, 4.8), sharex=True, height_ratios=(1.2, 1, 0.9))
    figure.align_ylabels(new)
    return list(new)


def _title(dataset: NeuralDataset, stim: int) -> str:
    meta = dataset.stim_meta[stim]
    known = list(dict.fromkeys(str(meta[key]) for key in _LABEL_KEYS if meta.get(key) is not None))
    return f"Stimulus {stim}" + (f": {', '.join(known)}" if known else "")


def _sound(ax: Axes, dataset: NeuralDataset, stim: int, edges: FloatArray) -> None:
    sound = dataset.stims[stim]
    if sound.ndim == 3:
        draw_bands(ax, edges, sound[0], dataset.frequencies, cmap="magma")
        return
    times = np.linspace(edges[0], edges[-1], sound.shape[1], endpoint=False)
    ax.plot(times, sound[0], color=DATA, linewidth=0.4, rasterized=True)
    ax.set_ylabel("Sound (a.u.)")


def _repeats(ax: Axes, trials: FloatArray, edges: FloatArray, *, smoothed: bool) -> None:
    n = len(trials)
    if smoothed:
        ax.pcolormesh(edges, np.arange(n + 1) - 0.5, trials, cmap="gray_r", vmin=0, rasterized=True)
    else:
        rows, bins = np.nonzero(trials)
        middles = (edges[bins] + edges[bins + 1]) / 2
        ax.vlines(middles, rows - 0.42, rows + 0.42, color=DATA, linewidth=0.8)
    ax.set_ylim(-0.6, n - 0.4)
    ax.set_ylabel("Repeat")
    ax.yaxis.set_major_locator(MaxNLocator("auto", integer=True))


def _rate(ax: Axes, trials: FloatArray, edges: FloatArray) -> None:
    middles, width = (edges[:-1] + edges[1:]) / 2, edges[1] - edges[0]
    mean = trials.mean(axis=0) / width
    if len(trials) > 1:
        error = trials.std(axis=0, ddof=1) / np.sqrt(len(trials)) / width
        ax.fill_between(middles, np.maximum(mean - error, 0), mean + error, color=DATA, alpha=0.2, linewidth=0)
    ax.plot(middles, mean, color=DATA, linewidth=1.0)
    start_at_zero(ax)
    ax.set_ylabel("Rate (Hz)")
