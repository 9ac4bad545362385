"""Standard errors, intervals and tests: closed forms, coverage by simulation, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import rheobase as rb
from glm_helpers import population
from rheobase.glm import GLM, PopulationGLM, cross_validate, likelihood_ratio_test
from rheobase.regularizer import Smoothness


def test_poisson_closed_form():
    X, y = population()
    weight = np.random.default_rng(0).integers(1, 4, len(y))
    model = PopulationGLM().fit(X, y, sample_weight=weight)
    found = model.inference(X, y, sample_weight=weight)
    ones = np.column_stack([X, np.ones(len(X))])
    for n, mean in enumerate(model.predict(X).T):
        expected = np.linalg.inv(ones.T @ (ones * (weight * mean)[:, None]))
        np.testing.assert_allclose(found.covariance[n], expected, rtol=1e-8)
    np.testing.assert_allclose(found.effective_dof, 4, rtol=1e-10)
    np.testing.assert_array_equal(found.n_rows, weight.sum())
    total = stats.poisson.logpmf(y, model.predict(X)) * weight[:, None]
    np.testing.assert_allclose(found.log_likelihood, total.sum(axis=0))
    np.testing.assert_allclose(found.aic, -2 * total.sum(axis=0) + 8)
    np.testing.assert_allclose(found.bic, -2 * total.sum(axis=0) + 4 * np.log(weight.sum()))


def test_gaussian_is_least_squares_with_student_t():
    X, _ = population()
    y = X @ [0.2, 0.0, -0.1] + np.random.default_rng(1).normal(size=len(X))
    model = GLM("Gaussian").fit(X, y)
    found = model.inference(X, y)
    slope = stats.linregress(X[:, 0], y)  # one feature alone has a closed form in SciPy
    single = GLM("Gaussian").fit(X[:, :1], y).inference(X[:, :1], y)
    np.testing.assert_allclose(single.standard_errors[:, 0], [slope.stderr, slope.intercept_stderr], rtol=1e-9)
    np.testing.assert_allclose(single.p_values[0, 0], slope.pvalue, rtol=1e-8)
    np.testing.assert_allclose(found.dof_resid, len(X) - 4)


@pytest.mark.parametrize("kind", ["bayesian", "sandwich"])
def test_ridge_closed_form(kind):
    X, y = population()
    model = PopulationGLM(regularizer="Ridge", regularizer_strength=0.2).fit(X, y)
    found = model.inference(X, y, kind=kind)
    ones, penalty = np.column_stack([X, np.ones(len(X))]), np.diag([0.2] * 3 + [0.0]) * len(X)
    for n, mean in enumerate(model.predict(X).T):
        information = ones.T @ (ones * mean[:, None])
        inverse = np.linalg.inv(information + penalty)
        expected = inverse if kind == "bayesian" else inverse @ information @ inverse
        np.testing.assert_allclose(found.covariance[n], expected, rtol=1e-8)
        np.testing.assert_allclose(found.effective_dof[n], np.trace(inverse @ information), rtol=1e-8)


def test_a_strength_that_was_searched_for_counts():
    X, y = population()
    model = PopulationGLM(regularizer="Ridge", regularizer_strength="cv").fit(X, y)
    for n in range(y.shape[1]):
        alone = GLM(regularizer="Ridge", regularizer_strength=model.strength_[n]).fit(X, y[:, n])
        expected = alone.inference(X, y[:, n]).standard_errors[:, 0]
        np.testing.assert_allclose(model.inference(X, y).standard_errors[:, n], expected, rtol=1e-6)


def test_intervals_cover_the_truth():
    """1,000 data sets, fitted as the neurons of one population: 95 % intervals cover 93 to 97 %."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(400, 3))
    truth = np.array([0.3, -0.2, 0.0, 0.4])
    y = rng.poisson(np.exp(X @ truth[:3] + truth[3])[:, None], size=(400, 1000)).astype(float)
    found = PopulationGLM().fit(X, y).inference(X, y)
    low, high = found.confidence_interval()
    covered = ((low <= truth[:, None]) & (truth[:, None] <= high)).mean(axis=1)
    assert np.all((covered > 0.93) & (covered < 0.97))  # binomial standard error 0.7 %
    rejected = (found.p_values[2] < 0.05).mean()
    assert 0.03 < rejected < 0.07
    statistic, p = found.wald_test([2])
    np.testing.assert_allclose(statistic, found.z_values[2] ** 2, rtol=1e-6)
    np.testing.assert_allclose(p, found.p_values[2], rtol=1e-5)


