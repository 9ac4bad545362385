"""Spikes around presentations and events, against the loops that people write; answers checked equal first.

    python benchmarks/sessions.py                # some minutes; counts of 360 MB, a tensor around 5,950 events
    python benchmarks/sessions.py --scale 0.1    # a tenth of the presentations and events

Each row calls one method and ours, compares the two answers, and calls both again; the best of the calls counts. A call
that takes longer than 15 s is not repeated. Peak memory is how far the resident size of the process rose during the
first call. Making the spikes is not timed; the tables that loops need are made before.

Counts of presentations: a table of spikes cut and counted for each presentation with pandas; one search of all edges in
each unit's spikes, with the subtraction that follows (what AllenSDK 2 does). Events: a table of spikes cut for each
event, and a histogram for each neuron in it (what neuroglia does, whose joining by names takes longer still).
"""

from __future__ import annotations

import argparse
import platform
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from timeseries import timed

import rheobase
from rheobase.datasets.allen import EcephysSession
from rheobase.transformers import PeriEventSpikeSampler

LONG = 15.0
"""A call that takes longer, s, is not repeated."""


def spikes_of(n_units: int, seconds: float, rate: float) -> list[np.ndarray]:
    """Sorted times of units whose rates differ, Hz on average; a few lie on edges of bins."""
    rng = np.random.default_rng(0)
    rates = rate * rng.gamma(1.5, 1 / 1.5, n_units)
    trains = [np.sort(rng.uniform(0, seconds, rng.poisson(one * seconds))) for one in rates]
    for train in trains:
        train[::1000] = np.round(train[::1000] * 4) / 4
        train.sort()
    return trains


def as_table(trains: list[np.ndarray]) -> pd.DataFrame:
    """Columns ``time`` and ``neuron``, in order of time."""
    table = pd.DataFrame(
        {"time": np.concatenate(trains), "neuron": np.repeat(np.arange(len(trains)), [len(t) for t in trains])}
    )
    return table.sort_values("time", ignore_index=True)


class Held(EcephysSession):
    """A session whose spikes and presentations are in memory."""

    def __init__(self, trains: list[np.ndarray], onsets: np.ndarray) -> None:
        self._made = {}
        sizes = np.cumsum([0, *map(len, trains)])
        self._held = np.concatenate(trains), sizes, np.arange(len(trains))
        self._table = pd.DataFrame({"start_time": onsets, "stop_time": onsets + 0.25})

    def _store(self) -> Any:
        return self._held

    @property
    def units(self) -> pd.DataFrame:
        return pd.DataFrame(index=self._held[2])

    @property
    def stimulus_presentations(self) -> pd.DataFrame:
        return self._table


# --- presentations --------------------------------------------------------------------------------------------------


def counts_by_pandas(table: pd.DataFrame, onsets: np.ndarray, edges: np.ndarray, n_units: int) -> np.ndarray:
    """Cut and count the spikes of each presentation; shape (presentation, bin, unit)."""
    counts = np.zeros((onsets.size, edges.size - 1, n_units), dtype=np.uint16)
    by_time = table.set_index("time")
    for row, onset in enumerate(onsets):
        here = by_time.loc[onset + edges[0] : onset + edges[-1]]
        bins = pd.cut(here.index, onset + edges, right=False, labels=False)
        found = here.groupby([bins, "neuron"]).size()
        where = found.index.get_level_values(0).to_numpy(dtype=int), found.index.get_level_values(1).to_numpy()
        counts[row][where] = found.to_numpy()
    return counts


