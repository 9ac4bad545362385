"""Writing NWB: every container comes back equal, files are whole or not there, and other readers understand them."""

from __future__ import annotations

import datetime
import warnings

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pynwb = pytest.importorskip("pynwb")

import nwb_files as files  # noqa: E402

from helpers import data_file  # noqa: E402
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup  # noqa: E402
from rheobase.containers._lazy import LazyArray  # noqa: E402
from rheobase.io import load_file, to_nwb  # noqa: E402

SUPPORT = IntervalSet([0.0, 20.0], [10.0, 30.0])
TIMES = np.array([0.5, 3.25, 22.0, 29.125])
INFO = {
    "depth": [1.5, 2.5],
    "area": ["V1", "CA1"],
    "good": [True, False],
    "tags": [["x", "y"], []],
    "electrode_group": ["g0", "g1"],
    "description": [0, 1],
    "spike_times": [1, 2],
    "lap_times": np.array([1, 2], dtype=np.uint8),
    "odd": [None, {"a": 1}],
    "when": np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[D]"),
    "small": np.array([1, 2], dtype=np.float16),
    "mask": np.arange(8).reshape(2, 4),
    "empty text": ["", "a"],
    "nul": ["a\0b", "c"],
    "arrays": [np.arange(2), np.arange(3.0)],
}


def containers():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are no attributes, and single samples
        return {
            "ts": Ts(TIMES, time_support=SUPPORT),
            "bare ts": Ts(TIMES),
            "tsd": Tsd(TIMES, d=np.array([1, 2, 3, 4], dtype=np.int16), time_support=SUPPORT),
            "flags": Tsd(TIMES, d=np.array([True, False, True, False])),
            "regular": Tsd(3.0 + np.arange(1000) / 1250, d=np.arange(1000, dtype=np.float32)),
            "frame": TsdFrame(TIMES, np.eye(4, 2), time_support=SUPPORT, columns=["a", "b"], metadata=INFO),
            "numbers": TsdFrame(TIMES, np.eye(4, 2), columns=[7, 3]),
            "tensor": TsdTensor(TIMES, d=np.arange(24.0).reshape(4, 3, 2), time_support=SUPPORT),
            "epochs": IntervalSet([0.0, 20.0], [10.0, 30.0], metadata=INFO),
            "plain epochs": SUPPORT,
            "overlapping": IntervalSet([0, 1, 1, 5], [3, 2, 4, 6], metadata={"n": [3, 1, 2, 0]}, overlap="keep"),
            "touching": IntervalSet([0.0, 1.0], [1.0, 2.0], metadata={"n": [1, 2]}, overlap="keep"),
            "units": TsGroup({7: Ts(TIMES), 2: Ts(TIMES[1:] + 0.5)}, time_support=SUPPORT, metadata=INFO),
            "more units": TsGroup({0: Ts([]), 9: Ts([3.0])}, time_support=SUPPORT),
            "signals": TsGroup({0: Tsd(TIMES, d=TIMES * 2), 1: Tsd(TIMES[:2], d=TIMES[:2])}, time_support=SUPPORT),
            "no units": TsGroup({}, time_support=SUPPORT),
            "no events": Ts([]),
            "one event": Ts([1.0], time_support=SUPPORT),
            "lone event": Ts([1.0]),
            "no samples": TsdFrame(t=np.empty(0), d=np.empty((0, 2)), columns=["a", "b"]),
            "no epochs": IntervalSet([], []),
        }


