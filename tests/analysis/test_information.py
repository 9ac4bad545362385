"""Mutual information, against its formula and its limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase.analysis import compute_1d_mutual_info, compute_2d_mutual_info, compute_mutual_information
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame

pd = pytest.importorskip("pandas")
xr = pytest.importorskip("xarray")

FEATURES = TsdFrame(np.arange(100), np.random.default_rng(0).uniform(0, 1, (100, 2)))


def curves_of(table, occupancy, **attrs):
    table = np.asarray(table, dtype=float)
    dims = ["unit", *(str(i) for i in range(table.ndim - 1))]
    return xr.DataArray(
        table, coords={"unit": np.arange(len(table))}, dims=dims, attrs={"occupancy": occupancy, **attrs}
    )


@pytest.mark.parametrize("n", [2, 8, 64])
def test_a_unit_that_fires_in_one_of_n_places_tells_log2_n_bits_per_spike(n):
    rates = np.zeros((2, n))
    rates[0, 1], rates[1] = n * 3.0, 3.0
    table = compute_mutual_information(curves_of(rates, np.full(n, 7.0), rates=np.array([3.0, 3.0])))
    np.testing.assert_allclose(table["bits/spike"], [np.log2(n), 0], atol=1e-14)
    np.testing.assert_allclose(table["bits/sec"], [3 * np.log2(n), 0], atol=1e-14)
    assert table.index.tolist() == [0, 1]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([(5,), (3, 4)]))
def test_information_about_the_mean_rate_is_never_negative(seed, shape):
    rng = np.random.default_rng(seed)
    rates, occupancy = rng.uniform(0, 10, (3, *shape)), rng.integers(1, 9, shape)
    mean = (rates * occupancy).reshape(3, -1).sum(axis=1) / occupancy.sum()
    table = compute_mutual_information(curves_of(rates, occupancy), rates=mean)
    assert (table.to_numpy() > -1e-12).all()
    scaled = compute_mutual_information(curves_of(4 * rates, 10.0 * occupancy), rates=list(4 * mean))
    np.testing.assert_allclose(scaled["bits/sec"], 4 * table["bits/sec"], atol=1e-12)
    np.testing.assert_allclose(scaled["bits/spike"], table["bits/spike"], atol=1e-12)


def test_rates_are_estimated_where_there_are_none():
    curves = curves_of([[2.0, 6.0]], np.array([1, 3]))
    with pytest.warns(UserWarning, match="Estimating mean firing rates"):
        estimated = compute_mutual_information(curves)
    pd.testing.assert_frame_equal(estimated, compute_mutual_information(curves, rates=[5.0]))


def test_bins_without_data_and_silent_units():
    curves = curves_of([[2.0, np.nan, 6.0], [0.0, np.nan, 0.0]], np.array([1.0, 0.0, 3.0]), rates=np.array([5.0, 0.0]))
    table = compute_mutual_information(curves)
    assert table.loc[0, "bits/sec"] == pytest.approx(0.25 * 2 * np.log2(2 / 5) + 0.75 * 6 * np.log2(6 / 5))
    assert table.loc[1, "bits/sec"] == 0
    assert np.isnan(table.loc[1, "bits/spike"])


def test_arguments_say_what_they_need():
    curves = curves_of([[2.0, 6.0]], np.array([1, 3]))
    bare = xr.DataArray([[1.0, 2.0]], dims=["unit", "0"])
    for arguments, error, message in (
        ((np.ones(3),), TypeError, "tuning_curves should be an xr.DataArray"),
        ((curves, 3.0), TypeError, "rates should be a list or array, got float"),
        ((curves, [1.0, 2.0]), ValueError, "dimension of rates should match .* got 2 for 1"),
        ((bare,), ValueError, "No occupancy found"),
        ((curves_of([[2.0, 6.0]], np.ones(3)),), ValueError, r"shape of a tuning curve, \(2,\), got \(3,\)"),
    ):
        with pytest.raises(error, match=message):
            compute_mutual_information(*arguments)


@pytest.mark.filterwarnings("ignore:Estimating")
def test_earlier_spellings():
    rates = np.random.default_rng(1).uniform(0, 9, (4, 3))
    occupancy = np.histogram(FEATURES.values[:50, 0], np.linspace(0, 1, 5))[0]
    expected = compute_mutual_information(curves_of(rates.T, occupancy))
    with pytest.warns(FutureWarning, match="compute_1d_mutual_info is an earlier spelling"):
        table = compute_1d_mutual_info(rates, FEATURES[:, 0], IntervalSet(0, 49), (0, 1), bitssec=True)
    np.testing.assert_allclose(table["SI"], expected["bits/sec"])
    square = rates.reshape(3, 2, 2)
    occupancy = np.histogram2d(*FEATURES.values.T, [np.linspace(0, 1, 3), np.linspace(0, 2, 3)])[0]
    with pytest.warns(FutureWarning, match="compute_2d_mutual_info is an earlier spelling"):
        table = compute_2d_mutual_info(dict(zip("abc", square)), FEATURES, minmax=(0, 1, 0, 2))
    np.testing.assert_allclose(table["SI"], compute_mutual_information(curves_of(square, occupancy))["bits/spike"])
    assert table.index.tolist() == ["a", "b", "c"]


TC = np.ones((4, 2))
OLD = [
    (compute_1d_mutual_info, ([1], FEATURES[:, 0]), TypeError, "Argument tc should be"),
    (compute_1d_mutual_info, (TC, Ts([1, 2])), TypeError, "feature should be a Tsd"),
    (compute_1d_mutual_info, (TC, FEATURES), ValueError, "1 column only"),
    (compute_1d_mutual_info, (TC, FEATURES[:, 0], 3), TypeError, "ep should be an IntervalSet"),
    (compute_1d_mutual_info, (TC, FEATURES[:, 0], None, 3), TypeError, "minmax should be a tuple/list of 2 numbers"),
    (compute_1d_mutual_info, (TC, FEATURES[:, 0], None, None, 1), TypeError, "bitssec should be of type bool"),
    (compute_2d_mutual_info, ([1], FEATURES), TypeError, "Argument dict_tc should be"),
    (compute_2d_mutual_info, (np.ones((1, 2, 2)), Tsd([1, 2], [1, 2])), TypeError, "TsdFrame with 2 columns"),
    (compute_2d_mutual_info, (np.ones((1, 2, 2)), FEATURES[:, :1]), ValueError, "2 columns only, got 1"),
]


@pytest.mark.parametrize(("function", "arguments", "error", "message"), OLD)
def test_earlier_spellings_say_what_they_need(function, arguments, error, message):
    with pytest.warns(FutureWarning), pytest.raises(error, match=message):
        function(*arguments)
