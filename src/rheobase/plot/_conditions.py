"""Responses of trials, averaged by condition."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer

from .._types import FloatArray, IntArray
from ._events import column_of, level_colors, levels
from ._inputs import axes_or_new, start_at_zero, with_unit
from ._maps import slanted

__all__ = ["plot_tuning_by_condition"]

_MOST_TICKS = 8
"""Numeric conditions up to which each has its tick."""


def plot_tuning_by_condition(
    responses: Any,
    condition: Any,
    *,
    group_by: Any = None,
    trials: Any = None,
    label: str | None = None,
    unit: str | None = None,
    ylabel: str = "Firing rate (Hz)",
    colors: Any = None,
    ax: Axes | None = None,
) -> list[ErrorbarContainer]:
    """Draw the mean response for each condition with its standard error over trials, one line per group.

    Parameters
    ----------
    responses
        One number per trial, say a rate in Hz: an array or a Tsd, shape (trial,). NaN is left out.
    condition
        Condition of each trial, shape (trial,), or the name of a column of `trials`. Numbers are drawn to scale, names
        side by side.
    group_by
        Group of each trial, likewise.
    trials
        IntervalSet with metadata, or DataFrame, with a row per trial.
    label, unit
        Of the horizontal axis, written ``label (unit)``. Defaults to the name of the column.
    ylabel
        Of the vertical axis.
    colors
        One for each group.
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    list of ErrorbarContainer
        One per group. A condition with a single trial has no error bar, one without trials is left out.

    Raises
    ------
    ValueError
        If responses are not of shape (trial,), or a column is unknown or has another number of trials.

    Examples
    --------
    >>> from rheobase import plot
    >>> (bars,) = plot.plot_tuning_by_condition([2.0, 4.0, 9.0, 11.0], [0, 0, 90, 90], label="Direction", unit="deg")
    >>> bars.lines[0].get_ydata().tolist()
    [3.0, 10.0]
    """
    values = np.asarray(getattr(responses, "values", responses), dtype=float)
    if values.ndim != 1:
        msg = f"responses must have shape (trial,), got {values.shape}: take one unit."
        raise ValueError(msg)
    names, codes = levels(column_of(trials, condition, values.size, "condition"))
    groups, group = [""], np.zeros(values.size, dtype=np.int64)
    if group_by is not None:
        groups, group = levels(column_of(trials, group_by, values.size, "group_by"))
    ax = axes_or_new(ax, (4.2, 3.0))
    numeric = all(isinstance(name, int | float) and not isinstance(name, bool) for name in names)
    places = np.array(names if numeric else range(len(names)), dtype=float)
    tints = level_colors(len(groups), colors)
    drawn = []
    for number, (name, tint) in enumerate(zip(groups, tints)):
        own = (group == number) & np.isfinite(values)
        drawn.append(_line(ax, places, *_mean_and_error(values[own], codes[own], len(names)), tint, str(name)))
    if not numeric or len(names) <= _MOST_TICKS:
        written = [f"{name:g}" if numeric else str(name) for name in names]
        ax.set_xticks(places, written, **slanted(written, 42))
    if not numeric:
        ax.margins(x=0.12)
    if np.nanmin(values, initial=0.0) >= 0:
        start_at_zero(ax)
    given = condition if isinstance(condition, str) else "Condition"
    ax.set_xlabel(with_unit(given if label is None else label, unit))
    ax.set_ylabel(ylabel)
    if len(groups) > 1:
        title = group_by if isinstance(group_by, str) else None
        beside = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
        ax.legend(frameon=False, fontsize=8, title=title, title_fontsize=8, **beside)
    return drawn


def _mean_and_error(values: FloatArray, codes: IntArray, n: int) -> tuple[FloatArray, FloatArray]:
    """Mean and standard error of each condition; NaN without trials, and for the error of one."""
    size = np.bincount(codes, minlength=n).astype(float)
    mean = np.bincount(codes, values, minlength=n) / np.where(size > 0, size, np.nan)
    squares = np.bincount(codes, (values - mean[codes]) ** 2, minlength=n)
    return mean, np.sqrt(squares / np.where(size > 1, (size - 1) * size, np.nan))


def _line(ax: Axes, x: FloatArray, mean: FloatArray, error: FloatArray, color: Any, label: str) -> ErrorbarContainer:
    there = np.isfinite(mean)
    style = {"marker": "o", "markersize": 4, "linewidth": 1.2, "capsize": 0, "elinewidth": 1.2}
    return ax.errorbar(x[there], mean[there], error[there], color=color, label=label, **style)
