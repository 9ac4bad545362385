"""Fits of every family against statsmodels: coefficients, dispersion, deviance, with offsets and weights."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from rheobase.glm import GLM

sm = pytest.importorskip("statsmodels.api")

pytestmark = pytest.mark.rivals

FAMILIES = {
    "Poisson": ("exp", lambda: sm.families.Poisson()),
    "Gaussian": ("identity", lambda: sm.families.Gaussian()),
    "Gamma": ("exp", lambda: sm.families.Gamma(sm.families.links.Log())),
    "Bernoulli": ("logistic", lambda: sm.families.Binomial()),
    "Bernoulli, probit": ("norm_cdf", lambda: sm.families.Binomial(sm.families.links.Probit())),
}


def draw(name, eta, rng):
    return {
        "Poisson": lambda: rng.poisson(np.exp(eta)).astype(float),
        "Gaussian": lambda: eta + rng.normal(size=eta.shape),
        "Gamma": lambda: rng.gamma(2, np.exp(eta) / 2),
        "Bernoulli": lambda: (rng.random(eta.shape) < expit(eta)).astype(float),
    }[name]()


@pytest.mark.parametrize("kind", ["plain", "badly scaled", "offset and weights"])
@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("seed", range(3))
def test_families(name, kind, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(800, 4))
    eta = X @ rng.normal(scale=0.3, size=4) + 0.2
    y = draw(name.partition(",")[0], eta, rng)
    X = X * (10.0 ** np.arange(-3, 1) if kind == "badly scaled" else 1.0)
    terms, theirs = {}, {}
    if kind == "offset and weights":
        offset, weight = rng.normal(scale=0.2, size=800), rng.uniform(0.5, 2.0, 800)
        terms, theirs = {"offset": offset, "sample_weight": weight}, {"offset": offset, "freq_weights": weight}
    link, family = FAMILIES[name]
    model = GLM(name.partition(",")[0], link).fit(X, y, **terms)
    other = sm.GLM(y, sm.add_constant(X), family=family(), **theirs).fit(tol=1e-13, maxiter=300)
    spread = np.append(1.0, X.std(axis=0))
    found = np.append(model.intercept_, model.coef_)
    # probit: their iterations end a little earlier
    np.testing.assert_allclose(found * spread, other.params * spread, rtol=0, atol=1e-6)
    np.testing.assert_allclose(model.scale_, other.scale, rtol=1e-6)
    if kind != "offset and weights":
        np.testing.assert_allclose(
            model.score(X, y, "pseudo-r2-Cohen"), 1 - other.deviance / other.null_deviance, atol=1e-9
        )


@pytest.mark.parametrize("seed", range(3))
def test_negative_binomial(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(1500, 3))
    y = rng.negative_binomial(2, 2 / (2 + np.exp(X @ [0.3, -0.2, 0.1] + 0.5))).astype(float)
    model = GLM("NegativeBinomial").fit(X, y)
    other = sm.NegativeBinomial(y, sm.add_constant(X)).fit(disp=0, gtol=1e-9, maxiter=500)
    found = np.concatenate([model.intercept_, model.coef_, model.scale_])
    np.testing.assert_allclose(found, other.params, atol=1e-5)  # theirs: BFGS to a gradient of 1e-9 of the sum
