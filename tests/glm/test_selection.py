"""Strengths are judged by held-out rows: against a loop of single fits, and by what is known to be there."""

from __future__ import annotations

import numpy as np
import pytest

from glm_helpers import population
from rheobase.glm import CV, GLM, PopulationGLM, cross_validate, regularization_path
from rheobase.regularizer import ElasticNet, GroupLasso, Smoothness

SECOND = np.diff(np.eye(4), n=2, axis=0)
PENALTIES = {
    "Ridge": "Ridge",
    "Lasso": "Lasso",
    "ElasticNet": "ElasticNet",
    "GroupLasso": GroupLasso([[1, 1, 0, 0], [0, 0, 1, 1]]),
    "Smoothness": Smoothness(SECOND.T @ SECOND, ridge=1e-3),
}
STRENGTHS = np.array([0.3, 0.03, 0.003])
SEARCHED = 5e-6
"""Coefficients are searched to 1e-5 of the largest, and scores of rows of order one follow them."""


def data(n_time=192):
    X, y = population(n_time=n_time, n_features=4, n_neurons=2)
    X, y = X.copy(), y.copy()
    X[5, 1] = np.nan
    y[40, 1] = np.nan
    return X, y


def loop(penalty, X, y, folds, weight=None, offset=None):
    """Held-out log-likelihood (strength, fold, neuron), one fit after the other."""
    out = np.empty((len(STRENGTHS), len(folds), y.shape[1]))
    for s, strength in enumerate(STRENGTHS):
        for k, (train, test) in enumerate(folds):
            for n in range(y.shape[1]):
                model = GLM(regularizer=penalty, regularizer_strength=strength)
                if isinstance(penalty, Smoothness):  # a search scales the whole penalty
                    model.regularizer = Smoothness(penalty.penalty, ridge=penalty.ridge * strength)
                    model.regularizer_strength = strength
                rows = {} if weight is None else {"sample_weight": weight[train], "offset": offset[train]}
                model.fit(X[train], y[train, n], **rows)
                rows = {} if weight is None else {"sample_weight": weight[test], "offset": offset[test]}
                out[s, k, n] = model.score(X[test], y[test, n], **rows)
    return out


def blocks(n, k):
    return [(np.setdiff1d(np.arange(n), test), test) for test in np.array_split(np.arange(n), k)]


@pytest.mark.parametrize("name", PENALTIES)
def test_it_is_a_loop_of_fits(name):
    X, y = data()
    found = cross_validate(PopulationGLM(regularizer=PENALTIES[name]), X, y, STRENGTHS, cv=3)
    expected = loop(PENALTIES[name], X, y, blocks(len(y), 3))
    np.testing.assert_allclose(found.log_likelihood, expected, atol=SEARCHED)
    rows = np.array(
        [[len(test) - (5 in test), len(test) - (5 in test) - (40 in test)] for _, test in blocks(len(y), 3)]
    )
    np.testing.assert_array_equal(found.n_test, rows)
    np.testing.assert_allclose(found.mean, (expected * rows).sum(axis=1) / rows.sum(axis=0), atol=SEARCHED)


def test_with_weights_and_offset(rng):
    X, y = data()
    weight, offset = rng.uniform(0.5, 2, len(y)), rng.normal(size=len(y)) * 0.2
    offset[[17, 90]] = np.nan
    found = cross_validate(PopulationGLM(regularizer="Ridge"), X, y, STRENGTHS, 3, sample_weight=weight, offset=offset)
    expected = loop("Ridge", X, y, blocks(len(y), 3), weight, offset)
    np.testing.assert_allclose(found.log_likelihood, expected, atol=SEARCHED)


