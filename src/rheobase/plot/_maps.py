"""What maps share: colour bars, rows with names, a sign for what is missing, and an axis of frequency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from .._types import ArrayLike, FloatArray

MISSING = "#D0D0D0"
"""Colour of what was not recorded, or has no value."""


def color_bar(image: Any, label: str, shown: Any, *, ax: Any = None, shrink: float = 1.0) -> Any:
    """A labelled bar beside the axes of an image, with tips where values lie beyond its ends."""
    low, high = image.get_clim()
    known = np.ma.masked_invalid(shown).compressed()
    below, above = bool((known < low).any()), bool((known > high).any())
    extend = "both" if below and above else "min" if below else "max" if above else "neither"
    place = image.axes if ax is None else ax
    bar = image.axes.figure.colorbar(image, ax=place, label=label, extend=extend, shrink=shrink, aspect=24, pad=0.02)
    bar.outline.set_visible(False)
    return bar


def number_rows(ax: Axes, names: Sequence[Any], most: int = 16) -> None:
    """Ticks at rows 0, 1, ... with their names, not more than `most`."""
    step = max(1, -(-len(names) // most))
    ax.set_yticks(np.arange(len(names))[::step], [str(name) for name in names][::step])
    ax.set_ylim(-0.5, max(len(names), 1) - 0.5)
    ax.tick_params(axis="y", length=0)


def slanted(names: Sequence[str], width: int) -> dict[str, Any]:
    """How to write names below an axis that is `width` letters wide, so that none covers the next."""
    if (max(map(len, names), default=0) + 1) * len(names) <= width:
        return {}
    return {"rotation": 35, "ha": "right", "rotation_mode": "anchor"}


def name_missing(ax: Axes, text: str) -> None:
    """A legend above the axes, on the right, that says what grey stands for."""
    patch = Patch(facecolor=MISSING, edgecolor="#888888", linewidth=0.5, label=text)
    place = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.2}
    ax.legend(handles=[patch], frameon=False, fontsize=8, handlelength=1.2, **place)


def draw_bands(ax: Axes, x_edges: FloatArray, values: ArrayLike, frequencies: Any, **mesh: Any) -> QuadMesh:
    """Draw (band, x) with bands of equal height, on an axis of frequency where their centres (Hz) are known."""
    values = np.asarray(values, dtype=float)
    if frequencies is None or len(values) < 2:
        edges = np.arange(len(values) + 1) - 0.5
        ax.set_ylabel("Band")
    else:
        edges = _frequency_axis(ax, np.asarray(frequencies, dtype=float))
    drawn = ax.pcolormesh(x_edges, edges, values, rasterized=True, **mesh)
    ax.set_ylim(edges[0], edges[-1])
    return drawn


def _frequency_axis(ax: Axes, centers: FloatArray) -> FloatArray:
    """Let frequency run so that bands are equally high; gives their edges, in kHz or, for low ones, in Hz."""
    unit, factor = ("kHz", 1e-3) if centers[-1] >= 1000.0 else ("Hz", 1.0)
    centers = centers * factor
    between = (centers[:-1] + centers[1:]) / 2
    first, last = 2 * centers[0] - between[0], 2 * centers[-1] - between[-1]
    edges = np.concatenate(([first], between, [last]))
    ax.set_yscale("function", functions=(lambda f: _band_of(f, edges), lambda b: _frequency_of(b, edges)))
    ticks = _octaves(centers, edges)
    if len(ticks) > 2:
        ax.yaxis.set_major_locator(FixedLocator(ticks))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda f, _: f"{f:g}"))
    ax.set_ylabel(f"Frequency ({unit})")
    return edges


def _octaves(centers: FloatArray, edges: FloatArray) -> list[float]:
    """Powers of two among the bands, from the top, that leave room for their labels."""
    kept: list[float] = []
    for octave in 2.0 ** np.arange(20, -5, -1):
        inside = centers[0] <= octave <= centers[-1]
        if inside and (not kept or _band_of(kept[-1], edges) - _band_of(octave, edges) > centers.size / 10):
            kept.append(float(octave))
    return kept


def _band_of(f: ArrayLike, edges: FloatArray) -> FloatArray:
    """Frequency to band number, straight on beyond the ends."""
    f = np.asarray(f, dtype=float)
    below, above = (f - edges[0]) / (edges[1] - edges[0]), (f - edges[-1]) / (edges[-1] - edges[-2])
    return np.interp(f, edges, np.arange(edges.size)) + np.minimum(below, 0.0) + np.maximum(above, 0.0)


def _frequency_of(band: ArrayLike, edges: FloatArray) -> FloatArray:
    """The inverse."""
    band, n = np.asarray(band, dtype=float), edges.size - 1
    below, above = band * (edges[1] - edges[0]), (band - n) * (edges[-1] - edges[-2])
    return np.interp(band, np.arange(n + 1), edges) + np.minimum(below, 0.0) + np.maximum(above, 0.0)
