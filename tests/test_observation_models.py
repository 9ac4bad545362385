"""Observation models: likelihoods by SciPy, deviances by their definition, draws by their moments; laws that every
family keeps with every link.
"""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

from helpers import ROUNDING
from rheobase import links, observation_models
from rheobase._x64 import enable_x64
from rheobase.links import Exp, Identity, Logistic, Probit, Reciprocal, Softplus
from rheobase.observation_models import (
    AbstractObservationModel,
    BernoulliObservations,
    GammaObservations,
    GaussianObservations,
    NegativeBinomialObservations,
    PoissonObservations,
)


@dataclass(frozen=True)
class Family:
    """A model and what SciPy says of it; `scale` is a dispersion to test it with."""

    model: AbstractObservationModel
    draw: Callable
    log_density: Callable
    links: tuple = (Exp(), Softplus())
    scale: float = 1.0
    in_unit: bool = False
    discrete: bool = True


FAMILIES = {
    "Poisson": Family(
        PoissonObservations(),
        lambda rng, mean, s: rng.poisson(mean),
        lambda y, mean, s: stats.poisson.logpmf(y, mean),
        links=(Exp(), Softplus(), Identity()),
    ),
    "Gaussian": Family(
        GaussianObservations(),
        lambda rng, mean, s: rng.normal(mean, np.sqrt(s)),
        lambda y, mean, s: stats.norm.logpdf(y, mean, np.sqrt(s)),
        links=(Identity(), Exp(), Softplus()),
        scale=0.7,
        discrete=False,
    ),
    "Gamma": Family(
        GammaObservations(),
        lambda rng, mean, s: rng.gamma(1 / s, mean * s),
        lambda y, mean, s: stats.gamma.logpdf(y, 1 / s, scale=mean * s),
        links=(Reciprocal(), Exp(), Softplus()),
        scale=0.4,
        discrete=False,
    ),
    "Bernoulli": Family(
        BernoulliObservations(),
        lambda rng, mean, s: rng.random(mean.shape) < mean,
        lambda y, mean, s: stats.bernoulli.logpmf(y, mean),
        links=(Logistic(), Probit(), Exp(), Identity()),
        in_unit=True,
    ),
    "NegativeBinomial": Family(
        NegativeBinomialObservations(scale=0.3),
        lambda rng, mean, s: rng.poisson(rng.gamma(1 / s, mean * s)),
        lambda y, mean, s: stats.nbinom.logpmf(y, 1 / s, 1 / (1 + mean * s)),
        links=(Exp(), Softplus(), Identity()),
        scale=0.3,
    ),
}
"""Every model of a single number; a new one is held to the laws below the day it is listed."""

PAIRS = [pytest.param(name, link, id=f"{name}-{link.name}") for name, f in FAMILIES.items() for link in f.links]

TOTAL = [  # pairs whose mean is in the family's range at every predictor
    pytest.param(name, link, id=f"{name}-{link.name}")
    for name, link in [
        ("Poisson", Exp()),
        ("Poisson", Softplus()),
        ("Gaussian", Identity()),
        ("Gaussian", Softplus()),
        ("Gamma", Exp()),
        ("Gamma", Softplus()),
        ("Bernoulli", Logistic()),
        ("Bernoulli", Probit()),
        ("NegativeBinomial", Exp()),
        ("NegativeBinomial", Softplus()),
    ]
]

EXTREMES = np.array([-700.0, -100.0, -37.0, -1.0, 0.0, 1.0, 37.0, 100.0, 700.0])


@pytest.fixture(params=FAMILIES)
def family(request):
    return FAMILIES[request.param]


def means(family, shape=(200, 3), seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.02, 0.98, size=shape) if family.in_unit else rng.gamma(2.0, 1.0, size=shape) + 0.01


def sample(family, seed=0):
    """A response of shape (time, neuron) and its means."""
    mean = means(family, seed=seed)
    return family.draw(np.random.default_rng(seed + 1), mean, family.scale).astype(float), mean


@pytest.fixture
def drawn(family):
    return sample(family)


N_ELEMENTS = 600
"""Size of every compiled evaluation: one program for each model and link."""


@functools.cache
def compiled(model, link):
    def all_three(y, eta):
        ones = jnp.ones_like(eta)

        def loss(e):
            return model.negative_log_likelihood(y, e, link)

        def slope(e):
            return jax.jvp(loss, (e,), (ones,))[1]

        return loss(eta), *jax.jvp(slope, (eta,), (ones,))

    return jax.jit(all_three)


