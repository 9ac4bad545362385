"""The algorithms of jaxopt behind the same interface: same optimum, same manners.

They take seconds to compile, so each meets one link and a short line search here; every other combination is checked
beside the original libraries.
"""

from __future__ import annotations

import jax
import numpy as np
import pytest

from glm_helpers import gradient, population
from helpers import SOLVER
from rheobase import NotConvergedWarning
from rheobase.glm import GLM, PopulationGLM
from rheobase.solvers import Result

QUICK = {"linesearch": "backtracking"}
JAXOPT = [
    ("LBFGS[jaxopt]", "exp", QUICK),
    ("GradientDescent", "softplus", {}),
    ("BFGS", "exp", QUICK),
    ("NonlinearCG", "softplus", QUICK),
]
RIDGES = [None, 0.1, np.array([0.01, 0.3, 1.0])]
MASK = np.array([[1, 1, 0, 1], [0, 1, 1, 1], [1, 1, 0, 1]])


@pytest.mark.parametrize(("solver", "link", "options"), JAXOPT)
def test_every_algorithm_finds_the_optimum(solver, link, options):
    """Without a penalty, with one number, with one a feature; with and without a mask: one program for all six."""
    X, y = population(link=link)
    X = X * [1e-9, 1.0, 1e9] + [0.0, 100.0, 0.0]
    for strength in RIDGES:
        strength = strength if strength is None else strength * np.array([1e-18, 1.0, 1e18])
        for mask in (None, MASK):
            kind = "UnRegularized" if strength is None else "Ridge"
            shared = {"regularizer": kind, "regularizer_strength": strength, "feature_mask": mask}
            model = PopulationGLM("Poisson", link, solver_name=solver, solver_kwargs=options, **shared).fit(X, y)
            reference = PopulationGLM("Poisson", link, solver_name="Newton", **shared).fit(X, y)
            slopes = gradient(X, y, model.coef_, model.intercept_, link, 0.0 if strength is None else strength, mask)
            assert np.abs(slopes).max() < 1e-6
            spread = X.std(axis=0)[:, None]
            size = np.abs(reference.coef_ * spread).max()
            np.testing.assert_allclose(model.coef_ * spread, reference.coef_ * spread, rtol=0, atol=SOLVER * size)
            assert (model.solution_.result == Result.CONVERGED).all()
            if mask is not None:
                np.testing.assert_array_equal(model.coef_[MASK == 0], 0.0)


def test_manners():
    """float64 numbers, settings untouched, no second compilation, one iteration is too few, a start changes nothing."""
    X, y = population(link="softplus")
    options = {"inverse_link_function": "softplus", "solver_name": "GradientDescent"}
    before = repr(jax.config.values)
    model = PopulationGLM(**options).fit(X, y)
    assert model.coef_.dtype == np.float64
    assert repr(jax.config.values) == before
    again = PopulationGLM(**options).fit(X, y, init_params=(np.ones((3, 4)), np.ones(4)))
    np.testing.assert_allclose(again.coef_, model.coef_, rtol=0, atol=SOLVER * np.abs(model.coef_).max())
    with pytest.warns(NotConvergedWarning, match="largest number of iterations"):
        PopulationGLM(**options, solver_kwargs={"maxiter": 1}).fit(X, y)


def test_a_fixed_step_and_other_old_options():
    """A 2024 spelling: `stepsize` and `acceleration` are passed on."""
    X, y = population()
    model = GLM(
        regularizer="Ridge",
        regularizer_strength=1.0,
        solver_name="GradientDescent",
        solver_kwargs={"stepsize": 0.3, "acceleration": False, "maxiter": 5000},
    ).fit(X, y[:, 0])
    assert np.abs(gradient(X, y[:, 0], model.coef_, model.intercept_, strength=1.0)).max() < 1e-6
    assert model.solution_.n_iter[0] > 20
