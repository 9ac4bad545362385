"""Small NWB files that hold one object of every kind that the reader knows."""

from __future__ import annotations

import datetime
import warnings
from pathlib import Path

import numpy as np

SPIKES = {2: [0.5, 1.0, 4.0], 5: [2.0, 2.5], 9: [0.1, 3.0, 3.5, 9.0]}
"""Spike times (s) by row id of the units table."""


def write(path: Path, *fillers) -> Path:
    """Write a file whose content is added by `fillers`, functions of the open `pynwb.NWBFile`."""
    import pynwb

    nwb = new_file()
    with warnings.catch_warnings():  # pynwb warns of types and arguments that it will drop
        warnings.simplefilter("ignore")
        for fill in fillers:
            fill(nwb)
        with pynwb.NWBHDF5IO(path, "w") as io:
            io.write(nwb)
    return path


def new_file():
    import pynwb

    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    return pynwb.NWBFile(session_description="made for tests", identifier="test", session_start_time=start)


def add_units(nwb) -> None:
    """Three units: a number, a text, a ragged list and a waveform for each."""
    nwb.add_unit_column("depth", "depth of the unit (um)")
    nwb.add_unit_column("quality", "how good it is")
    nwb.add_unit_column("neighbours", "ids of units nearby", index=True)
    for k, (key, times) in enumerate(SPIKES.items()):
        nwb.add_unit(
            spike_times=times,
            depth=100.5 + k,
            quality=["good", "mua", "good"][k],
            neighbours=list(range(k + 1)),
            waveform_mean=np.full(4, float(k)),
            obs_intervals=[[0.0, 10.0]],
            id=key,
        )


