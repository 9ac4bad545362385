"""Mean rates of many units around an event, as one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from .._errors import did_you_mean
from .._types import FloatArray, IntArray
from ._events import aligned_spikes, bin_edges, is_conditions, mark_event, psth, window_of
from ._inputs import DATA, axes_or_new
from ._maps import MISSING, color_bar, name_missing, number_rows

__all__ = ["plot_psth_map"]

NORMALIZATIONS = ("zscore", "Hz")


def plot_psth_map(
    rates: Any,
    *,
    times: Any = None,
    bin_size: float = 0.02,
    window: tuple[float, float] | None = None,
    normalize: str = "zscore",
    baseline: tuple[float, float] | None = None,
    order: str | Sequence[Any] | None = "peak",
    labels: Sequence[Any] | None = None,
    limit: float | None = None,
    event: str = "event",
    ax: Axes | None = None,
) -> AxesImage:
    """Draw the mean rates of units around an event as a map, one row per unit, the first at the bottom.

    Parameters
    ----------
    rates
        What `rheobase.compute_perievent` gives for a TsGroup: unit to its events, binned here; or rates in Hz: a
        TsdFrame (time, unit), a DataArray with an axis for time and one for units, an array (unit, time).
    times
        Middles of even bins, seconds, shape (time,); needed for an array.
    bin_size, window
        Of the bins, seconds, if `rates` are events.
    normalize
        "zscore": distance from the mean of the baseline in its standard deviations, over bins. "Hz": rates.
    baseline
        From when to when, seconds. Defaults to all bins before the event, or to all bins if there are fewer than two.
    order
        "peak": by the time of the largest value, the earliest at the bottom, units without values on top; None: as
        given; or names of units from the bottom up, of which some may be left out.
    labels
        Names of units. Defaults to those that `rates` has, or numbers.
    limit
        Where colours end. Defaults to the 99th percentile of magnitudes.
    event
        What happens at time 0, for the label.
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    AxesImage
        Rows in the order drawn; its colour bar is ``image.colorbar``. Units whose baseline never changes have no
        z-score; they are grey.

    Raises
    ------
    ValueError
        If times are missing, uneven or not as many as bins, an option is unknown, or `order` names no unit.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase import plot
    >>> rates = np.array([[1, 1, 1, 9], [2, 2, 8, 2]])
    >>> image = plot.plot_psth_map(rates, times=[-0.15, -0.05, 0.05, 0.15], normalize="Hz")
    >>> image.get_array().tolist()
    [[2.0, 2.0, 8.0, 2.0], [1.0, 1.0, 1.0, 9.0]]
    """
    if normalize not in NORMALIZATIONS:
        msg = f"normalize must be 'zscore' or 'Hz', got {normalize!r}.{did_you_mean(normalize, NORMALIZATIONS)}"
        raise ValueError(msg)
    values, middles, names = _rates(rates, times, bin_size, window)
    names = names if labels is None else list(labels)
    if len(names) != len(values):
        msg = f"labels must name each of the {len(values)} units, got {len(names)}."
        raise ValueError(msg)
    step = _even_step(middles)
    if normalize == "zscore":
        values = _z_scores(values, middles, baseline)
    rows = _order(values, names, order)
    shown = np.ma.masked_invalid(values[rows])
    ax = axes_or_new(ax, (4.8, 3.6))
    ends = (float(middles[0] - step / 2), float(middles[-1] + step / 2))
    extent = (*ends, -0.5, len(rows) - 0.5)
    image = ax.imshow(shown, origin="lower", aspect="auto", extent=extent, **_scale(shown, limit, normalize))
    ax.set_facecolor(MISSING)
    number_rows(ax, [names[row] for row in rows])
    mark_event(ax, ends, event, DATA if normalize == "zscore" else "white")
    ax.set_ylabel("Unit, by time of peak" if isinstance(order, str) else "Unit")
    color_bar(image, "Rate (z-score)" if normalize == "zscore" else "Rate (Hz)", shown)
    if (n := int(shown.mask.all(axis=1).sum()) if shown.mask.ndim else 0) > 0:
        name_missing(ax, f"no z-score: constant baseline ({n})" if normalize == "zscore" else f"no rate ({n})")
    return image


def _rates(rates: Any, times: Any, bin_size: float, window: Any) -> tuple[FloatArray, FloatArray, list[Any]]:
    """Rates in Hz, shape (unit, time), middles of bins, names of units."""
    if isinstance(rates, Mapping) and is_conditions(rates):
        units = {key: aligned_spikes(one) for key, one in rates.items()}
        edges = bin_edges(window_of(window, *units.values()), bin_size)
        values = np.array([psth(spikes, edges)[0] for spikes in units.values()])
        return values, (edges[:-1] + edges[1:]) / 2, list(units)
    if type(rates).__name__ == "DataArray":
        return _of_xarray(rates)
    if type(rates).__name__ == "TsdFrame":
        return np.asarray(rates.values, dtype=float).T, np.asarray(rates.t), list(rates.columns)
    values = np.atleast_2d(np.asarray(rates, dtype=float))
    if times is None:
        msg = "rates is a plain array, so its times are unknown: give times= (middles of bins, seconds)."
        raise ValueError(msg)
    middles = np.asarray(times, dtype=float)
    if values.ndim != 2 or middles.shape != values.shape[1:]:
        msg = f"rates must have shape (unit, time) with one time for each bin, got {values.shape} and {middles.shape}."
        raise ValueError(msg)
    return values, middles, list(range(len(values)))


def _of_xarray(rates: Any) -> tuple[FloatArray, FloatArray, list[Any]]:
    in_time = [dim for dim in rates.dims if "time" in str(dim) or "lag" in str(dim)]
    if rates.ndim != 2 or len(in_time) != 1:
        msg = f"rates must have two axes, one of them of time, got {rates.dims}: average over events first."
        raise ValueError(msg)
    (unit,) = (dim for dim in rates.dims if dim != in_time[0])
    values = rates.transpose(unit, in_time[0])
    return np.asarray(values, dtype=float), np.asarray(rates[in_time[0]], dtype=float), np.asarray(rates[unit]).tolist()


def _even_step(middles: FloatArray) -> float:
    steps = np.diff(middles)
    if steps.size == 0 or not np.allclose(steps, steps[0], rtol=1e-3) or steps[0] <= 0:
        msg = f"times must be at least two, rise and be evenly spaced, got {middles[:4].tolist()} ..."
        raise ValueError(msg)
    return float(steps.mean())


def _z_scores(values: FloatArray, middles: FloatArray, baseline: Any) -> FloatArray:
    if baseline is None:
        inside = middles < 0 if np.count_nonzero(middles < 0) > 1 else np.ones(middles.size, dtype=bool)
    else:
        inside = (middles >= baseline[0]) & (middles <= baseline[1])
    if np.count_nonzero(inside) < 2:
        msg = f"baseline must hold at least two bins, got {np.count_nonzero(inside)} in {baseline!r} (seconds)."
        raise ValueError(msg)
    base = values[:, inside]
    mean, sd = base.mean(axis=1, keepdims=True), base.std(axis=1, ddof=1, keepdims=True)
    varies = sd > 1e-12 * np.abs(mean)
    return np.where(varies, (values - mean) / np.where(varies, sd, 1.0), np.nan)


def _order(values: FloatArray, names: list[Any], order: Any) -> IntArray:
    if order is None:
        return np.arange(len(values))
    if isinstance(order, str):
        if order != "peak":
            msg = f"order must be 'peak', None or names of units, got {order!r}.{did_you_mean(order, ['peak'])}"
            raise ValueError(msg)
        peak = np.argmax(np.nan_to_num(values, nan=-np.inf), axis=1)
        return np.argsort(np.where(np.isnan(values).all(axis=1), values.shape[1], peak), kind="stable")
    unknown = [one for one in order if one not in names]
    if unknown:
        msg = f"order names units that are not there: {unknown[:5]}; there are {names[:10]}."
        raise ValueError(msg)
    return np.array([names.index(one) for one in order], dtype=np.int64)


def _scale(shown: Any, limit: float | None, normalize: str) -> dict[str, Any]:
    """Colours from white both ways for z-scores, from dark upward for rates."""
    known = np.abs(shown.compressed())
    if limit is None:
        limit = float(np.percentile(known, 99)) if known.size else 1.0
    limit = limit or 1.0
    if normalize == "zscore":
        return {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit, "interpolation": "nearest"}
    return {"cmap": "viridis", "vmin": 0.0, "vmax": limit, "interpolation": "nearest"}
