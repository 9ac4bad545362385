"""A session file of the Allen Institute's Neuropixels recordings: what stands where, as plain arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .._types import FloatArray, IntArray
from ._allen_layout import as_text, field, offsets_of, opened, read_table, read_values

__all__ = ["AllenSessionFile"]

_RAGGED = ("spike_times", "spike_amplitudes", "waveform_mean", "waveform_sd")
"""Columns of units that are read on their own."""

_ELLIPSES = {"corneal_reflection": "cr", "pupil": "pupil", "eye": "eye"}


class AllenSessionFile:
    """Reads one session file, part by part; opened at each read and closed after it.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    # ---- the recording ---------------------------------------------------------------------------------------------

    def identifier(self) -> str:
        """Identifier of the file: the number of the session, as text.

        Raises
        ------
        OSError
            If the file is no HDF5 file, or was cut short.
        KeyError
            If it has no identifier.
        """
        with opened(self.path) as file:
            if "identifier" not in file:
                msg = f"{self.path} has no identifier; it is no NWB file, or it is damaged."
                raise KeyError(msg)
            return as_text(file["identifier"][()])

    def nwb_version(self) -> str:
        """Version of the NWB schema that the file was written in; empty if it does not say."""
        with opened(self.path) as file:
            return as_text(field(file, "nwb_version", ""))

    def info(self) -> dict[str, Any]:
        """Start time, type of session, and subject; a field that the file lacks is None."""
        with opened(self.path) as file:
            subject = file.get("general/subject")
            names = ("specimen_name", "age_in_days", "genotype", "sex", "strain", "subject_id", "species", "age")
            found = {name: field(subject, name) for name in names}
            found["session_start_time"] = field(file, "session_start_time")
            notes = file.get("general/stimulus")
            found["stimulus_notes"] = None if notes is None else as_text(notes[()])
            return {key: as_text(v) if isinstance(v, np.ndarray) else v for key, v in found.items()}

    def rig(self) -> dict[str, Any] | None:
        """Equipment, and positions and rotations by name with their unit; None if the file does not say."""
        with opened(self.path) as file:
            group = file.get("processing/eye_tracking_rig_metadata/eye_tracking_rig_metadata")
            if group is None:
                return None
            geometry = {}
            for name in ("monitor_position", "camera_position", "led_position", "monitor_rotation", "camera_rotation"):
                if name in group:
                    unit = as_text(group[name].attrs.get("unit_of_measurement", group[name].attrs.get("unit", "")))
                    geometry[f"{name}_{unit}".rstrip("_")] = np.asarray(group[name][()], dtype=float)
            return {"equipment": field(group, "equipment"), "geometry": geometry}

    # ---- probes, channels, units -----------------------------------------------------------------------------------

    def probes(self) -> dict[str, np.ndarray]:
        """One row per probe: id, name, location, sampling rates (Hz), whether there is a file of local fields."""
        with opened(self.path) as file:
            home = file.get("general/extracellular_ephys")
            names = [] if home is None else [n for n in home if n != "electrodes" and "location" in _names(home[n])]
            by_name = _probe_ids(home)
            rows: dict[str, list] = {key: [] for key in _PROBE_COLUMNS}
            for number, name in enumerate(names):
                group = home[name]
                device = group.get("device")
                own = field(group, "probe_id", field(device, "probe_id"))
                rows["id"].append(int(own if own is not None else by_name.get(name, number)))
                rows["description"].append(name)
                rows["location"].append(as_text(field(group, "location", "")))
                rows["sampling_rate"].append(float(field(device, "sampling_rate", np.nan)))
                rows["lfp_sampling_rate"].append(float(field(group, "lfp_sampling_rate", np.nan)))
                rows["has_lfp_data"].append(bool(field(group, "has_lfp_data", False)))
            return {key: np.array(values, dtype=_PROBE_COLUMNS[key]) for key, values in rows.items()}

    def channels(self) -> dict[str, np.ndarray]:
        """One row per electrode; ``probe_id`` is there even where the file names only the group."""
        with opened(self.path) as file:
            group = file.get("general/extracellular_ephys/electrodes")
            if group is None:
                return {"id": np.empty(0, dtype=np.int64)}
            table = read_table(group)
            if "probe_id" not in table and "group_name" in table:
                known = _probe_ids(group.parent)
                table["probe_id"] = np.array([known.get(name, -1) for name in table["group_name"]], dtype=np.int64)
            return table

    def units(self) -> dict[str, np.ndarray]:
        """One row per unit of the file, noise included; columns with one value per unit."""
        with opened(self.path) as file:
            if "units" not in file:
                return {"id": np.empty(0, dtype=np.int64)}
            return read_table(file["units"], leave_out=_RAGGED)

    def spike_store(self, name: str = "spike_times") -> tuple[FloatArray, IntArray]:
        """Times (s), or amplitudes (V), of all spikes, unit after unit, and the offsets of units, shape (unit + 1,)."""
        with opened(self.path) as file:
            units = file.get("units")
            if units is None or name not in units:
                n_units = 0 if units is None else units["id"].shape[0]
                return np.empty(0), np.zeros(n_units + 1, dtype=np.int64)
            return np.asarray(units[name][()], dtype=float), offsets_of(units[f"{name}_index"])

    def waveforms(self, rows: list[int]) -> list[FloatArray]:
        """Mean waveform of the units in these rows of the table, each of shape (channel of its probe, sample)."""
        with opened(self.path) as file:
            units = file.get("units")
            if units is None or "waveform_mean" not in units:
                return [np.empty((0, 0)) for _ in rows]
            data = units["waveform_mean"]
            offsets = _waveform_offsets(units)
            if offsets is None:
                return [np.asarray(data[row], dtype=float).T for row in rows]
            return [np.asarray(data[offsets[row] : offsets[row + 1]], dtype=float) for row in rows]

    # ---- intervals -------------------------------------------------------------------------------------------------

    def presentations(self) -> list[dict[str, np.ndarray]]:
        """The table of every stimulus, in the order of their names."""
        with opened(self.path) as file:
            home = file.get("intervals")
            names = [] if home is None else [name for name in home if name.endswith("_presentations")]
            return [read_table(home[name], leave_out=("tags", "timeseries")) for name in names]

    def invalid_times(self) -> dict[str, np.ndarray]:
        """Start, stop (s) and tags (a list of three texts) of every interval that is marked invalid."""
        with opened(self.path) as file:
            table = file.get("intervals/invalid_times")
            return {} if table is None else read_table(table, leave_out=("timeseries",))

    def optogenetics(self) -> dict[str, np.ndarray]:
        """The table of optical stimulation; empty if there was none."""
        with opened(self.path) as file:
            table = file.get("processing/optotagging/optogenetic_stimulation")
            return {} if table is None else read_table(table, leave_out=("tags", "timeseries"))

    # ---- continuous ------------------------------------------------------------------------------------------------

    def running(self) -> tuple[FloatArray, FloatArray, FloatArray] | None:
        """Starts, ends (s) and velocities (cm/s) of the intervals of running; None if it was not measured."""
        with opened(self.path) as file:
            home = file.get("processing/running")
            if home is None or "running_speed" not in home:
                return None
            starts, ends = (home[f"{name}/timestamps"][()] for name in ("running_speed", "running_speed_end_times"))
            return np.asarray(starts), np.asarray(ends), np.asarray(home["running_speed/data"][()], dtype=float)

    def ellipses(self) -> dict[str, dict[str, np.ndarray]]:
        """Ellipse fits by what they fit; empty if the eye was not tracked."""
        with opened(self.path) as file:
            home = file.get("processing/eye_tracking")
            found = {} if home is None else {k: home.get(f"{v}_ellipse_fits") for k, v in _ELLIPSES.items()}
            return {name: read_table(table) for name, table in found.items() if table is not None}

    def gaze(self, kind: str) -> dict[str, tuple[FloatArray, FloatArray]]:
        """Times and samples of the ``raw`` or ``filtered`` gaze mapping; empty if there is none."""
        with opened(self.path) as file:
            home = file.get(f"processing/{kind}_gaze_mapping")
            names = [] if home is None else [name for name in home if "data" in home[name]]
            return {n: (np.asarray(home[n]["timestamps"][()]), read_values(home[n]["data"])) for n in names}


