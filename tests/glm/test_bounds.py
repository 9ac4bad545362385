"""Coefficients in bounds: against other solvers, and by their optimality conditions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import lsq_linear, minimize, nnls
from sklearn.base import clone

from glm_helpers import MEAN, N_TIME, population
from helpers import SOLVER
from rheobase.design import Convolved
from rheobase.glm import GLM, PopulationGLM, _fit, cross_validate, load_model, regularization_path
from rheobase.regularizer import ElasticNet, GroupLasso, Smoothness

N_FEATURES, N_NEURONS = 6, 3
SECOND = np.diff(np.eye(N_FEATURES), n=2, axis=0)
SECOND = SECOND.T @ SECOND
MASK = np.array([[1, 1, 0, 0, 0, 0], [0, 0, 1, 0, 1, 0], [0, 0, 0, 1, 0, 0]])  # feature 5 is in no group

PENALTIES = {
    "none": (None, None),
    "ridge": ("Ridge", 0.05),
    "smoothness": (Smoothness(SECOND, ridge=0.01), 0.2),
    "lasso": ("Lasso", 0.02),
    "elastic net": (ElasticNet(), (0.05, 0.5)),
    "group lasso": (GroupLasso(MASK), 0.02),
}
BOUNDS = {
    "nonnegative": (0.0, np.inf),
    "nonpositive": (-np.inf, 0.0),
    "a band": (-0.1, 0.15),
    "each its own": (np.array([-0.1, 0.0, -np.inf, 0.05, -0.2, -np.inf]), np.array([0.1, np.inf, 0.0, 0.3, 0.0, 0.05])),
}


def data(kind="plain", n_neurons=N_NEURONS, family="exp"):
    X, y = population(n_features=N_FEATURES, n_neurons=n_neurons, link=family if family in MEAN else "exp")
    X = X.copy()
    if kind == "badly scaled":
        X *= 10.0 ** np.arange(-2, 4)
        X[:, 0] += 100.0
    elif kind == "correlated":
        X[:, 1] = X[:, 0] + 0.01 * X[:, 1]
        X[:, 4] = X[:, 2] - X[:, 3] + 0.01 * X[:, 4]
    elif kind == "missing":
        X[3, 2] = X[17, 0] = np.nan
        y[9, 1] = np.nan
    return X, y


def given(bounds):
    """As a user writes it."""
    return tuple(None if np.ndim(end) == 0 and np.isinf(end) else end for end in bounds)


def over(bound, scale):
    return np.broadcast_to(bound, (N_FEATURES,)) / scale


def residuals(X, y, coef, intercept, lower, upper, penalty, link="exp"):
    """Violation of the optimality conditions of one neuron, in units of each feature's spread."""
    rows = np.isfinite(X).all(axis=1) & np.isfinite(y)
    X, y = X[rows], y[rows]
    spread = X.std(axis=0)
    eta = X @ coef + intercept
    slope = np.exp(eta) - y if link == "exp" else 2 * (eta - y)
    gradient = X.T @ slope / len(y) - X.mean(axis=0) * slope.mean()
    shape = (len(coef), 1)
    regularizer, strength = penalty
    groups = None
    if regularizer is not None:
        model = GLM(regularizer=regularizer, regularizer_strength=strength)
        regularizer, strength = model.regularizer, model.regularizer_strength
        gradient = gradient + regularizer.curvature(strength, shape)[:, 0] * coef
        forms, groups = regularizer.forms(strength, shape), regularizer.groups(strength, shape)
        if forms is not None:
            gradient = gradient + np.einsum("m,mij,j->i", forms.strength[:, 0], forms.matrices, coef)
    out, asleep = np.zeros(len(coef)), np.zeros(len(coef), dtype=bool)
    if groups is not None:
        for g, weight in enumerate(np.broadcast_to(groups.strength, (len(groups.strength), 1))[:, 0]):
            inside = np.flatnonzero(groups.member[:, 0] == g)
            length = np.sqrt(np.sum(coef[inside] ** 2))
            if length > 0:
                gradient[inside] += weight * coef[inside] / length
                continue
            asleep[inside] = True
            pull = gradient[inside]
            pull = np.where(((lower[inside] >= 0) & (pull > 0)) | ((upper[inside] <= 0) & (pull < 0)), 0.0, pull)
            out[inside] = max(np.sqrt(np.sum(pull**2)) - weight, 0.0)
    held = ((coef <= lower) & (gradient > 0)) | ((coef >= upper) & (gradient < 0))
    out = np.where(asleep, out, np.where(held, 0.0, np.abs(gradient)))
    return np.append(out / spread, abs(slope.mean()))