@pytest.mark.parametrize("name", PENALTIES)
def test_a_path_is_a_list_of_fits(name):
    X, y = data()
    penalty = PENALTIES[name]
    strengths, coef, intercept = regularization_path(PopulationGLM(regularizer=penalty), X, y, STRENGTHS)
    np.testing.assert_array_equal(strengths, np.repeat(STRENGTHS[:, None], 2, axis=1))
    for s, strength in enumerate(STRENGTHS):
        if name == "Smoothness":
            penalty = Smoothness(PENALTIES[name].penalty, ridge=1e-3 * strength)
        single = PopulationGLM(regularizer=penalty, regularizer_strength=strength).fit(X, y)
        np.testing.assert_allclose(coef[s], single.coef_, atol=1e-7)
        np.testing.assert_allclose(intercept[s], single.intercept_, atol=1e-7)


def test_the_default_range_starts_where_a_lasso_is_empty():
    X, y = data()
    strengths, coef, _ = regularization_path(PopulationGLM(regularizer="Lasso"), X, y)
    assert strengths.shape == (15, 2)
    assert not np.abs(coef[0]).max() > 1e-10
    assert (np.abs(coef[1]) > 0).any(axis=0).all()


@pytest.mark.parametrize("rule", ["best", "1se"])
def test_a_fit_takes_the_strength_that_was_found(rule):
    X, y = data(400)
    search = CV(STRENGTHS, 4, rule)
    model = PopulationGLM(regularizer="Lasso", regularizer_strength=search).fit(X, y)
    np.testing.assert_array_equal(model.strength_, model.cv_.best_strength)
    for n in range(2):
        alone = GLM(regularizer="Lasso", regularizer_strength=model.strength_[n]).fit(X, y[:, n])
        np.testing.assert_allclose(model.coef_[:, n], alone.coef_, atol=1e-8)
    table = model.cv_.to_frame()
    assert table[table.best].strength.tolist() == sorted(model.strength_, reverse=True)
    assert "3 strengths x 4 folds x 2 neurons" in repr(model.cv_)


def test_one_standard_error_is_never_weaker():
    X, y = data(400)
    best = cross_validate(PopulationGLM(regularizer="Lasso"), X, y)
    careful = cross_validate(PopulationGLM(regularizer="Lasso"), X, y, rule="1se")
    np.testing.assert_array_equal(best.log_likelihood, careful.log_likelihood)
    assert np.all(careful.best_strength >= best.best_strength)


def test_cv_by_its_name_and_kept_ratio():
    X, y = data(300)
    model = GLM(regularizer=ElasticNet(), regularizer_strength="cv").fit(X, y[:, 0])
    assert model.regularizer_strength == CV()
    ratio = model.strength_[0]
    alone = GLM(regularizer=ElasticNet(), regularizer_strength=(ratio, 0.5)).fit(X, y[:, 0])
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=1e-8)


def test_irrelevant_features_are_left_out(rng):
    X = rng.normal(size=(1500, 30))
    y = rng.poisson(np.exp(0.5 * X[:, 0] - 0.4 * X[:, 7])).astype(float)
    model = GLM(regularizer="Lasso", regularizer_strength=CV(rule="1se")).fit(X, y)
    assert model.coef_[0] > 0.2
    assert model.coef_[7] < -0.2
    assert np.count_nonzero(model.coef_) <= 8


def test_gaussian_and_gamma(rng):
    X = rng.uniform(-1, 1, size=(300, 4))
    for name, y in (("Gaussian", X[:, 0] + rng.normal(size=300)), ("Gamma", rng.gamma(2, np.exp(X[:, 0]) / 2))):
        model = GLM(name, None if name == "Gaussian" else "exp", regularizer="Ridge", regularizer_strength="cv").fit(
            X, y
        )
        assert model.cv_.gain.max() > 0.05


