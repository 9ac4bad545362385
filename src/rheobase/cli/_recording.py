"""What the demo works on: spikes, what may drive them, and where both were recorded."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import did_you_mean
from ..containers import IntervalSet, Tsd, TsdFrame, TsGroup
from ..datasets import SimulatedTruth, simulate_recording
from ..io import NWBFile, load_file
from ._errors import RecordingError

_PREFERRED = ("stimulus", "current", "ry", "head_direction", "position", "speed")
"""Keys tried first as what drives the neurons, in this order."""

_FILTERED = ("stimulus", "current")
"""Keys whose past matters, and is filtered; other signals act with their present value."""

_NOT_A_CAUSE = ("response", "sleep_ripples")
"""Keys that are never chosen unasked."""

_SLOWEST_COVARIATE = 5.0
"""Samples per second below which a series is a list of events rather than a signal."""


@dataclass(frozen=True)
class Covariate:
    """A signal recorded beside the spikes."""

    key: str
    series: Tsd | TsdFrame
    unit: str | None
    kind: str
    """``"stimulus"`` (its past is filtered), ``"angle"`` (radians, wraps) or ``"signal"``."""


@dataclass(frozen=True)
class Recording:
    """Everything that the demo fits, restricted to `epochs`."""

    name: str
    spikes: TsGroup
    epochs: IntervalSet
    covariate: Covariate | None
    bin_size: float
    """Seconds."""
    truth: SimulatedTruth | None = None
    note: str = ""
    """What was left out, for the reader."""


def simulated(seconds: float | None, seed: int) -> Recording:
    """A simulated population of 8 neurons, `seconds` long (default 120)."""
    made = simulate_recording(8, 120.0 if seconds is None else seconds, seed=seed)
    covariate = Covariate("stimulus", made.stimulus, made.unit, "stimulus")
    return Recording(
        f"Simulated population (seed {seed})", made.spikes, made.epochs, covariate, made.truth.bin_size, made.truth
    )


def load(
    path: Path, *, seconds: float | None, covariate: str | None, n_neurons: int, bin_size: float | None
) -> Recording:
    """Units, and a stimulus or behaviour, of an NWB file.

    Parameters
    ----------
    path
        An NWB file.
    seconds
        How much of it to use, from the beginning. Defaults to 600 s.
    covariate
        Key of the signal to use. Defaults to a stimulus, else a behaviour, else nothing.
    n_neurons
        At most so many, those with most spikes.
    bin_size
        Seconds. Defaults to 1 ms for recordings up to 90 s, else 10 ms.

    Raises
    ------
    RecordingError
        If the file is missing, is not NWB, holds no units or no spikes, or has no such `covariate`.
    """
    file = _read(path)
    kinds = {key: entry["type"] for key, entry in file.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # oddities of series that will not be used
        objects = {key: file[key] for key, kind in kinds.items() if kind in {"TsGroup", "Tsd", "TsdFrame"}}
    spikes = _units(objects, path)
    found = _covariate(file, objects, covariate, spikes)
    epochs = spikes.time_support
    if found is not None and found.kind == "stimulus":  # a silent stretch of a stimulus says something too
        epochs = found.series.time_support
        if kinds.get("epochs") == "IntervalSet":
            epochs = epochs.intersect(file["epochs"])
    elif found is not None:
        epochs = epochs.intersect(found.series.time_support)
    epochs = _first(epochs, 600.0 if seconds is None else seconds)
    spikes, note = _busiest(spikes.restrict(epochs), n_neurons, path)
    total = float(epochs.tot_length())
    if found is not None:
        found = replace(found, series=found.series.restrict(epochs))
    size = bin_size or (1e-3 if total <= 90 else 10e-3)
    return Recording(path.name, spikes, epochs, found, size, note=note)


def _read(path: Path) -> NWBFile:
    """The file, addressed by key."""
    if path.suffix.lower() != ".nwb" and path.exists():
        msg = f"{path} is not an NWB file: its name should end in .nwb."
        raise RecordingError(msg)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="pynwb|hdmf")  # what a file lacks of its standard is not our theme
            return load_file(path)
    except (OSError, RuntimeError, ValueError) as error:
        raise RecordingError(str(error)) from error


def _units(objects: dict[str, Any], path: Path) -> TsGroup:
    groups = {key: value for key, value in objects.items() if isinstance(value, TsGroup)}
    if not groups:
        held = ", ".join(objects) or "no series"
        msg = f"{path} holds no units (spike times), only {held}. The demo fits spiking neurons."
        raise RecordingError(msg)
    return groups.get("units", next(iter(groups.values())))


def _covariate(file: NWBFile, objects: dict[str, Any], asked: str | None, spikes: TsGroup) -> Covariate | None:
    """The signal asked for, or the likeliest cause of the spikes, or None."""
    signals = {key: value for key, value in objects.items() if isinstance(value, Tsd | TsdFrame)}
    if asked is not None:
        if asked not in signals:
            held = ", ".join(signals) or "none"
            msg = f"no signal {asked!r} in the file; it holds {held}.{did_you_mean(asked, signals)}"
            raise RecordingError(msg)
        return _describe(asked, signals[asked], file.unit(asked))
    usable = [key for key, value in signals.items() if _can_drive(key, value, spikes)]
    ordered = [key for key in _PREFERRED if key in usable] + [key for key in usable if key not in _PREFERRED]
    return _describe(ordered[0], signals[ordered[0]], file.unit(ordered[0])) if ordered else None


def _can_drive(key: str, series: Tsd | TsdFrame, spikes: TsGroup) -> bool:
    """Whether this is a signal sampled often enough, while there were spikes."""
    if key in _NOT_A_CAUSE or len(series) < 2:
        return False
    narrow = np.ndim(series.values) == 1 or series.shape[1] <= 3
    together = float(series.time_support.intersect(spikes.time_support).tot_length())
    return narrow and together > 1 and len(series) / float(series.time_support.tot_length()) > _SLOWEST_COVARIATE


def _describe(key: str, series: Tsd | TsdFrame, unit: str | None) -> Covariate:
    if key in _FILTERED:
        return Covariate(key, _standardized(series), "SD", "stimulus")
    if np.ndim(series.values) == 1 and _wraps(np.asarray(series.values)):
        return Covariate(key, series, "rad", "angle")
    return Covariate(key, series, unit, "signal")


def _wraps(values: np.ndarray) -> bool:
    """Whether these are angles in radians that jump from one end of the circle to the other."""
    values = values[np.isfinite(values)]
    inside = values.size > 1 and values.min() >= -np.pi - 1e-6 and np.ptp(values) <= 2 * np.pi + 1e-6
    return bool(inside and np.abs(np.diff(values)).max() > np.pi)


def _standardized(series: Tsd | TsdFrame) -> Tsd | TsdFrame:
    """In standard deviations, so that filters of any stimulus can be read side by side."""
    values = np.asarray(series.values, dtype=float)
    return (series - np.nanmean(values)) / (np.nanstd(values) or 1.0)


def _first(epochs: IntervalSet, seconds: float) -> IntervalSet:
    """The first `seconds` of recorded time."""
    end = elapsed_to_time(epochs, seconds)
    return epochs.intersect(IntervalSet(epochs.start[0], end)) if end < epochs.end[-1] else epochs


def elapsed_to_time(epochs: IntervalSet, seconds: float) -> float:
    """The time at which `seconds` of recording have passed, gaps not counted."""
    lengths = np.asarray(epochs.end) - np.asarray(epochs.start)
    passed = np.concatenate([[0.0], np.cumsum(lengths)])
    if seconds >= passed[-1]:
        return float(epochs.end[-1])
    epoch = int(np.searchsorted(passed, seconds, side="right")) - 1
    return float(epochs.start[epoch] + seconds - passed[epoch])


def _busiest(spikes: TsGroup, n_neurons: int, path: Path) -> tuple[TsGroup, str]:
    """The `n_neurons` with most spikes, and what that left out."""
    counts = np.array([len(spikes[key]) for key in spikes.keys()])  # noqa: SIM118
    enough = np.flatnonzero(counts >= 20)
    if not enough.size:
        msg = f"no unit of {path} has 20 spikes while the signals were recorded; there is nothing to fit."
        raise RecordingError(msg)
    kept = np.sort(enough[np.argsort(counts[enough], kind="stable")[::-1][:n_neurons]])
    keys = np.asarray(spikes.index)[kept]
    note = "" if kept.size == counts.size else f"the {kept.size} busiest of {counts.size} units"
    return spikes[[int(key) for key in keys]], note
