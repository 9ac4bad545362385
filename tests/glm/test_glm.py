"""The model of one neuron: what it finds, predicts and draws, and how it is spelled, today and in 2024."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from glm_helpers import N_TIME, counts_for, gradient, population
from helpers import ROUNDING, SAMPLING, SOLVER
from rheobase import NotFittedError, SilentNeuronWarning
from rheobase.glm import GLM
from rheobase.observation_models import PoissonObservations
from rheobase.regularizer import Ridge, UnRegularized


@pytest.fixture(scope="module")
def data():
    X, y = population()
    return X, y[:, 0]


def test_shapes_and_types(data):
    model = GLM().fit(*data)
    assert model.coef_.shape == (3,)
    assert model.intercept_.shape == model.scale_.shape == model.silent_.shape == model.dof_resid_.shape == (1,)
    assert model.predict(data[0]).shape == (N_TIME,)
    assert model.coef_.dtype == model.intercept_.dtype == model.predict(data[0]).dtype == np.float64
    assert isinstance(model.coef_, np.ndarray)
    assert model.n_features_in_ == 3
    assert model.scale_[0] == 1.0
    assert not model.silent_[0]


@pytest.mark.parametrize("link", ["exp", "softplus"])
def test_predict_is_the_formula(data, link):
    X, y = data
    model = GLM(inverse_link_function=link).fit(X, y)
    eta = X @ model.coef_ + model.intercept_
    mean = np.exp(eta) if link == "exp" else np.log1p(np.exp(eta))
    np.testing.assert_allclose(model.predict(X), mean, rtol=ROUNDING)


@pytest.mark.parametrize(
    "link", [jax.nn.softplus, jnp.logaddexp, lambda x: jnp.log1p(jnp.exp(x)), "jax.nn.softplus", "softplus"]
)
def test_any_spelling_of_a_link(data, link):
    X, y = data
    if link is jnp.logaddexp:
        with pytest.raises(TypeError, match="inverse_link_function 'logaddexp' must map JAX arrays elementwise"):
            GLM(inverse_link_function=link)
        return
    model = GLM(inverse_link_function=link).fit(X, y)
    assert np.abs(gradient(X, y, model.coef_, model.intercept_, "softplus")).max() < 1e-7
    assert model.coef_.dtype == np.float64
    np.testing.assert_allclose(model.predict(X), np.logaddexp(0.0, X @ model.coef_ + model.intercept_), rtol=1e-12)


def test_a_link_that_never_comes_near_zero_is_fitted():
    """A floor of 0.1: only a silent neuron would ask for less."""
    X, _ = population()
    y = counts_for(X, np.array([0.3, -0.2, 0.1]), 0.8)
    model = GLM(inverse_link_function=lambda x: jnp.exp(x) + 0.1).fit(X, y)
    mean = np.exp(X @ model.coef_ + model.intercept_)
    slope = mean * (1.0 - y / (mean + 0.1))
    np.testing.assert_allclose(X.T @ slope / N_TIME, 0.0, atol=1e-7)


def test_dof_counts_rank_features_and_used_rows(data):
    X, y = data
    holes = X.copy()
    holes[:10] = np.nan
    doubled = np.column_stack([X, X[:, 0]])
    assert GLM().fit(X, y).dof_resid_[0] == N_TIME - 4
    assert GLM().fit(holes, y).dof_resid_[0] == N_TIME - 10 - 4
    assert GLM().fit(doubled, y).dof_resid_[0] == N_TIME - 4
    assert GLM(regularizer="Ridge").fit(doubled, y).dof_resid_[0] == N_TIME - 5


def test_compute_loss_is_the_objective_without_penalty(data):
    X, y = data
    model = GLM(regularizer="Ridge", regularizer_strength=0.2).fit(X, y)
    params = (model.coef_, model.intercept_)
    eta = X @ model.coef_ + model.intercept_
    assert model.compute_loss(params, X, y) == pytest.approx((np.exp(eta) - y * eta).mean(), rel=ROUNDING)
    penalty = 0.1 * (model.coef_**2).sum()
    assert model.solution_.loss[0] == pytest.approx(model.compute_loss(params, X, y) + penalty, rel=ROUNDING)


# --- drawing -------------------------------------------------------------------------------------------------------


def test_draws_have_the_mean_and_variance_of_the_model():
    X = np.zeros((40_000, 1))
    model = GLM()
    model.coef_, model.intercept_ = np.zeros(1), np.log([2.5])
    drawn, rate = model.simulate(jax.random.key(0), X)
    np.testing.assert_allclose(rate, 2.5)
    error = np.sqrt(2.5 / len(drawn))
    assert abs(drawn.mean() - 2.5) < SAMPLING * error
    assert abs(drawn.var() - 2.5) < SAMPLING * np.sqrt((2.5 + 2 * 2.5**2) / len(drawn))
    assert np.issubdtype(drawn.dtype, np.integer)


def test_draws_follow_the_key(data):
    model = GLM().fit(*data)
    for key in (3, np.int64(3), jax.random.key(3)):
        np.testing.assert_array_equal(model.simulate(key, data[0])[0], model.simulate(3, data[0])[0])
    assert (model.simulate(jax.random.PRNGKey(3), data[0])[0] >= 0).all()
    assert (model.simulate(4, data[0])[0] != model.simulate(3, data[0])[0]).any()


def test_a_fit_to_its_own_draws_finds_itself():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 3))
    truth = GLM(inverse_link_function="softplus")
    truth.coef_, truth.intercept_ = np.array([0.5, -0.4, 0.2]), np.array([0.3])
    found = GLM(inverse_link_function="softplus").fit(X, truth.simulate(1, X)[0])
    mean = truth.predict(X)
    slope = 1.0 - np.exp(-mean)
    design = np.column_stack([X, np.ones(len(X))])
    error = np.sqrt(np.diag(np.linalg.inv(design.T @ (design * (slope**2 / mean)[:, None]))))
    assert (np.abs(found.coef_ - truth.coef_) < SAMPLING * error[:3]).all()


def test_draws_where_a_feature_is_missing(data):
    X = data[0].copy()
    X[5] = np.nan
    drawn, rate = GLM().fit(*data).simulate(0, X)
    assert np.isnan(rate[5])
    assert drawn[5] < 0


# --- silent neurons ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("link", ["exp", "softplus"])
@pytest.mark.parametrize("regularizer", ["UnRegularized", "Ridge"])
def test_a_silent_neuron(data, link, regularizer):
    X, _ = data
    with pytest.warns(SilentNeuronWarning, match="fitted as silent: 0") as caught:
        model = GLM(inverse_link_function=link, regularizer=regularizer).fit(X, np.zeros(N_TIME))
    assert caught[0].filename == __file__
    assert model.silent_[0]
    np.testing.assert_array_equal(model.coef_, 0.0)
    assert (model.predict(X) > 0).all()
    assert model.predict(X).max() < 1e-15
    assert model.score(X, np.zeros(N_TIME)) == pytest.approx(0.0, abs=1e-14)
    assert model.solution_.converged[0]


def test_spikes_only_in_rows_left_out_are_no_spikes(data):
    X = data[0].copy()
    X[17] = np.nan
    y = np.zeros(N_TIME)
    y[17] = 3.0
    with pytest.warns(SilentNeuronWarning, match="no spikes in the rows used"):
        assert GLM().fit(X, y).silent_[0]


# --- without a fit -------------------------------------------------------------------------------------------------


def test_parameters_set_by_hand_are_enough(data):
    """As 2024 notebooks do, with JAX or NumPy arrays, lists, or a bare number as the intercept."""
    X, y = data
    fitted = GLM().fit(X, y)
    for cast in (np.asarray, jnp.asarray, list):
        model = GLM()
        model.coef_, model.intercept_ = cast(fitted.coef_), cast(fitted.intercept_)
        np.testing.assert_allclose(model.predict(X), fitted.predict(X), rtol=1e-5)  # float32 in JAX's case
        assert model.score(X, y) == pytest.approx(fitted.score(X, y), rel=1e-5)
        assert model.simulate(0, X)[0].shape == (N_TIME,)
    model.intercept_ = float(fitted.intercept_[0])
    np.testing.assert_allclose(model.predict(X), fitted.predict(X), rtol=ROUNDING)


@pytest.mark.parametrize("method", ["predict", "score", "simulate"])
def test_an_unfitted_model_says_so(data, method):
    X, y = data
    call = {"predict": (X,), "score": (X, y), "simulate": (0, X)}[method]
    for caught in (NotFittedError, ValueError, AttributeError):
        with pytest.raises(caught, match=r"this GLM is not fitted: call fit\(X, y\) first"):
            getattr(GLM(), method)(*call)


def test_before_a_fit_attributes_are_none():
    model = GLM()
    for name in ("coef_", "intercept_", "scale_", "dof_resid_", "solution_", "silent_"):
        assert getattr(model, name) is None


# --- spellings -----------------------------------------------------------------------------------------------------


def old_and_new():
    """2024 spelling → today's."""
    return {
        "UnRegularized(solver_name)": (
            lambda: GLM(regularizer=UnRegularized(solver_name="LBFGS")),
            lambda: GLM(solver_name="LBFGS"),
        ),
        "UnRegularized(solver_name, solver_kwargs)": (
            lambda: GLM(regularizer=UnRegularized(solver_name="LBFGS", solver_kwargs={"tol": 1e-10})),
            lambda: GLM(solver_name="LBFGS", solver_kwargs={"tol": 1e-10}),
        ),
        "Ridge(strength)": (
            lambda: GLM(regularizer=Ridge(regularizer_strength=0.3, solver_name="LBFGS")),
            lambda: GLM(regularizer="Ridge", regularizer_strength=0.3, solver_name="LBFGS"),
        ),
        "Ridge(all)": (
            lambda: GLM(regularizer=Ridge(solver_name="LBFGS", solver_kwargs={"tol": 1e-9}, regularizer_strength=2.0)),
            lambda: GLM(
                regularizer=Ridge(), regularizer_strength=2.0, solver_name="LBFGS", solver_kwargs={"tol": 1e-9}
            ),
        ),
        "positional": (lambda: GLM(PoissonObservations(), "exp", Ridge()), lambda: GLM("Poisson", None, "Ridge", 1.0)),
        "link of the observation model": (
            lambda: GLM(observation_model=PoissonObservations(inverse_link_function=jax.nn.softplus)),
            lambda: GLM(inverse_link_function="softplus"),
        ),
        "long names": (
            lambda: GLM("nemos.observation_models.PoissonObservations", "jax.numpy.exp", "nemos.regularizer.Ridge"),
            lambda: GLM(regularizer="Ridge"),
        ),
    }


