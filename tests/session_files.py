"""Folders as spike sorters and calcium pipelines leave them, small, and the NWB file that may lie in them."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path

import numpy as np

STARTS, STOPS, TAGS = [0.0, 10.0, 20.0], [10.0, 20.0, 30.0], ["wake", "sleep", "wake"]
SPIKES = {0: np.array([0.5, 1.5, 12.0, 29.0]), 1: np.array([2.0, 21.0]), 2: np.array([11.0, 11.5, 40.0])}
TIMES = np.arange(0, 30, 0.5)
N_CELLS, N_FRAMES = 5, 40
IS_CELL = np.array([[1.0, 0.9], [0.0, 0.2], [1.0, 0.8], [1.0, 0.7], [0.0, 0.1]])
TRACES = {
    name: np.random.default_rng(k).normal(size=(N_CELLS, N_FRAMES)) for k, name in enumerate(("F", "Fneu", "spks"))
}
MASKS = np.random.default_rng(9).random((N_CELLS, 6, 7))


# ---- NWB


def write_nwb(folder: Path, *parts) -> Path:
    """`pynapplenwb/<name>.nwb` in a session folder, with what `parts` add to it."""
    import pynwb

    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    nwb = pynwb.NWBFile(session_description="d", identifier="i", session_start_time=start)
    for part in parts:
        part(nwb)
    path = folder / "pynapplenwb" / f"{folder.name}.nwb"
    path.parent.mkdir(parents=True)
    with pynwb.NWBHDF5IO(path, "w") as io:
        io.write(nwb)
    return path


def add_epochs(nwb) -> None:
    for start, stop, tag in zip(STARTS, STOPS, TAGS):
        nwb.add_epoch(start_time=start, stop_time=stop, tags=[tag])


def add_position(nwb) -> None:
    from pynwb.behavior import CompassDirection, Position, SpatialSeries
    from pynwb.epoch import TimeIntervals

    position, compass = Position(name="Position"), CompassDirection(name="CompassDirection")
    for name, container in (("ry", compass), ("x", position), ("z", position)):
        container.add_spatial_series(
            SpatialSeries(
                name=name,
                data=TIMES * len(name) + ord(name[0]),
                timestamps=TIMES,
                unit="radians" if container is compass else "meters",
                reference_frame="none",
            )
        )
    nwb.add_acquisition(position)
    nwb.add_acquisition(compass)
    support = TimeIntervals(name="position_time_support", description="support")
    support.add_interval(start_time=0.0, stop_time=29.5)
    nwb.add_time_intervals(support)


def add_units(nwb, location="adn") -> None:
    nwb.add_unit_column("location", "where")
    nwb.add_unit_column("group", "shank")
    for unit, times in SPIKES.items():
        nwb.add_unit(id=unit, spike_times=times, location=location, group=unit % 2)


def _plane(nwb):
    from pynwb.ophys import OpticalChannel

    channel = OpticalChannel(name="c", description="d", emission_lambda=500.0)
    return nwb.create_imaging_plane(
        name="plane", optical_channel=channel, description="d", device=nwb.create_device(name="scope"),
        excitation_lambda=600.0, indicator="GCaMP", location="V1", imaging_rate=20.0,
    )  # fmt: skip


def add_miniscope(nwb) -> None:
    """Traces and footprints as those of CNMF-E are kept."""
    from pynwb.ophys import Fluorescence, ImageSegmentation, RoiResponseSeries

    ophys, segmentation = nwb.create_processing_module("ophys", "d"), ImageSegmentation()
    regions = segmentation.create_plane_segmentation(
        name="PlaneSegmentation", description="d", imaging_plane=_plane(nwb)
    )
    for mask in MASKS:
        regions.add_roi(image_mask=mask)
    ophys.add(segmentation)
    made = Fluorescence()
    ophys.add(made)
    rois = regions.create_roi_table_region(region=list(range(N_CELLS)), description="all")
    series = RoiResponseSeries(
        name="RoiResponseSeries", data=TRACES["F"].T, rois=rois, unit="lumens", timestamps=np.arange(N_FRAMES) / 20
    )
    made.add_roi_response_series(series)


def add_suite2p(nwb, planes=(0,), time_first=False) -> None:
    from pynwb.ophys import Fluorescence, ImageSegmentation, RoiResponseSeries, TwoPhotonSeries

    plane = _plane(nwb)
    nwb.add_acquisition(
        TwoPhotonSeries(
            name="TwoPhotonSeries", imaging_plane=plane, unit="n", rate=20.0, dimension=[6, 7], data=np.zeros((2, 6, 7))
        )
    )  # fmt: skip
    ophys, segmentation = nwb.create_processing_module("ophys", "d"), ImageSegmentation()
    regions = segmentation.create_plane_segmentation(name="PlaneSegmentation", description="d", imaging_plane=plane)
    of = plane_of(planes)
    for cell in range(N_CELLS):
        pixels = [(cell, cell + 1, 0.5), (cell + 1, cell + 2, 0.25)]
        if len(planes) > 1:
            regions.add_roi(voxel_mask=[(x, y, of[cell], w) for x, y, w in pixels])
        else:
            regions.add_roi(pixel_mask=pixels)
    regions.add_column(name="iscell", description="two columns", data=IS_CELL)
    ophys.add(segmentation)
    for name, key in (("Fluorescence", "F"), ("Neuropil", "Fneu"), ("Deconvolved", "spks")):
        made = Fluorescence(name=name)
        ophys.add(made)
        for number in planes:
            rows = np.flatnonzero(of == number)
            data = TRACES[key][rows].T if time_first else TRACES[key][rows]
            region = regions.create_roi_table_region(region=rows.tolist(), description="rows")
            made.add_roi_response_series(
                RoiResponseSeries(
                    name=f"plane{number}" if len(planes) > 1 else name,
                    data=data, rois=region, unit="lumens", rate=20.0, starting_time=0.0,
                )
            )  # fmt: skip


def plane_of(planes) -> np.ndarray:
    """Plane of each region."""
    return np.sort(np.resize(planes, N_CELLS))


# ---- the pipelines' own files


def write_phy(folder: Path) -> Path:
    folder.mkdir()
    (folder / "params.py").write_text(
        "import os\ndat_path = 'raw.dat'\nn_channels_dat = 2\ndtype = 'int16'\noffset = 0\n"
        "sample_rate = 20000.\nhp_filtered = os.name == 'x'\n"
    )
    np.zeros((200_000, 2), np.int16).tofile(folder / "raw.dat")
    np.save(folder / "spike_times.npy", np.array([[2000], [4000], [6000], [8000], [10000]], dtype=np.uint64))
    np.save(folder / "spike_clusters.npy", np.array([7, 3, 7, 5, 3], dtype=np.int32))
    (folder / "cluster_info.tsv").write_text(
        "cluster_id\tKSLabel\tdepth\tgroup\tsh\tnote\n3\tmua\t10.5\tgood\t1\ta\n5\tgood\t20\tnoise\t0\t\n"
        "7\tgood\t\t\t0\tb\n"
    )
    return folder


def write_suite2p(folder: Path, planes=(0,)) -> Path:
    """Folders `suite2p/plane<n>`, each with its share of the regions."""
    of = plane_of(planes)
    for number in planes:
        plane = folder / "suite2p" / f"plane{number}"
        plane.mkdir(parents=True)
        rows = of == number
        for name, values in TRACES.items():
            np.save(plane / f"{name}.npy", values[rows])
        np.save(plane / "iscell.npy", IS_CELL[rows])
        np.save(plane / "ops.npy", np.array({"fs": 20.0, "Ly": 6, "Lx": 7}, dtype=object))
        stat = np.array([{"xpix": np.array([k]), "lam": np.ones(1)} for k in np.flatnonzero(rows)], dtype=object)
        np.save(plane / "stat.npy", stat)
    return folder


def write_matlab(folder: Path, version: str = "5", sparse: bool = False) -> Path:
    """The structure `neuron` of CNMF-E's save_neurons, as MATLAB 5 or 7.3 writes it."""
    folder.mkdir()
    A, C = MASKS.reshape(N_CELLS, -1).T, TRACES["F"]
    if version == "5":
        from scipy.io import savemat
        from scipy.sparse import csc_matrix

        savemat(folder / "neuron.mat", {"neuron": {"A": csc_matrix(A) if sparse else A, "C": C, "Fs": 20.0}, "x": 1.0})
        return folder
    import h5py

    with h5py.File(folder / "neuron.mat", "w", userblock_size=512) as file:
        neuron = file.create_group("neuron")
        neuron["C"], neuron["Fs"] = C.T, np.array([[20.0]])  # MATLAB counts axes the other way round
        if sparse:
            from scipy.sparse import csc_matrix

            packed = csc_matrix(A)
            group = neuron.create_group("A")
            group["data"], group["ir"], group["jc"] = packed.data, packed.indices, packed.indptr
            group.attrs["MATLAB_sparse"] = np.uint64(A.shape[0])
        else:
            neuron["A"] = A.T
        file["x"] = np.zeros((1, 1))
    return folder


def write_inscopix(folder: Path, tiffs: bool = True) -> Path:
    folder.mkdir()
    with open(folder / "x_traces.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["", *(f" C{k}" for k in range(N_CELLS))])
        rows.writerow(["Time(s)/Cell Status", *(" accepted" if cell else " rejected" for cell in IS_CELL[:, 0])])
        rows.writerows([k / 20, *row] for k, row in enumerate(TRACES["F"].T.tolist()))
    for k in range(N_CELLS if tiffs else 0):
        (folder / f"x_C{k}.tiff").write_text(str(k))
    return folder


def write_minian(folder: Path) -> Path:
    import zarr

    for name, values in (("A", MASKS), ("C", TRACES["F"])):
        zarr.open(str(folder / "minian" / f"{name}.zarr"), mode="w")[name] = values
    return folder
