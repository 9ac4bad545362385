"""Penalties with kinks and quadratic forms: the answer meets its optimality conditions, on good and on bad features."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from glm_helpers import MEAN, population
from rheobase.glm import GLM, PopulationGLM
from rheobase.regularizer import ElasticNet, GroupLasso, Lasso, Smoothness

N_FEATURES = 6
MASK = np.array([[1, 1, 0, 0, 0, 0], [0, 0, 1, 0, 1, 0], [0, 0, 0, 1, 0, 0]])  # feature 5 is in no group
SECOND = np.diff(np.eye(N_FEATURES), n=2, axis=0)

PENALTIES = {
    "lasso": (Lasso(), 0.05, np.arange(N_FEATURES), np.full(N_FEATURES, 0.05), np.zeros((N_FEATURES, N_FEATURES))),
    "lasso, one strength a feature": (
        Lasso(),
        np.linspace(0, 0.1, N_FEATURES),
        np.arange(N_FEATURES),
        np.linspace(0, 0.1, N_FEATURES),
        np.zeros((N_FEATURES, N_FEATURES)),
    ),
    "elastic net": (
        ElasticNet(),
        (0.1, 0.3),
        np.arange(N_FEATURES),
        np.full(N_FEATURES, 0.03),
        0.07 * np.eye(N_FEATURES),
    ),
    "group lasso": (
        GroupLasso(MASK),
        0.05,
        np.array([0, 0, 1, 2, 1, -1]),
        0.05 * np.sqrt([2, 2, 1]),
        np.zeros((N_FEATURES, N_FEATURES)),
    ),
    "group lasso, one strength a group": (
        GroupLasso(MASK),
        np.array([0.0, 0.05, 0.2]),
        np.array([0, 0, 1, 2, 1, -1]),
        np.array([0.0, 0.05, 0.2]) * np.sqrt([2, 2, 1]),
        np.zeros((N_FEATURES, N_FEATURES)),
    ),
    "smoothness": (Smoothness(SECOND.T @ SECOND), 0.5, np.full(N_FEATURES, -1), np.zeros(0), 0.5 * SECOND.T @ SECOND),
    "two smoothness terms and a ridge": (
        Smoothness([SECOND.T @ SECOND, np.ones((N_FEATURES, N_FEATURES))], ridge=0.01),
        np.array([0.5, 0.1]),
        np.full(N_FEATURES, -1),
        np.zeros(0),
        0.5 * SECOND.T @ SECOND + 0.1 + 0.01 * np.eye(N_FEATURES),
    ),
}


def features(kind, X):
    X = X.copy()
    if kind == "badly scaled":
        X *= 10.0 ** np.arange(-3, 3)
        X[:, 0] += 1e3
    elif kind == "collinear":
        X[:, 1] = X[:, 0]
        X[:, 4] = X[:, 2] - X[:, 3]
    elif kind == "missing":
        X[3, 2] = X[17, 0] = np.nan
    return X


def residuals(X, y, coef, intercept, link, member, strength, quadratic):
    """Violation of the optimality conditions of one neuron, in units of each feature's spread."""
    rows = np.isfinite(X).all(axis=1) & np.isfinite(y)
    X, y = X[rows], y[rows]
    eta = X @ coef + intercept
    mean = MEAN[link](eta)
    slope = mean - y if link == "exp" else (1.0 - y / mean) * expit(eta)
    gradient = X.T @ slope / len(y) + quadratic @ coef
    gradient -= X.mean(axis=0) * slope.mean()  # zero but for rounding of the intercept
    out = np.abs(gradient)
    for g, value in enumerate(strength):
        inside = member == g
        length = np.linalg.norm(coef[inside])
        if length > 0:
            out[inside] = np.abs(gradient[inside] + value * coef[inside] / length)
        else:
            out[inside] = max(np.linalg.norm(gradient[inside]) - value, 0.0)
    return np.append(out / X.std(axis=0), abs(slope.mean()))


@pytest.mark.parametrize("kind", ["plain", "badly scaled", "collinear", "missing"])
@pytest.mark.parametrize("link", ["exp", "softplus"])
@pytest.mark.parametrize("name", PENALTIES)
def test_optimality_conditions(name, link, kind):
    regularizer, strength, member, strengths, quadratic = PENALTIES[name]
    if kind == "collinear" and name in ("smoothness", "group lasso, one strength a group"):
        pytest.skip("what the penalty does not see has no unique optimum")
    X, y = population(n_features=N_FEATURES, link=link)
    X = features(kind, X)
    model = PopulationGLM(inverse_link_function=link, regularizer=regularizer, regularizer_strength=strength).fit(X, y)
    assert model.solution_.converged.all()
    for n in range(y.shape[1]):
        left = residuals(X, y[:, n], model.coef_[:, n], model.intercept_[n], link, member, strengths, quadratic)
        assert left.max() < 1e-8  # the default tolerance of coefficients, in units of the features' spread


