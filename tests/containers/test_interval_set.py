"""IntervalSet: what may be given, what is made of it, and what can be asked of it."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.containers import IntervalSet, Ts

ordered = st.lists(st.integers(0, 60), min_size=0, max_size=16, unique=True).map(
    lambda v: np.sort(np.array(v[: len(v) // 2 * 2], dtype=float))
)


def make(bounds, **metadata):
    bounds = np.reshape(bounds, (-1, 2))
    return IntervalSet(bounds[:, 0], bounds[:, 1], metadata=metadata or None)


def equal(epochs, bounds):
    np.testing.assert_allclose(epochs.values, np.reshape(bounds, (-1, 2)), rtol=0, atol=1e-12)


@pytest.fixture
def epochs():
    return make([0, 3, 5, 8, 10, 12], label=["a", "b", "a"], n=[1, 2, 3])


# ---- what may be given


@pytest.mark.parametrize(
    ("args", "bounds"),
    [
        ((1, 2), [1, 2]),
        ((np.float32(1), np.int64(2)), [1, 2]),
        (([0, 5], [3, 8]), [0, 3, 5, 8]),
        (((0, 5), np.array([3, 8])), [0, 3, 5, 8]),
        ((pd.Series([0, 5]), pd.Series([3, 8])), [0, 3, 5, 8]),
        (((1, 2),), [1, 2]),
        (([(1, 2), (3, 4)],), [1, 2, 3, 4]),
        (([1, 2, 3, 4],), [1, 2, 3, 4]),
        ((np.array([[1, 2], [3, 4]]),), [1, 2, 3, 4]),
        ((np.empty((0, 2)),), []),
        (([], []), []),
        ((make([1, 2]),), [1, 2]),
        ((pd.DataFrame({"start": [0, 5], "end": [3, 8]}),), [0, 3, 5, 8]),
    ],
    ids=repr,
)
def test_forms_of_input(args, bounds):
    equal(IntervalSet(*args), bounds)


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_units(unit):
    per_second = {"s": 1, "ms": 1e3, "us": 1e6}[unit]
    epochs = IntervalSet(0.5 * per_second, 1.5 * per_second, time_units=unit)
    equal(epochs, [0.5, 1.5])
    assert epochs.tot_length(unit) == per_second
    table = epochs.as_units(unit)
    assert table.to_numpy().tolist() == [[0.5 * per_second, 1.5 * per_second]]
    assert table.dtypes.eq(np.int64 if unit == "us" else np.float64).all()


def test_an_interval_set_hands_over_its_bounds_alone(epochs):
    assert IntervalSet(epochs).metadata_columns == []
    assert list(IntervalSet(epochs, metadata={"m": [1, 2, 3]}).m) == [1, 2, 3]


def test_other_columns_of_a_data_frame_become_metadata():
    table = pd.DataFrame({"start": [5.0, 0.0], "end": [8.0, 3.0], "side": ["r", "l"]})
    with pytest.warns(UserWarning, match="DataFrame is not sorted by start times"):
        epochs = IntervalSet(table)
    equal(epochs, [0, 3, 5, 8])
    assert list(epochs.side) == ["l", "r"]


def test_given_arrays_are_copied():
    starts = np.array([0.0, 5.0])
    epochs = IntervalSet(starts, [3.0, 8.0])
    starts[0] = 1.0
    equal(epochs, [0, 3, 5, 8])


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        ((0, [1, 2]), AssertionError, "not of the same length: got 1 and 2"),
        (([1, 2, 3],), ValueError, r"Unable to interpret the input of shape \(3,\)"),
        (([],), ValueError, "Unable to interpret"),
        ((1,), ValueError, "Unable to interpret"),
        (("a",), ValueError, "Unable to interpret"),
        ((None,), ValueError, "Unable to interpret"),
        ((np.zeros((2, 3)),), ValueError, r"Unable to interpret the input of shape \(2, 3\)"),
        (("a", "b"), RuntimeError, "Unknown format for 'start': got str"),
        (([0], {}), RuntimeError, "Unknown format for 'end': got dict"),
        ((["a"], ["b"]), ValueError, "'start' must hold numbers"),
        ((np.zeros((2, 2)), np.ones((2, 2))), ValueError, "'start' must be one-dimensional"),
        ((pd.DataFrame({"start": [0]}),), AssertionError, "must contain columns 'start' and 'end'"),
        ((0, 1, "h"), ValueError, "unrecognized time units type"),
    ],
    ids=repr,
)
def test_input_that_is_no_intervals(args, error, message):
    with pytest.raises(error, match=message):
        IntervalSet(*args)


# ---- cleaning


@pytest.mark.parametrize(
    ("starts", "ends", "bounds", "message"),
    [
        ([0, 5], [5, 8], [0, 4.999999, 5, 8], "Removing 1 microsecond"),
        ([0, 3], [5, 8], [0, 8], "Some starts precede the previous end"),
        ([0, 5], [0, 8], [5, 8], "Some epochs have no duration"),
        ([5, 6], [4, 7], [6, 7], "Some ends precede the relative start"),
        ([0, np.nan, 3], [1, 2, np.nan], [0, 1], r"2 row\(s\) with NaN start/end time\(s\) were dropped"),
    ],
)
def test_cleaning_warns(starts, ends, bounds, message):
    with pytest.warns(UserWarning, match=message) as caught:
        epochs = IntervalSet(starts, ends)
    equal(epochs, bounds)
    assert caught[0].filename == __file__


@pytest.mark.filterwarnings("ignore:end is not sorted")
def test_unsorted_bounds_are_sorted_each_on_their_own():
    with pytest.warns(UserWarning, match="start is not sorted. Sorting it."):
        equal(IntervalSet([5, 0], [3, 8]), [0, 3, 5, 8])
    with pytest.warns(UserWarning, match="start is not sorted. Sorting it."):
        equal(IntervalSet([5, 0], [8, 3]), [0, 3, 5, 8])


def test_metadata_follow_rows_that_stay():
    with pytest.warns(UserWarning, match="Removing 1 microsecond"):
        assert list(IntervalSet([0, 2], [2, 4], metadata={"n": [1, 2]}).n) == [1, 2]
    with pytest.warns(UserWarning, match="NaN"):
        assert list(IntervalSet([0, np.nan, 3], [1, 2, 4], metadata={"n": [1, 2, 3]}).n) == [1, 3]


@pytest.mark.filterwarnings("ignore:Some starts")
def test_metadata_are_dropped_with_a_warning_where_epochs_change():
    with pytest.warns(UserWarning, match="epochs have changed, dropping metadata"):
        assert IntervalSet([0, 2], [3, 4], metadata={"n": [1, 2]}).metadata_columns == []


@pytest.mark.filterwarnings("ignore:end is not sorted")
def test_metadata_are_dropped_with_a_warning_where_rows_are_sorted():
    with pytest.warns(UserWarning, match="start is not sorted.*dropping metadata"):
        assert IntervalSet([2, 0], [3, 1], metadata={"n": [1, 2]}).metadata_columns == []


# ---- attributes


def test_attributes(epochs):
    assert (epochs.shape, epochs.ndim, epochs.size, len(epochs)) == ((3, 2), 2, 6, 3)
    assert epochs.nap_class == "IntervalSet"
    np.testing.assert_array_equal(epochs.index, [0, 1, 2])
    np.testing.assert_array_equal(epochs.columns, ["start", "end"])
    np.testing.assert_array_equal(epochs.start, [0, 5, 10])
    np.testing.assert_array_equal(epochs.end, [3, 8, 12])


def test_bounds_cannot_be_changed(epochs):
    with pytest.raises(ValueError, match="read-only"):
        epochs.start[0] = 1
    with pytest.raises(AttributeError, match="Cannot set attribute 'start'"):
        epochs.start = [1, 2, 3]
    for key in (0, "start", "end", (0, "label")):
        with pytest.raises(RuntimeError, match="IntervalSet is immutable"):
            epochs[key] = 1


def test_values_are_a_copy(epochs):
    epochs.values[0] = 100
    equal(epochs, [0, 3, 5, 8, 10, 12])


def test_starts_and_ends_as_series_are_deprecated(epochs):
    with pytest.warns(DeprecationWarning, match="starts is deprecated"):
        np.testing.assert_array_equal(epochs.starts.t, epochs.start)
    with pytest.warns(DeprecationWarning, match="ends is deprecated"):
        np.testing.assert_array_equal(epochs.ends.t, epochs.end)


def test_it_travels(epochs):
    for other in (pickle.loads(pickle.dumps(epochs)), copy.deepcopy(epochs), epochs.copy()):
        equal(other, epochs.values)
        assert list(other.label) == ["a", "b", "a"]
    other.label = ["x", "y", "z"]
    assert list(epochs.label) == ["a", "b", "a"]


# ---- indexing


@pytest.mark.parametrize(
    ("key", "rows"),
    [
        (0, [0]), (-1, [2]), (np.int64(1), [1]), (slice(1, None), [1, 2]), (slice(None, None, 2), [0, 2]),
        ([0, 2], [0, 2]), ([True, False, True], [0, 2]), (np.array([False] * 3), []), ([], []), (slice(0, 0), []),
        (pd.Series([True, False, True]), [0, 2]), (..., [0, 1, 2]),
    ],
    ids=repr,
)  # fmt: skip
def test_rows_keep_their_metadata(epochs, key, rows):
    part = epochs[key]
    equal(part, epochs.values[rows])
    assert list(part.n) == [[1, 2, 3][row] for row in rows]
    np.testing.assert_array_equal(part.metadata_index, np.arange(len(rows)))


@pytest.mark.filterwarnings("ignore:end is not sorted")
def test_reordered_rows_are_sorted_again(epochs):
    with pytest.warns(UserWarning, match="start is not sorted"):
        equal(epochs[[2, 0]], [0, 3, 10, 12])


def test_columns(epochs):
    np.testing.assert_array_equal(epochs["start"], [0, 5, 10])
    assert list(epochs["label"]) == ["a", "b", "a"]
    assert list(epochs[["n", "label"]].columns) == ["n", "label"]
    np.testing.assert_array_equal(epochs[:, 0], [0, 5, 10])
    assert epochs[1, 1] == 8
    equal(epochs[0:2, :], [0, 3, 5, 8])
    assert epochs[0, :].metadata_columns == []


def test_labels(epochs):
    np.testing.assert_array_equal(epochs.loc[1], [5, 8])
    equal(epochs.loc[[0, 2]], [0, 3, 10, 12])
    assert epochs.loc[1, "start"] == 5
    assert epochs.loc[1, "label"] == "b"
    np.testing.assert_array_equal(epochs.loc["end"], [3, 8, 12])
    assert list(epochs.loc["label"]) == ["a", "b", "a"]


@pytest.mark.parametrize("key", [slice(0, 1), "zz", (0, ["n"]), (0, 1, 2), 5], ids=repr)
def test_unknown_labels(epochs, key):
    with pytest.raises(IndexError, match=r"loc takes|Unknown label|out of bounds"):
        epochs.loc[key]


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        (5, IndexError, "index 5 is out of bounds"),
        (1.0, IndexError, "indices"),
        (None, IndexError, "cannot gain an axis"),
        ((0, 1, 2), IndexError, "too many indices"),
        (np.array([True, False]), IndexError, "boolean index did not match"),
        ("lable", IndexError, r"Unknown string argument 'lable'.*Did you mean 'label'"),
        (["zz"], KeyError, "not found"),
    ],
    ids=repr,
)
def test_wrong_indices(epochs, key, error, message):
    with pytest.raises(error, match=message):
        epochs[key]


def test_iteration_gives_intervals(epochs):
    parts = list(epochs)
    assert [len(part) for part in parts] == [1, 1, 1]
    assert [part.label[0] for part in parts] == ["a", "b", "a"]


# ---- tags


def test_epochs_are_found_by_tag():
    epochs = make([0, 1, 2, 3, 4, 5], tags=[["Noise 1", "noise"], ["noise"], []], n=[1, 2, 3])
    assert epochs.keys() == ["tags", "n", "Noise 1", "noise"]
    equal(epochs["noise"], [0, 1, 2, 3])
    assert list(epochs["noise"].n) == [1, 2]
    equal(epochs["Noise 1"][0], [0, 1])
    with pytest.raises(IndexError, match=r"Unknown string argument 'Noise 3'.*Did you mean 'Noise 1'"):
        epochs["Noise 3"]


def test_labels_are_tags_and_columns_come_first():
    epochs = make([0, 1, 2, 3], label=["n", "left"], n=[1, 2])
    assert epochs.keys() == ["label", "n", "left"]
    assert list(epochs["n"]) == [1, 2]
    equal(epochs["left"], [2, 3])


@pytest.mark.parametrize(
    "tags", [["a", "b"], [["a"], ["b"]], np.array([["a", "x"], ["b", "x"]]), [("a",), ("b", "c")]], ids=repr
)
def test_tags_in_every_form(tags):
    equal(make([0, 1, 2, 3], tags=tags)["b"], [2, 3])


def test_numbers_are_no_tags():
    assert make([0, 1, 2, 3], tags=[1, 2]).keys() == ["tags"]


# ---- numpy


def test_numpy_sees_an_array(epochs):
    np.testing.assert_array_equal(np.asarray(epochs), epochs.values)
    assert np.array(epochs, dtype=np.float32).dtype == np.float32
    for call in (np.sum, np.diff, lambda e: e * 2, lambda e: -e, lambda e: e == e, lambda e: np.vstack([e, e])):
        with pytest.warns(UserWarning, match="Converting IntervalSet to numpy.array"):
            converted = call(epochs)
        np.testing.assert_array_equal(converted, call(epochs.values))
    with pytest.raises(ValueError, match="always a copy"):
        np.array(epochs, copy=False)
    with pytest.raises(TypeError, match="unhashable"):
        hash(epochs)


# ---- set algebra


@given(ordered, ordered)
@pytest.mark.filterwarnings("ignore:Some starts and ends are equal")
def test_lattice_laws(a, b):
    """Up to the microsecond that touching epochs lose."""
    a, b = make(a), make(b)
    equal(a.union(b), b.union(a).values)
    equal(a.intersect(b), b.intersect(a).values)
    equal(a.union(a), a.values)
    equal(a.intersect(a), a.values)
    np.testing.assert_allclose(a.intersect(a.union(b)).tot_length(), a.tot_length(), atol=1e-4)
    np.testing.assert_allclose(a.intersect(b).tot_length() + a.set_diff(b).tot_length(), a.tot_length(), atol=1e-9)
    np.testing.assert_allclose(
        a.union(b).tot_length() + a.intersect(b).tot_length(), a.tot_length() + b.tot_length(), atol=1e-4
    )


@given(ordered)
def test_what_is_clean_stays_as_it_is(bounds):
    epochs = make(bounds)
    equal(IntervalSet(epochs.start, epochs.end), epochs.values)
    equal(IntervalSet(epochs.values), epochs.values)


def test_metadata_through_set_algebra(epochs):
    other = make([1, 2, 6, 11], k=["x", "y"], n=[0, 0])
    both = epochs.intersect(other)
    equal(both, [1, 2, 6, 8, 10, 11])
    assert both.metadata_columns == ["label", "k"]
    assert list(both.label) == ["a", "b", "a"]
    assert list(both.k) == ["x", "y", "y"]
    rest = epochs.set_diff(other)
    equal(rest, [0, 1, 2, 3, 5, 6, 11, 12])
    assert list(rest.n) == [1, 1, 2, 3]
    with pytest.warns(UserWarning, match="metadata incompatible with union method"):
        assert epochs.union(other).metadata_columns == []


def test_touching_epochs_stay_two():
    for a, b in (([0, 1], [1, 2]), ([1, 2], [0, 1])):
        with pytest.warns(UserWarning, match="Removing 1 microsecond"):
            equal(make(a).union(make(b)), [0, 0.999999, 1, 2])


@pytest.mark.parametrize("method", ["union", "intersect", "set_diff"])
def test_set_algebra_wants_interval_sets(epochs, method):
    with pytest.raises(TypeError, match=f"{method} takes an IntervalSet, got list"):
        getattr(epochs, method)([0, 1])


def test_in_interval(epochs):
    np.testing.assert_array_equal(epochs.in_interval(Ts([0, 1, 3, 4, 5, 20])), [0, 0, 0, np.nan, 1, np.nan])
    with pytest.raises(TypeError, match="takes a time series"):
        epochs.in_interval([1, 2])


# ---- lengths


def test_thresholds_are_strict(epochs):
    equal(epochs.drop_short_intervals(2), [0, 3, 5, 8])
    assert list(epochs.drop_short_intervals(2000, "ms").n) == [1, 2]
    equal(epochs.drop_long_intervals(3), [10, 12])
    equal(epochs.drop_long_intervals(np.int64(3)), [10, 12])
    for method in (epochs.drop_short_intervals, epochs.drop_long_intervals, epochs.merge_close_intervals):
        with pytest.raises(ValueError, match="threshold must be a number, got 'a'"):
            method("a")
        with pytest.raises(ValueError, match="unrecognized time units type"):
            method(1, "h")


def test_merge_close(epochs):
    epochs.drop_info(["label", "n"])
    equal(epochs.merge_close_intervals(2), [0, 12])
    equal(epochs.merge_close_intervals(1.9), epochs.values)
    equal(make([]).merge_close_intervals(1), [])
    epochs.n = [1, 2, 3]
    with pytest.warns(UserWarning, match="metadata incompatible with merge_close_intervals"):
        epochs.merge_close_intervals(1)


def test_split(epochs):
    parts = epochs.split(1.5)
    equal(parts, [0, 1.499999, 1.5, 2.999999, 5, 6.499999, 6.5, 7.999999, 10, 11.499999])
    assert list(parts.n) == [1, 1, 2, 2, 3]
    equal(epochs.split(2500, "ms"), [0, 2.499999, 5, 7.499999])
    assert len(epochs.split(3)) == 0
    for size in (0, -1, np.nan):
        with pytest.raises(OSError, match="should be strictly larger than 0"):
            epochs.split(size)
    with pytest.raises(OSError, match="should be of type float or int, got str"):
        epochs.split("a")


def test_span_and_centres(epochs):
    with pytest.warns(UserWarning, match="metadata incompatible with time_span"):
        equal(epochs.time_span(), [0, 12])
    with pytest.raises(IndexError, match="spans no time"):
        make([]).time_span()
    np.testing.assert_array_equal(epochs.get_intervals_center().t, [1.5, 6.5, 11])
    np.testing.assert_array_equal(epochs.get_intervals_center(2.0).t, epochs.end)
    equal(epochs.get_intervals_center().time_support, epochs.values)
    with pytest.raises(RuntimeError, match="alpha should be float type, got int"):
        epochs.get_intervals_center(1)


def test_data_frames(epochs):
    table = epochs.as_dataframe()
    assert list(table.columns) == ["start", "end", "label", "n"]
    equal(IntervalSet(table), epochs.values)
    assert list(IntervalSet(table).label) == ["a", "b", "a"]
    assert epochs.tot_length() == 8.0
    with pytest.raises(ValueError, match="unrecognized time units type"):
        epochs.as_units("h")