def loss_and_derivatives(model, link, y, eta):
    """Loss, slope and bend in the predictor, elementwise, as NumPy arrays."""
    y, eta = np.broadcast_arrays(np.asarray(y, dtype=float), np.asarray(eta, dtype=float))
    filled = [np.resize(part, N_ELEMENTS) for part in (y, eta)]
    with enable_x64():
        return [np.asarray(part)[: eta.size].reshape(eta.shape) for part in compiled(model, link)(*filled)]


# --- likelihoods -----------------------------------------------------------------------------------------------------


def test_log_likelihood_is_scipys(family, drawn):
    ours = family.model.log_likelihood_per_sample(*drawn, family.scale)
    np.testing.assert_allclose(ours, family.log_density(*drawn, family.scale), rtol=1e-11, atol=1e-11)


def test_scale_may_differ_between_neurons(family, drawn):
    scales = family.scale * np.array([0.5, 1.0, 2.0])
    each = [family.log_density(drawn[0][:, n], drawn[1][:, n], scales[n]) for n in range(3)]
    ours = family.model.log_likelihood_per_sample(*drawn, scales)
    np.testing.assert_allclose(ours, np.stack(each, axis=1), rtol=1e-11, atol=1e-11)


def test_probabilities_sum_to_one(family):
    for mean in (0.05, 0.7) if family.in_unit else (0.05, 1.3, 12.0):
        if family.discrete:
            y = np.arange(2.0 if family.in_unit else 400.0)
            total = np.exp(family.model.log_likelihood_per_sample(y, np.full(y.shape, mean), family.scale)).sum()
        else:
            low = 0.0 if isinstance(family.model, GammaObservations) else -50.0
            total = integrate.quad(
                lambda y, mean=mean: np.exp(family.model.log_likelihood_per_sample(y, mean, family.scale)),
                low,
                60.0 * max(mean, 1.0),
                points=[mean],
                limit=200,
            )[0]
        assert total == pytest.approx(1.0, abs=1e-8)


def test_deviance_is_twice_the_likelihood_lost(family, drawn):
    """Against a model whose mean is the response itself; never negative; zero there."""
    y, mean = drawn
    model, scale = family.model, family.scale
    own = np.clip(y, 1e-15, 1 - 1e-15) if family.in_unit else y if not family.discrete else np.maximum(y, 1e-300)
    saturated = model.log_likelihood_per_sample(y, own, scale)
    expected = 2 * (saturated - model.log_likelihood_per_sample(y, mean, scale))
    np.testing.assert_allclose(model.deviance(y, mean, scale), expected, rtol=1e-9, atol=1e-9)
    assert (model.deviance(y, mean, scale) >= -ROUNDING).all()
    np.testing.assert_allclose(model.deviance(y, np.maximum(y, 1e-15) if family.discrete else y), 0.0, atol=1e-10)


def test_default_aggregation_sums_neurons_and_averages_time(family, drawn):
    each = family.model.log_likelihood_per_sample(*drawn)
    assert family.model.log_likelihood(*drawn) == pytest.approx(each.mean(axis=0).sum())
    assert family.model.likelihood(*drawn) == pytest.approx(np.exp(each.mean(axis=0).sum()))
    assert family.model.log_likelihood(*drawn, aggregate_sample_scores=np.sum) == pytest.approx(each.sum())


def test_pseudo_r2(family, drawn):
    y, mean = drawn
    model = family.model
    null = np.broadcast_to(y.mean(axis=0), y.shape)
    for kind in ("pseudo-r2-McFadden", "pseudo-r2-Cohen"):
        assert model.pseudo_r2(y, null, kind) == pytest.approx(0.0, abs=ROUNDING)
        assert model.pseudo_r2(y, mean, kind) > 0
    cohen = 1 - model.deviance(y, mean).mean(axis=0).sum() / model.deviance(y, null).mean(axis=0).sum()
    assert model.pseudo_r2(y, mean, "pseudo-r2-Cohen") == pytest.approx(cohen)
    with pytest.raises(NotImplementedError, match=r"score_type must be one of .*got 'r2'"):
        model.pseudo_r2(y, mean, "r2")


@pytest.mark.parametrize("name", ["Gaussian", "Gamma"])
def test_cohens_r2_weighs_neurons_alike(name):
    """A dispersion that is a mere factor of the deviance stays out of it."""
    y, mean = sample(FAMILIES[name])
    model = FAMILIES[name].model
    plain = model.pseudo_r2(y, mean, "pseudo-r2-Cohen")
    assert model.pseudo_r2(y, mean, "pseudo-r2-Cohen", scale=np.array([1.0, 10.0, 0.1])) == plain


