"""Observation models and links against NeMoS and statsmodels on random inputs; differences on purpose by name."""

from __future__ import annotations

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase import links
from rheobase import observation_models as ours
from rheobase._x64 import enable_x64

nmo = pytest.importorskip("nemos")
sm = pytest.importorskip("statsmodels.api")
pytestmark = pytest.mark.rivals
with warnings.catch_warnings():  # its solvers import jaxopt, which warns
    warnings.simplefilter("ignore")
    nmo.glm.GLM()

FAMILIES = ("Poisson", "Gaussian", "Gamma", "Bernoulli", "NegativeBinomial", "Categorical")
SCORES = ("pseudo-r2-McFadden", "pseudo-r2-Cohen")
N_TIME, N_NEURONS = 24, 3
seeds = st.integers(0, 2**31 - 1)
alphas = st.sampled_from([0.05, 0.3, 1.0, 4.0])


def pair(name, alpha=1.0):
    """Our model and theirs."""
    options = {"scale": alpha} if name == "NegativeBinomial" else {}
    return (getattr(module, f"{name}Observations")(**options) for module in (ours, nmo.observation_models))


def drawn(name, seed, shape=(N_TIME, N_NEURONS)):
    """A response and its mean, with extremes among them."""
    rng = np.random.default_rng(seed)
    if name == "Categorical":
        eta = rng.normal(scale=rng.choice([1.0, 10.0]), size=(*shape, 4))
        return np.eye(4)[rng.integers(0, 4, size=shape)], links.LogSoftmax()(eta)
    level = rng.choice([0.05, 1.0, 20.0], size=shape)
    if name == "Gaussian":
        return rng.normal(size=shape) * level, rng.normal(size=shape) * level
    if name == "Gamma":
        return rng.gamma(2.0, level) + 1e-3, rng.gamma(2.0, level) + 1e-3
    if name == "Bernoulli":
        mean = rng.choice([0.0, 1e-20, 1e-3, 0.3, 0.9, 1.0], size=shape)
        return (rng.random(shape) < 0.4).astype(float), mean
    small = [1.0, 1.0, 1e-12, 0.0] if name == "Poisson" else [1.0, 0.1]  # their negative binomial: see below
    return rng.poisson(level).astype(float), (rng.gamma(1.0, level) + 0.01) * rng.choice(small, size=shape)


def theirs(function, *args, **options):
    with enable_x64():
        return np.asarray(function(*(jnp.asarray(arg) for arg in args), **options))


def identity(scores):
    return scores


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=15)
@given(seed=seeds, alpha=alphas)
def test_log_likelihood(name, seed, alpha):
    """Per sample and with the default aggregation; for the families with a dispersion, at any."""
    mine, other = pair(name, alpha)
    y, mean = drawn(name, seed)
    scale = {"scale": alpha} if name in ("Gaussian", "Gamma") else {}
    for options in ({}, scale, {"aggregate_sample_scores": identity, **scale}, {"aggregate_sample_scores": jnp.mean}):
        expected = theirs(other.log_likelihood, y, mean, **options)
        np.testing.assert_allclose(mine.log_likelihood(y, mean, **options), expected, rtol=1e-9, atol=1e-9)
    options = {"scale": alpha} if name == "NegativeBinomial" else {}  # theirs is 1 there, whatever the instance says
    expected = theirs(other.likelihood, y, mean, **options)
    np.testing.assert_allclose(mine.likelihood(y, mean, **options), expected, rtol=1e-7, atol=1e-300)


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=15)
@given(seed=seeds, alpha=alphas)
def test_deviance(name, seed, alpha):
    mine, other = pair(name, alpha)
    y, mean = drawn(name, seed)
    if name != "Bernoulli":  # they clip the ratio, we the mean: see below
        mean = np.where(mean == 0, 0.1, mean) if name != "Categorical" else mean
        scale = {"scale": alpha} if name in ("Gaussian", "Gamma", "NegativeBinomial") else {}
        for options in ({}, scale):
            expected = theirs(other.deviance, y, mean, **options)
            np.testing.assert_allclose(mine.deviance(y, mean, **options), expected, rtol=1e-9, atol=1e-9)
    else:
        mean = np.clip(mean, 1e-9, 1 - 1e-9)
        np.testing.assert_allclose(mine.deviance(y, mean), theirs(other.deviance, y, mean), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=15)
@given(seed=seeds, alpha=alphas, kind=st.sampled_from(SCORES))
def test_pseudo_r2(name, seed, alpha, kind):
    mine, other = pair(name, alpha)
    y, mean = drawn(name, seed)
    if name != "Categorical":
        mean = np.clip(mean, 1e-9, 1 - 1e-9) if name == "Bernoulli" else np.where(mean == 0, 0.1, mean)
        y[0], y[1] = 1.0, 0.5 if name == "Gamma" else 0.0  # a null model must be beatable
    scale = {"scale": alpha} if name in ("Gaussian", "Gamma", "NegativeBinomial") else {}
    for options in (scale, {"aggregate_sample_scores": jnp.sum, **scale}):
        expected = theirs(other.pseudo_r2, y, mean, score_type=kind, **options)
        np.testing.assert_allclose(mine.pseudo_r2(y, mean, kind, **options), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=10)
