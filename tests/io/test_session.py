"""Session folders: what is read from the NWB file, what from the pipeline's own files, and what is wrong with them."""

from __future__ import annotations

import sys
import types

import neurosuite_files
import numpy as np
import pytest

pynwb = pytest.importorskip("pynwb")

import session_files as files  # noqa: E402
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame  # noqa: E402
from rheobase.io import NWBFile, load_session  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:Some starts and ends are equal")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "session"


def cells():
    return np.flatnonzero(files.IS_CELL[:, 0] == 1)


# ---- epochs, tracking, and the NWB file


def test_epochs_and_position(folder):
    files.write_nwb(folder, files.add_epochs, files.add_position)
    session = load_session(str(folder))
    assert session.basename == "session"
    assert set(session.epochs) == {"wake", "sleep"}
    np.testing.assert_allclose(session.epochs["wake"].values, [[0, 10], [20, 30]])
    np.testing.assert_allclose(session.time_support.values, [[0, 30]])
    assert list(session.position.columns) == ["ry", "x", "z"]
    np.testing.assert_array_equal(session.position.t, files.TIMES)
    np.testing.assert_array_equal(session.position["x"].values, files.TIMES + ord("x"))
    np.testing.assert_array_equal(session.position.time_support.values, [[0, 29.5]])


def test_a_file_without_epochs_and_position(folder):
    files.write_nwb(folder)
    session = load_session(folder)
    assert (session.epochs, session.position, session.time_support) == ({}, None, None)


def test_tracking_that_shares_no_clock(folder):
    def add(nwb):
        position = pynwb.behavior.Position(name="Position")
        for name, times in (("x", [0.0, 1.0]), ("y", [1.0, 2.0])):
            series = pynwb.behavior.SpatialSeries(name=name, data=[5.0, 6.0], timestamps=times, reference_frame="n")
            position.add_spatial_series(series)
        nwb.add_acquisition(position)

    files.write_nwb(folder, add)
    np.testing.assert_array_equal(load_session(folder).position.values, [[5, np.nan], [6, 5], [np.nan, 6]])


def test_what_is_saved_comes_back_with_its_description(folder):
    files.write_nwb(folder, files.add_epochs)
    session = load_session(folder)
    rem = IntervalSet([1, 5], [2, 6])
    theta = Tsd(np.arange(20.0), np.arange(20.0), time_support=IntervalSet([0, 10], [5, 19]))
    session.save_nwb_intervals(rem, "rem", description="by hand, twice")
    session.save_nwb_timeseries(theta, "theta", description="of the hilus")
    session.save_nwb_timeseries(theta, "plain")
    np.testing.assert_array_equal(session.load_nwb_intervals("rem").values, rem.values)
    assert session.load_nwb_intervals("nrem") is None
    again = session.load_nwb_timeseries("theta")
    np.testing.assert_array_equal(again.values, theta.values)
    np.testing.assert_array_equal(again.time_support.values, theta.time_support.values)
    with NWBFile(session.nwbfilepath) as data:
        assert data.description("rem") == "by hand, twice"
        assert data.description("theta") == "of the hilus"
        assert data.description("plain") == "Tsd plain"
        assert data.nwb.intervals["rem"].description == "by hand, twice"
        with pytest.raises(KeyError, match="Did you mean 'rem'"):
            data.description("rim")
    with pytest.raises(KeyError, match="Can't find key 'phase'"):
        session.load_nwb_timeseries("phase")
    with pytest.raises(ValueError, match=r"\['rem'\] twice"):
        session.save_nwb_intervals(rem, "rem")
    with pytest.raises(TypeError, match="description of 'x' must be a text, got int"):
        session.save_nwb_intervals(rem, "x", description=3)


def test_a_series_that_a_script_of_pynapple_saved(folder):
    """It puts the support beside the series as epochs called <name>_timesupport."""

    def add(nwb):
        nwb.add_acquisition(pynwb.TimeSeries(name="theta", unit="s", data=np.arange(9.0), timestamps=np.arange(9.0)))
        support = pynwb.epoch.TimeIntervals(name="theta_timesupport", description="The time support of the object")
        for start, stop in ((0.0, 3.0), (6.0, 8.0)):
            support.add_interval(start_time=start, stop_time=stop)
        nwb.add_time_intervals(support)

    files.write_nwb(folder, add)
    theta = load_session(folder).load_nwb_timeseries("theta")
    np.testing.assert_array_equal(theta.t, [0, 1, 2, 3, 6, 7, 8])
    np.testing.assert_array_equal(theta.time_support.values, [[0, 3], [6, 8]])