def same(a, b):
    assert type(a) is type(b)
    if isinstance(a, IntervalSet):
        np.testing.assert_array_equal(a.values, b.values)
    else:
        same(a.time_support, b.time_support)
    if isinstance(a, TsGroup):
        assert list(a.keys()) == list(b.keys())
        for key in a.keys():  # noqa: SIM118
            same(a[key], b[key])
    elif not isinstance(a, IntervalSet):
        np.testing.assert_array_equal(a.t, b.t)
        if not isinstance(a, Ts):
            assert a.values.dtype == b.values.dtype
            np.testing.assert_array_equal(a.values, b.values)
    if isinstance(a, TsdFrame):
        np.testing.assert_array_equal(a.columns, b.columns)
    if isinstance(a, IntervalSet | TsdFrame | TsGroup):
        assert sorted(a.metadata_columns) == sorted(b.metadata_columns)
        for name in a.metadata_columns:
            x, y = a._metadata.columns[name], b._metadata.columns[name]
            assert x.dtype == y.dtype, name
            if x.dtype == object:
                for one, other in zip(x, y, strict=True):
                    np.testing.assert_equal(one, other)
            else:
                np.testing.assert_array_equal(x, y)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return to_nwb(containers(), tmp_path_factory.mktemp("nwb") / "all")


@pytest.mark.filterwarnings("ignore:Metadata name", "ignore:Some epochs have no duration", "ignore:divide by zero")
@pytest.mark.parametrize("name", containers())
def test_what_is_written_comes_back(path, name):
    with load_file(path, lazy_loading=False) as data:
        same(data[name], containers()[name])


def test_a_file_holds_the_names_that_were_given_and_no_others(path):
    with load_file(path) as data:
        assert set(data) == set(containers())
        assert path.suffix == ".nwb"


def test_files_are_plain_nwb(path):
    """What any other reader of NWB looks for stands where it belongs."""
    with pynwb.NWBHDF5IO(path, "r") as io:
        nwb = io.read()
        np.testing.assert_array_equal(nwb.units["spike_times"][0], [1.0 + 2.75, 22.5, 29.625])
        np.testing.assert_array_equal(nwb.units["obs_intervals"][0], SUPPORT.values)
        assert list(nwb.epochs["tags"][0]) == ["x", "y"]
        assert nwb.processing["time_series"]["regular"].rate == 1250.0
        assert nwb.processing["time_series"]["tsd"].unit == "unknown"
        np.testing.assert_array_equal(nwb.intervals["tsd_time_support"]["start_time"][:], SUPPORT.start)
        assert nwb.session_start_time.year == 1970


times = st.lists(st.floats(0, 100, width=32), min_size=2, max_size=20, unique=True).map(np.sort)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(times, min_size=1, max_size=3),
    st.integers(-3, 5),
    st.lists(st.text(st.characters(codec="utf-8")), min_size=3, max_size=3),
)
def test_groups_come_back(tmp_path, units, first, labels):
    info = {"label": labels[: len(units)], "n": np.arange(len(units))}
    group = TsGroup({first + 3 * k: Ts(t) for k, t in enumerate(units)}, metadata=info)
    with load_file(to_nwb(group, tmp_path / "g", mode="w")) as data:
        same(data["units"], group)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(times, st.sampled_from(["f4", "f8", "i2", "u1", "i8"]), st.integers(1, 3), st.booleans())
def test_frames_come_back(tmp_path, t, dtype, n, supported):
    support = IntervalSet([-1.0, 50.0], [49.0, 101.0]) if supported else None
    frame = TsdFrame(t, np.arange(len(t) * n).reshape(-1, n).astype(dtype), time_support=support)
    with load_file(to_nwb(frame, tmp_path / "f", mode="w", name="x"), lazy_loading=False) as data:
        same(data["x"], frame)


# ---- lazy samples


def test_lazy_samples_are_copied_as_they_are_stored(tmp_path):
    """Same numbers, same type on disk, same unit; and block by block."""

    def fill(nwb):
        data = np.arange(9_000_000, dtype=np.int16)
        nwb.add_acquisition(pynwb.TimeSeries(name="v", data=data, unit="V", rate=20000.0, conversion=1e-3, offset=0.5))

    with load_file(files.write(tmp_path / "a.nwb", fill)) as source:
        v = source["v"]
        to_nwb({"copy": v, "part": v[:10]}, tmp_path / "b", compression="gzip")
        assert v.values.bytes_read <= 2 * 9_000_000 + 20
        with load_file(tmp_path / "b.nwb") as data:
            assert isinstance(data["copy"].values, LazyArray)
            assert data.unit("copy") == "V"
            np.testing.assert_array_equal(data["copy"].values[8_999_000:], v.values[8_999_000:])
            assert data["copy"].values.raw.dtype == np.int16
            np.testing.assert_array_equal(data["part"].values[:], v.values[:10])


