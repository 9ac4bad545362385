"""Times of events: construction, selection in time, counting."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from rheobase.containers import IntervalSet, Ts, Tsd, TsIndex

EPOCHS = IntervalSet([0, 10], [5, 15])


@pytest.fixture
def spikes():
    return Ts([0.5, 1.0, 4.0, 5.0, 10.0, 12.5], time_support=EPOCHS)


@pytest.mark.parametrize(
    "given",
    [[1, 2, 3], (1, 2, 3), np.array([1, 2, 3]), np.array([1, 2, 3], np.float32), range(1, 4), TsIndex([1, 2, 3])],
)
def test_times_come_in_many_forms(given):
    ts = Ts(given)
    np.testing.assert_array_equal(ts.t, [1.0, 2.0, 3.0])
    assert ts.t.dtype == np.float64
    assert isinstance(ts.index, TsIndex)


@pytest.mark.parametrize(("units", "factor"), [("s", 1), ("ms", 1e3), ("us", 1e6)])
def test_units_go_in_and_out(units, factor):
    ts = Ts(np.array([0.1, 0.25, 3.0]) * factor, time_units=units)
    np.testing.assert_array_equal(ts.t, [0.1, 0.25, 3.0])
    np.testing.assert_array_equal(ts.times(units), np.array([0.1, 0.25, 3.0]) * factor)
    assert ts.start_time(units) == 0.1 * factor
    assert ts.end_time(units) == 3.0 * factor


def test_times_are_copied_and_read_only():
    given = np.array([1.0, 2.0])
    ts = Ts(given)
    given[0] = -5
    assert ts.t[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        ts.t[0] = 3
    with pytest.raises(RuntimeError, match="not mutable"):
        ts.index[0] = 3


def test_unsorted_times_are_sorted_with_a_warning():
    with pytest.warns(UserWarning, match="timestamps are not sorted"):
        ts = Ts([3, 1, 2])
    np.testing.assert_array_equal(ts.t, [1, 2, 3])


@pytest.mark.parametrize("bad", ["spikes", None, {"a": 1}])
def test_times_are_numbers(bad):
    with pytest.raises(RuntimeError, match="Unknown format"):
        Ts(bad)


def test_times_have_one_dimension():
    with pytest.raises(ValueError, match="one-dimensional"):
        Ts(np.ones((2, 2)))


def test_support_is_an_interval_set():
    with pytest.raises(AssertionError, match="time_support argument should be of type IntervalSet, got list"):
        Ts([1, 2], time_support=[0, 3])


def test_unknown_units_are_named():
    with pytest.raises(ValueError, match="got 'sec', expected one of 's', 'ms', 'us'"):
        Ts([1], time_units="sec")


def test_default_support_runs_from_first_to_last(spikes):
    np.testing.assert_array_equal(Ts([1, 2, 9]).time_support.values, [[1, 9]])
    assert Ts([1, 2, 9]).rate == 3 / 8
    assert spikes.rate == 6 / 10


def test_times_outside_the_support_are_dropped_edges_kept():
    ts = Ts([-1, 0, 3, 5, 6, 10, 15, 15.1], time_support=EPOCHS)
    np.testing.assert_array_equal(ts.t, [0, 3, 5, 10, 15])


def test_empty_and_lone():
    empty = Ts([])
    assert len(empty) == 0
    assert empty.start is None
    assert empty.end is None
    assert np.isnan(empty.rate)
    assert len(empty.time_support) == 0
    assert Ts([], time_support=EPOCHS).rate == 0.0
    with pytest.warns(UserWarning, match="no duration"):
        lone = Ts([3.0])
    assert len(lone) == 1
    assert lone.rate == np.inf
    for method in (
        lambda x: x.count(1.0),
        lambda x: x.time_diff(),
        lambda x: x.in_interval(EPOCHS),
        lambda x: x.get(0, 1),
    ):
        assert len(method(empty)) == 0


def test_attributes_cannot_be_set(spikes):
    with pytest.raises(RuntimeError, match="Changing directly attributes is not permitted for Ts"):
        spikes.rate = 3


def test_restrict(spikes):
    epochs = IntervalSet([1, 12], [5, 20])
    part = spikes.restrict(epochs)
    np.testing.assert_array_equal(part.t, [1, 4, 5, 12.5])
    assert part.time_support is epochs
    with pytest.raises(TypeError, match="should be of type IntervalSet, got tuple"):
        spikes.restrict((0, 1))


def test_get_between_and_closest(spikes):
    np.testing.assert_array_equal(spikes.get(1, 5).t, [1, 4, 5])
    np.testing.assert_array_equal(spikes.get(1000, 5000, time_units="ms").t, [1, 4, 5])
    assert spikes.get(1, 5).time_support is spikes.time_support
    assert len(spikes.get(6, 7)) == 0
    for query, expected in ((-9, 0.5), (0.75, 1.0), (2.4, 1.0), (2.5, 4.0), (99, 12.5), (np.float32(4), 4.0)):
        assert spikes.get(query).t.tolist() == [expected]
        assert spikes[spikes.get_slice(query)].t.tolist() == [expected]
    with pytest.warns(UserWarning, match="no duration"):
        assert Ts([2.0]).get(7).t.tolist() == [2.0]


def test_get_keeps_all_of_repeated_times():
    """A range is closed: pynapple keeps one only of several events at its end."""
    np.testing.assert_array_equal(Ts([1, 2, 2, 2, 3]).get(1, 2).t, [1, 2, 2, 2])


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        (("a",), ValueError, "'start' must be an int or a float"),
        ((1, "b"), ValueError, "'end' must be an int or a float"),
        ((3, 1), ValueError, "'start' should not precede 'end'"),
        ((True,), ValueError, "'start' must be"),
        ((1, 2, "min"), ValueError, "expected one of 's', 'ms', 'us'"),
    ],
)
def test_get_says_what_it_needs(spikes, args, error, message):
    with pytest.raises(error, match=message):
        spikes.get(*args)


def test_nothing_is_closest_in_nothing():
    with pytest.raises(IndexError, match="empty Ts has no closest sample"):
        Ts([]).get(1)
    assert Ts([]).get_slice(1) == slice(0, 0)


@pytest.mark.parametrize(
    "key", [2, -1, slice(1, 4), [0, 3], np.array([True, False, True, False, False, True]), np.int64(1)]
)
def test_items_are_ts(spikes, key):
    part = spikes[key]
    assert isinstance(part, Ts)
    np.testing.assert_array_equal(part.t, np.atleast_1d(spikes.t[key]))
    assert part.time_support is spikes.time_support


def test_items_by_boolean_series(spikes):
    np.testing.assert_array_equal(spikes[spikes.in_interval(IntervalSet(0, 4))].t, [0.5, 1, 4])
    with pytest.raises(ValueError, match="must contain boolean values"):
        spikes[spikes.count(1.0)]
    with pytest.raises(IndexError, match="did not match"):
        spikes[Tsd([0, 1], [True, False])]


def test_items_out_of_order_are_sorted(spikes):
    with pytest.warns(UserWarning, match="not sorted"):
        np.testing.assert_array_equal(spikes[[3, 0]].t, [0.5, 5.0])


def test_iteration_yields_single_events(spikes):
    assert [event.t[0] for event in spikes] == spikes.t.tolist()


def test_in_interval(spikes):
    inside = spikes.in_interval(IntervalSet([1, 12], [4, 20]))
    assert isinstance(inside, Tsd)
    assert inside.dtype == bool
    assert inside.values.tolist() == [False, True, True, False, False, True]
    assert inside.time_support is spikes.time_support


def test_count_bins_start_at_each_epoch(spikes):
    counts = spikes.count(2.0)
    np.testing.assert_array_equal(counts.t, [1, 3, 5, 11, 13, 15])
    np.testing.assert_array_equal(counts.values, [2, 0, 2, 1, 1, 0])
    assert counts.time_support is spikes.time_support
    assert counts.dtype == np.int64


@pytest.mark.parametrize(("ends", "centres"), [(4.0, [1, 3]), (4.9, [1, 3]), (5.0, [1, 3, 5]), (0.9, []), (1.0, [1.0])])
def test_a_last_bin_stays_if_half_of_it_fits(ends, centres):
    assert Ts([0.1], time_support=IntervalSet(0, ends)).count(2.0).t.tolist() == centres


def test_an_event_at_the_very_end_is_not_counted():
    assert Ts(np.arange(10)).count(1).values.tolist() == [1] * 9
    assert Ts(np.arange(10)).count(4).values.tolist() == [4, 4]


def test_count_without_bins_counts_epochs(spikes):
    counts = spikes.count()
    np.testing.assert_array_equal(counts.t, [2.5, 12.5])
    np.testing.assert_array_equal(counts.values, [4, 2])
    np.testing.assert_array_equal(spikes.count(ep=IntervalSet(0, 1)).values, [2])


@pytest.mark.parametrize("size", [2, 2.0, np.int64(2), np.float32(2), np.float64(2)])
def test_numpy_scalars_are_bin_sizes(spikes, size):
    np.testing.assert_array_equal(spikes.count(size).values, spikes.count(2.0).values)


@pytest.mark.parametrize("dtype", [np.uint8, "int16", float, np.dtype("float32")])
def test_counts_come_in_the_dtype_asked_for(spikes, dtype):
    counts = spikes.count(2.0, dtype=dtype)
    assert counts.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(counts.values, [2, 0, 2, 1, 1, 0])
    assert spikes.count(dtype=dtype).dtype == np.dtype(dtype)


def test_count_units(spikes):
    np.testing.assert_array_equal(spikes.count(2000, time_units="ms").t, spikes.count(2).t)


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"bin_size": "1"}, TypeError, "bin_size argument should be float or int, got str"),
        ({"bin_size": True}, TypeError, "bin_size argument should be float or int, got bool"),
        ({"bin_size": 0}, ValueError, "bin_size must be a finite number > 0"),
        ({"bin_size": -1.0}, ValueError, "bin_size must be a finite number > 0"),
        ({"bin_size": np.nan}, ValueError, "bin_size must be a finite number > 0"),
        ({"bin_size": 1e-12}, ValueError, "at least 1 ns"),
        ({"bin_size": 1, "ep": [0, 1]}, TypeError, "ep argument should be of type IntervalSet, got list"),
        ({"bin_size": 1, "time_units": "h"}, ValueError, "expected one of 's', 'ms', 'us'"),
        ({"bin_size": 1, "dtype": "spam"}, ValueError, "'spam' is not a valid numpy dtype"),
        ({"bin_size": 1, "dtype": str}, ValueError, "not a valid numpy dtype for counts"),
    ],
)
def test_count_says_what_it_needs(spikes, kwargs, error, message):
    with pytest.raises(error, match=message):
        spikes.count(**kwargs)


def test_time_diff_stays_within_epochs(spikes):
    for align, times in (("start", [0.5, 1, 4, 10]), ("center", [0.75, 2.5, 4.5, 11.25]), ("end", [1, 4, 5, 12.5])):
        diff = spikes.time_diff(align)
        np.testing.assert_array_equal(diff.t, times)
        np.testing.assert_array_equal(diff.values, [0.5, 3, 1, 2.5])
    with pytest.raises(RuntimeError, match='"start", "center", "end"; \'middle\' provided'):
        spikes.time_diff("middle")
    with pytest.raises(TypeError, match="epochs argument should be"):
        spikes.time_diff(epochs=3)


def test_find_support():
    support = Ts([0, 1, 2, 10, 11]).find_support(1)
    np.testing.assert_allclose(support.values, [[0, 2.000001], [10, 11.000001]], rtol=0, atol=1e-12)
    assert len(Ts([]).find_support(1.0)) == 0
    with pytest.raises(AssertionError, match="'min_gap' must be an int or a float"):
        Ts([1, 2]).find_support("1")


def test_value_from_takes_values_of_the_same_epoch(spikes):
    signal = Tsd([0.0, 4.9, 10.2, 14.0], [1, 2, 3, 4], time_support=EPOCHS)
    closest = spikes.value_from(signal)
    assert isinstance(closest, Tsd)
    assert closest.values.tolist() == [1, 1, 2, 2, 3, 4]
    assert closest.dtype == np.int64
    np.testing.assert_array_equal(spikes.value_from(signal, mode="before").values, [1, 1, 1, 2, np.nan, 3])
    np.testing.assert_array_equal(spikes.value_from(signal, mode="after").values, [2, 2, 2, np.nan, 3, 4])
    part = spikes.value_from(signal, IntervalSet(0, 4.5))
    np.testing.assert_array_equal(part.values, [1, 1, 1])
    np.testing.assert_array_equal(spikes.value_from(signal, IntervalSet(1, 4.5)).values, [np.nan, np.nan])


def test_value_from_says_what_it_needs(spikes):
    with pytest.raises(TypeError, match="should be an instance of Tsd, TsdFrame or TsdTensor, got Ts"):
        spikes.value_from(spikes)
    with pytest.raises(ValueError, match='"closest", "before", "after"; \'nearest\' provided'):
        spikes.value_from(spikes.count(1.0), mode="nearest")
    with pytest.raises(TypeError, match="ep argument should be of type IntervalSet"):
        spikes.value_from(spikes.count(1.0), ep=1)


def test_trial_count(spikes):
    trials = IntervalSet([0, 10], [3, 15])
    counts = spikes.trial_count(trials, 1.0)
    np.testing.assert_array_equal(counts, [[1, 1, 0, np.nan, np.nan], [1, 0, 1, 0, 0]])
    counts = spikes.trial_count(trials, 1000, align="end", padding_value=-1, time_unit="ms")
    np.testing.assert_array_equal(counts, [[-1, -1, 1, 1, 0], [1, 0, 1, 0, 0]])
    for kwargs, message in (
        ({"ep": 1, "bin_size": 1.0}, "ep argument should be"),
        ({"ep": trials, "bin_size": "1"}, "'bin_size' must be an int"),
        ({"ep": trials, "bin_size": 0}, "bin_size must be > 0"),
        ({"ep": trials, "bin_size": 1, "align": "left"}, "Argument align"),
        ({"ep": trials, "bin_size": 1, "padding_value": "x"}, "'padding_value' must be"),
        ({"ep": trials, "bin_size": 1, "time_unit": "x"}, "Argument time_unit"),
    ):
        with pytest.raises(RuntimeError, match=message):
            spikes.trial_count(**kwargs)


def test_tables_and_constants(spikes):
    pd = pytest.importorskip("pandas")
    assert isinstance(spikes.as_series(), pd.Series)
    assert spikes.as_units("us").index.dtype == np.int64
    assert spikes.as_units("ms").index.name == "Time (ms)"
    assert spikes.fillna(2).values.tolist() == [2.0] * 6
    with pytest.raises(TypeError, match="value should be a number, got 'x'"):
        spikes.fillna("x")


def test_a_ts_has_no_values(spikes):
    with pytest.raises(TypeError, match="unsupported operand"):
        spikes + 1
    assert not hasattr(spikes, "values")


def test_copies_and_pickles(spikes):
    for twin in (spikes.copy(), copy.deepcopy(spikes), pickle.loads(pickle.dumps(spikes))):
        assert isinstance(twin, Ts)
        np.testing.assert_array_equal(twin.t, spikes.t)
        np.testing.assert_array_equal(twin.time_support.values, spikes.time_support.values)
        assert not np.shares_memory(twin.t, spikes.t)
        with pytest.raises(ValueError, match="read-only"):
            twin.t[0] = 1


def test_repr_shows_times(spikes):
    assert "Time (s)" in repr(spikes)
    assert repr(spikes).endswith("shape: 6")
    assert "<table" in spikes._repr_html_()