def test_saving_makes_the_file_of_a_raw_session(folder):
    session = load_session(neurosuite_files.write(folder), "neurosuite")
    with pytest.raises(FileNotFoundError, match="No NWB file found in"):
        _ = session.nwbfilepath
    session.save_nwb_timeseries(Ts([1.0, 2.0]), "licks", "at the spout")
    assert session.nwbfilepath == folder / "pynapplenwb" / "session.nwb"
    np.testing.assert_array_equal(session.load_nwb_timeseries("licks").t, [1, 2])


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (None, "a session"), ("neurosuite", "a Neurosuite session"), ("phy", "a phy session"), ("suite2p", "suite2p"),
    ],
)  # fmt: skip
def test_folders_with_nothing_to_read(folder, kind, what):
    folder.mkdir()
    with pytest.raises(RuntimeError, match=rf"No NWB file found in .* does not hold the files of {what}"):
        load_session(folder, kind)


@pytest.mark.parametrize(
    ("kind", "what"),
    [("cnmfe-matlab", ".mat file with traces C"), ("inscopix-cnmfe", "_traces.csv"), ("minian", "C.zarr")],
)
def test_folders_without_calcium(folder, kind, what):
    folder.mkdir()
    with pytest.raises(RuntimeError, match=f"holds no .*{what}"):
        load_session(folder, kind)


def test_no_folder_and_no_such_kind(folder):
    with pytest.raises(AssertionError, match="session does not exist"):
        load_session(folder)
    folder.mkdir()
    with pytest.raises(ValueError, match=r"session_type 'neurosuit' is not known; one of .* Did you mean 'neurosuite'"):
        load_session(folder, "neurosuit")


# ---- spikes


@pytest.mark.parametrize("kind", ["neurosuite", "phy", "Phy"])
def test_units_of_the_nwb_file(folder, kind):
    files.write_nwb(folder, files.add_epochs, files.add_units)
    spikes = load_session(folder, kind).spikes
    assert list(spikes) == [0, 1, 2]
    np.testing.assert_array_equal(spikes[2].t, [11.0, 11.5])  # the epochs end at 30 s
    np.testing.assert_array_equal(spikes["group"], [0, 1, 0])
    assert list(spikes["location"]) == ["adn"] * 3
    assert set(spikes.metadata_columns) == {"rate", "group", "location"}


def test_no_location_is_no_column_and_no_units_are_none(folder, tmp_path):
    files.write_nwb(folder, lambda nwb: files.add_units(nwb, location=""))
    assert "location" not in load_session(folder, "phy").spikes.metadata_columns
    files.write_nwb(tmp_path / "other", files.add_epochs)
    assert load_session(tmp_path / "other", "neurosuite").spikes is None


def test_units_of_the_sorter_within_the_epochs_of_the_nwb_file(folder):
    neurosuite_files.write(folder)

    def add(nwb):
        nwb.add_epoch(start_time=0.0, stop_time=0.5, tags=["wake"])

    files.write_nwb(folder, add)
    session = load_session(folder, "neurosuite")
    assert [unit.t.tolist() for unit in session.spikes.values()] == [[0.4], [], [], [0.2, 0.4]]
    assert session.epochs["wake"].end[0] == 0.5


def test_neurosuite(folder):
    session = load_session(neurosuite_files.write(folder), "neurosuite")
    np.testing.assert_array_equal(session.spikes["group"], [1, 1, 2, 2])
    np.testing.assert_array_equal(session.spikes["cluster"], [2, 3, 2, 5])
    assert [unit.t.tolist() for unit in session.spikes.values()] == [[0.4, 1.5], [1.0], [0.6], [0.2, 0.4]]
    np.testing.assert_array_equal(session.spikes.time_support.values, [[0, neurosuite_files.N / 1250]])