def test_series_count_as_their_values(family, drawn):
    import rheobase

    times = np.arange(200) * 0.1
    y, mean = (rheobase.TsdFrame(times, part) for part in drawn)
    assert family.model.log_likelihood(y, mean) == pytest.approx(family.model.log_likelihood(*drawn))


# --- what a fit minimises --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "link"), PAIRS)
def test_the_loss_is_minus_the_likelihood_without_constants(name, link):
    """Differences between two predictors and the slope are those of the log-likelihood at dispersion `loss_scale`; at
    any other they are its multiple.
    """
    family = FAMILIES[name]
    model = family.model
    y, mean = sample(family)
    eta, other = link.link(mean), link.link(mean[::-1])
    scale = family.scale if model.scale_in_loss else model.loss_scale

    def log_likelihood(e):
        return model.log_likelihood_per_sample(y, link(e), scale)

    loss, slope, _ = loss_and_derivatives(model, link, y, eta)
    elsewhere = loss_and_derivatives(model, link, y, other)[0]
    np.testing.assert_allclose(
        loss - elsewhere, log_likelihood(other) - log_likelihood(eta), rtol=1e-10, atol=1e-10 * (1 + y.max())
    )
    h = 1e-6 * np.maximum(np.abs(eta), 1e-3)
    numeric = (log_likelihood(eta - h) - log_likelihood(eta + h)) / (2 * h)
    np.testing.assert_allclose(slope, numeric, rtol=1e-5, atol=1e-4)  # of central differences
    if model.has_dispersion:
        doubled = model.log_likelihood_per_sample(y, link(other), 2 * scale)
        doubled = doubled - model.log_likelihood_per_sample(y, link(eta), 2 * scale)
        np.testing.assert_allclose((loss - elsewhere) / 2, doubled, rtol=1e-9, atol=1e-9 * (1 + y.max()))


@pytest.mark.parametrize(("name", "link"), PAIRS)
def test_the_second_derivative_is_that_of_the_first(name, link):
    y, mean = sample(FAMILIES[name])
    eta = link.link(mean)
    h = 1e-6 * np.maximum(np.abs(eta), 1e-3)
    model = FAMILIES[name].model
    bend = loss_and_derivatives(model, link, y, eta)[2]
    up, down = (loss_and_derivatives(model, link, y, eta + step)[1] for step in (h, -h))
    numeric = (up - down) / (2 * h)
    np.testing.assert_allclose(bend, numeric, rtol=1e-4, atol=1e-4)  # of central differences


@pytest.mark.parametrize("name", ["Poisson", "Gaussian", "Gamma", "Bernoulli"])
def test_curvature_of_the_canonical_link_is_the_variance(name):
    """And depends on the response in no way (McCullagh & Nelder 1989, section 2.2.4)."""
    family = FAMILIES[name]
    y, mean = sample(family)
    link = family.model.canonical
    bend = loss_and_derivatives(family.model, link, y, link.link(mean))[2]
    np.testing.assert_allclose(bend, family.model.variance(mean, 1.0) / family.model.loss_scale, rtol=1e-9)


@pytest.mark.parametrize(("name", "link"), TOTAL)
def test_derivatives_at_the_ends(name, link):
    """Predictors that no data ever need, but a first step may try: nothing overflows that need not, nothing is NaN."""
    model = FAMILIES[name].model
    for y in (0.0, 1.0) if name == "Bernoulli" else (0.5, 3.0) if name == "Gamma" else (0.0, 3.0):
        loss, slope, bend = loss_and_derivatives(model, link, y, EXTREMES)
        assert np.isfinite(loss).all()
        assert np.isfinite(slope).all()
        assert np.isfinite(bend).all()


@pytest.mark.parametrize(("name", "link"), PAIRS)
def test_no_derivative_is_nan(name, link):
    model = FAMILIES[name].model
    for y in (0.0, 1.0):
        for part in loss_and_derivatives(model, link, y, EXTREMES):
            assert not np.isnan(part).any()


