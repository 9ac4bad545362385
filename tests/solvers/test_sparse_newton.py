"""Proximal Newton on the features in use gives the answer of the whole problem, whatever it left out on the way."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase.design import Dense
from rheobase.glm import PopulationGLM
from rheobase.regularizer import ElasticNet, GroupLasso, Lasso
from rheobase.solvers import _proximal, _sparse_newton

N_ROWS, N_FEATURES = 3000, 40
MASK = np.kron(np.eye(8), np.ones(5))
PENALTIES = {
    "lasso": (Lasso(), 0.04),
    "elastic net": (ElasticNet(), (0.06, 0.7)),
    "group lasso": (GroupLasso(MASK), 0.04),
}


def data(n_neurons=3, correlation=0.7):
    """Features so alike that who is in use changes on the way."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(N_ROWS, N_FEATURES)) + correlation * rng.normal(size=(N_ROWS, 1))
    coef = np.zeros((N_FEATURES, n_neurons))
    coef[:6] = 0.3 * rng.normal(size=(6, n_neurons))
    return x, rng.poisson(np.exp(x @ coef - 1.0)).astype(float)


def violation(x, y, coef, intercept, regularizer, strength):
    """Largest violation of the optimality conditions of one neuron."""
    gradient = x.T @ (np.exp(x @ coef + intercept) - y) / len(y)
    groups = MASK.astype(bool) if isinstance(regularizer, GroupLasso) else np.eye(N_FEATURES, dtype=bool)
    total, share = strength if isinstance(strength, tuple) else (strength, 1.0)
    gradient += total * (1 - share) * coef
    worst = 0.0
    for group in groups:
        height, length = total * share * np.sqrt(group.sum()), np.linalg.norm(coef[group])
        if length > 0:
            worst = max(worst, np.abs(gradient[group] + height * coef[group] / length).max())
        else:
            worst = max(worst, np.linalg.norm(gradient[group]) - height)
    return worst


@pytest.fixture
def thin(monkeypatch):
    """Few rows for the first Hessians, so that they are thinned here too, and badly."""
    monkeypatch.setattr(_proximal, "_LEAST_ROWS", 1)
    monkeypatch.setattr(_proximal, "_ROWS_EACH", 3)


@pytest.mark.parametrize("name", PENALTIES)
def test_thinned_hessians_and_narrow_problems_end_at_the_optimum(name, thin, monkeypatch):
    regularizer, strength = PENALTIES[name]
    narrow = []
    look = _sparse_newton._SparseNewton._look
    monkeypatch.setattr(
        _sparse_newton._SparseNewton, "_look", lambda fit: (look(fit), narrow.append(fit._is_narrow))[0]
    )
    x, y = data()
    model = PopulationGLM(regularizer=regularizer, regularizer_strength=strength).fit(x, y)
    assert model.solution_.converged.all()
    assert any(narrow)
    for n in range(y.shape[1]):
        assert violation(x, y[:, n], model.coef_[:, n], model.intercept_[n], regularizer, strength) < 1e-8


@pytest.mark.parametrize("name", PENALTIES)
def test_a_feature_that_was_left_out_wakes_up(name, monkeypatch):
    """Only the last look finds it, where the looks on the way see nobody but those in use."""
    regularizer, strength = PENALTIES[name]
    stronger = tuple(np.array([3.0, 1.0]) * strength) if isinstance(strength, tuple) else 3 * strength
    x, y = data(1)
    expected = PopulationGLM(regularizer=regularizer, regularizer_strength=strength).fit(x, y)
    start = PopulationGLM(regularizer=regularizer, regularizer_strength=stronger).fit(x, y)
    blind, woken = [True], []
    awake, agreed = _sparse_newton.awake_parameters, _sparse_newton._SparseNewton._agreed

    def see(problem, params, gradient):
        in_use = params != 0
        in_use[-1] = True
        return awake(problem, params, gradient) & (in_use | (not blind[0]))

    def agree(fit, arrived):
        before, blind[0] = fit._used.sum(), False
        out = agreed(fit, arrived)
        woken.append(fit._used.sum() - before)
        blind[0] = not woken[-1]
        return out

    monkeypatch.setattr(_sparse_newton, "awake_parameters", see)
    monkeypatch.setattr(_sparse_newton._SparseNewton, "_agreed", agree)
    model = PopulationGLM(regularizer=regularizer, regularizer_strength=strength)
    found = model.fit(x, y, init_params=(start.coef_, start.intercept_))
    assert found.solution_.converged.all()
    assert max(woken) > 0
    np.testing.assert_allclose(found.coef_, expected.coef_, rtol=0, atol=1e-8)
    np.testing.assert_array_equal(found.coef_ == 0, expected.coef_ == 0)


def test_hessians_are_kept_over_short_steps():
    x, y = data(1)
    model = PopulationGLM(regularizer="Lasso", regularizer_strength=0.01).fit(x, y)
    assert model.solution_.stats["hessians"] < model.solution_.n_iter[0]


def test_narrow_and_thin_products():
    rng = np.random.default_rng(0)
    design = Dense(rng.normal(size=(500, 12))).standardized()
    features, weights = np.array([1, 4, 5, 9]), rng.uniform(size=(design.n_rows, 2)) * design.row_mask[:, None]
    narrow, coef = design.narrowed(features), np.zeros((12, 2))
    coef[features] = rng.normal(size=(4, 2))
    inside = np.zeros(12, dtype=bool)
    inside[features] = True
    np.testing.assert_allclose(narrow.matvec(coef), design.matvec(coef), atol=1e-12)
    np.testing.assert_allclose(narrow.rmatvec(weights), design.rmatvec(weights) * inside[:, None], atol=1e-12)
    np.testing.assert_allclose(narrow.gram(weights), design.gram(weights) * np.outer(inside, inside), atol=1e-12)
    for some in (features, features[1:3]):
        one = weights[:, :1]
        np.testing.assert_allclose(narrow.gram_of(one, some), design.gram_of(one, some), atol=1e-12)
    assert design.narrowed(np.arange(12)) is None
    assert design.thinned(400) is None
    thin = design.thinned(50)
    np.testing.assert_allclose(thin.gram(weights).trace(axis1=1, axis2=2), 12 * weights.sum(axis=0), rtol=0.3)
    np.testing.assert_allclose(
        thin.gram_of(weights[:, :1], features), thin.gram(weights)[0][np.ix_(features, features)]
    )
    np.testing.assert_allclose(thin.matvec(coef), design.matvec(coef))
