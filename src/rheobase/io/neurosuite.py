"""Sessions of Neurosuite (Klusters, Neuroscope, ndManager): parameters, recordings, sorted spikes and events."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from .._types import FloatArray, IntArray
from ..containers import IntervalSet, Ts, TsdFrame, TsGroup
from ._groups import group_of
from ._neuroscope_xml import SessionParameters, find_xml, read_xml
from .binary import load_binary_file

__all__ = ["NeuroSuiteIO", "read_events", "read_interval_events", "write_interval_events"]

NOT_UNITS = (0, 1)
"""Clusters of artefacts and of spikes that could not be told apart."""

_STARTS = re.compile(r"\bstart\b", re.IGNORECASE)
_STOPS = ("stop", "end")


class NeuroSuiteIO:
    """The files of a session folder, and what they hold.

    Parameters
    ----------
    path : str or path
        Folder of the session, or a file in it.

    Attributes
    ----------
    session_dir : Path
    basename : str
    parameters : SessionParameters
    n_channels : int
    fs_dat, fs_lfp : float or None
        Sampling rates, Hz.
    dat_files, lfp_files, evt_files : list of Path
    spike_groups : dict
        Shank → paths of its ``.clu`` and ``.res`` files, in order of shanks.

    Raises
    ------
    RuntimeError
        If there is no ``.xml``, or it is none of Neurosuite's.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        path = Path(path)
        self.session_dir = path if path.is_dir() else path.parent
        xml = find_xml(path)
        if xml is None:
            msg = f"{self.session_dir} holds no {path.name.split('.')[0]}.xml, nor just one other .xml."
            raise RuntimeError(msg)
        self.basename = xml.stem
        self.parameters: SessionParameters = read_xml(xml)
        self.n_channels = self.parameters.n_channels
        self.fs_dat, self.fs_lfp = self.parameters.fs_dat, self.parameters.fs_lfp
        self.dat_files = self._find("{}.dat", "*.dat")
        self.lfp_files = self._find("{}.eeg", "*.eeg") or self._find("{}.lfp", "*.lfp")
        events = (("{}.evt", "*.evt"), ("{}.*.evt", "*.*.evt"), ("{}.evt.*", "*.evt.*"))
        self.evt_files = list(dict.fromkeys(file for names in events for file in self._find(*names)))
        self.spike_groups = self._find_spikes()

    def _find(self, named: str, any_name: str) -> list[Path]:
        """Files of the session by its name, or (where there are none) any of that kind."""
        return sorted(self.session_dir.glob(named.format(glob.escape(self.basename)))) or sorted(
            self.session_dir.glob(any_name)
        )

    def _find_spikes(self) -> dict[str, tuple[Path, Path]]:
        groups = {}
        for clu in self._find("{}.clu.*", "*.clu.*"):
            stem, _, shank = clu.name.rpartition(".clu.")
            res = clu.with_name(f"{stem}.res.{shank}")
            if shank.isdigit() and res.exists():
                groups[shank] = (clu, res)
        return dict(sorted(groups.items(), key=lambda item: int(item[0])))

    def load_binary(self, filepath: str | os.PathLike, frequency: float | None = None) -> TsdFrame:
        """A recording as a memory map; columns carry ``anatomy``, ``skip`` and ``group`` from the parameters."""
        frequency = self.parameters.frequency(Path(filepath)) if frequency is None else frequency
        signal = load_binary_file(filepath, None, self.n_channels, frequency)
        signal.set_info(self.parameters.channel_info())
        return signal

    def load_spikes(self, shank: str | int) -> TsGroup:
        """Units of one shank, numbered from 0, with metadata ``group`` (shank) and ``cluster``.

        Raises
        ------
        ValueError
            If the shank has no sorted spikes, or its files do not belong together.
        """
        shank = str(shank)
        if shank not in self.spike_groups:
            msg = f"Shank {shank!r} not found. Available shanks: {list(self.spike_groups)}."
            raise ValueError(msg)
        return self._group([shank])

    def load_all_spikes(self) -> TsGroup:
        """Units of all shanks, numbered from 0, with metadata ``group`` (shank) and ``cluster``. Raises as
        `load_spikes`.
        """
        return self._group(list(self.spike_groups))

    def _group(self, shanks: list[str]) -> TsGroup:
        times, labels, clusters, groups = [], [], [], []
        for shank in shanks:
            t, cluster = self._read_spikes(shank)
            names, unit = np.unique(cluster, return_inverse=True)
            times.append(t)
            labels.append(unit + sum(map(len, clusters)))
            clusters.append(names)
            groups.append(np.full(len(names), int(shank)))
        n_units = sum(map(len, clusters))
        empty = np.empty(0, dtype=np.int64)
        info = {"group": np.concatenate([empty, *groups]), "cluster": np.concatenate([empty, *clusters])}
        flat, unit = np.concatenate([np.empty(0), *times]), np.concatenate([empty, *labels])
        return group_of(flat, unit, np.arange(n_units), self.duration(), info)

    def _read_spikes(self, shank: str) -> tuple[FloatArray, IntArray]:
        """Times (s) and clusters of the spikes of a shank, without those that belong to no unit."""
        clu, res = self.spike_groups[shank]
        if not self.fs_dat:
            msg = f"{self.basename}.xml does not state the sampling rate of spikes (acquisitionSystem/samplingRate)."
            raise ValueError(msg)
        cluster, samples = _integers(clu)[1:], _integers(res)  # the first number of .clu says how many clusters
        if len(cluster) != len(samples):
            msg = f"{clu.name} has {len(cluster)} spikes, and {res.name} {len(samples)}."
            raise ValueError(msg)
        unit = ~np.isin(cluster, NOT_UNITS)
        return samples[unit] / self.fs_dat, cluster[unit]

    def duration(self) -> IntervalSet | None:
        """From 0 to the end of the recording; None where no recording is there."""
        for files, frequency in ((self.dat_files, self.fs_dat), (self.lfp_files, self.fs_lfp)):
            if files and frequency and (n := files[0].stat().st_size // (2 * self.n_channels)):
                return IntervalSet(0.0, n / frequency)
        return None

    def load_events(self, filepath: str | os.PathLike | None = None) -> dict[str, Ts | IntervalSet]:
        """Events of an ``.evt`` file, by default the first of the session, as `read_events`.

        Raises
        ------
        FileNotFoundError
            If there is none.
        """
        if filepath is None and not self.evt_files:
            msg = f"No .evt files found in {self.session_dir}."
            raise FileNotFoundError(msg)
        return read_events(Path(filepath) if filepath is not None else self.evt_files[0])


def _integers(path: Path) -> IntArray:
    try:
        return np.array(path.read_bytes().split(), dtype=np.int64)
    except ValueError as error:
        msg = f"{path} holds more than whole numbers ({error})."
        raise ValueError(msg) from error


# ---- events


def _read_lines(path: Path) -> dict[str, FloatArray]:
    """Times (s) of each kind of event, in the order of the file."""
    events: dict[str, list[float]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        time, _, label = line.strip().partition("\t") if "\t" in line else line.strip().partition(" ")
        if not label.strip():
            continue
        try:
            events.setdefault(label.strip(), []).append(float(time) / 1000.0)
        except ValueError as error:
            msg = f"{path}, line {number}: {time!r} is no time in milliseconds."
            raise ValueError(msg) from error
    return {label: np.sort(times) for label, times in events.items()}


def read_events(path: Path) -> dict[str, Any]:
    """Events of an ``.evt`` file (times in milliseconds, and a label).

    Labels with the word "start" that have a partner with "stop" or "end" make an `IntervalSet`: each start with the
    first stop after it and before the next start. Other events, the first in each epoch, become its metadata. All
    events without a partner are `Ts`.

    Raises
    ------
    ValueError
        If a line does not begin with a number.
    """
    events = _read_lines(path)
    found: dict[str, Any] = {}
    used: set[str] = set()
    for label in events:
        stop = _partner(label, events)
        if label in used or stop is None:
            continue
        epochs = _pair(events[label], events[stop])
        if not len(epochs):
            continue
        used |= {label, stop}
        others = {name: _first_inside(times, epochs) for name, times in events.items() if name not in used}
        others = {
            name: times for name, times in others.items() if _partner(name, events) is None and not _is_stop(name)
        }
        used |= others.keys()
        epochs.set_info(others)
        found[" ".join(_STARTS.sub(" ", label).split()) or label] = epochs
    return found | {label: Ts(t=times) for label, times in events.items() if label not in used}


def _partner(label: str, events: dict[str, Any]) -> str | None:
    if not _STARTS.search(label):
        return None
    lowered = {name.lower(): name for name in events}
    wanted = (_STARTS.sub(word, label).lower() for word in _STOPS)
    return next((lowered[name] for name in wanted if name in lowered), None)


def _is_stop(label: str) -> bool:
    return re.search(r"\b(stop|end)\b", label, re.IGNORECASE) is not None


def _pair(starts: FloatArray, stops: FloatArray) -> IntervalSet:
    """Each start with the first stop after it, where that comes before the next start."""
    at = np.searchsorted(stops, starts, side="right")
    stop = np.append(stops, np.inf)[at]
    paired = stop < np.append(starts[1:], np.inf)
    return IntervalSet(starts[paired], stop[paired])


def _first_inside(times: FloatArray, epochs: IntervalSet) -> FloatArray:
    first = np.append(times, np.nan)[np.searchsorted(times, epochs.start)]
    return np.where(first <= epochs.end, first, np.nan)


def read_interval_events(path: Path) -> IntervalSet:
    """Epochs of an ``.evt`` file whose lines are a start and an end in turn, times in milliseconds.

    Raises
    ------
    ValueError
        If the number of lines is odd, or one does not begin with a number.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        times = np.array([float(line.split()[0]) for line in lines if line.strip()])
    except ValueError as error:
        msg = f"{path}: a line does not begin with a time in milliseconds ({error})."
        raise ValueError(msg) from error
    if len(times) % 2:
        msg = f"{path} has {len(times)} times; starts and ends in turn would make an even number."
        raise ValueError(msg)
    return IntervalSet(times[::2], times[1::2], time_units="ms")


def write_interval_events(path: Path, epochs: IntervalSet, name: str) -> None:
    """Write epochs for Neuroscope: ``<name> start`` and ``<name> end`` in turn, times in milliseconds."""
    lines = (
        f"{time * 1000:1.6f}\t{name} {which}\n"
        for bounds in epochs.values.tolist()
        for time, which in zip(bounds, ("start", "end"))
    )
    path.write_text("".join(lines), encoding="utf-8")
