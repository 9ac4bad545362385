"""How well models do, neuron by neuron."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer

from .._types import FloatArray
from ._inputs import MODEL_COLORS, QUIET, axes_or_new


def plot_scores(
    scores: Mapping[str, Any],
    *,
    labels: Sequence[Any] | None = None,
    ylabel: str = "Pseudo-R² (held out)",
    colors: Sequence[Any] = (QUIET, *MODEL_COLORS),
    ax: Axes | None = None,
) -> list[BarContainer]:
    """Draw bars of a score, one group per neuron and one bar per model.

    Parameters
    ----------
    scores
        Model's name to its score per neuron, shape (neuron,).
    labels
        Names of the neurons. Defaults to their numbers.
    ylabel
        Which score, on which data.
    colors
        One per model.
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    list of BarContainer
        One per model.

    Raises
    ------
    TypeError
        If `scores` is no mapping.
    ValueError
        If there are no scores, or models have different numbers of neurons.
    """
    if not isinstance(scores, Mapping):
        msg = f"scores must map each model's name to its scores, got {type(scores).__name__}."
        raise TypeError(msg)
    values = {name: np.atleast_1d(np.asarray(score, dtype=float)) for name, score in scores.items()}
    sizes = {name: score.size for name, score in values.items()}
    if len(set(sizes.values())) != 1:
        msg = f"scores must hold at least one model, each with one score per neuron; got {sizes or 'none'}."
        raise ValueError(msg)
    ax = axes_or_new(ax, (5.0, 2.6))
    n_neurons = next(iter(sizes.values()))
    if n_neurons == 1:
        bars = _one_neuron(ax, values, colors)
    else:
        bars = _many_neurons(ax, values, range(n_neurons) if labels is None else labels, colors)
    ax.axhline(0, color="#444444", linewidth=0.8)
    ax.tick_params(axis="x", length=0)
    ax.spines["bottom"].set_visible(False)
    ax.set_ylabel(ylabel)
    return bars


def _one_neuron(ax: Axes, values: Mapping[str, FloatArray], colors: Sequence[Any]) -> list[BarContainer]:
    """One bar per model, named below."""
    bars = [
        ax.bar(number, score, 0.6, color=colors[number % len(colors)], label=name)
        for number, (name, score) in enumerate(values.items())
    ]
    ax.set_xticks(range(len(values)), list(values))
    ax.set_xlim(-0.8, len(values) - 0.2)
    return bars


def _many_neurons(
    ax: Axes, values: Mapping[str, FloatArray], labels: Sequence[Any], colors: Sequence[Any]
) -> list[BarContainer]:
    """A group of bars per neuron, its number below."""
    names = [str(label) for label in labels]
    neurons, width = np.arange(len(names)), 0.8 / len(values)
    bars = []
    for number, (name, score) in enumerate(values.items()):
        offset = (number - (len(values) - 1) / 2) * width
        bars.append(ax.bar(neurons + offset, score, width, color=colors[number % len(colors)], label=name))
    step = max(1, -(-len(names) // 16))
    ax.set_xticks(neurons[::step], names[::step])
    ax.margins(x=0.01)
    ax.set_xlabel("Neuron")
    return bars
