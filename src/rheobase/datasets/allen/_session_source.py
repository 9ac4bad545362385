"""Where a session's data come from: one session file, files of local fields, and what the project adds to them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._types import FloatArray, IntArray
from ...containers._warn import warn_user
from ...io._allen_lfp import AllenLFPFile
from ...io._allen_session import AllenSessionFile
from ._tables import UnitFilter

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EcephysNwbSessionApi"]

_OLDEST = (2, 2, 2)
"""Version of NWB from which released files date."""


class EcephysNwbSessionApi:
    """A session file on disk, and how it is read.

    Parameters
    ----------
    path : path-like
        The session's NWB file.
    probe_lfp_paths : mapping, optional
        Probe id to the file of its local fields, or to a function without arguments that gives the file (its path, or
        an open `pynwb.NWBFile`).
    additional_unit_metrics : callable, optional
        Gives the project's table of analysis metrics of this session.
    external_channel_columns : callable, optional
        Gives columns, indexed by channel, that stand for those of the file.
    filter_by_validity : bool
    **unit_filter_kwargs
        Limits of unit quality: ``amplitude_cutoff_maximum`` (0.1), ``presence_ratio_minimum`` (0.95),
        ``isi_violations_maximum`` (0.5), ``filter_out_of_brain_units`` (True). None is no limit.

    Raises
    ------
    TypeError
        If there is a keyword of another name.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        probe_lfp_paths: Mapping[int, Any] | None = None,
        additional_unit_metrics: Callable[[], pd.DataFrame] | None = None,
        external_channel_columns: Callable[[], pd.DataFrame] | None = None,
        filter_by_validity: bool = True,
        **unit_filter_kwargs: Any,
    ) -> None:
        self.file = AllenSessionFile(Path(path))
        self.probe_lfp_paths = probe_lfp_paths
        self.additional_unit_metrics = additional_unit_metrics
        self.external_channel_columns = external_channel_columns
        self.unit_filter = UnitFilter.of({"filter_by_validity": filter_by_validity, **unit_filter_kwargs})

    def session_id(self) -> int:
        """Number of the session, read from the file.

        Raises
        ------
        ValueError
            If the identifier of the file is no number.
        """
        return int(self.file.identifier())

    def check_version(self) -> None:
        """Warn about a file that is older than all released ones."""
        version = self.file.nwb_version()
        numbers = [int(part) for part in version.partition("-")[0].split(".") if part.isdigit()]
        if numbers and tuple(numbers) < _OLDEST:
            warn_user(
                f"{self.file.path} was written in NWB {version}; released files are in 2.2.2 or later. "
                "If something is missing in it, download it again."
            )

    def spike_store(self) -> tuple[FloatArray, IntArray]:
        """Sorted spike times of every unit of the file, unit after unit, and offsets, shape (unit + 1,)."""
        times, offsets = self.file.spike_store()
        falls = np.flatnonzero(times[1:] < times[:-1]) + 1
        for unit in np.unique(np.searchsorted(offsets, falls[~np.isin(falls, offsets)], side="right") - 1):
            times[offsets[unit] : offsets[unit + 1]].sort()
        return times, offsets

    def lfp_file(self, probe_id: int) -> AllenLFPFile:
        """The file of local fields of a probe.

        Raises
        ------
        TypeError
            If there are no files of local fields.
        KeyError
            If there is none for this probe.
        """
        if self.probe_lfp_paths is None:
            msg = (
                "this session knows no files of local field potentials; open it through EcephysProjectCache, or hand "
                "api_kwargs={'probe_lfp_paths': {probe_id: path}} to from_nwb_path."
            )
            raise TypeError(msg)
        if probe_id not in self.probe_lfp_paths:
            msg = f"no local field potentials of probe {probe_id}; there are {sorted(self.probe_lfp_paths)}."
            raise KeyError(msg)
        found = self.probe_lfp_paths[probe_id]
        found = found() if callable(found) else found
        if not isinstance(found, str | os.PathLike):  # an open pynwb.NWBFile knows where it lies
            found = found.container_source
        return AllenLFPFile(Path(found))
