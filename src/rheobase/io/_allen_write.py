"""Write a session, or the local fields of a probe, in the layout of the Allen Institute's recordings, by pynwb."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ._nwb_write import vector, vector_and_index

__all__ = ["AllenTables", "write_allen_lfp", "write_allen_session"]

Table = Mapping[str, Any]
"""Columns of equal length by name; `id` stands for the rows' numbers."""

START = datetime.datetime(2019, 1, 8, 21, 26, 7, tzinfo=datetime.UTC)
"""When simulated sessions began."""


@dataclass(frozen=True)
class AllenTables:
    """What stands in a session file; parts that are left empty are not written.

    Attributes
    ----------
    session_id : int
    session_type : str
    probes, electrodes, units : mapping of str to sequence
        Columns. Probes: ``id, name``, and where known ``sampling_rate, lfp_sampling_rate, has_lfp_data, location``.
        Electrodes: ``id, probe_id, location`` and any others. Units: ``id, peak_channel_id, quality`` and metrics.
    spike_times : sequence of ndarray
        One sorted array per unit, seconds.
    spike_amplitudes : sequence of ndarray
        As many (V).
    waveforms : sequence of ndarray
        One array per unit, shape (channel of its probe, sample).
    presentations : mapping of str to table
        By stimulus: ``start_time, stop_time, stimulus_name, stimulus_block`` and its parameters.
    invalid_times, optogenetics : table
        ``start_time, stop_time, tags``; ``start_time, stop_time, condition, level, stimulus_name, duration``.
    running : tuple of ndarray
        Starts, ends (s), velocities (cm/s).
    ellipses : mapping of str to table
        ``pupil``, ``eye`` and ``cr``: ``center_x, center_y, width, height, phi, timestamps``.
    gaze : mapping of str to (ndarray, ndarray)
        Times and samples by ``raw/eye_area`` and the like.
    subject : mapping
    """

    session_id: int
    session_type: str = "brain_observatory_1.1"
    probes: Table = field(default_factory=dict)
    electrodes: Table = field(default_factory=dict)
    units: Table = field(default_factory=dict)
    spike_times: Any = ()
    spike_amplitudes: Any = ()
    waveforms: Any = ()
    presentations: Mapping[str, Table] = field(default_factory=dict)
    invalid_times: Table = field(default_factory=dict)
    optogenetics: Table = field(default_factory=dict)
    running: tuple[Any, Any, Any] | None = None
    ellipses: Mapping[str, Table] = field(default_factory=dict)
    gaze: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    subject: Mapping[str, Any] = field(default_factory=dict)


def write_allen_session(path: Path, tables: AllenTables) -> None:
    """Write a session file."""
    nwb = _new_file(str(tables.session_id), tables.session_type)
    _add_subject(nwb, tables.subject)
    groups = _add_probes(nwb, tables.probes)
    _add_electrodes(nwb, tables.electrodes, tables.probes, groups)
    if tables.units:
        _add_units(nwb, tables)
    for name, table in tables.presentations.items():
        nwb.add_time_intervals(_intervals(f"{name}_presentations", table))
    if tables.invalid_times:
        nwb.invalid_times = _intervals("invalid_times", tables.invalid_times)
    _add_behaviour(nwb, tables)
    _save(path, nwb)
    _add_extension_fields(path, tables)


def write_allen_lfp(
    path: Path,
    probe_id: int,
    electrodes: Table,
    times: Any,
    samples: Any,
    csd: tuple[Any, Any, Any, Any] | None = None,
) -> None:
    """Write a file of local fields.

    Parameters
    ----------
    path : Path
    probe_id : int
    electrodes : table
        The channels that were kept.
    times, samples : array_like
        Seconds, and shape (time, channel), V.
    csd : tuple of array_like, optional
        Times, samples (time, channel), vertical and horizontal positions of the channels.
    """
    import h5py
    import pynwb

    nwb = _new_file(str(probe_id), "")
    groups = _add_probes(nwb, {"id": [probe_id], "name": ["probe"]})
    _add_electrodes(nwb, electrodes, {"id": [probe_id], "name": ["probe"]}, groups)
    rows = list(range(len(electrodes["id"])))
    home = pynwb.ecephys.LFP(name=f"probe_{probe_id}_lfp")
    nwb.add_acquisition(home)  # before its series, which refers to the file's electrodes
    series = pynwb.ecephys.ElectricalSeries(
        name=f"probe_{probe_id}_lfp_data",
        data=np.asarray(samples),
        timestamps=np.asarray(times, dtype=float),
        electrodes=nwb.create_electrode_table_region(rows, "channels of this file"),
    )
    home.add_electrical_series(series)
    _save(path, nwb)
    if csd is not None:
        with h5py.File(path, "a") as file:
            group = file.create_group("processing/current_source_density/ecephys_csd")
            for name, values in zip(("timestamps", "data"), csd[:2]):
                group.create_dataset(f"current_source_density/{name}", data=np.asarray(values))
            for axis, values in zip("yx", csd[2:]):
                group.create_dataset(f"virtual_electrode_{axis}_positions", data=np.asarray(values, dtype=float))


def _new_file(identifier: str, notes: str) -> Any:
    import pynwb

    return pynwb.NWBFile(
        session_description="a recording in the layout of the Visual Coding Neuropixels sessions",
        identifier=identifier,
        session_id=identifier,
        session_start_time=START,
        stimulus_notes=notes or None,
    )


def _add_subject(nwb: Any, subject: Mapping[str, Any]) -> None:
    import pynwb

    known = {k: v for k, v in subject.items() if k in ("sex", "genotype", "subject_id", "species", "age", "strain")}
    nwb.subject = pynwb.file.Subject(**known)


