"""The solver step by step: initialise, update, and read the model after every step."""

from __future__ import annotations

import numpy as np
import pytest

from glm_helpers import population
from helpers import SOLVER
from rheobase.glm import GLM, PopulationGLM
from rheobase.glm._stream import Stream

WHOLE = ["auto", "Newton", "GramLBFGS", "LBFGS", "BFGS", "NonlinearCG", "ProximalGradient"]
FIRST_ORDER = ["GradientDescent", "ProximalGradient[jaxopt]", "SVRG", "ProxSVRG", "Adam"]


def begun(model, X, y):
    params = model.initialize_params(X, y)
    return params, model.initialize_solver_and_state(X, y, params)


def repeated(model, params, state, X, y, times=5):
    for _ in range(times):
        params, state = model.update(params, state, X, y)
    return params, state


@pytest.mark.parametrize("solver", WHOLE)
def test_solvers_of_all_rows_take_recursive_newton_steps(solver):
    """Repeated on the same rows they stay at the optimum; over batches they come to it."""
    X, y = population(600)
    full = PopulationGLM().fit(X, y)
    model = PopulationGLM(solver_name=solver)
    params, state = begun(model, X, y)
    for _ in range(2):
        params, state = model.update(params, state, X, y)
        np.testing.assert_allclose(params[0], full.coef_, rtol=0, atol=SOLVER)
    assert isinstance(state, Stream)
    model = PopulationGLM(solver_name=solver)
    params, state = begun(model, X, y)
    for _ in range(3):
        for rows in np.array_split(np.arange(600), 4):
            params, state = model.update(params, state, X[rows], y[rows])
    np.testing.assert_allclose(params[0], full.coef_, rtol=0, atol=5e-3)  # a tenth of a standard error
    np.testing.assert_array_equal(params[0], model.coef_)
    np.testing.assert_array_equal(params[1], model.intercept_)
    assert model.solver_state_ is state


@pytest.mark.parametrize("penalty", [{}, {"regularizer": "Ridge", "regularizer_strength": 0.2}])
@pytest.mark.parametrize("solver", FIRST_ORDER)
def test_first_order_steps_on_all_rows_come_to_the_optimum(solver, penalty):
    X, y = population()
    X = X * [1e-3, 1.0, 1e3] if not penalty else X
    full = PopulationGLM(**penalty).fit(X, y)
    model = PopulationGLM(solver_name=solver, **penalty)
    params, state = begun(model, X, y)
    losses = [model.compute_loss(params, X, y)]
    for _ in range(400):
        params, state = model.update(params, state, X, y)
        losses.append(model.solution_.loss.sum())
    assert state.iter_num == 400
    assert losses[-1] < losses[0]
    spread = X.std(axis=0)[:, None]
    # Adam's steps stay as long as its step size says
    tolerance = 0.05 if solver == "Adam" else SOLVER
    np.testing.assert_allclose(params[0] * spread, full.coef_ * spread, rtol=0, atol=tolerance)


@pytest.mark.parametrize("solver", ["ProxSVRG", "ProximalGradient[jaxopt]"])
def test_proximal_steps_find_exact_zeros(solver):
    X, y = population()
    X = X * [0.5, 1.0, 2.0]
    options = {"regularizer": "Lasso", "regularizer_strength": 0.1}
    full = PopulationGLM(**options).fit(X, y)
    model = PopulationGLM(solver_name=solver, **options)
    params, state = begun(model, X, y)
    for _ in range(300):
        params, state = model.update(params, state, X, y)
    np.testing.assert_allclose(params[0], full.coef_, rtol=0, atol=SOLVER)
    np.testing.assert_array_equal(params[0] == 0, full.coef_ == 0)


def test_svrg_over_batches_with_a_reference_that_is_renewed():
    """Initialising again after a pass takes the full gradient anew: the noise of batches vanishes."""
    X, y = population(600)
    full = PopulationGLM().fit(X, y)
    model = PopulationGLM(solver_name="SVRG")
    params, state = begun(model, X, y)
    for _ in range(30):
        for rows in np.array_split(np.arange(600), 6):
            params, state = model.update(params, state, X[rows], y[rows])
        state = model.initialize_optimizer_and_state(params, X, y)
    # a pass of six steps takes a fifth of the error; without a new reference 0.1 is left
    np.testing.assert_allclose(params[0], full.coef_, rtol=0, atol=1e-3)


def test_a_given_step_is_one_of_the_users_units():
    """One step of gradient descent is the start minus the step size times the gradient, by hand; so is the second,
    with momentum.
    """
    X, y = population()
    X, y = 3.0 * X + 1.0, y[:, 0]
    model = GLM(solver_name="GradientDescent", solver_kwargs={"stepsize": 0.01, "acceleration": False})
    (coef, intercept), state = begun(model, X, y)
    residual = np.exp(X @ coef + intercept) - y
    params, state = model.update((coef, intercept), state, X, y)
    np.testing.assert_allclose(params[0], coef - 0.01 * X.T @ residual / len(y), rtol=1e-10)
    np.testing.assert_allclose(params[1], intercept - 0.01 * residual.mean(), rtol=1e-10)


def test_momentum_acts():
    X, y = population()
    ends = []
    for acceleration in (False, True):
        options = {"stepsize": 0.1, "acceleration": acceleration}
        model = PopulationGLM(solver_name="GradientDescent", solver_kwargs=options)
        params, state = begun(model, X, y)
        for _ in range(20):
            params, state = model.update(params, state, X, y)
        ends.append(model.solution_.loss.sum())
    assert ends[1] < ends[0]