def test_field_potentials(folder):
    session = load_session(neurosuite_files.write(folder), "neurosuite")
    np.testing.assert_array_equal(session.load_lfp().values, neurosuite_files.LFP)
    one = session.load_lfp(filename="session.eeg", channel=2, frequency=1000.0)
    np.testing.assert_array_equal(one.values, neurosuite_files.LFP[:, 2])
    assert one.t[1] == 1e-3
    for arguments in ({"extension": ".dat"}, {"filename": "other.eeg"}):
        with pytest.raises(RuntimeError, match=r"contains no (\.dat|other\.eeg) files"):
            session.load_lfp(**arguments)
    files.write_phy(folder.parent / "phy")
    (folder.parent / "phy" / "phy.xml").write_text(neurosuite_files.XML)
    assert load_session(folder.parent / "phy", "phy").load_lfp(extension=".dat").shape == (100_000, 4)


def test_epochs_for_neuroscope(folder):
    session = load_session(neurosuite_files.write(folder), "neurosuite")
    ripples = IntervalSet([1, 2.5], [1.25, 3])
    session.write_neuroscope_intervals(".rip.evt", ripples, "Ripples")
    assert (folder / "session.rip.evt").read_text().splitlines()[1] == "1250.000000\tRipples end"
    np.testing.assert_array_equal(session.read_neuroscope_intervals("rip").values, ripples.values)
    path = str(folder / "session.rip.evt")
    np.testing.assert_array_equal(session.read_neuroscope_intervals(path2file=path).values, ripples.values)
    with pytest.raises(ValueError, match="specify a valid path"):
        session.read_neuroscope_intervals()
    (folder / "session.odd.evt").write_text("1 a\n2 b\n3 a\n")
    with pytest.raises(ValueError, match="has 3 times; starts and ends in turn would make an even number"):
        session.read_neuroscope_intervals("odd")
    (folder / "session.odd.evt").write_text("start 1\n")
    with pytest.raises(ValueError, match="a line does not begin with a time in milliseconds"):
        session.read_neuroscope_intervals("odd")


@pytest.mark.parametrize(
    ("name", "content", "error", "match"),
    [
        ("session.clu.1", "4\n0\n2\n", ValueError, r"session\.clu\.1 has 2 spikes, and session\.res\.1 5"),
        ("session.res.2", "1\n2\nx\n", ValueError, r"session\.res\.2 holds more than whole numbers"),
        ("session.xml", "<parameters/>", RuntimeError, "does not say how many channels"),
        ("session.xml", "<param", RuntimeError, "is no Neurosuite parameter file"),
        (
            "session.xml", "<p><acquisitionSystem><nChannels>4</nChannels></acquisitionSystem></p>", ValueError,
            "does not state the sampling rate of spikes",
        ),
    ],
)  # fmt: skip
def test_damaged_neurosuite_files(folder, name, content, error, match):
    neurosuite_files.write(folder)
    (folder / name).write_text(content)
    with pytest.raises(error, match=match):
        load_session(folder, "neurosuite")


# ---- mean waveforms


@pytest.fixture
def recorded(folder):
    """A Neurosuite session whose wideband signal has the number of the sample on channel 0, and a dip at spikes."""
    neurosuite_files.write(folder)
    signal = np.zeros((41_000, 4), np.int16)
    signal[:, 2] = np.arange(41_000) % 1000
    for at in (8000, 30000):  # spikes of the first unit, on channel 0 of its shank's 2 and 0
        signal[at, 0] = -100
        signal[at - 1, 0] = -50
    signal.tofile(folder / "session.dat")
    return load_session(folder, "neurosuite")


def test_mean_waveforms(recorded):
    waveforms, largest = recorded.load_mean_waveforms()
    assert list(waveforms) == list(largest.index) == [0, 1, 2, 3]
    first = waveforms[0]
    assert first.shape == (30, 2)  # 1.5 ms at 20 kHz, two channels of the shank
    np.testing.assert_allclose(first.index, np.arange(-10, 20) / 20_000)
    assert (first.loc[0.0, 1], first.iloc[9, 1], first.iloc[11, 1]) == (-100, -50, 0)
    np.testing.assert_array_equal(first[0], (np.arange(-10, 20) % 1000 + np.arange(-10, 20) % 1000) / 2)
    assert largest[0] == 1


