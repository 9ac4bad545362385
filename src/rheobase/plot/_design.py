"""What a design matrix looks like: its terms over time, the response beneath."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.layout_engine import ConstrainedLayoutEngine

from .._types import FloatArray, IntArray
from ..design import BuiltDesign
from ..styles import plot_style
from ._inputs import DATA, axes_or_new, start_at_zero
from ._maps import MISSING

__all__ = ["plot_design"]

_BINS = 500
"""Bins that are shown unless a window is given."""

_MOST_BINS = 200_000

_LIMIT = 3.0
"""Standard deviations at which colours end."""


def plot_design(
    built: BuiltDesign, *, window: tuple[float, float] | None = None, ax: Axes | None = None
) -> list[AxesImage]:
    """Draw the terms of a design over time, one block for each and one row for each column, the response beneath.

    Columns are shown in standard deviations from their mean, so that rare and frequent, small and large ones can be
    seen beside each other. Rows that a fit leaves out are grey.

    Parameters
    ----------
    built
        What `rheobase.design.build` gives.
    window
        From when to when, seconds (bins, if the inputs were arrays). Defaults to the first 500 bins.
    ax
        Where to draw. Defaults to new axes. The response stands below them and needs a third of their height.

    Returns
    -------
    list of AxesImage
        One for each term, from the top down.

    Raises
    ------
    ValueError
        If `window` holds no bin, or more than 200,000.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase import design, plot
    >>> built = design.build({"speed": np.arange(8.0), "place": np.eye(8)[:, :3]})
    >>> [image.get_array().shape for image in plot.plot_design(built)]
    [(1, 8), (3, 8)]
    """
    rows, place, edges = _rows(built, window)
    terms = [term for term in built.terms if term.n_columns]
    heights = _heights([term.n_columns for term in terms])
    if ax is None:
        ax = axes_or_new(ax, (7.0, min(2.6 + 0.32 * len(terms), 8.0)))
        layout = ax.figure.get_layout_engine()
        if isinstance(layout, ConstrainedLayoutEngine):
            layout.set(h_pad=0.1)  # the label of the axes beneath is left out of its count
    features = _on_grid(_features(built, rows), place)
    tops = np.concatenate(([0.0], np.cumsum(heights)))
    look = {"aspect": "auto", "cmap": "RdBu_r", "vmin": -_LIMIT, "vmax": _LIMIT, "interpolation": "nearest"}
    images = [
        ax.imshow(features[:, term.columns].T, extent=(*edges, bottom, top), **look)
        for term, top, bottom in zip(terms, tops[:-1], tops[1:], strict=True)
    ]
    ax.set_facecolor(MISSING)
    ax.set(xlim=edges, ylim=(tops[-1], 0.0))
    for line in tops[1:-1]:
        ax.axhline(line, color="white", linewidth=2.0)
        ax.axhline(line, color=DATA, linewidth=0.6)
    ax.set_yticks((tops[1:] + tops[:-1]) / 2, [_name(term) for term in terms])
    ax.set_ylabel("Term (columns)")
    ax.tick_params(axis="y", length=0)
    bar = ax.figure.colorbar(images[0], ax=ax, label="Feature (SD from mean)", extend="both", aspect=30, pad=0.02)
    bar.outline.set_visible(False)
    below = ax
    if built.y is not None:
        with style.context(plot_style):
            below = ax.inset_axes((0.0, -0.34, 1.0, 0.28), sharex=ax)
        ax.tick_params(labelbottom=False)
        _response(below, _on_grid(np.asarray(getattr(built.y, "values", built.y), dtype=float)[rows], place), edges)
        ax.set_xlim(edges)
    below.set_xlabel("Bin" if built.t is None else "Time (s)")
    return images


def _rows(built: BuiltDesign, window: tuple[float, float] | None) -> tuple[slice, IntArray, tuple[float, float]]:
    """Rows that are shown, their places on a grid of even bins, and where its first begins and its last ends."""
    n = built.shape[0]
    t = np.arange(n, dtype=float) if built.t is None else np.asarray(built.t)
    if window is None:
        first = int(np.argmax(built.mask)) if built.mask.any() else 0
        rows = slice(first, min(first + _BINS, n))
    else:
        rows = slice(*np.searchsorted(t, window).tolist())
    if rows.stop <= rows.start:
        there = f"{t[0]:g} to {t[-1]:g}" if n else "there are none"
        msg = f"window must hold bins of the design ({there}), got {window}."
        raise ValueError(msg)
    shown = t[rows]
    even = built.bin_size if built.bin_size is not None and built.t is not None else _step(shown)
    place = np.rint((shown - shown[0]) / even).astype(np.int64)
    if place[-1] >= _MOST_BINS:
        msg = f"window holds {place[-1] + 1:,} bins, and a picture at most {_MOST_BINS:,}; give a shorter one."
        raise ValueError(msg)
    start = float(shown[0] - even / 2)
    return rows, place, (start, start + (int(place[-1]) + 1) * even)


def _step(t: FloatArray) -> float:
    return float(np.median(np.diff(t))) if t.size > 1 else 1.0


def _features(built: BuiltDesign, rows: slice) -> FloatArray:
    """Standardised features of these rows, NaN where a fit leaves one out."""
    standard = built.X.standardized()
    values = np.array(standard.take(rows.start, rows.stop), dtype=float)
    values[~np.asarray(standard.row_mask)[rows]] = np.nan
    return values


def _on_grid(values: FloatArray, place: IntArray) -> FloatArray:
    """Rows in their places, NaN between epochs."""
    out = np.full((int(place[-1]) + 1, *values.shape[1:]), np.nan)
    out[place] = values
    return out


def _heights(sizes: list[int]) -> FloatArray:
    """Heights of blocks: as their columns, but high enough that their labels have room."""
    n = np.asarray(sizes, dtype=float)
    return np.maximum(n, n.sum() / (2.0 * max(len(sizes), 4)))


def _name(term: Any) -> str:
    return term.label if term.n_columns == 1 else f"{term.label} ({term.n_columns})"


def _response(ax: Axes, y: FloatArray, edges: tuple[float, float]) -> None:
    """One neuron as steps, several as an image."""
    if y.ndim == 1 or y.shape[1] == 1:
        values = y.ravel()
        ax.stairs(np.nan_to_num(values), np.linspace(*edges, values.size + 1), fill=True, color=DATA)
        if np.nanmin(values, initial=0.0) >= 0:
            start_at_zero(ax)
        ax.set_ylabel("Response")
        return
    top = float(np.nanmax(y, initial=0.0)) or 1.0
    ax.imshow(
        y.T,
        extent=(*edges, -0.5, y.shape[1] - 0.5),
        origin="lower",
        aspect="auto",
        cmap="Greys",
        vmin=min(float(np.nanmin(y, initial=0.0)), 0.0),
        vmax=top,
        interpolation="nearest",
    )
    ax.set_facecolor(MISSING)
    ax.set_yticks([0, y.shape[1] - 1])
    ax.set_ylabel("Neuron")
