"""Sessions of calcium pipelines: traces and footprints from the NWB file, or from what the pipeline wrote."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ..containers import TsdFrame
from . import suite2p
from ._session_core import AbstractSession, nothing
from .nwb import NWBFile

if TYPE_CHECKING:
    pass

__all__ = ["CalciumSession", "Suite2P"]


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
            raise RuntimeError(nothing(self.path, "suite2p (suite2p/plane0/iscell.npy)"))
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


def _of_cells(data: Any, cell: np.ndarray) -> np.ndarray:
    """Traces of the cells, shape (time, cell), from those of a plane: (region, time), or (time, region) as NWB asks."""
    values = np.asarray(data[:])
    return (values if len(values) == len(cell) else values.T)[cell].T