def test_mean_waveforms_of_epochs_windows_and_few_spikes(recorded):
    window = IntervalSet(-1, 2, time_units="ms")
    waveforms, largest = recorded.load_mean_waveforms(IntervalSet(0, 0.5), window, spike_count=1, seed=3)
    assert waveforms[0].shape == (60, 2)
    assert waveforms[0].loc[0.0, 1] == -100
    assert waveforms[1].isna().all(axis=None)
    assert largest[1] == -1
    one, _ = recorded.load_mean_waveforms(spike_count=1, seed=3)
    two, _ = recorded.load_mean_waveforms(spike_count=1, seed=3)
    assert one[0].equals(two[0])


def test_spikes_too_near_to_the_ends_are_left_out(recorded):
    waveforms, _ = recorded.load_mean_waveforms(waveform_window=IntervalSet(-0.3, 0.001))
    assert waveforms[3].isna().sum().sum() == 0  # 0.4 s is far enough, 0.2 s is not
    np.testing.assert_array_equal(waveforms[3].shape, (6020, 2))


def test_units_of_an_nwb_file_count_shanks_from_0(folder):
    neurosuite_files.write(folder)
    np.arange(4 * 700_000, dtype=np.int16).reshape(-1, 4).tofile(folder / "session.dat")
    files.write_nwb(folder, files.add_units)
    waveforms, _ = load_session(folder, "neurosuite").load_mean_waveforms()
    assert [frame.shape[1] for frame in waveforms.values()] == [2, 2, 2]


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"epoch": [0, 1]}, TypeError, "epoch must be an IntervalSet, got list"),
        ({"waveform_window": (-1, 1)}, TypeError, "waveform_window must be an IntervalSet, got tuple"),
        ({"waveform_window": IntervalSet(0.1, 1)}, ValueError, "one epoch from before to after a spike"),
        ({"spike_count": 0}, ValueError, "spike_count must be > 0, got 0"),
    ],
)
def test_what_mean_waveforms_refuse(recorded, arguments, error, match):
    with pytest.raises(error, match=match):
        recorded.load_mean_waveforms(**arguments)


def test_what_mean_waveforms_need(recorded, folder):
    text = neurosuite_files.XML
    cut = text[: text.index("<spikeDetection>")] + text[text.index("<neuroscope>") :]
    (folder / "session.xml").write_text(cut)
    with pytest.raises(RuntimeError, match="names channels of 0 shanks"):
        recorded.load_mean_waveforms()
    (folder / "session.dat").unlink()
    with pytest.raises(RuntimeError, match=r"lacks units, a \.dat file, or its sampling rate"):
        recorded.load_mean_waveforms()


# ---- phy


def test_phy(folder):
    spikes = load_session(files.write_phy(folder), "phy").spikes
    assert list(spikes) == [3, 7]  # 5 is noise
    np.testing.assert_array_equal(spikes[7].t, [0.1, 0.3])
    assert list(spikes["quality"]) == ["good", "good"]  # 7 has no group, and what Kilosort says counts
    np.testing.assert_array_equal(spikes["group"], [1, 0])
    np.testing.assert_array_equal(spikes["depth"], [10.5, np.nan])
    assert list(spikes["note"]) == ["a", "b"]
    np.testing.assert_array_equal(spikes.time_support.values, [[0, 10]])


def test_phy_without_tables_and_recording(folder):
    files.write_phy(folder)
    for name in ("cluster_info.tsv", "raw.dat", "spike_clusters.npy"):
        (folder / name).unlink()
    np.save(folder / "spike_templates.npy", np.array([0, 0, 1, 1, 1]))
    spikes = load_session(folder, "phy").spikes
    assert [len(unit) for unit in spikes.values()] == [2, 3]
    assert list(spikes["quality"]) == ["unsorted"] * 2
    assert spikes.time_support.end[0] == 0.5


