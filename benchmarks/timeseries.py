"""Every time-series operation by pynapple and by rheobase, side by side in one process, answers checked equal.

The same line of code runs with each library: a row of the table is a function of the imported module and of objects
that were built from the same arrays. For each row both are called once (their first calls are what an interactive user
waits for: pynapple compiles), the two answers are compared, then both are called again in turns and the best of
several calls counts. Peak memory is how far the resident size of the process rose during a call. Making the inputs is
timed only in the rows that say so.

    python benchmarks/timeseries.py                    # everything, about 15 minutes, 14 GB at the peak (pynapple's)
    python benchmarks/timeseries.py --only count,tune  # rows whose name holds one of these texts
    python benchmarks/timeseries.py --scale 0.1        # a tenth of the recording

The workload: one hour, 300 units at 10 spikes a second, a signal of 36 million samples (10 kHz), 1,000 epochs, 1,000
events, a position at 50 Hz.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import importlib
import math
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

OURS, THEIRS = "rheobase", "pynapple"

LONG = 2.0
"""A call of the slower library that takes longer, s, is not repeated."""


# --- the workload -------------------------------------------------------------------------------------------------


class Arrays:
    """What both libraries are given, as plain arrays.

    Parameters
    ----------
    scale
        Share of one hour.
    """

    def __init__(self, scale: float) -> None:
        self.rng = np.random.default_rng(1)
        self.scale, self.seconds = scale, 3600.0 * scale

    @cached_property
    def spikes(self) -> dict[int, np.ndarray]:
        """Unit → times, s: 300 units at about 10 Hz."""
        rng = np.random.default_rng(2)
        sizes = rng.poisson(10 * self.seconds, 300)
        return {unit: np.sort(rng.uniform(0, self.seconds, size)) for unit, size in enumerate(sizes)}

    @cached_property
    def signal(self) -> tuple[np.ndarray, np.ndarray]:
        """Times, s, and values of a band-limited signal at 10 kHz."""
        n = round(10_000 * self.seconds)
        noise = np.random.default_rng(3).normal(size=n // 20 + 2)
        return np.arange(n) / 10_000, np.interp(np.arange(n) / 20, np.arange(noise.size), noise)

    @cached_property
    def epochs(self) -> tuple[np.ndarray, np.ndarray]:
        """1,000 epochs, 70 % of the time."""
        edges = np.linspace(0, self.seconds, 1001)
        return edges[:-1] + 0.1 * self.scale, edges[:-1] + 0.8 * np.diff(edges)

    @cached_property
    def others(self) -> tuple[np.ndarray, np.ndarray]:
        """1,000 epochs that cut those of `epochs`."""
        rng = np.random.default_rng(4)
        bounds = np.sort(rng.uniform(0, self.seconds, 2000)).reshape(-1, 2)
        return bounds[:, 0], bounds[:, 1]

    @cached_property
    def events(self) -> np.ndarray:
        """1,000 times, s."""
        return np.sort(np.random.default_rng(5).uniform(1, self.seconds - 1, 1000))

    @cached_property
    def position(self) -> tuple[np.ndarray, np.ndarray]:
        """Times, s, and (x, y) in the unit square at 50 Hz."""
        t = np.arange(0, self.seconds, 0.02)
        walk = np.cumsum(np.random.default_rng(6).normal(0, 0.02, (t.size, 2)), axis=0)
        return t, np.abs((walk + 1) % 4 - 2) / 2


class Data:
    """The workload as the objects of one library, made when a row first asks for them."""

    def __init__(self, lib: Any, arrays: Arrays) -> None:
        self.lib, self.arrays = lib, arrays

    @cached_property
    def session(self):
        return self.lib.IntervalSet(0.0, self.arrays.seconds)

    @cached_property
    def group(self):
        members = {unit: self.lib.Ts(times) for unit, times in self.arrays.spikes.items()}
        return self.lib.TsGroup(members, time_support=self.session)

    @cached_property
    def some(self):
        """Fifty of the units."""
        return self.group[list(range(50))]

    @cached_property
    def unit(self):
        return self.group[0]

    @cached_property
    def signal(self):
        times, values = self.arrays.signal
        return self.lib.Tsd(times, values)

    @cached_property
    def short_signal(self):
        """The first tenth of the signal."""
        times, values = self.arrays.signal
        n = times.size // 10
        return self.lib.Tsd(times[:n], values[:n])

    @cached_property
    def epochs(self):
        return self.lib.IntervalSet(*self.arrays.epochs)

    @cached_property
    def others(self):
        return self.lib.IntervalSet(*self.arrays.others)

    @cached_property
    def events(self):
        return self.lib.Ts(self.arrays.events)

    @cached_property
    def position(self):
        times, values = self.arrays.position
        return self.lib.TsdFrame(times, values, columns=["x", "y"])

    @cached_property
    def x(self):
        times, values = self.arrays.position
        return self.lib.Tsd(times, values[:, 0])

    @cached_property
    def counts(self):
        """Counts of 300 units in bins of 10 ms, as float."""
        counts = self.group.count(0.01)
        return self.lib.TsdFrame(counts.t, counts.values.astype(float))

    @cached_property
    def curves(self):
        return self.lib.compute_tuning_curves(self.group, self.x, bins=60)

    @cached_property
    def maps(self):
        return self.lib.compute_tuning_curves(self.some, self.position, bins=(25, 25))


class Row(NamedTuple):
    """One operation: a name, what is called, the least ratio wanted, and a tolerance where rounding differs."""

    name: str
    call: Callable[[Any, Data], Any]
    floor: float = 1.0
    tolerance: float = 1e-9


ROWS = [
    Row("construct Tsd, 36 M samples", lambda lib, d: lib.Tsd(*d.arrays.signal)),
    Row("construct TsGroup, 300 units", lambda lib, d: lib.TsGroup(d.arrays.spikes, time_support=d.session)),
    Row("construct IntervalSet, 1,000", lambda lib, d: lib.IntervalSet(*d.arrays.epochs)),
    Row("restrict Tsd, 36 M, 1,000 epochs", lambda lib, d: d.signal.restrict(d.epochs)),
    Row("restrict TsGroup, 1,000 epochs", lambda lib, d: d.group.restrict(d.epochs)),
    Row("restrict TsGroup, 1 epoch", lambda lib, d: d.group.restrict(d.epochs[500])),
    Row("get 1 s of 36 M", lambda lib, d: d.signal.get(d.arrays.seconds / 2, d.arrays.seconds / 2 + 1)),
    Row("index Tsd by a slice", lambda lib, d: d.signal[10_000:2_000_000]),
    Row("index TsdFrame by a mask", lambda lib, d: d.position[d.arrays.position[1][:, 0] > 0.5]),
    Row("index TsGroup by 50 keys", lambda lib, d: d.group[list(range(50))]),
    Row("tsd + 1, 36 M", lambda lib, d: d.signal + 1.0),
    Row("count 300 units, 10 ms", lambda lib, d: d.group.count(0.01), 15),
    Row("count 300 units, 1 ms, uint8", lambda lib, d: d.group.count(0.001, dtype=np.uint8), 15),
    Row("count 300 units, 1,000 epochs", lambda lib, d: d.group.count(ep=d.epochs)),
    Row("count 1 unit, 10 ms", lambda lib, d: d.unit.count(0.01)),
    Row("value_from, 300 units", lambda lib, d: d.group.value_from(d.x), 3),
    Row("value_from, 1 unit in 36 M", lambda lib, d: d.unit.value_from(d.signal), 3),
    Row("threshold, 36 M", lambda lib, d: d.signal.threshold(1.0), 3),
    Row("bin_average 36 M, 10 ms", lambda lib, d: d.signal.bin_average(0.01), 2),
    Row("interpolate 36 M at 180,000", lambda lib, d: d.signal.interpolate(d.x)),
    Row("interpolate 180,000 at 36 M", lambda lib, d: d.x.interpolate(d.signal)),
    Row("derivative, 36 M", lambda lib, d: d.signal.derivative()),
    Row("smooth counts, 300 x 360,000", lambda lib, d: d.counts.smooth(0.05), 10, 1e-7),
    Row("smooth Tsd, 3.6 M", lambda lib, d: d.short_signal.smooth(0.01), 1, 1e-7),
    Row("to_tsd, 300 units", lambda lib, d: d.group.to_tsd()),
    Row("trial_count, 300 units", lambda lib, d: d.group.trial_count(d.epochs, 0.01)),
    Row("IntervalSet.union", lambda lib, d: d.epochs.union(d.others)),
    Row("IntervalSet.intersect", lambda lib, d: d.epochs.intersect(d.others)),
    Row("IntervalSet.set_diff", lambda lib, d: d.epochs.set_diff(d.others)),
    Row("IntervalSet.merge_close_intervals", lambda lib, d: d.epochs.merge_close_intervals(0.5)),
    Row("IntervalSet.split", lambda lib, d: d.epochs.split(0.1)),
    Row("in_interval, 36 M", lambda lib, d: d.epochs.in_interval(d.signal)),
    Row("perievent, 300 units", lambda lib, d: lib.compute_perievent(d.group, d.events, (0.5, 1.0)), 100),
    Row("perievent, 36 M", lambda lib, d: lib.compute_perievent(d.signal, d.events, (0.1, 0.2))),
    Row(
        "event-triggered average, 50 units",
        lambda lib, d: lib.compute_event_triggered_average(d.x, d.some, 0.02, (0.5, 0.5)),
    ),
    Row("autocorrelograms, 300 units", lambda lib, d: lib.compute_autocorrelogram(d.group, 0.005, 0.25)),
    Row("cross-correlograms, 1,225 pairs", lambda lib, d: lib.compute_crosscorrelogram(d.some, 0.005, 0.25), 5),
    Row("event correlograms, 300 units", lambda lib, d: lib.compute_eventcorrelogram(d.group, d.events, 0.01, 0.5)),
    Row("ISI distributions, 300 units", lambda lib, d: lib.compute_isi_distribution(d.group, bins=100)),
    Row("tuning curves, 1-D, 300 units", lambda lib, d: lib.compute_tuning_curves(d.group, d.x, bins=60), 4),
    Row(
        "tuning curves, 2-D, 300 units",
        lambda lib, d: lib.compute_tuning_curves(d.group, d.position, bins=(40, 40)),
        6,
    ),
    Row("mutual information", lambda lib, d: lib.compute_mutual_information(d.curves)),
    Row("decode_bayes, 300 units", lambda lib, d: lib.decode_bayes(d.curves, d.group, d.session, 0.1), 50, 1e-7),
    Row("decode_bayes, 2-D, 50 units", lambda lib, d: lib.decode_bayes(d.maps, d.some, d.session, 0.2), 1, 1e-7),
    Row("decode_template, 300 units", lambda lib, d: lib.decode_template(d.curves, d.group, d.session, 0.1), 1, 1e-7),
    Row("Butterworth band pass, 3.6 M", lambda lib, d: lib.apply_bandpass_filter(d.short_signal, (100, 200)), 1, 1e-6),
    Row(
        "sinc low pass, 3.6 M",
        lambda lib, d: lib.apply_lowpass_filter(d.short_signal, 200, mode="sinc", transition_bandwidth=0.005),
        1,
        1e-6,
    ),
    Row("Hilbert envelope, 3.6 M", lambda lib, d: lib.compute_hilbert_envelope(d.short_signal), 1, 1e-6),
    Row("power spectral density, 3.6 M", lambda lib, d: lib.compute_power_spectral_density(d.short_signal), 1, 1e-6),
    Row(
        "mean power spectral density",
        lambda lib, d: lib.compute_mean_power_spectral_density(d.short_signal, 2.0),
        1,
        1e-6,
    ),
    Row(
        "wavelets, 180,000 x 20",
        lambda lib, d: lib.compute_wavelet_transform(d.x, np.linspace(1, 20, 20)),
        1,
        1e-6,
    ),
    Row("build_tensor, 300 units", lambda lib, d: lib.build_tensor(d.group, d.epochs, 0.05)),
    Row("warp_tensor, 300 units", lambda lib, d: lib.warp_tensor(d.group, d.epochs, 20)),
    Row("save and load a group", lambda lib, d: _round_trip(lib, d.group)),
]
"""The table. A floor is what the ratio theirs / ours should at least be."""


def _round_trip(lib: Any, obj: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "group.npz"
        obj.save(str(path))
        return lib.load_file(str(path))


# --- the same answer ----------------------------------------------------------------------------------------------


def leaves(result: Any) -> list[np.ndarray]:
    """The arrays that an answer consists of, in a fixed order."""
    if isinstance(result, tuple):
        return [leaf for part in result for leaf in leaves(part)]
    if isinstance(result, dict):
        keys = sorted(result)
        shown = keys[:: max(1, len(keys) // 20)]
        return [np.asarray(keys), *(leaf for key in shown for leaf in leaves(result[key]))]
    kind = type(result).__name__
    if kind == "TsGroup":
        keys = sorted(result.keys())
        shown = keys[:: max(1, len(keys) // 20)]
        return [np.asarray(keys), *(leaf for key in shown for leaf in leaves(result[key]))]
    if kind == "DataArray":
        return [result.values, *(coord.values for coord in result.coords.values())]
    if kind in {"DataFrame", "Series"}:
        return [np.asarray(result.index), np.asarray(result.values)]
    if kind == "Ts":
        return [result.t]
    if kind in {"Tsd", "TsdFrame", "TsdTensor"}:
        return [result.t, np.asarray(result.values)]
    return [np.asarray(getattr(result, "values", result))]


def difference(ours: Any, theirs: Any, block: int = 1 << 22) -> float:
    """Largest difference of two answers relative to the largest value of each array; infinite if shapes differ."""
    worst = 0.0
    ours, theirs = leaves(ours), leaves(theirs)
    if len(ours) != len(theirs):
        return math.inf
    for a, b in zip(ours, theirs, strict=True):
        if a.shape != b.shape:
            return math.inf
        if not np.issubdtype(b.dtype, np.number):
            worst = max(worst, 0.0 if np.array_equal(a, b) else math.inf)
            continue
        a, b = a.reshape(-1), b.reshape(-1)
        top = max((float(np.nanmax(np.abs(b[i : i + block]), initial=0)) for i in range(0, b.size, block)), default=0)
        for i in range(0, a.size, block):
            x, y = a[i : i + block], b[i : i + block]
            if x.dtype.kind in "ui" and y.dtype.kind in "ui":
                worst = max(worst, 0.0 if np.array_equal(x, y) else math.inf)
                continue
            if not np.array_equal(np.isnan(x), np.isnan(y)):
                return math.inf
            with np.errstate(invalid="ignore"):
                worst = max(worst, float(np.nanmax(np.abs(x - y), initial=0)) / (top or 1.0))
    return worst


# --- time and memory ----------------------------------------------------------------------------------------------


def resident(field: str) -> float:
    """`VmRSS` or `VmHWM` of this process, MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    return math.nan


