"""Containers from objects of other libraries and back: seconds, supports, units and metadata are kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import rheobase as rb
from rheobase.io import as_container

EPOCHS = rb.IntervalSet([0.0, 6.0], [5.0, 9.9], metadata={"side": ["left", "right"], "n": [1, 2]})
T = np.arange(100) * 0.1
RNG = np.random.default_rng(0)
THINGS = {
    "Ts": rb.Ts(T, time_support=EPOCHS),
    "Tsd": rb.Tsd(T, RNG.normal(size=100), time_support=EPOCHS, unit="mV"),
    "TsdFrame": rb.TsdFrame(
        T, RNG.normal(size=(100, 3)), time_support=EPOCHS, columns=["a", "b", "c"], metadata={"depth": [1.0, 2.0, 3.0]}
    ),
    "TsdTensor": rb.TsdTensor(T, RNG.normal(size=(100, 2, 3)), time_support=EPOCHS),
    "TsGroup": rb.TsGroup(
        {1: rb.Ts(T[::2]), 4: rb.Ts(T[::3]), 7: rb.Ts([], time_support=EPOCHS)},
        time_support=EPOCHS,
        metadata={"area": ["V1", "CA1", "V1"], "depth": [1.0, np.nan, 3.0]},
    ),
    "IntervalSet": EPOCHS,
}


def assert_same(got, wanted):
    """Times, values, support, labels, unit and metadata."""
    assert type(got) is type(wanted)
    if isinstance(wanted, rb.IntervalSet):
        np.testing.assert_array_equal(got.values, wanted.values)
    else:
        np.testing.assert_array_equal(got.time_support.values, wanted.time_support.values)
    if isinstance(wanted, rb.TsGroup):
        assert list(got.keys()) == list(wanted.keys())
        for key in wanted:
            np.testing.assert_array_equal(got[key].t, wanted[key].t)
    elif not isinstance(wanted, rb.IntervalSet):
        np.testing.assert_array_equal(got.t, wanted.t)
        if not isinstance(wanted, rb.Ts):
            np.testing.assert_array_equal(got.values, wanted.values)
            assert got._value_unit == wanted._value_unit
    if isinstance(wanted, rb.TsdFrame | rb.TsGroup | rb.IntervalSet):
        assert set(got.metadata_columns) == set(wanted.metadata_columns)
        for name in wanted.metadata_columns:
            np.testing.assert_array_equal(np.asarray(got.get_info(name)), np.asarray(wanted.get_info(name)))
    if isinstance(wanted, rb.TsdFrame):
        assert list(got.columns) == list(wanted.columns)


@pytest.mark.parametrize("way", ["to_pandas", "to_xarray", "to_pynapple"])
@pytest.mark.parametrize("name", THINGS)
def test_there_and_back(name, way):
    pytest.importorskip(way.removeprefix("to_"), reason="the other library")
    if (name, way) == ("TsdTensor", "to_pandas"):
        pytest.skip("a table has two axes: a tensor comes back as a frame")
    wanted = THINGS[name]
    if way == "to_pynapple" and name == "Tsd":
        wanted = rb.Tsd(wanted.t, wanted.values, time_support=EPOCHS)  # pynapple has no unit of values
    assert_same(as_container(getattr(wanted, way)()), wanted)


def test_a_tensor_is_a_table_with_a_column_for_each_entry():
    frame = THINGS["TsdTensor"].to_pandas()
    assert frame.shape == (100 - 9, 6) or frame.shape == (len(THINGS["TsdTensor"]), 6)
    assert frame.columns[1] == (0, 1)


def test_ours_comes_back_as_it_is():
    assert as_container(EPOCHS) is EPOCHS


def test_pandas_indexes_of_all_kinds():
    values = [1.0, 2.0, 3.0]
    wanted = [0.0, 0.5, 1.0]
    dates = pd.Timestamp("2024-03-01") + pd.to_timedelta(wanted, unit="s")
    for index, units in (
        (pd.Index(wanted), "s"),
        (pd.Index([0, 500, 1000]), "ms"),
        (pd.Index([0.0, 500.0, 1000.0], name="Time (ms)"), "s"),
        (pd.to_timedelta(wanted, unit="s"), "s"),
        (dates, "s"),
    ):
        np.testing.assert_allclose(as_container(pd.Series(values, index=index), time_units=units).t, wanted)
    np.testing.assert_allclose(rb.Tsd(pd.Series(values, index=pd.to_timedelta(wanted, unit="s"))).t, wanted)
    with pytest.raises(ValueError, match=r"'t' holds dates, but times are seconds from some start: give t - t\[0\]"):
        rb.Tsd(pd.Series(values, index=dates))
    with pytest.raises(ValueError, match="index of a pandas Series should be times, got object"):
        as_container(pd.Series(values, index=np.array(list("abc"), dtype=object)))


def test_constructors_take_data_arrays():
    xr = pytest.importorskip("xarray")
    array = xr.DataArray(np.eye(3), dims=["cell", "time"], coords={"time": [0.0, 1.0, 2.0], "cell": ["a", "b", "c"]})
    frame = rb.TsdFrame(array)
    assert frame.columns.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(frame.t, [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(rb.Tsd(array.sel(cell="b")).values, [0.0, 1.0, 0.0])
    with pytest.raises(ValueError, match=r"needs coordinates, its times; got dimensions \('x',\)"):
        as_container(xr.DataArray([1.0, 2.0], dims=["x"]))


def test_neo_objects_in_their_own_units():
    neo = pytest.importorskip("neo")
    quantities = pytest.importorskip("quantities")
    ms, volt, hertz = quantities.ms, quantities.V, quantities.Hz
    train = neo.SpikeTrain([100, 200, 450] * ms, t_start=0 * ms, t_stop=1000 * ms, area="V1", rate=3)
    for spikes in (as_container(train), rb.Ts(train)):
        np.testing.assert_allclose(spikes.t, [0.1, 0.2, 0.45])
    np.testing.assert_array_equal(as_container(train).time_support.values, [[0.0, 1.0]])
    group = as_container([train, train])
    assert group.get_info("area").tolist() == ["V1", "V1"]
    np.testing.assert_array_equal(group.time_support.values, [[0.0, 1.0]])
    signal = neo.AnalogSignal(np.arange(6.0).reshape(3, 2), units=volt, sampling_rate=10 * hertz, t_start=500 * ms)
    frame = as_container(signal)
    np.testing.assert_allclose(frame.t, [0.5, 0.6, 0.7])
    assert frame._value_unit == "V"
    epochs = as_container(neo.Epoch([2000, 0] * ms, durations=[500, 1000] * ms, labels=["b", "a"]))
    np.testing.assert_allclose(epochs.values, [[0.0, 1.0], [2.0, 2.5]])
    assert epochs.get_info("label").tolist() == ["a", "b"]


def test_polars_by_protocol():
    pl = pytest.importorskip("polars")
    table = pl.DataFrame({"time": [0.0, 0.5, 1.0], "x": [1.0, 2.0, 3.0], "y": [3.0, 2.0, 1.0]})
    frame = as_container(table)
    assert frame.columns.tolist() == ["x", "y"]
    np.testing.assert_array_equal(frame.t, [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(as_container(table.select("time", "x")).values, [1.0, 2.0, 3.0])
    assert isinstance(as_container(table.select("time")), rb.Ts)
    trials = pl.DataFrame({"start": [0, 10], "end": [5, 15], "side": ["left", "right"]})
    assert as_container(trials, time_units="ms").get_info("side").tolist() == ["left", "right"]
    with pytest.raises(ValueError, match=r"needs a column of times, called 'time'; its columns are \['x'\]"):
        as_container(table.select("x"))


class Sorting:
    """As SpikeInterface's: frames by unit."""

    def __init__(self, trains, segments=1):
        self.trains, self.segments = trains, segments

    def get_unit_ids(self):
        return np.array(list(self.trains))

    def get_unit_spike_train(self, unit_id):
        return np.array(self.trains[unit_id])

    def get_sampling_frequency(self):
        return 30_000.0

    def get_num_segments(self):
        return self.segments

    def get_property_keys(self):
        return ["quality"]

    def get_property(self, name):
        return np.array(["good"] * len(self.trains))


