"""One unit around events: trials as rows of ticks, conditions as mean rates."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from .._types import FloatArray, IntArray
from ._events import (
    Aligned,
    aligned_spikes,
    bin_edges,
    column_of,
    is_conditions,
    level_colors,
    levels,
    mark_event,
    psth,
    window_of,
)
from ._inputs import QUIET, axes_or_new, start_at_zero

__all__ = ["plot_perievent_raster", "plot_psth"]


def plot_perievent_raster(
    aligned: Any,
    *,
    group_by: Any = None,
    sort_by: Any = None,
    marks: Any = None,
    event: str = "event",
    colors: Any = None,
    length: float = 0.9,
    window: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> list[LineCollection]:
    """Draw the spikes of one unit around events, one row of ticks per event, the first at the bottom.

    Parameters
    ----------
    aligned
        What `rheobase.compute_perievent` gives for one unit: a TsGroup with one member per event; or a list of arrays,
        times from each event in seconds.
    group_by
        Column of the events' metadata, or one value per event: rows are put together and coloured by it.
    sort_by
        Column or values by which rows are ordered, inside groups. Default: as given.
    marks
        Column or values: a second time on each row, seconds from the event, say of the answer.
    event
        What happens at time 0, for the label.
    colors
        One colour, or one for each group.
    length
        Height of a tick, in rows.
    window
        Limits of the time axis, seconds. Defaults to the window of `aligned`, or what its spikes need.
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    list of LineCollection
        One per group, labelled by it, with one path for each row that has spikes.

    Raises
    ------
    TypeError
        If `aligned` holds several units.
    ValueError
        If a column is unknown, or has not one value per event.

    Examples
    --------
    >>> from rheobase import Ts, compute_perievent, plot
    >>> trials = compute_perievent(Ts([0.1, 1.1, 2.2, 2.4, 3.3]), Ts([1.0, 2.0, 3.0]), (0, 0.5))
    >>> drawn = plot.plot_perievent_raster(trials, group_by=["fast", "slow", "slow"])
    >>> [group.get_label() for group in drawn]
    ['fast', 'slow']
    """
    spikes = aligned_spikes(aligned)
    n = spikes.n_events
    names, group = [""], np.zeros(n, dtype=np.int64)
    if group_by is not None:
        found, group = levels(column_of(aligned, group_by, n, "group_by"))
        names = found or names
    keys = [group] if sort_by is None else [levels(column_of(aligned, sort_by, n, "sort_by"))[1], group]
    order = np.lexsort(keys) if n else np.empty(0, dtype=np.int64)
    ax = axes_or_new(ax, (4.6, 3.2))
    tints = level_colors(len(names), colors)
    sorted_spikes, sorted_group = spikes.take(order), group[order]
    drawn = [_ticks(ax, sorted_spikes, sorted_group == k, tint, length) for k, tint in enumerate(tints)]
    for one, name in zip(drawn, names):
        one.set_label(str(name))
    if marks is not None:
        when = np.asarray(column_of(aligned, marks, n, "marks"), dtype=float)[order]
        ax.plot(when, np.arange(n), ".", color=QUIET, markersize=3.5, zorder=4)
    mark_event(ax, _limits(window, spikes), event)
    _name_rows(ax, names, np.bincount(group, minlength=len(names)), tints)
    if isinstance(group_by, str):
        ax.set_ylabel(f"Trial, by {group_by}")
    return drawn


def _ticks(ax: Axes, spikes: Aligned, of_group: np.ndarray, color: Any, length: float) -> LineCollection:
    """The ticks of each row as one path with gaps: a path for every spike would take seconds for many trials."""
    own = of_group[spikes.event]
    times, rows = spikes.times[own], spikes.event[own]
    ends = np.column_stack([rows - length / 2, rows + length / 2, np.full(rows.size, np.nan)])
    points = np.column_stack([np.repeat(times, 3), ends.ravel()])
    by_row = np.split(points, 3 * (np.flatnonzero(np.diff(rows)) + 1)) if rows.size else []
    thick = 0.7 if spikes.n_events < 60 else 1.1  # short ticks would be too faint
    drawn = LineCollection(by_row, colors=[color], linewidths=thick)
    ax.add_collection(drawn, autolim=False)
    return drawn


def _limits(window: Any, spikes: Aligned) -> tuple[float, float]:
    if window is None and spikes.window is None:
        span = np.append(spikes.times, 0.0)
        return float(span.min()), float(max(span.max(), span.min() + 1e-3))
    return window_of(window, spikes)


def _name_rows(ax: Axes, names: list[Any], sizes: IntArray, tints: list[Any]) -> None:
    """Number rows, or name the groups at their middles, and part them by a thin line."""
    ends = np.cumsum(sizes)
    ax.set_ylim(-0.7, max(float(ends[-1]), 1.0) - 0.3)
    ax.set_ylabel("Trial")
    if len(names) == 1:
        ax.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
        return
    ax.set_yticks(ends - sizes / 2 - 0.5, [f"{name}\n({size})" for name, size in zip(names, sizes)])
    ax.tick_params(axis="y", length=0)
    for label, tint in zip(ax.get_yticklabels(), tints):
        label.set_color(tint)
    for end in ends[:-1]:
        ax.axhline(end - 0.5, color=QUIET, linewidth=0.6, zorder=0)


def plot_psth(
    aligned: Any,
    *,
    bin_size: float = 0.02,
    group_by: Any = None,
    window: tuple[float, float] | None = None,
    event: str = "event",
    colors: Any = None,
    ax: Axes | None = None,
) -> list[Line2D]:
    """Draw mean rates around events, with their standard errors over events as bands.

    Bins are counted from the event, so that none holds it inside.

    Parameters
    ----------
    aligned
        What `rheobase.compute_perievent` gives for one unit (a TsGroup with one member per event, or a list of arrays,
        times from each event in seconds); or a mapping from the names of conditions, or units, to such.
    bin_size
        Seconds.
    group_by
        Column of the events' metadata, or one value per event, of a single unit: one line for each value.
    window
        From when to when, seconds. Defaults to the window of `aligned`; needed for arrays.
    event
        What happens at time 0, for the label.
    colors
        One for each line.
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    list of Line2D
        One per condition, rates in Hz at the middles of bins.

    Raises
    ------
    ValueError
        If there are no events, no bin fits into the window, a column is unknown, the window of arrays is not given, or
        `group_by` comes with a mapping.

    Examples
    --------
    >>> from rheobase import Ts, compute_perievent, plot
    >>> trials = compute_perievent(Ts([0.1, 1.1, 2.2, 2.4, 3.3]), Ts([1.0, 2.0, 3.0]), (0, 0.5))
    >>> (line,) = plot.plot_psth(trials, bin_size=0.25)
    >>> line.get_ydata().round(2).tolist()
    [2.67, 2.67]
    """
    conditions = _conditions(aligned, group_by)
    if not conditions or any(spikes.n_events == 0 for spikes in conditions.values()):
        msg = "aligned holds no events, so that there is no mean over them."
        raise ValueError(msg)
    edges = bin_edges(window_of(window, *conditions.values()), bin_size)
    middles = (edges[:-1] + edges[1:]) / 2
    ax = axes_or_new(ax, (4.6, 2.6))
    tints = level_colors(len(conditions), colors)
    lines = [
        _mean_and_band(ax, middles, *psth(spikes, edges), tint, f"{name} (n = {spikes.n_events})")
        for (name, spikes), tint in zip(conditions.items(), tints)
    ]
    start_at_zero(ax)
    mark_event(ax, (float(edges[0]), float(edges[-1])), event)
    ax.set_ylabel("Firing rate (Hz)")
    if len(conditions) > 1:
        title = group_by if isinstance(group_by, str) else None
        ax.legend(frameon=False, fontsize=8, title=title, title_fontsize=8, loc="best")
    return lines


def _conditions(aligned: Any, group_by: Any) -> dict[Any, Aligned]:
    if is_conditions(aligned):
        if group_by is not None:
            msg = "group_by splits the events of one unit, but aligned is a mapping: give one of its entries."
            raise ValueError(msg)
        return {name: aligned_spikes(one) for name, one in aligned.items()}
    spikes = aligned_spikes(aligned)
    if group_by is None:
        return {"all": spikes}
    names, group = levels(column_of(aligned, group_by, spikes.n_events, "group_by"))
    return {name: spikes.take(np.flatnonzero(group == k)) for k, name in enumerate(names)}


def _mean_and_band(ax: Axes, x: FloatArray, mean: FloatArray, error: FloatArray, color: Any, label: str) -> Line2D:
    if np.isfinite(error).any():
        ax.fill_between(x, np.maximum(mean - error, 0.0), mean + error, color=color, alpha=0.22, linewidth=0)
    return ax.plot(x, mean, color=color, linewidth=1.3, label=label)[0]