@pytest.mark.parametrize("options", [{"beta1": 0.5}, {"beta2": 0.9}, {"stepsize": 0.01}])
def test_options_of_adam_act(options):
    X, y = population()
    ends = []
    for kwargs in ({}, options):
        model = PopulationGLM(solver_name="Adam", solver_kwargs=kwargs)
        params, state = begun(model, X, y)
        for rows in np.array_split(np.arange(len(X)), 4):
            params, state = model.update(params, state, X[rows], y[rows])
        ends.append(params[0])
    assert np.abs(ends[0] - ends[1]).max() > 1e-4


def test_every_name_of_the_initialisation():
    X, y = population()
    model = PopulationGLM()
    coef, intercept = model.initialize_params(X, y)
    np.testing.assert_array_equal(coef, np.zeros((3, 4)))
    np.testing.assert_allclose(intercept, np.log(y.mean(axis=0)))
    given = (np.ones((3, 4)), np.ones(4))
    np.testing.assert_array_equal(model.initialize_params(X, y, init_params=given)[0], 1.0)
    states = [
        model.initialize_solver_and_state(X, y, given),
        model.initialize_optimizer_and_state(given, X, y),
        model.initialize_state(X, y, given),
        model.initialize_solver(X, y)[1],
    ]
    ends = [PopulationGLM().update(given, state, X, y)[0][0] for state in states]
    for end in ends:
        np.testing.assert_allclose(end, ends[0], rtol=0, atol=SOLVER)
    params = GLM().initialize_solver(X, y[:, 0])[0]
    assert params[0].shape == (3,)
    assert params[1].shape == (1,)


def test_dof_and_scale_of_a_batch_and_of_all():
    X, y = population(400)
    y = np.log1p(y) + 0.1 * np.random.default_rng(0).normal(size=y.shape)
    for solver in ("auto", "GradientDescent"):
        model = PopulationGLM("Gaussian", solver_name=solver)
        params, state = begun(model, X, y)
        params, state = model.update(params, state, X[:100], y[:100])
        np.testing.assert_array_equal(model.dof_resid_, 96.0)
        model.update(params, state, X[:100], y[:100], n_samples=400)
        np.testing.assert_array_equal(model.dof_resid_, 396.0)
        assert model.scale_.shape == (4,)
        assert (model.scale_ > 0).all()
    full = PopulationGLM("Gaussian").fit(X, y)
    model = PopulationGLM("Gaussian")
    params, state = begun(model, X, y)
    params, state = model.update(params, state, X, y)
    np.testing.assert_allclose(model.scale_, full.scale_, rtol=1e-9)


@pytest.mark.parametrize("solver", ["auto", "GradientDescent", "Adam", "SVRG"])
@pytest.mark.parametrize("family", ["Poisson", "NegativeBinomial", "Gamma"])
def test_missing_rows_and_masks(solver, family):
    X, y = population(300)
    y = y + 0.5 if family == "Gamma" else y
    X[3, 1] = y[7, 2] = np.nan
    mask = np.array([[1, 1, 0, 1], [0, 1, 1, 1], [1, 1, 0, 1]])
    model = PopulationGLM(family, "exp", solver_name=solver, feature_mask=mask)
    params, state = begun(model, X, y)
    before = model.compute_loss(params, X, y)
    for _ in range(5):
        params, state = model.update(params, state, X, y)
    assert np.isfinite(params[0]).all()
    np.testing.assert_array_equal(params[0][mask == 0], 0.0)
    if family != "NegativeBinomial":  # whose loss depends on the dispersion
        assert model.compute_loss(params, X, y) < before


def test_a_stream_may_go_on_after_updates():
    X, y = population(400)
    model = PopulationGLM()
    params, state = begun(model, X, y)
    model.update(params, state, X[:200], y[:200])
    model.partial_fit(X[200:], y[200:])
    np.testing.assert_array_equal(model.solution_.stats["n_rows_used"], 400)
    model = PopulationGLM(solver_name="Adam")
    params, state = begun(model, X, y)
    model.update(params, state, X, y)
    with pytest.raises(ValueError, match="partial_fit continues what partial_fit began"):
        model.partial_fit(X, y)


def test_wrong_steps():
    X, y = population()
    model = PopulationGLM(solver_name="GradientDescent", solver_kwargs={"stepsize": 1e6})
    params, state = begun(model, X, y)
    with pytest.raises(ValueError, match=r"the step of 'GradientDescent' led to NaN .*smaller stepsize"):
        repeated(model, params, state, X, y)
    params, state = begun(PopulationGLM(), X, y)
    model = PopulationGLM()
    with pytest.raises(TypeError, match="n_samples must be a whole number or None, got float"):
        model.update(params, state, X, y, n_samples=3.0)
    with pytest.raises(TypeError, match="opt_state must come from initialize_solver_and_state"):
        model.update(params, None, X, y)
    with pytest.raises(ValueError, match="params must hold a coef of shape"):
        model.update((np.zeros((2, 4)), np.zeros(4)), state, X, y)
    model.update(params, state, X, y)
    with pytest.raises(ValueError, match="a batch must have the 3 features"):
        model.update((np.zeros((2, 4)), np.zeros(4)), state, X[:, :2], y)
    with pytest.raises(ValueError, match="solver 'SVRG' cannot minimise the penalty Lasso"):
        PopulationGLM(regularizer="Lasso", solver_name="SVRG").initialize_solver_and_state(X, y, params)
    with pytest.raises(ValueError, match="a strength cannot be searched for on a stream"):
        PopulationGLM(regularizer="Ridge", regularizer_strength="cv").update(params, state, X, y)
