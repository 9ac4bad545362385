"""Tuning curves, against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase import analysis
from rheobase.analysis import compute_response_per_epoch, compute_tuning_curves
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup

SUPPORT = IntervalSet([0, 60], [50, 100])
T = np.arange(0, 100, 0.1)


@pytest.fixture
def feature():
    return Tsd(T, np.random.default_rng(0).uniform(0, 1, T.size), time_support=SUPPORT)


@pytest.fixture
def features():
    values = np.random.default_rng(1).uniform(0, 1, (T.size, 2))
    return TsdFrame(T, values, time_support=SUPPORT, columns=["x", "y"])


@pytest.fixture
def group():
    rng = np.random.default_rng(2)
    units = {k: Ts(np.sort(rng.uniform(0, 100, n)), time_support=SUPPORT) for k, n in ((2, 400), (9, 250))}
    return TsGroup({**units, 5: Ts([], time_support=SUPPORT)}, time_support=SUPPORT)


@pytest.fixture
def signals():
    return TsdFrame(
        T + 0.03, np.random.default_rng(3).normal(size=(T.size, 2)), time_support=SUPPORT, columns=["a", "b"]
    )


def counts_by_hand(times, feature, edges):
    """One event at a time: the closest feature sample of its epoch, then the bin of its values."""
    counts = np.zeros([e.size - 1 for e in edges])
    values = feature.values.reshape(len(feature), -1)
    for a, b in feature.time_support.values:
        inside = np.flatnonzero((feature.t >= a) & (feature.t <= b))
        for t in times[(times >= a) & (times <= b)]:
            distance = np.abs(feature.t[inside] - t)
            row = inside[np.flatnonzero(distance == distance.min())[-1]]
            where = [np.searchsorted(e, v, side="right") - 1 for e, v in zip(edges, values[row])]
            where = [min(w, e.size - 2) if v == e[-1] else w for w, e, v in zip(where, edges, values[row])]
            if all(0 <= w < e.size - 1 for w, e in zip(where, edges)):
                counts[tuple(where)] += 1
    return counts


@pytest.mark.parametrize("bins", [1, 7, np.int64(5), [4], np.linspace(0.1, 0.8, 5), [np.array([0, 0.5, 0.6, 1])]])
def test_rates_are_counts_over_time_spent(group, feature, bins):
    curves = compute_tuning_curves(group, feature, bins)
    edges = curves.attrs["bin_edges"]
    occupancy = np.histogram(feature.values, edges[0])[0]
    np.testing.assert_array_equal(curves.attrs["occupancy"], occupancy)
    assert curves.attrs["fs"] == pytest.approx(10)
    assert curves.dims == ("unit", "0")
    assert curves.coords["unit"].values.tolist() == [2, 5, 9]
    np.testing.assert_allclose(curves.coords["0"], (edges[0][1:] + edges[0][:-1]) / 2)
    for key in group:
        expected = counts_by_hand(group[key].t, feature, edges) / occupancy * curves.attrs["fs"]
        np.testing.assert_allclose(curves.sel(unit=key), expected)
    np.testing.assert_allclose(curves.attrs["rates"], group.rates)


def test_two_features(group, features):
    curves = compute_tuning_curves(group, features, bins=(3, 4), range=[(0, 1), (0.2, 0.9)])
    assert curves.dims == ("unit", "x", "y")
    assert curves.shape == (3, 3, 4)
    edges = curves.attrs["bin_edges"]
    np.testing.assert_array_equal(
        compute_tuning_curves(group, features, bins=edges, return_counts=True).sel(unit=9),
        counts_by_hand(group[9].t, features, edges),
    )
    np.testing.assert_array_equal(curves.attrs["occupancy"], np.histogramdd(features.values, edges)[0])
    names = compute_tuning_curves(group, features, bins=2, feature_names=["speed", "phase"]).dims
    assert names == ("unit", "speed", "phase")


def test_three_features(group):
    values = np.random.default_rng(1).integers(0, 3, (T.size, 3))
    curves = compute_tuning_curves(group, TsdFrame(T, values, time_support=SUPPORT), bins=3)
    assert curves.dims == ("unit", "0", "1", "2")
    assert curves.shape == (3, 3, 3, 3)
    assert curves.attrs["occupancy"].sum() == len(Tsd(T, T, time_support=SUPPORT))


def test_epochs_choose_what_counts(group, feature):
    epochs = IntervalSet([10, 70], [20, 75])
    curves = compute_tuning_curves(group, feature, 5, (0.0, 1.0), epochs, return_counts=True)
    edges = curves.attrs["bin_edges"]
    np.testing.assert_array_equal(curves.sel(unit=2), counts_by_hand(group[2].t, feature.restrict(epochs), edges))
    np.testing.assert_allclose(curves.attrs["rates"], group.restrict(epochs).rates)


def test_one_unit_alone_is_unit_zero(group, feature):
    alone, together = compute_tuning_curves(group[9], feature, 4), compute_tuning_curves(group, feature, 4)
    assert alone.coords["unit"].values.tolist() == [0]
    np.testing.assert_array_equal(alone.values[0], together.sel(unit=9))


def test_places_never_visited_are_nan(group):
    feature = Tsd(T, np.where(T < 50, 0.1, 0.9), time_support=SUPPORT)
    curves = compute_tuning_curves(group, feature, bins=3, range=(0, 1))
    assert np.isnan(curves.values[:, 1]).all()
    assert curves.sel(unit=5).values[0] == 0


def test_missing_features_take_no_part(group, feature):
    holes = Tsd(T, np.where(np.arange(T.size) % 3 == 0, np.nan, 0.5), time_support=SUPPORT)
    curves = compute_tuning_curves(group, holes, 1, (0, 1), return_counts=True)
    assert curves.attrs["occupancy"][0] == np.isfinite(holes.values).sum()
    np.testing.assert_array_equal(curves.sel(unit=2), counts_by_hand(group[2].t, holes, [np.array([0.0, 1.0])]))
    with pytest.raises(ValueError, match=r"autodetected range of .* is not finite"):
        compute_tuning_curves(group, holes)


def test_signals_are_averaged(signals, feature):
    curves = compute_tuning_curves(signals, feature, 6)
    assert curves.coords["unit"].values.tolist() == ["a", "b"]
    nearest = signals["a"].value_from(feature).values
    number = np.minimum(np.searchsorted(curves.attrs["bin_edges"][0], nearest, side="right") - 1, 5)
    expected = [signals.values[number == k].mean(axis=0) for k in range(6)]
    np.testing.assert_allclose(curves.values.T, expected)
    one = compute_tuning_curves(signals["b"], feature, 6)
    np.testing.assert_allclose(one.values[0], curves.values[1])


def test_missing_samples_of_a_signal_are_left_out_of_its_mean(signals, feature):
    """pynapple sets a bin with one NaN to 0."""
    holes = signals.copy()
    holes[::50, 0] = np.nan
    curves, whole = compute_tuning_curves(holes, feature, 4), compute_tuning_curves(signals, feature, 4)
    np.testing.assert_array_equal(curves.values[1], whole.values[1])
    assert np.isfinite(curves.values).all()
    number = np.minimum(np.searchsorted(curves.attrs["bin_edges"][0], signals["a"].value_from(feature), "right") - 1, 3)
    np.testing.assert_allclose(curves.values[0], [np.nanmean(holes.values[number == k, 0]) for k in range(4)])


def test_a_bin_without_data_samples_is_zero_and_one_never_visited_is_nan():
    feature = Tsd([0, 1, 2, 3], [0.0, 0.0, 1.0, 2.0])
    signal = Tsd([0, 0.4], [4.0, 6.0], time_support=IntervalSet(0, 3))
    np.testing.assert_array_equal(
        compute_tuning_curves(signal, feature, np.array([0, 0.5, 1.5, 2.5, 3.5])).values, [[5, 0, 0, np.nan]]
    )


def test_sampling_rate(group, feature):
    twice = compute_tuning_curves(group, feature, 3, fs=np.int64(20))
    np.testing.assert_allclose(twice.values, 2 * compute_tuning_curves(group, feature, 3).values)


def test_features_in_a_file_and_groups_of_signals(group, feature):
    from rheobase.containers._lazy import LazyArray

    lazy = Tsd(feature.t, LazyArray(feature.values), time_support=SUPPORT, load_array=False)
    expected = compute_tuning_curves(group, feature, 3)
    np.testing.assert_array_equal(compute_tuning_curves(group, lazy, 3).values, expected.values)
    valued = group.value_from(feature)
    with pytest.warns(UserWarning, match="only the times of their samples are used"):
        np.testing.assert_array_equal(compute_tuning_curves(valued, feature, 3).values, expected.values)


def test_nothing_in_nothing_out(feature):
    empty = TsGroup({}, time_support=SUPPORT)
    assert compute_tuning_curves(empty, feature, 3).shape == (0, 3)


NOWHERE = [IntervalSet(52, 58), IntervalSet(200, 300), IntervalSet(10.02, 10.08), IntervalSet([], [])]
"""Between the epochs of the features, beyond them, between two samples, and no epoch."""


@pytest.mark.parametrize("epochs", NOWHERE)
@pytest.mark.parametrize("options", [{}, {"range": (0, 1)}, {"bins": np.linspace(0, 1, 4)}, {"return_counts": True}])
def test_features_without_samples_in_the_epochs_are_named(group, signals, feature, features, epochs, options):
    for data in (group, group[2], signals, signals["a"]):
        with pytest.raises(ValueError, match=r"feature '0' has no samples in epochs .*give fs \(Hz\)"):
            compute_tuning_curves(data, feature, epochs=epochs, **options)
    with pytest.raises(ValueError, match="feature 'speed' has no samples"):
        compute_tuning_curves(group, feature, epochs=epochs, feature_names=["speed"], **options)
    options = {name: [value] * 2 if name != "return_counts" else value for name, value in options.items()}
    with pytest.raises(ValueError, match="features 'x', 'y' have no samples in epochs"):
        compute_tuning_curves(group, features, epochs=epochs, **options)


@pytest.mark.parametrize("epochs", NOWHERE[:3])
def test_with_a_sampling_rate_features_without_samples_give_nan(group, feature, epochs):
    """As in pynapple, which has no other way to make curves of nothing."""
    for options in ({}, {"range": (0, 1)}, {"bins": np.linspace(0, 1, 4)}):
        curves = compute_tuning_curves(group, feature, **{"bins": 3, "epochs": epochs, "fs": 10.0, **options})
        assert curves.shape == (3, 3)
        assert np.isnan(curves.values).all()
        assert not curves.attrs["occupancy"].any()
        np.testing.assert_allclose(curves.attrs["bin_edges"][0], np.linspace(0, 1, 4))


def test_an_empty_feature(group):
    nothing = Tsd([], [], time_support=SUPPORT)
    with pytest.raises(ValueError, match=r"feature '0' has no samples in epochs \(2 from 0.0 to 100.0 s\)"):
        compute_tuning_curves(group, nothing, 3)
    assert np.isnan(compute_tuning_curves(group, nothing, 3, fs=10).values).all()


WRONG = [
    ({"data": 1}, TypeError, "data should be a TsdFrame, TsGroup, Ts, or Tsd, got int"),
    ({"data": TsdTensor([0, 1], np.ones((2, 2, 2)))}, TypeError, "data should be"),
    ({"features": Ts([1, 2])}, TypeError, "features should be a Tsd or TsdFrame, got Ts"),
    ({"bins": "a"}, TypeError, "bins should be a number"),
    ({"bins": 1.5}, TypeError, r"`bins\[0\]` must be an integer"),
    ({"bins": 0}, ValueError, r"`bins\[0\]` must be positive"),
    ({"bins": [2, 1]}, ValueError, "monotonically increasing"),
    ({"bins": np.array([2.0, 1.0, 3.0])}, ValueError, "monotonically increasing"),
    ({"bins": [[1, 2], [3, 4]]}, ValueError, r"expected 1, got 2"),
    ({"range": (1,)}, ValueError, "range should be"),
    ({"range": (1, 0)}, ValueError, "max must be larger than min"),
    ({"range": (0, np.inf)}, ValueError, "both finite"),
    ({"range": "a"}, ValueError, "range should be"),
    ({"range": [(0, 1), (0, 1)]}, ValueError, "there are 1 features"),
    ({"epochs": [0, 1]}, TypeError, "epochs should be an IntervalSet, got list"),
    ({"fs": "a"}, TypeError, "fs should be a number"),
    ({"fs": -1}, ValueError, "fs should be positive"),
    ({"feature_names": "a"}, TypeError, "list of strings"),
    ({"feature_names": [1]}, TypeError, "list of strings"),
    ({"feature_names": ["a", "b"]}, ValueError, "2 names for 1"),
    ({"feature_names": ["unit"]}, ValueError, "must differ from each other and from 'unit'"),
    ({"mode": "near"}, ValueError, 'mode should be one of "closest", "before", "after"; .near. provided'),
    ({"mode": "befor"}, ValueError, "'befor' provided.*'before'"),
    ({"mode": None}, ValueError, "mode should be"),
    ({"mode": 1}, ValueError, "mode should be"),
    ({"max_distance": "a"}, TypeError, r"max_distance should be a number \(s\), got 'a'"),
    ({"max_distance": [1]}, TypeError, r"max_distance should be a number \(s\), got \[1\]"),
    ({"max_distance": -0.1}, ValueError, "max_distance should be >= 0 s, got -0.1"),
    ({"max_distance": np.nan}, ValueError, "max_distance should be >= 0 s, got nan"),
]


@pytest.mark.parametrize(("change", "error", "message"), WRONG)
def test_arguments_say_what_they_need(group, feature, change, error, message):
    with pytest.raises(error, match=message):
        compute_tuning_curves(**{"data": group, "features": feature, **change})


def test_several_features_need_several_specifications(group, features):
    for change, message in (
        ({"bins": [3]}, "expected 2, got 1"),
        ({"bins": np.linspace(0, 1, 4)}, "expected 2, got 4"),
        ({"range": (0, 1)}, "sequence of tuples, one for each feature"),
        ({"feature_names": ["a", "a"]}, "must differ"),
    ):
        with pytest.raises(ValueError, match=message):
            compute_tuning_curves(group, features, **change)
    with pytest.raises(ValueError, match="Cannot convert arrays with 3 dimensions"):
        compute_tuning_curves(group, features, return_pandas=True)


# ---- conditions ------------------------------------------------------------------------------------------------------


def test_response_per_epoch(group, signals):
    conditions = {"a": IntervalSet(0, 10), "b": IntervalSet([20, 70], [30, 75])}
    rates = compute_response_per_epoch(group, conditions)
    assert rates.dims == ("unit", "epochs")
    assert rates.sel(unit=2, epochs="b") == pytest.approx(len(group[2].restrict(conditions["b"])) / 15)
    means = compute_response_per_epoch(signals, conditions, return_pandas=True)
    assert means.loc["a", "b"] == pytest.approx(signals["b"].restrict(conditions["a"]).mean())
    single = compute_response_per_epoch(group[2], conditions)
    np.testing.assert_array_equal(single.values[0], rates.sel(unit=2))
    nothing = compute_response_per_epoch(signals["a"], {"x": IntervalSet(50.5, 50.6)})
    assert np.isnan(nothing.values).all()
    for wrong in ({}, {"a": 1}, 3):
        with pytest.raises(TypeError, match="epochs_dict should be a dictionary of IntervalSets"):
            compute_response_per_epoch(group, wrong)
    with pytest.raises(TypeError, match="data should be"):
        compute_response_per_epoch(1, conditions)


# ---- earlier spellings -----------------------------------------------------------------------------------------------


def test_earlier_spellings_name_the_present_ones_and_agree(group, feature, features, signals):
    def old(name, *args, **kwargs):
        new = "compute_response_per_epoch" if "discrete" in name else "compute_tuning_curves"
        with pytest.warns(FutureWarning, match=f"{name} is an earlier spelling; use {new} instead") as record:
            result = getattr(analysis, name)(*args, **kwargs)
        assert [warning.filename for warning in record] == [__file__]
        return result

    table = old("compute_1d_tuning_curves", group, feature, nb_bins=5, minmax=(0, 1))
    means = old("compute_1d_tuning_curves_continuous", signals, feature, 5)
    curves, centres = old("compute_2d_tuning_curves", group, features, (3, 4), minmax=(0, 1, 0, 1))
    flat, _ = old("compute_2d_tuning_curves_continuous", signals, features, 3)
    discrete = old("compute_discrete_tuning_curves", group, {"a": SUPPORT})
    expected = compute_tuning_curves(group, feature, 5, (0, 1))
    np.testing.assert_array_equal(table.values, expected.values.T)
    assert list(table.columns) == [2, 5, 9]
    np.testing.assert_allclose(table.index, [0.1, 0.3, 0.5, 0.7, 0.9])
    assert means.shape == (5, 2)
    assert list(curves) == [2, 5, 9]
    assert curves[2].shape == (3, 4)
    np.testing.assert_allclose(centres[1], [0.125, 0.375, 0.625, 0.875])
    assert list(flat) == ["a", "b"]
    np.testing.assert_allclose(discrete.loc["a"], group.rates)


OLD = [
    ("compute_1d_tuning_curves", ("tsd", "feature", 3), TypeError, "group should be a TsGroup, got Tsd"),
    ("compute_1d_tuning_curves", ("group", "features", 3), ValueError, "1 column only"),
    ("compute_1d_tuning_curves", ("group", "group", 3), TypeError, "feature should be a Tsd"),
    ("compute_1d_tuning_curves", ("group", "feature", 3.0), TypeError, "nb_bins should be of type int"),
    ("compute_1d_tuning_curves", ("group", "feature", (3, 4)), TypeError, "nb_bins should be of type int"),
    ("compute_1d_tuning_curves", ("group", "feature", 3, 1), TypeError, "ep should be an IntervalSet"),
    ("compute_1d_tuning_curves", ("group", "feature", 3, None, (1,)), ValueError, "minmax should hold 2 numbers"),
    ("compute_1d_tuning_curves_continuous", ("group", "feature", 3), TypeError, "Argument tsdframe"),
    ("compute_2d_tuning_curves", ("tsd", "features", 3), TypeError, "group should be"),
    ("compute_2d_tuning_curves", ("group", "feature", 3), TypeError, "features should be a TsdFrame with 2 columns"),
    ("compute_2d_tuning_curves", ("group", "features", 3, None, (1, 2)), ValueError, "minmax should hold 4 numbers"),
    ("compute_2d_tuning_curves", ("group", "features", (3, "a")), TypeError, "nb_bins"),
    ("compute_2d_tuning_curves_continuous", ("group", "features", 3), TypeError, "Argument tsdframe"),
    ("compute_discrete_tuning_curves", ("tsd", {}), TypeError, "group should be"),
]


@pytest.mark.parametrize(("name", "args", "error", "message"), OLD)
def test_earlier_spellings_say_what_they_need(group, feature, features, name, args, error, message):
    known = {"group": group, "feature": feature, "features": features, "tsd": feature}
    args = [known[arg] if isinstance(arg, str) else arg for arg in args]
    with pytest.raises(error, match=message):
        getattr(analysis, name)(*args)
