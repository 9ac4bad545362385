"""Whether a model is right: quantiles of rescaled intervals, and what residuals remember."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ..scores import KSTest, ResidualAutocorrelation
from ._inputs import MODEL_COLORS, QUIET, axes_or_new

__all__ = ["plot_ks", "plot_residual_autocorrelation"]


def plot_ks(tests: Any, *, neuron: int = 0, ax: Axes | None = None) -> list[Line2D]:
    """Draw the distribution of rescaled intervals against that of the true model, the diagonal, with a band around it.

    Where a curve is above the diagonal, intervals are shorter than the model expects; the true model stays inside the
    band with the test's confidence.

    Parameters
    ----------
    tests
        Result of `rheobase.scores.ks_test`, or model's name to such a result.
    neuron
        Position of the neuron, where results hold several.
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    list of Line2D
        One per model. The band is the widest of them: that of the model with fewest intervals.

    Raises
    ------
    TypeError
        If a result is no `KSTest`.
    """
    named = _named(tests, KSTest, "ks_test")
    ax = axes_or_new(ax, (3.4, 3.2))
    widest = np.nanmax([np.atleast_1d(test.band)[neuron] for test in named.values()])
    ends = np.array([0.0, 1.0])
    ax.fill_between(ends, ends - widest, ends + widest, color=QUIET, alpha=0.25, linewidth=0)
    ax.plot(ends, ends, color=QUIET, linewidth=0.8)
    lines = []
    for number, (name, test) in enumerate(named.items()):
        given = test.rescaled.uniforms
        uniforms = np.sort(given[neuron] if isinstance(given, tuple) else given)
        measured = (np.arange(uniforms.size) + 0.5) / max(uniforms.size, 1)
        lines += ax.plot(uniforms, measured, color=MODEL_COLORS[number % len(MODEL_COLORS)], label=name)
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    ax.set(xlabel="Expected fraction of intervals", ylabel="Measured fraction of intervals")
    return lines


def plot_residual_autocorrelation(results: Any, *, neuron: int = 0, ax: Axes | None = None) -> list[Line2D]:
    """Draw how residuals correlate with themselves some time later, and the band in which independent ones stay.

    Parameters
    ----------
    results
        Result of `rheobase.scores.residual_autocorrelation` of series (lags in seconds), or model's name to such a
        result.
    neuron
        Position of the neuron, where results hold several.
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    list of Line2D
        One per model. The band is that of the first.

    Raises
    ------
    TypeError
        If a result is no `ResidualAutocorrelation`.
    """
    named = _named(results, ResidualAutocorrelation, "residual_autocorrelation")
    ax = axes_or_new(ax, (4.2, 2.8))
    ax.axhline(0, color=QUIET, linewidth=0.8)
    lines = []
    for number, (name, result) in enumerate(named.items()):
        milliseconds = np.asarray(result.lags) * 1e3
        values, band = (
            np.reshape(column, (milliseconds.size, -1))[:, neuron] for column in (result.values, result.band)
        )
        if number == 0:
            ax.fill_between(milliseconds, -band, band, color=QUIET, alpha=0.25, linewidth=0)
        color = MODEL_COLORS[number % len(MODEL_COLORS)]
        lines += ax.plot(milliseconds, values, color=color, label=name)
    ax.set(xlabel="Lag (ms)", ylabel="Autocorrelation of residuals")
    ax.margins(x=0)
    return lines


def _named(results: Any, kind: type, function: str) -> dict[str, Any]:
    named = dict(results) if isinstance(results, Mapping) else {"model": results}
    wrong = [type(result).__name__ for result in named.values() if not isinstance(result, kind)]
    if wrong or not named:
        msg = f"expected what rheobase.scores.{function} returns, or names of models with it; got {wrong or 'nothing'}."
        raise TypeError(msg)
    return named
