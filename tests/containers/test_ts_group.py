"""Many units in one flat store."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest

from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsGroup

EPOCHS = IntervalSet([0, 10], [5, 15])


@pytest.fixture
def group():
    return TsGroup(
        {7: Ts([1.0, 2.0, 11.0]), 2: Ts([0.5, 4.0, 12.0, 14.0]), 4: Ts([3.0, 3.5])},
        time_support=EPOCHS,
        metadata={"area": ["V1", "CA1", "V1"], "depth": [30, 10, 20]},
    )


def times(group):
    return {key: unit.t.tolist() for key, unit in group.items()}


# ---- construction ----------------------------------------------------------------------------------------------------


def test_units_and_metadata_are_sorted_by_key(group):
    assert group.keys() == [2, 4, 7]
    assert list(group) == [2, 4, 7]
    assert times(group) == {2: [0.5, 4, 12, 14], 4: [3, 3.5], 7: [1, 2, 11]}
    assert list(group.area) == ["CA1", "V1", "V1"]
    assert list(group.depth) == [10, 20, 30]
    np.testing.assert_array_equal(group.index, [2, 4, 7])
    np.testing.assert_allclose(group.rates, [0.4, 0.2, 0.3])
    assert list(group["rate"]) == pytest.approx([0.4, 0.2, 0.3])
    assert (len(group), 4 in group, 5 in group, "4" in group, group.nap_class) == (3, True, False, False, "TsGroup")


def test_a_unit_is_a_view_of_the_store(group):
    unit = group[2]
    assert isinstance(unit, Ts)
    assert np.shares_memory(unit.t, group._times)
    assert unit.time_support is group.time_support
    with pytest.raises(ValueError, match="read-only"):
        unit.t[0] = 9


@pytest.mark.parametrize("key", [2, np.int32(2), 2.0])
def test_keys_are_whole_numbers(group, key):
    assert group[key].t.tolist() == [0.5, 4, 12, 14]


def test_lists_number_their_units():
    group = TsGroup([Ts([0, 1]), Ts([2, 3])])
    assert group.keys() == [0, 1]
    assert group.time_support.values.tolist() == [[0, 1], [2, 3]]


def test_keys_may_be_text_of_numbers():
    assert TsGroup({"3": Ts([0, 1]), 1.0: Ts([0, 2])}).keys() == [1, 3]


def test_arrays_become_units_with_a_warning():
    with pytest.warns(UserWarning, match="Elements should not be passed as numpy array"):
        group = TsGroup([np.array([100.0, 200.0]), [50.0]], time_units="ms", time_support=IntervalSet(0, 1))
    assert times(group) == {0: [0.1, 0.2], 1: [0.05]}


def test_support_is_the_union_of_supports():
    group = TsGroup([Ts([0, 1]), Ts([0.5, 4]), Ts([8, 9])])
    assert group.time_support.values.tolist() == [[0, 4], [8, 9]]


def test_units_are_cut_to_the_support():
    group = TsGroup([Ts([0, 1, 7, 12])], time_support=EPOCHS)
    assert times(group) == {0: [0, 1, 12]}
    unchecked = TsGroup([Ts([0, 1, 7, 12])], time_support=EPOCHS, bypass_check=True)
    assert times(unchecked) == {0: [0, 1, 7, 12]}


@pytest.mark.parametrize(
    ("args", "kwargs", "error", "message"),
    [
        (({},), {}, RuntimeError, "Union of time supports is empty"),
        (({0.5: Ts([0, 1])},), {}, ValueError, "All keys must have integer value! Got 0.5"),
        (({"a": Ts([0, 1])},), {}, ValueError, "All keys must have integer value! Got 'a'"),
        (({"1": Ts([0, 1]), 1: Ts([0, 1])},), {}, ValueError, "contain the same integer"),
        ((3,), {}, TypeError, "data should be a dictionary of units"),
        ((Ts([0, 1]),), {}, TypeError, "data should be a dictionary of units"),
        (([Ts([0, 1]), "x"],), {}, TypeError, "a unit must be a Ts"),
        (([Ts([0, 1]), 3],), {}, TypeError, r"a unit must be a Ts.* got int. Write \[3\]"),
        (({0: Ts([0, 1]), 1: np.array(3.0)},), {}, TypeError, "a unit must be a Ts.* got ndarray"),
        (({0: Ts([0, 1]), 1: None},), {}, TypeError, "a unit must be a Ts.* got NoneType"),
        (([Ts([0, 1])],), {"time_support": 3}, TypeError, "time_support argument"),
        (([Ts([0, 1])],), {"metadata": {"a": [1, 2]}}, ValueError, "length 2 of metadata 'a'"),
        (([Ts([0, 1])],), {"metadata": {"rate": [1]}}, ValueError, "Cannot set metadata 'rate'"),
        (([Ts([0, 1])],), {"metadata": {3: [1]}}, TypeError, "must be strings"),
        (([Ts([0, 1])],), {"metadata": 3}, TypeError, "Metadata with type"),
        (([Tsd([0, 1], [1, 2]), TsdFrame([0, 1], np.ones((2, 2)))],), {}, ValueError, "values of the same shape"),
    ],
)
def test_the_constructor_says_what_it_needs(args, kwargs, error, message):
    with pytest.raises(error, match=message):
        TsGroup(*args, **kwargs)


def test_metadata_of_a_dataframe_and_of_keywords():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"area": ["b", "a"]}, index=[1, 5])
    units = {5: Ts([0, 1]), 1: Ts([0, 2])}
    assert list(TsGroup(units, metadata=table).area) == ["b", "a"]
    with pytest.raises(ValueError, match="index does not match"):
        TsGroup(units, metadata=table.iloc[::-1])
    with pytest.warns(FutureWarning, match="metadata="):
        assert list(TsGroup(units, area=["x", "y"]).area) == ["y", "x"]


def test_empty_groups_need_a_support():
    empty = TsGroup({}, time_support=EPOCHS)
    assert len(empty) == 0
    assert empty.count(1.0).shape == (10, 0)
    assert len(empty.restrict(EPOCHS)) == 0
    assert len(empty.to_tsd()) == 0


def test_silent_units_stay():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        group = TsGroup({0: Ts([]), 1: Ts([1, 2])}, time_support=EPOCHS)
    assert group.rates[0] == 0
    assert group.count(1.0).values[:, 0].sum() == 0
    assert len(group[0]) == 0


# ---- items -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [[7, 2], np.array([2, 7]), (7, 2), [True, False, True], np.array([True, False, True])])
def test_parts_keep_the_order_of_keys(group, key):
    part = group[key]
    assert times(part) == {2: [0.5, 4, 12, 14], 7: [1, 2, 11]}
    assert list(part.depth) == [10, 30]
    np.testing.assert_allclose(part.rates, [0.4, 0.3])


def test_parts_by_metadata(group):
    assert group[group.area == "V1"].keys() == [4, 7]
    assert group[group["depth"] > 15].keys() == [4, 7]
    assert group[group.rates > 0.35].keys() == [2]
    assert len(group[[]]) == 0


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        (3, KeyError, "Key 3 not in group index"),
        ([2, 3], KeyError, "Key .3. not in group index"),
        ("are", KeyError, "Key are not in group index or metadata .* Did you mean 'area'"),
        (["area", "x"], KeyError, "Key x not in"),
        (slice(0, 2), TypeError, "cannot be sliced"),
        ([True, False], IndexError, "has shape"),
        (np.ones((3, 1), dtype=bool), IndexError, "has shape"),
        (np.ones((2, 1), dtype=int), IndexError, "one-dimensional list of keys"),
        (2.5, KeyError, "Key 2.5 not in group index"),
    ],
)
def test_wrong_keys_are_named(group, key, error, message):
    with pytest.raises(error, match=message):
        group[key]


def test_a_unit_is_made_once_and_not_pickled_twice(group):
    key = group.keys()[0]
    bare = len(pickle.dumps(group))
    assert group[key] is group[np.int64(key)]
    assert len(pickle.dumps(group)) == bare
    again = pickle.loads(pickle.dumps(group))
    np.testing.assert_array_equal(again[key].t, group[key].t)


def test_units_cannot_be_set(group):
    with pytest.raises(TypeError, match="not mutable"):
        group[2] = Ts([1, 2])
    group["layer"] = [1, 2, 3]
    group.quality = np.array([0.1, 0.2, 0.3])
    assert group.metadata_columns == ["rate", "area", "depth", "layer", "quality"]
    with pytest.raises(ValueError, match="computes it"):
        group.set_info(rate=[1, 2, 3])
    with pytest.raises(ValueError, match="computes it"):
        group.drop_info("rate")
    with pytest.raises(AttributeError, match="Cannot set attribute 'rates'"):
        group.rates = 3
    group.restrict_info("layer")
    assert group.metadata_columns == ["rate", "layer"]


# ---- one pass --------------------------------------------------------------------------------------------------------


def test_restrict_recomputes_rates(group):
    epochs = IntervalSet([0, 11], [2, 12])
    part = group.restrict(epochs)
    assert times(part) == {2: [0.5, 12], 4: [], 7: [1, 2, 11]}
    np.testing.assert_allclose(part.rates, [2 / 3, 0, 1])
    assert list(part.area) == list(group.area)
    assert part.time_support is epochs
    with pytest.raises(TypeError, match="ep argument"):
        group.restrict([0, 1])


def test_counts_are_those_of_each_unit(group):
    counts = group.count(2.0)
    assert isinstance(counts, TsdFrame)
    for key in group:
        np.testing.assert_array_equal(counts.loc[key].values, group[key].count(2.0).values)
    np.testing.assert_array_equal(counts.t, group[2].count(2.0).t)
    assert counts.metadata_columns == ["area", "depth"]
    assert list(counts.columns) == [2, 4, 7]
    np.testing.assert_array_equal(group.count().values, [[2, 2, 2], [2, 0, 1]])
    assert group.count(1.0, dtype="uint8").dtype == np.uint8
    with pytest.raises(TypeError, match="bin_size argument"):
        group.count("1")


def test_a_bin_that_overflows_its_dtype_raises():
    group = TsGroup([Ts(np.full(300, 0.5), time_support=IntervalSet(0, 1))], time_support=IntervalSet(0, 1))
    with pytest.raises(OverflowError, match="300 events, more than dtype uint8"):
        group.count(1.0, dtype=np.uint8)
    assert group.count(1.0, dtype=np.uint16).values.tolist() == [[300]]


def test_value_from_gives_a_group_of_signals(group):
    signal = Tsd(np.arange(16.0), np.arange(16.0) * 10)
    values = group.value_from(signal, EPOCHS)
    assert isinstance(values[2], Tsd)
    np.testing.assert_array_equal(values[2].values, [10, 40, 120, 140])
    np.testing.assert_array_equal(values[7].values, [10, 20, 110])
    assert list(values.area) == list(group.area)
    frame = TsdFrame(np.arange(16.0), np.arange(32).reshape(16, 2), columns=["x", "y"])
    values = group.value_from(frame, EPOCHS, mode="before")
    assert isinstance(values[4], TsdFrame)
    np.testing.assert_array_equal(values[4]["y"].values, [7, 7])
    with pytest.raises(TypeError, match="First argument"):
        group.value_from(group)


def test_groups_of_signals_keep_their_values():
    group = TsGroup({0: Tsd([0, 1, 2], [5, 6, 7]), 1: Tsd([0, 2], [8, 9])})
    assert isinstance(group[1], Tsd)
    np.testing.assert_array_equal(group.restrict(IntervalSet(1, 2))[0].values, [6, 7])
    np.testing.assert_array_equal(group.get(0, 1)[0].values, [5, 6])
    np.testing.assert_array_equal(group[[1]][1].values, [8, 9])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(group))[1].values, [8, 9])
    np.testing.assert_array_equal(group.copy()[1].values, [8, 9])
    merged = group.merge(TsGroup({5: Ts([0, 1, 2])}))
    np.testing.assert_array_equal(merged[0].values, [5, 6, 7])
    assert np.isnan(merged[5].values).all()
    mixed = TsGroup({0: Tsd([0, 1], [5, 6]), 1: Ts([0, 1])})
    assert np.isnan(mixed[1].values).all()


def test_get_between_and_closest(group):
    assert times(group.get(1, 11)) == {2: [4], 4: [3, 3.5], 7: [1, 2, 11]}
    assert times(group.get(2250, time_units="ms")) == {2: [4], 4: [3], 7: [2]}
    assert times(group.get(99)) == {2: [14], 4: [3.5], 7: [11]}
    assert group.get(1, 2).time_support is group.time_support
    with pytest.raises(ValueError, match="'start' should not precede"):
        group.get(3, 1)
    with pytest.raises(ValueError, match="'start' must be an int"):
        group.get("a")
    silent = TsGroup({0: Ts([]), 1: Ts([1, 2])}, time_support=EPOCHS)
    assert times(silent.get(1.4)) == {0: [], 1: [1]}


@pytest.mark.parametrize("query", np.arange(-1, 17, 0.25))
def test_closest_event_of_a_group_is_that_of_each_unit(group, query):
    assert times(group.get(query)) == {key: group[key].get(query).t.tolist() for key in group}


def test_time_diff_is_that_of_each_unit(group):
    for align in ("start", "center", "end"):
        differences = group.time_diff(align)
        assert list(differences) == [2, 4, 7]
        for key, diff in differences.items():
            np.testing.assert_array_equal(diff.values, group[key].time_diff(align).values)
            np.testing.assert_array_equal(diff.t, group[key].time_diff(align).t)
    with pytest.raises(RuntimeError, match="align"):
        group.time_diff("x")


def test_to_tsd_orders_all_events(group):
    signal = group.to_tsd()
    assert (np.diff(signal.t) >= 0).all()
    np.testing.assert_array_equal(signal.values[:4], [2, 7, 7, 4])
    assert signal.dtype == np.float64
    np.testing.assert_array_equal(group.to_tsd([-1, -2, -3]).values[:4], [-1, -3, -3, -2])
    np.testing.assert_array_equal(group.to_tsd("depth").values[:4], [10, 30, 30, 20])
    np.testing.assert_array_equal(group.to_tsd(group.depth).values, group.to_tsd("depth").values)
    assert group[[7]].to_tsd([-5]).values.tolist() == [-5, -5, -5]


def test_simultaneous_events_stay_in_the_order_of_units():
    group = TsGroup({k: Ts([0.0, 1.0, 2.0]) for k in (3, 1, 2)})
    assert group.to_tsd().values.tolist() == [1, 2, 3] * 3


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (([1, 2],), "Values is not the same length"),
        (("x",), "Key x not in metadata"),
        (("area",), "the values of a Tsd are numbers"),
        ((3,), "Unknown argument format int"),
        (([1, 2, 3], [1]), "one argument at most"),
    ],
)
def test_to_tsd_says_what_it_needs(group, args, message):
    with pytest.raises(RuntimeError, match=message):
        group.to_tsd(*args)


def test_to_tsd_checks_the_index_of_a_series(group):
    pd = pytest.importorskip("pandas")
    with pytest.raises(RuntimeError, match="Index of the Series is not the same"):
        group.to_tsd(pd.Series([1, 2, 3]))


def test_trial_counts_are_those_of_each_unit(group):
    trials = IntervalSet([0, 10], [4, 15])
    counts = group.trial_count(trials, 1.0, align="end")
    assert counts.shape == (3, 2, 5)
    for unit, key in zip(counts, group):
        np.testing.assert_array_equal(unit, group[key].trial_count(trials, 1.0, align="end"))
    with pytest.raises(RuntimeError, match="align"):
        group.trial_count(trials, 1.0, align="x")


def test_subsample_keeps_a_part_of_each_unit():
    rng = np.random.default_rng(0)
    group = TsGroup({k: Ts(np.sort(rng.uniform(0, 10, 100 * (k + 1)))) for k in range(3)})
    part = group.subsample(0.25, seed=1)
    assert [len(unit) for unit in part.values()] == [25, 50, 75]
    for key in group:
        assert np.isin(part[key].t, group[key].t).all()
        assert (np.diff(part[key].t) > 0).all()
    assert times(part) == times(group.subsample(np.float64(0.25), seed=1))
    assert times(part) != times(group.subsample(0.25, seed=2))
    assert times(group.subsample(1.0)) == times(group)
    for fraction, error, message in ((2, ValueError, "between 0 and 1"), ("a", TypeError, "should be a number")):
        with pytest.raises(error, match=message):
            group.subsample(fraction)


# ---- selection by metadata, merging ----------------------------------------------------------------------------------


def test_selection_by_metadata(group):
    assert group.getby_threshold("depth", 10).keys() == [4, 7]
    assert group.getby_threshold("depth", 10, "<=").keys() == [2]
    assert {k: g.keys() for k, g in group.getby_category("area").items()} == {"CA1": [2], "V1": [4, 7]}
    groups, centres = group.getby_intervals("depth", [0, 10, 25, 100, 200])
    assert [g.keys() for g in groups] == [[2, 4], [7]]
    np.testing.assert_array_equal(centres, [17.5, 62.5])
    with pytest.raises(RuntimeError, match="Operation ~ not recognized"):
        group.getby_threshold("depth", 1, "~")
    with pytest.raises(KeyError, match="not found"):
        group.getby_threshold("x", 1)
    assert group.groupby_apply("area", len) == {"CA1": 1, "V1": 2}


def test_merge_interleaves_keys(group):
    other = TsGroup(
        {3: Ts([1.0, 2.0]), 9: Ts([4.0, 4.5])}, time_support=EPOCHS, metadata={"area": ["a", "b"], "depth": [1, 2]}
    )
    merged = group.merge(other)
    assert times(merged) == {**times(group), **times(other)}
    assert merged.keys() == [2, 3, 4, 7, 9]
    assert list(merged.area) == ["CA1", "a", "V1", "V1", "b"]
    np.testing.assert_allclose(merged.rates, [0.4, 0.2, 0.2, 0.3, 0.2])
    assert TsGroup.merge_group(group) is group
    assert group.merge(group, reset_index=True).keys() == list(range(6))


def test_merge_says_what_is_in_its_way(group):
    with pytest.raises(ValueError, match=r"TsGroup indices .2, 4, 7. stand in several groups"):
        group.merge(group)
    other = TsGroup({1: Ts([1.0, 2.0])}, time_support=EPOCHS)
    with pytest.raises(ValueError, match="different metadata columns"):
        group.merge(other)
    assert group.merge(other, ignore_metadata=True).metadata_columns == ["rate"]
    elsewhere = group.restrict(IntervalSet(0, 20))[[4]]
    with pytest.raises(ValueError, match="Time supports are not the same"):
        group[[2]].merge(elsewhere)
    merged = group[[2]].merge(elsewhere, reset_time_support=True)
    assert merged.time_support.values.tolist() == [[0, 20]]
    with pytest.raises(TypeError, match="position 1 is not a TsGroup, but a Ts"):
        group.merge(group[2])
    with pytest.raises(ValueError, match="at least one"):
        TsGroup.merge_group()


def test_copies_and_pickles(group):
    for twin in (group.copy(), copy.deepcopy(group), pickle.loads(pickle.dumps(group))):
        assert times(twin) == times(group)
        twin["area"] = ["x", "y", "z"]
        assert list(group.area) == ["CA1", "V1", "V1"]
        assert not np.shares_memory(twin._times, group._times)


def test_repr_is_a_table(group):
    assert repr(group).splitlines()[0].split() == ["Index", "rate", "area", "depth"]
    assert len(str(group).splitlines()) == 5
    assert "<table" in group._repr_html_()
