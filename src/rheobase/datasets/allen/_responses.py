"""Responses of units to presentations, as labelled arrays and tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._types import FloatArray, IntArray
from ...containers._warn import warn_user
from . import _spikes

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["absolute_edges", "condition_statistics", "spike_counts", "spike_table", "warn_of_bins"]

_ROUNDING = 1e-9
"""Seconds; windows that overlap by less than this only touch."""


def absolute_edges(
    bin_edges: Any, onsets: FloatArray, callback: Callable[[FloatArray], Any] | None
) -> tuple[FloatArray, FloatArray]:
    """Edges relative to onsets, and on the recording's clock, shape (presentation, edge).

    Raises
    ------
    ValueError
        If there are fewer than two edges, or they are not finite, or they descend.
    """
    relative = np.asarray(bin_edges, dtype=float)
    if relative.ndim != 1 or relative.size < 2:
        msg = f"bin_edges must be a flat sequence of at least two times (s), got shape {relative.shape}."
        raise ValueError(msg)
    edges = onsets[:, None] + relative
    if callback is not None:
        edges = np.asarray(callback(edges), dtype=float)
        if edges.shape != (onsets.size, relative.size):
            msg = f"time_domain_callback must keep the shape {(onsets.size, relative.size)}, got {edges.shape}."
            raise ValueError(msg)
    if not (np.isfinite(relative).all() and np.isfinite(edges).all()):
        msg = "bin_edges must be finite."
        raise ValueError(msg)
    if (np.diff(relative) < 0).any() or (np.diff(edges, axis=1) < 0).any():
        msg = "bin_edges must ascend, also after time_domain_callback; sort them with numpy.sort."
        raise ValueError(msg)
    return relative, edges


def warn_of_bins(relative: FloatArray, edges: FloatArray, binarize: bool, threshold: float) -> None:
    """Warn of wide bins that are to hold 0 or 1, and of windows that overlap with the next."""
    widest = float(np.diff(relative).max())
    if binarize and widest > threshold * (1 + 1e-9):
        warn_user(
            f"counts are made 0 or 1, but bins are up to {widest:.6g} s wide (more than {threshold:.6g} s): "
            "several spikes in a bin will look like one."
        )
    before, after = edges[:-1], edges[1:]
    overlap = np.minimum(before[:, -1], after[:, -1]) - np.maximum(before[:, 0], after[:, 0])
    if overlap.size and overlap.max() > _ROUNDING:
        warn_user(
            f"windows of neighbouring presentations overlap, by up to {overlap.max():.6g} s; "
            "spikes there are counted in both."
        )


def spike_counts(
    store: tuple[FloatArray, IntArray],
    rows: IntArray,
    unit_ids: IntArray,
    presentation_ids: IntArray,
    relative: FloatArray,
    edges: FloatArray,
    dtype: Any,
    binarize: bool,
) -> xr.DataArray:
    """Counts of shape (presentation, bin, unit), with their labels; in memory unit after unit."""
    import xarray as xr

    dtype = np.dtype(dtype or (np.uint8 if binarize else np.uint16))
    native = dtype if dtype.kind in "iuf" else np.dtype(np.uint16)
    counts = _spikes.count_in_bins(*store, rows, edges, native, binarize).astype(dtype, copy=False)
    centres = relative[:-1] + np.diff(relative) / 2
    dims = ("stimulus_presentation_id", "time_relative_to_stimulus_onset", "unit_id")
    coords = dict(zip(dims, (presentation_ids, centres, unit_ids)))
    return xr.DataArray(counts.transpose(1, 2, 0), name="spike_counts", dims=dims, coords=coords)


def spike_table(
    store: tuple[FloatArray, IntArray],
    rows: IntArray,
    unit_ids: IntArray,
    presentations: pd.DataFrame,
    closed: str,
) -> pd.DataFrame:
    """One row per spike and presentation that holds it, sorted by time."""
    import pandas as pd

    starts = presentations["start_time"].to_numpy(dtype=float)
    stops = presentations["stop_time"].to_numpy(dtype=float)
    times, where, who = _spikes.spikes_in(*store, rows, *_spikes.bounds_of(starts, stops, closed))
    columns = {
        "stimulus_presentation_id": presentations.index.to_numpy()[where],
        "unit_id": unit_ids[who],
        "time_since_stimulus_presentation_onset": times - starts[where],
    }
    return pd.DataFrame(columns, index=pd.Index(times, name="spike_time"))


def condition_statistics(
    store: tuple[FloatArray, IntArray],
    rows: IntArray,
    unit_ids: IntArray,
    presentations: pd.DataFrame,
    use_rates: bool,
    closed: str,
) -> pd.DataFrame:
    """Statistics of spike counts (or rates, Hz) over the presentations of each condition, for each unit."""
    import pandas as pd

    presentations = presentations[presentations["stimulus_condition_id"].notna()]
    starts = presentations["start_time"].to_numpy(dtype=float)
    stops = presentations["stop_time"].to_numpy(dtype=float)
    ids, condition = np.unique(presentations["stimulus_condition_id"].to_numpy(dtype=float), return_inverse=True)
    shape = (unit_ids.size, ids.size)
    count, mean, variance = np.zeros(shape, dtype=np.int64), np.zeros(shape), np.zeros(shape)
    if ids.size and unit_ids.size:
        seconds = presentations["duration"].to_numpy(dtype=float) if use_rates else None
        if seconds is not None:  # masked presentations have lost it
            seconds = np.where(np.isnan(seconds), stops - starts, seconds)
        bounds = _spikes.bounds_of(starts, stops, closed)
        count, mean, variance = _spikes.condition_sums(*store, rows, *bounds, condition, seconds)
    repeats = np.tile(np.bincount(condition, minlength=ids.size), unit_ids.size)
    std = np.sqrt(variance).reshape(-1)
    columns = {
        "spike_count": count.reshape(-1),
        "stimulus_presentation_count": repeats,
        "spike_mean": mean.reshape(-1),
        "spike_std": std,
        "spike_sem": std / np.sqrt(repeats),
    }
    if use_rates:
        del columns["spike_count"]
    labels = [unit_ids, ids.astype(np.int64)]
    index = pd.MultiIndex.from_product(labels, names=["unit_id", "stimulus_condition_id"])
    return pd.DataFrame(columns, index=index)
