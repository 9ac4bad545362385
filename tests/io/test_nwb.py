"""NWB files: what each kind of object becomes, names, units, laziness, and what goes wrong."""

from __future__ import annotations

import copy
import gc
import pickle
import warnings

import h5py
import numpy as np
import pytest

pynwb = pytest.importorskip("pynwb")

import nwb_files as files  # noqa: E402

from helpers import data_file  # noqa: E402
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup  # noqa: E402
from rheobase.containers._lazy import LazyArray  # noqa: E402
from rheobase.io import NWBFile, load_file  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:.*AnnotationSeries")  # pynwb would like another type


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return files.write(tmp_path_factory.mktemp("nwb") / "all.nwb", *files.ALL)


@pytest.fixture(scope="module")
def data(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        opened = load_file(path)
    with opened:
        yield opened


def test_keys_and_kinds(data):
    kinds = dict(zip(data.keys(), (row[1] for row in data._table().rows), strict=True))
    assert kinds == {
        "one": "Ts", "licks": "Ts", "units": "TsGroup", "trials": "IntervalSet", "ripples": "Tsd",
        "intervals/ripples": "IntervalSet", "overlap": "IntervalSet", "epochs": "IntervalSet", "dF": "TsdFrame",
        "behavior/speed": "Tsd", "speed": "Tsd", "xyz": "TsdFrame", "xy": "TsdFrame", "plain": "Tsd",
        "table": "TsdFrame", "notes": "Ts", "movie": "TsdTensor", "lfp": "TsdFrame", "current": "Tsd",
    }  # fmt: skip
    assert len(data) == 19
    assert set(data) == set(data.keys())


def test_units_become_a_group_with_their_ids(data):
    units = data["units"]
    assert isinstance(units, TsGroup)
    assert list(units.keys()) == list(files.SPIKES)
    for key, times in files.SPIKES.items():
        np.testing.assert_array_equal(units[key].t, times)
    np.testing.assert_array_equal(units.time_support.values, [[0.1, 9.0]])


def test_no_column_of_the_units_is_lost(data):
    units = data["units"]
    np.testing.assert_array_equal(units.depth, [100.5, 101.5, 102.5])
    assert list(units.quality) == ["good", "mua", "good"]
    assert list(units.neighbours) == [[0], [0, 1], [0, 1, 2]]
    np.testing.assert_array_equal(units.obs_intervals.iloc[0], [[0.0, 10.0]])
    np.testing.assert_array_equal(units.waveform_mean.iloc[2], np.full(4, 2.0))


def test_units_in_any_order_of_ids_and_times(tmp_path):
    def fill(nwb):
        nwb.add_unit_column("label", "n")
        nwb.add_unit(spike_times=[3.0, 1.0], id=7, label="late")
        nwb.add_unit(spike_times=[0.5, 2.5, 2.0], id=1, label="early")

    with load_file(files.write(tmp_path / "a.nwb", fill)) as data:
        with pytest.warns(UserWarning, match="timestamps are not sorted"):
            units = data["units"]
        assert list(units.keys()) == [1, 7]
        np.testing.assert_array_equal(units[1].t, [0.5, 2.0, 2.5])
        np.testing.assert_array_equal(units[7].t, [1.0, 3.0])
        assert list(units.get_info("label")) == ["early", "late"]


def test_units_without_spikes_stay(tmp_path):
    def fill(nwb):
        nwb.add_unit(spike_times=[], id=0)
        nwb.add_unit(spike_times=[1.0, 2.0], id=1)
        nwb.add_unit(spike_times=[], id=2)

    with load_file(files.write(tmp_path / "a.nwb", fill)) as data:
        assert [len(data["units"][key]) for key in (0, 1, 2)] == [0, 2, 0]


def test_units_that_point_to_electrodes(tmp_path):
    """The group's own location comes before that of the electrode."""
    with load_file(files.write(tmp_path / "a.nwb", files.add_electrode_units)) as data:
        units = data["units"]
        assert list(units.location) == ["ca1", "adn", "ca1"]
        assert list(units.electrode_group) == ["g0", "g1", "g0"]
        assert list(units.shank) == [0, 1, 2]
        assert list(units.x) == [0.0, 1.0, 2.0]


def test_units_on_several_electrodes_keep_their_ids(tmp_path):
    with load_file(files.write(tmp_path / "a.nwb", files.add_ragged_electrode_units)) as data:
        assert list(data["units"].electrodes) == [[0], [0, 1], [0, 1, 2]]


def test_epochs_are_found_by_tag(data):
    epochs = data["epochs"]
    assert isinstance(epochs, IntervalSet)
    assert epochs.keys() == ["tags", "Noise 1", "noise", "Noise 2"]
    np.testing.assert_array_equal(epochs["Noise 1"].values, [[0, 10]])
    np.testing.assert_array_equal(epochs["noise"].values, [[0, 10], [12, 20]])
    assert list(epochs["Noise 2"].tags.iloc[0]) == ["Noise 2", "noise"]


def test_trials_keep_their_columns(data):
    np.testing.assert_array_equal(data["trials"].values, [[0, 1], [2, 3]])
    assert list(data["trials"].choice) == ["left", "right"]


def test_overlapping_trials_are_all_there_with_their_metadata(data):
    overlap = data["overlap"]
    np.testing.assert_array_equal(overlap.values, [[0.0, 1.5], [1.0, 2.5], [2.0, 3.5]])
    np.testing.assert_array_equal(overlap.n, [0, 1, 2])
    assert overlap.has_overlap


@pytest.mark.filterwarnings("ignore:OpticalSeries")
def test_trials_of_a_recording_are_all_there():
    with load_file(data_file("human_mtl.nwb")) as data:
        for name, n in (("recognition_table", 180), ("timediscrimination_table", 180), ("encoding_table", 90)):
            trials, table = data[name], data.nwb.intervals[name]
            np.testing.assert_array_equal(trials.values[:, 0], np.sort(table["start_time"][:]))
            assert len(trials) == n
            assert set(trials.metadata_columns) >= set(table.colnames) - {"start_time", "stop_time"}
            assert trials.has_overlap == (n == 180)


@pytest.mark.filterwarnings("ignore:start is not sorted", "ignore:Some epochs have no duration", "ignore:1 row")
def test_trials_in_any_order_and_without_end(tmp_path):
    def fill(nwb):
        nwb.add_trial_column("n", "number")
        for n, (start, stop) in enumerate([(5.0, 6.0), (1.0, 3.0), (2.0, np.nan), (4.0, 4.0)]):
            nwb.add_trial(start, stop, n=n)

    with load_file(files.write(tmp_path / "a.nwb", fill)) as data:
        with pytest.warns(UserWarning, match="2 of the 4 rows of 'trials' have no start"):
            trials = data["trials"]
        np.testing.assert_array_equal(trials.values, [[1.0, 3.0], [5.0, 6.0]])
        np.testing.assert_array_equal(trials.n, [1, 0])


def test_touching_epochs_are_cut_as_always(tmp_path):
    def fill(nwb):
        nwb.add_trial_column("n", "number")
        nwb.add_trial(0.0, 1.0, n=3)
        nwb.add_trial(1.0, 2.0, n=4)

    with load_file(files.write(tmp_path / "a.nwb", fill)) as data:
        with pytest.warns(UserWarning, match="Removing 1 microsecond"):
            trials = data["trials"]
        assert list(trials.n) == [3, 4]
        assert trials.end[0] == 1.0 - 1e-6


def test_series_by_number_of_axes(data):
    assert isinstance(data["current"], Tsd)
    assert isinstance(data["table"], TsdFrame)
    assert isinstance(data["movie"], TsdTensor)
    np.testing.assert_array_equal(data["movie"].values[1], np.arange(6, 12.0).reshape(3, 2))
    np.testing.assert_array_equal(data["table"].t, [0.0, 0.5, 1.0, 4.0])
    np.testing.assert_array_equal(data["table"].time_support.values, [[0.0, 4.0]])


def test_times_from_rate_and_starting_time(data):
    np.testing.assert_array_equal(data["plain"].t, 1.0 + np.arange(5) / 4.0)
    assert data["plain"].values.dtype == np.float32


def test_conversion_is_applied_and_the_unit_kept(data):
    current = data["current"]
    assert current.values.dtype == np.float64
    np.testing.assert_allclose(np.asarray(current.values), np.arange(4) * 1e-12, rtol=1e-15)
    assert current.values.unit == data.unit("current") == "A"
    assert "unit: A" in repr(current)
    assert data.unit("units") is None


def test_the_unit_is_kept_of_samples_in_memory(path):
    with load_file(path, lazy_loading=False) as data:
        assert isinstance(data["current"].values, np.ndarray)
        assert {name: data[name].unit for name in ("current", "lfp", "plain")} == {
            name: data.unit(name) for name in ("current", "lfp", "plain")
        }
        assert data["current"].unit == "A"


def test_an_unknown_unit_is_none(tmp_path):
    def add(nwb):
        nwb.add_acquisition(pynwb.TimeSeries(name="x", unit="unknown", data=np.arange(3.0), rate=1.0))

    with load_file(files.write(tmp_path / "a.nwb", add)) as data:
        assert data.unit("x") is None
        assert data["x"].unit is None


def test_conversion_per_channel_and_offset(data):
    stored = np.arange(20).reshape(10, 2)
    np.testing.assert_allclose(np.asarray(data["lfp"].values), stored * [2.0, 20.0] + 0.5, rtol=1e-15)
    np.testing.assert_array_equal(data["lfp"].values[3:5, 1], stored[3:5, 1] * 20.0 + 0.5)


def test_raw_gives_the_stored_numbers(path):
    with load_file(path, raw=True) as data:
        assert data["current"].values.dtype == np.int16
        np.testing.assert_array_equal(np.asarray(data["lfp"].values), np.arange(20).reshape(10, 2))


def test_electrodes_and_rois_name_the_columns(data):
    np.testing.assert_array_equal(data["lfp"].columns, [1, 3])
    assert list(data["lfp"].get_info("group_name")) == ["g0", "g1"]
    np.testing.assert_array_equal(data["dF"].columns, [10, 12])
    assert list(data["dF"].get_info("kind")) == ["a", "a"]


def test_axes_name_the_columns_of_positions(data):
    assert list(data["xy"].columns) == ["x", "y"]
    assert list(data["xyz"].columns) == ["x", "y", "z"]


def test_columns_of_times_and_annotations(data):
    assert isinstance(data["one"], Ts)
    np.testing.assert_array_equal(data["notes"].t, [1.0, 2.0])
    assert list(data["licks"]) == ["lick_times", "reward_times"]
    np.testing.assert_array_equal(data["licks"]["reward_times"].t, [3.0, 4.0])


@pytest.mark.parametrize(
    ("path_in_file", "key"),
    [
        ("/behavior/Position/xy", "xy"),
        ("behavior/Position/xy", "xy"),
        ("/processing/behavior/speed", "behavior/speed"),
        ("acquisition/speed", "speed"),
        ("/intervals/ripples", "intervals/ripples"),
        ("/units", "units"),
    ],
)
def test_full_paths_are_understood(data, path_in_file, key):
    assert path_in_file in data
    assert data[path_in_file] is data[key]


def test_two_objects_of_one_name(data):
    np.testing.assert_array_equal(data["behavior/speed"].values[:], [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(data["speed"].values[:], [10.0, 11.0, 12.0])
    assert isinstance(data["ripples"], Tsd)
    assert isinstance(data["intervals/ripples"], IntervalSet)


def test_nothing_is_built_before_it_is_asked_for(path):
    with load_file(path) as data:
        assert all(isinstance(value, dict) for value in data.values())
        assert data["trials"] is data["trials"]
        assert [key for key, value in data.items() if not isinstance(value, dict)] == ["trials"]


def test_samples_stay_in_the_file(tmp_path):
    def fill(nwb):
        nwb.add_acquisition(pynwb.TimeSeries(name="x", data=np.arange(100_000.0), unit="V", rate=1000.0))

    with load_file(files.write(tmp_path / "a.nwb", fill)) as data:
        x = data["x"]
        assert isinstance(x.values, LazyArray)
        assert x.values.bytes_read == 0
        part = x.restrict(IntervalSet(10.0, 11.0))
        np.testing.assert_array_equal(part.values, np.arange(10_000.0, 11_001.0))
        assert x.values.bytes_read < 3 * part.values.nbytes
    with load_file(tmp_path / "a.nwb", lazy_loading=False) as data:
        assert isinstance(data["x"].values, np.ndarray)


def test_unsorted_samples_travel_with_their_times(tmp_path):
    def fill(nwb):
        nwb.add_acquisition(pynwb.TimeSeries(name="x", data=[20.0, 10.0, 30.0], unit="V", timestamps=[2.0, 1.0, 3.0]))

    with load_file(files.write(tmp_path / "a.nwb", fill)) as data:
        with pytest.warns(UserWarning, match="timestamps of 'x' are not sorted"):
            x = data["x"]
        np.testing.assert_array_equal(np.asarray(x.values), [10.0, 20.0, 30.0])


def test_an_object_that_does_not_fit_together_is_handed_back(tmp_path):
    def fill(nwb):
        nwb.add_acquisition(pynwb.TimeSeries(name="x", data=np.arange(5.0), unit="V", timestamps=np.arange(5.0)))

    path = files.write(tmp_path / "a.nwb", fill)
    with h5py.File(path, "a") as file:
        del file["acquisition/x/timestamps"]
        file["acquisition/x/timestamps"] = np.arange(3.0)
        file["acquisition/x/timestamps"].attrs.update({"unit": "seconds", "interval": 1})
    with pytest.warns(UserWarning, match="Length of data does not match length of timestamps"):
        data = load_file(path)
    with data, pytest.warns(UserWarning, match="Failed to build Tsd 'x': it has 3 timestamps for 5 samples"):
        assert isinstance(data["x"], pynwb.TimeSeries)


def test_large_columns_are_named_and_left_in_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr("rheobase.io._nwb_build.MAX_COLUMN_ITEMS", 5)
    with load_file(files.write(tmp_path / "a.nwb", files.add_units)) as data:
        with pytest.warns(UserWarning, match=r"Columns \['neighbours', 'obs_intervals', 'waveform_mean'\] of 'units'"):
            units = data["units"]
        assert units.metadata_columns == ["rate", "depth", "quality"]


def test_an_open_file_in_memory_is_read_too():
    nwb = files.new_file()
    for fill in (files.add_units, files.add_series, files.add_intervals):
        fill(nwb)
    data = NWBFile(nwb)
    np.testing.assert_array_equal(data["units"][5].t, files.SPIKES[5])
    np.testing.assert_array_equal(data["table"].values[:], np.arange(12.0).reshape(4, 3))
    np.testing.assert_array_equal(data["epochs"]["Noise 1"].values, [[0, 10]])
    data.close()


def test_repr_lists_keys_types_and_units(data):
    text = repr(data)
    assert text.startswith("all\nKeys")
    assert any(line.split() == ["current", "Tsd", "A"] for line in text.splitlines())
    assert "<td" in data._repr_html_()


def test_unknown_key(data):
    with pytest.raises(KeyError, match=r"Can't find key 'unit'.*Did you mean 'units'"):
        data["unit"]
    with pytest.raises(KeyError, match="Can't find key 'nothing'"):
        data.unit("nothing")
    assert "nothing" not in data
    assert data.get("nothing") is None


def test_a_closed_file_says_so(path):
    data = load_file(path)
    current, trials = data["current"], data["trials"]
    data.close()
    with pytest.raises(ValueError, match="has been closed"):
        current.values[:]
    with pytest.raises(ValueError, match="has been closed; open"):
        data["units"]
    assert data["trials"] is trials


def test_a_file_that_pynwb_refuses(tmp_path):
    path = files.write(tmp_path / "a.nwb", files.add_units)
    with h5py.File(path, "a") as file:
        del file["identifier"]
    with pytest.raises(RuntimeError, match="is NWB, but pynwb cannot read it"):
        load_file(path)


def test_lazy_samples_keep_their_file_open(path):
    current = load_file(path)["current"]
    gc.collect()
    np.testing.assert_allclose(np.asarray(current.values), np.arange(4) * 1e-12, rtol=1e-15)


@pytest.mark.parametrize("call", [pickle.dumps, copy.deepcopy])
def test_lazy_samples_cannot_be_pickled(data, call):
    with pytest.raises(TypeError, match="load them first"):
        call(data["current"].values)


def test_what_is_wrong_with_a_file(tmp_path, path):
    (tmp_path / "text.nwb").write_text("no hdf5")
    with pytest.raises(OSError, match="it is no HDF5 file"):
        load_file(tmp_path / "text.nwb")
    (tmp_path / "cut.nwb").write_bytes(path.read_bytes()[:5000])
    with pytest.raises(OSError, match="it was cut short"):
        load_file(tmp_path / "cut.nwb")
    h5py.File(tmp_path / "plain.nwb", "w").close()
    with pytest.raises(RuntimeError, match="HDF5 file, but not NWB"):
        load_file(tmp_path / "plain.nwb")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        NWBFile(tmp_path / "none.nwb")


def test_load_file_finds_the_reader_or_says_why_not(tmp_path, path):
    with pytest.raises(FileNotFoundError, match=r"does not exist. Did you mean 'all.nwb'"):
        load_file(path.parent / "all2.nwb")
    with pytest.raises(FileNotFoundError, match=r"folder .* does not exist either"):
        load_file(tmp_path / "nowhere" / "a.nwb")
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(RuntimeError, match=r"a file with suffix '.txt'"):
        load_file(tmp_path / "a.txt")
    with pytest.raises(RuntimeError, match="is a folder"):
        load_file(tmp_path)


# ---- real recordings


def test_the_tutorials_file():
    with load_file(data_file("grasshopper_noise.nwb")) as data:
        assert data.keys() == ["units", "epochs", "stimulus"]
        assert data["epochs"].keys() == ["tags", "Noise 1", "Noise 2"]
        noise = data["epochs"]["Noise 1"][0]
        assert data["units"].restrict(noise)[0].t.size == 929
        stimulus = data["stimulus"]
        assert stimulus.shape == (400_000,)
        assert stimulus.values.unit == "volts"
        assert stimulus.values.bytes_read == 0


def test_head_direction():
    with load_file(data_file("head_direction.nwb")) as data:
        assert len(data["units"]) == 15
        assert set(data["units"].location) == {"adn", "ca1"}
        assert data.unit("ry") == "radian"
        with pytest.warns(UserWarning, match="Removing 1 microsecond"):
            assert data["epochs"].keys() == ["tags", "sleep", "wake"]
        assert len(data["intervals/sleep_ripples"]) == 594


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_human_mtl():
    with load_file(data_file("human_mtl.nwb")) as data:
        units = data["units"]
        assert len(units) == 35
        assert sum(len(units[key]) for key in units) == 214_278
        assert list(units.location[:1]) == ["hippocampus_right"]
        assert len(data["encoding_table"]) == 90
        assert data["encoding_table"].metadata_columns[-1] == "Clip_name"