@given(seed=seeds, alpha=alphas)
def test_scale(name, seed, alpha):
    mine, other = pair(name, alpha)
    y, mean = drawn(name, seed)
    dof = np.array([20.0, 19.0, 7.0])
    expected = theirs(other.estimate_scale, y, mean, dof_resid=dof)
    np.testing.assert_allclose(mine.estimate_scale(y, mean, dof), np.broadcast_to(expected, 3), rtol=1e-10)


LINKS = {
    "exp": jnp.exp,
    "softplus": jax.nn.softplus,
    "logistic": jax.lax.logistic,
    "norm_cdf": jax.scipy.stats.norm.cdf,
    "one_over_x": lambda x: 1 / x,
    "identity": lambda x: x,
    "log_softmax": jax.nn.log_softmax,
}
NATURAL = {
    "Poisson": ("exp", "softplus", "one_over_x"),
    "Gaussian": ("identity", "exp"),
    "Gamma": ("one_over_x", "exp", "softplus"),
    "Bernoulli": ("logistic", "norm_cdf"),
    "NegativeBinomial": ("exp", "softplus"),
    "Categorical": ("log_softmax",),
}


@pytest.mark.parametrize(("name", "link"), [(name, link) for name in NATURAL for link in NATURAL[name]])
@settings(max_examples=10)
@given(seed=seeds, alpha=alphas)
def test_what_a_fit_minimises(name, link, seed, alpha):
    """The same number, constants and all: losses, and hence strengths of a penalty, mean the same."""
    mine, other = pair(name, alpha)
    y, _ = drawn(name, seed)
    rng = np.random.default_rng(seed)
    eta = rng.uniform(-3, 3, size=(N_TIME, N_NEURONS, 4)[: y.ndim])
    eta = np.abs(eta) + 0.05 if link == "one_over_x" else eta
    with enable_x64():
        loss = mine.negative_log_likelihood(jnp.asarray(y), jnp.asarray(eta), links.resolve(link, None))
        expected = other._negative_log_likelihood(jnp.asarray(y), LINKS[link](jnp.asarray(eta)))
        np.testing.assert_allclose(loss.mean(axis=0).sum(), expected, rtol=1e-9)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_usual_link(name):
    mine, other = pair(name)
    eta = np.linspace(0.1, 2.0, 8).reshape(2, 4)
    expected = theirs(other.default_inverse_link_function, eta)
    np.testing.assert_allclose(mine.default_inverse_link_function(eta), expected, rtol=1e-14)


def test_every_name_of_theirs_is_a_link_of_ours():
    from nemos.inverse_link_function_utils import LINK_NAME_TO_FUNC

    eta = np.linspace(0.1, 2.0, 8)
    for written, function in LINK_NAME_TO_FUNC.items():
        link = links.resolve(written, None)
        assert not isinstance(link, links.CustomInverseLink)
        np.testing.assert_allclose(link(eta), theirs(function, eta), rtol=1e-13)
        if written.rpartition(".")[2] != "log_softmax":  # their function of that name is not elementwise
            assert links.resolve(function, None)(eta) == pytest.approx(link(eta), rel=1e-12)


@pytest.mark.parametrize("name", ["Poisson", "Gaussian", "Bernoulli", "NegativeBinomial", "Categorical"])
def test_the_same_key_draws_the_same(name):
    mine, other = pair(name, 0.3)
    _, mean = drawn("Categorical" if name == "Categorical" else "Bernoulli" if name == "Bernoulli" else "Gamma", 3)
    options = {} if name == "Categorical" else {"scale": 0.3}
    for key in (jax.random.key(0), jax.random.PRNGKey(5)):
        draws = [np.asarray(model.sample_generator(key, jnp.asarray(mean), **options)) for model in (mine, other)]
        np.testing.assert_allclose(draws[0], draws[1], rtol=1e-6)


def test_difference_gamma_draws_have_the_variance_of_the_model():
    """There the variance grows with the mean, here with its square, as the likelihood has it."""
    mine, other = pair("Gamma")
    mean = np.full(20_000, 5.0)
    here, there = (
        np.asarray(m.sample_generator(jax.random.key(0), jnp.asarray(mean), scale=0.4)) for m in (mine, other)
    )
    assert here.var() == pytest.approx(0.4 * 5.0**2, rel=0.05)
    assert there.var() == pytest.approx(0.4 * 5.0, rel=0.05)