@pytest.mark.parametrize("kind", ["plain", "badly scaled", "correlated", "missing"])
@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize("name", PENALTIES)
def test_solutions_meet_their_conditions(name, bounds, kind):
    X, y = data(kind)
    scale = np.nanstd(X, axis=0) if kind == "badly scaled" else np.ones(N_FEATURES)
    lower, upper = (over(end, scale) for end in BOUNDS[bounds])
    regularizer, strength = PENALTIES[name]
    model = PopulationGLM(regularizer=regularizer, regularizer_strength=strength, coef_bounds=(lower, upper)).fit(X, y)
    for n in range(N_NEURONS):
        coef = model.coef_[:, n]
        assert np.all((coef >= lower) & (coef <= upper))
        left = residuals(X, y[:, n], coef, model.intercept_[n], lower, upper, PENALTIES[name])
        assert left.max() < SOLVER
        active = ~((coef > lower) & (coef < upper))
        if name in ("ridge", "smoothness"):
            assert model.solution_.stats["n_parameters"][n] == 1 + np.count_nonzero(~active)


@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize("strength", [None, 0.05])
def test_as_lbfgsb_finds_it(strength, bounds):
    X, y = data(n_neurons=1)
    lower, upper = (over(end, 1.0) for end in BOUNDS[bounds])
    penalty = "UnRegularized" if strength is None else "Ridge"
    model = GLM(regularizer=penalty, regularizer_strength=strength, coef_bounds=given(BOUNDS[bounds])).fit(X, y[:, 0])

    def objective(params):
        eta = X @ params[:-1] + params[-1]
        slope = (np.exp(eta) - y[:, 0]) / N_TIME
        bent = (strength or 0.0) * params[:-1]
        value = np.mean(np.exp(eta) - y[:, 0] * eta) + 0.5 * params[:-1] @ bent
        return value, np.append(X.T @ slope + bent, slope.sum())

    start = np.append(np.clip(np.zeros(N_FEATURES), lower, upper), 0.0)
    options = {"ftol": 1e-16, "gtol": 1e-10, "maxiter": 5000, "maxfun": 50000}
    box = [*zip(lower, upper), (None, None)]
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=box, options=options)
    np.testing.assert_allclose(model.coef_, found.x[:-1], atol=1e-5)  # as far as L-BFGS-B goes
    assert model.solution_.loss[0] <= found.fun + 1e-12


def test_gaussian_as_bounded_least_squares(rng):
    X, _ = data("correlated")
    y = X @ rng.normal(size=N_FEATURES) + rng.normal(size=N_TIME)
    whole = np.column_stack([X, np.ones(N_TIME)])
    positive = GLM("Gaussian", coef_bounds="nonnegative").fit(X, y)
    centred = X - X.mean(axis=0)
    np.testing.assert_allclose(positive.coef_, nnls(centred, y - y.mean())[0], atol=1e-9)
    lower, upper = np.append(np.full(N_FEATURES, -0.2), -np.inf), np.append(np.full(N_FEATURES, 0.4), np.inf)
    band = GLM("Gaussian", coef_bounds=(-0.2, 0.4)).fit(X, y)
    expected = lsq_linear(whole, y, (lower, upper), method="bvls", tol=1e-14).x
    np.testing.assert_allclose(np.append(band.coef_, band.intercept_), expected, atol=1e-9)
    assert set(band.coef_[(band.coef_ <= -0.2) | (band.coef_ >= 0.4)]) <= {-0.2, 0.4}


def test_bounds_that_do_not_bind_change_nothing():
    X, y = data()
    for regularizer, strength in PENALTIES.values():
        free = PopulationGLM(regularizer=regularizer, regularizer_strength=strength).fit(X, y)
        wide = PopulationGLM(regularizer=regularizer, regularizer_strength=strength, coef_bounds=(-50, 50)).fit(X, y)
        np.testing.assert_allclose(wide.coef_, free.coef_, atol=SOLVER)


