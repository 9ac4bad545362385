"""Sessions of spike sorters: units from the NWB file, or from what the sorter wrote."""

from __future__ import annotations

import abc
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .._errors import kind_of
from ..containers import IntervalSet, Tsd, TsdFrame, TsGroup
from . import neurosuite, phy
from ._session_core import AbstractSession, nothing
from ._waveforms import mean_waveforms
from .binary import load_binary_file
from .nwb import NWBFile

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NeuroSuite", "Phy"]


class AbstractSortedSession(AbstractSession):
    """A session with sorted spikes and field potentials.

    Attributes
    ----------
    spikes : TsGroup or None
        Units, with metadata ``group`` (shank); None where there is an NWB file without units and nothing else.
    """

    _FILES = ""
    """What such a session is known by."""

    def _read(self, data: NWBFile | None) -> None:
        self.spikes = _units(data, self.time_support)
        self._units_are_in_nwb = self.spikes is not None
        if self.spikes is None:
            units = self._sorted_units()
            if units is not None:
                self.spikes = _within(units, self.time_support)
            elif data is None:
                raise RuntimeError(nothing(self.path, self._FILES))

    @abc.abstractmethod
    def _sorted_units(self) -> TsGroup | None:
        """Units from the files of the sorter, or None."""

    def load_lfp(
        self,
        filename: str | None = None,
        channel: int | list[int] | None = None,
        extension: str = ".eeg",
        frequency: float | None = None,
        precision: str = "int16",
        bytes_size: int | None = None,
    ) -> Tsd | TsdFrame:
        """Field potentials, as `load_binary_file`; by default of the first file with `extension`.

        Raises
        ------
        RuntimeError
            If there is no such file.
        """
        found = [self.path / filename] if filename is not None else sorted(self.path.glob(f"*{extension}"))
        if not found or not found[0].is_file():
            msg = f"Path {self.path} contains no {filename or extension} files."
            raise RuntimeError(msg)
        return load_binary_file(found[0], channel, None, frequency, precision, bytes_size)


