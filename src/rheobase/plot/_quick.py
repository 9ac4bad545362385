"""The usual picture of an object, for its ``.plot()``."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D

from ..basis import AbstractBasis
from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from ..design import BuiltDesign
from ..glm import CrossValidation, Inference
from ._design import plot_design
from ._filters import basis_colors, plot_basis
from ._inputs import DATA, QUIET, axes_or_new
from ._strengths import plot_inference, plot_strengths
from ._traces import plot_raster, plot_trace

__all__ = ["quick_plot"]

_DRAWN_BY = {BuiltDesign: plot_design, CrossValidation: plot_strengths, Inference: plot_inference}

_BLOCK = 1 << 23
"""Values of a tensor that are read at a time."""

_FEW_LINES = 10
"""Channels that are drawn over each other; more become an image."""


def quick_plot(thing: Any, **options: Any) -> Any:
    """Draw `thing` in the way that is usual for its kind.

    Parameters
    ----------
    thing
        A series, a group, epochs, a basis, a built design, a fitted model, its search for a strength, its inference.
    **options
        Handed to the function that draws it: `plot_raster` for events, `plot_trace` for signals, `plot_basis` for the
        functions of a convolution basis, `plot_design`, `plot_strengths`, `plot_inference`; ``ax`` for all.

    Returns
    -------
    artists
        What was drawn.

    Raises
    ------
    TypeError
        If there is no usual picture of `thing`.
    ValueError
        If a model is not fitted yet.

    Examples
    --------
    >>> import rheobase as rb
    >>> rows = rb.TsGroup({0: rb.Ts([0.1, 0.5]), 1: rb.Ts([0.2, 0.9])}).plot()
    >>> len(rows)
    2
    """
    if isinstance(thing, Ts | TsGroup):
        return plot_raster(thing, **options)
    if isinstance(thing, Tsd):
        return plot_trace(thing, **({"label": "Value", "unit": thing._value_unit or None, "color": DATA} | options))
    if isinstance(thing, TsdFrame):
        return _frame(thing, **options)
    if isinstance(thing, IntervalSet):
        return _epochs(thing, **options)
    if isinstance(thing, AbstractBasis):
        return _basis(thing, **options)
    if isinstance(thing, TsdTensor):
        return _tensor(thing, **options)
    for kind, draw in _DRAWN_BY.items():
        if isinstance(thing, kind):
            return draw(thing, **options)
    if hasattr(thing, "coef_"):
        return _coefficients(thing, **options)
    msg = f"{type(thing).__name__} has no quick picture. See the functions of rheobase.plot."
    raise TypeError(msg)


def _frame(frame: TsdFrame, *, ax: Axes | None = None, **line: Any) -> list[Line2D] | AxesImage:
    """Few columns as lines with a legend, many as an image, channel by channel."""
    labels = [str(label) for label in np.asarray(frame.columns).tolist()]
    ax = axes_or_new(ax)
    if len(labels) <= _FEW_LINES:
        lines = plot_trace(frame, **({"label": "Value", "color": None, "ax": ax} | line))
        for drawn, label in zip(lines, labels, strict=True):
            drawn.set_label(label)
        if len(labels) > 1:
            ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
        return lines
    values = np.asarray(frame.values, dtype=float)
    edges = (frame.t[0], frame.t[-1], -0.5, len(labels) - 0.5)
    image = ax.imshow(values.T, aspect="auto", origin="lower", interpolation="nearest", extent=edges, **line)
    step = max(1, -(-len(labels) // 10))
    ax.set_yticks(np.arange(len(labels))[::step], labels[::step])
    ax.set_ylabel("Column")
    ax.set_xlabel("Time (s)")
    ax.figure.colorbar(image, ax=ax, label="Value")
    return image


def _tensor(tensor: TsdTensor, *, ax: Axes | None = None, **options: Any) -> AxesImage:
    """The mean over time of frames of two axes, read in blocks."""
    if tensor.ndim != 3 or len(tensor) == 0:
        axes = f"shape {tuple(tensor.shape)}"
        msg = (
            f"TsdTensor of {axes} has no quick picture: frames of two axes have one, their mean over time. Select or "
            "average trailing axes first, such as tensor[:, 0]."
        )
        raise TypeError(msg)
    total, known = np.zeros(tensor.shape[1:]), np.zeros(tensor.shape[1:])
    step = max(_BLOCK // max(total.size, 1), 1)
    for start in range(0, len(tensor), step):
        block = np.asarray(tensor.values[start : start + step], dtype=float)
        total += np.nansum(block, axis=0)
        known += np.isfinite(block).sum(axis=0)
    mean = np.where(known > 0, total / np.maximum(known, 1), np.nan)
    ax = axes_or_new(ax, (4.6, 3.6))
    close = max(mean.shape) <= 3 * min(mean.shape)
    image = ax.imshow(mean, **({"interpolation": "nearest", "aspect": "equal" if close else "auto"} | options))
    ax.set_xlabel("Column (last axis)")
    ax.set_ylabel("Row")
    unit = f" ({tensor._value_unit})" if tensor._value_unit else ""
    bar = ax.figure.colorbar(image, ax=ax, label=f"Mean of {len(tensor):,} frames{unit}")
    bar.outline.set_visible(False)
    return image


def _epochs(epochs: IntervalSet, *, ax: Axes | None = None, color: Any = QUIET, **patch: Any) -> PolyCollection:
    """One bar for each epoch; one that begins before another has ended stands on a row of its own."""
    ax = axes_or_new(ax, (6.0, 1.2))
    rows, free = [], []
    for start, end in zip(epochs.start.tolist(), epochs.end.tolist(), strict=True):
        row = next((number for number, until in enumerate(free) if until <= start), len(free))
        free[row : row + 1] = [end]
        rows.append(row)
    corners = [
        [(start, row - 0.4), (end, row - 0.4), (end, row + 0.4), (start, row + 0.4)]
        for start, end, row in zip(epochs.start, epochs.end, rows, strict=True)
    ]
    bars = ax.add_collection(PolyCollection(corners, facecolors=color, edgecolors="white", **patch))
    ax.set_ylim(-0.6, max(len(free), 1) - 0.4)
    ax.autoscale_view(scaley=False)
    ax.set_yticks([])
    ax.set_xlabel("Time (s)")
    return bars


def _basis(basis: AbstractBasis, *, ax: Axes | None = None, **options: Any) -> list[Line2D]:
    """Functions against lag, or against the variable."""
    if getattr(basis, "window_size", None) is not None:
        return plot_basis(basis, ax=ax, **options)
    if basis.n_inputs != 1 or basis.is_discrete:
        msg = (
            f"{type(basis).__name__} of {basis.n_inputs} inputs has no quick picture; its parts have: "
            "[part.plot() for part in basis]. basis.evaluate_on_grid gives the values."
        )
        raise TypeError(msg)
    ax = axes_or_new(ax, (5.0, 2.6))
    grid, values = basis.evaluate_on_grid(201)
    lines = []
    for function, color in zip(values.T, basis_colors(values.shape[1]), strict=True):
        lines += ax.plot(grid, function, **({"color": color} | options))
    bounded = getattr(basis, "bounds", None) is not None
    ax.set_xlabel("Input" if bounded else "Input (from its smallest to its largest value)")
    ax.set_ylabel("Basis function (a.u.)")
    ax.margins(x=0.01)
    return lines


def _coefficients(model: Any, *, ax: Axes | None = None, **options: Any) -> Any:
    """One bar for each coefficient of a neuron; an image for a population."""
    if model.coef_ is None:
        msg = f"this {type(model).__name__} is not fitted, so there is nothing to draw: call fit(X, y) first."
        raise ValueError(msg)
    coef = np.asarray(_joined(model.coef_), dtype=float)
    names = getattr(model, "feature_names_in_", None)
    labels = [f"x{number}" for number in range(len(coef))] if names is None else [str(name) for name in names]
    step = max(1, -(-len(labels) // 20))
    ticks = np.arange(len(labels))[::step], labels[::step]
    if coef.ndim == 1:
        ax = axes_or_new(ax)
        bars = ax.bar(np.arange(coef.size), coef, **({"color": DATA} | options))
        ax.axhline(0, color=QUIET, linewidth=0.8)
        ax.set_xticks(*ticks, rotation=90 if max(map(len, labels)) > 3 else 0)
        ax.set_ylabel("Coefficient")
        return bars
    ax = axes_or_new(ax, (6.0, 3.6))
    flat = coef.reshape(len(coef), -1)
    limit = float(np.nanmax(np.abs(flat), initial=0.0)) or 1.0
    style = {"aspect": "auto", "cmap": "RdBu_r", "vmin": -limit, "vmax": limit, "interpolation": "nearest"}
    image = ax.imshow(flat, **(style | options))
    ax.set_yticks(*ticks)
    ax.set_xlabel("Neuron" if coef.ndim == 2 and not hasattr(model, "classes_") else "Class, neuron by neuron")
    ax.set_ylabel("Feature")
    ax.figure.colorbar(image, ax=ax, label="Coefficient")
    return image


def _joined(coef: Any) -> np.ndarray:
    """Blocks of a dict one below the other."""
    if isinstance(coef, dict):
        return np.concatenate([_joined(coef[key]) for key in sorted(coef)])
    return np.asarray(coef)
