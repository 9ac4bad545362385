"""How well models do, neuron by neuron."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer

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
    ValueError
        If there are no scores, or models have different numbers of neurons.
    """
    values = {name: np.atleast_1d(np.asarray(score, dtype=float)) for name, score in scores.items()}
    sizes = {name: score.size for name, score in values.items()}
    if len(set(sizes.values())) != 1:
        msg = f"scores must hold at least one model, each with one score per neuron; got {sizes or 'none'}."
        raise ValueError(msg)
    ax = axes_or_new(ax, (5.0, 2.6))
    n_neurons = next(iter(sizes.values()))
    neurons, width = np.arange(n_neurons), 0.8 / len(values)
    bars = []
    for number, (name, score) in enumerate(values.items()):
        offset = (number - (len(values) - 1) / 2) * width
        bars.append(ax.bar(neurons + offset, score, width, color=colors[number % len(colors)], label=name))
    ax.axhline(0, color="#444444", linewidth=0.8)
    names = [str(label) for label in (neurons if labels is None else labels)]
    step = max(1, -(-n_neurons // 16))
    ax.set_xticks(neurons[::step], names[::step])
    ax.tick_params(axis="x", length=0)
    ax.spines["bottom"].set_visible(False)
    ax.margins(x=0.01)
    ax.set_xlabel("Neuron")
    ax.set_ylabel(ylabel)
    return bars
