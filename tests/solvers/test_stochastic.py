"""Solvers that look at a few rows at a time come to the optimum of them all."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from glm_helpers import gradient, population
from helpers import SOLVER
from rheobase import NotConvergedWarning
from rheobase.glm import GLM, PopulationGLM
from rheobase.regularizer import GroupLasso, Smoothness
from rheobase.solvers import Result
from rheobase.solvers import _epochs as epochs

MASK = np.array([[1, 1, 0, 1], [0, 1, 1, 1], [1, 1, 0, 1]])
SECOND = np.diff(np.eye(3), n=2, axis=0)
SMOOTH = {
    "none": {},
    "ridge": {"regularizer": "Ridge", "regularizer_strength": np.array([0.01, 0.3, 1.0])},
    "smoothness": {"regularizer": Smoothness(SECOND.T @ SECOND), "regularizer_strength": 0.5},
    "masked": {"feature_mask": MASK},
}
KINKED = {
    "lasso": {"regularizer": "Lasso", "regularizer_strength": 0.05},
    "elastic net": {"regularizer": "ElasticNet", "regularizer_strength": (0.1, 0.4)},
    "group lasso": {"regularizer": GroupLasso(np.array([[1, 0, 1], [0, 1, 0]])), "regularizer_strength": 0.05},
    "one group, a feature in none": {"regularizer": GroupLasso(np.array([[1, 1, 0]])), "regularizer_strength": 0.1},
    "lasso, masked": {"regularizer": "Lasso", "regularizer_strength": 0.05, "feature_mask": MASK},
}

ADAM = 3e-2
"""Three times Adam's own tolerance, which is measured in the null model's metric; its noise ends no sooner."""


def close(model, reference, X, tolerance):
    spread = X.std(axis=0)[:, None]
    size = np.abs(reference.coef_ * spread).max()
    np.testing.assert_allclose(model.coef_ * spread, reference.coef_ * spread, rtol=0, atol=tolerance * size)
    np.testing.assert_allclose(model.intercept_, reference.intercept_, rtol=0, atol=tolerance * max(size, 1.0))


@pytest.mark.parametrize("penalty", SMOOTH)
@pytest.mark.parametrize(("solver", "link"), [("SVRG", "exp"), ("ProxSVRG", "softplus")])
def test_svrg_finds_the_optimum_of_smooth_penalties(solver, link, penalty):
    """To the digits that every solver promises: its noise vanishes."""
    X, y = population(link=link)
    model = PopulationGLM("Poisson", link, solver_name=solver, **SMOOTH[penalty]).fit(X, y)
    close(model, PopulationGLM("Poisson", link, **SMOOTH[penalty]).fit(X, y), X, SOLVER)
    assert (model.solution_.result == Result.CONVERGED).all()
    if penalty == "masked":
        np.testing.assert_array_equal(model.coef_[MASK == 0], 0.0)


@pytest.mark.parametrize(
    ("solver", "penalty"),
    [
        *(("ProxSVRG", penalty) for penalty in KINKED),
        ("ProximalGradient[jaxopt]", "elastic net"),
        ("ProximalGradient[jaxopt]", "group lasso"),
        ("ProximalGradient[jaxopt]", "lasso, masked"),
    ],
)
def test_proximal_steps_find_the_optimum_of_kinked_penalties(solver, penalty):
    """Zeros are exact, also where features differ in their units."""
    X, y = population()
    X = X * [0.5, 1.0, 3.0] + [0.0, 10.0, 0.0]
    model = PopulationGLM(solver_name=solver, **KINKED[penalty]).fit(X, y)
    reference = PopulationGLM(**KINKED[penalty]).fit(X, y)
    close(model, reference, X, SOLVER)
    np.testing.assert_array_equal(model.coef_ == 0, reference.coef_ == 0)
    np.testing.assert_allclose(model.solution_.loss, reference.solution_.loss, rtol=1e-10)


@pytest.mark.parametrize(
    ("family", "solver"),
    [("Gaussian", "SVRG"), ("Bernoulli", "ProximalGradient[jaxopt]"), ("NegativeBinomial", "SVRG")],
)
def test_other_families(family, solver):
    X, y = population()
    y = np.minimum(y, 1.0) if family == "Bernoulli" else y
    model = PopulationGLM(family, solver_name=solver).fit(X, y)
    # the dispersion is found in turns with the coefficients, and each turn ends within the solver's own tolerance
    close(model, PopulationGLM(family).fit(X, y), X, 10 * SOLVER if family == "NegativeBinomial" else SOLVER)


@pytest.mark.parametrize("penalty", ["none", "ridge"])
def test_adam_finds_two_digits(penalty):
    X, y = population()
    model = PopulationGLM(solver_name="Adam", **SMOOTH[penalty]).fit(X, y)
    close(model, PopulationGLM(**SMOOTH[penalty]).fit(X, y), X, ADAM)


def test_badly_scaled_features_with_offset_weights_and_missing_rows():
    rng = np.random.default_rng(0)
    X, y = population()
    X = X * [1e-9, 1.0, 1e9] + [0.0, 100.0, 0.0]
    X[4, 0] = y[9, 1] = np.nan
    terms = {"offset": 0.2 * rng.normal(size=len(X)), "sample_weight": rng.uniform(0.0, 2.0, size=y.shape)}
    model = PopulationGLM(solver_name="SVRG").fit(X, y, **terms)
    close(model, PopulationGLM().fit(X, y, **terms), np.delete(X, 4, axis=0), SOLVER)


def test_each_neuron_stops_on_its_own():
    """A neuron of a population takes the passes it takes alone: rows come in the same order."""
    X, y = population()
    together = PopulationGLM(solver_name="SVRG").fit(X, y)
    for n in range(4):
        alone = PopulationGLM(solver_name="SVRG").fit(X, y[:, n : n + 1])
        # the last passes of the slow ones are rounding
        np.testing.assert_allclose(together.solution_.n_iter[n], alone.solution_.n_iter[0], rtol=0.15)
    assert together.solution_.n_iter.max() < 100


def test_the_seed_decides_and_a_key_comes_first():
    X, y = population()

    def first_pass(**options):
        with pytest.warns(NotConvergedWarning):
            return GLM(solver_name="SVRG", solver_kwargs={"maxiter": 1, **options}).fit(X, y[:, 0]).coef_

    np.testing.assert_array_equal(first_pass(), first_pass(seed=0))
    assert np.any(first_pass(seed=1) != first_pass(seed=2))
    np.testing.assert_array_equal(first_pass(key=jax.random.key(1)), first_pass(seed=1))
    np.testing.assert_array_equal(first_pass(key=jax.random.PRNGKey(1), seed=9), first_pass(seed=1))


def test_options_act():
    X, y = population()
    base = GLM(solver_name="SVRG").fit(X, y[:, 0])
    assert base.solution_.stats["batch_size"] == 64
    small = GLM(solver_name="SVRG", solver_kwargs={"batch_size": 16}).fit(X, y[:, 0])
    assert small.solution_.stats["batch_size"] == 16
    slow = GLM(solver_name="SVRG", solver_kwargs={"stepsize": 0.02}).fit(X, y[:, 0])
    assert slow.solution_.n_iter[0] > 2 * base.solution_.n_iter[0]
    loose = GLM(solver_name="SVRG", solver_kwargs={"tol": 1e-2}).fit(X, y[:, 0])
    assert loose.solution_.n_iter[0] < base.solution_.n_iter[0]
    for model in (base, small, slow):
        assert np.abs(gradient(X, y[:, 0], model.coef_, model.intercept_)).max() < 1e-7
    ends = [
        GLM(solver_name="Adam", solver_kwargs={"tol": 1e-1, **options}).fit(X, y[:, 0]).coef_
        for options in ({}, {"beta1": 0.5}, {"beta2": 0.9}, {"stepsize": 0.02}, {"batch_size": 32})
    ]
    assert all(np.any(end != ends[0]) for end in ends[1:])


def test_a_step_that_is_too_long_costs_passes_and_not_the_answer():
    X, y = population()
    model = PopulationGLM(solver_name="SVRG", solver_kwargs={"stepsize": 50.0}).fit(X, y)
    close(model, PopulationGLM().fit(X, y), X, SOLVER)


def test_a_refit_compiles_nothing():
    X, y = population()
    PopulationGLM(solver_name="SVRG").fit(X, y)
    before = epochs.svrg_epoch()._cache_size()
    PopulationGLM(solver_name="SVRG").fit(X[:-3] * 2.0, y[:-3])
    assert epochs.svrg_epoch()._cache_size() == before


def test_too_few_passes_and_ctrl_c(monkeypatch):
    X, y = population()
    with pytest.warns(NotConvergedWarning, match="largest number of iterations"):
        model = PopulationGLM(solver_name="SVRG", solver_kwargs={"maxiter": 2}).fit(X, y)
    assert (model.solution_.n_iter == 2).all()
    calls = [0]
    compiled = epochs.svrg_epoch()

    def impatient(*arguments, **options):
        calls[0] += 1
        if calls[0] > 3:
            raise KeyboardInterrupt
        return compiled(*arguments, **options)

    monkeypatch.setattr("rheobase.solvers.stochastic.svrg_epoch", lambda: impatient)
    with pytest.warns(NotConvergedWarning, match="interrupted; the best parameters so far were kept"):
        model = PopulationGLM(solver_name="SVRG").fit(X, y)
    assert set(model.solution_.result) == {Result.INTERRUPTED}
    null = PopulationGLM().fit(np.zeros_like(X), y)
    assert null.score(X, y) < model.score(X, y) < PopulationGLM().fit(X, y).score(X, y)


def test_collinear_features():
    """A copy of a feature: there is no curvature along their difference, and no step."""
    X, y = population()
    model = PopulationGLM(solver_name="SVRG").fit(np.column_stack([X, X[:, 0]]), y)
    reference = PopulationGLM().fit(X, y)
    np.testing.assert_allclose(model.coef_[[0, 3]].sum(axis=0), reference.coef_[0], atol=SOLVER)


@pytest.mark.parametrize("solver", ["SVRG", "Adam", "LBFGS[jaxopt]", "GradientDescent"])
def test_penalties_with_kinks_need_proximal_steps(solver):
    X, y = population()
    with pytest.raises(ValueError, match=r"cannot minimise the penalty Lasso; use one of .*'ProxSVRG'"):
        PopulationGLM(regularizer="Lasso", solver_name=solver).fit(X, y)


def test_settings_are_as_before():
    X, y = population()
    before = repr(jax.config.values)
    model = PopulationGLM(solver_name="SVRG").fit(X, y)
    assert repr(jax.config.values) == before
    assert model.coef_.dtype == np.float64
