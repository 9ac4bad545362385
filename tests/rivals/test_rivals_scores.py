"""Scores against NeMoS 0.2.8 and statsmodels, on drawn input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase.scores import aic, bic, deviance_explained, log_likelihood, pearson_residuals, pseudo_r2

nemos = pytest.importorskip("nemos")
jax = pytest.importorskip("jax")
sm = pytest.importorskip("statsmodels.api")
acf = pytest.importorskip("statsmodels.tsa.stattools").acf

pytestmark = pytest.mark.rivals

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(autouse=True)
def _their_precision():
    """NeMoS computes in JAX's global precision: float64 here, and put back afterwards."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def draw(seed, n_time=60, n_neurons=3):
    rng = np.random.default_rng(seed)
    mean = rng.gamma(2.0, 0.7, size=(n_time, n_neurons)) + 1e-3
    return rng, rng.poisson(mean).astype(float) + np.eye(n_time, n_neurons), mean


@given(seeds)
@settings(max_examples=20)
def test_likelihood_and_pseudo_r2_are_those_of_nemos(seed):
    _, y, mean = draw(seed)
    theirs = nemos.observation_models.PoissonObservations()

    def by_neuron(scores):
        return scores.mean(axis=0)

    expected = theirs.log_likelihood(y, mean, aggregate_sample_scores=by_neuron)
    np.testing.assert_allclose(log_likelihood(y, mean) / len(y), expected, rtol=1e-9)
    for kind in ("McFadden", "Cohen"):
        options = {"score_type": f"pseudo-r2-{kind}", "aggregate_sample_scores": by_neuron}
        expected = theirs.pseudo_r2(y, mean, **options)
        np.testing.assert_allclose(pseudo_r2(y, mean, kind=kind), expected, rtol=1e-7, atol=1e-9)
        if kind == "Cohen":
            np.testing.assert_allclose(deviance_explained(y, mean), expected, rtol=1e-7, atol=1e-9)


@given(seeds)
@settings(max_examples=10)
def test_criteria_and_residuals_are_those_of_statsmodels(seed):
    rng, y, _ = draw(seed, n_neurons=1)
    X = sm.add_constant(rng.normal(size=(60, 2)))
    fit = sm.GLM(y[:, 0], X, family=sm.families.Poisson()).fit(tol=1e-12)
    assert aic(y[:, 0], fit.mu, 3) == pytest.approx(fit.aic, rel=1e-10)
    assert bic(y[:, 0], fit.mu, 3) == pytest.approx(fit.bic_llf, rel=1e-10)
    assert deviance_explained(y[:, 0], fit.mu) == pytest.approx(1 - fit.deviance / fit.null_deviance, rel=1e-8)
    np.testing.assert_allclose(pearson_residuals(y[:, 0], fit.mu), fit.resid_pearson, rtol=1e-10)


@given(seeds)
@settings(max_examples=10)
def test_autocorrelation_of_one_epoch_is_that_of_statsmodels(seed):
    """Theirs centres the residuals; centred ones are given to both."""
    from rheobase.scores import residual_autocorrelation

    rng = np.random.default_rng(seed)
    y = rng.normal(size=200)
    y -= y.mean()
    mine = residual_autocorrelation(y, np.zeros(200), 20, "Gaussian", 1.0)
    np.testing.assert_allclose(mine.values, acf(y, adjusted=True, nlags=20, fft=False)[1:], rtol=1e-9, atol=1e-12)
