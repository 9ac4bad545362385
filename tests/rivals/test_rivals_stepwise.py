"""Steps of a solver, one by one, against NeMoS: the same numbers where both take the same step."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import ROUNDING
from rheobase.glm import GLM, PopulationGLM
from rheobase.solvers import list_algo_backends, list_available_algorithms

nmo = pytest.importorskip("nemos")
pytestmark = [
    pytest.mark.rivals,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

STEPS = 10 * ROUNDING
"""Several gradient steps in another order of arithmetic."""


@pytest.fixture(autouse=True)
def double_precision():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def problem(seed, n_neurons=None, missing=False):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(120, 3)) * [0.5, 1.0, 2.0] + [0.0, 0.3, -0.2]
    eta = X @ (0.2 * rng.normal(size=(3, n_neurons or 1))) - 0.2
    y = rng.poisson(np.exp(eta)).astype(float)
    if missing:
        X[3, 1] = y[10] = np.nan
    return X, y if n_neurons else y[:, 0]


def steps(lib, kind, X, y, *, n_samples=None, **options):
    """Parameters after each of four batches, and the model."""
    model = getattr(lib, kind)(**options)
    params = model.initialize_params(X, y)
    state = model.initialize_solver_and_state(X, y, params)
    out = [params]
    for rows in np.array_split(np.arange(len(X)), 4):
        params, state = model.update(params, state, X[rows], y[rows], n_samples=n_samples)
        out.append(params)
    return out, model


class Ours:
    GLM, PopulationGLM = GLM, PopulationGLM


def same(ours, theirs):
    for (coef, intercept), (other, its) in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(coef, np.asarray(other), rtol=STEPS, atol=STEPS)
        np.testing.assert_allclose(intercept, np.asarray(its), rtol=STEPS, atol=STEPS)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 1000), st.booleans(), st.booleans(), st.sampled_from([0.01, 0.1]))
def test_steps_of_gradient_descent(seed, acceleration, missing, stepsize):
    """With a step size of the user's, gradient descent and its momentum are the same to rounding."""
    X, y = problem(seed, missing=missing)
    for options in ({"regularizer": "UnRegularized"}, {"regularizer": "Ridge", "regularizer_strength": 0.3}):
        options |= {"solver_name": "GradientDescent"}
        options |= {"solver_kwargs": {"stepsize": stepsize, "acceleration": acceleration}}
        ours, model = steps(Ours, "GLM", X, y, n_samples=120, **options)
        theirs, other = steps(nmo.glm, "GLM", X, y, n_samples=120, **options)
        same(ours, theirs)
        np.testing.assert_allclose(model.compute_loss(ours[-1], X, y), float(other.compute_loss(theirs[-1], X, y)))


@pytest.mark.parametrize("family", ["Poisson", "Gaussian"])
def test_steps_of_a_population(family):
    X, y = problem(5, n_neurons=3)
    options = {"observation_model": family, "solver_name": "GradientDescent"}
    options |= {"solver_kwargs": {"stepsize": 0.02, "acceleration": False}}
    ours, model = steps(Ours, "PopulationGLM", X, y, n_samples=120, **options)
    theirs, other = steps(nmo.glm, "PopulationGLM", X, y, n_samples=120, **options)
    same(ours, theirs)
    np.testing.assert_allclose(model.dof_resid_, np.asarray(other.dof_resid_))


PROXIMAL = {
    "solver_name": "ProximalGradient[jaxopt]",
    "solver_kwargs": {"stepsize": 0.05, "acceleration": True},
    "regularizer_strength": 0.05,
}


def test_proximal_steps():
    X, y = problem(6)
    ours, _ = steps(Ours, "GLM", X, y, regularizer="Lasso", **PROXIMAL)
    theirs, _ = steps(nmo.glm, "GLM", X, y, regularizer="Lasso", **PROXIMAL)
    same(ours, theirs)


def test_initial_parameters():
    X, y = problem(7, n_neurons=3)
    ours, theirs = PopulationGLM().initialize_params(X, y), nmo.glm.PopulationGLM().initialize_params(X, y)
    same([ours], [theirs])


def test_all_their_algorithms_are_known():
    assert set(nmo.solvers.list_available_algorithms()) <= set(list_available_algorithms())
    for name in ("SVRG", "ProxSVRG", "LBFGS"):
        assert list_algo_backends(name)


# --- differences on purpose ----------------------------------------------------------------------------------------


def test_the_default_update_comes_to_the_optimum_and_theirs_does_not():
    """One pass over batches of 30 rows with nothing chosen by the user: ours ends near the full fit."""
    X, y = problem(8)
    full = GLM().fit(X, y)
    ours, _ = steps(Ours, "GLM", X, y)
    theirs, _ = steps(nmo.glm, "GLM", X, y)
    near, far = (np.abs(np.asarray(found[-1][0]) - full.coef_).max() for found in (ours, theirs))
    assert near < 0.1
    assert near < far


def test_scale_of_a_batch():
    """Theirs divides the squares of a batch by the degrees of freedom of all data; ours is the variance."""
    X, y = problem(9)
    y = y + np.random.default_rng(0).normal(size=y.shape)
    options = {"observation_model": "Gaussian", "solver_name": "GradientDescent"}
    options |= {"solver_kwargs": {"stepsize": 0.02, "acceleration": False}}
    _, ours = steps(Ours, "GLM", X, y, n_samples=1200, **options)
    _, theirs = steps(nmo.glm, "GLM", X, y, n_samples=1200, **options)
    assert ours.scale_[0] > 20 * float(theirs.scale_[0])
    np.testing.assert_allclose(ours.scale_[0], np.var(y), rtol=0.6)


def test_a_silent_neuron_can_be_initialised():
    X, y = problem(10, n_neurons=2)
    y[:, 1] = 0.0
    with pytest.raises(ValueError, match=r"(?s).*"):
        nmo.glm.PopulationGLM().initialize_params(X, y)
    assert np.isfinite(PopulationGLM().initialize_params(X, y)[1]).all()


def test_a_ridge_in_proximal_steps():
    """Theirs is part of the proximal step, ours of the gradient: steps differ by their square, the optimum does not."""
    X, y = problem(6)
    ours, _ = steps(Ours, "GLM", X, y, regularizer="Ridge", **PROXIMAL)
    theirs, _ = steps(nmo.glm, "GLM", X, y, regularizer="Ridge", **PROXIMAL)
    np.testing.assert_allclose(ours[1][0], np.asarray(theirs[1][0]) * (1 + 0.05 * 0.05), rtol=1e-9)
    np.testing.assert_allclose(ours[-1][0], np.asarray(theirs[-1][0]), rtol=0.05)