@pytest.mark.parametrize("name", PENALTIES)
def test_one_neuron_is_fitted_as_in_a_population(name):
    regularizer, strength = PENALTIES[name][:2]
    X, y = population(n_features=N_FEATURES)
    together = PopulationGLM(regularizer=regularizer, regularizer_strength=strength).fit(X, y)
    alone = GLM(regularizer=regularizer, regularizer_strength=strength).fit(X, y[:, 1])
    np.testing.assert_allclose(alone.coef_, together.coef_[:, 1], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(alone.coef_ == 0, together.coef_[:, 1] == 0)


def test_a_strong_penalty_sets_everything_to_exactly_zero():
    X, y = population(n_features=N_FEATURES)
    for regularizer in (Lasso(), ElasticNet(), GroupLasso(np.ones((1, N_FEATURES)))):
        model = PopulationGLM(regularizer=regularizer, regularizer_strength=100.0).fit(X, y)
        assert not model.coef_.any()
        np.testing.assert_allclose(np.exp(model.intercept_), y.mean(axis=0), rtol=1e-10)


def test_groups_enter_and_leave_together():
    X, y = population(n_time=400, n_features=N_FEATURES)
    model = PopulationGLM(regularizer=GroupLasso(MASK), regularizer_strength=0.1).fit(X, y)
    for group in MASK.astype(bool):
        zero = model.coef_[group] == 0
        assert (zero.all(axis=0) | ~zero.any(axis=0)).all()
    assert (model.coef_ == 0).any()
    assert (model.coef_[5] != 0).all()


def test_masks_of_neurons():
    """A mask of shape (group, feature, neuron) gives each neuron groups of its own."""
    X, y = population(n_features=N_FEATURES, n_neurons=2)
    mask = np.zeros((3, N_FEATURES, 2))
    mask[0, :3, 0] = mask[1, 3:, 0] = mask[2, :, 1] = 1
    both = PopulationGLM(regularizer=GroupLasso(mask), regularizer_strength=0.1).fit(X, y)
    for n, own in enumerate((mask[:2, :, 0], mask[2:, :, 1])):
        alone = GLM(regularizer=GroupLasso(own), regularizer_strength=0.1).fit(X, y[:, n])
        np.testing.assert_allclose(both.coef_[:, n], alone.coef_, rtol=0, atol=1e-9)


def test_a_feature_mask_beside_a_lasso():
    X, y = population(n_features=N_FEATURES, n_neurons=2)
    mask = np.array([[1, 1, 0, 1, 1, 1], [0, 1, 1, 1, 0, 1]]).T
    both = PopulationGLM(regularizer="Lasso", regularizer_strength=0.02, feature_mask=mask).fit(X, y)
    for n in range(2):
        kept = mask[:, n].astype(bool)
        alone = GLM(regularizer="Lasso", regularizer_strength=0.02).fit(X[:, kept], y[:, n])
        np.testing.assert_allclose(both.coef_[kept, n], alone.coef_, rtol=0, atol=1e-9)
        assert not both.coef_[~kept, n].any()


def test_more_features_than_rows():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 90))
    y = rng.poisson(np.exp(0.5 * X[:, 0] - 0.5)).astype(float)
    model = GLM(regularizer="Lasso", regularizer_strength=0.08).fit(X, y)
    assert model.solution_.converged.all()
    left = residuals(
        X, y, model.coef_, model.intercept_[0], "exp", np.arange(90), np.full(90, 0.08), np.zeros((90, 90))
    )
    assert left.max() < 1e-8
    assert 0 < np.count_nonzero(model.coef_) < 60
    assert model.dof_resid_ == 60 - np.count_nonzero(model.coef_) - 1