@pytest.mark.parametrize("family", ["NegativeBinomial", "Gamma", "Bernoulli"])
def test_other_families(family, rng):
    X, y = data()
    if family == "Gamma":
        y = rng.gamma(2.0, np.exp(0.3 * X[:, :N_NEURONS]))
    elif family == "Bernoulli":
        y = (y > 1).astype(float)
    model = PopulationGLM(family, None if family != "Gamma" else "exp", coef_bounds=(-0.1, 0.1)).fit(X, y)
    assert model.solution_.converged.all()
    assert np.abs(model.coef_).max() == 0.1
    free = PopulationGLM(family, None if family != "Gamma" else "exp").fit(X, y)
    assert np.all(model.score(X, y) <= free.score(X, y))


def test_neurons_do_not_see_each_other():
    X, y = data()
    lower = np.column_stack([np.full(N_FEATURES, -0.1), np.zeros(N_FEATURES), np.full(N_FEATURES, -np.inf)])
    mask = np.ones((N_FEATURES, N_NEURONS))
    mask[2, 0] = 0
    model = PopulationGLM(coef_bounds=(lower, None), feature_mask=mask).fit(X, y)
    assert model.coef_[2, 0] == 0
    for n in range(1, N_NEURONS):
        alone = GLM(coef_bounds=(lower[:, n], None)).fit(X, y[:, n])
        np.testing.assert_allclose(model.coef_[:, n], alone.coef_, atol=1e-7)


def test_a_start_outside_is_brought_inside():
    X, y = data(n_neurons=1)
    far = GLM(coef_bounds="nonnegative").fit(X, y[:, 0], init_params=(np.full(N_FEATURES, -3.0), np.zeros(1)))
    near = GLM(coef_bounds="nonnegative").fit(X, y[:, 0])
    np.testing.assert_allclose(far.coef_, near.coef_, atol=SOLVER)


def test_searches_keep_to_bounds():
    X, y = data()
    model = PopulationGLM(regularizer="Ridge", coef_bounds="nonnegative")
    _, coef, _ = regularization_path(model, X, y, [0.1, 0.01])
    assert np.all(coef >= 0)
    alone = PopulationGLM(regularizer="Ridge", regularizer_strength=0.01, coef_bounds="nonnegative").fit(X, y)
    np.testing.assert_allclose(coef[1], alone.coef_, atol=1e-7)
    assert cross_validate(model, X, y, [0.1, 0.01]).log_likelihood.shape == (2, 5, N_NEURONS)
    model.regularizer_strength = "cv"
    assert np.all(model.fit(X, y).coef_ >= 0)


def test_a_coefficient_at_its_bound_is_taken_as_known():
    X, y = data(n_neurons=1)
    model = GLM(coef_bounds="nonnegative").fit(X, y[:, 0])
    kept = model.coef_ > 0
    assert 0 < kept.sum() < N_FEATURES
    found = model.inference(X, y[:, 0])
    without = GLM().fit(X[:, kept], y[:, 0]).inference(X[:, kept], y[:, 0])
    assert np.isnan(found.standard_errors[:-1][~kept]).all()
    np.testing.assert_allclose(found.standard_errors[np.append(kept, True)], without.standard_errors, rtol=1e-5)
    np.testing.assert_allclose(found.effective_dof, kept.sum() + 1, rtol=1e-8)


def test_features_in_a_dict():
    X, y = data(n_neurons=1)
    blocks = {"past": X[:, :2], "others": X[:, 2:]}
    model = GLM(coef_bounds=({"past": -0.05, "others": 0.0}, None)).fit(blocks, y[:, 0])
    alone = GLM(coef_bounds=(np.repeat([0.0, -0.05], [4, 2]), None)).fit(np.hstack([X[:, 2:], X[:, :2]]), y[:, 0])
    np.testing.assert_allclose(model.coef_["others"], alone.coef_[:4], atol=1e-9)
    np.testing.assert_allclose(model.coef_["past"], alone.coef_[4:], atol=1e-9)
    with pytest.raises(ValueError, match="a bound in coef_bounds is a dict, but X is not"):
        GLM(coef_bounds=({"past": 0.0}, None)).fit(X, y[:, 0])
    with pytest.raises(ValueError, match=r"coef_bounds lacks coef_bounds\['others'\]"):
        GLM(coef_bounds=({"past": 0.0}, None)).fit(blocks, y[:, 0])
    with pytest.raises(ValueError, match=r"coef_bounds\['past'\] has 3 entries, but the block has 2 features"):
        GLM(coef_bounds=({"past": np.zeros(3), "others": None}, None)).fit(blocks, y[:, 0])


