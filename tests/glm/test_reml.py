"""Strengths by restricted likelihood: against brute force over its formula, and by what is known to be there."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, gammaln
from sklearn.base import clone

from glm_helpers import counts_for, population
from helpers import SOLVER
from rheobase._errors import NotConvergedWarning, SilentNeuronWarning
from rheobase.basis import BSplineEval, RaisedCosineLinearEval, RaisedCosineLogConv
from rheobase.design import Convolved
from rheobase.glm import CV, GLM, REML, ClassifierGLM, PopulationGLM, _fit, load_model
from rheobase.regularizer import ElasticNet, GroupLasso, Smoothness

N_TIME, N_FEATURES = 256, 6
FIRST, SECOND = (np.diff(np.eye(N_FEATURES), n=order, axis=0) for order in (1, 2))
FIRST, SECOND = FIRST.T @ FIRST, SECOND.T @ SECOND
TRUTH = 0.3 * np.sin(np.linspace(0, 4.5, N_FEATURES))

PENALTIES = {
    "ridge": ("Ridge", [np.eye(N_FEATURES)], 0.0),
    "smoothness": (Smoothness(SECOND), [SECOND], 0.0),
    "two terms": (Smoothness([SECOND, FIRST]), [SECOND, FIRST], 0.0),
    "two blocks": (
        Smoothness([np.diag([1.0, 1, 1, 0, 0, 0]), np.diag([0.0, 0, 0, 1, 1, 2])]),
        [np.diag([1.0, 1, 1, 0, 0, 0]), np.diag([0.0, 0, 0, 1, 1, 2])],
        0.0,
    ),
    "with a ridge": (Smoothness(SECOND, ridge=0.02), [SECOND], 0.02),
}

FOUND = 3e-4
"""Relative, of a strength: the slope of the score there is below 1e-4 nats, and its curvature about one."""


def features(seed=0):
    return np.random.default_rng(seed).normal(size=(N_TIME, N_FEATURES)) * np.linspace(0.5, 2, N_FEATURES) + 1.0


def penalty_matrix(rho, terms, ridge):
    out = np.zeros((N_FEATURES + 1, N_FEATURES + 1))
    out[:-1, :-1] = ridge * np.eye(N_FEATURES) + sum(np.exp(r) * term for r, term in zip(rho, terms))
    return out


def log_pseudo_determinant(matrix):
    """Its logarithm, and the dimension of the null space."""
    values = np.linalg.eigvalsh(matrix)
    values = values[values > 1e-9 * values[-1]]
    return np.log(values).sum(), len(matrix) - len(values)


def gaussian_score(rho, terms, ridge, X, y):
    """Minus the restricted log-likelihood of a linear model, in closed form, at its best variance."""
    X = np.column_stack([X, np.ones(len(X))])
    penalty = 0.5 * len(y) * penalty_matrix(rho, terms, ridge)  # beside the sum of squares, not its mean
    curvature = X.T @ X + penalty
    coef = np.linalg.solve(curvature, X.T @ y)
    deviance = np.sum((y - X @ coef) ** 2) + coef @ penalty @ coef
    seen, unseen = log_pseudo_determinant(penalty)
    variance = deviance / (len(y) - unseen)
    return 0.5 * (
        deviance / variance + (len(y) - unseen) * np.log(2 * np.pi * variance) + np.linalg.slogdet(curvature)[1] - seen
    )


def rows_of(family, y, eta):
    """Log-likelihood and the first two derivatives of minus it, row by row."""
    if family == "exp":
        mean = np.exp(eta)
        return y * eta - mean - gammaln(y + 1), mean - y, mean
    if family == "softplus":
        mean, slope = np.logaddexp(0, eta), expit(eta)
        bend = (1 - y / mean) * slope * (1 - slope) + y * (slope / mean) ** 2
        return y * np.log(mean) - mean - gammaln(y + 1), (1 - y / mean) * slope, bend
    p = expit(eta)
    return y * eta - np.logaddexp(0, eta), p - y, p * (1 - p)


def laplace_score(rho, terms, ridge, X, y, family, weight, offset):
    """Minus Laplace's approximation of the restricted log-likelihood, by Newton's method from scratch."""
    X = np.column_stack([X, np.ones(len(X))])
    penalty = weight.sum() * penalty_matrix(rho, terms, ridge)
    coef = np.append(np.zeros(N_FEATURES), 0.3)
    for _ in range(100):
        value, slope, bend = rows_of(family, y, X @ coef + offset)
        curvature = X.T @ ((weight * bend)[:, None] * X) + penalty
        step = -np.linalg.solve(curvature, X.T @ (weight * slope) + penalty @ coef)
        now = -weight @ value + 0.5 * coef @ penalty @ coef
        for _ in range(30):
            new = coef + step
            if -weight @ rows_of(family, y, X @ new + offset)[0] + 0.5 * new @ penalty @ new <= now + 1e-10:
                break
            step = step / 2
        coef = coef + step
        if np.abs(step).max() < 1e-11:
            break
    value, _, bend = rows_of(family, y, X @ coef + offset)
    curvature = X.T @ ((weight * bend)[:, None] * X) + penalty
    seen, unseen = log_pseudo_determinant(penalty)
    inside = 0.5 * (np.linalg.slogdet(curvature)[1] - seen - unseen * np.log(2 * np.pi))
    return -weight @ value + 0.5 * coef @ penalty @ coef + inside


def by_brute_force(score, n_terms):
    starts = (np.full(n_terms, value) for value in (-5.0, -1.0))
    options = {"xatol": 1e-6, "fatol": 1e-11, "maxiter": 2000}
    found = min((minimize(score, s, method="Nelder-Mead", options=options) for s in starts), key=lambda r: r.fun)
    return np.exp(found.x), found.fun


@pytest.mark.parametrize("name", PENALTIES)
def test_gaussian_strengths_maximise_the_restricted_likelihood(name):
    penalty, terms, ridge = PENALTIES[name]
    X = features()
    y = X @ TRUTH + np.random.default_rng(1).normal(size=N_TIME)
    model = GLM("Gaussian", regularizer=penalty, regularizer_strength="reml").fit(X, y)
    expected, score = by_brute_force(lambda rho: gaussian_score(rho, terms, ridge, X, y), len(terms))
    np.testing.assert_allclose(model.reml_.strengths[:, 0], expected, rtol=FOUND)
    np.testing.assert_allclose(model.reml_.score, score, rtol=1e-9)
    np.testing.assert_allclose(model.reml_.score, gaussian_score(np.log(expected), terms, ridge, X, y), rtol=1e-9)
    assert model.reml_.converged.all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("family", ["exp", "softplus", "logistic"])
@pytest.mark.parametrize("name", PENALTIES)
def test_strengths_maximise_laplaces_restricted_likelihood(name, family, weighted):
    penalty, terms, ridge = PENALTIES[name]
    X, rng = features(), np.random.default_rng(2)
    weight = rng.uniform(0.5, 2, N_TIME) if weighted else np.ones(N_TIME)
    offset = 0.3 * rng.normal(size=N_TIME) if weighted else np.zeros(N_TIME)
    eta = X @ TRUTH - 1.0 + offset
    if family == "logistic":
        y = (rng.random(N_TIME) < expit(eta)).astype(float)
    else:
        y = rng.poisson(np.exp(eta) if family == "exp" else np.logaddexp(0, eta)).astype(float)
    observed = "Bernoulli" if family == "logistic" else "Poisson"
    model = GLM(observed, family, regularizer=penalty, regularizer_strength="reml")
    model.fit(X, y, sample_weight=weight, offset=offset)

    def score(rho):
        return laplace_score(rho, terms, ridge, X, y, family, weight, offset)

    found, height = by_brute_force(score, len(terms))
    np.testing.assert_allclose(model.reml_.score, score(np.log(model.reml_.strengths[:, 0])), rtol=1e-8)
    assert model.reml_.score[0] <= height + 1e-6
    if np.all((found > 1e-3) & (found < 1e2)):  # a strength that goes to zero or infinity has no digits
        np.testing.assert_allclose(model.reml_.strengths[:, 0], found, rtol=10 * FOUND)


def two_filters(n_time=1500, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_time, 2 * N_FEATURES))
    coef = np.concatenate([TRUTH, 0.4 * rng.normal(size=N_FEATURES)])
    rough = np.zeros((2, 2 * N_FEATURES, 2 * N_FEATURES))
    rough[0, :N_FEATURES, :N_FEATURES] = rough[1, N_FEATURES:, N_FEATURES:] = SECOND
    return X, coef, rough


def test_every_term_and_neuron_has_its_own():
    X, coef, rough = two_filters()
    coefs = np.column_stack([coef, coef[::-1], 0 * coef])
    y = counts_for(X, coefs, np.array([0.0, -0.5, 0.5]))
    y[7, 0], X[11, 3] = np.nan, np.nan
    model = PopulationGLM(regularizer=Smoothness(rough), regularizer_strength="reml").fit(X, y)
    assert model.strength_.shape == (2, 3)
    assert model.strength_[0, 0] > 10 * model.strength_[1, 0]
    assert model.strength_[1, 1] > 10 * model.strength_[0, 1]
    np.testing.assert_allclose(model.reml_.term_dof.sum(axis=0) + 1, model.reml_.effective_dof, atol=0.05)
    for n in range(3):
        alone = GLM(regularizer=Smoothness(rough), regularizer_strength="reml").fit(X, y[:, n])
        np.testing.assert_allclose(alone.reml_.score[0], model.reml_.score[n], rtol=1e-8)
        np.testing.assert_allclose(alone.coef_, model.coef_[:, n], atol=1e-4)
    inference = model.inference(X, y)
    np.testing.assert_allclose(inference.effective_dof, model.reml_.effective_dof, rtol=1e-6)


@pytest.mark.parametrize("penalty", ["Ridge", Smoothness(SECOND), Smoothness([SECOND, FIRST])])
def test_the_strengths_give_the_same_fit(penalty):
    X = features()
    y = counts_for(X, np.column_stack([TRUTH, -TRUTH]), np.zeros(2))
    model = PopulationGLM(regularizer=penalty, regularizer_strength="reml").fit(X, y)
    again = PopulationGLM(regularizer=penalty, regularizer_strength=model.reml_.strengths).fit(X, y)
    np.testing.assert_allclose(model.coef_, again.coef_, atol=SOLVER)
    np.testing.assert_array_equal(np.atleast_2d(model.strength_), model.reml_.strengths)


def test_held_coefficients_are_no_part_of_it():
    X = features()
    y = counts_for(X, np.column_stack([TRUTH, TRUTH]), np.zeros(2))
    mask = np.ones((N_FEATURES, 2))
    mask[4:, 1] = 0
    model = PopulationGLM(regularizer="Ridge", regularizer_strength="reml", feature_mask=mask).fit(X, y)
    alone = GLM(regularizer="Ridge", regularizer_strength="reml").fit(X[:, :4], y[:, 1])
    np.testing.assert_allclose(model.reml_.score[1], alone.reml_.score[0], rtol=1e-8)
    np.testing.assert_allclose(model.coef_[:4, 1], alone.coef_, atol=1e-4)
    assert not model.coef_[4:, 1].any()


def test_functions_that_sum_to_one():
    """What neither the data nor the penalty tells from the intercept is left out of the determinants."""
    x = np.random.default_rng(0).uniform(size=4000)
    basis = BSplineEval(15, bounds=(0, 1))
    X = np.asarray(basis.compute_features(x))
    y = np.random.default_rng(1).poisson(np.exp(np.sin(2 * np.pi * x) - 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = GLM(regularizer=Smoothness(basis), regularizer_strength="reml").fit(X, y)
    assert 4 < model.reml_.effective_dof[0] < 10
    grid = np.linspace(0.02, 0.98, 50)
    rate = np.log(model.predict(np.asarray(basis.compute_features(grid))))
    np.testing.assert_allclose(rate, np.sin(2 * np.pi * grid) - 1, atol=0.25)


def test_nothing_is_found_to_be_nothing():
    """Where the features say nothing the strength goes up."""
    x = np.random.default_rng(0).uniform(size=3000)
    basis = RaisedCosineLinearEval(12)
    X = np.asarray(basis.compute_features(x))
    y = np.random.default_rng(4).poisson(np.full(3000, 0.7))
    model = GLM(regularizer="Ridge", regularizer_strength="reml").fit(X, y)
    assert model.reml_.effective_dof[0] < 2.0
    assert np.abs(model.coef_).max() < 0.1


@pytest.mark.parametrize("family", ["Gamma", "NegativeBinomial", "Gaussian"])
def test_other_families(family):
    X, rng = features(), np.random.default_rng(5)
    mean = np.exp(X @ TRUTH - 0.5)
    y = {
        "Gamma": rng.gamma(2.0, mean / 2.0),
        "NegativeBinomial": rng.negative_binomial(2, 2 / (2 + mean)),
        "Gaussian": mean + 0.5 * rng.normal(size=N_TIME),
    }[family]
    model = GLM(family, "exp", regularizer=Smoothness(SECOND), regularizer_strength="reml").fit(X, y)
    assert model.reml_.converged.all()
    assert np.abs(model.reml_.gradient).max() <= 1e-4
    assert np.abs(model.coef_ - TRUTH).max() < 0.25
    if family != "NegativeBinomial":  # by residual degrees of freedom, effective ones there
        np.testing.assert_allclose(model.reml_.dispersion, model.scale_, rtol=0.05)


def filter_data(seed, n_time=1500, n_lags=30):
    rng = np.random.default_rng(seed)
    lags = np.linspace(0, 1, n_lags)
    truth = 1.2 * np.exp(-((lags - 0.3) ** 2) / 0.02) - 0.7 * np.exp(-((lags - 0.6) ** 2) / 0.03)
    X = rng.normal(size=(n_time, n_lags))
    y = rng.poisson(np.exp(0.35 * X @ truth - 1.0))
    return X, y, 0.35 * truth


def test_a_smooth_filter_is_found_better_than_by_ridge():
    rough = np.diff(np.eye(30), n=2, axis=0)
    rough = rough.T @ rough
    errors = []
    for seed in range(4):
        X, y, truth = filter_data(seed)
        fits = [
            GLM(regularizer=Smoothness(rough), regularizer_strength="reml").fit(X, y),
            GLM(regularizer=Smoothness(rough), regularizer_strength="cv").fit(X, y),
            GLM(regularizer="Ridge", regularizer_strength="cv").fit(X, y),
        ]
        errors.append([np.sqrt(np.mean((fit.coef_ - truth) ** 2)) for fit in fits])
    reml, smooth, ridge = np.mean(errors, axis=0)
    assert reml < 0.7 * ridge
    assert reml < 1.1 * smooth


def test_inputs_without_a_say_are_turned_off():
    """A strength for each channel decides which of them matter."""
    basis = RaisedCosineLogConv(5, window_size=20)
    rng = np.random.default_rng(0)
    X = np.asarray(basis.compute_features(rng.poisson(0.3, size=(3000, 6)).astype(float)))
    rows = np.isfinite(X).all(axis=1)
    y = np.full((3000, 2), np.nan)
    coef = np.zeros((30, 2))
    coef[5:10, 0], coef[20:25, 1] = 0.3, -0.4
    y[rows] = rng.poisson(np.exp(X[rows] @ coef - 1.0))
    each = np.kron(np.eye(6)[:, :, None] * np.eye(6)[:, None, :], np.eye(5))
    model = PopulationGLM(regularizer=Smoothness(each), regularizer_strength="reml")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, y)
    np.testing.assert_array_equal(model.reml_.term_dof.argmax(axis=0), [1, 4])
    assert np.median(model.reml_.term_dof, axis=0).max() < 0.5
    smooth = PopulationGLM(regularizer=Smoothness(basis, separate="channels", ridge=1e-3), regularizer_strength="reml")
    assert smooth.fit(X, y).reml_.strengths.shape == (6, 2)
    assert smooth.reml_.converged.all()


@pytest.mark.parametrize("streamed", [False, True])
def test_features_that_are_made_block_by_block(streamed, monkeypatch, rng):
    if streamed:
        monkeypatch.setattr(_fit, "_MANY_ROWS", 0)
    counts = rng.poisson(0.5, size=(2000, 3))
    design = Convolved(counts, np.exp(-0.5 * (np.arange(10)[:, None] - [0.0, 4.0]) ** 2 / 4))
    model = PopulationGLM(regularizer="Ridge", regularizer_strength="reml").fit(design, counts)
    other = PopulationGLM(regularizer="Ridge", regularizer_strength="reml").fit(design.to_dense(), counts)
    np.testing.assert_allclose(model.reml_.score, other.reml_.score, rtol=1e-9)
    np.testing.assert_allclose(model.coef_, other.coef_, atol=1e-6)


def test_silent_neurons_have_none():
    X, y = population(n_features=4)
    y[:, 1] = 0
    with pytest.warns(SilentNeuronWarning):
        model = PopulationGLM(regularizer="Ridge", regularizer_strength="reml").fit(X, y)
    assert np.isnan(model.reml_.score[1])
    assert model.reml_.converged.all()
    assert np.isfinite(model.reml_.score[[0, 2, 3]]).all()
    assert model.reml_.to_frame().shape == (4, 7)
    assert "1 terms x 4 neurons" in repr(model.reml_)


def test_clones_and_files_keep_it(tmp_path):
    X, y = population(n_features=4)
    settings = REML(maxiter=30, tol=1e-5)
    model = PopulationGLM(regularizer="Ridge", regularizer_strength=settings).fit(X, y)
    assert clone(model).regularizer_strength == settings
    assert PopulationGLM(regularizer="Ridge", regularizer_strength="reml").regularizer_strength == REML()
    read = load_model(model.save_params(tmp_path / "model"))
    assert read.regularizer_strength == settings
    np.testing.assert_array_equal(read.reml_.strengths, model.reml_.strengths)
    np.testing.assert_array_equal(read.inference(X, y).covariance, model.inference(X, y).covariance)
    model.regularizer_strength = CV(np.array([0.1, 1.0]))
    assert model.fit(X, y).reml_ is None


def test_too_few_turns_are_told():
    X, y = population(n_features=4)
    with pytest.warns(NotConvergedWarning, match=r"strengths of 4 neuron\(s\) were still moving after 1 turns"):
        model = PopulationGLM(regularizer="Ridge", regularizer_strength=REML(maxiter=1)).fit(X, y)
    assert "4 did not converge" in repr(model.reml_)


def test_a_strength_for_each_part_of_a_basis():
    basis = BSplineEval(6) + RaisedCosineLinearEval(5)
    one, two = Smoothness(basis), Smoothness(basis, separate=True)
    np.testing.assert_allclose(two.penalty.sum(axis=0), one.penalty[0])
    assert not two.penalty[0, 6:].any()
    assert not two.penalty[1, :6].any()
    basis.set_input_shape(1, 3)
    channels = Smoothness(basis, separate="channels")
    assert channels.penalty.shape == (4, 21, 21)
    np.testing.assert_allclose(channels.penalty.sum(axis=0), Smoothness(basis).penalty[0])
    np.testing.assert_allclose(Smoothness(basis).penalty[0, 11:16, 11:16], two.penalty[1, 6:, 6:])


def test_wrong_settings():
    X, y = population(n_features=4)
    for penalty in ("Lasso", ElasticNet(), GroupLasso(np.ones((1, 4)))):
        model = PopulationGLM(regularizer=penalty, regularizer_strength="reml")
        with pytest.raises(ValueError, match=r"under a quadratic penalty, and .* is none; use regularizer='Ridge'"):
            model.fit(X, y)
    with pytest.raises(ValueError, match="a model without a penalty has no strength to choose"):
        PopulationGLM(regularizer_strength="reml").fit(X, y)
    with pytest.raises(ValueError, match="ClassifierGLM has no restricted likelihood"):
        ClassifierGLM(regularizer_strength="reml")
    with pytest.raises(ValueError, match="maxiter of REML must be a number > 0, got 0"):
        REML(maxiter=0)
    with pytest.raises(ValueError, match="tol of REML must be a number > 0, got 'small'"):
        REML(tol="small")
    with pytest.raises(ValueError, match="separate must be False, True or 'channels', got 'terms'"):
        Smoothness(BSplineEval(5), separate="terms")
    with pytest.raises(ValueError, match="separate is for bases"):
        Smoothness(np.eye(3), separate=True)
