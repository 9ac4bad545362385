"""Fits of every observation model: closed forms, stationarity, dispersion, and responses that no predictor predicts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from rheobase import NotConvergedWarning, SilentNeuronWarning, links
from rheobase.glm import GLM, PopulationGLM
from rheobase.observation_models import NegativeBinomialObservations

COEF = np.array([[0.4, -0.2], [-0.3, 0.1], [0.2, 0.3]])
INTERCEPT = np.array([0.3, 0.6])

DRAW = {
    "Poisson": lambda rng, eta: rng.poisson(np.exp(eta)),
    "NegativeBinomial": lambda rng, eta: rng.negative_binomial(2, 2 / (2 + np.exp(eta))),
    "Gaussian": lambda rng, eta: eta + rng.normal(size=eta.shape) * 1.5,
    "Gamma": lambda rng, eta: rng.gamma(2, np.exp(eta) / 2),
    "Bernoulli": lambda rng, eta: rng.random(eta.shape) < expit(eta),
}
LINKS = {
    "Poisson": ("exp", "softplus"),
    "NegativeBinomial": ("exp", "softplus"),
    "Gaussian": ("identity",),
    "Gamma": ("exp", "softplus", links.Reciprocal()),
    "Bernoulli": ("logistic", links.Probit()),
}
CASES = [(name, link) for name, each in LINKS.items() for link in each]
SOLVERS = ["Newton", "GramLBFGS", "LBFGS[jaxopt]"]


def data(name, link="exp", n_time=600, n_neurons=2):
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, size=(n_time, 3))
    eta = X @ COEF + INTERCEPT
    if link == links.Reciprocal():
        return X, rng.gamma(2, 1 / (1.5 + 0.3 * X @ COEF) / 2)[:, :n_neurons]
    return X, DRAW[name](rng, eta).astype(float)[:, :n_neurons]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(("name", "link"), CASES, ids=str)
def test_the_likelihood_is_stationary(name, link, solver):
    """At the optimum no small change of any parameter raises the log-likelihood."""
    X, y = data(name, link)
    model = PopulationGLM(name, link, solver_name=solver).fit(X, y)
    assert model.solution_.converged.all()
    scale = model.scale_ if name == "NegativeBinomial" else np.ones(2)
    mean = lambda eta: np.asarray(model.inverse_link_function(eta), dtype=float)  # noqa: E731

    def total(step, j):
        eta = X @ model.coef_ + model.intercept_ + step * (X[:, [j]] if j < 3 else 1.0)
        return model.observation_model.log_likelihood_per_sample(y, mean(eta), scale).sum(axis=0)

    step = 1e-4
    for j in range(4):
        up, here, down = total(step, j), total(0.0, j), total(-step, j)
        bend = (up - 2 * here + down) / step**2
        off = (up - down) / (2 * step) / bend  # how far the maximum is, by Newton's formula
        assert np.all(bend < 0)
        np.testing.assert_allclose(off, 0.0, atol=3e-6)  # differences of sums of 600 terms in steps of 1e-4


def test_gaussian_is_least_squares():
    X, y = data("Gaussian")
    model = PopulationGLM("Gaussian").fit(X, y)
    ones = np.column_stack([X, np.ones(len(X))])
    expected, residual = np.linalg.lstsq(ones, y, rcond=None)[:2]
    np.testing.assert_allclose(np.vstack([model.coef_, model.intercept_]), expected, rtol=1e-10)
    np.testing.assert_allclose(model.scale_, residual / (len(X) - 4), rtol=1e-10)
    assert model.solution_.stats["hessians"] <= 4


def test_gaussian_ridge_is_closed_form():
    """The loss is the squared error without a half, so the strength counts half as much as in scikit-learn."""
    X, y = data("Gaussian")
    model = PopulationGLM("Gaussian", regularizer="Ridge", regularizer_strength=0.3).fit(X, y)
    centred = X - X.mean(axis=0)
    left = 2 * centred.T @ centred / len(X) + 0.3 * np.eye(3)
    np.testing.assert_allclose(model.coef_, np.linalg.solve(left, 2 * centred.T @ y / len(X)), rtol=1e-10)


def test_dispersions():
    X, y = data("Gamma")
    model = PopulationGLM("Gamma", "exp").fit(X, y)
    mean = model.predict(X)
    np.testing.assert_allclose(model.scale_, (((y - mean) / mean) ** 2).sum(axis=0) / (len(X) - 4), rtol=1e-10)
    X, y = data("NegativeBinomial", n_time=4000)
    free = PopulationGLM("NegativeBinomial").fit(X, y)
    assert np.all(np.abs(free.scale_ - 0.5) < 0.15)  # four standard errors
    fixed = PopulationGLM(NegativeBinomialObservations(scale=0.7)).fit(X, y)
    np.testing.assert_array_equal(fixed.scale_, 0.7)
    assert np.all(
        free.score(X, y, aggregate_sample_scores=lambda s: s.mean(axis=0))
        >= fixed.score(X, y, aggregate_sample_scores=lambda s: s.mean(axis=0))
    )


def test_negative_binomial_without_extra_scatter_is_poisson():
    X, y = data("Poisson")
    y = np.round(np.exp(X @ COEF + INTERCEPT) + 0.4 * np.sin(np.arange(len(X)))[:, None])  # scatters less than Poisson
    model = PopulationGLM("NegativeBinomial").fit(X, y)
    np.testing.assert_allclose(model.coef_, PopulationGLM("Poisson").fit(X, y).coef_, atol=1e-5)
    assert np.all(model.scale_ < 1e-6)


@pytest.mark.parametrize("name", ["Poisson", "NegativeBinomial", "Bernoulli"])
def test_neurons_that_never_respond(name):
    X, y = data(name)
    y[:, 0] = 0
    model = PopulationGLM(name)
    with pytest.warns(SilentNeuronWarning):
        model.fit(X, y)
    assert model.silent_.tolist() == [True, False]
    assert not model.coef_[:, 0].any()
    assert np.all(model.predict(X)[:, 0] < 1e-15)
    assert np.isfinite(model.score(X, y))


def test_neurons_that_always_respond():
    X, y = data("Bernoulli")
    y[:, 0] = 1
    with pytest.warns(SilentNeuronWarning, match="have the same response in the rows used"):
        model = PopulationGLM("Bernoulli").fit(X, y)
    assert np.all(model.predict(X)[:, 0] > 1 - 1e-15)


def test_separable_classes_are_told():
    X = np.linspace(-1, 1, 200)[:, None]
    with pytest.warns(NotConvergedWarning, match="optimum lies at infinity"):
        GLM("Bernoulli").fit(X, (X[:, 0] > 0).astype(float))
    model = GLM("Bernoulli", regularizer="Ridge", regularizer_strength=0.01).fit(X, (X[:, 0] > 0).astype(float))
    assert model.solution_.converged.all()


@pytest.mark.parametrize("name", DRAW)
@pytest.mark.parametrize("regularizer", ["Ridge", "Lasso"])
def test_penalties_with_every_model(name, regularizer):
    X, y = data(name)
    model = PopulationGLM(name, None if name != "Gamma" else "exp", regularizer=regularizer, regularizer_strength=0.05)
    model.fit(X, y)
    assert model.solution_.converged.all()
    plain = PopulationGLM(name, None if name != "Gamma" else "exp").fit(X, y)
    assert np.all(np.abs(model.coef_).sum(axis=0) < np.abs(plain.coef_).sum(axis=0))


@pytest.mark.parametrize("name", DRAW)
def test_draws_have_the_means_that_were_predicted(name):
    X, y = data(name)
    model = PopulationGLM(name, None if name != "Gamma" else "exp").fit(X, y)
    many = np.tile(X[:1], (4000, 1))
    drawn, mean = model.simulate(3, many)
    spread = np.sqrt(model.observation_model.variance(mean, model.scale_)[0] / 4000)
    assert np.all(np.abs(np.mean(drawn, axis=0) - mean[0]) < 5 * spread)
