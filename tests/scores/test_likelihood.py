"""Scores of predictions, against SciPy, scikit-learn and the models' own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from helpers import ROUNDING
from rheobase import Tsd, TsdFrame
from rheobase.glm import GLM, PopulationGLM
from rheobase.observation_models import PoissonObservations
from rheobase.scores import (
    aic,
    bic,
    bits_per_spike,
    deviance_explained,
    log_likelihood,
    pseudo_r2,
)

SCORES = [
    log_likelihood,
    deviance_explained,
    pseudo_r2,
    lambda *args, **kwargs: pseudo_r2(*args, kind="Cohen", **kwargs),
    bits_per_spike,
]
CRITERIA = [lambda y, m, **k: aic(y, m, 3, **k), lambda y, m, **k: bic(y, m, 3, **k)]
every_ratio = pytest.mark.parametrize("score", SCORES[1:], ids=["D2", "McFadden", "Cohen", "bits"])
every = pytest.mark.parametrize(
    "score", [*SCORES, *CRITERIA], ids=["likelihood", "D2", "McFadden", "Cohen", "bits", "AIC", "BIC"]
)


@pytest.fixture
def data(rng):
    mean = rng.gamma(2.0, 0.5, size=(150, 3))
    return rng.poisson(mean).astype(float), mean


@every
def test_one_number_a_neuron_and_each_on_its_own(score, data):
    y, mean = data
    together = score(y, mean)
    assert together.shape == (3,)
    assert together.dtype == np.float64
    alone = [score(y[:, n], mean[:, n]) for n in range(3)]
    assert all(type(value) is float for value in alone)
    np.testing.assert_allclose(together, alone, rtol=ROUNDING)


@every
def test_rows_with_nan_are_left_out_for_each_neuron(score, data):
    y, mean = data
    y[3, 0], mean[5, 1], y[7], mean[9, 2] = np.nan, np.nan, np.nan, np.inf
    expected = []
    for n in range(3):
        known = np.isfinite(y[:, n]) & np.isfinite(mean[:, n])
        expected.append(score(y[known, n], mean[known, n]))
    np.testing.assert_allclose(score(y, mean), expected, rtol=ROUNDING)


@pytest.mark.parametrize("score", [*SCORES, CRITERIA[0]])
def test_whole_weights_are_repeated_rows(score, data, rng):
    y, mean = data
    weight = rng.integers(0, 4, size=150)
    expected = score(np.repeat(y, weight, axis=0), np.repeat(mean, weight, axis=0))
    np.testing.assert_allclose(score(y, mean, sample_weight=weight), expected, rtol=1e-10)
    columns = np.repeat(weight[:, None], 3, axis=1)
    np.testing.assert_allclose(score(y, mean, sample_weight=columns), expected, rtol=1e-10)


@every
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, bool])
def test_counts_of_any_dtype_and_series_score_alike(score, data, dtype):
    y, mean = data
    y = y.astype(dtype)
    expected = score(y.astype(float), mean)
    np.testing.assert_allclose(score(y, mean), expected, rtol=ROUNDING)
    t = np.arange(150) * 0.1
    np.testing.assert_allclose(score(TsdFrame(t, y), TsdFrame(t, mean)), expected, rtol=ROUNDING)
    np.testing.assert_allclose(score(Tsd(t, y[:, 0]), mean[:, 0]), expected[0], rtol=ROUNDING)
    read_only = np.asfortranarray(mean)
    read_only.flags.writeable = False
    np.testing.assert_allclose(score(y, read_only), expected, rtol=ROUNDING)


def test_blocks_of_rows_make_no_difference(data, monkeypatch):
    from rheobase.scores import _inputs

    expected = [score(*data) for score in [*SCORES, *CRITERIA]]
    monkeypatch.setattr(_inputs, "_BLOCK", 21)
    got = [score(*data) for score in [*SCORES, *CRITERIA]]
    np.testing.assert_allclose(got, expected, rtol=ROUNDING)


def test_numbers_of_poisson_counts(data):
    y, mean = data
    fit = poisson.logpmf(y, mean).sum(axis=0)
    null = poisson.logpmf(y, y.mean(axis=0)).sum(axis=0)
    np.testing.assert_allclose(log_likelihood(y, mean), fit, rtol=ROUNDING)
    np.testing.assert_allclose(pseudo_r2(y, mean), 1 - fit / null, rtol=1e-10)
    bits = (fit - null) / y.sum(axis=0) / np.log(2)
    np.testing.assert_allclose(bits_per_spike(y, mean), bits, rtol=1e-10)
    np.testing.assert_allclose(aic(y, mean, 4), 8 - 2 * fit, rtol=ROUNDING)
    np.testing.assert_allclose(bic(y, mean, [1, 2.5, 3]), np.log(150) * np.array([1, 2.5, 3]) - 2 * fit, rtol=ROUNDING)


def test_deviance_explained_is_that_of_scikit_learn(data):
    from sklearn.metrics import d2_tweedie_score

    y, mean = data
    expected = [d2_tweedie_score(y[:, n], mean[:, n], power=1) for n in range(3)]
    np.testing.assert_allclose(deviance_explained(y, mean), expected, rtol=1e-10)


@pytest.mark.parametrize("kind", ["McFadden", "Cohen"])
def test_pseudo_r2_is_that_of_the_model(rng, kind):
    X = rng.normal(size=(200, 2))
    y = rng.poisson(np.exp(0.5 * X)).astype(float)
    y[5] = np.nan
    model = GLM().fit(X, y[:, 0])
    name = f"pseudo-r2-{kind}"
    expected = model.score(X, y[:, 0], score_type=name)
    assert pseudo_r2(y[:, 0], model.predict(X), kind=kind) == pytest.approx(expected, rel=1e-10)
    assert pseudo_r2(y[:, 0], model.predict(X), kind=name) == pytest.approx(expected, rel=1e-10)
    many = PopulationGLM().fit(X, y)
    expected = many.score(X, y, score_type=name, aggregate_sample_scores=lambda s: s.mean(axis=0))
    predicted = many.predict(X)
    np.testing.assert_allclose(pseudo_r2(y, predicted, many.observation_model, kind=kind), expected, rtol=1e-10)
    pooled = many.score(X, y, score_type=name)
    assert pseudo_r2(y, predicted, kind=kind, per_neuron=False) == pytest.approx(pooled, rel=1e-10)


def test_criteria_are_those_of_the_inference_of_a_fit(rng):
    X = rng.normal(size=(200, 2))
    y = rng.poisson(np.exp(0.5 * X)).astype(float)
    y[5, 0] = np.nan
    model = PopulationGLM().fit(X, y)
    found, mean = model.inference(X, y), model.predict(X)
    np.testing.assert_allclose(aic(y, mean, found.effective_dof), found.aic, rtol=1e-9)
    np.testing.assert_allclose(bic(y, mean, found.effective_dof), found.bic, rtol=1e-9)


def test_other_models(data, rng):
    """Deviance explained is R² for Gaussian responses, and scikit-learn's D² for others."""
    from sklearn.metrics import d2_log_loss_score, d2_tweedie_score, r2_score

    y, mean = data[0][:, 0], data[1][:, 0]
    assert deviance_explained(y, mean, "Gaussian") == pytest.approx(r2_score(y, mean))
    assert deviance_explained(y, mean, "Gaussian", scale=3.0) == pytest.approx(r2_score(y, mean))
    assert deviance_explained(y + 0.1, mean, "Gamma") == pytest.approx(d2_tweedie_score(y + 0.1, mean, power=2))
    chance = rng.uniform(0.1, 0.9, size=150)
    spikes = (rng.random(150) < chance).astype(int)
    expected = pytest.approx(d2_log_loss_score(spikes, chance))
    assert deviance_explained(spikes, chance, "Bernoulli") == expected
    assert pseudo_r2(spikes, chance, "Bernoulli") == expected
    with pytest.raises(ValueError, match="judge a classifier"):
        log_likelihood(spikes, chance, "Categorical")