def add_electrodes(nwb) -> list:
    """Two groups of two electrodes."""
    device = nwb.create_device("probe")
    groups = [
        nwb.create_electrode_group(name, description=name, location=where, device=device)
        for name, where in (("g0", "ca1"), ("g1", "adn"))
    ]
    nwb.add_electrode_column("shank", "number of the shank")
    for k in range(4):
        nwb.add_electrode(
            x=1.0 * k, y=0.5, z=2.0, imp=np.nan, location="ca1", filtering="none", group=groups[k // 2], shank=k
        )
    return groups


def add_electrode_units(nwb) -> None:
    """Units that point to electrode groups and to electrodes."""
    groups = add_electrodes(nwb)
    for k in range(3):
        nwb.add_unit(spike_times=[0.5 + k, 1.0 + k, 5.0], electrode_group=groups[k % 2], electrodes=[k], id=k)


def add_ragged_electrode_units(nwb) -> None:
    groups = add_electrodes(nwb)
    for k in range(3):
        nwb.add_unit(
            spike_times=[0.5 + k, 1.0 + k, 5.0], electrode_group=groups[k % 2], electrodes=list(range(k + 1)), id=k
        )


def add_electrical_series(nwb) -> None:
    import pynwb

    if nwb.electrodes is None:
        add_electrodes(nwb)
    region = nwb.create_electrode_table_region(region=[1, 3], description="two of four")
    data = np.arange(20, dtype=np.int16).reshape(10, 2)
    nwb.add_acquisition(
        pynwb.ecephys.ElectricalSeries(
            name="lfp",
            data=data,
            electrodes=region,
            rate=10.0,
            starting_time=2.0,
            conversion=2.0,
            offset=0.5,
            channel_conversion=[1.0, 10.0],
        )
    )


def add_series(nwb) -> None:
    """Series of one, two and three dimensions, by rate and by timestamps, with and without conversion."""
    import pynwb

    times = np.array([0.0, 0.5, 1.0, 4.0])
    nwb.add_acquisition(
        pynwb.TimeSeries(
            name="current", data=np.arange(4, dtype=np.int16), unit="A", timestamps=times, conversion=1e-12
        )
    )
    nwb.add_stimulus(
        pynwb.TimeSeries(name="plain", data=np.arange(5, dtype=np.float32), unit="V", rate=4.0, starting_time=1.0)
    )
    nwb.add_acquisition(
        pynwb.TimeSeries(name="table", data=np.arange(12.0).reshape(4, 3), unit="a.u.", timestamps=times)
    )
    nwb.add_acquisition(
        pynwb.TimeSeries(name="movie", data=np.arange(24.0).reshape(4, 3, 2), unit="a.u.", timestamps=times)
    )


def add_behavior(nwb) -> None:
    """Positions with two and three columns, and two series of one name in two places."""
    import pynwb

    module = nwb.create_processing_module("behavior", "tracking")
    position = pynwb.behavior.Position(name="Position")
    times = np.array([0.0, 1.0, 2.0])
    for name, n in (("xy", 2), ("xyz", 3)):
        position.create_spatial_series(
            name, data=np.arange(3.0 * n).reshape(3, n), reference_frame="room", timestamps=times
        )
    module.add(position)
    module.add(pynwb.TimeSeries(name="speed", data=np.arange(3.0), unit="m/s", timestamps=times))
    nwb.add_acquisition(pynwb.TimeSeries(name="speed", data=np.arange(3.0) + 10, unit="m/s", timestamps=times))


def add_same_path(nwb) -> None:
    """A series and a table of intervals with one name, both at the top."""
    import pynwb

    nwb.add_acquisition(pynwb.TimeSeries(name="ripples", data=np.arange(3.0), unit="s", rate=1.0))
    nwb.add_time_intervals(pynwb.epoch.TimeIntervals(name="ripples", description="d"))
    nwb.intervals["ripples"].add_interval(start_time=0.0, stop_time=1.0)


def add_intervals(nwb) -> None:
    """Epochs with ragged tags, trials with columns, and trials that overlap."""
    import pynwb

    nwb.add_epoch(0.0, 10.0, ["Noise 1", "noise"])
    nwb.add_epoch(12.0, 20.0, ["Noise 2", "noise"])
    nwb.add_epoch(30.0, 40.0, [])
    nwb.add_trial_column("choice", "left or right")
    nwb.add_trial(0.0, 1.0, choice="left")
    nwb.add_trial(2.0, 3.0, choice="right")
    overlap = pynwb.epoch.TimeIntervals(name="overlap", description="they overlap")
    overlap.add_column("n", "number")
    for k in range(3):
        overlap.add_interval(start_time=1.0 * k, stop_time=k + 1.5, n=k)
    nwb.add_time_intervals(overlap)


def add_events(nwb) -> None:
    """Annotations, and tables with columns of times."""
    import pynwb
    from hdmf.common import DynamicTable, VectorData

    nwb.add_acquisition(pynwb.misc.AnnotationSeries(name="notes", data=["a", "b"], timestamps=[1.0, 2.0]))
    columns = [
        VectorData(name=n, description=n, data=d) for n, d in (("lick_times", [1.0, 2.0]), ("reward_times", [3.0, 4.0]))
    ]
    nwb.add_scratch(DynamicTable(name="licks", description="d", columns=columns))
    one = [
        VectorData(name="lick_times", description="d", data=[1.0, 2.0]),
        VectorData(name="side", description="d", data=[0, 1]),
    ]
    nwb.add_scratch(DynamicTable(name="one", description="d", columns=one))


def add_rois(nwb) -> None:
    import pynwb

    device = nwb.create_device("scope")
    channel = pynwb.ophys.OpticalChannel(name="c", description="d", emission_lambda=500.0)
    plane = nwb.create_imaging_plane(
        name="p", optical_channel=channel, description="d", device=device, excitation_lambda=600.0,
        imaging_rate=30.0, indicator="GCaMP", location="V1",
    )  # fmt: skip
    module = nwb.create_processing_module("ophys", "o")
    masks = pynwb.ophys.ImageSegmentation()
    cells = masks.create_plane_segmentation(name="cells", description="d", imaging_plane=plane)
    cells.add_column("kind", "k")
    for k in range(3):
        cells.add_roi(image_mask=np.zeros((2, 2)), id=10 + k, kind="ab"[k % 2])
    module.add(masks)
    region = cells.create_roi_table_region(region=[0, 2], description="r")
    traces = pynwb.ophys.Fluorescence()
    traces.create_roi_response_series(
        name="dF", data=np.arange(8.0).reshape(4, 2), rois=region, unit="lumens", rate=30.0
    )
    module.add(traces)


ALL = (add_units, add_electrical_series, add_series, add_behavior, add_intervals, add_events, add_rois, add_same_path)
