"""Observation models: likelihoods by SciPy, deviances by their definition, draws by their moments."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from helpers import ROUNDING, SAMPLING
from rheobase import observation_models
from rheobase._x64 import enable_x64
from rheobase.links import Exp, Softplus
from rheobase.observation_models import AbstractObservationModel, PoissonObservations

MODELS = {"Poisson": PoissonObservations()}
"""Every model; a new one is held to the laws below the day it is listed."""

SCIPY = {"Poisson": lambda y, mean: stats.poisson.logpmf(y, mean)}


@pytest.fixture(params=MODELS)
def name(request):
    return request.param


@pytest.fixture
def drawn(name):
    """Means and a response of shape (time, neuron)."""
    rng = np.random.default_rng(0)
    mean = rng.gamma(2.0, 1.0, size=(200, 3)) + 0.01
    return rng.poisson(mean).astype(float), mean


def test_log_likelihood_is_scipys(name, drawn):
    np.testing.assert_allclose(MODELS[name].log_likelihood_per_sample(*drawn), SCIPY[name](*drawn), rtol=0, atol=1e-12)


def test_deviance_is_twice_the_likelihood_lost(name, drawn):
    """Against a model whose mean is the response itself; never negative; zero there."""
    y, mean = drawn
    model = MODELS[name]
    saturated = model.log_likelihood_per_sample(y, np.maximum(y, 1e-300))
    expected = 2 * (np.where(y > 0, saturated, 0.0) - model.log_likelihood_per_sample(y, mean))
    np.testing.assert_allclose(model.deviance(y, mean), expected, rtol=1e-9, atol=1e-9)
    assert (model.deviance(y, mean) >= -ROUNDING).all()
    np.testing.assert_allclose(model.deviance(y[y > 0], y[y > 0]), 0.0, atol=ROUNDING)


@pytest.mark.parametrize("link", [Exp(), Softplus()])
def test_what_a_fit_minimises_is_the_likelihood_without_constants(name, drawn, link):
    """Differences between two predictors are those of the log-likelihood; the derivative is right at both ends."""
    y, mean = drawn
    eta, other = link.link(mean), link.link(mean[::-1])
    model = MODELS[name]
    with enable_x64():
        ours = np.asarray(
            model.negative_log_likelihood(jnp.asarray(y), jnp.asarray(eta), link)
            - model.negative_log_likelihood(jnp.asarray(y), jnp.asarray(other), link)
        )
    expected = model.log_likelihood_per_sample(y, link(other)) - model.log_likelihood_per_sample(y, link(eta))
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("link", [Exp(), Softplus()])
def test_derivatives_stay_finite_where_rates_vanish(name, link):
    model = MODELS[name]
    with enable_x64():
        for y in (0.0, 3.0):
            for eta in (-1000.0, -40.0, 0.0, 300.0):
                loss = jax.grad(lambda e, y=y: model.negative_log_likelihood(y, e, link))
                assert np.isfinite(loss(eta))
                assert jax.grad(loss)(eta) >= 0.0


def test_draws_have_the_mean(name):
    model = MODELS[name]
    mean = np.repeat([[0.2, 3.0, 40.0]], 20_000, axis=0)
    draw = np.asarray(model.sample_generator(jax.random.key(1), mean))
    assert draw.shape == mean.shape
    assert (np.abs(draw.mean(axis=0) - mean[0]) < SAMPLING * draw.std(axis=0) / np.sqrt(len(mean))).all()


def test_default_aggregation_sums_neurons_and_averages_time(name, drawn):
    model = MODELS[name]
    each = model.log_likelihood_per_sample(*drawn)
    assert model.log_likelihood(*drawn) == pytest.approx(each.mean(axis=0).sum())
    assert model.likelihood(*drawn) == pytest.approx(np.exp(each.mean(axis=0).sum()))
    assert model.log_likelihood(*drawn, aggregate_sample_scores=np.sum) == pytest.approx(each.sum())


def test_pseudo_r2(name, drawn):
    y, mean = drawn
    model = MODELS[name]
    null = np.broadcast_to(y.mean(axis=0), y.shape)
    for kind in ("pseudo-r2-McFadden", "pseudo-r2-Cohen"):
        assert model.pseudo_r2(y, null, kind) == pytest.approx(0.0, abs=ROUNDING)
        assert model.pseudo_r2(y, mean, kind) > 0
    cohen = 1 - model.deviance(y, mean).mean(axis=0).sum() / model.deviance(y, null).mean(axis=0).sum()
    assert model.pseudo_r2(y, mean, "pseudo-r2-Cohen") == pytest.approx(cohen)
    with pytest.raises(NotImplementedError, match=r"score_type must be one of .*got 'r2'"):
        model.pseudo_r2(y, mean, "r2")


def test_series_count_as_their_values(name, drawn):
    import rheobase

    times = np.arange(200) * 0.1
    y, mean = (rheobase.TsdFrame(times, part) for part in drawn)
    assert MODELS[name].log_likelihood(y, mean) == pytest.approx(MODELS[name].log_likelihood(*drawn))


def test_models_compare_by_what_they_are(name):
    """So that a program compiled for one serves its twin."""
    assert MODELS[name] == type(MODELS[name])()
    assert hash(MODELS[name]) == hash(type(MODELS[name])())


def test_poisson_counts_of_zero():
    """Where `y` is zero the deviance is twice the mean, the log-likelihood minus the mean."""
    mean = np.array([1e-20, 0.5, 30.0])
    np.testing.assert_allclose(PoissonObservations().deviance(np.zeros(3), mean), 2 * mean, rtol=1e-6, atol=1e-15)
    floored = np.maximum(mean, np.finfo(float).eps)
    np.testing.assert_allclose(PoissonObservations().log_likelihood_per_sample(np.zeros(3), mean), -floored)


@pytest.mark.parametrize("y", [[0.0, -1.0], [np.nan, -3.0]])
def test_counts_are_not_negative(y):
    with pytest.raises(ValueError, match=r"y must hold counts >= 0 .* smallest value is -[13]\. Were rates"):
        PoissonObservations().check_response(np.array(y))


def test_what_counts_may_be():
    for y in ([0.0, 0.5], [np.nan, 2.0], [np.nan], [1e9]):
        PoissonObservations().check_response(np.array(y))


@pytest.mark.parametrize("written", ["Poisson", "PoissonObservations", "nemos.observation_models.PoissonObservations"])
def test_names(written):
    assert observation_models.resolve(written) == PoissonObservations()


@pytest.mark.parametrize(
    ("written", "error", "message"),
    [
        ("Poison", ValueError, r"unknown observation_model 'Poison'; known are 'Poisson', .*Did you mean 'Poisson'"),
        (
            PoissonObservations,
            TypeError,
            r"got the class PoissonObservations \(an instance is needed",
        ),
        (None, TypeError, "observation_model must be a name .* got NoneType"),
    ],
)
def test_wrong_names(written, error, message):
    with pytest.raises(error, match=message):
        observation_models.resolve(written)


def test_the_interface_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        AbstractObservationModel()