def test_a_strength_whose_held_out_means_overflow_is_never_the_best(rng):
    """Features of the first fold reach far beyond those of the others: weak penalties predict infinity there."""
    X = 1e-3 * rng.normal(size=(400, 1))
    y = rng.poisson(np.exp(500 * X[:, 0]))
    X[:80] *= 1e4
    found = cross_validate(GLM(regularizer="Ridge"), X, y, np.logspace(2, -8, 11))
    assert np.isfinite(found.log_likelihood).all()
    assert found.log_likelihood.min() < -1e50
    assert found.best[0] < 6
    assert np.isfinite(found.standard_error).all()


def test_wrong_settings():
    X, y = data()
    with pytest.raises(ValueError, match="rule must be one of 'best', '1se', got 'beste'"):
        CV(rule="beste")
    with pytest.raises(ValueError, match="a model without a penalty has no strength to choose"):
        cross_validate(PopulationGLM(), X, y)
    model = PopulationGLM(regularizer="Ridge")
    with pytest.raises(ValueError, match="strengths must be finite and > 0, but their smallest is 0"):
        cross_validate(model, X, y, [0.0, 1.0])
    with pytest.raises(ValueError, match=r"shape \(strength,\) or \(strength, 2\), got \(1, 3\)"):
        cross_validate(model, X, y, np.ones((1, 3)))
    with pytest.raises(ValueError, match="cv must be a number of folds from 2 to 192"):
        cross_validate(model, X, y, cv=1)
    with pytest.raises(ValueError, match="at least 2 folds"):
        cross_validate(model, X, y, cv=[(np.arange(5), np.arange(5, 9))])
    with pytest.raises(ValueError, match="fold 0 of cv tests rows that it was trained on"):
        cross_validate(model, X, y, cv=[(np.arange(5), np.arange(3, 9))] * 2)
    with pytest.raises(ValueError, match="fold 0 of cv names rows beyond"):
        cross_validate(model, X, y, cv=[(np.arange(5), np.array([900]))] * 2)
    with pytest.raises(ValueError, match="rows to train on and 0 to test"):
        cross_validate(model, X, y, cv=[(np.arange(5), np.array([], dtype=int))] * 2)
    with pytest.raises(TypeError, match="cv must be a number of folds, pairs"):
        cross_validate(model, X, y, cv="five")


@pytest.mark.parametrize("penalty", ["Ridge", "Lasso", "GroupLasso", "one term", "two terms"])
def test_the_strength_found_can_be_given(penalty):
    """``strength_[None]``, shape (1, neuron), repeats the fit, whatever the penalty."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(300, 4))
    y = rng.poisson(np.exp(X @ rng.normal(0, 0.4, (4, 3))))
    halves = np.kron(np.eye(2), np.ones(2))
    regularizer = {
        "GroupLasso": GroupLasso(halves),
        "one term": Smoothness(np.eye(4)),
        "two terms": Smoothness([np.diag(half) for half in halves]),
    }.get(penalty, penalty)
    searched = PopulationGLM(regularizer=regularizer, regularizer_strength=CV([1e-3, 1e-2, 1e-1], cv=2)).fit(X, y)
    given = PopulationGLM(regularizer=regularizer, regularizer_strength=searched.strength_[None]).fit(X, y)
    np.testing.assert_allclose(given.coef_, searched.coef_, atol=1e-7)


def test_the_search_ends_where_nothing_more_is_to_be_found():
    """Fewer strengths than asked for one by one, the same best ones and scores."""
    X, y = data()
    model = PopulationGLM(regularizer="Ridge")
    found = cross_validate(model, X, y)
    every = cross_validate(model, X, y, regularization_path(model, X, y)[0])
    n_tried = len(found.strengths)
    assert 5 <= n_tried <= 15 == len(every.strengths)
    np.testing.assert_array_equal(found.best_strength, every.best_strength)
    np.testing.assert_allclose(found.log_likelihood, every.log_likelihood[:n_tried], rtol=1e-12)
    last = every.mean[n_tried - 4 : n_tried].max(axis=0) < every.mean[: n_tried - 4].max(axis=0)
    assert n_tried == 15 or last.all()
