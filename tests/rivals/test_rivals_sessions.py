"""Session folders, folders of archives and binary files, read by pynapple and by us."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rheobase as rb

nap = pytest.importorskip("pynapple")
pytest.importorskip("pynwb")

import session_files as files  # noqa: E402

pytestmark = [pytest.mark.rivals, pytest.mark.filterwarnings("ignore")]

N = 500
SAMPLES = np.random.default_rng(2).integers(-999, 999, size=(N, 4)).astype(np.int16)


def same(ours, theirs):
    """Same class, times, values, support, labels and metadata."""
    assert type(ours).__name__ == type(theirs).__name__
    if isinstance(ours, rb.IntervalSet):
        np.testing.assert_array_equal(ours.values, theirs.values)
    elif isinstance(ours, rb.TsGroup):
        assert list(ours) == list(theirs.keys())
        for key in ours:
            same(ours[key], theirs[key])
    else:
        np.testing.assert_array_equal(ours.t, theirs.t)
        if not isinstance(ours, rb.Ts):
            assert ours.values.dtype == theirs.values.dtype
            np.testing.assert_array_equal(np.asarray(ours.values), np.asarray(theirs.values))
        np.testing.assert_array_equal(ours.time_support.values, theirs.time_support.values)
    if isinstance(ours, rb.TsdFrame):
        np.testing.assert_array_equal(ours.columns, theirs.columns)
    if isinstance(ours, rb.TsdFrame | rb.TsGroup | rb.IntervalSet):
        assert set(ours.metadata_columns) == set(theirs.metadata_columns)
        for name in ours.metadata_columns:
            np.testing.assert_array_equal(np.asarray(ours.get_info(name)), np.asarray(theirs.get_info(name)))


# ---- sessions


def same_epochs_and_position(ours, theirs):
    assert set(ours.epochs) == set(theirs.epochs)
    for label, epochs in ours.epochs.items():
        same(epochs, theirs.epochs[label])
    same(ours.position, theirs.position)


@pytest.mark.parametrize("kind", ["neurosuite", "phy"])
def test_sorted_sessions(tmp_path, kind):
    files.write_nwb(tmp_path / "s", files.add_epochs, files.add_position, files.add_units)
    ours, theirs = rb.load_session(tmp_path / "s", kind), nap.load_session(tmp_path / "s", kind)
    same_epochs_and_position(ours, theirs)
    assert list(ours.spikes) == list(theirs.spikes.keys())
    for key in ours.spikes:  # their supports differ: see the epochs below
        np.testing.assert_array_equal(ours.spikes[key].t, theirs.spikes[key].t)
    for name in ("group", "location"):
        np.testing.assert_array_equal(np.asarray(ours.spikes[name]), np.asarray(theirs.spikes[name]))
    assert ours.basename == theirs.basename
    assert ours.nwbfilepath == theirs.nwbfilepath


def test_epochs_of_a_session_that_touch(tmp_path):
    """Their time support is joined here; there, it is left with holes of 1 µs, or not, as numbers are rounded."""
    files.write_nwb(tmp_path / "s", files.add_epochs, files.add_position)
    ours, theirs = rb.load_session(tmp_path / "s"), nap.load_session(tmp_path / "s")
    same_epochs_and_position(ours, theirs)
    np.testing.assert_array_equal(ours.time_support.values, [[0, 30]])
    np.testing.assert_allclose(theirs.time_support.values, [[0, 20], [20, 30]], atol=2e-6)
    assert theirs.time_support.end[0] < 20


@pytest.mark.parametrize("kind", ["cnmfe-matlab", "inscopix-cnmfe", "minian"])
def test_calcium_sessions(tmp_path, kind):
    files.write_nwb(tmp_path / "s", files.add_epochs, files.add_position, files.add_miniscope)
    ours, theirs = rb.load_session(tmp_path / "s", kind), nap.load_session(tmp_path / "s", kind)
    same_epochs_and_position(ours, theirs)
    same(ours.C, theirs.C)
    np.testing.assert_array_equal(ours.A, theirs.A)


@pytest.mark.parametrize("planes", [(0,), (0, 1)])
def test_suite2p_sessions(tmp_path, planes):
    files.write_nwb(tmp_path / "s", files.add_epochs, files.add_position, lambda nwb: files.add_suite2p(nwb, planes))
    ours, theirs = rb.load_session(tmp_path / "s", "suite2p"), nap.load_session(tmp_path / "s", "suite2p")
    same_epochs_and_position(ours, theirs)
    for name in ("F", "Fneu", "spks"):
        same(getattr(ours, name), getattr(theirs, name))
    np.testing.assert_array_equal(ours.iscell, theirs.iscell)
    np.testing.assert_array_equal(ours.plane_info["plane"], theirs.plane_info["plane"])
    assert (ours.ops, ours.rate) == (theirs.ops, theirs.rate)
    assert {p: sorted(c) for p, c in ours.stats.items()} == {p: sorted(c) for p, c in theirs.stats.items()}
    for plane, cells in ours.stats.items():
        for cell, pixels in cells.items():
            for key, values in pixels.items():
                np.testing.assert_array_equal(values, theirs.stats[plane][cell][key])


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_what_one_saves_the_other_loads(tmp_path, first):
    files.write_nwb(tmp_path / "s", files.add_epochs, files.add_position, files.add_units)
    ours, theirs = rb.load_session(tmp_path / "s", "phy"), nap.load_session(tmp_path / "s", "phy")
    library, session = (rb, ours) if first == "ours" else (nap, theirs)
    rem = library.IntervalSet([1.0, 5.0], [2.0, 6.0])
    session.save_nwb_intervals(rem, "rem")
    np.testing.assert_array_equal(ours.load_nwb_intervals("rem").values, theirs.load_nwb_intervals("rem").values)
    assert ours.load_nwb_intervals("x") is theirs.load_nwb_intervals("x") is None
    if first == "theirs":
        theta = nap.Tsd(np.arange(20.0) * 1.01, np.arange(20.0), time_support=nap.IntervalSet([0, 10], [5, 19]))
        session.save_nwb_timeseries(theta, "theta")
        same(ours.load_nwb_timeseries("theta"), theirs.load_nwb_timeseries("theta"))


def test_epochs_for_neuroscope(tmp_path):
    files.write_nwb(tmp_path / "s", files.add_epochs, files.add_position, files.add_units)
    ours, theirs = rb.load_session(tmp_path / "s", "neurosuite"), nap.load_session(tmp_path / "s", "neurosuite")
    ours.write_neuroscope_intervals(".a.evt", rb.IntervalSet([1, 2.5], [1.2345678, 3]), "Rip")
    theirs.write_neuroscope_intervals(".b.evt", nap.IntervalSet([1, 2.5], [1.2345678, 3]), "Rip")
    assert (tmp_path / "s" / "s.a.evt").read_text() == (tmp_path / "s" / "s.b.evt").read_text()
    (tmp_path / "s" / "s.c.evt").write_text("1000.5 1\n1500 2\n2000 1\n2250.25 2\n")
    same(ours.read_neuroscope_intervals("c"), theirs.read_neuroscope_intervals("c"))


def test_sessions_that_only_we_read(tmp_path):
    """Unknown kinds are refused here and read as nothing there; folders without an NWB file are read here alone."""
    files.write_nwb(tmp_path / "s", files.add_epochs, files.add_position, files.add_units)
    nap.load_session(tmp_path / "s", "kilosort")
    with pytest.raises(ValueError, match="is not known"):
        rb.load_session(tmp_path / "s", "kilosort")
    files.write_phy(tmp_path / "raw")
    with pytest.raises(RuntimeError, match="No NWB file"):
        nap.load_session(tmp_path / "raw", "phy")
    assert len(rb.load_session(tmp_path / "raw", "phy").spikes) == 2


def test_calls_of_sessions_that_always_fail_there(tmp_path):
    """They ask for a method that is gone: field potentials and mean waveforms."""
    files.write_nwb(tmp_path / "s", files.add_epochs, files.add_position, files.add_units)
    SAMPLES.tofile(tmp_path / "s" / "s.eeg")
    theirs = nap.load_session(tmp_path / "s", "neurosuite")
    with pytest.raises(AttributeError, match="load_neurosuite_xml"):
        theirs.load_lfp("s.eeg")
    with pytest.raises(AttributeError, match="load_neurosuite_xml"):
        theirs.load_mean_waveforms()


# ---- binary files


@pytest.mark.parametrize("channel", [None, 2, [1, 3], [2]])
@pytest.mark.parametrize(("precision", "size"), [("int16", 2), ("float32", 4)])
@pytest.mark.parametrize("name", ["load_eeg", "load_binary_file"])
def test_binary_files(tmp_path, name, channel, precision, size):
    SAMPLES.astype(precision).tofile(tmp_path / "s.dat")
    arguments = {"n_channels": 4, "frequency": 1250.0, "precision": precision, "bytes_size": size}
    ours = getattr(rb, name)(tmp_path / "s.dat", channel, **arguments)
    same(ours, getattr(nap, name)(tmp_path / "s.dat", channel, **arguments))


def test_binary_files_with_an_xml_beside_them(tmp_path):
    """The parameters are read here; there, they are looked for and not found."""
    SAMPLES.tofile(tmp_path / "s.eeg")
    (tmp_path / "s.xml").write_text(
        "<p><acquisitionSystem><nChannels>4</nChannels><samplingRate>20000</samplingRate></acquisitionSystem>"
        "<fieldPotentials><lfpSamplingRate>1250</lfpSamplingRate></fieldPotentials></p>"
    )
    assert rb.load_binary_file(tmp_path / "s.eeg").shape == (N, 4)
    with pytest.raises((RuntimeError, AttributeError, TypeError)):
        nap.load_binary_file(tmp_path / "s.eeg")


def test_channels_out_of_range_and_wrong_sizes(tmp_path):
    SAMPLES.tofile(tmp_path / "s.dat")
    arguments = {"n_channels": 4, "frequency": 1250.0}
    with pytest.raises(IndexError):
        nap.load_binary_file(tmp_path / "s.dat", 9, **arguments)
    with pytest.raises(ValueError, match="channel 9 does not exist"):
        rb.load_binary_file(tmp_path / "s.dat", 9, **arguments)
    nap.load_binary_file(tmp_path / "s.dat", 1, bytes_size=4, **arguments)
    with pytest.raises(ValueError, match="bytes_size is 4"):
        rb.load_binary_file(tmp_path / "s.dat", 1, bytes_size=4, **arguments)


@pytest.mark.parametrize("one", [True, False])
def test_field_potentials_added_to_nwb_files(tmp_path, one):
    def add_electrodes(nwb):
        device = nwb.create_device(name="probe")
        group = nwb.create_electrode_group(name="g", description="d", location="l", device=device)
        for _ in range(4):
            nwb.add_electrode(group=group, location="l")

    t = np.arange(N) / 1250.0
    found = []
    for lib in (nap, rb):
        folder = tmp_path / lib.__name__
        path = files.write_nwb(folder, add_electrodes)
        lfp = lib.Tsd(t, SAMPLES[:, 0]) if one else lib.TsdFrame(t, SAMPLES[:, :2], columns=[3, 1])
        lib.append_NWB_LFP(folder, lfp, channel=2) if one else lib.append_NWB_LFP(folder, lfp)
        with rb.load_file(path, lazy_loading=False) as data:
            found.append(data["ElectricalSeries"])
            assert "ElectricalSeries" in data.nwb.processing["ecephys"]["LFP"].electrical_series
    theirs, ours = found
    np.testing.assert_array_equal(ours.values, theirs.values)
    np.testing.assert_array_equal(ours.t, theirs.t)
    np.testing.assert_array_equal(getattr(ours, "columns", []), getattr(theirs, "columns", []))


XML = """<parameters>
 <acquisitionSystem><nBits>16</nBits><nChannels>4</nChannels><samplingRate>20000</samplingRate>
  <voltageRange>20</voltageRange><amplification>1000</amplification><offset>0</offset></acquisitionSystem>
 <fieldPotentials><lfpSamplingRate>1250</lfpSamplingRate></fieldPotentials>
 <anatomicalDescription><channelGroups>
  <group><channel skip="0">2</channel><channel skip="1">0</channel></group>
  <group><channel skip="0">1</channel><channel skip="0">3</channel></group></channelGroups></anatomicalDescription>
 <spikeDetection><channelGroups><group><channels><channel>2</channel><channel>0</channel></channels></group>
  <group><channels><channel>1</channel><channel>3</channel></channels></group></channelGroups></spikeDetection>
 <neuroscope><channels/></neuroscope></parameters>"""


def test_raw_folders_of_neurosuite(tmp_path):
    """Through `EphysReader`, which reads them in both libraries."""
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "s.xml").write_text(XML)
    SAMPLES.tofile(folder / "s.eeg")
    (folder / "s.evt").write_text("100\trip start\n105\trip peak\n110\trip stop\n150\trip start\n160\trip stop\n")
    for shank in (1, 2):
        (folder / f"s.res.{shank}").write_text("400\n800\n1200\n2000\n3000\n")
        (folder / f"s.clu.{shank}").write_text("4\n0\n2\n1\n3\n2\n")
    ours, theirs = rb.EphysReader(folder), nap.EphysReader(folder)
    assert set(ours.keys()) == set(theirs.keys())
    for key in theirs.keys():  # noqa: SIM118
        mine, his = ours[key], theirs[key]
        assert type(mine).__name__ == type(his).__name__
        if isinstance(mine, rb.TsGroup):
            assert list(mine) == list(his.keys())
            for unit in mine:
                np.testing.assert_array_equal(mine[unit].t, his[unit].t)
        elif isinstance(mine, rb.IntervalSet):
            np.testing.assert_array_equal(mine.values, his.values)
        else:
            np.testing.assert_array_equal(mine.t, his.t)
            np.testing.assert_array_equal(np.asarray(mine.values), np.asarray(his.values))
        for name in set(his.metadata_columns) - {"rate"}:
            np.testing.assert_array_equal(mine.get_info(name), his.get_info(name))


# ---- archives and folders

times = st.lists(st.floats(0, 50), min_size=2, max_size=15, unique=True).map(np.sort)
supports = st.lists(st.integers(0, 60), min_size=2, max_size=8, unique=True).map(sorted)


def everything(lib, t, bounds):
    """An object of each class, made by one of the libraries."""
    support = lib.IntervalSet(bounds[: len(bounds) // 2 * 2 : 2], bounds[1::2])
    n = np.arange(len(t))
    return {
        "ts": lib.Ts(t, time_support=support),
        "tsd": lib.Tsd(t, n.astype("f4"), time_support=support),
        "frame": lib.TsdFrame(t, np.stack((n, 2 * n), 1), time_support=support, columns=["a", "b"]),
        "numbered": lib.TsdFrame(t, np.stack((n, 2 * n), 1), time_support=support, columns=[3, 5]),
        "tensor": lib.TsdTensor(t, n[:, None, None] * np.ones((2, 3)), time_support=support),
        "group": lib.TsGroup({2: lib.Ts(t), 0: lib.Ts(t[::2])}, time_support=support),
        "events": lib.TsGroup({0: lib.Tsd(t, n), 1: lib.Tsd(t[:1], n[:1])}, time_support=support),
        "epochs": support,
    }


@settings(max_examples=10, deadline=None)
@given(t=times, bounds=supports)
def test_archives_of_every_class_both_ways(tmp_path_factory, t, bounds):
    folder = tmp_path_factory.mktemp("npz")
    ours, theirs = everything(rb, t, bounds), everything(nap, t, bounds)
    for name in ours:
        ours[name].save(folder / f"{name}_ours.npz")
        theirs[name].save(folder / f"{name}_theirs.npz")
        for who in ("ours", "theirs"):
            path = folder / f"{name}_{who}.npz"
            same(rb.load_file(path), nap.load_file(path))


def test_metadata_in_archives(tmp_path):
    """Theirs, which are pickled, are read here; ours, which are not, cannot be read there."""
    info = {"label": ["x", "y"], "n": [1, 2]}
    nap.IntervalSet([0, 2], [1, 3], metadata=info).save(tmp_path / "theirs.npz")
    same(rb.load_file(tmp_path / "theirs.npz"), nap.load_file(tmp_path / "theirs.npz"))
    rb.IntervalSet([0, 2], [1, 3], metadata=info).save(tmp_path / "ours.npz")
    assert list(rb.load_file(tmp_path / "ours.npz").label) == ["x", "y"]
    assert list(getattr(nap.load_file(tmp_path / "ours.npz"), "metadata_columns", [])) == []


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    (root / "A1" / "deep").mkdir(parents=True)
    nap.Ts([0.5, 1.0, 4.0]).save(root / "events.npz")
    nap.Tsd([0.5, 1.0, 4.0], [1, 2, 3]).save(root / "A1" / "signal.npz")
    nap.IntervalSet(0, 1).save(root / "A1" / "deep" / "rem.npz")
    files.write_nwb(root / "A1" / "s", files.add_units)
    return root


def test_folders(project):
    ours, theirs = rb.load_folder(project), nap.load_folder(project)
    assert set(ours) == set(theirs.keys())
    same(ours["events"], theirs["events"])
    same(ours["A1"]["signal"], theirs["A1"]["signal"])
    same(ours["A1"]["deep"]["rem"], theirs["A1"]["deep"]["rem"])
    one, two = ours["A1"]["s"]["pynapplenwb"]["s"], theirs["A1"]["s"]["pynapplenwb"]["s"]
    for key in (0, 1, 2):
        same(one["units"][key], two["units"][key])
    one.close()


@pytest.mark.parametrize("writer", ["ours", "theirs"])
def test_folders_that_the_other_saved_to(project, writer, capsys):
    lib = rb if writer == "ours" else nap
    lib.load_folder(project)["A1"].save("new", lib.IntervalSet([0, 2], [1, 3]), description="by hand")
    same(rb.load_folder(project)["A1"]["new"], nap.load_folder(project)["A1"]["new"])
    for other in (rb, nap):
        other.load_folder(project)["A1"].doc("new")
        assert "by hand" in capsys.readouterr().out


def test_folders_with_a_broken_archive(project):
    (project / "broken.npz").write_text("no archive")
    with pytest.raises(Exception):  # noqa: B017 - of whatever kind
        nap.load_folder(project)["broken"]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert "broken" not in rb.load_folder(project)
    assert "broken.npz is left out" in str(caught[0].message)