def test_tables_of_phy_of_one_column_each(folder):
    files.write_phy(folder)
    (folder / "cluster_info.tsv").unlink()
    (folder / "cluster_group.tsv").write_text("cluster_id\tgroup\n3\tnoise\nx\tgood\n")
    (folder / "cluster_KSLabel.tsv").write_text("cluster_id\tKSLabel\n5\tgood\n7\tmua\n")
    spikes = load_session(folder, "phy").spikes
    assert list(spikes) == [5, 7]
    assert list(spikes["quality"]) == ["good", "mua"]


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("params.py", None, "holds no params.py"),
        ("params.py", "sample_rate = ", "cannot be understood"),
        ("params.py", "sample_rate = open('x')", "does not state sample_rate"),
        ("spike_clusters.npy", None, r"neither spike_clusters\.npy nor spike_templates\.npy"),
        ("spike_clusters.npy", np.arange(3), "has 5 spikes, and spike_clusters.npy 3"),
        ("spike_times.npy", "no array", r"spike_times\.npy"),
    ],
)
def test_damaged_phy_folders(folder, name, content, match):
    files.write_phy(folder)
    if content is None:
        (folder / name).unlink()
    elif isinstance(content, str):
        (folder / name).write_text(content)
    else:
        np.save(folder / name, content)
    with pytest.raises(RuntimeError, match=match):
        load_session(folder, "phy")


def test_params_are_never_run(folder):
    files.write_phy(folder)
    with open(folder / "params.py", "a") as file:
        file.write(f"open({str(folder / 'run')!r}, 'w')\n")
    load_session(folder, "phy")
    assert not (folder / "run").exists()


# ---- suite2p


@pytest.mark.parametrize("planes", [(0,), (0, 1)])
def test_suite2p(folder, planes):
    session = load_session(files.write_suite2p(folder, planes), "suite2p")
    for name, values in files.TRACES.items():
        np.testing.assert_array_equal(getattr(session, name).values, values[cells()].T)
    np.testing.assert_array_equal(session.F.t, np.arange(files.N_FRAMES) / 20)
    np.testing.assert_array_equal(session.iscell, files.IS_CELL)
    np.testing.assert_array_equal(session.plane_info["plane"], files.plane_of(planes)[cells()])
    assert (session.rate, session.ops["Ly"]) == (20.0, 6)
    found = [entry["xpix"][0] for plane in planes for entry in session.stats[plane].values()]
    np.testing.assert_array_equal(found, cells())


@pytest.mark.filterwarnings("ignore:.*oriented incorrectly")  # as scripts of pynapple's time wrote them
@pytest.mark.parametrize("time_first", [False, True])
@pytest.mark.parametrize("planes", [(0,), (0, 1)])
def test_suite2p_in_an_nwb_file(folder, planes, time_first):
    files.write_nwb(folder, lambda nwb: files.add_suite2p(nwb, planes, time_first))
    session = load_session(folder, "suite2p")
    for name, values in files.TRACES.items():
        np.testing.assert_array_equal(getattr(session, name).values, values[cells()].T)
    np.testing.assert_array_equal(session.plane_info["plane"], files.plane_of(planes)[cells()])
    assert session.ops == {"Ly": 6, "Lx": 7}
    assert sorted(row for plane in session.stats.values() for row in plane) == cells().tolist()


def test_planes_without_a_folder_of_their_own(folder):
    files.write_suite2p(folder.parent / "x")
    (folder.parent / "x" / "suite2p" / "plane0").rename(folder)
    (folder / "Fneu.npy").unlink()
    (folder / "stat.npy").unlink()
    session = load_session(folder, "suite2p")
    assert session.Fneu is None
    assert session.stats == {0: {}}
    assert isinstance(session.F, TsdFrame)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("ops.npy", None, "ops.npy of no plane states the frame rate"),
        ("ops.npy", np.arange(3), "holds no dictionary of parameters"),
        ("F.npy", np.zeros((2, 9)), r"has shape \(2, 9\), which does not fit iscell.npy"),
        ("F.npy", "x", r"F\.npy"),
    ],
)
def test_damaged_suite2p_folders(folder, name, content, match):
    path = files.write_suite2p(folder) / "suite2p" / "plane0" / name
    if content is None:
        path.unlink()
    elif isinstance(content, str):
        path.write_text(content)
    else:
        np.save(path, content)
    with pytest.raises(RuntimeError, match=match):
        load_session(folder, "suite2p")


