"""A synthetic session file in the layout of the Visual Coding Neuropixels recordings, with tuned units."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .._types import FloatArray
from ..io._allen_write import AllenTables, write_allen_lfp, write_allen_session

__all__ = ["simulate_session"]

_PROBES = {"probeA": (("VISp", "CA1"), 810755797), "probeB": (("VISl", "LGd"), 810755799)}
"""Structures that each probe passes, from its top, and its number."""

_CHANNELS = 24
"""Channels per probe; the uppermost two lie out of the brain."""

_IMAGES = np.arange(-1, 8)
"""Natural scenes that are shown; -1 is a blank screen."""

_DIRECTIONS = np.arange(0.0, 360.0, 45.0)
"""Directions in which gratings drift, degrees."""


def simulate_session(
    path: str | os.PathLike,
    *,
    n_units: int = 40,
    n_repeats: int = 10,
    session_id: int = 1001,
    seed: int = 0,
    lfp: bool = False,
) -> Path:
    """Write a session file whose units respond to flashes, drifting gratings and natural scenes.

    Spikes are Poisson; rates are constant during each presentation, and depend on the luminance of a flash, on the
    direction of a grating and on the number of an image. One unit in five more is written that is noise or fails a
    limit of quality, so that filters have something to do.

    Parameters
    ----------
    path : path-like
        Where to write; folders are made, a file that is there is replaced.
    n_units : int
        Units that pass the filters by default.
    n_repeats : int
        How often each flash, direction and image is shown.
    session_id : int
    seed : int
    lfp : bool
        Write ``probe_<id>_lfp.nwb`` of each probe beside it.

    Returns
    -------
    Path
        The file; `rheobase.datasets.allen.EcephysSession.from_nwb_path` opens it.

    Raises
    ------
    ValueError
        If `n_units` or `n_repeats` is less than 1.
    """
    for name, value in (("n_units", n_units), ("n_repeats", n_repeats)):
        if value < 1:
            msg = f"{name} must be at least 1, got {value}."
            raise ValueError(msg)
    rng = np.random.default_rng(seed)
    path = Path(path)
    electrodes, probes = _electrodes(), _probes(lfp)
    units = _units(n_units, electrodes, rng)
    shown = _stimuli(n_repeats, rng)
    spikes = _spikes(_rates(shown, len(units["id"]), rng), shown, rng)
    end = shown.stop[-1]
    tables = AllenTables(
        session_id=session_id,
        probes=probes,
        electrodes=electrodes,
        units=units,
        spike_times=spikes,
        spike_amplitudes=[rng.gamma(9.0, 1e-5, train.size) for train in spikes],
        presentations=_presentation_tables(shown),
        running=_running(end, rng),
        ellipses=_eye(end, rng),
        subject={
            "specimen_name": "Simulated-000000",
            "age_in_days": 116.0,
            "age": "P116D",
            "sex": "M",
            "genotype": "wt/wt",
            "species": "Mus musculus",
            "subject_id": str(session_id),
        },
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_allen_session(path, tables)
    if lfp:
        for probe in probes["id"]:
            _write_lfp(path.parent / f"probe_{probe}_lfp.nwb", probe, electrodes, end, rng)
    return path


# ---- what was recorded from ----------------------------------------------------------------------------------------


def _probes(lfp: bool) -> dict[str, Any]:
    ids = [number for _, number in _PROBES.values()]
    same = {"sampling_rate": 29999.97, "lfp_sampling_rate": 1249.998, "has_lfp_data": lfp, "location": ""}
    return {"id": ids, "name": list(_PROBES)} | {name: [value] * len(ids) for name, value in same.items()}


def _electrodes() -> dict[str, Any]:
    """Channels of all probes, from the tip upwards."""
    rows: dict[str, list] = {}
    for number, (structures, probe) in enumerate(_PROBES.values()):
        for local in range(_CHANNELS):
            depth = (_CHANNELS - 3 - local) * len(structures) // (_CHANNELS - 2)
            row = {
                "id": 850_000_000 + 1000 * number + local,
                "probe_id": probe,
                "local_index": local,
                "probe_vertical_position": 20 * (local // 2 + 1),
                "probe_horizontal_position": (43, 11, 59, 27)[local % 4],
                "location": structures[depth] if depth >= 0 else "None",
                "x": 8000.0 + 10 * local,
                "y": 3000.0 - 20 * local,
                "z": 7000.0 + 5 * local,
                "filtering": "AP band: 500 Hz high-pass",
                "valid_data": True,
            }
            for name, value in row.items():
                rows.setdefault(name, []).append(value)
    return rows


def _units(n_good: int, electrodes: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Units that pass, then units that fail one limit each."""
    n = n_good + -(-n_good // 5)
    bad = np.arange(n) - n_good
    brain = [i for i, location in enumerate(electrodes["location"]) if location != "None"]
    peak = np.asarray(electrodes["id"])[rng.choice(brain, n)]
    return {
        "id": 951_000_000 + np.arange(n),
        "peak_channel_id": peak,
        "local_index": np.arange(n),
        "cluster_id": np.arange(n),
        "quality": np.where((bad >= 0) & (bad % 4 == 0), "noise", "good").astype(object),
        "isi_violations": np.where((bad >= 0) & (bad % 4 == 1), 2.0, rng.uniform(0, 0.4, n)),
        "amplitude_cutoff": np.where((bad >= 0) & (bad % 4 == 2), 0.4, rng.uniform(0, 0.09, n)),
        "presence_ratio": np.where((bad >= 0) & (bad % 4 == 3), 0.5, rng.uniform(0.96, 1.0, n)),
        "snr": rng.uniform(1, 6, n),
        "firing_rate": rng.uniform(1, 20, n),
        "PT_ratio": rng.uniform(0.2, 0.8, n),
        "waveform_duration": rng.uniform(0.1, 0.8, n),
        "l_ratio": rng.uniform(0, 0.1, n),
    }


# ---- what was shown, and what came of it ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Shown:
    """Everything on the clock, gaps included: stimulus ("" in a gap), its parameter, start and stop (s)."""

    name: np.ndarray
    value: FloatArray
    start: FloatArray
    stop: FloatArray


def _stimuli(n_repeats: int, rng: np.random.Generator) -> _Shown:
    parts: list[tuple[str, float, float]] = [("spontaneous", np.nan, 10.0)]
    for value in rng.permutation(np.repeat([1.0, -1.0], n_repeats)):
        parts += [("flashes", value, 0.25), ("", np.nan, 1.75)]
    for value in rng.permutation(np.repeat(_DIRECTIONS, n_repeats)):
        parts += [("drifting_gratings", value, 2.0), ("", np.nan, 1.0)]
    parts += [("natural_scenes", value, 0.25) for value in rng.permutation(np.repeat(_IMAGES, n_repeats))]
    parts.append(("spontaneous", np.nan, 10.0))
    names, values, durations = zip(*parts)
    stop = np.cumsum(durations)
    return _Shown(np.array(names), np.array(values, dtype=float), np.concatenate(([0.0], stop[:-1])), stop)


def _rates(shown: _Shown, n_units: int, rng: np.random.Generator) -> FloatArray:
    """Rate of each unit during each part, Hz, shape (unit, part)."""
    log_rate = np.repeat(np.log(rng.gamma(4.0, 1.5, (n_units, 1)) + 0.5), shown.start.size, axis=1)
    flash = rng.normal(0.8, 0.6, (n_units, 2))
    image = rng.normal(0.0, 1.0, (n_units, _IMAGES.size))
    image[:, 0] = 0.0
    preferred, depth = rng.uniform(0, 2 * np.pi, (n_units, 1)), rng.uniform(0.4, 1.5, (n_units, 1))
    is_flash, is_scene = shown.name == "flashes", shown.name == "natural_scenes"
    is_grating = shown.name == "drifting_gratings"
    log_rate[:, is_flash] += flash[:, (shown.value[is_flash] > 0).astype(int)]
    log_rate[:, is_scene] += image[:, shown.value[is_scene].astype(int) + 1]
    log_rate[:, is_grating] += depth * np.cos(np.deg2rad(shown.value[is_grating]) - preferred)
    return np.exp(np.minimum(log_rate, np.log(120.0)))


def _spikes(rates: FloatArray, shown: _Shown, rng: np.random.Generator) -> list[FloatArray]:
    duration = shown.stop - shown.start
    trains = []
    for rate in rates:
        count = rng.poisson(rate * duration)
        times = np.repeat(shown.start, count) + rng.uniform(size=count.sum()) * np.repeat(duration, count)
        trains.append(np.sort(times))
    return trains


def _presentation_tables(shown: _Shown) -> dict[str, dict[str, np.ndarray]]:
    parameters = {
        "spontaneous": lambda value: {},
        "flashes": lambda value: {"color": np.array([str(v) for v in value]), "contrast": np.full(value.size, 0.8)},
        "drifting_gratings": lambda value: {
            "orientation": value,
            "temporal_frequency": np.full(value.size, 2.0),
            "contrast": np.full(value.size, 0.8),
            "size": np.array(["[250.0, 250.0]"] * value.size),
        },
        "natural_scenes": lambda value: {"frame": value},
    }
    tables = {}
    for block, (name, columns_of) in enumerate(parameters.items()):
        own = shown.name == name
        table = {"start_time": shown.start[own], "stop_time": shown.stop[own], "stimulus_name": shown.name[own]}
        if name != "spontaneous":
            table["stimulus_block"] = np.full(own.sum(), float(block))
        tables[name] = table | columns_of(shown.value[own])
    return tables


# ---- what else was measured ----------------------------------------------------------------------------------------


def _running(end: float, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
    edges = np.arange(0.0, end, 0.1)
    speed = 15 * (1 + np.sin(2 * np.pi * edges[:-1] / 60)) + rng.normal(0, 1, edges.size - 1)
    return edges[:-1], edges[1:], speed


def _eye(end: float, rng: np.random.Generator) -> dict[str, dict[str, FloatArray]]:
    times = np.arange(0.0, end, 0.1)
    half = 12 + 3 * np.sin(2 * np.pi * times / 60) + rng.normal(0, 0.2, times.size)
    tables = {}
    for name, scale in (("pupil", 1.0), ("eye", 4.0), ("cr", 0.3)):
        centre = {"center_x": np.full(times.size, 300.0), "center_y": np.full(times.size, 240.0)}
        axes = {"width": half * scale, "height": half * scale, "phi": np.zeros(times.size)}
        tables[name] = centre | axes | {"timestamps": times}
    return tables


def _write_lfp(path: Path, probe: int, electrodes: dict[str, Any], end: float, rng: np.random.Generator) -> None:
    rows = [i for i, other in enumerate(electrodes["probe_id"]) if other == probe][::4]
    kept = {name: [values[i] for i in rows] for name, values in electrodes.items()}
    times = np.arange(0.0, min(end, 20.0), 1 / 1250.0)
    samples = 1e-4 * np.cumsum(rng.normal(0, 0.1, (times.size, len(rows))), axis=0).astype(np.float32)
    around = np.arange(-0.1, 0.25, 1 / 1250.0)
    csd = rng.normal(0, 1e-3, (around.size, len(rows)))
    places = (kept["probe_vertical_position"], kept["probe_horizontal_position"])
    write_allen_lfp(path, probe, kept, times, samples, (around, csd, *places))