class Recording:
    """As SpikeInterface's: frames by channel."""

    def get_channel_ids(self):
        return ["ch0", "ch1"]

    def get_traces(self):
        return np.ones((4, 2), dtype=np.int16)

    def get_sampling_frequency(self):
        return 2.0


def test_spikeinterface_by_what_it_offers():
    group = as_container(Sorting({3: [30_000, 60_000], 5: [15_000]}))
    assert list(group.keys()) == [3, 5]
    np.testing.assert_allclose(group[3].t, [1.0, 2.0])
    assert group.get_info("quality").tolist() == ["good", "good"]
    named = as_container(Sorting({"a": [1], "b": [2]}), time_support=rb.IntervalSet(0, 1))
    assert named.get_info("unit_id").tolist() == ["a", "b"]
    with pytest.raises(ValueError, match=r"sorting has 2 segments.*x\.select_segments\(\[0\]\)"):
        as_container(Sorting({1: [1]}, segments=2))
    frame = as_container(Recording())
    np.testing.assert_array_equal(frame.t, [0.0, 0.5, 1.0, 1.5])
    assert frame.columns.tolist() == ["ch0", "ch1"]


def test_anything_else_is_refused():
    with pytest.raises(TypeError, match=r"x should be an object of pynapple, neo, .* got ndarray\. Arrays have no"):
        as_container(np.arange(3))


def test_overlapping_epochs_have_no_place_in_pynapple():
    pytest.importorskip("pynapple")
    with pytest.raises(ValueError, match="pynapple has no epochs that overlap"):
        rb.IntervalSet([0, 1], [2, 3], overlap="keep").to_pynapple()


def test_gates_take_what_is_known_to_have_times():
    """Designs and tuning curves; the result is that of the container."""
    pytest.importorskip("pynapple")
    spikes, signal = THINGS["TsGroup"], THINGS["Tsd"]
    theirs = spikes.to_pynapple(), signal.to_pynapple(), EPOCHS.to_pynapple()
    np.testing.assert_array_equal(
        rb.compute_tuning_curves(*theirs[:2], bins=4, epochs=theirs[2]),
        rb.compute_tuning_curves(spikes, signal, bins=4, epochs=EPOCHS),
    )
    basis = rb.basis.BSplineEval(4)
    one = rb.design.build({"x": (basis, theirs[1])}, response=theirs[0], bin_size=0.1)
    two = rb.design.build({"x": (basis, signal)}, response=spikes, bin_size=0.1)
    np.testing.assert_array_equal(one.X.to_dense(), two.X.to_dense())
    np.testing.assert_array_equal(one.y.values, two.y.values)
    sorting = Sorting({3: list(range(0, 290_000, 100)), 5: [15_000]})
    assert rb.design.build({"x": (basis, signal)}, response=sorting, bin_size=0.1).y.shape[1] == 2
    with pytest.raises(TypeError, match=r"got Tsd of pynapple \(rheobase\.io\.as_container makes a container of it\)"):
        signal.restrict(theirs[1])
    np.testing.assert_array_equal(signal.restrict(theirs[2]).t, signal.restrict(EPOCHS).t)