@pytest.mark.parametrize("spelling", old_and_new())
def test_old_spellings_mean_the_same(spelling, data):
    X, y = data
    old, new = (make() for make in old_and_new()[spelling])
    assert (old.solver_name, old.solver_kwargs) == (new.solver_name, new.solver_kwargs)
    assert old.regularizer_strength == new.regularizer_strength
    assert old.inverse_link_function == new.inverse_link_function
    np.testing.assert_array_equal(old.fit(X, y).coef_, new.fit(X, y).coef_)


def test_the_link_of_an_observation_model_can_be_called():
    """2024 notebooks go from predictor to rate with `model.observation_model.inverse_link_function`."""
    assert PoissonObservations().inverse_link_function(0.0) == 1.0
    soft = PoissonObservations(inverse_link_function=jax.nn.softplus)
    assert soft.inverse_link_function(0.0) == pytest.approx(np.log(2.0))
    assert GLM(soft).inverse_link_function == soft.inverse_link_function
    assert GLM(soft, inverse_link_function="exp").inverse_link_function.name == "exp"
    assert repr(soft) == "PoissonObservations(inverse_link_function='softplus')"
    assert PoissonObservations() == PoissonObservations(inverse_link_function="exp")


def test_refit_starts_afresh(data):
    X, y = data
    model = GLM().fit(X[:100], y[:100])
    first = model.coef_
    np.testing.assert_array_equal(model.fit(X, y).coef_, GLM().fit(X, y).coef_)
    assert not np.array_equal(first, model.coef_)


def test_ridge_shrinks_and_never_touches_the_intercept(data):
    X, y = data
    sizes = [np.abs(GLM(regularizer="Ridge", regularizer_strength=s).fit(X, y).coef_).sum() for s in (0, 0.1, 1, 1e6)]
    assert sorted(sizes, reverse=True) == sizes
    assert sizes[-1] < 1e-5
    flat = GLM(regularizer="Ridge", regularizer_strength=1e9).fit(X, y)
    np.testing.assert_allclose(flat.intercept_, np.log(y.mean()), rtol=1e-6)


def test_units_of_features_do_not_change_an_unpenalised_model(data):
    X, y = data
    one, other = GLM().fit(X, y), GLM().fit(1e6 * X + 3.0, y)
    np.testing.assert_allclose(1e6 * other.coef_, one.coef_, rtol=SOLVER)
    np.testing.assert_allclose(other.predict(1e6 * X + 3.0), one.predict(X), rtol=SOLVER)
