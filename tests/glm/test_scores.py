"""Scores: the formulas, by hand and by SciPy; ways to aggregate; what they are blind to."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from glm_helpers import population
from helpers import ROUNDING
from rheobase.glm import GLM, PopulationGLM

KINDS = ("log-likelihood", "pseudo-r2-McFadden", "pseudo-r2-Cohen")


def deviance(y, mu):
    return 2 * (np.where(y > 0, y * np.log(np.where(y > 0, y, 1.0) / mu), 0.0) - (y - mu))


def by_hand(y, mu, kind, aggregate):
    """The definitions, with SciPy's Poisson distribution."""
    null = np.broadcast_to(y.mean(axis=0), y.shape)
    if kind == "pseudo-r2-Cohen":
        return 1 - aggregate(deviance(y, mu)) / aggregate(deviance(y, null))
    loglik = aggregate(stats.poisson.logpmf(y, mu))
    return loglik if kind == "log-likelihood" else 1 - loglik / aggregate(stats.poisson.logpmf(y, null))


@pytest.fixture(scope="module")
def fitted():
    X, y = population()
    return X, y, PopulationGLM().fit(X, y)


AGGREGATES = {
    "default": None,
    "mean": np.mean,
    "sum": np.sum,
    "jax mean": jnp.mean,
    "jax, each neuron": lambda s: jnp.mean(s, axis=0),
    "each neuron": lambda s: s.mean(axis=0),
    "median of neurons": lambda s: np.median(s.mean(axis=0)),
}


@pytest.mark.parametrize("aggregate", AGGREGATES)
@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_their_definitions(fitted, kind, aggregate):
    X, y, model = fitted
    function = AGGREGATES[aggregate]
    options = {} if function is None else {"aggregate_sample_scores": function}
    ours = model.score(X, y, score_type=kind, **options)
    plain = {"jax mean": np.mean, "jax, each neuron": AGGREGATES["each neuron"]}.get(aggregate, function or np.mean)
    np.testing.assert_allclose(ours, by_hand(y, model.predict(X), kind, plain), rtol=1e-10)
    assert np.shape(ours) == ((4,) if "each" in aggregate else ())
    assert np.asarray(ours).dtype == np.float64


@pytest.mark.parametrize("kind", KINDS)
def test_a_population_scores_as_its_neurons(fitted, kind):
    X, y, model = fitted
    each = model.score(X, y, kind, lambda s: s.mean(axis=0))
    for n in range(4):
        single = GLM().fit(X, y[:, n])
        assert single.score(X, y[:, n], kind) == pytest.approx(each[n], rel=1e-9)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_the_null_model_scores_zero_and_a_fit_more(fitted, kind):
    X, y, model = fitted
    null = PopulationGLM()
    null.coef_, null.intercept_ = np.zeros((3, 4)), np.log(y.mean(axis=0))
    assert null.score(X, y, kind) == pytest.approx(0.0, abs=ROUNDING)
    assert 0 < model.score(X, y, kind) < 1


def test_the_null_model_is_that_of_the_data_given(fitted):
    """The mean of the y passed to score, not of the y that was fitted."""
    X, y, model = fitted
    part = slice(0, 60)
    expected = by_hand(y[part], model.predict(X[part]), "pseudo-r2-McFadden", np.mean)
    assert model.score(X[part], y[part], "pseudo-r2-McFadden") == pytest.approx(expected, rel=1e-10)


def test_no_feature_of_the_data_can_lower_a_training_score(fitted):
    """The maximum of the likelihood over more coefficients is no lower; nor is that with less ridge."""
    X, y, model = fitted
    fewer = PopulationGLM().fit(X[:, :2], y).score(X[:, :2], y)
    ridge = [PopulationGLM(regularizer="Ridge", regularizer_strength=s).fit(X, y).score(X, y) for s in (10, 0.1, 1e-3)]
    assert fewer <= model.score(X, y)
    assert sorted(ridge) == ridge
    assert ridge[-1] <= model.score(X, y)


def test_huge_counts_keep_their_digits():
    """A log-likelihood of counts of 1e6 differs from SciPy's by rounding only."""
    X, _ = population()
    y = np.random.default_rng(0).poisson(np.exp(X @ [0.1, 0.2, 0.0] + 14)).astype(float)
    model = GLM().fit(X, y)
    assert model.score(X, y) == pytest.approx(stats.poisson.logpmf(y, model.predict(X)).mean(), rel=1e-9)


def test_an_impossible_rate_is_floored_not_infinite():
    model = GLM()
    model.coef_, model.intercept_ = np.zeros(1), np.array([-800.0])
    assert np.isfinite(model.score(np.zeros((4, 1)), np.array([0.0, 1.0, 0.0, 2.0])))


@pytest.mark.parametrize("kind", ["r2", "pseudo-r2", "pseudo-r2-Mcfadden", "log-likelyhood", None])
def test_unknown_scores(fitted, kind):
    X, y, model = fitted
    with pytest.raises(NotImplementedError, match=r"score_type must be one of 'log-likelihood', .*got "):
        model.score(X, y, score_type=kind)


def test_a_near_miss_gets_a_hint(fitted):
    X, y, model = fitted
    with pytest.raises(NotImplementedError, match="Did you mean 'pseudo-r2-McFadden'"):
        model.score(X, y, score_type="pseudo-r2-Mcfadden")