def test_large_samples_are_written_in_blocks_with_a_bar(tmp_path, capsys):
    big = Tsd(np.arange(3_000_000) / 1000, d=np.random.default_rng(0).normal(size=3_000_000))
    to_nwb(big, tmp_path / "a", progress=True)
    assert "Writing NWB: 100%" in capsys.readouterr().err
    with load_file(tmp_path / "a.nwb", lazy_loading=False) as data:
        same(data["tsd"], big)
    to_nwb(big[:10], tmp_path / "b", progress=False)
    assert capsys.readouterr().err == ""


# ---- files


def test_adding_to_a_file(tmp_path):
    path = files.write(tmp_path / "a.nwb", files.add_units, files.add_series, files.add_intervals)
    ripples = IntervalSet([1.0, 3.0], [2.0, 4.0], metadata={"power": [1.0, 2.0]})
    to_nwb({"ripples": ripples, "theta": Tsd(TIMES, d=TIMES)}, path, mode="a")
    to_nwb(Ts(TIMES), path, mode="a", name="licks")
    with load_file(path) as data:
        same(data["ripples"], ripples)
        np.testing.assert_array_equal(data["units"][5].t, files.SPIKES[5])
        np.testing.assert_array_equal(data["theta"].values[:], TIMES)
        np.testing.assert_array_equal(data["licks"].t, TIMES)
    with pytest.raises(ValueError, match=r"\['ripples'\] twice"):
        to_nwb({"ripples": ripples}, path, mode="a")


def test_adding_makes_a_file_where_there_is_none(tmp_path):
    with load_file(to_nwb(Ts(TIMES), tmp_path / "a", mode="a")) as data:
        assert data.keys() == ["ts"]


def test_a_file_is_replaced_only_when_asked(tmp_path):
    to_nwb(Ts(TIMES), tmp_path / "a")
    with pytest.raises(FileExistsError, match="mode='a' to add"):
        to_nwb(Ts(TIMES), tmp_path / "a.nwb")
    to_nwb(SUPPORT, tmp_path / "a.nwb", mode="w")
    with load_file(tmp_path / "a.nwb") as data:
        assert data.keys() == ["epochs"]


@pytest.mark.parametrize("mode", ["w", "a"])
def test_what_fails_leaves_the_file_as_it_was(tmp_path, mode):
    path = to_nwb(Ts(TIMES), tmp_path / "a")
    before = path.read_bytes()
    with pytest.raises(TypeError, match="NWB has no place for complex numbers"):
        to_nwb({"b": Ts(TIMES), "c": Tsd(TIMES, d=TIMES * 1j)}, path, mode=mode)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.nwb"]


def test_the_session_can_be_described(tmp_path):
    start = datetime.datetime(2021, 5, 3, 12, tzinfo=datetime.UTC)
    about = {"session_description": "d", "identifier": "i", "session_start_time": start, "lab": "Lab"}
    to_nwb(Ts(TIMES), tmp_path / "a", module="m", **about)
    with load_file(tmp_path / "a.nwb") as data:
        nwb = data.nwb
        assert (nwb.session_description, nwb.identifier, nwb.lab, list(nwb.processing)) == ("d", "i", "Lab", ["m"])
        assert nwb.session_start_time == start


def test_objects_can_be_described(tmp_path):
    everything = containers()
    texts = {name: f"about {name}" for name in everything}
    with load_file(to_nwb(everything, tmp_path / "all", description=texts)) as data:
        assert {name: data.description(name) for name in data} == texts
    with load_file(to_nwb(Ts(TIMES), tmp_path / "one", description="licks")) as data:
        assert data.description("ts") == "licks"