_PROBE_COLUMNS = {
    "id": np.int64,
    "description": object,
    "location": object,
    "sampling_rate": float,
    "lfp_sampling_rate": float,
    "has_lfp_data": bool,
}


def _names(group: Any) -> set[str]:
    """Attributes and members of a group."""
    return {*group.attrs, *group}


def _probe_ids(home: Any) -> dict[str, int]:
    """Number of each probe by the name of its group: from the group itself, or from the table of electrodes."""
    found: dict[str, int] = {}
    table = None if home is None else home.get("electrodes")
    if table is not None and "probe_id" in table and "group_name" in table:
        for name, number in zip(read_values(table["group_name"]), table["probe_id"][()]):
            found.setdefault(name, int(number))
    for position, name in enumerate(n for n in (home or ()) if n != "electrodes"):
        own = field(home[name], "probe_id")
        found[name] = int(own) if own is not None else found.get(name, position)
    return found


def _waveform_offsets(units: Any) -> IntArray | None:
    """Rows of ``waveform_mean`` per unit, shape (unit + 1,), through one or two indices; None where it has none."""
    if "waveform_mean_index" not in units:
        return None
    offsets = offsets_of(units["waveform_mean_index"])
    if "waveform_mean_index_index" in units:
        offsets = offsets[offsets_of(units["waveform_mean_index_index"])]
    return offsets