def test_a_population_together(data):
    y, mean = data
    assert log_likelihood(y, mean, per_neuron=False) == pytest.approx(log_likelihood(y, mean).sum())
    bits = np.average(bits_per_spike(y, mean), weights=y.sum(axis=0))
    assert bits_per_spike(y, mean, per_neuron=False) == pytest.approx(bits)
    null = np.broadcast_to(y.mean(axis=0), y.shape)
    deviance = PoissonObservations().deviance
    expected = 1 - deviance(y, mean).sum() / deviance(y, null).sum()
    assert deviance_explained(y, mean, per_neuron=False) == pytest.approx(expected)


@every_ratio
def test_the_null_model_scores_zero_and_a_better_one_more(score, data):
    y, mean = data
    constant = np.broadcast_to(y.mean(axis=0), y.shape)
    np.testing.assert_allclose(score(y, constant), 0, atol=1e-12)
    assert (score(y, np.maximum(y, 1e-3)) > score(y, mean)).all()


@every_ratio
def test_the_null_model_may_be_given(score, data, rng):
    y, mean = data
    train = rng.poisson(1.5, size=(80, 3)).astype(float)
    train[4] = np.nan
    rates = np.nanmean(train, axis=0)
    expected = score(y, mean, null_mean=rates)
    assert not np.allclose(expected, score(y, mean))
    np.testing.assert_allclose(score(y, mean, y_train=train), expected, rtol=ROUNDING)
    np.testing.assert_allclose(score(y, mean, null_mean=np.broadcast_to(rates, y.shape)), expected, rtol=ROUNDING)
    np.testing.assert_allclose(score(y[:, 0], mean[:, 0], null_mean=np.full(150, rates[0])), expected[0], rtol=ROUNDING)
    np.testing.assert_allclose(score(y[:, 0], mean[:, 0], y_train=train[:, 0]), expected[0], rtol=ROUNDING)
    np.testing.assert_allclose(score(y, mean, null_mean=mean), 0, atol=ROUNDING)


