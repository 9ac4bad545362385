"""Residuals and their autocorrelation, against loops and against what independence promises."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from rheobase import IntervalSet, Tsd, TsdFrame
from rheobase.scores import pearson_residuals, residual_autocorrelation


def by_loop(residuals, t, epoch, lags):
    """Mean product of residuals that lie a lag apart in one epoch, over the mean square."""
    known = np.flatnonzero(np.isfinite(residuals))
    sums, n = np.zeros(len(lags)), np.zeros(len(lags))
    for i in known:
        for j in known:
            same = np.isclose(t[j] - t[i], lags, atol=1e-6) & (epoch[i] == epoch[j])
            sums[same] += residuals[i] * residuals[j]
            n[same] += 1
    with np.errstate(invalid="ignore"):
        return sums / n / np.mean(residuals[known] ** 2), n


@pytest.fixture
def frame(rng):
    """Three epochs, the last a single sample, with bins missing in the first and an unknown count."""
    t = np.concatenate([0.1 * np.delete(np.arange(25), [4, 5, 11]), 2.6 + 0.1 * np.arange(30), [90.0]])
    epoch = np.repeat([0, 1, 2], [22, 30, 1])
    mean = rng.gamma(2.0, 0.5, size=(53, 2))
    counts = rng.poisson(mean).astype(float)
    counts[7, 1] = np.nan
    support = IntervalSet([-0.05, 2.55, 80], [2.45, 5.55, 95])
    return TsdFrame(t, counts, time_support=support, columns=["a", "b"]), mean, epoch


@pytest.mark.parametrize("few", [300, 1], ids=["products", "Fourier transform"])
def test_autocorrelation_is_that_of_a_loop_over_pairs(frame, few, monkeypatch):
    monkeypatch.setattr("rheobase.scores.residuals._FEW_LAGS", few)
    counts, mean, epoch = frame
    result = residual_autocorrelation(counts, mean, 1.0)
    np.testing.assert_allclose(result.lags, 0.1 * np.arange(1, 11), rtol=1e-12)
    residuals = pearson_residuals(counts, mean).values
    for n in range(2):
        values, n_pairs = by_loop(residuals[:, n], counts.t, epoch, result.lags)
        np.testing.assert_allclose(result.values[:, n], values, rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(result.n_pairs[:, n], n_pairs)
        np.testing.assert_allclose(result.band[:, n], 1.959963984540054 / np.sqrt(n_pairs), rtol=1e-12)


def test_arrays_are_one_epoch_and_lags_are_rows_unless_bins_have_a_size(rng):
    mean = rng.gamma(2.0, 0.5, size=60)
    counts = rng.poisson(mean).astype(float)
    counts[20] = np.nan
    rows = residual_autocorrelation(counts, mean, 5)
    values, n_pairs = by_loop(pearson_residuals(counts, mean), np.arange(60.0), np.zeros(60), rows.lags)
    np.testing.assert_array_equal(rows.lags, np.arange(1, 6))
    np.testing.assert_allclose(rows.values, values, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(rows.n_pairs, n_pairs)
    seconds = residual_autocorrelation(counts, mean, 0.05, bin_size=0.01)
    np.testing.assert_array_equal(seconds.values, rows.values)
    np.testing.assert_allclose(seconds.lags, 0.01 * rows.lags)


def test_lags_longer_than_the_data_have_no_pairs():
    result = residual_autocorrelation([0, 2, 1], [1.0, 1.0, 0.5], 6)
    assert np.isfinite(result.values[:2]).all()
    assert np.isnan(result.values[2:]).all()
    assert np.isnan(result.band[2:]).all()


def test_the_true_model_stays_in_the_band_at_95_percent_of_lags(rng):
    mean = np.broadcast_to(1.5 + np.sin(np.arange(4000) / 30)[:, None], (4000, 60))
    result = residual_autocorrelation(rng.poisson(mean), mean, 40)
    outside = (np.abs(result.values) > result.band).sum()
    low, high = binom.ppf([5e-5, 1 - 5e-5], result.values.size, 0.05)
    print(f"true model: {outside / result.values.size:.4f} of {result.values.size} outside the band")
    assert low <= outside <= high
    assert result.outside.mean() == pytest.approx(outside / result.values.size)


def test_a_missed_rhythm_shows_at_its_lag(rng):
    rhythm = 1.5 + np.cos(2 * np.pi * np.arange(5000) / 20)
    result = residual_autocorrelation(rng.poisson(rhythm), np.full(5000, 1.5), 30)
    assert result.values[19] > 2 * result.band[19]
    assert result.values[9] < -2 * result.band[9]


@pytest.mark.parametrize(
    ("model", "scale", "variance"),
    [
        ("Poisson", 1.0, lambda mean: mean),
        ("Bernoulli", 1.0, lambda mean: mean * (1 - mean)),
        ("NegativeBinomial", 0.5, lambda mean: mean + 0.5 * mean**2),
        ("Gamma", 0.5, lambda mean: 0.5 * mean**2),
        ("Gaussian", 2.0, lambda mean: 2.0 + 0 * mean),
    ],
)
def test_residuals_are_in_standard_deviations_of_the_model(model, scale, variance, rng):
    mean = rng.uniform(0.1, 0.9, size=(20, 2))
    y = rng.integers(0, 2, size=(20, 2))
    expected = (y - mean) / np.sqrt(variance(mean))
    np.testing.assert_allclose(pearson_residuals(y, mean, model, scale), expected, rtol=1e-12)
    np.testing.assert_allclose(pearson_residuals(y[:, 0], mean[:, 0], model, scale), expected[:, 0], rtol=1e-12)


def test_residuals_of_series_are_series(frame):
    counts, mean, _ = frame
    residuals = pearson_residuals(counts, mean)
    assert isinstance(residuals, TsdFrame)
    assert list(residuals.columns) == ["a", "b"]
    np.testing.assert_array_equal(residuals.t, counts.t)
    np.testing.assert_array_equal(residuals.time_support.values, counts.time_support.values)
    assert isinstance(pearson_residuals(Tsd([0, 1], [0, 1]), [1.0, 1.0]), Tsd)
    np.testing.assert_array_equal(pearson_residuals([0.0, np.nan, 1.0], [1.0, 1.0, 0.0]), [-1, np.nan, np.nan])


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: residual_autocorrelation([0, 1], [1.0, 1.0], 0.5), "max_lag must be at least one bin"),
        (lambda: residual_autocorrelation([0, 1], [1.0, 1.0], 1, bin_size=0), "bin_size must be > 0"),
        (lambda: residual_autocorrelation([0, 1], [1.0, 1.0], 1, confidence=1), "confidence must be between"),
        (lambda: pearson_residuals([0, 1], [1.0, 1.0], "Categorical"), "judge a classifier with its own score"),
        (lambda: residual_autocorrelation(Tsd([0, 1, 1.7, 3], np.ones(4)), np.ones(4), 2), "samples must be 1 s apart"),
    ],
)
def test_what_has_no_autocorrelation_says_so(call, match):
    with pytest.raises(ValueError, match=match):
        call()