@pytest.mark.parametrize(
    ("objects", "description", "error", "match"),
    [
        ({"a": Ts(TIMES), "b": Ts(TIMES)}, "x", ValueError, "one text for 2 objects; give a mapping"),
        ({"licks": Ts(TIMES)}, {"lick": "x"}, ValueError, "names 'lick', which is no object.* Did you mean 'licks'"),
        (Ts(TIMES), 3, TypeError, "a text or a mapping of names to texts, got int"),
        (Ts(TIMES), {"ts": 3}, TypeError, "description of 'ts' must be a text, got int"),
        (Ts(TIMES), "Time support of 'x', written by rheobase.", ValueError, "one that rheobase itself writes"),
    ],
)
def test_descriptions_that_do_not_fit(tmp_path, objects, description, error, match):
    with pytest.raises(error, match=match):
        to_nwb(objects, tmp_path / "x", description=description)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (({"a": 1}, "x"), TypeError, "object 'a' is of type int"),
        (([Ts(TIMES)], "x"), TypeError, "a container or a mapping of names to containers, got list"),
        (({"a/b": Ts(TIMES)}, "x"), ValueError, "without '/'"),
        (({"": Ts(TIMES)}, "x"), ValueError, "names of objects"),
        (({3: Ts(TIMES)}, "x"), ValueError, "names of objects"),
        (({"a": Ts(TIMES), "a_time_support": SUPPORT}, "x"), ValueError, "'a_time_support'"),
        ((Ts(TIMES), 3), TypeError, "path must be a string"),
        ((Ts(TIMES), "no/such/x"), FileNotFoundError, "does not exist; make it first"),
    ],
)
def test_what_cannot_be_written(tmp_path, monkeypatch, arguments, error, match):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=match):
        to_nwb(*arguments)
    assert not list(tmp_path.iterdir())


def test_unknown_mode_and_a_name_too_many(tmp_path):
    with pytest.raises(ValueError, match="mode must be one of"):
        to_nwb(Ts(TIMES), tmp_path / "a", mode="r")
    with pytest.raises(ValueError, match="name is for a single object"):
        to_nwb({"a": Ts(TIMES)}, tmp_path / "a", name="b")


def test_metadata_that_cannot_be_written_are_named(tmp_path):
    epochs = IntervalSet(0, 1, metadata={"ok": [1], "odd": np.array([object()], dtype=object)})
    with pytest.warns(UserWarning, match="Metadata column 'odd' holds more than"):
        to_nwb(epochs, tmp_path / "a")
    with load_file(tmp_path / "a.nwb") as data:
        assert data["epochs"].metadata_columns == ["ok"]


def test_a_file_that_was_changed_since_is_handed_back(tmp_path):
    group = TsGroup({0: Ts(TIMES), 1: Ts(TIMES)}, time_support=SUPPORT)
    to_nwb(group, tmp_path / "a")
    with h5py.File(tmp_path / "a.nwb", "a") as file:
        file["units/spike_times"][1] = 0.25
    with load_file(tmp_path / "a.nwb") as data, pytest.warns(UserWarning, match="have been changed since"):
        assert not isinstance(data["units"], TsGroup)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["head_direction", "linear_track", "grasshopper_noise", "calcium", "human_mtl"])
def test_recordings_come_back(tmp_path, name):
    with load_file(data_file(f"{name}.nwb")) as source:
        named = {key.replace("/", "_"): source[key] for key in source}
        named = {key: obj for key, obj in named.items() if isinstance(obj, Ts | Tsd | TsdFrame | TsGroup | IntervalSet)}
        with load_file(to_nwb(named, tmp_path / "a")) as data:
            assert set(data) == set(named)
            for key, obj in named.items():
                same(data[key], obj)