def test_intervals_of_a_smooth_curve_cover_it_on_average():
    """Across the curve, intervals of the penalised fit cover the truth about as often as they say (Nychka 1988)."""
    rng = np.random.default_rng(8)
    place = rng.uniform(0, 1, 600)  # in any order: a block of time is not a stretch of the curve
    basis = rb.basis.BSplineEval(12)
    X = basis.compute_features(place)
    truth = 0.6 * np.sin(2 * np.pi * place)
    y = rng.poisson(np.exp(truth)[:, None], size=(600, 40)).astype(float)
    model = PopulationGLM(regularizer=Smoothness(basis, ridge=1e-6))
    strengths = np.logspace(1, -5, 13)
    model.regularizer_strength = rb.glm.CV(strengths)
    model.fit(X, y)
    found = model.inference(X, y)
    off = np.abs(np.asarray(X) @ model.coef_ + model.intercept_ - truth[:, None])
    covered = (off <= 1.96 * found.of_predictor(X)).mean()
    assert 0.88 < covered < 0.99  # strengths are chosen from the data too
    assert np.all(found.effective_dof < 12)


def test_smoothing_recovers_a_filter_better_than_ridge():
    rng = np.random.default_rng(9)
    X = rng.normal(size=(1500, 25))
    lags = np.arange(25)
    truth = 0.25 * np.exp(-0.5 * ((lags - 8) / 3.0) ** 2) - 0.1 * np.exp(-0.5 * ((lags - 17) / 4.0) ** 2)
    y = rng.poisson(np.exp(X @ truth - 1.0)[:, None], size=(1500, 6)).astype(float)
    second = np.diff(np.eye(25), n=2, axis=0)
    wrong = {}
    for name, penalty in {"smooth": Smoothness(second.T @ second, ridge=1e-4), "ridge": "Ridge"}.items():
        model = PopulationGLM(regularizer=penalty, regularizer_strength="cv").fit(X, y)
        wrong[name] = np.mean((model.coef_ - truth[:, None]) ** 2)
    assert wrong["smooth"] < 0.7 * wrong["ridge"]


def test_likelihood_ratio():
    X, y = population(n_time=400)
    full, small = PopulationGLM().fit(X, y), PopulationGLM().fit(X[:, :1], y)
    statistic, p = likelihood_ratio_test(full.inference(X, y), small.inference(X[:, :1], y))
    expected = 2 * (stats.poisson.logpmf(y, full.predict(X)) - stats.poisson.logpmf(y, small.predict(X[:, :1]))).sum(0)
    np.testing.assert_allclose(statistic, expected)
    np.testing.assert_allclose(p, stats.chi2.sf(expected, 2))
    with pytest.raises(ValueError, match="wrong way round"):
        likelihood_ratio_test(small.inference(X[:, :1], y), full.inference(X, y))
    with pytest.raises(ValueError, match="fitted to the same rows"):
        likelihood_ratio_test(full.inference(X, y), small.inference(X[:300, :1], y[:300]))