@pytest.mark.parametrize("family", ["Poisson", "Gaussian"])
def test_features_that_are_made_block_by_block(family, monkeypatch, rng):
    monkeypatch.setattr(_fit, "_MANY_ROWS", 0)  # such fits keep nothing of every row
    counts = rng.poisson(0.5, size=(2000, 3))
    design = Convolved(counts, np.exp(-0.5 * (np.arange(10)[:, None] - [0.0, 4.0]) ** 2 / 4))
    bounds = (-0.01, 0.01)
    model = PopulationGLM(family, coef_bounds=bounds).fit(design, counts)
    assert model.solution_.stats["streamed"]
    other = PopulationGLM(family, coef_bounds=bounds).fit(design.to_dense(), counts)
    np.testing.assert_allclose(model.coef_, other.coef_, atol=0.01 * SOLVER)
    assert np.any(np.abs(model.coef_) == 0.01)


@pytest.mark.parametrize("bounds", ["nonnegative", (0, None), (np.full((N_FEATURES, N_NEURONS), -0.1), 0.2)])
def test_clones_and_files_keep_them(bounds, tmp_path):
    X, y = data()
    model = PopulationGLM(coef_bounds=bounds).fit(X, y)
    copy = clone(model)
    np.testing.assert_array_equal(copy.fit(X, y).coef_, model.coef_)
    read = load_model(model.save_params(tmp_path / "model"))
    np.testing.assert_array_equal(read.fit(X, y).coef_, model.coef_)
    assert "coef_bounds" in model.get_params()
    assert "coef_bounds=" in repr(model)


@pytest.mark.parametrize("solver", ["GramLBFGS", "LBFGS[jaxopt]", "GradientDescent", "SVRG"])
def test_solvers_that_cannot(solver):
    X, y = data(n_neurons=1)
    with pytest.raises(ValueError, match=r"cannot keep coefficients in coef_bounds; use solver_name='Newton'"):
        GLM(solver_name=solver, coef_bounds="nonnegative").fit(X, y[:, 0])
    named = GLM(solver_name="Newton", coef_bounds="nonnegative").fit(X, y[:, 0])
    np.testing.assert_array_equal(named.coef_, GLM(coef_bounds="nonnegative").fit(X, y[:, 0]).coef_)


def test_wrong_bounds():
    X, y = data()
    with pytest.raises(ValueError, match=r"coef_bounds must be 'nonnegative' or 'nonpositive', or a pair.*Did you"):
        GLM(coef_bounds="nonegative")
    with pytest.raises(TypeError, match=r"coef_bounds must be a pair \(lower, upper\).*got .* of length 3"):
        GLM(coef_bounds=(0, 1, 2))
    with pytest.raises(TypeError, match="a bound in coef_bounds must be numeric or None, got"):
        GLM(coef_bounds=("low", None))
    with pytest.raises(ValueError, match="coef_bounds holds NaN"):
        GLM(coef_bounds=(np.nan, None))
    with pytest.raises(ValueError, match="lower bound in coef_bounds must not be above the upper one, got 1 and 0"):
        GLM(coef_bounds=(1, 0))
    with pytest.raises(ValueError, match=r"or have shape \(6,\) or \(6, 3\) \(features, neurons\), got \(4,\)"):
        PopulationGLM(coef_bounds=(np.zeros(4), None)).fit(X, y)
    with pytest.raises(ValueError, match="must not be above the upper one, got 1 and 0"):
        PopulationGLM(coef_bounds=(np.ones((N_FEATURES, 1)), np.zeros(N_FEATURES))).fit(X, y)
    mask = np.ones((N_FEATURES, N_NEURONS))
    mask[1, 2] = 0
    with pytest.raises(ValueError, match="feature_mask holds the coefficient of feature 1 and neuron 2 at 0"):
        PopulationGLM(coef_bounds=(0.1, None), feature_mask=mask).fit(X, y)
    with pytest.raises(ValueError, match="with coef_bounds use regularizer_strength='cv' or a number"):
        PopulationGLM(regularizer="Ridge", regularizer_strength="reml", coef_bounds="nonnegative").fit(X, y)
    with pytest.raises(ValueError, match="a stream cannot keep coefficients in coef_bounds"):
        PopulationGLM(coef_bounds="nonnegative").partial_fit(X, y)
    with pytest.raises(ValueError, match="a strength cannot be searched for on a stream"):
        PopulationGLM(regularizer="Ridge", regularizer_strength="reml").partial_fit(X, y)
