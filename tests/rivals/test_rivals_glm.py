"""Fits, scores and losses against NeMoS, statsmodels and scikit-learn on random inputs; slow solvers on every link."""

from __future__ import annotations

import warnings

import jax
import numpy as np
import pytest

from glm_helpers import N_TIME, gradient, population
from helpers import ROUNDING, SOLVER
from rheobase import glm, observation_models, regularizer

nmo = pytest.importorskip("nemos")
pytestmark = pytest.mark.rivals
with warnings.catch_warnings():  # its solvers import jaxopt, which warns
    warnings.simplefilter("ignore")
    nmo.glm.GLM()

LINKS = ["exp", "softplus"]
SCORES = ["log-likelihood", "pseudo-r2-McFadden", "pseudo-r2-Cohen"]
TIGHT = {"solver_name": "LBFGS", "solver_kwargs": {"tol": 1e-13, "maxiter": 5000}}


@pytest.fixture
def x64():
    """Double precision for NeMoS, and the setting of before afterwards."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def theirs(kind, X, y, link="exp", **options):
    """A NeMoS model at its optimum."""
    function = {"exp": jax.numpy.exp, "softplus": jax.nn.softplus}[link]
    model = getattr(nmo.glm, kind)(inverse_link_function=function, **TIGHT, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its remarks on its own tolerance
        return model.fit(X, y)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("ridge", [None, 0.1])
@pytest.mark.parametrize("link", LINKS)
def test_one_neuron(link, ridge, seed):
    X, y = population(link=link, seed=seed)
    X[5], y[9] = np.nan, np.nan
    options = {} if ridge is None else {"regularizer": "Ridge", "regularizer_strength": ridge}
    ours = glm.GLM(inverse_link_function=link, **options).fit(X, y[:, 0])
    other = theirs("GLM", X, y[:, 0], link, **options)
    np.testing.assert_allclose(ours.coef_, other.coef_, rtol=0, atol=SOLVER)
    np.testing.assert_allclose(ours.intercept_, other.intercept_, rtol=0, atol=SOLVER)
    np.testing.assert_allclose(ours.predict(X), other.predict(X), rtol=SOLVER)
    for score in SCORES:
        np.testing.assert_allclose(ours.score(X, y[:, 0], score), other.score(X, y[:, 0], score), rtol=SOLVER)
    params = (np.asarray(other.coef_), np.asarray(other.intercept_))
    loss = other.compute_loss(params, X, y[:, 0])
    np.testing.assert_allclose(ours.compute_loss(params, X, y[:, 0]), loss, rtol=1e-10)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("link", LINKS)
def test_population(link, masked):
    X, y = population(link=link)
    mask = np.array([[1, 1, 0, 1], [0, 1, 1, 1], [1, 1, 0, 1]]) if masked else None
    options = {"regularizer": "Ridge", "regularizer_strength": 0.05, "feature_mask": mask}
    ours = glm.PopulationGLM(inverse_link_function=link, **options).fit(X, y)
    other = theirs("PopulationGLM", X, y, link, **options)
    np.testing.assert_allclose(ours.coef_, other.coef_, rtol=0, atol=SOLVER)
    for score in SCORES:
        np.testing.assert_allclose(ours.score(X, y, score), other.score(X, y, score), rtol=SOLVER)
        each = [m.score(X, y, score, lambda s: s.mean(axis=0)) for m in (ours, other)]
        np.testing.assert_allclose(*each, rtol=10 * SOLVER)  # near zero a ratio of deviances doubles the error
        total = [m.score(X, y, score, jax.numpy.sum) for m in (ours, other)]
        np.testing.assert_allclose(*total, rtol=SOLVER)
    params = (np.asarray(other.coef_), np.asarray(other.intercept_))
    np.testing.assert_allclose(ours.compute_loss(params, X, y), other.compute_loss(params, X, y), rtol=1e-10)
    held = 3 - mask.sum(axis=0) if masked else 0  # theirs counts coefficients that a mask holds at zero
    np.testing.assert_array_equal(ours.dof_resid_, np.asarray(other.dof_resid_) + held)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("shape", [(50,), (50, 3)])
@pytest.mark.parametrize("seed", range(3))
def test_observation_model_on_random_means(shape, seed):
    rng = np.random.default_rng(seed)
    mean = rng.gamma(1.0, 2.0, size=shape) + 1e-3
    y = rng.poisson(mean).astype(float)
    ours, other = observation_models.PoissonObservations(), nmo.observation_models.PoissonObservations()
    np.testing.assert_allclose(ours.log_likelihood(y, mean), other.log_likelihood(y, mean), rtol=1e-9)
    np.testing.assert_allclose(ours.likelihood(y, mean), other.likelihood(y, mean), rtol=1e-9)
    np.testing.assert_allclose(ours.deviance(y, mean), other.deviance(y, mean), rtol=1e-9, atol=ROUNDING)
    for kind in SCORES[1:]:
        both = [model.pseudo_r2(y, mean, score_type=kind) for model in (ours, other)]
        np.testing.assert_allclose(*both, rtol=1e-9)
    both = [m.log_likelihood(y, mean, aggregate_sample_scores=jax.numpy.sum) for m in (ours, other)]
    np.testing.assert_allclose(*both, rtol=1e-9)


@pytest.mark.usefixtures("x64")
def test_simulated_counts_have_the_same_mean_as_theirs():
    X, y = population()
    ours, other = glm.GLM().fit(X, y[:, 0]), theirs("GLM", X, y[:, 0])
    repeated = np.tile(X, (50, 1))
    drawn, rate = ours.simulate(jax.random.key(0), repeated)
    their_draw, their_rate = other.simulate(jax.random.PRNGKey(1), repeated)
    np.testing.assert_allclose(rate, their_rate, rtol=SOLVER)
    error = np.sqrt(2 * rate.mean() / len(rate))
    assert abs(drawn.mean() - float(np.asarray(their_draw).mean())) < 4 * error


@pytest.mark.parametrize("name", ["GLM", "PopulationGLM"])
def test_same_parameters_by_name_and_position(name):
    import inspect

    ours, other = getattr(glm, name), getattr(nmo.glm, name)
    mine, yours = ([p for p in inspect.signature(c).parameters.values() if p.name != "kwargs"] for c in (ours, other))
    more = [p for p in mine if p.name not in {q.name for q in yours}]  # ours alone: only by name
    assert [p.name for p in more if p.kind is not inspect.Parameter.KEYWORD_ONLY] == []
    assert [p.name for p in mine if p not in more] == [p.name for p in yours]
    assert set(ours().get_params()) - {p.name for p in more} == set(other().get_params())
    for method in ("fit", "predict", "score", "simulate", "compute_loss"):
        mine, yours = (list(inspect.signature(getattr(c, method)).parameters) for c in (ours, other))
        assert mine[: len(yours)] == yours or method == "compute_loss"


@pytest.mark.parametrize("strength", [None, 0.3, 2.0])
def test_same_strength_after_the_same_calls(strength):
    """Defaults, clearing and resetting of the strength follow theirs."""

    def story(library, r):
        model = library.GLM(regularizer="Ridge", regularizer_strength=strength)
        seen = [model.regularizer_strength]
        for params in ({"regularizer": "UnRegularized"}, {"regularizer": "Ridge"}, {"regularizer_strength": 3.0}):
            seen.append(model.set_params(**params).regularizer_strength)
        seen.append(model.set_params(regularizer=r.Ridge(), regularizer_strength=0.7).regularizer_strength)
        seen.append(model.set_params(regularizer_strength=0.2, regularizer=r.UnRegularized()).regularizer_strength)
        return [None if s is None else float(s) for s in seen]

    assert story(glm, regularizer) == story(nmo.glm, nmo.regularizer)


@pytest.mark.parametrize(
    "wrong",
    [
        {"regularizer": "ridge"},
        {"inverse_link_function": "expp"},
        {"observation_model": "Poison"},
        {"solver_name": "Newtown"},
        {"solver_name": "LBFGS", "solver_kwargs": {"tolerance": 1.0}},
    ],
)
def test_same_type_of_error(wrong):
    """An `except` of a script keeps working."""
    with pytest.raises(Exception) as expected:
        nmo.glm.GLM(**wrong)
    with pytest.raises(expected.type) as ours:
        glm.GLM(**wrong)
    assert isinstance(ours.value, expected.type)


@pytest.mark.parametrize("ridge", [0.0, 0.05])
def test_statsmodels_and_glum_agree(ridge):
    """Two independent roads to the same optimum, standard errors aside."""
    sm = pytest.importorskip("statsmodels.api")
    X, y = population(seed=7)
    for n in range(y.shape[1]):
        options = {"regularizer": "Ridge", "regularizer_strength": ridge} if ridge else {}
        ours = glm.GLM(**options).fit(X, y[:, n])
        if ridge:
            other = pytest.importorskip("glum").GeneralizedLinearRegressor(
                family="poisson", alpha=ridge, l1_ratio=0, gradient_tol=1e-12, scale_predictors=False
            )
            other.fit(X, y[:, n])
            coef, intercept = other.coef_, other.intercept_
        else:
            params = sm.GLM(y[:, n], sm.add_constant(X), family=sm.families.Poisson()).fit(tol=1e-14).params
            coef, intercept = params[1:], params[0]
        np.testing.assert_allclose(ours.coef_, coef, rtol=0, atol=SOLVER)
        np.testing.assert_allclose(ours.intercept_[0], intercept, rtol=0, atol=SOLVER)


def test_statsmodels_has_the_same_scores():
    sm = pytest.importorskip("statsmodels.api")
    X, y = population(seed=8)
    other = sm.GLM(y[:, 0], sm.add_constant(X), family=sm.families.Poisson()).fit(tol=1e-14)
    ours = glm.GLM().fit(X, y[:, 0])
    assert ours.score(X, y[:, 0], aggregate_sample_scores=np.sum) == pytest.approx(other.llf, rel=1e-9)
    assert ours.score(X, y[:, 0], "pseudo-r2-McFadden") == pytest.approx(1 - other.llf / other.llnull, rel=1e-7)
    cohen = 1 - other.deviance / other.null_deviance
    assert ours.score(X, y[:, 0], "pseudo-r2-Cohen") == pytest.approx(cohen, rel=1e-7)
    assert ours.dof_resid_[0] == other.df_resid


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("solver", ["LBFGS[jaxopt]", "GradientDescent", "BFGS", "NonlinearCG"])
def test_every_algorithm_of_jaxopt_on_every_link(solver, link):
    """As the plain suite does for one link each; here with the line search that users get."""
    X, y = population(link=link)
    for strength in (None, np.array([0.01, 0.3, 1.0])):
        kind = "UnRegularized" if strength is None else "Ridge"
        shared = {"inverse_link_function": link, "regularizer": kind, "regularizer_strength": strength}
        model = glm.PopulationGLM(solver_name=solver, **shared).fit(X, y)
        slopes = gradient(X, y, model.coef_, model.intercept_, link, 0.0 if strength is None else strength)
        assert np.abs(slopes).max() < 1e-7
        assert model.solution_.converged.all()
        assert (model.solution_.stats["n_rows_used"] == N_TIME).all()