def test_difference_negative_binomial_likelihood_at_another_scale():
    """There a `scale` that is not the instance's mixes both in one formula, which sums to no one; here it is used."""
    mine, other = pair("NegativeBinomial", 1.0)
    y = np.arange(400.0)
    mean = np.full(400, 3.0)
    here = mine.log_likelihood(y, mean, scale=0.3, aggregate_sample_scores=identity)
    there = theirs(other.log_likelihood, y, mean, scale=0.3, aggregate_sample_scores=identity)
    assert np.exp(here).sum() == pytest.approx(1.0, abs=1e-9)
    assert abs(np.exp(there).sum() - 1.0) > 0.1


def test_difference_negative_binomial_counts_where_the_rate_vanishes():
    """There the logarithm of a rounded one loses digits below 1e-8 and is infinite at zero."""
    mine, other = pair("NegativeBinomial", 0.05)
    y, mean = np.array([2.0, 2.0]), np.array([1e-12, 0.0])
    here = mine.log_likelihood(y, mean, aggregate_sample_scores=identity)
    there = theirs(other.log_likelihood, y, mean, aggregate_sample_scores=identity)
    exact = 2 * np.log(0.05e-12) + np.log(20 * 21 / 2)
    assert here[0] == pytest.approx(exact, rel=1e-12)
    assert abs(there[0] - exact) > 1e-5
    assert np.isfinite(here[1])
    assert not np.isfinite(there[1])


def test_difference_negative_binomial_dispersion_is_estimated():
    y, mean = drawn("NegativeBinomial", 0)
    dof = np.full(3, 20.0)
    free = ours.NegativeBinomialObservations()
    assert (free.estimate_scale(y, mean, dof) != 1.0).all()
    assert nmo.observation_models.NegativeBinomialObservations().estimate_scale(y, mean, dof) == 1.0


def test_difference_responses_are_checked():
    """There a Bernoulli fit takes halves and a Gamma fit zeros."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8, 1))
    halves = np.array([0.0, 0.5, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its remarks on convergence
        nmo.glm.GLM("Bernoulli", regularizer="Ridge", regularizer_strength=1.0).fit(X, halves)
        nmo.glm.GLM("Gamma", jnp.exp, regularizer="Ridge", regularizer_strength=1.0).fit(X, halves)
    with pytest.raises(ValueError, match="zeros and ones"):
        ours.BernoulliObservations().check_response(halves)
    with pytest.raises(ValueError, match="values > 0"):
        ours.GammaObservations().check_response(halves)


STATSMODELS = {
    "Poisson": lambda alpha: sm.families.Poisson(),
    "Gaussian": lambda alpha: sm.families.Gaussian(),
    "Gamma": lambda alpha: sm.families.Gamma(),
    "Bernoulli": lambda alpha: sm.families.Binomial(),
    "NegativeBinomial": lambda alpha: sm.families.NegativeBinomial(alpha=alpha),
}


@pytest.mark.parametrize("name", STATSMODELS)
@settings(max_examples=15)
@given(seed=seeds, alpha=alphas)
def test_statsmodels(name, seed, alpha):
    """Deviance, variance and log-likelihood of its families."""
    mine, _ = pair(name, alpha)
    family = STATSMODELS[name](alpha)
    y, mean = (part[:, 0] for part in drawn(name, seed))
    mean = np.clip(mean, 1e-6, 1 - 1e-6 if name == "Bernoulli" else np.inf) if name != "Gaussian" else mean
    deviance = mine.deviance(y, mean).sum()
    np.testing.assert_allclose(deviance, family.deviance(y, mean), rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(mine.variance(mean), family.variance(mean), rtol=1e-12)
    scale = alpha if name in ("Gaussian", "Gamma") else 1.0
    options = {"scale": scale} if name in ("Gaussian", "Gamma") else {}
    total = mine.log_likelihood(y, mean, aggregate_sample_scores=np.sum, **options)
    np.testing.assert_allclose(total, family.loglike(y, mean, scale=scale), rtol=1e-8, atol=1e-8)


def test_statsmodels_estimates_the_same_dispersion():
    """Its negative binomial regression fits mean and dispersion together; ours is the best at that mean."""
    rng = np.random.default_rng(1)
    X = sm.add_constant(rng.normal(size=(800, 2)))
    y = rng.poisson(np.exp(X @ [0.5, 0.3, -0.2]) * rng.gamma(2.0, 0.5, size=800)).astype(float)
    fit = sm.NegativeBinomial(y, X).fit(disp=0, method="newton", maxiter=100, tol=1e-12)
    mean = np.exp(X @ fit.params[:3])
    found = ours.NegativeBinomialObservations().estimate_dispersion(y, mean)
    assert float(found) == pytest.approx(fit.params[3], rel=1e-5)