def counts_by_search(trains: list[np.ndarray], onsets: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Search every edge of every presentation in the spikes of each unit; shape (presentation, bin, unit)."""
    grid = onsets[:, None] + edges
    counts = np.zeros((onsets.size, edges.size - 1, len(trains)), dtype=np.uint16)
    for unit, train in enumerate(trains):
        places = np.searchsorted(train, grid.ravel()).reshape(grid.shape)
        counts[:, :, unit] = np.diff(places, axis=1)
    return counts


# --- events ---------------------------------------------------------------------------------------------------------


def tensor_by_loop(table: pd.DataFrame, events: pd.DataFrame, bins: np.ndarray, n_neurons: int) -> xr.DataArray:
    """Cut the table for each event, make a histogram for each neuron that fired, and join."""
    parts = []
    times = table["time"].to_numpy()
    for event in events.itertuples():
        first, last = np.searchsorted(times, (event.time + bins[0], event.time + bins[-1] + 1e-9))
        counts = np.zeros((bins.size - 1, n_neurons))
        for neuron, part in table.iloc[first:last].groupby("neuron"):
            counts[:, neuron] = np.histogram(part["time"], event.time + bins)[0]
        parts.append(xr.DataArray(counts, dims=("sample_times", "neuron"), coords={"sample_times": bins[:-1]}))
    return xr.concat(parts, dim="event")


# --- the table ------------------------------------------------------------------------------------------------------


def best_of(call: Callable[[], Any], first: float) -> float:
    """Least time of three calls, of which the first is over, or of that one if it was long."""
    return first if first > LONG else min(first, *(timed(call)[1] for _ in range(2)))


def row(name: str, theirs: Callable[[], np.ndarray], ours: Callable[[], np.ndarray]) -> None:
    """Compare the answers, then print times and memory."""
    mine, my_first, my_peak = timed(ours)
    other, first, peak = timed(theirs)
    np.testing.assert_array_equal(np.asarray(mine), np.asarray(other))
    del mine, other
    seconds, own = best_of(theirs, first), best_of(ours, my_first)
    ratio = f"{seconds / own:.1f}"
    print(f"| {name} | {seconds:.2f} | {own:.3f} | {ratio} | {peak:.0f} | {my_peak:.0f} |", flush=True)


def presentations(scale: float) -> None:
    """Rows of the counts in bins around presentations."""
    n, n_units = round(6000 * scale), 500
    onsets = 10 + 0.25 * np.arange(n)
    edges = np.arange(-10, 51) / 100
    trains = spikes_of(n_units, onsets[-1] + 10, 8.0)
    session, table = Held(trains, onsets), as_table(trains)
    ids, units = np.arange(n), np.arange(n_units)

    def ours() -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # windows overlap, as is said
            return session.presentationwise_spike_counts(edges, ids, units).values

    size = f"counts, {n_units} units x {n} presentations x {edges.size - 1} bins"
    row(f"{size}: pandas, each presentation", lambda: counts_by_pandas(table, onsets, edges, n_units), ours)
    row(f"{size}: a search in each unit", lambda: counts_by_search(trains, onsets, edges), ours)


def tensors(scale: float) -> None:
    """Row of the tensor around events."""
    n, bins = round(5950 * scale), np.arange(0.1, 0.35, 0.01)
    trains = spikes_of(69, 20 + 0.25 * n, 8.0)
    events, table = pd.DataFrame({"time": 10 + 0.25 * np.arange(n), "image_id": np.arange(n) % 119}), as_table(trains)
    sampler = PeriEventSpikeSampler(table, bins)
    row(
        f"tensor, {n} events x 69 neurons x {bins.size - 1} bins: a loop over events",
        lambda: tensor_by_loop(table, events, bins, len(trains)).values,
        lambda: sampler.fit_transform(events).values,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("counts", "tensors"), help="some of the rows")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the presentations and events")
    asked = parser.parse_args()
    print(f"rheobase {rheobase.__version__}, pandas {pd.__version__}, xarray {xr.__version__}, {platform.machine()}\n")
    print("| what, against | theirs (s) | rheobase (s) | ratio | their peak (MB) | our peak (MB) |")
    print("|---|---|---|---|---|---|")
    if asked.only != "tensors":
        presentations(asked.scale)
    if asked.only != "counts":
        tensors(asked.scale)


if __name__ == "__main__":
    main()