@pytest.mark.parametrize("regularizer", ["Lasso", "ElasticNet", GroupLasso(MASK)])
@pytest.mark.parametrize("solver", ["LBFGS", "GramLBFGS", "BFGS", "GradientDescent", "NonlinearCG"])
def test_smooth_solvers_refuse_kinks(regularizer, solver):
    X, y = population(n_features=N_FEATURES)
    model = PopulationGLM(regularizer=regularizer, solver_name=solver)
    with pytest.raises(
        ValueError, match=f"solver '{solver}' cannot minimise the penalty .* use one of 'auto', 'Newton'"
    ):
        model.fit(X, y)


def test_wrong_masks_strengths_and_forms():
    with pytest.raises(ValueError, match="feature 1 is in more than one"):
        GroupLasso([[1, 1, 0], [0, 1, 1]])
    with pytest.raises(ValueError, match="group 1 of the mask is empty"):
        GroupLasso([[1, 1, 0], [0, 0, 0]])
    with pytest.raises(ValueError, match="array of 0 and 1, got values such as"):
        GroupLasso([[1, 2, 0]])
    with pytest.raises(ValueError, match=r"shape \(group, feature\)"):
        GroupLasso([1, 0])
    with pytest.raises(TypeError, match="mask must be an array of 0 and 1"):
        GroupLasso(np.array([["a", "b"]]))
    with pytest.raises(ValueError, match="joins coefficients of several neurons"):
        GroupLasso(np.ones((1, 3, 2)))
    with pytest.raises(ValueError, match="one for each of the 3 groups"):
        GroupLasso(MASK).check_strength([1.0, 2.0])
    with pytest.raises(ValueError, match=r"ratio of an elastic net must lie in \(0, 1\], got 0"):
        ElasticNet().check_strength((1.0, 0))
    with pytest.raises(ValueError, match="a number or a pair"):
        ElasticNet().check_strength((1.0, 0.5, 2.0))
    with pytest.raises(ValueError, match="must be symmetric"):
        Smoothness([[1.0, 2.0], [0.0, 1.0]])
    with pytest.raises(ValueError, match="positive semidefinite, but its smallest eigenvalue is -1"):
        Smoothness(-np.eye(2))
    with pytest.raises(ValueError, match=r"must have shape \(feature, feature\)"):
        Smoothness(np.ones(3))
    with pytest.raises(TypeError, match="must be a basis, a square array"):
        Smoothness("second")
    X, y = population(n_features=N_FEATURES)
    with pytest.raises(ValueError, match="the penalty is of 2 coefficients, but there are 6 features"):
        PopulationGLM(regularizer=Smoothness(np.eye(2)), regularizer_strength=1.0).fit(X, y)
    with pytest.raises(ValueError, match=r"has shape \(1, 2\), but there are 6 features"):
        PopulationGLM(regularizer=GroupLasso([[1, 0]])).fit(X, y)
    with pytest.warns(UserWarning, match="GroupLasso has no mask"):
        PopulationGLM(regularizer="GroupLasso").fit(X, y)


def test_a_grid_search_over_masks_leaves_the_model_alone():
    from sklearn.model_selection import GridSearchCV

    X, y = population(n_features=N_FEATURES)
    other = np.ones((1, N_FEATURES))
    model = GLM(regularizer=GroupLasso(MASK), regularizer_strength=0.05)
    search = GridSearchCV(model, {"regularizer__mask": [MASK, other], "regularizer_strength": [0.01, 0.1]}, cv=3)
    search.fit(X, y[:, 0])
    np.testing.assert_array_equal(model.regularizer.mask, MASK)
    assert len(search.cv_results_["mean_test_score"]) == 4
    assert len(np.unique(search.cv_results_["mean_test_score"])) == 4


@pytest.mark.parametrize("strength", [1e-2, 10.0, 1e4])
def test_a_strong_smoothness_reaches_the_same_optimum_by_every_native_solver(strength):
    """Most of a strong smoothness lies off the diagonal."""
    rng = np.random.default_rng(2)
    x = np.cumsum(rng.normal(size=(800, 12)), axis=1)
    y = rng.poisson(np.exp(0.1 * x[:, [3]] - 1.0), size=(800, 2)).astype(float)
    differences = np.diff(np.eye(12), 2, axis=0)
    options = {"regularizer": Smoothness(differences.T @ differences), "regularizer_strength": strength}
    one = PopulationGLM(solver_name="Newton", **options).fit(x, y)
    other = PopulationGLM(solver_name="GramLBFGS", **options).fit(x, y)
    # what every solver promises of the largest coefficient
    np.testing.assert_allclose(other.coef_, one.coef_, rtol=0, atol=1e-6 * np.abs(one.coef_).max())