def timed(call: Callable[[], Any]) -> tuple[Any, float, float]:
    """An answer, the seconds it took, and by how many MB the resident size rose at most."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts again from here
        before = resident("VmRSS")
    begun = time.perf_counter()
    result = call()
    taken = time.perf_counter() - begun
    peak = max(resident("VmHWM") - before, 0.0) if sys.platform == "linux" else math.nan
    return result, taken, peak


class Measured(NamedTuple):
    """What one row gave."""

    row: Row
    first: tuple[float, float]
    best: tuple[float, float]
    peak: tuple[float, float]
    off: float


def measure(row: Row, libraries: tuple[Any, Any], data: tuple[Data, Data], repeats: int) -> Measured:
    """Call both, compare, call both again in turns."""
    (ours, theirs), (mine, their) = libraries, data
    for d in data:  # inputs are made here, not in the timed call
        for name in row.call.__code__.co_names:
            if isinstance(getattr(Data, name, None), cached_property):
                getattr(d, name)
    answer, first, peak = timed(lambda: row.call(ours, mine))
    rival, first_theirs, peak_theirs = timed(lambda: row.call(theirs, their))
    off = difference(answer, rival)
    del answer, rival
    best, best_theirs = first, first_theirs
    for turn in range(repeats):
        result, taken, peak_now = timed(lambda: row.call(ours, mine))
        best, peak = min(best, taken), peak_now if turn == 0 else min(peak, peak_now)
        del result
        if turn and best_theirs > LONG:
            continue
        result, taken, peak_now = timed(lambda: row.call(theirs, their))
        best_theirs, peak_theirs = min(best_theirs, taken), min(peak_theirs, peak_now) if turn else peak_now
        del result
    return Measured(row, (first, first_theirs), (best, best_theirs), (peak, peak_theirs), off)


def shown(seconds: float) -> str:
    """Seconds in a readable unit."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def line(m: Measured) -> str:
    """A row of the Markdown table."""
    ratio = m.best[1] / m.best[0]
    marks = []
    if m.off > m.row.tolerance:
        marks.append(f"answers differ by {m.off:.1e}")
    if ratio < m.row.floor:
        marks.append(f"below {m.row.floor:g}")
    if m.peak[0] > m.peak[1] + 8:
        marks.append("more memory")
    return (
        f"| {m.row.name} | {shown(m.best[0])} | {shown(m.best[1])} | {ratio:.3g} | {shown(m.first[0])} | "
        f"{shown(m.first[1])} | {m.peak[0]:.0f} | {m.peak[1]:.0f} | {m.off:.0e} | {', '.join(marks)} |"
    )


def main() -> None:
    """Parse the command line, measure, print the table and its geometric mean."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help="rows whose name holds one of these texts, parted by commas")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the hour (default 1)")
    parser.add_argument("--repeats", type=int, default=5, help="later calls per row (default 5)")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    libraries = importlib.import_module(OURS), importlib.import_module(THEIRS)
    arrays = Arrays(arguments.scale)
    data = Data(libraries[0], arrays), Data(libraries[1], arrays)
    print(f"pynapple {libraries[1].__version__}, {arguments.scale:g} x one hour\n")
    print("| operation | rheobase | pynapple | ratio | first call | pynapple's | peak (MB) | pynapple's | differ | |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---|", flush=True)
    wanted = arguments.only.split(",")
    rows = [row for row in ROWS if any(text.strip() in row.name for text in wanted)]
    ratios, missed = [], 0
    for row in rows:
        measured = measure(row, libraries, data, arguments.repeats)
        text = line(measured)
        print(text, flush=True)
        ratios.append(measured.best[1] / measured.best[0])
        missed += not text.endswith("|  |")
    print(f"\nGeometric mean of {len(ratios)} ratios: {statistics.geometric_mean(ratios):.3g}; marked rows: {missed}.")


if __name__ == "__main__":
    main()
