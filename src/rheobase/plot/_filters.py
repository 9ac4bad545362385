"""Basis functions, fitted filters, couplings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D

from .._types import FloatArray
from ._inputs import DATA, MODEL_COLORS, QUIET, axes_or_new


def basis_colors(n_basis_funcs: int) -> list:
    """One colour per basis function, from dark (short lags) to light (long lags)."""
    return list(colormaps["viridis"](np.linspace(0.0, 0.88, n_basis_funcs)))


def default_basis() -> Any:
    """Ten log-spaced raised cosines over 200 bins, as the injected-current example uses them."""
    from ..basis import RaisedCosineLogConv

    return RaisedCosineLogConv(10, window_size=200)


def plot_basis(basis: Any = None, *, bin_size: float = 1e-3, ax: Axes | None = None) -> list[Line2D]:
    """Draw the functions of a convolution basis against lag.

    Parameters
    ----------
    basis
        Defaults to ten log-spaced raised cosines over 200 bins.
    bin_size
        Seconds per bin of the window.
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    list of Line2D
        One per basis function.

    Raises
    ------
    TypeError
        If `basis` has no window to draw over.
    """
    basis = default_basis() if basis is None else basis
    if getattr(basis, "window_size", None) is None:
        msg = f"basis must be a convolution basis with a window_size, got {type(basis).__name__}."
        raise TypeError(msg)
    ax = axes_or_new(ax, (5.0, 2.6))
    window = int(basis.window_size)
    values = np.asarray(basis.evaluate_on_grid(window)[-1])
    lags = np.arange(1, window + 1) * bin_size * 1e3
    lines = []
    for function, color in zip(values.T, basis_colors(values.shape[1])):
        lines += ax.plot(lags, function, color=color)
    ax.set_xlabel("Time before (ms)")
    ax.set_ylabel("Basis function (a.u.)")
    ax.set_ylim(bottom=0)
    ax.margins(x=0.01)
    return lines


def plot_filter(
    values: Any,
    *,
    lags: Any,
    truth: Any = None,
    error: Any = None,
    label: str | None = "fitted",
    ylabel: str = "Effect on log rate",
    reference: float = 0.0,
    color: Any = MODEL_COLORS[0],
    ax: Axes | None = None,
) -> list[Line2D]:
    """Draw a fitted filter against lag, over the true one where it is known.

    Parameters
    ----------
    values
        Filter, shape (lag,).
    lags
        Time from the cause to the effect, seconds, shape (lag,).
    truth
        True filter at the same lags.
    error
        Half width of an interval around `values`, same shape, drawn as a band.
    label
        Of the fitted filter in a legend.
    ylabel
        Of the vertical axis.
    reference
        Where no effect is, marked by a thin line: 0 for a filter, 1 for a gain.
    color
        Of the fitted filter.
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    list of Line2D
        The fitted filter, then the true one if given.

    Raises
    ------
    ValueError
        If `values`, `truth` or `error` have not one entry per lag.
    """
    milliseconds = np.asarray(lags, dtype=float) * 1e3
    given = {"values": values, "truth": truth, "error": error}
    arrays = {name: _per_lag(name, array, milliseconds) for name, array in given.items() if array is not None}
    ax = axes_or_new(ax, (4.2, 2.6))
    ax.axhline(reference, color=QUIET, linewidth=0.6, zorder=0)
    lines = ax.plot(milliseconds, arrays["values"], color=color, label=label)
    if error is not None:
        low, high = arrays["values"] - arrays["error"], arrays["values"] + arrays["error"]
        ax.fill_between(milliseconds, low, high, color=color, alpha=0.2, linewidth=0)
    if truth is not None:
        lines += ax.plot(milliseconds, arrays["truth"], color=DATA, linewidth=1.0, linestyle=(0, (4, 2)), label="true")
    ax.set_xlabel("Lag (ms)")
    ax.set_ylabel(ylabel)
    ax.margins(x=0)
    return lines


def _per_lag(name: str, values: Any, lags: FloatArray) -> FloatArray:
    array = np.asarray(values, dtype=float)
    if array.shape != lags.shape:
        msg = f"{name} must have one entry per lag, shape {lags.shape}; got shape {array.shape}."
        raise ValueError(msg)
    return array


def plot_coupling_map(
    strength: Any,
    *,
    labels: Sequence[Any] | None = None,
    hide_diagonal: bool = True,
    colorbar: str | None = "Summed effect on log rate",
    ax: Axes | None = None,
) -> AxesImage:
    """Draw who drives whom: senders across, receivers up, red for excitation and blue for inhibition.

    Parameters
    ----------
    strength
        Shape (receiver, sender), for example filters summed over lags.
    labels
        Names of the neurons. Defaults to their numbers.
    hide_diagonal
        Leave out each neuron's own history, which is usually far stronger than any coupling.
    colorbar
        Label of the colour bar, or None for no bar.
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    AxesImage
        Its colour bar, if any, is ``image.colorbar``.

    Raises
    ------
    ValueError
        If `strength` is not square.
    """
    values = np.array(strength, dtype=float)
    if values.ndim != 2 or values.shape[0] != values.shape[1]:
        msg = f"strength must have shape (receiver, sender) with as many receivers as senders, got {values.shape}."
        raise ValueError(msg)
    ax = axes_or_new(ax, (3.8, 3.2))
    if hide_diagonal:
        np.fill_diagonal(values, np.nan)
    limit = np.nanmax(np.abs(values), initial=0.0) or 1.0
    image = ax.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit, origin="lower", aspect="equal")
    ax.set_facecolor("#EEEEEE")
    names = [str(label) for label in (range(len(values)) if labels is None else labels)]
    step = max(1, -(-len(names) // 16))
    ticks = np.arange(len(names))[::step]
    ax.set_xticks(ticks, names[::step])
    ax.set_yticks(ticks, names[::step])
    ax.tick_params(length=0)
    ax.set_xlabel("Sender (neuron)")
    ax.set_ylabel("Receiver (neuron)")
    if colorbar is not None:
        bar = ax.figure.colorbar(image, ax=ax, label=colorbar, shrink=0.85, aspect=16)
        bar.outline.set_visible(False)
    return image
