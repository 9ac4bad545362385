"""Distributions of interspike intervals."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from .._arrays import events as _events
from .._arrays.search import BLOCK
from .._arrays.threads import for_each
from .._errors import kind_of
from .._types import FloatArray, IntArray
from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from ..containers._checks import check_epochs, is_integer

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compute_isi_distribution"]


def compute_isi_distribution(
    data: Ts | TsGroup | Tsd | TsdFrame | TsdTensor,
    bins: int | list[float] | FloatArray = 10,
    log_scale: bool = False,
    epochs: IntervalSet | None = None,
) -> pd.DataFrame:
    """Histogram of the intervals between consecutive spikes of each unit.

    Parameters
    ----------
    data : Ts, TsGroup, Tsd, TsdFrame or TsdTensor
        Spikes; values are not used.
    bins : int or array_like
        Number of equal bins between the shortest and the longest interval of all units; or ascending edges. Bins are
        closed on the left, the last one on the right as well.
    log_scale : bool
        Whether to bin the natural logarithm of the intervals (of seconds); edges are logarithms then.
    epochs : IntervalSet, optional
        Only intervals within an epoch count; by default the time support of `data`.

    Returns
    -------
    pandas.DataFrame
        Number of intervals, shape (bin, unit); the index holds bin centres (s, or their logarithm), the columns keys
        of the units, 0 for a single one.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If `bins` is not positive or not ascending, or a number of bins is asked for where there are no intervals or
        (with `log_scale`) intervals of zero.

    Examples
    --------
    >>> from rheobase.analysis import compute_isi_distribution
    >>> from rheobase.containers import Ts
    >>> compute_isi_distribution(Ts([0.0, 1.0, 2.0, 4.0]), bins=[0, 1.5, 3])[0].tolist()
    [2, 1]
    """
    if not isinstance(data, Ts | TsGroup | Tsd | TsdFrame | TsdTensor):
        msg = f"data should be a Ts, TsGroup, Tsd, TsdFrame, TsdTensor, got {kind_of(data)}."
        raise TypeError(msg)
    if not isinstance(log_scale, bool | np.bool_):
        msg = f"log_scale should be of type bool, got {log_scale!r}."
        raise TypeError(msg)
    _check_bins(bins)
    epochs = data.time_support if epochs is None else check_epochs(epochs, "epochs")
    if isinstance(data, TsGroup):
        keys, times = data.index, data._times
        first, last = data._runs(epochs)
    else:
        keys, times = np.zeros(1, dtype=np.int64), data.t
        first, last = (bound[None] for bound in data._runs(epochs))
    sizes = last - first
    times = _events.take_runs(times, first, last)
    edges = _edges(times, sizes, bins, bool(log_scale))
    counts = np.zeros((keys.size, edges.size - 1), dtype=np.int64)
    find = _even_bins if is_integer(bins) else _any_bins
    lock = Lock()

    def count(values: FloatArray, low: int, unit: IntArray | int) -> None:
        cells = find(values, edges)
        outside = cells < 0
        cells += unit * (edges.size - 1)
        found = np.bincount(cells[~outside] if outside.any() else cells)
        with lock:
            flat = counts[low:].reshape(-1)
            flat[: found.size] += found

    _each_piece(times, sizes, bool(log_scale), count)
    return _table(counts, edges, keys)


def _check_bins(bins: Any) -> None:
    """Raise unless `bins` is a number of bins or edges."""
    if not (is_integer(bins) or isinstance(bins, list | np.ndarray)):
        msg = f"bins should be either int, list or np.ndarray, got {kind_of(bins)}."
        raise TypeError(msg)
    if is_integer(bins):
        if bins < 1:
            msg = f"`bins` must be positive, when an integer; got {bins}."
            raise ValueError(msg)
        return
    edges = np.asarray(bins, dtype=np.float64)
    if edges.ndim != 1 or edges.size < 2:
        msg = f"`bins` must be 1d, when an array, with at least two edges; got shape {edges.shape}."
        raise ValueError(msg)
    if not np.all(edges[:-1] <= edges[1:]):
        msg = f"`bins` must increase monotonically, when an array; got {bins!r}."
        raise ValueError(msg)


def _each_piece(
    times: FloatArray, sizes: IntArray, log_scale: bool, use: Callable[[FloatArray, int, IntArray | int], None]
) -> None:
    """Call `use` with intervals in pieces that fit the cache, the first unit of each, and their units from there on.

    `times` are the spikes of all runs (of each epoch, unit after unit), `sizes` how many each has, (unit, epoch).
    """
    seams = np.cumsum(sizes.reshape(-1)) - 1  # the next spike belongs to another run
    stops = np.cumsum(sizes.sum(axis=1))

    def piece(a: int) -> None:
        b = min(a + BLOCK, times.size - 1)
        values = times[a + 1 : b + 1] - times[a:b]
        low, high = np.searchsorted(stops, (a, b - 1), side="right").tolist()
        held = np.diff(np.clip(stops[low : high + 1], a, b), prepend=a)
        unit: IntArray | int = 0 if low == high else np.repeat(np.arange(high - low + 1), held)
        crossing = seams[np.searchsorted(seams, a) : np.searchsorted(seams, b)] - a
        if crossing.size:
            inside = np.ones(b - a, dtype=bool)
            inside[crossing] = False
            values = values[inside]
            unit = unit[inside] if isinstance(unit, np.ndarray) else unit
        if log_scale:
            with np.errstate(divide="ignore"):
                np.log(values, out=values)
        if values.size:
            use(values, low, unit)

    for_each(piece, range(0, times.size - 1, BLOCK))


def _even_bins(values: FloatArray, edges: FloatArray) -> IntArray:
    """Bin of each value between the first and the last of evenly spaced edges."""
    n = edges.size - 1
    if not edges[-1] > edges[0]:
        return np.full(values.size, n - 1, dtype=np.int64)
    slack = 1e-9 + 4e-16 * n * (abs(edges[0]) + abs(edges[-1])) / (edges[-1] - edges[0])
    place = values - (edges[0] - slack * (edges[-1] - edges[0]) / n)
    place *= n / (edges[-1] - edges[0])
    whole = np.floor(place)
    place -= whole
    cells = whole.astype(np.int64)
    near = np.flatnonzero(place < 2 * slack)
    if near.size:  # the edges decide, as they are
        cells[near] = np.searchsorted(edges, values[near], side="right") - 1
    return np.minimum(cells, n - 1, out=cells)


def _any_bins(values: FloatArray, edges: FloatArray) -> IntArray:
    """Bin of each value, or -1 outside the edges."""
    cells = np.searchsorted(edges, values, side="right") - 1
    cells[values == edges[-1]] = edges.size - 2
    cells[values > edges[-1]] = -1
    return cells


def _edges(times: FloatArray, sizes: IntArray, bins: Any, log_scale: bool) -> FloatArray:
    """Given edges, or even ones over the intervals of all units."""
    if not is_integer(bins):
        return np.asarray(bins, dtype=np.float64)
    extremes: list[tuple[float, float]] = []
    _each_piece(times, sizes, log_scale, lambda values, low, unit: extremes.append((values.min(), values.max())))
    if not extremes:
        msg = "no unit has two spikes in one epoch, so there is no range for `bins`; give edges."
        raise ValueError(msg)
    low, high = min(a for a, _ in extremes), max(b for _, b in extremes)
    if not np.isfinite(low):
        msg = "spikes at the same time have no logarithm of their interval; give `bins` as edges, or drop duplicates."
        raise ValueError(msg)
    return np.linspace(low, high, int(bins) + 1)


def _table(counts: IntArray, edges: FloatArray, keys: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(counts.T, index=(edges[:-1] + edges[1:]) / 2, columns=keys)