@pytest.mark.parametrize(
    ("name", "link", "y", "eta", "loss"),
    [
        ("Gamma", Reciprocal(), 1.0, -0.5, np.inf),
        ("Gamma", Identity(), 1.0, 0.0, np.inf),
        ("Poisson", Identity(), 1.0, -0.5, np.inf),
        ("Poisson", Identity(), 0.0, -0.5, 0.0),
        ("NegativeBinomial", Identity(), 2.0, -0.5, np.inf),
        ("NegativeBinomial", Identity(), 0.0, -0.5, 0.0),
        ("Bernoulli", Identity(), 0.0, 1.5, np.inf),
        ("Bernoulli", Identity(), 1.0, 1.5, 0.0),
        ("Bernoulli", Identity(), 1.0, -0.5, np.inf),
        ("Bernoulli", Exp(), 1.0, 0.5, 0.0),
        ("Bernoulli", Exp(), 0.0, 0.5, np.inf),
    ],
)
def test_outside_its_range_a_mean_meets_a_wall(name, link, y, eta, loss):
    """Infinite where the response is impossible, nothing where it is certain; the slope is zero, not NaN."""
    value, slope, bend = loss_and_derivatives(FAMILIES[name].model, link, y, eta)
    assert (value, slope, bend) == (loss, 0.0, 0.0)


def test_only_a_gaussian_with_the_identity_is_quadratic():
    for name, family in FAMILIES.items():
        for link in family.links:
            constant = family.model.curvature_is_constant(link)
            assert constant == (name == "Gaussian" and link == Identity())
            if constant:
                y, mean = sample(family)
                bends = [loss_and_derivatives(family.model, link, y, e)[2] for e in (mean, mean[::-1] - 5)]
                np.testing.assert_array_equal(*bends)


def test_a_silent_response_has_no_finite_optimum():
    """Every value that a model calls silent has a loss that only falls in one direction; no other value of its has."""
    for family in FAMILIES.values():
        eta = np.linspace(-20, 20, 41)
        link = Exp() if isinstance(family.model, GammaObservations) else family.model.default_inverse_link_function
        for y in (0.0, 1.0, 2.0):
            if (y == 2.0 and family.in_unit) or (y == 0.0 and isinstance(family.model, GammaObservations)):
                continue
            slope = loss_and_derivatives(family.model, link, y, eta)[1]
            monotone = bool((slope >= 0).all() or (slope <= 0).all())
            assert monotone == (y in family.model.silent_values)
        assert family.model.needs_silent_check == bool(family.model.silent_values)


# --- draws -----------------------------------------------------------------------------------------------------------


def draw(family, key):
    """Many draws at three means, shape (time, neuron), and the means."""
    level = np.array([0.2, 0.6, 0.9]) if family.in_unit else np.array([0.2, 3.0, 40.0])
    mean = np.repeat(level[None], 20_000, axis=0)
    out = np.asarray(family.model.sample_generator(jax.random.key(key), mean, family.scale), dtype=float)
    assert out.shape == mean.shape
    return out, level


def test_draws_have_the_mean_and_the_variance(family):
    """Within five standard errors; and they are the same for the same key."""
    drawn, level = draw(family, 1)
    family.model.check_response(drawn)
    variance = family.model.variance(level, family.scale)
    assert (np.abs(drawn.mean(axis=0) - level) < 5 * np.sqrt(variance / len(drawn))).all()
    fourth = ((drawn - level) ** 4).mean(axis=0)
    assert (np.abs(drawn.var(axis=0) - variance) < 5 * np.sqrt((fourth - variance**2) / len(drawn))).all()
    np.testing.assert_array_equal(draw(family, 1)[0], drawn)
    assert (draw(family, 2)[0] != drawn).any()


# --- dispersion ------------------------------------------------------------------------------------------------------


def test_scale_of_families_without_dispersion_is_one(family, drawn):
    if not (family.model.has_dispersion or family.model.scale_in_loss):
        np.testing.assert_array_equal(family.model.estimate_scale(*drawn, np.full(3, 190.0)), np.ones(3))


@pytest.mark.parametrize("name", ["Gaussian", "Gamma"])
def test_scale_is_pearsons(name):
    family = FAMILIES[name]
    y, mean = sample(family)
    found = family.model.estimate_scale(y, mean, np.full(3, 195.0))
    residual = (y - mean) / (mean if name == "Gamma" else 1.0)
    np.testing.assert_allclose(found, (residual**2).sum(axis=0) / 195.0, rtol=ROUNDING)
    np.testing.assert_allclose(found, family.scale, rtol=0.35)
    with_gaps = np.where(np.arange(200)[:, None] % 4 == 0, np.nan, y)
    kept = np.arange(200) % 4 != 0
    np.testing.assert_allclose(
        family.model.estimate_scale(with_gaps, mean, np.full(3, 145.0)),
        family.model.estimate_scale(y[kept], mean[kept], np.full(3, 145.0)),
        rtol=ROUNDING,
    )
    weights = np.random.default_rng(5).integers(0, 4, size=200)
    np.testing.assert_allclose(
        family.model.estimate_scale(y, mean, np.full(3, 145.0), weights[:, None]),
        family.model.estimate_scale(np.repeat(y, weights, axis=0), np.repeat(mean, weights, axis=0), np.full(3, 145.0)),
        rtol=1e-11,
    )


