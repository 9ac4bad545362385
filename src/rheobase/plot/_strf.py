"""Receptive fields in frequency and time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh

from .._errors import NotFittedError
from .._types import FloatArray
from ..datasets.strf import STRF
from ..styles import plot_style
from ._inputs import QUIET
from ._maps import color_bar, draw_bands

__all__ = ["plot_strf"]

_COLUMNS = 4
"""Fields beside each other in a figure of our own."""


def plot_strf(
    strf: Any,
    *,
    neurons: Sequence[Any] | Any | None = None,
    frequencies: Any = None,
    lags_ms: Any = None,
    limit: float | None = None,
    shared: bool = False,
    label: str | None = None,
    titles: Sequence[str] | None = None,
    ax: Any = None,
) -> list[QuadMesh]:
    """Draw receptive fields: frequency upward, lag to the right, red for excitation and blue for inhibition.

    Bands are equally high, whatever their distance in Hz. A lag is the time by which sound precedes the response.

    Parameters
    ----------
    strf
        A fitted `rheobase.datasets.strf.STRF`; a DataArray with the axes ``frequency`` (Hz) and ``lag`` (ms), and
        ``neuron`` if there are several; or an array, shape (band, lag) or (neuron, band, lag).
    neurons
        Which ones, by the number that `strf` gives them: one or several. Defaults to all.
    frequencies
        Centres of bands, Hz, of an array. Without them the axis counts bands.
    lags_ms
        Lags, ms, evenly spaced, of an array; needed for it.
    limit
        Where colours end, on either side of zero. Defaults to the largest magnitude.
    shared
        One limit and one colour bar for all fields; else each has its own.
    label
        Of the colour bar. Defaults to what the weights of the fit are.
    titles
        One for each neuron. Defaults to their numbers, if there are several.
    ax
        Where to draw: axes, or as many as neurons. Defaults to new ones.

    Returns
    -------
    list of QuadMesh
        One per neuron; its colour bar is ``mesh.colorbar``.

    Raises
    ------
    NotFittedError
        If an STRF was not fitted.
    ValueError
        If shapes do not fit, a neuron is unknown, or axes or titles are not as many as neurons.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase import plot
    >>> field = np.zeros((3, 5))
    >>> field[1, 2] = -0.5
    >>> (mesh,) = plot.plot_strf(field, frequencies=[500, 1000, 2000], lags_ms=[0, 5, 10, 15, 20])
    >>> mesh.get_clim(), mesh.axes.get_ylabel(), mesh.axes.get_xlabel()
    ((-0.5, 0.5), 'Frequency (kHz)', 'Lag (ms)')
    """
    fields, names, bands, lags = _fields(strf, frequencies, lags_ms)
    rows = _rows(names, neurons)
    if titles is None:
        titles = [f"neuron {names[row]}" if len(names) > 1 else "" for row in rows]
    if len(titles) != len(rows):
        msg = f"titles must name each of the {len(rows)} neurons, got {len(titles)}."
        raise ValueError(msg)
    axes = _axes(ax, len(rows))
    half = (lags[1] - lags[0]) / 2 if lags.size > 1 else 0.5
    edges = np.append(lags - half, lags[-1] + half)
    together = limit if limit is not None or not shared else _largest(fields[rows])
    label = _label(strf) if label is None else label
    drawn = []
    for one, row, title in zip(axes, rows, titles):
        end = _largest(fields[row]) if together is None else float(together)
        mesh = draw_bands(one, edges, fields[row], bands, cmap="RdBu_r", vmin=-end, vmax=end)
        one.set_xlabel("Lag (ms)")
        one.set_title(title, loc="left")
        if edges[0] < 0 < edges[-1] and lags[0] < 0:
            one.axvline(0, color=QUIET, linewidth=0.8)
        drawn.append(mesh)
        if ax is None and len(drawn) % _COLUMNS != 1:
            one.set_ylabel("")  # the same as on the left
    _bars(drawn, fields[rows], axes, label, shared)
    return drawn


def _fields(strf: Any, frequencies: Any, lags_ms: Any) -> tuple[FloatArray, list[Any], Any, FloatArray]:
    """Fields (neuron, band, lag), names of neurons, centres of bands (Hz) or None, lags (ms)."""
    if isinstance(strf, STRF):
        if strf.weights_ is None:
            msg = "this STRF has no weights yet; call fit first."
            raise NotFittedError(msg)
        return strf.weights_, list(strf.neurons_), strf.frequencies_, np.asarray(strf.lags_ms_, dtype=float)
    if type(strf).__name__ == "DataArray":
        return _of_xarray(strf)
    fields = np.asarray(strf, dtype=float)
    fields = fields[None] if fields.ndim == 2 else fields
    lags = np.empty(0) if lags_ms is None else np.atleast_1d(np.asarray(lags_ms, dtype=float))
    if fields.ndim != 3 or lags.shape != fields.shape[2:]:
        msg = (
            f"strf must have shape (neuron, band, lag) with lags_ms for each lag, got {fields.shape} and {lags.shape}."
        )
        raise ValueError(msg)
    if frequencies is not None and np.shape(frequencies) != fields.shape[1:2]:
        msg = f"frequencies must have one entry for each of {fields.shape[1]} bands, got {np.shape(frequencies)}."
        raise ValueError(msg)
    return fields, list(range(len(fields))), frequencies, lags


def _of_xarray(strf: Any) -> tuple[FloatArray, list[Any], Any, FloatArray]:
    axes = ("neuron", "frequency", "lag")
    if not {"frequency", "lag"} <= set(strf.dims) <= set(axes):
        msg = f"strf must have the axes neuron, frequency and lag, got {strf.dims}."
        raise ValueError(msg)
    strf = strf if "neuron" in strf.dims else strf.expand_dims("neuron")
    values = np.asarray(strf.transpose(*axes), dtype=float)
    bands = np.asarray(strf["frequency"], dtype=float)
    known = not np.array_equal(bands, np.arange(bands.size))  # numbers stand where centres are not known
    return (
        values,
        np.atleast_1d(strf["neuron"]).tolist(),
        bands if known else None,
        np.asarray(strf["lag"], dtype=float),
    )


def _rows(names: list[Any], neurons: Any) -> list[int]:
    if neurons is None:
        return list(range(len(names)))
    asked = [neurons] if np.ndim(neurons) == 0 else list(neurons)
    unknown = [one for one in asked if one not in names]
    if unknown or not asked:
        msg = f"neurons must be some of {names}, got {unknown or asked}."
        raise ValueError(msg)
    return [names.index(one) for one in asked]


def _axes(ax: Any, n: int) -> list[Axes]:
    if ax is not None:
        axes = [ax] if isinstance(ax, Axes) else list(np.ravel(ax))
        if len(axes) != n:
            msg = f"ax must be as many axes as neurons, {n}; got {len(axes)}."
            raise ValueError(msg)
        return axes
    import matplotlib.pyplot as plt

    columns = min(n, _COLUMNS)
    rows = -(-n // columns)
    with plt.style.context(plot_style):
        size = (3.0 * columns + 0.6, 2.5 * rows)
        axes = plt.subplots(rows, columns, figsize=size, squeeze=False)[1].ravel().tolist()
    for spare in axes[n:]:
        spare.set_axis_off()
    return axes[:n]


def _largest(values: FloatArray) -> float:
    return float(np.nanmax(np.abs(values), initial=0.0)) or 1.0


def _label(strf: Any) -> str:
    if not isinstance(strf, STRF):
        return "Weight"
    return "Log rate per SD" if strf.model == "poisson" else "Spikes per bin and SD"


def _bars(drawn: list[QuadMesh], fields: FloatArray, axes: list[Axes], label: str, shared: bool) -> None:
    if shared:
        color_bar(drawn[-1], label, fields, ax=axes)
        return
    for number, (mesh, field) in enumerate(zip(drawn, fields)):
        last = number == len(drawn) - 1 or (number + 1) % _COLUMNS == 0
        color_bar(mesh, label if last else "", field)
