"""A file of local field potentials of one probe, in the layout of the Allen Institute's recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .._types import FloatArray, IntArray
from ._allen_layout import as_text, field, opened

__all__ = ["AllenLFPFile"]


class AllenLFPFile:
    """Reads the local fields and the current source density of one probe.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def identifier(self) -> str:
        """Identifier of the file: the number of the probe, as text. Raises as `AllenSessionFile.identifier`."""
        with opened(self.path) as file:
            if "identifier" not in file:
                msg = f"{self.path} has no identifier; it is no NWB file, or it is damaged."
                raise KeyError(msg)
            return as_text(file["identifier"][()])

    def lfp_axes(self) -> tuple[FloatArray, IntArray, np.dtype]:
        """Times (s), ids of the channels, and in what type samples are stored.

        Raises
        ------
        KeyError
            If the file holds no local fields.
        """
        with opened(self.path) as file:
            series = self._lfp_series(file)
            electrodes = np.asarray(file["general/extracellular_ephys/electrodes/id"][()], dtype=np.int64)
            rows = np.asarray(series["electrodes"][()], dtype=np.int64)
            return np.asarray(series["timestamps"][()]), electrodes[rows], series["data"].dtype

    def lfp_samples(self, key: tuple[Any, ...]) -> np.ndarray:
        """Some samples (V) of those of shape (time, channel), and no others are read.

        Parameters
        ----------
        key
            An integer or a slice for each axis, or an ascending array for one of them. Raises as `lfp_axes`.
        """
        with opened(self.path) as file:
            return np.asarray(self._lfp_series(file)["data"][key])

    def _lfp_series(self, file: Any) -> Any:
        series = _first_series(file.get("acquisition"), "_lfp")
        if series is None:
            msg = f"{self.path} holds no local field potentials (/acquisition/probe_<id>_lfp)."
            raise KeyError(msg)
        return series

    def csd(self) -> tuple[FloatArray, np.ndarray, FloatArray, FloatArray]:
        """Times (s), samples of shape (time, channel) (V/cm²), vertical and horizontal positions of the channels.

        Raises
        ------
        KeyError
            If the file holds no current source density.
        """
        with opened(self.path) as file:
            home = file.get("processing/current_source_density")
            series = _first_series(home, "")
            if series is None:
                msg = f"{self.path} holds no current source density (/processing/current_source_density)."
                raise KeyError(msg)
            where = (field(series.parent, f"virtual_electrode_{axis}_positions", np.empty(0)) for axis in "yx")
            return np.asarray(series["timestamps"][()]), np.asarray(series["data"][()]), *map(np.asarray, where)


def _first_series(home: Any, ending: str) -> Any:
    """The first series inside a group of `home` whose name ends so, or None."""
    import h5py

    for name, group in home.items() if home is not None else ():
        for inner in group.values() if name.endswith(ending) else ():
            if isinstance(inner, h5py.Group) and "data" in inner and "timestamps" in inner:
                return inner
    return None