def test_a_silent_neuron_has_no_bits_and_no_deviance_to_explain():
    y, mean = np.zeros(20), np.full(20, 0.1)
    assert np.isnan(bits_per_spike(y, mean))
    assert np.isnan(bits_per_spike(y, mean, null_mean=0.2))
    assert log_likelihood(y, mean) == pytest.approx(-2)


def test_nothing_known_is_nothing_said():
    y, mean = np.full(4, np.nan), np.ones(4)
    assert log_likelihood(y, mean) == 0
    assert np.isnan(deviance_explained(y, mean))
    assert np.isnan(bits_per_spike(y, mean))


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: log_likelihood([1, 2], [1.0]), ValueError, "mean must have the shape of y"),
        (lambda: log_likelihood(np.ones((2, 1)), np.ones(2)), ValueError, "mean must have the shape of y"),
        (lambda: log_likelihood([], []), ValueError, "at least one entry"),
        (lambda: log_likelihood(1.0, 1.0), ValueError, "must have shape"),
        (lambda: log_likelihood(["a"], [1.0]), TypeError, "y must be numeric"),
        (lambda: log_likelihood([1], [1.0], "Poison"), ValueError, "Did you mean 'Poisson'"),
        (lambda: log_likelihood([1], [1.0], sample_weight=[-1]), ValueError, "sample_weight must be finite and >= 0"),
        (lambda: log_likelihood([1], [1.0], sample_weight=[1, 1]), ValueError, "sample_weight must have shape"),
        (lambda: pseudo_r2([1], [1.0], kind="Cohn"), ValueError, "Did you mean 'Cohen'"),
        (lambda: bits_per_spike([1], [1.0], y_train=[1], null_mean=1), ValueError, "not both"),
        (lambda: bits_per_spike([1], [1.0], null_mean=[1, 2]), ValueError, "null_mean must be"),
        (lambda: bits_per_spike([1], [1.0], y_train=[[1]]), ValueError, "y_train must have shape"),
        (lambda: aic([1], [1.0], -1), ValueError, "n_parameters must be finite"),
        (lambda: bic([1], [1.0], [1, 2]), ValueError, "n_parameters must be a number"),
        (lambda: log_likelihood(Tsd([0, 1], [1, 2]), Tsd([0, 2], [1, 2])), ValueError, "different times"),
    ],
)
def test_what_cannot_be_scored_says_so(call, error, match):
    with pytest.raises(error, match=match):
        call()
