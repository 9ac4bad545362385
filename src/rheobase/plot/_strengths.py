"""How a search for a penalty's strength went, and how sure a fit is of its coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D

from .._types import BoolArray, IntArray
from ..glm import ClassInference, CrossValidation, Inference
from ._inputs import DATA, MODEL_COLORS, QUIET, axes_or_new

__all__ = ["plot_inference", "plot_strengths"]

_FEW = len(MODEL_COLORS)
"""Neurons whose intervals are drawn beside each other; more become an image."""


def plot_strengths(
    found: CrossValidation,
    *,
    neurons: Sequence[int] | None = None,
    color: Any = MODEL_COLORS[1],
    ax: Axes | None = None,
) -> list[Line2D]:
    """Draw how well held-out rows were predicted, against the strength of the penalty.

    Parameters
    ----------
    found
        ``model.cv_`` of a fitted model, or what `rheobase.glm.cross_validate` gives.
    neurons
        Numbers of the neurons. Default: all. One alone is drawn with its folds and its standard error.
    color
        Of the lines.
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    list of Line2D
        One for each neuron; a dot stands at the strength that was taken.

    Raises
    ------
    ValueError
        If there is no such neuron.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase import glm, plot
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 4))
    >>> found = glm.cross_validate(glm.GLM(regularizer="Ridge"), X, rng.poisson(np.exp(X[:, 0])))
    >>> len(plot.plot_strengths(found))
    1
    """
    chosen = _numbers(neurons, found.strengths.shape[1])
    ax = axes_or_new(ax, (4.6, 3.0))
    strengths, gain = found.strengths[:, chosen], found.gain[:, chosen]
    alone = len(chosen) == 1
    if alone:
        folds = found.log_likelihood[:, :, chosen[0]] - found.null_log_likelihood[:, chosen[0]]
        drawn = ax.plot(strengths, folds, color=QUIET, linewidth=0.7, alpha=0.7)
        drawn[0].set_label(f"{folds.shape[1]} folds")
        error = found.standard_error[:, chosen[0]]
        low, high = gain[:, 0] - error, gain[:, 0] + error
        ax.fill_between(strengths[:, 0], low, high, color=color, alpha=0.2, linewidth=0)
    ax.axhline(0, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    lines = ax.plot(strengths, gain, color=color, alpha=1.0 if alone else 0.5, linewidth=1.6 if alone else 1.0)
    lines[0].set_label("mean ± standard error" if alone else f"{len(chosen)} neurons")
    best = gain[found.best[chosen], np.arange(len(chosen))]
    taken = "taken" if found.rule == "best" else "taken (1 SE rule)"
    ax.plot(found.best_strength[chosen], best, "o", color=color, markersize=5, label=taken)
    ax.set_xscale("log")
    ax.set_xlabel("Strength of the penalty")
    ax.set_ylabel("Held-out gain (nats per row)")
    ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.0, fontsize=8)
    return lines


def plot_inference(
    found: Inference,
    *,
    level: float = 0.95,
    neurons: Sequence[int] | None = None,
    intercept: bool = False,
    ax: Axes | None = None,
) -> list[Line2D] | AxesImage:
    """Draw coefficients with their intervals; for many neurons, how many standard errors they are from zero.

    Parameters
    ----------
    found
        What ``model.inference(X, y)`` gives.
    level
        Of the intervals.
    neurons
        Numbers of the neurons. Default: all.
    intercept
        Whether to draw intercepts too.
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    list of Line2D or AxesImage
        Estimates, one line for each of up to six neurons; an image of z (or t) values for more.

    Raises
    ------
    ValueError
        If there is no such neuron, or `level` does not lie between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase import glm, plot
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 4))
    >>> y = rng.poisson(np.exp(X[:, 0]))
    >>> len(plot.plot_inference(glm.GLM().fit(X, y).inference(X, y)))
    1
    """
    chosen = _numbers(neurons, found.params.shape[1])
    low, high = found.confidence_interval(level)
    rows = np.flatnonzero(~_intercepts(found) | intercept)
    labels = [str(found.names[row]) for row in rows]
    step = max(1, -(-len(labels) // 25))
    ticks = np.arange(len(labels))[::step], labels[::step]
    if len(chosen) > _FEW:
        ax = axes_or_new(ax, (6.0, 3.6))
        return _image(ax, found, rows, chosen, ticks)
    ax = axes_or_new(ax, (6.0, 3.2))
    ax.axhline(0, color=QUIET, linewidth=0.8)
    apart = 0.6 / len(chosen)
    lines = []
    for number, neuron in enumerate(chosen.tolist()):
        x = np.arange(len(rows)) + (number - (len(chosen) - 1) / 2) * apart
        color = DATA if len(chosen) == 1 else MODEL_COLORS[number]
        ax.vlines(x, low[rows, neuron], high[rows, neuron], color=color, linewidth=1.4)
        label = f"neuron {found.neurons[neuron]}"
        lines += ax.plot(x, found.params[rows, neuron], "o", color=color, markersize=4, label=label)
    ax.set_xticks(*ticks, rotation=90 if max(map(len, labels), default=0) > 3 else 0)
    ax.set_ylabel(f"Coefficient, {100 * level:g}% interval")
    if len(chosen) > 1:
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return lines


def _image(ax: Axes, found: Inference, rows: IntArray, chosen: IntArray, ticks: Any) -> AxesImage:
    """Estimates over their standard errors, parameter by neuron."""
    values = found.z_values[np.ix_(rows, chosen)]
    limit = float(np.nanpercentile(np.abs(values), 99)) if np.isfinite(values).any() else 1.0
    limit = max(limit, 3.0)
    style = {"aspect": "auto", "cmap": "RdBu_r", "vmin": -limit, "vmax": limit, "interpolation": "nearest"}
    image = ax.imshow(values, **style)
    ax.set_facecolor("#DDDDDD")
    every = max(1, -(-len(chosen) // 16))
    ax.set_xticks(np.arange(len(chosen))[::every], [str(found.neurons[n]) for n in chosen[::every]])
    ax.set_yticks(*ticks)
    ax.set_xlabel("Neuron")
    ax.set_ylabel("Parameter")
    label = f"Coefficient / standard error ({'t' if found.estimated_scale else 'z'})"
    ax.figure.colorbar(image, ax=ax, label=label, extend="both").outline.set_visible(False)
    return image


def _intercepts(found: Inference) -> BoolArray:
    """Which parameters are intercepts: the last, of each class where there are classes."""
    n_blocks = len(found.classes) if isinstance(found, ClassInference) else 1
    size = len(found.params) // max(n_blocks, 1)
    return np.arange(len(found.params)) % size == size - 1


def _numbers(neurons: Sequence[int] | None, n: int) -> IntArray:
    """Numbers of the neurons that were chosen."""
    if neurons is None:
        return np.arange(n)
    chosen = np.atleast_1d(np.asarray(neurons, dtype=np.int64))
    if chosen.size == 0 or chosen.min() < -n or chosen.max() >= n:
        msg = f"neurons must be numbers from 0 to {n - 1}, got {neurons}."
        raise ValueError(msg)
    return chosen % n