# --- what may be given -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "y", "message"),
    [
        ("Poisson", [0.0, -1.0], r"y must hold counts >= 0 for Poisson .* smallest value is -1\. Were rates"),
        ("Poisson", [np.nan, -3.0], "smallest value is -3"),
        ("NegativeBinomial", [np.nan, -3.0], "counts >= 0 for NegativeBinomial .* smallest value is -3"),
        ("Gamma", [1.0, 0.0], r"values > 0 for Gamma .* smallest value is 0\. Shift"),
        ("Gamma", [np.nan, -0.5], "values > 0 for Gamma .* smallest value is -0.5"),
        ("Bernoulli", [0.0, 2.0, 1.0], "zeros and ones for Bernoulli observations, but holds 2"),
        ("Bernoulli", [[np.nan, 0.5]], "zeros and ones for Bernoulli observations, but holds 0.5"),
    ],
)
def test_responses_that_cannot_come_from_a_model(model, y, message):
    with pytest.raises(ValueError, match=message):
        FAMILIES[model].model.check_response(np.array(y))


@pytest.mark.parametrize(
    ("model", "y"),
    [
        ("Poisson", [0.0, 0.5]),
        ("Poisson", [np.nan]),
        ("Poisson", [1e9]),
        ("Poisson", []),
        ("NegativeBinomial", [0.0, np.nan, 7.0]),
        ("Gaussian", [-1e9, np.nan, 0.0]),
        ("Gamma", [1e-300, np.nan]),
        ("Gamma", []),
        ("Gamma", [np.nan]),
        ("Bernoulli", [0.0, 1.0, np.nan]),
        ("Bernoulli", []),
    ],
)
def test_responses_that_can(model, y):
    FAMILIES[model].model.check_response(np.array(y))


def test_poisson_counts_of_zero():
    """Where `y` is zero the deviance is twice the mean, the log-likelihood minus the mean."""
    mean = np.array([1e-20, 0.5, 30.0])
    np.testing.assert_allclose(PoissonObservations().deviance(np.zeros(3), mean), 2 * mean, rtol=1e-6, atol=1e-15)
    floored = np.maximum(mean, np.finfo(float).eps)
    np.testing.assert_allclose(PoissonObservations().log_likelihood_per_sample(np.zeros(3), mean), -floored)


def test_models_compare_by_what_they_are(family):
    """So that a program compiled for one serves its twin."""
    twin = pickle.loads(pickle.dumps(family.model))
    assert family.model == twin
    assert hash(family.model) == hash(twin)
    assert all(family.model != other.model for other in FAMILIES.values() if other is not family)


@pytest.mark.parametrize("name", observation_models.BY_NAME)
def test_names(name):
    for written in (name, f"{name}Observations", f"nemos.observation_models.{name}Observations"):
        model = observation_models.resolve(written)
        assert type(model) is getattr(observation_models, f"{name}Observations")
        assert observation_models.resolve(model) is model
    assert isinstance(model.default_inverse_link_function, links.AbstractInverseLink)
    assert repr(model).startswith(f"{name}Observations(")


@pytest.mark.parametrize("model", [PoissonObservations, GaussianObservations, GammaObservations, BernoulliObservations])
def test_older_scripts_give_the_link_to_the_model(model):
    soft = model(inverse_link_function=jax.nn.softplus)
    assert soft == model(jax.nn.softplus)
    assert soft.default_inverse_link_function == Softplus()
    assert repr(soft) == f"{model.__name__}(inverse_link_function='softplus')"
    assert repr(model()) == f"{model.__name__}()"
    assert model(model.canonical) == model()


@pytest.mark.parametrize(
    ("written", "error", "message"),
    [
        ("Poison", ValueError, r"unknown observation_model 'Poison'; known are 'Poisson', .* Did you mean 'Poisson'"),
        (PoissonObservations, TypeError, r"got the class PoissonObservations \(an instance is needed"),
        (None, TypeError, "observation_model must be a name .* got NoneType"),
    ],
)
def test_wrong_names(written, error, message):
    with pytest.raises(error, match=message):
        observation_models.resolve(written)


def test_the_interface_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        AbstractObservationModel()
