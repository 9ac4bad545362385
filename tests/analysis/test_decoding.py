"""Decoding, against Bayes' rule and distances by hand."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import ROUNDING
from rheobase._arrays.population import Activity, column_ids, undecided, window_bounds
from rheobase.analysis import compute_tuning_curves, decode_1d, decode_2d, decode_bayes, decode_template
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup

xr = pytest.importorskip("xarray")
stats = pytest.importorskip("scipy.stats")

EPOCHS = IntervalSet([0, 12], [10, 15])
CENTRES = np.array([0.5, 1.5, 2.5])


def curves_of(rates, centres=(CENTRES,), units=None, **attrs):
    rates = np.asarray(rates, dtype=float)
    dims = ["unit", *(f"x{i}" for i in range(len(centres)))]
    units = np.arange(len(rates)) if units is None else units
    return xr.DataArray(rates, coords=dict(zip(dims, [units, *centres])), dims=dims, attrs=attrs)


@pytest.fixture
def curves():
    return curves_of([[8.0, 1.0, 0.5], [0.5, 6.0, 1.0]], occupancy=np.array([1.0, 2.0, 1.0]))


@pytest.fixture
def group():
    rng = np.random.default_rng(0)
    return TsGroup({i: Ts(np.sort(rng.uniform(0, 15, 60))) for i in range(2)}, time_support=IntervalSet(0, 15))


@pytest.mark.parametrize("uniform", [True, False])
def test_bayes_rule(group, curves, uniform):
    decoded, p = decode_bayes(curves, group, EPOCHS, 0.5, uniform_prior=uniform)
    counts = group.count(0.5, EPOCHS)
    likelihood = stats.poisson.pmf(counts.values[:, :, None], 0.5 * curves.values).prod(axis=1)
    expected = likelihood * (1 if uniform else curves.attrs["occupancy"])
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(p.values, expected, rtol=1e-10)  # 1e-12 Hz is added to rates
    np.testing.assert_array_equal(decoded.values, CENTRES[expected.argmax(axis=1)])
    np.testing.assert_array_equal(decoded.t, counts.t)
    np.testing.assert_array_equal(p.time_support.values, EPOCHS.values)
    assert p.columns.tolist() == CENTRES.tolist()


def test_several_features(group):
    rng = np.random.default_rng(1)
    rates = rng.uniform(1, 9, (2, 3, 2))
    decoded, p = decode_bayes(curves_of(rates, (CENTRES, [10.0, 20.0])), group, EPOCHS, 500, time_units="ms")
    flat, q = decode_bayes(curves_of(rates.reshape(2, 6), (np.arange(6.0),)), group, EPOCHS, 0.5)
    assert isinstance(p, TsdTensor)
    np.testing.assert_array_equal(p.values.reshape(len(p), 6), q.values)
    assert decoded.columns.tolist() == ["x0", "x1"]
    row, column = np.divmod(flat.values.astype(int), 2)
    np.testing.assert_array_equal(decoded.values, np.stack([CENTRES[row], np.array([10.0, 20.0])[column]], axis=1))


@pytest.mark.parametrize("window", [1, 2, 3, 5, np.int64(4)])
def test_sliding_windows_sum_counts_within_epochs(group, curves, window):
    _, p = decode_bayes(curves, group, EPOCHS, 0.5, sliding_window_size=window)
    summed = group.count(0.5, EPOCHS).convolve(np.ones(int(window)))
    expected = stats.poisson.pmf(np.round(summed.values)[:, :, None], window * 0.5 * curves.values).prod(axis=1)
    np.testing.assert_allclose(p.values, expected / expected.sum(axis=1, keepdims=True), rtol=1e-9)


def test_a_window_longer_than_an_epoch_warns(group, curves):
    with pytest.warns(UserWarning, match=r"Kernel size \(9 samples\) is larger .* in 1 epoch"):
        decode_bayes(curves, group, EPOCHS, 0.5, sliding_window_size=9)


def test_counts_may_be_given(group, curves):
    counts = group.count(0.5, EPOCHS)
    _, expected = decode_bayes(curves, group, EPOCHS, 0.5)
    _, p = decode_bayes(curves, counts, EPOCHS, 0.5)
    np.testing.assert_allclose(p.values, expected.values, rtol=ROUNDING)
    _, mean = decode_bayes(curves, counts, EPOCHS, 0.5, sliding_window_size=3)
    assert mean.values.max() < p.values.max()
    with pytest.warns(UserWarning, match=r"passed bin_size is different .* 0.5 s apart"):
        decode_bayes(curves, counts, EPOCHS, 0.4)


def test_missing_counts_take_no_part(curves):
    frame = TsdFrame([0, 1, 2], [[3.0, np.nan], [3.0, 2.0], [np.nan, np.nan]], columns=[0, 1])
    _, p = decode_bayes(curves, frame, IntervalSet(0, 2), 1)
    _, alone = decode_bayes(curves.isel(unit=[0]), frame[:, :1], IntervalSet(0, 2), 1)
    np.testing.assert_allclose(p.values[0], alone.values[0], rtol=ROUNDING)
    np.testing.assert_allclose(p.values[2], 1 / 3)


def test_what_cannot_be_is_nan():
    frame = TsdFrame([0, 1], [[np.inf], [1.0]], columns=[0])
    decoded, p = decode_bayes(curves_of([[2.0, 3.0, 4.0]]), frame, IntervalSet(0, 1), 1)
    assert np.isnan(p.values[0]).all()
    assert np.isnan(decoded.values[0])
    assert decoded.values[1] == 0.5


def test_many_events_in_a_bin():
    """More than the smallest integers hold."""
    units = TsGroup(
        {0: Ts(np.linspace(0, 0.9, 70_000)), 1: Ts(np.linspace(0, 0.9, 300))}, time_support=IntervalSet(0, 1)
    )
    decoded, _ = decode_bayes(curves_of([[7e4, 300.0, 1.0], [300.0, 7e4, 1.0]]), units, IntervalSet(0, 1), 1)
    np.testing.assert_array_equal(decoded.values, [0.5])


def test_distances(group, curves):
    decoded, distance = decode_template(curves, group, EPOCHS, 0.5, "cityblock")
    counts = group.count(0.5, EPOCHS).values
    expected = np.abs(counts[:, :, None] - curves.values).sum(axis=1)
    np.testing.assert_allclose(distance.values, expected)
    np.testing.assert_array_equal(decoded.values, CENTRES[expected.argmin(axis=1)])
    # a spelling, in any case
    np.testing.assert_array_equal(decode_template(curves, group, EPOCHS, 0.5, "CB")[1].values, distance.values)


def test_a_template_met_exactly_is_at_no_distance():
    rng = np.random.default_rng(0)
    rates = rng.uniform(0, 50, (30, 40))
    frame = TsdFrame(np.arange(40), rates.T)
    for metric in ("euclidean", "sqeuclidean", "seuclidean", "mahalanobis", "correlation", "cosine"):
        decoded, distance = decode_template(curves_of(rates, (np.arange(40.0),)), frame, IntervalSet(0, 39), 1, metric)
        np.testing.assert_array_equal(decoded.values, np.arange(40))
        np.testing.assert_allclose(np.diag(distance.values), 0, atol=1e-7 if metric == "mahalanobis" else 1e-14)


def test_silent_rows_have_no_correlation(curves):
    units = TsGroup({0: Ts([0.1, 0.2]), 1: Ts([0.2, 0.3, 0.4])}, time_support=IntervalSet(0, 3))
    decoded, distance = decode_template(curves, units, IntervalSet(0, 3), 1)
    assert np.isnan(distance.values[1:]).all()
    assert np.isnan(decoded.values[1:]).all()


def test_no_bins_no_results(group, curves):
    for decode in (decode_bayes, decode_template):
        decoded, values = decode(curves, group, IntervalSet(0, 1), 10, sliding_window_size=2)
        assert decoded.shape == (0,)
        assert values.shape == (0, 3)


WRONG = [
    ({"tuning_curves": np.ones((2, 3))}, TypeError, "tuning_curves should be an xarray.DataArray .* got ndarray"),
    ({"tuning_curves": xr.DataArray(np.ones(3), dims=["unit"])}, ValueError, "at least one feature"),
    ({"data": [1]}, TypeError, "Unknown format for data: .* got list"),
    ({"data": Ts([1, 2])}, TypeError, "Unknown format for data"),
    ({"epochs": [0, 1]}, TypeError, "epochs argument should be of type IntervalSet"),
    ({"bin_size": "a"}, TypeError, "bin_size"),
    ({"bin_size": -1}, ValueError, "bin_size"),
    ({"time_units": "h"}, ValueError, "unrecognized time units"),
    ({"sliding_window_size": 1.5}, ValueError, "sliding_window_size should be a integer"),
    ({"sliding_window_size": 0}, ValueError, "sliding_window_size should be >= 1"),
    ({"tuning_curves": curves_of(np.ones((3, 3)))}, ValueError, "Different shapes for tuning_curves and data: 3 and 2"),
    ({"tuning_curves": curves_of(np.ones((2, 3)), units=[4, 5])}, ValueError, "Different indices .* \\[4, 5\\]"),
]


@pytest.mark.parametrize(("change", "error", "message"), WRONG)
@pytest.mark.parametrize("decode", [decode_bayes, decode_template])
def test_arguments_say_what_they_need(group, curves, decode, change, error, message):
    with pytest.raises(error, match=message):
        decode(**{"tuning_curves": curves, "data": group, "epochs": EPOCHS, "bin_size": 0.5, **change})


def test_other_arguments(group, curves):
    with pytest.raises(ValueError, match="no occupancy found"):
        decode_bayes(curves_of(curves.values), group, EPOCHS, 0.5, uniform_prior=False)
    with pytest.raises(ValueError, match="bin_size should be a number"):
        decode_bayes(curves, group.count(0.5), EPOCHS, "a")
    with pytest.raises(ValueError, match=r"Unknown Distance Metric: 'corelation'.*[Dd]id you mean 'correlation'"):
        decode_template(curves, group, EPOCHS, 0.5, "corelation")
    with pytest.raises(TypeError, match="metric should be a name or a function"):
        decode_template(curves, group, EPOCHS, 0.5, 3)


# ---- earlier spellings -----------------------------------------------------------------------------------------------


def test_earlier_spellings():
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(3)
    features = TsdFrame(np.arange(0, 15, 0.1), rng.uniform(0, 1, (150, 2)), columns=["x", "y"])
    units = TsGroup({i: Ts(np.sort(rng.uniform(0, 14.9, 50))) for i in (2, 5)}, time_support=features.time_support)
    flat = compute_tuning_curves(units, features[:, 0], 4)
    with pytest.warns(FutureWarning, match="decode_1d is an earlier spelling; use decode_bayes"):
        decoded, p = decode_1d(flat.to_pandas().T, {i: units[i] for i in (2, 5)}, EPOCHS, 0.5)
    np.testing.assert_array_equal(p.values, decode_bayes(flat, units, EPOCHS, 0.5)[1].values)
    with pytest.warns(FutureWarning, match="decode_1d"):
        _, p = decode_1d(flat.to_pandas().T, units, EPOCHS, 0.5, feature=features[:, 0])
    assert isinstance(decoded, Tsd)
    both = compute_tuning_curves(units, features, (2, 3))
    with pytest.warns(FutureWarning, match="decode_2d is an earlier spelling; use decode_bayes"):
        decoded, p = decode_2d(
            dict(zip([2, 5], both.values)), units, EPOCHS, 0.5, [both.coords[n].values for n in ("x", "y")]
        )
    np.testing.assert_array_equal(p.values, decode_bayes(both, units, EPOCHS, 0.5)[1].values)
    table = pandas.DataFrame(
        flat.values.T, index=flat.coords["x" if "x" in flat.coords else "0"].values, columns=[2, 5]
    )
    for call, error, message in (
        (lambda: decode_1d(flat, units, EPOCHS, 0.5), TypeError, "should be a pandas.DataFrame"),
        (lambda: decode_1d(table, units, EPOCHS, 0.5, feature=1), RuntimeError, "Unknown format for feature"),
        (lambda: decode_1d(table.iloc[:1], units, EPOCHS, 0.5, feature=features[:, 0]), ValueError, "at least two bin"),
        (lambda: decode_2d(table, units, EPOCHS, 0.5, []), TypeError, "should be a dictionary of arrays"),
        (lambda: decode_2d({}, units, EPOCHS, 0.5, [], features=3), TypeError, "TsdFrame with 2 columns"),
    ):
        with pytest.warns(FutureWarning), pytest.raises(error, match=message):
            call()


# ---- activity in blocks ----------------------------------------------------------------------------------------------


def test_activity_in_blocks_is_activity():
    rng = np.random.default_rng(0)
    values = np.asfortranarray(rng.integers(0, 5, (5000, 90)).astype(np.uint8))
    window = window_bounds(np.array([1000, 3500, 500]), 6)
    activity = Activity(values, window)
    whole = np.concatenate([activity.block(rows) for rows in activity.slices(10)])
    expected = np.array([values[a:b].sum(axis=0) for a, b in zip(*window)])
    np.testing.assert_array_equal(whole, expected)
    np.testing.assert_array_equal(activity.take(np.array([3, 999, 1000, 4999])), expected[[3, 999, 1000, 4999]])
    assert len(list(activity.slices(10))) > 1
    assert list(Activity(values[:0]).slices(3)) == []


def test_rows_are_undecided_between_columns_that_differ():
    ids = column_ids(np.array([[1.0, 2.0, 1.0], [0.0, 0.0, 0.0]]))
    assert ids[0] == ids[2] != ids[1]
    near = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 0], [0, 0, 0]], dtype=bool)
    np.testing.assert_array_equal(undecided(near, ids), [1])