def _add_probes(nwb: Any, probes: Table) -> dict[int, Any]:
    """Device and group of every probe; groups by the number of the probe."""
    groups = {}
    locations = probes.get("location", [""] * len(probes.get("id", ())))
    for number, name, location in zip(probes.get("id", ()), probes.get("name", ()), locations):
        device = nwb.create_device(name=str(name), description="Neuropixels probe")
        groups[int(number)] = nwb.create_electrode_group(
            name=str(name), description=str(name), location=str(location), device=device
        )
    return groups


def _add_electrodes(nwb: Any, electrodes: Table, probes: Table, groups: dict[int, Any]) -> None:
    names = dict(zip(map(int, probes.get("id", ())), probes.get("name", ())))
    own = [name for name in electrodes if name not in ("id", "location", "x", "y", "z", "filtering")]
    for name in own:
        nwb.add_electrode_column(name=name, description=name.replace("_", " "))
    for row, number in enumerate(electrodes.get("id", ())):
        probe = int(electrodes["probe_id"][row])
        values = {name: _plain(electrodes[name][row]) for name in electrodes if name != "id"}
        nwb.add_electrode(id=int(number), group=groups[probe], group_name=str(names[probe]), **values)


def _add_units(nwb: Any, tables: AllenTables) -> None:
    from pynwb.misc import Units

    columns = _vectors(tables.units)
    for name, trains in (("spike_times", tables.spike_times), ("spike_amplitudes", tables.spike_amplitudes)):
        if len(trains):
            flat = np.concatenate([np.asarray(train, dtype=float) for train in trains])
            columns += vector_and_index(name, name.replace("_", " "), flat, np.cumsum([len(train) for train in trains]))
    nwb.units = Units(name="units", description="sorted units", columns=columns, id=np.asarray(tables.units["id"]))


def _vectors(table: Table) -> list[Any]:
    """Columns of a table other than ``id``; one of lists becomes a ragged one."""
    vectors: list[Any] = []
    for name, values in table.items():
        if name == "id":
            continue
        text = name.replace("_", " ")
        if len(values) and isinstance(values[0], list):
            flat = [item for row in values for item in row]
            vectors += vector_and_index(name, text, flat, np.cumsum([len(row) for row in values]))
        else:
            data = np.asarray(values)
            vectors.append(vector(name, text, data.tolist() if data.dtype.kind in "OU" else data))
    return vectors


def _plain(value: Any) -> Any:
    """A NumPy scalar as pynwb likes it."""
    return value.item() if isinstance(value, np.generic) else value


def _intervals(name: str, table: Table) -> Any:
    from pynwb.epoch import TimeIntervals

    ids = np.arange(len(table["start_time"]))
    return TimeIntervals(name=name, description=name.replace("_", " "), columns=_vectors(table), id=ids)


def _add_behaviour(nwb: Any, tables: AllenTables) -> None:
    if tables.running is not None:
        starts, ends, speed = (np.asarray(part, dtype=float) for part in tables.running)
        module = nwb.create_processing_module("running", "running speed")
        module.add(_series("running_speed", speed, starts, "cm/s"))
        module.add(_series("running_speed_end_times", np.full(ends.size, np.nan), ends, "none"))
    if tables.optogenetics:
        module = nwb.create_processing_module("optotagging", "optical stimulation")
        module.add(_intervals("optogenetic_stimulation", tables.optogenetics))
    if tables.ellipses:
        module = nwb.create_processing_module("eye_tracking", "ellipses fitted to the eye")
        for name, table in tables.ellipses.items():
            module.add(_dynamic_table(f"{name}_ellipse_fits", table))
    for place, (times, samples) in tables.gaze.items():
        kind, _, name = place.partition("/")
        module_name = f"{kind}_gaze_mapping"
        if module_name not in nwb.processing:
            nwb.create_processing_module(module_name, "gaze on the screen")
        nwb.processing[module_name].add(_series(name, np.asarray(samples, dtype=float), times, "cm"))


def _series(name: str, data: Any, times: Any, unit: str) -> Any:
    import pynwb

    return pynwb.TimeSeries(name=name, data=data, timestamps=np.asarray(times, dtype=float), unit=unit)


def _dynamic_table(name: str, table: Table) -> Any:
    from hdmf.common import DynamicTable

    return DynamicTable(name=name, description=name.replace("_", " "), columns=_vectors(table))


def _save(path: Path, nwb: Any) -> None:
    import pynwb

    path.parent.mkdir(parents=True, exist_ok=True)
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(nwb)


def _add_extension_fields(path: Path, tables: AllenTables) -> None:
    """Fields and columns that stock pynwb has no place for, where the extension of the released files puts them."""
    import h5py

    probes = tables.probes
    with h5py.File(path, "a") as file:
        for row, name in enumerate(probes.get("name", ())):
            group = file[f"general/extracellular_ephys/{name}"]
            for key in ("probe_id", "lfp_sampling_rate", "has_lfp_data"):
                source = "id" if key == "probe_id" else key
                if source in probes:
                    group.attrs[key] = probes[source][row]
            device = file[f"general/devices/{name}"]
            device.attrs["probe_id"] = probes["id"][row]
            if "sampling_rate" in probes:
                device.attrs["sampling_rate"] = probes["sampling_rate"][row]
        for key in ("specimen_name", "age_in_days"):
            if key in tables.subject:
                file["general/subject"].attrs[key] = tables.subject[key]
        if len(tables.waveforms):  # a column that pynwb would not let have its own number of channels
            rows = np.concatenate([np.asarray(w, dtype=float) for w in tables.waveforms])
            ends = np.cumsum([len(w) for w in tables.waveforms]).astype(np.uint32)
            file["units"].create_dataset("waveform_mean", data=rows)
            file["units"].create_dataset("waveform_mean_index", data=ends)