def test_table_names():
    X, y = population(n_neurons=2)
    t = np.arange(len(X)) * 0.01
    features, counts = rb.TsdFrame(t, X, columns=["speed", "head", "phase"]), rb.TsdFrame(t, y, columns=[7, 9])
    model = PopulationGLM().fit(features, counts)
    table = model.summary(features, counts, level=0.9)
    assert table.index[:4].tolist() == [(7, "speed"), (7, "head"), (7, "phase"), (7, "intercept")]
    assert table.columns.tolist() == ["estimate", "std_error", "z", "p", "5%", "95%"]
    np.testing.assert_array_equal(table.loc[9, "estimate"][:3], model.coef_[:, 1])
    named = model.inference(X, y, feature_names=["a", "b", "c"])
    assert named.names == ("a", "b", "c", "intercept")
    assert "4 parameters x 2 neurons" in repr(named)
    with pytest.raises(ValueError, match="one entry for each of the 3 features, got 2"):
        model.inference(X, y, feature_names=["a", "b"])


def test_held_coefficients_have_no_error():
    X, y = population(n_neurons=2)
    mask = np.array([[1, 0], [1, 1], [0, 1]])
    model = PopulationGLM(feature_mask=mask).fit(X, y)
    found = model.inference(X, y)
    np.testing.assert_array_equal(np.isnan(found.standard_errors[:3]), mask == 0)
    np.testing.assert_allclose(found.effective_dof, 3)


def test_refusals():
    X, y = population()
    lasso = PopulationGLM(regularizer="Lasso", regularizer_strength=0.01).fit(X, y)
    with pytest.raises(ValueError, match="standard errors after selection by Lasso would be too small"):
        lasso.inference(X, y)
    model = PopulationGLM().fit(X, y)
    with pytest.raises(ValueError, match="kind must be one of 'bayesian', 'sandwich', got 'robust'"):
        model.inference(X, y, kind="robust")
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        model.inference(X, y).confidence_interval(95)
    with pytest.raises(ValueError, match="which names no parameter"):
        model.inference(X, y).wald_test([])
    with pytest.raises(rb.NotFittedError):
        PopulationGLM().inference(X, y)
    assert cross_validate(PopulationGLM(regularizer="Ridge"), X, y, [1.0, 0.1], 2).n_test.sum() == y.size


def test_means_of_zero_say_nothing_and_warn_of_nothing():
    """A mean that underflowed to 0 has no slope: its row adds no information."""
    X = np.repeat([[0.0], [1.0]], 50, axis=0)
    y = np.repeat([0.0, 1.0], 50)
    model = GLM()
    model.fit(X, y + 1.0)
    model.coef_, model.intercept_ = np.array([800.0]), np.array([-800.0])
    found = model.inference(X, y)
    np.testing.assert_allclose(found.effective_dof, 1.0)
    np.testing.assert_allclose(found.log_likelihood, stats.poisson.logpmf(1, 1.0) * 50)


def test_a_combination_is_what_it_is_in_other_coordinates():
    """The same model in features that are sums and differences has the combination as a coefficient."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(400, 3))
    y = rng.poisson(np.exp(X @ [0.4, -0.2, 0.1]))
    turn = np.array([[1.0, 1.0, 0.0], [1.0, -1.0, 0.0], [0.0, 0.5, 2.0]])
    turned = np.linalg.solve(turn.T, X.T).T  # X w = (X T^-1) (T w)
    found = GLM().fit(X, y).inference(X, y)
    other = GLM().fit(turned, y).inference(turned, y)
    estimate, error = found.of_combination(turn)
    np.testing.assert_allclose(estimate, other.params[:-1], rtol=1e-6)
    np.testing.assert_allclose(error, other.standard_errors[:-1], rtol=1e-6)
    _, level = found.of_combination([*X[7], 1.0])
    np.testing.assert_allclose(level, found.of_predictor(X[7:8]), rtol=1e-10)
    with pytest.raises(ValueError, match=r"one column for each of the 3 coefficients .* got shape \(2,\)"):
        found.of_combination([1.0, 2.0])
