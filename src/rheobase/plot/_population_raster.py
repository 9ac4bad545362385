"""Responses of all neurons of a ragged recording, with what was not recorded in grey."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from .._errors import did_you_mean
from .._types import FloatArray
from ..datasets.strf import NeuralDataset
from ._inputs import axes_or_new
from ._maps import MISSING, color_bar, name_missing, number_rows

__all__ = ["plot_population_raster"]

AGAINST = ("time", "stimuli", "repeats")


def plot_population_raster(
    dataset: NeuralDataset,
    stim: int | None = None,
    *,
    against: str | None = None,
    normalize: bool = True,
    sort_by: str | Sequence[str] | None = None,
    neurons: Sequence[int] | None = None,
    ax: Axes | None = None,
) -> AxesImage:
    """Draw mean responses, one row per neuron, the first at the bottom; what was not recorded is grey.

    Parameters
    ----------
    dataset
        Recording; visible neurons and stimuli are drawn.
    stim
        Number of a stimulus: mean rates in its bins. None: mean rates for each stimulus.
    against
        What runs to the right: "time" or "repeats" of `stim`, or "stimuli". Default: "time" if `stim` is given.
    normalize
        Divide each row by its maximum; else rates in Hz.
    sort_by
        Keys of the neurons' metadata: rows are sorted by them, unknown (None) first, and named by the first of them.
    neurons
        Numbers of neurons from the bottom up, instead of all that are visible.
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    AxesImage
        Masked where nothing was recorded; its colour bar is ``image.colorbar``.

    Raises
    ------
    ValueError
        If nothing is visible, `against` is unknown or does not fit `stim`, a key is in no neuron's metadata, or there
        is no such stimulus or neuron.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase import plot
    >>> from rheobase.datasets.strf import NeuralDataset
    >>> ds = NeuralDataset([np.ones((1, 3, 4))], [[np.array([[0, 1, 0, 4]]), None]], dt_ms=5)
    >>> image = plot.plot_population_raster(ds, 0, neurons=[0, 1])
    >>> image.get_array().tolist()
    [[0.0, 0.25, 0.0, 1.0], [None, None, None, None]]
    """
    against = _against(against, stim)
    rows = _neurons(dataset, neurons)
    keys = [sort_by] if isinstance(sort_by, str) else list(sort_by or ())
    _check_keys(dataset, keys)
    rows = sorted(rows, key=lambda n: [_place(dataset.nrn_meta[n].get(key)) for key in keys])
    rates = _rates(dataset, rows, stim, against)
    shown = np.ma.masked_invalid(_by_row_maximum(rates) if normalize else rates)
    ax = axes_or_new(ax, (5.6, 3.6))
    width = dataset.dt / 1000.0 if against == "time" else 1.0
    start = 0.0 if against == "time" else -0.5
    extent = (start, start + width * rates.shape[1], -0.5, len(rows) - 0.5)
    image = ax.imshow(
        shown, origin="lower", aspect="auto", cmap="viridis", vmin=0.0, extent=extent, interpolation="nearest"
    )
    ax.set_facecolor(MISSING)
    number_rows(ax, [dataset.nrn_meta[n].get(keys[0]) if keys else n for n in rows])
    ax.set_xlabel({"time": "Time (s)", "stimuli": "Stimulus", "repeats": "Repeat"}[against])
    if against == "stimuli":
        _name_columns(ax, dataset.visible()[0])
    ax.set_ylabel(f"Neuron, by {', '.join(keys)}" if keys else "Neuron")
    color_bar(image, "Rate / maximum of the neuron" if normalize else "Rate (Hz)", shown)
    _name_missing(ax, shown, against)
    return image


def _against(against: str | None, stim: int | None) -> str:
    if against is None:
        return "stimuli" if stim is None else "time"
    if against not in AGAINST:
        msg = f"against must be 'time', 'stimuli' or 'repeats', got {against!r}.{did_you_mean(against, AGAINST)}"
        raise ValueError(msg)
    if (against == "stimuli") != (stim is None):
        msg = f"against={against!r} " + ("is of all stimuli: leave out stim." if stim is not None else "needs stim=.")
        raise ValueError(msg)
    return against


def _neurons(dataset: NeuralDataset, neurons: Sequence[int] | None) -> list[int]:
    rows = dataset.visible()[1] if neurons is None else [int(n) for n in neurons]
    if not rows or not all(0 <= n < dataset.N_neurons for n in rows):
        msg = f"neurons must be numbers from 0 to {dataset.N_neurons - 1}, of which some are visible; got {rows}."
        raise ValueError(msg)
    return rows


def _check_keys(dataset: NeuralDataset, keys: list[str]) -> None:
    known = sorted({key for meta in dataset.nrn_meta for key in meta})
    for key in keys:
        if key not in known:
            msg = f"sort_by={key!r} is in no neuron's metadata, which has {', '.join(known) or 'none'}."
            raise ValueError(msg + did_you_mean(key, known))


def _place(value: Any) -> tuple[int, Any]:
    """Unknown first, then numbers, then text."""
    if value is None:
        return 0, 0
    return (1, value) if isinstance(value, int | float | np.number) else (2, str(value))


def _rates(dataset: NeuralDataset, rows: list[int], stim: int | None, against: str) -> FloatArray:
    """Mean rates, Hz, NaN where nothing was recorded, shape (neuron, column)."""
    per_second = 1000.0 / dataset.dt
    if stim is None:
        stims = dataset.visible()[0]
        return per_second * np.array([[_mean(dataset, s, n) for s in stims] for n in rows])
    if not 0 <= stim < len(dataset.stims):
        msg = f"stim must be a number from 0 to {len(dataset.stims) - 1}, got {stim!r}."
        raise ValueError(msg)
    axis = 0 if against == "time" else 1
    heard = {n: dataset.responses[stim][n].mean(axis=axis, dtype=float) for n in rows if dataset.nrn_masks[stim, n]}
    out = np.full((len(rows), max((one.size for one in heard.values()), default=1)), np.nan)
    for row, n in enumerate(rows):
        if n in heard:
            out[row, : heard[n].size] = heard[n]
    return per_second * out


def _mean(dataset: NeuralDataset, s: int, n: int) -> float:
    return float(dataset.responses[s][n].mean(dtype=float)) if dataset.nrn_masks[s, n] else np.nan


def _by_row_maximum(rates: FloatArray) -> FloatArray:
    """Rows divided by their maximum; rows of zeros stay."""
    top = np.max(np.nan_to_num(rates), axis=1, keepdims=True)
    return rates / np.where(top > 0, top, 1.0)


def _name_columns(ax: Axes, stims: list[int]) -> None:
    step = max(1, -(-len(stims) // 16))
    ax.set_xticks(np.arange(len(stims))[::step], [str(s) for s in stims][::step])
    ax.tick_params(axis="x", length=0)


def _name_missing(ax: Axes, shown: Any, against: str) -> None:
    mask = np.ma.getmaskarray(shown)
    if not mask.any():
        return
    if against == "time":
        n = int(mask.all(axis=1).sum())
        name_missing(ax, f"not recorded ({n} of {len(mask)} neurons)")
    else:
        name_missing(
            ax, f"not recorded ({100 * mask.mean():.0f} % of {'pairs' if against == 'stimuli' else 'repeats'})"
        )