class NeuroSuite(AbstractSortedSession):
    """A session of Neurosuite.

    Attributes
    ----------
    spikes : TsGroup
        Units, with metadata ``group`` (shank) and, where the NWB file has it, ``location``.
    """

    _FILES = "a Neurosuite session (.xml, .clu.1, .res.1)"

    def _sorted_units(self) -> TsGroup | None:
        files = _files_or_none(self.path)
        return files.load_all_spikes() if files is not None and files.spike_groups else None

    def load_mean_waveforms(
        self,
        epoch: IntervalSet | None = None,
        waveform_window: IntervalSet | None = None,
        spike_count: int = 1000,
        *,
        seed: int | None = None,
    ) -> tuple[dict[int, pd.DataFrame], pd.Series]:
        """Mean waveforms of all units on the channels of their shank, from the ``.dat`` file.

        Parameters
        ----------
        epoch : IntervalSet, optional
            Spikes to use; all by default.
        waveform_window : IntervalSet, optional
            From before to after a spike; by default from -0.5 ms to 1 ms.
        spike_count : int
            Spikes of each unit, drawn at random; all where there are fewer.
        seed : int, optional
            Of the drawing.

        Returns
        -------
        waveforms : dict of DataFrame
            Unit → mean, shape (time, channel of the shank), rows by time from the spike (s).
        largest : pandas.Series
            Unit → number, on its shank, of the channel with the lowest value at the spike; -1 without spikes.

        Raises
        ------
        RuntimeError
            If there are no units, no ``.xml``, no ``.dat`` file, or no channels of a shank.
        TypeError
            If an argument is of the wrong type.
        ValueError
            If the window does not hold the spike, or `spike_count` is not positive.
        """
        before, after = _window(waveform_window)
        if epoch is not None and not isinstance(epoch, IntervalSet):
            msg = f"epoch must be an IntervalSet, got {kind_of(epoch)}."
            raise TypeError(msg)
        if not int(spike_count) > 0:
            msg = f"spike_count must be > 0, got {spike_count!r}."
            raise ValueError(msg)
        files = neurosuite.NeuroSuiteIO(self.path)
        if self.spikes is None or not files.dat_files or not files.fs_dat:
            msg = f"{self.path} lacks units, a .dat file, or its sampling rate in the .xml; mean waveforms need all."
            raise RuntimeError(msg)
        spikes = _within(self.spikes, epoch)
        # .clu.1 is the first group of channels; units that scripts wrote to NWB files count shanks from 0
        first = 0 if self._units_are_in_nwb else 1
        shanks = np.asarray(self.spikes.get_info("group")).astype(np.int64) - first
        groups = files.parameters.spike_groups
        if len(shanks) and not (shanks.min() >= 0 and shanks.max() < len(groups)):
            msg = f"{files.basename}.xml names channels of {len(groups)} shanks (spikeDetection), but units have more."
            raise RuntimeError(msg)
        channels = {unit: groups[shank] for unit, shank in zip(self.spikes.keys(), shanks)}
        times = {unit: train.t for unit, train in spikes.items()}
        recording = files.load_binary(files.dat_files[0]).values
        return mean_waveforms(recording, files.fs_dat, times, channels, (before, after), int(spike_count), seed)

    def read_neuroscope_intervals(self, name: str | None = None, path2file: str | None = None) -> IntervalSet:
        """Epochs of an ``.evt`` file with starts and ends in turn: `path2file`, or ``<basename>.<name>.evt``.

        Raises
        ------
        ValueError
            If neither is given, or the file is not as said.
        """
        if path2file is None and name is None:
            msg = "specify a valid path: give name, or path2file."
            raise ValueError(msg)
        path = self.path / f"{self.basename}.{name}.evt" if path2file is None else Path(path2file)
        return neurosuite.read_interval_events(path)

    def write_neuroscope_intervals(self, extension: str, isets: IntervalSet, name: str) -> None:
        """Write epochs for Neuroscope, to ``<basename><extension>`` (such as ``.evt.py.rip``)."""
        neurosuite.write_interval_events(self.path / f"{self.basename}{extension}", isets, name)


class Phy(AbstractSortedSession):
    """A session sorted with Kilosort and phy.

    Attributes
    ----------
    spikes : TsGroup
        Units, with metadata ``group`` (shank), and from phy's own files ``quality`` and its other columns.
    """

    _FILES = "a phy session (spike_times.npy, params.py)"

    def _sorted_units(self) -> TsGroup | None:
        return phy.read_phy(self.path) if phy.is_phy(self.path) else None


def _files_or_none(path: Path) -> neurosuite.NeuroSuiteIO | None:
    return neurosuite.NeuroSuiteIO(path) if any(path.glob("*.xml")) else None


def _within(group: TsGroup, support: IntervalSet | None) -> TsGroup:
    return group if support is None else group.restrict(support)


def _units(data: NWBFile | None, support: IntervalSet | None) -> TsGroup | None:
    """Units of an NWB file, with their ``group`` and ``location``."""
    if data is None or data.nwb.units is None or "units" not in data:
        return None
    units = _within(data["units"], support)
    columns = units.metadata_columns
    keep = ["group"] if "group" in columns else []
    if "location" in columns and np.any(units._metadata.columns["location"] != ""):
        keep.append("location")
    units.restrict_info(keep)
    return units


def _window(window: IntervalSet | None) -> tuple[float, float]:
    """Seconds before and after a spike."""
    if window is None:
        return 0.0005, 0.001
    if not isinstance(window, IntervalSet):
        msg = f"waveform_window must be an IntervalSet, got {kind_of(window)}."
        raise TypeError(msg)
    if len(window) != 1 or not window.start[0] <= 0 < window.end[0]:
        msg = f"waveform_window must be one epoch from before to after a spike (0), got {window.values.tolist()} s."
        raise ValueError(msg)
    return float(-window.start[0]), float(window.end[0])
