"""scikit-learn's manners: parameters, clones, pipelines, searches, copies."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone, is_regressor
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from glm_helpers import population
from rheobase.basis import RaisedCosineLinearEval
from rheobase.glm import GLM, PopulationGLM
from rheobase.links import Softplus
from rheobase.observation_models import PoissonObservations
from rheobase.regularizer import Ridge, UnRegularized

MODELS = [GLM, PopulationGLM]


@pytest.fixture(scope="module")
def data():
    return population()


def counts(model, y):
    return y[:, 0] if isinstance(model, GLM) else y


@pytest.mark.parametrize("model", MODELS)
def test_parameters_are_the_constructors_arguments(model):
    params = model().get_params()
    expected = {
        "observation_model",
        "inverse_link_function",
        "regularizer",
        "regularizer_strength",
        "solver_name",
        "solver_kwargs",
        "coef_bounds",
    }
    assert set(params) == expected | ({"feature_mask"} if model is PopulationGLM else set())
    assert params["regularizer_strength"] is None
    assert params["solver_name"] == "auto"
    assert set(model().get_params(deep=False)) == set(params)


@pytest.mark.parametrize("model", MODELS)
def test_parameters_make_the_same_model(model):
    one = model(
        inverse_link_function="softplus",
        regularizer="Ridge",
        regularizer_strength=0.3,
        solver_name="Newton",
        solver_kwargs={"tol": 1e-9},
    )
    other = model(**one.get_params())
    assert repr(other) == repr(one)
    assert model().set_params(**one.get_params()).get_params() == one.get_params()


@pytest.mark.parametrize("flip", [False, True])
def test_regularizer_and_strength_in_either_order(flip):
    """A new regulariser brings its own strength, unless one is given with it, before or after."""
    params = {"regularizer": "Ridge", "regularizer_strength": 0.7}
    model = GLM().set_params(**(dict(reversed(params.items())) if flip else params))
    assert model.regularizer == Ridge()
    assert model.regularizer_strength == 0.7
    assert model.set_params(regularizer="Ridge").regularizer_strength == 1.0
    assert model.set_params(regularizer_strength=2).regularizer_strength == 2.0
    assert model.set_params(regularizer="UnRegularized").regularizer_strength is None
    assert model.set_params(regularizer=Ridge(regularizer_strength=5.0)).regularizer_strength == 5.0


@pytest.mark.parametrize("flip", [False, True])
def test_solver_and_its_options_in_either_order(flip):
    params = {"solver_name": "GradientDescent", "solver_kwargs": {"stepsize": 0.1}}
    model = GLM(solver_kwargs={"tol": 1e-7}).set_params(**(dict(reversed(params.items())) if flip else params))
    assert (model.solver_name, model.solver_kwargs) == ("GradientDescent", {"stepsize": 0.1})


def test_options_of_another_solver_are_found_at_the_latest_by_fit(data):
    model = GLM(solver_name="GradientDescent", solver_kwargs={"stepsize": 0.1}).set_params(solver_name="Newton")
    with pytest.raises(NameError, match="solver 'Newton' takes no option 'stepsize'"):
        model.fit(data[0], data[1][:, 0])


def test_old_nested_parameters():
    model = GLM(regularizer=Ridge()).set_params(
        regularizer__regularizer_strength=0.2,
        regularizer__solver_name="LBFGS",
        regularizer__solver_kwargs={"memory": 5},
        observation_model__inverse_link_function="softplus",
    )
    assert model.regularizer_strength == 0.2
    assert (model.solver_name, model.solver_kwargs) == ("LBFGS", {"memory": 5})
    assert model.inverse_link_function == Softplus()


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"regularizr": "Ridge"}, ValueError, r"GLM has no parameter 'regularizr'; .* Did you mean 'regularizer'"),
        ({"feature_mask": None}, ValueError, "GLM has no parameter 'feature_mask'"),
        ({"regularizer__power": 2}, ValueError, "regularizer has no parameters of its own, so regularizer__power"),
        ({"regularizer": "Lasso!"}, ValueError, "unknown regularizer 'Lasso!'"),
        ({"solver_name": "Newtown"}, ValueError, "Did you mean 'Newton'"),
        ({"solver_kwargs": {"tolerance": 1}}, NameError, "takes no option 'tolerance'"),
        ({"solver_kwargs": [1]}, TypeError, "solver_kwargs must be a dict of options, got list"),
    ],
)
def test_wrong_parameters(params, error, message):
    with pytest.raises(error, match=message):
        GLM().set_params(**params)


@pytest.mark.parametrize("model", MODELS)
def test_a_clone_has_the_parameters_and_no_fit(model, data):
    X, y = data
    one = model(regularizer=Ridge(regularizer_strength=0.2), inverse_link_function="softplus")
    one.fit(X, counts(one, y))
    other = clone(one)
    assert type(other) is model
    assert other.coef_ is None
    assert repr(other) == repr(one)
    np.testing.assert_array_equal(other.fit(X, counts(one, y)).coef_, one.coef_)


def test_a_clone_leaves_to_defaults_what_was_left_to_defaults():
    """So that a clone, too, takes the default strength of a regulariser that it is given later."""
    other = clone(GLM(regularizer="Ridge")).set_params(regularizer="UnRegularized")
    assert other.regularizer_strength is None
    assert clone(GLM(regularizer=UnRegularized(solver_name="LBFGS"))).solver_name == "LBFGS"


def test_a_clone_of_a_masked_population_may_have_another_mask(data):
    model = PopulationGLM(feature_mask=np.ones((3, 4))).fit(*data)
    assert clone(model).set_params(feature_mask=None).feature_mask is None


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda m: pickle.loads(pickle.dumps(m))])
@pytest.mark.parametrize("model", MODELS)
def test_copies_predict_the_same(model, copied, data):
    X, y = data
    one = model(regularizer="Ridge").fit(X, counts(model(), y))
    other = copied(one)
    np.testing.assert_array_equal(other.predict(X), one.predict(X))
    assert repr(other) == repr(one)
    assert other.solution_.stats["solver"] == one.solution_.stats["solver"]


def test_cross_validation(data):
    X, y = data
    scores = cross_val_score(GLM(regularizer="Ridge"), X, y[:, 0], cv=KFold(3))
    by_hand = []
    for train, test in KFold(3).split(X):
        by_hand.append(GLM(regularizer="Ridge").fit(X[train], y[train, 0]).score(X[test], y[test, 0]))
    np.testing.assert_allclose(scores, by_hand)


@pytest.mark.parametrize("model", MODELS)
def test_grid_search_over_strength_and_regularizer(model, data):
    X, y = data
    grid = [
        {"regularizer": ["Ridge"], "regularizer_strength": [1e-3, 0.1, 100.0]},
        {"regularizer": ["UnRegularized"]},
    ]
    search = GridSearchCV(model(), grid, cv=3).fit(X, counts(model(), y))
    results = search.cv_results_
    assert np.isfinite(results["mean_test_score"]).all()
    assert results["mean_test_score"][2] == results["mean_test_score"].min()
    assert search.best_estimator_.coef_ is not None
    assert search.predict(X).shape == counts(model(), y).shape


def test_grid_search_with_a_score_type(data):
    X, y = data

    def mcfadden(model, X, y):
        return model.score(X, y, score_type="pseudo-r2-McFadden")

    search = GridSearchCV(GLM(regularizer="Ridge"), {"regularizer_strength": [0.01, 10.0]}, scoring=mcfadden, cv=3)
    assert search.fit(X, y[:, 0]).best_params_ == {"regularizer_strength": 0.01}


def test_pipelines(data):
    X, y = data
    pipe = make_pipeline(StandardScaler(), GLM())
    direct = GLM().fit(X, y[:, 0])
    np.testing.assert_allclose(pipe.fit(X, y[:, 0]).predict(X), direct.predict(X), rtol=1e-6)
    assert pipe.score(X, y[:, 0]) == pytest.approx(direct.score(X, y[:, 0]), rel=1e-9)
    assert pipe.set_params(glm__regularizer="Ridge", glm__regularizer_strength=3.0)[-1].regularizer_strength == 3.0


def test_a_basis_in_a_pipeline_searched_together_with_the_model(data):
    X, y = data
    basis = RaisedCosineLinearEval(n_basis_funcs=4, bounds=(-4, 4)).to_transformer()
    pipe = Pipeline([("basis", basis), ("glm", GLM(regularizer="Ridge"))])
    grid = {"basis__n_basis_funcs": [4, 6], "glm__regularizer_strength": [0.01, 1.0]}
    search = GridSearchCV(pipe, grid, cv=2).fit(X[:, :1], y[:, 0])
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_["glm"].coef_.shape == (search.best_params_["basis__n_basis_funcs"],)


@pytest.mark.parametrize("model", MODELS)
def test_what_scikit_learn_asks(model, data):
    X, y = data
    one = model()
    assert is_regressor(one)
    tags = get_tags(one)
    assert tags.input_tags.allow_nan
    assert tags.target_tags.two_d_labels == (model is PopulationGLM)
    with pytest.raises(Exception, match="not fitted"):
        check_is_fitted(one)
    check_is_fitted(one.fit(X, counts(one, y)))


def test_the_representation_says_what_was_chosen():
    text = repr(GLM(regularizer=Ridge(), regularizer_strength=0.5, solver_kwargs={"tol": 1e-9}))
    assert text.startswith("GLM(\n")
    for part in ("PoissonObservations()", "'exp'", "Ridge()", "regularizer_strength=0.5", "'auto'", "{'tol': 1e-09}"):
        assert part in text
    assert "regularizer_strength" not in repr(GLM())
    assert "array" not in repr(PopulationGLM(feature_mask=np.ones((3, 4))))
    assert "\n" in repr(GLM(regularizer="Ridge", regularizer_strength=np.ones(1000)))
    assert len(repr(GLM(regularizer="Ridge", regularizer_strength=np.ones(1000)))) < 1000


def test_fit_returns_the_model_itself(data):
    model = GLM()
    assert model.fit(data[0], data[1][:, 0]) is model


def test_changing_the_observation_model_keeps_the_link():
    model = GLM(inverse_link_function="softplus")
    model.observation_model = PoissonObservations()
    assert model.inverse_link_function == Softplus()
