"""A small session whose every answer can be worked out by hand, in a file that pynwb writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rheobase.io._allen_write import AllenTables, write_allen_lfp, write_allen_session

SPIKES_901 = [0.5, 10, 10.05, 10.1, 12.02, 14.2, 20.1, 20.25, 20.6]

LFP_TIMES = [0.5, 1.0, 1.5, 2.5]


def tables(session_id: int = 1001) -> AllenTables:
    """Two probes, six channels, four units; flashes and natural scenes; two invalid intervals."""
    units = {
        "id": [901, 902, 903, 904],
        "peak_channel_id": [100, 101, 102, 103],
        "local_index": [0, 1, 2, 3],
        "quality": ["good", "good", "good", "noise"],
        "isi_violations": [0.1, 0.6, 0.1, 0.1],
        "amplitude_cutoff": [0.05] * 4,
        "presence_ratio": [0.99] * 4,
        "PT_ratio": [0.5] * 4,
        "l_ratio": [0.01] * 4,
    }
    electrodes = {
        "id": [100, 101, 102, 103, 104, 105],
        "probe_id": [11, 11, 11, 12, 12, 12],
        "local_index": [0, 1, 2, 0, 1, 2],
        "probe_vertical_position": [20, 40, 60, 20, 40, 60],
        "probe_horizontal_position": [43, 11, 59, 43, 11, 59],
        "location": ["VISp", "VISp", "None", "CA1", "DG-mo", "None"],
        "x": [1.0, 2.0, np.nan, 4.0, 5.0, 6.0],
        "y": [1.0] * 6,
        "z": [1.0] * 6,
        "filtering": ["none"] * 6,
        "valid_data": [True] * 6,
    }
    probes = {
        "id": [11, 12],
        "name": ["probeA", "probeB"],
        "sampling_rate": [30000.0, 30000.0],
        "lfp_sampling_rate": [1250.0, 1250.0],
        "has_lfp_data": [True, True],
    }
    flash_starts = np.array([10.0, 12.0, 14.0, 16.0])
    scene_starts = np.array([20.0, 20.25, 20.5, 20.75])
    presentations = {
        "spontaneous": {"start_time": [0.0], "stop_time": [10.0], "stimulus_name": ["spontaneous"]},
        "flashes": {
            "start_time": flash_starts,
            "stop_time": flash_starts + 0.25,
            "stimulus_name": ["flashes"] * 4,
            "stimulus_block": [0.0] * 4,
            "color": ["1.0", "-1.0", "1.0", "-1.0"],
            "contrast": [0.8] * 4,
            "colorSpace": ["rgb"] * 4,
        },
        "natural_scenes": {
            "start_time": scene_starts,
            "stop_time": scene_starts + 0.25,
            "stimulus_name": ["Natural Images"] * 4,
            "stimulus_block": [1.0] * 4,
            "Image": [3.0, 3.0, 5.0, -1.0],
        },
    }
    eye = {"center_x": [1.0, 2.0], "center_y": [3.0, 4.0], "width": [5.0, 6.0], "height": [7.0, 8.0]}
    eye |= {"phi": [0.1, 0.2], "timestamps": [0.0, 1.0]}
    area, screen = np.array([1.0, 2.0]), np.array([[10.0, 20.0], [11.0, 21.0]])
    gaze = {}
    for kind in ("raw", "filtered"):
        for name, values in (("eye_area", area), ("pupil_area", area), ("screen_coordinates", screen)):
            gaze[f"{kind}/{name}"] = ([0.0, 1.0], values)
        gaze[f"{kind}/screen_coordinates_spherical"] = ([0.0, 1.0], screen + 0.5)
    return AllenTables(
        session_id=session_id,
        probes=probes,
        electrodes=electrodes,
        units=units,
        spike_times=[SPIKES_901, [1.0, 13.0], [2.0], [3.0, 3.5, 4.0]],
        spike_amplitudes=[[1e-4] * 9, [2e-4] * 2, [3e-4], [4e-4] * 3],
        waveforms=[np.full((3, 82), unit, dtype=float) for unit in (1, 2, 3, 4)],
        presentations=presentations,
        invalid_times={
            "start_time": [16.1, 1.0],
            "stop_time": [16.2, 2.0],
            "tags": [["EcephysSession", str(session_id), "stimulus"], ["EcephysProbe", "11", "probeA"]],
        },
        optogenetics={
            "start_time": [30.0, 31.0],
            "stop_time": [30.01, 32.0],
            "condition": ["a single square pulse", "half-period of a cosine wave"],
            "level": [1.0, 2.5],
            "stimulus_name": ["pulse", "raised_cosine"],
            "duration": [0.01, 1.0],
        },
        running=([0.0, 0.1], [0.1, 0.2], [5.0, -1.0]),
        ellipses=dict.fromkeys(("pupil", "eye", "cr"), eye),
        gaze=gaze,
        subject={"specimen_name": "Mouse-1", "age_in_days": 116.0, "age": "P116D", "sex": "M", "genotype": "wt/wt"},
    )


def write_session(path: Path, session_id: int = 1001) -> Path:
    """The session's file."""
    write_allen_session(path, tables(session_id))
    return path


def write_lfp(path: Path, probe_id: int = 11) -> Path:
    """Local fields of three channels of a probe, and their current source density."""
    electrodes = {name: values[:3] for name, values in tables().electrodes.items()}
    electrodes["probe_id"] = [probe_id] * 3
    samples = np.arange(12, dtype=np.float32).reshape(4, 3)
    csd = ([-0.1, 0.0], np.arange(6.0).reshape(2, 3), [20, 40, 60], [24, 24, 24])
    write_allen_lfp(path, probe_id, electrodes, LFP_TIMES, samples, csd)
    return path
