"""The part of a session about the animal, the rig, and what was measured beside spikes."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from ...containers._warn import warn_user
from . import _continuous
from ._session_stimuli import AbstractSessionStimuli

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["AbstractSessionInfo"]


class AbstractSessionInfo(AbstractSessionStimuli):
    """What a session says of itself, and its continuous measurements."""

    # ---- the session -----------------------------------------------------------------------------------------------

    @property
    def ecephys_session_id(self) -> int:
        """Number of the session."""
        return self._kept("session_id", self.api.session_id)

    def _info(self) -> dict[str, Any]:
        return self._kept("info", self.api.file.info)

    @property
    def session_start_time(self) -> datetime.datetime | None:
        """When the recording began, with its time zone."""
        text = self._info()["session_start_time"]
        return None if text is None else datetime.datetime.fromisoformat(text)

    @property
    def session_type(self) -> str | None:
        """Which set of stimuli was shown."""
        return self._info()["stimulus_notes"]

    @property
    def specimen_name(self) -> str | None:
        """Name of the animal."""
        return self._info()["specimen_name"]

    @property
    def age_in_days(self) -> float | None:
        """Age of the animal; from its ISO 8601 form (``P116D``) where the file has only that."""
        info = self._info()
        days, iso = info["age_in_days"], str(info["age"] or "")
        if days is None and iso.startswith("P") and iso.endswith("D") and iso[1:-1].isdigit():
            return float(iso[1:-1])
        return None if days is None else float(days)

    @property
    def sex(self) -> str | None:
        """Sex of the animal."""
        return self._info()["sex"]

    @property
    def full_genotype(self) -> str | None:
        """Genotype of the animal."""
        return self._info()["genotype"]

    @property
    def rig_equipment_name(self) -> str | None:
        """Name of the rig."""
        return (self._rig() or {}).get("equipment")

    @property
    def rig_geometry_data(self) -> pd.DataFrame | None:
        """Positions and rotations of screen, camera and lamp, rows ``x, y, z``."""
        import pandas as pd

        rig = self._rig()
        return None if rig is None else pd.DataFrame(rig["geometry"], index=["x", "y", "z"] if rig["geometry"] else [])

    def _rig(self) -> dict[str, Any] | None:
        return self._kept("rig", self.api.file.rig)

    @property
    def num_units(self) -> int:
        """Number of units that pass the filter."""
        return len(self.units)

    @property
    def num_probes(self) -> int:
        """Number of probes."""
        return len(self.probes)

    @property
    def num_channels(self) -> int:
        """Number of channels."""
        return len(self.channels)

    @property
    def num_stimulus_presentations(self) -> int:
        """Number of presentations."""
        return len(self.stimulus_presentations)

    @property
    def structure_acronyms(self) -> list[str]:
        """Structures in which channels lie, in the order of channels; out of brain is NaN."""
        return self.channels["ecephys_structure_acronym"].unique().tolist()

    @property
    def structurewise_unit_counts(self) -> pd.Series:
        """Number of units in each structure."""
        return self.units["ecephys_structure_acronym"].value_counts()

    @property
    def metadata(self) -> dict[str, Any]:
        """What identifies the session, and how much is in it."""
        names = (
            "specimen_name",
            "session_type",
            "full_genotype",
            "sex",
            "age_in_days",
            "rig_equipment_name",
            "rig_geometry_data",
            "ecephys_session_id",
            "session_start_time",
            "num_units",
            "num_channels",
            "num_probes",
            "num_stimulus_presentations",
            "stimulus_names",
            "structure_acronyms",
        )
        return {name: getattr(self, name) for name in names}

    def channel_structure_intervals(self, channel_ids: Any) -> tuple[list[str], np.ndarray]:
        """Runs of channels that lie in one structure.

        Parameters
        ----------
        channel_ids : sequence of int
            In the order in which they are looked at.

        Returns
        -------
        labels : list of str
            Structure of each run.
        boundaries : ndarray of int
            Where runs begin, and the number of channels; one more than labels.

        Raises
        ------
        KeyError
            If a channel does not exist.
        """
        ids = np.atleast_1d(channel_ids)
        unknown = ids[~np.isin(ids, self.channels.index)]
        if unknown.size:
            msg = f"no channels {unknown.tolist()[:10]} in this session (see session.channels)."
            raise KeyError(msg)
        chosen = self.channels.loc[ids]
        if chosen["probe_id"].nunique() > 1:
            warn_user(
                "channel_ids belong to several probes; neighbours in the list need not be neighbours in the brain."
            )
        labels = chosen["ecephys_structure_acronym"].fillna("").to_numpy(dtype=object)
        opens = np.flatnonzero(np.concatenate(([labels.size > 0], labels[1:] != labels[:-1])))
        return labels[opens].tolist(), np.concatenate((opens, [labels.size]))

    # ---- continuous measurements -----------------------------------------------------------------------------------

    @property
    def running_speed(self) -> pd.DataFrame:
        """``start_time``, ``end_time`` (s) and ``velocity`` (cm/s), one row per interval."""
        return self._kept("running_speed", lambda: _continuous.running_table(self.api.file))

    @property
    def optogenetic_stimulation_epochs(self) -> pd.DataFrame:
        """Optical stimulation: start, stop, duration (s), condition, level (V)."""
        return self._kept("optogenetics", lambda: _continuous.optogenetic_table(self.api.file))

    def get_pupil_data(self) -> pd.DataFrame | None:
        """Ellipses fitted to pupil, eye and corneal reflection, full height and width; None without eye tracking."""
        return _continuous.pupil_table(self.api.file)

    def get_screen_gaze_data(self, include_filtered_data: bool = False) -> pd.DataFrame | None:
        """Where on the screen the animal looked, and areas of eye and pupil; None without gaze mapping.

        Parameters
        ----------
        include_filtered_data : bool
            Add what remains when blinks are taken out.
        """
        return _continuous.gaze_table(self.api.file, include_filtered_data)

    def get_lfp(self, probe_id: int, mask_invalid_intervals: bool = True) -> xr.DataArray:
        """Local field potentials of a probe (V), dims ``time`` (s), ``channel``.

        Samples stay in the file until they are used: ``get_lfp(probe).sel(time=slice(10, 20))`` reads ten seconds.

        Parameters
        ----------
        probe_id : int
        mask_invalid_intervals : bool
            Put NaN where the data of this probe, or of all, are marked invalid, both ends included.

        Raises
        ------
        KeyError
            If there is no such probe.
        TypeError
            If the session knows no files of local fields.
        """
        file = self.api.lfp_file(probe_id)
        names = self.probes["description"].get(probe_id)
        labels = ["all_probes", names] if mask_invalid_intervals else []
        invalid = self._invalid_of(labels)
        return _continuous.lfp_array(file, *(invalid[n].to_numpy(dtype=float) for n in ("start_time", "stop_time")))

    def get_current_source_density(self, probe_id: int) -> xr.DataArray:
        """Current source density of a probe (V/cm²), dims ``virtual_channel_index``, ``time`` (s).

        Parameters
        ----------
        probe_id : int

        Raises
        ------
        KeyError
            If there is no such probe, or its file has none.
        TypeError
            If the session knows no files of local fields.
        """
        return _continuous.csd_array(self.api.lfp_file(probe_id))
