"""What every folder of a session has: epochs, tracking, and the NWB file in ``pynapplenwb``."""

from __future__ import annotations

import abc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..containers import IntervalSet, Ts, Tsd, TsdFrame
from .nwb import NWBFile
from .to_nwb import to_nwb

if TYPE_CHECKING:
    pass

__all__ = ["AbstractSession", "Session", "nothing"]


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
            raise RuntimeError(nothing(self.path, "a session"))


def _nwb_of(path: Path) -> Path | None:
    return next(iter(sorted((path / "pynapplenwb").glob("*.nwb"))), None)


def nothing(path: Path, what: str) -> str:
    return f"No NWB file found in {path / 'pynapplenwb'}, and {path} does not hold the files of {what}."


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
