"""`load_session`: what a spike sorter or a calcium pipeline left in a folder.

Each kind of session is one class with the attributes that scripts know: ``epochs``, ``position``, ``time_support``,
``spikes``, ``C``, ``A``, … They come from the NWB file in ``pynapplenwb`` where there is one, and what that lacks from
the files that the pipeline itself wrote.
"""

from __future__ import annotations

import abc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import did_you_mean, kind_of
from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsGroup
from . import cnmfe, neurosuite, phy, suite2p
from ._waveforms import mean_waveforms
from .binary import load_binary_file
from .nwb import NWBFile
from .to_nwb import to_nwb

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["load_session"]


class AbstractSession(abc.ABC):
    """Epochs and tracking, which all sessions have, and the NWB file of a session.

    Parameters
    ----------
    path : str or path
        Folder of the session.

    Attributes
    ----------
    path : Path
    basename : str
    epochs : dict of str to IntervalSet
        By label; empty where no NWB file has some.
    position : TsdFrame or None
    time_support : IntervalSet or None
        All epochs together.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        self.basename = self.path.name
        self.epochs: dict[str, IntervalSet] = {}
        self.position: TsdFrame | None = None
        self.time_support: IntervalSet | None = None
        file = _nwb_of(self.path)
        if file is None:
            self._read(None)
            return
        with NWBFile(file, lazy_loading=False) as data:
            self._read_epochs(data.nwb)
            self.position = _position(data)
            self._read(data)

    @abc.abstractmethod
    def _read(self, data: NWBFile | None) -> None:
        """Read what is special to this kind of session, from its NWB file where there is one.

        Raises
        ------
        RuntimeError
            If there is neither that nor anything else to read.
        """

    def _read_epochs(self, nwb: Any) -> None:
        if nwb.epochs is None or not len(nwb.epochs):
            return
        starts, ends = np.asarray(nwb.epochs["start_time"][:]), np.asarray(nwb.epochs["stop_time"][:])
        labels = np.array([str(tags[0]) if len(tags) else "" for tags in nwb.epochs["tags"][:]])
        self.epochs = {
            label: IntervalSet(starts[labels == label], ends[labels == label]) for label in sorted(set(labels))
        }
        bounds = np.sort(starts), np.sort(ends)
        self.time_support = IntervalSet(*bounds, overlap="keep").union().merge_close_intervals(1, time_units="us")

    # ---- the NWB file of the session

    @property
    def nwbfilepath(self) -> Path:
        """The NWB file in ``pynapplenwb``.

        Raises
        ------
        FileNotFoundError
            If there is none.
        """
        file = _nwb_of(self.path)
        if file is None:
            msg = f"No NWB file found in {self.path / 'pynapplenwb'}."
            raise FileNotFoundError(msg)
        return file

    def save_nwb_intervals(self, iset: IntervalSet, name: str, description: str = "") -> None:
        """Add epochs to the NWB file of the session, which is made where there is none.

        Parameters
        ----------
        iset : IntervalSet
        name : str
        description : str
            Kept in the file; `NWBFile.description` reads it.

        Raises
        ------
        TypeError, ValueError
            As `to_nwb`.
        """
        self._add(name, iset, description)

    def save_nwb_timeseries(self, tsd: Ts | Tsd | TsdFrame, name: str, description: str = "") -> None:
        """Add a series, with its time support, to the NWB file of the session; as `save_nwb_intervals`."""
        self._add(name, tsd, description)

    def _add(self, name: str, obj: Any, description: str) -> None:
        target = _nwb_of(self.path) or self.path / "pynapplenwb" / f"{self.basename}.nwb"
        target.parent.mkdir(exist_ok=True)
        to_nwb({name: obj}, target, mode="a", description={name: description})

    def load_nwb_intervals(self, name: str) -> IntervalSet | None:
        """Epochs of that name in the NWB file of the session, or None."""
        with NWBFile(self.nwbfilepath) as data:
            tables = data.nwb.intervals or {}
            if name not in tables:
                return None
            return IntervalSet(np.asarray(tables[name]["start_time"][:]), np.asarray(tables[name]["stop_time"][:]))

    def load_nwb_timeseries(self, name: str) -> Any:
        """Series of that name in the NWB file of the session, with the time support that was saved with it.

        Raises
        ------
        KeyError
            If there is none.
        """
        with NWBFile(self.nwbfilepath, lazy_loading=False) as data:
            found = data[name]
            support = data.get(f"{name}_timesupport")
            return found if support is None else found.restrict(IntervalSet(support))


class Session(AbstractSession):
    """Epochs and tracking alone."""

    def _read(self, data: NWBFile | None) -> None:
        if data is None:
            raise RuntimeError(_nothing(self.path, "a session"))


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
                raise RuntimeError(_nothing(self.path, self._FILES))

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


class Suite2P(AbstractSession):
    """A session of suite2p.

    Attributes
    ----------
    F, Fneu, spks : TsdFrame
        Fluorescence, neuropil and deconvolved traces of the cells of all planes.
    iscell : ndarray
    stats : dict
        Plane → region → what suite2p says of it, for cells.
    ops : dict
    plane_info : pandas.DataFrame
        Column ``plane``, one row per cell.
    rate : float
        Frames per second.
    """

    def _read(self, data: NWBFile | None) -> None:
        import pandas as pd

        if data is not None and "ophys" in data.nwb.processing:
            self._read_nwb(data)
            return
        if not suite2p.find_planes(self.path):
            raise RuntimeError(_nothing(self.path, "suite2p (suite2p/plane0/iscell.npy)"))
        found = suite2p.read_suite2p(self.path)
        self.F, self.Fneu, self.spks = found.F, found.Fneu, found.spks
        self.iscell, self.stats, self.ops, self.rate = found.iscell, found.stats, found.ops, found.rate
        self.plane_info = pd.DataFrame({"plane": found.plane})

    def _read_nwb(self, data: NWBFile) -> None:
        import pandas as pd

        ophys, movie = data.nwb.processing["ophys"], data.nwb.acquisition["TwoPhotonSeries"]
        regions = ophys["ImageSegmentation"]["PlaneSegmentation"]
        Ly, Lx = movie.dimension[:2]
        self.ops, self.rate = {"Ly": Ly, "Lx": Lx}, float(movie.imaging_plane.imaging_rate)
        self.iscell = np.asarray(regions["iscell"].data[:])
        cell = self.iscell[:, 0] == 1
        has_planes = "pixel_mask" not in regions.colnames
        masks = regions["voxel_mask" if has_planes else "pixel_mask"]
        plane = np.zeros(len(cell), dtype=np.int64)
        self.stats = {0: {}}
        for row in range(len(cell)):
            mask = np.asarray(masks[row])
            plane[row] = int(mask["z"][0]) if has_planes and len(mask) else 0
            if cell[row]:
                pixels = {"xpix": mask["y"], "ypix": mask["x"], "lam": mask["weight"]}
                self.stats.setdefault(int(plane[row]), {})[row] = pixels
        for attribute, name in (("F", "Fluorescence"), ("Fneu", "Neuropil"), ("spks", "Deconvolved")):
            if name in ophys.data_interfaces:
                setattr(self, attribute, self._traces(ophys[name].roi_response_series, cell, plane))
        self.plane_info = pd.DataFrame({"plane": plane[cell]})

    def _traces(self, series: Any, cell: np.ndarray, plane: np.ndarray) -> TsdFrame:
        """Traces of the cells of all planes side by side, times from the first."""
        names = sorted(series) if len(series) > 1 else list(series)
        numbers = [int(name.removeprefix("plane")) if name.startswith("plane") else 0 for name in names]
        parts = [_of_cells(series[name].data, cell[plane == n]) for name, n in zip(names, numbers)]
        first = series[names[0]]
        times = first.timestamps
        if times is None:
            times = np.arange(len(parts[0])) / self.rate + (first.starting_time or 0.0)
        return TsdFrame(t=np.asarray(times[:]), d=np.hstack(parts))


class CalciumSession(AbstractSession):
    """Calcium traces of CNMF-E.

    Attributes
    ----------
    C : TsdFrame
        Traces.
    A : ndarray or None
        Spatial footprints.
    sampling_rate : float
        Frames per second.
    """

    def __init__(self, path: str | os.PathLike, reader: Any) -> None:
        self._reader = reader
        super().__init__(path)

    def _read(self, data: NWBFile | None) -> None:
        if data is not None and "ophys" in data.nwb.processing:
            ophys = data.nwb.processing["ophys"]
            series = next(iter(ophys["Fluorescence"].roi_response_series.values()))
            frame = data["/".join(("ophys", "Fluorescence", series.name))]
            self.C = TsdFrame(t=frame.t, d=np.asarray(frame.values))
            regions = ophys.data_interfaces.get("ImageSegmentation")
            self.A = None if regions is None else np.asarray(regions["PlaneSegmentation"]["image_mask"].data[:])
            self.sampling_rate = 1 / float(np.median(np.diff(frame.t)))
            return
        self.A, self.C, self.sampling_rate = self._reader(self.path)


def load_session(path: str | os.PathLike, session_type: str | None = None) -> Any:
    """Load the folder of a recording session.

    Parameters
    ----------
    path : str or path
    session_type : {"neurosuite", "phy", "suite2p", "cnmfe-matlab", "inscopix-cnmfe", "minian"}, optional
        What made it. By default only epochs and tracking of its NWB file are read.

    Returns
    -------
    session
        With ``epochs``, ``position`` and ``time_support``, and: ``spikes`` and ``load_lfp`` (neurosuite, phy); ``F``,
        ``Fneu``, ``spks``, ``iscell``, ``stats``, ``ops``, ``plane_info`` (suite2p); ``C``, ``A``, ``sampling_rate``
        (the others).

    Raises
    ------
    AssertionError
        If there is no such folder.
    ValueError
        If the type is unknown.
    RuntimeError
        If the folder holds neither an NWB file in ``pynapplenwb`` nor what such a session has.

    Examples
    --------
    >>> from rheobase.io import load_session
    >>> session = load_session("A2929-200711", "neurosuite")  # doctest: +SKIP
    >>> session.spikes, session.epochs["wake"]  # doctest: +SKIP
    """
    path = Path(path)
    if not path.exists():
        msg = f"Folder {path} does not exist."
        raise AssertionError(msg)
    if session_type is None:
        return Session(path)
    kind = str(session_type).lower()
    if kind not in _SESSIONS:
        msg = f"session_type {session_type!r} is not known; one of {sorted(_SESSIONS)}.{did_you_mean(kind, _SESSIONS)}"
        raise ValueError(msg)
    return _SESSIONS[kind](path)


_SESSIONS: dict[str, Any] = {
    "neurosuite": NeuroSuite,
    "phy": Phy,
    "suite2p": Suite2P,
    "cnmfe-matlab": lambda path: CalciumSession(path, cnmfe.read_matlab),
    "inscopix-cnmfe": lambda path: CalciumSession(path, cnmfe.read_inscopix),
    "minian": lambda path: CalciumSession(path, cnmfe.read_minian),
}


def _nwb_of(path: Path) -> Path | None:
    return next(iter(sorted((path / "pynapplenwb").glob("*.nwb"))), None)


def _nothing(path: Path, what: str) -> str:
    return f"No NWB file found in {path / 'pynapplenwb'}, and {path} does not hold the files of {what}."


def _files_or_none(path: Path) -> neurosuite.NeuroSuiteIO | None:
    return neurosuite.NeuroSuiteIO(path) if any(path.glob("*.xml")) else None


def _of_cells(data: Any, cell: np.ndarray) -> np.ndarray:
    """Traces of the cells, shape (time, cell), from those of a plane: (region, time), or (time, region) as NWB asks."""
    values = np.asarray(data[:])
    return (values if len(values) == len(cell) else values.T)[cell].T


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


def _position(data: NWBFile) -> TsdFrame | None:
    """Columns of head direction and position, on their common times."""
    columns: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for container in ("CompassDirection", "Position"):
        for name, series in getattr(data.nwb.acquisition.get(container), "spatial_series", {}).items():
            columns[name] = np.asarray(series.timestamps[:]), np.asarray(series.data[:])
    if not columns:
        return None
    times = np.unique(np.concatenate([t for t, _ in columns.values()]))
    values = np.full((len(times), len(columns)), np.nan)
    for column, (t, x) in enumerate(columns.values()):
        values[np.searchsorted(times, t), column] = x
    tables = data.nwb.intervals or {}
    support = None
    if "position_time_support" in tables:
        table = tables["position_time_support"]
        support = IntervalSet(np.asarray(table["start_time"][:]), np.asarray(table["stop_time"][:]))
    return TsdFrame(t=times, d=values, time_support=support, columns=list(columns))


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