# ---- CNMF-E, Inscopix, Minian


@pytest.mark.parametrize("kind", ["cnmfe-matlab", "inscopix-cnmfe", "minian"])
def test_calcium_in_an_nwb_file(folder, kind):
    files.write_nwb(folder, files.add_miniscope)
    session = load_session(folder, kind)
    np.testing.assert_array_equal(session.C.values, files.TRACES["F"].T)
    np.testing.assert_array_equal(session.A, files.MASKS)
    assert session.sampling_rate == pytest.approx(20)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("version", ["5", "7.3"])
def test_matlab(folder, version, sparse):
    session = load_session(files.write_matlab(folder, version, sparse), "cnmfe-matlab")
    np.testing.assert_array_equal(session.C.values, files.TRACES["F"].T)
    np.testing.assert_array_equal(session.A, files.MASKS.reshape(files.N_CELLS, -1).T)
    assert session.sampling_rate == 20.0
    assert session.C.t[1] == 1 / 20


def test_matlab_files_without_a_structure_or_rate(folder):
    from scipy.io import savemat

    folder.mkdir()
    savemat(folder / "a.mat", {"other": 1.0})
    savemat(folder / "b.mat", {"C": files.TRACES["F"]})
    session = load_session(folder, "cnmfe-matlab")
    assert session.C.shape == (files.N_FRAMES, files.N_CELLS)
    assert (session.A, session.sampling_rate) == (None, 30.0)
    (folder / "b.mat").unlink()
    with pytest.raises(RuntimeError, match=r"no \.mat file with traces C"):
        load_session(folder, "cnmfe-matlab")
    (folder / "c.mat").write_text("nothing of the kind")
    with pytest.raises(RuntimeError, match=r"c\.mat is no MATLAB file, or damaged"):
        load_session(folder, "cnmfe-matlab")


def test_matlab_files_cut_short(folder):
    path = files.write_matlab(folder) / "neuron.mat"
    whole = path.read_bytes()
    for n in [*range(0, 400, 13), *range(400, len(whole) - 200, 97)]:
        path.write_bytes(whole[:n])
        with pytest.raises(RuntimeError, match=r"neuron\.mat is no MATLAB file, or damaged|no \.mat file with traces"):
            load_session(folder, "cnmfe-matlab")


def test_inscopix(folder, monkeypatch):
    reader = types.SimpleNamespace(imread=lambda path: files.MASKS[int(path.read_text())])
    monkeypatch.setitem(sys.modules, "tifffile", reader)
    session = load_session(files.write_inscopix(folder), "inscopix-cnmfe")
    np.testing.assert_array_equal(session.C.values, files.TRACES["F"].T[:, cells()])
    assert list(session.C["name"]) == ["C0", "C2", "C3"]
    np.testing.assert_array_equal(session.A, files.MASKS[cells()])
    assert session.sampling_rate == pytest.approx(20)


def test_inscopix_without_footprints(folder, monkeypatch):
    files.write_inscopix(folder)
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.warns(UserWarning, match="A is None: .*tifffile"):
        assert load_session(folder, "inscopix-cnmfe").A is None
    other = files.write_inscopix(folder.parent / "other", tiffs=False)
    assert load_session(other, "inscopix-cnmfe").A is None


def test_damaged_traces_of_inscopix(folder):
    files.write_inscopix(folder, tiffs=False)
    for text in ("", "a,b\n1,x\n", "a,b,c\n1,2\n1,2,3\n"):
        (folder / "x_traces.csv").write_text(text)
        with pytest.raises(RuntimeError, match="holds more than numbers below its header, or nothing"):
            load_session(folder, "inscopix-cnmfe")


def test_minian(folder, monkeypatch):
    pytest.importorskip("zarr")
    session = load_session(files.write_minian(folder), "minian")
    np.testing.assert_array_equal(session.C.values, files.TRACES["F"].T)
    np.testing.assert_array_equal(session.A, files.MASKS)
    assert session.sampling_rate == 30.0
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(ImportError, match="zarr"):
        load_session(folder, "minian")
